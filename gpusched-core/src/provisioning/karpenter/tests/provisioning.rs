//! Batching, launch, unavailable capacity, registration, expiration, interruption.

use super::*;
use crate::provisioning::controller::{Event, MachineId};
use crate::units::{Span, Time};

fn town() -> Town {
    Town::new(options(vec![pool("default", &[OD])]), types())
}

#[test]
fn pods_that_come_within_a_second_share_a_node() {
    let mut town = town();
    town.submit(pod(1, spec(1000)));
    town.run(0);
    town.submit(pod(2, spec(1000)));
    town.run(61);
    // The window of second 0 closes at 1; the node boots for a minute.
    assert_eq!(town.log, ["1 launch two on-demand"]);
    let machine = &town.view.machines[&MachineId(0)];
    assert_eq!(machine.pods.len(), 2);
    assert_eq!(machine.labels["karpenter.sh/nodepool"], "default");
}

#[test]
fn a_pod_that_comes_while_its_node_boots_takes_what_is_left_of_it() {
    let mut town = town();
    town.submit(pod(1, spec(1500)));
    town.run(10);
    town.submit(pod(2, spec(500)));
    town.submit(pod(3, spec(600)));
    town.run(30);
    // 500 fit beside 1500 on two cores, 600 do not.
    assert_eq!(
        town.log,
        ["1 launch two on-demand", "11 launch one on-demand"]
    );
}

#[test]
fn a_launch_that_gets_nothing_is_tried_again_without_what_is_out() {
    let mut town = town();
    // Type one on demand is out, which is all the first launch asks for after the pool's limit.
    town.karpenter = super::super::Karpenter::new(options(vec![{
        let mut pool = pool("default", &[OD]);
        pool.template.limits = Some(resources(&[("cpu", 1000)]));
        pool
    }]));
    town.out.insert((0, 0));
    town.submit(pod(1, spec(1000)));
    town.run(100);
    // Nothing else is within the limit: for three minutes it is not even asked for.
    assert_eq!(town.log, ["1 launch nothing"]);
    town.out.clear();
    town.run(200);
    // Out from 1 until 181. The pod triggers every 10 s; a window closes a second later.
    assert_eq!(town.log.len(), 2);
    let second: i64 = town.log[1].split(' ').next().unwrap().parse().unwrap();
    assert!((181..=192).contains(&second), "{:?}", town.log);
}

#[test]
fn the_next_option_of_a_launch_is_taken_where_the_first_is_out() {
    let mut town = town();
    town.out.insert((0, 0));
    town.submit(pod(1, spec(1000)));
    town.run(5);
    assert_eq!(town.log, ["1 launch two on-demand"]);
}

#[test]
fn spot_is_launched_where_the_pool_allows_it() {
    let mut town = Town::new(options(vec![pool("default", &[OD, SPOT])]), types());
    town.submit(pod(1, spec(1000)));
    town.run(5);
    assert_eq!(town.log, ["1 launch one spot"]);
}

#[test]
fn a_machine_that_has_not_joined_within_a_quarter_of_an_hour_is_given_up() {
    let mut town = town();
    town.lost.insert(0);
    town.submit(pod(1, spec(1000)));
    town.run(1000);
    assert_eq!(
        town.log[..2],
        [
            "1 launch one on-demand",
            "901 delete n0 RegistrationTimeout"
        ]
    );
    // The pod has waited for it; now it gets another.
    assert!(
        town.log[3].ends_with("launch one on-demand"),
        "{:?}",
        town.log
    );
}

#[test]
fn a_machine_expires_whatever_budgets_say_and_its_pods_get_another_at_once() {
    let mut options = options(vec![pool("default", &[OD])]);
    options.pools[0].expire_after = Some(Span::from_secs(3600 + 100));
    options.pools[0].disruption.budgets[0].nodes = "0".parse().unwrap();
    let mut town = Town::new(options, types());
    town.machine("default", (0, 0), vec![pod(1, spec(1000))]);
    town.run(110);
    // An hour old at the start. Its pod has 30 s to end; its place is launched a second after.
    assert_eq!(
        town.log,
        ["100 delete n0 Expired", "101 launch one on-demand"]
    );
}

#[test]
fn a_notice_deletes_at_once_and_keeps_off_the_pool_of_capacity_for_three_minutes() {
    let mut town = Town::new(options(vec![pool("default", &[OD, SPOT])]), types());
    let id = town.machine("default", (0, 1), vec![pod(1, spec(1000))]);
    town.tell(&Event::Notice {
        machine: id,
        at: Time::from_secs(120),
    });
    town.run(100);
    assert_eq!(
        town.log,
        [
            "0 delete n0 Interrupted",
            // Not type one on spot in zone a, which is cheaper.
            "1 launch two spot",
            "30 gone n0"
        ]
    );
}

#[test]
fn limits_hold_with_machines_that_boot() {
    let mut options = options(vec![pool("default", &[OD])]);
    options.pools[0].template.limits = Some(resources(&[("cpu", 2000)]));
    let mut town = Town::new(options, types());
    for job in 0..5 {
        town.submit(pod(job, spec(800)));
    }
    town.run(300);
    let cores = |id: &MachineId| town.view.machines[id].allocatable["cpu"];
    assert!(town.view.machines.keys().map(cores).sum::<i64>() <= 2000);
    assert_eq!(town.view.pending.len(), 3);
}

#[test]
fn empty_nodes_go_after_fifteen_seconds_and_do_not_wait_for_validation_twice() {
    let mut town = town();
    town.machine("default", (0, 0), vec![]);
    town.machine("default", (1, 0), vec![]);
    town.machine("default", (1, 0), vec![pod(1, spec(100))]);
    town.run(14);
    assert!(town.log.is_empty());
    town.run(16);
    // Most saved first: two hundred before one hundred.
    assert_eq!(
        town.log[..4],
        [
            "15 cordon n1",
            "15 cordon n0",
            "15 delete n1 Empty",
            "15 delete n0 Empty"
        ]
    );
}
