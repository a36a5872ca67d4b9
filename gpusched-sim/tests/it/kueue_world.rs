//! Queues and jobs made by hand, for the tests of Kueue's replay and of what is built on it.

use gpusched_core::kube::{Container, LabelSelector, PodSpec};
use gpusched_core::queueing::kueue::objects::{
    Admission, ClusterQueue, Condition, FlavorQuotas, LocalQueue, Namespace, PodSet,
    PodSetAssignment, Preemption, PreemptionPolicy, QueueingStrategy, ResourceFlavor,
    ResourceGroup, ResourceQuota, Workload,
};
use gpusched_core::queueing::kueue::{Amount, Objects};
use gpusched_core::units::{Span, Time};
use gpusched_sim::kueue::replay::Job;

pub(crate) const GPU: &str = "nvidia.com/gpu";

/// A job of one pod: LocalQueue, name, what it requests, when it comes and how long it runs, s.
pub(crate) fn job(
    queue: &str,
    name: &str,
    requests: &[(&str, i64)],
    arrival: i64,
    run: i64,
) -> Job {
    let (namespace, queue) = queue.split_once('/').unwrap();
    let requests = requests
        .iter()
        .map(|(name, amount)| ((*name).to_owned(), *amount));
    let container = Container {
        requests: requests.collect(),
        ..Container::default()
    };
    Job {
        workload: Workload {
            namespace: namespace.into(),
            name: name.into(),
            uid: name.into(),
            queue: queue.into(),
            pod_sets: vec![PodSet {
                name: "main".into(),
                count: 1,
                template: PodSpec {
                    containers: vec![container],
                    ..PodSpec::default()
                },
                ..PodSet::default()
            }],
            ..Workload::default()
        },
        arrival: Time::from_secs(arrival),
        run: Some(Span::from_secs(run)),
    }
}

/// Nominal quota, borrowing and lending limit of one ClusterQueue of a random cohort.
pub(crate) type Quotas = (i64, Option<i64>, Option<i64>);

pub(crate) fn world(quotas: &[Quotas], reclaim: usize, within: usize, strict: bool) -> Objects {
    let policies = [
        PreemptionPolicy::Never,
        PreemptionPolicy::LowerPriority,
        PreemptionPolicy::Any,
        PreemptionPolicy::LowerOrNewerEqualPriority,
    ];
    let queues = quotas
        .iter()
        .enumerate()
        .map(|(at, (nominal, borrow, lend))| ClusterQueue {
            name: format!("q{at}"),
            cohort: Some("all".into()),
            strategy: match strict {
                true => QueueingStrategy::StrictFifo,
                false => QueueingStrategy::BestEffortFifo,
            },
            namespace_selector: Some(LabelSelector::default()),
            resource_groups: vec![ResourceGroup {
                covered: vec![GPU.into()],
                flavors: vec![FlavorQuotas {
                    flavor: "any".into(),
                    resources: vec![ResourceQuota {
                        resource: GPU.into(),
                        nominal: Amount(*nominal),
                        borrowing_limit: borrow.map(Amount),
                        lending_limit: lend.map(|lend| Amount(lend.min(*nominal))),
                    }],
                }],
            }],
            preemption: Preemption {
                within_cluster_queue: policies[[0, 1, 3][within % 3]],
                reclaim_within_cohort: policies[reclaim % 3],
                ..Preemption::default()
            },
            ..ClusterQueue::default()
        });
    let doors = (0..quotas.len()).map(|at| LocalQueue {
        namespace: "lab".into(),
        name: format!("q{at}"),
        cluster_queue: format!("q{at}"),
        ..LocalQueue::default()
    });
    Objects {
        namespaces: vec![Namespace {
            name: "lab".into(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: "any".into(),
            ..ResourceFlavor::default()
        }],
        cluster_queues: queues.collect(),
        local_queues: doors.collect(),
        ..Objects::default()
    }
}

pub(crate) fn condition(kind: &str, status: bool, reason: &str, at: Time) -> Condition {
    Condition {
        kind: kind.into(),
        status,
        reason: reason.into(),
        at,
        ..Condition::default()
    }
}

/// Somebody who came and was admitted at `at`, to GPUs of the flavor of [`world`], by the
/// ClusterQueue that is called as the LocalQueue is.
pub(crate) fn running(queue: &str, name: &str, gpus: i64, at: Time) -> Workload {
    let mut workload = job(queue, name, &[(GPU, gpus)], 0, 0).workload;
    workload.created = at;
    workload.admission = Some(Admission {
        cluster_queue: workload.queue.clone(),
        pod_sets: vec![PodSetAssignment {
            name: "main".into(),
            flavors: [(GPU.to_owned(), "any".to_owned())].into(),
            usage: [(GPU.to_owned(), gpus)].into(),
            count: 1,
            ..PodSetAssignment::default()
        }],
    });
    workload.conditions = vec![
        condition("QuotaReserved", true, "QuotaReserved", at),
        condition("Admitted", true, "Admitted", at),
    ];
    workload
}
