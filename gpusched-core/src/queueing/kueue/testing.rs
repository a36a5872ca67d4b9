//! Small clusters for tests.

use super::ids::{ClusterQueueId, FlavorResourceId};
use super::objects::{ClusterQueue, Cohort, FlavorQuotas, ResourceGroup, ResourceQuota};
use super::{Amount, Objects, Quota};
use proptest::prelude::*;

/// Nominal quota, borrowing limit, lending limit.
pub(super) type Limits = (i64, Option<i64>, Option<i64>);

/// The flavor every test uses.
pub(super) const FLAVOR: &str = "default";

/// Quota of some resources in one flavor.
pub(super) fn groups(quotas: &[(&str, Limits)]) -> Vec<ResourceGroup> {
    if quotas.is_empty() {
        return Vec::new();
    }
    let quota = |(resource, (nominal, borrowing, lending)): &(&str, Limits)| ResourceQuota {
        resource: (*resource).to_owned(),
        nominal: Amount(*nominal),
        borrowing_limit: borrowing.map(Amount),
        lending_limit: lending.map(Amount),
    };
    vec![ResourceGroup {
        covered: quotas.iter().map(|one| one.0.to_owned()).collect(),
        flavors: vec![FlavorQuotas {
            flavor: FLAVOR.to_owned(),
            resources: quotas.iter().map(quota).collect(),
        }],
    }]
}

/// A ClusterQueue.
pub(super) fn queue(name: &str, cohort: &str, quotas: &[(&str, Limits)]) -> ClusterQueue {
    ClusterQueue {
        name: name.to_owned(),
        cohort: (!cohort.is_empty()).then(|| cohort.to_owned()),
        resource_groups: groups(quotas),
        ..ClusterQueue::default()
    }
}

/// A Cohort.
pub(super) fn cohort(name: &str, parent: &str, quotas: &[(&str, Limits)]) -> Cohort {
    Cohort {
        name: name.to_owned(),
        parent: (!parent.is_empty()).then(|| parent.to_owned()),
        resource_groups: groups(quotas),
        ..Cohort::default()
    }
}

/// The id of a resource in the flavor every test uses.
pub(super) fn fr(quota: &Quota, resource: &str) -> FlavorResourceId {
    let names = quota.names();
    let flavor = names.flavor(FLAVOR).expect("every test has it");
    let resource = names.resource(resource).expect("the test names it");
    names
        .flavor_resource(flavor, resource)
        .expect("the test has a quota of it")
}

/// The id of a ClusterQueue.
pub(super) fn id(quota: &Quota, queue: &str) -> ClusterQueueId {
    quota
        .names()
        .cluster_queue(queue)
        .expect("the test names it")
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = || proptest::option::weighted(0.4, 0..12_i64);
    (0..12_i64, limit(), limit())
}

/// A forest: cohorts with a parent among the earlier ones, ClusterQueues anywhere, two resources,
/// weights from 0 to 2.
pub(super) fn forest() -> impl Strategy<Value = Objects> {
    let node = || {
        (
            any::<proptest::sample::Index>(),
            limits(),
            limits(),
            0..5_u8,
            any::<bool>(),
        )
    };
    let cohorts = proptest::collection::vec(node(), 0..5);
    let queues = proptest::collection::vec(node(), 1..6);
    (cohorts, queues).prop_map(|(cohorts, queues)| {
        let quotas = |cpu: Limits, gpu: Limits| groups(&[("cpu", cpu), ("gpu", gpu)]);
        let above = |index: proptest::sample::Index, of: usize| match index.index(of + 1) {
            0 => None,
            at => Some(format!("cohort{}", at - 1)),
        };
        let weight = |weight: u8| Some(f64::from(weight) / 2.0);
        Objects {
            cohorts: cohorts
                .iter()
                .enumerate()
                .map(|(at, (parent, cpu, gpu, fair, own))| Cohort {
                    name: format!("cohort{at}"),
                    parent: above(*parent, at),
                    resource_groups: if *own { quotas(*cpu, *gpu) } else { Vec::new() },
                    fair_weight: weight(*fair),
                })
                .collect(),
            cluster_queues: queues
                .iter()
                .enumerate()
                .map(|(at, (parent, cpu, gpu, fair, _))| ClusterQueue {
                    name: format!("queue{at}"),
                    cohort: above(*parent, cohorts.len()),
                    resource_groups: quotas(*cpu, *gpu),
                    fair_weight: weight(*fair),
                    ..ClusterQueue::default()
                })
                .collect(),
            ..Objects::default()
        }
    })
}
