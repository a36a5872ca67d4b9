//! Static pools, one case per rule.

use super::*;
use crate::units::{Span, Time};

/// A static pool of so many nodes beside a pool that makes what pods need.
fn both(replicas: u32, change: impl FnOnce(&mut Pool)) -> Town {
    let mut fixed = pool("fixed", &[OD]);
    fixed.replicas = Some(replicas);
    change(&mut fixed);
    Town::new(options(vec![fixed, pool("default", &[OD])]), types())
}

/// Names of the owners of machines, by age.
fn owners(town: &Town) -> Vec<String> {
    let machines = town.view.machines.values();
    machines.filter_map(|one| one.owner.clone()).collect()
}

#[test]
fn a_static_pool_has_its_replicas_of_the_cheapest_type_whoever_waits() {
    let mut town = both(3, |_| {});
    town.run(5);
    assert_eq!(owners(&town), ["fixed", "fixed", "fixed"]);
    let types = town.view.machines.values().map(|one| one.node_type);
    assert_eq!(types.collect::<Vec<_>>(), [0, 0, 0]);
    // Empty since they are there, and not deleted for it.
    town.run(600);
    assert_eq!(owners(&town).len(), 3);
}

#[test]
fn its_limit_on_nodes_goes_before_its_replicas() {
    let mut town = both(3, |pool| {
        pool.template.limits = Some(resources(&[("nodes", 2)]));
    });
    town.run(5);
    assert_eq!(owners(&town), ["fixed", "fixed"]);
}

#[test]
fn pods_take_its_nodes_and_make_no_more_of_them() {
    let mut town = both(1, |_| {});
    town.run(90);
    town.submit(pod(1, spec(500)));
    town.submit(pod(2, spec(800)));
    town.run(200);
    let mut owners = owners(&town);
    owners.sort();
    assert_eq!(owners, ["default", "fixed"]);
}

#[test]
fn a_node_that_expires_is_made_anew() {
    let mut town = both(1, |pool| pool.expire_after = Some(Span::from_secs(100)));
    town.run(50);
    let first = *town.view.machines.keys().next().unwrap();
    town.run(130);
    let stay = town
        .view
        .machines
        .values()
        .filter(|one| one.leaving.is_none());
    assert_eq!(stay.count(), 1);
    assert!(!town.view.machines.contains_key(&first));
}

#[test]
fn its_nodes_are_not_consolidated_whatever_is_on_them() {
    let mut town = both(1, |_| {});
    let id = town.machine("fixed", (3, 0), vec![pod(1, spec(100))]);
    change_time(&mut town);
    assert_eq!(
        alone(&mut town, id),
        "NodePool fixed is of fixed size (replicas)"
    );
}

/// Long after everything happened.
fn change_time(town: &mut Town) {
    town.view.now = Time::from_secs(1_000);
}
