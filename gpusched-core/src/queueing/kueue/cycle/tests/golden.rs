//! Cases by hand: what follows is arithmetic on quotas of a few pieces.

use super::super::super::flavors::NoFitReason;
use super::super::super::objects::{
    AdmissionCheck, AdmissionCheckRule, CheckPhase, CheckState, ClusterQueue, FlavorQuotas,
    LocalQueue, Namespace, PodSet, ResourceFlavor, ResourceGroup, ResourceQuota, StopPolicy,
    Workload,
};
use super::super::super::{Amount, Configuration, Gates, Objects, PodsReady};
use super::super::{Admitted, EvictionReason, InactiveReason, Kueue, QuotaReservedReason};
use crate::kube::{Container, LabelSelector, PodSpec};
use crate::units::Time;

/// One ClusterQueue with 8 GPUs, and a door to it.
fn objects() -> Objects {
    let quota = ResourceQuota {
        resource: "gpu".into(),
        nominal: Amount(8),
        ..ResourceQuota::default()
    };
    Objects {
        namespaces: vec![Namespace {
            name: "lab".into(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: "a100".into(),
            ..ResourceFlavor::default()
        }],
        cluster_queues: vec![ClusterQueue {
            name: "team".into(),
            namespace_selector: Some(LabelSelector::default()),
            resource_groups: vec![ResourceGroup {
                covered: vec!["gpu".into()],
                flavors: vec![FlavorQuotas {
                    flavor: "a100".into(),
                    resources: vec![quota],
                }],
            }],
            ..ClusterQueue::default()
        }],
        local_queues: vec![LocalQueue {
            namespace: "lab".into(),
            name: "door".into(),
            cluster_queue: "team".into(),
            ..LocalQueue::default()
        }],
        ..Objects::default()
    }
}

fn job(name: &str, gpus: i64) -> Workload {
    let container = Container {
        requests: [("gpu".to_owned(), gpus)].into(),
        ..Container::default()
    };
    Workload {
        namespace: "lab".into(),
        name: name.into(),
        queue: "door".into(),
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
    }
}

fn kueue(objects: Objects) -> Kueue {
    Kueue::new(objects, &Configuration::default(), Gates::MAIN, Time::ZERO)
}

#[test]
fn who_does_not_fit_is_told_why_in_kueues_words() {
    let mut kueue = kueue(objects());
    let large = kueue.arrive(job("large", 9), Time::ZERO);
    let reason = |kueue: &Kueue, id| kueue.quota_reserved_reason(id).unwrap();
    assert_eq!(
        reason(&kueue, large),
        QuotaReservedReason::PendingEvaluation
    );
    kueue.cycle(Time::ZERO);
    let exceeds = QuotaReservedReason::NoFit(NoFitReason::ExceedsMaxQuota);
    assert_eq!(reason(&kueue, large), exceeds);
    // Its like is refused without being looked at.
    let same = kueue.arrive(job("same", 9), Time::ZERO);
    assert_eq!((reason(&kueue, same), kueue.why(same)), (exceeds, None));
    assert_eq!(
        kueue.explain(large).unwrap(),
        "couldn't assign flavors to pod set main: insufficient quota for gpu in flavor a100, \
         previously considered podsets requests (0) + current podset request (9) > maximum \
         capacity (8)"
    );

    kueue.arrive(job("six", 6), Time::ZERO);
    kueue.cycle(Time::ZERO);
    let four = kueue.arrive(job("four", 4), Time::ZERO);
    kueue.cycle(Time::ZERO);
    assert_eq!(
        kueue.explain(four).unwrap(),
        "couldn't assign flavors to pod set main: insufficient unused quota for gpu in flavor \
         a100, 2 more needed"
    );
}

#[test]
fn a_check_is_waited_for() {
    let mut objects = objects();
    objects.checks.push(AdmissionCheck {
        name: "nodes".into(),
        active: true,
        ..AdmissionCheck::default()
    });
    objects.cluster_queues[0].checks.push(AdmissionCheckRule {
        name: "nodes".into(),
        on_flavors: Vec::new(),
    });
    let mut kueue = kueue(objects);
    let workload = kueue.arrive(job("checked", 6), Time::ZERO);
    let reserved = Admitted {
        workload,
        admitted: false,
    };
    assert_eq!(kueue.cycle(Time::ZERO).admitted, [reserved]);
    let mut set = |phase| {
        let check = CheckState {
            name: "nodes".into(),
            phase,
            ..CheckState::default()
        };
        kueue.update(workload, |object| object.checks = vec![check], Time::ZERO);
        kueue.workload(workload).is("Admitted")
    };
    assert!(!set(CheckPhase::Pending));
    assert!(set(CheckPhase::Ready));
}

#[test]
fn stopped_queues_let_nothing_through() {
    let mut stopped = objects();
    stopped.local_queues[0].stop_policy = StopPolicy::Hold;
    let mut closed = kueue(stopped);
    let workload = closed.arrive(job("waits", 1), Time::ZERO);
    assert!(closed.cycle(Time::ZERO).processed.is_empty());
    assert!(!closed.workload(workload).is("QuotaReserved"));

    let mut stopped = objects();
    stopped.cluster_queues[0].stop_policy = StopPolicy::Hold;
    let mut held = kueue(stopped.clone());
    let workload = held.arrive(job("waits", 1), Time::ZERO);
    let queue = held.quota().names().cluster_queue("team").unwrap();
    assert_eq!(held.inactive(queue), [InactiveReason::Stopped]);
    assert!(held.cycle(Time::ZERO).processed.is_empty());
    assert_eq!(held.active(queue), [workload]);
    stopped.cluster_queues[0].stop_policy = StopPolicy::None;
    assert!(held.update_cluster_queue(stopped.cluster_queues.remove(0), Time::ZERO));
    assert_eq!(held.cycle(Time::ZERO).admitted[0].workload, workload);
}

#[test]
fn a_larger_quota_lets_in_who_was_refused() {
    let mut kueue = kueue(objects());
    let workload = kueue.arrive(job("large", 9), Time::ZERO);
    let queue = kueue.quota().names().cluster_queue("team").unwrap();
    kueue.cycle(Time::ZERO);
    assert_eq!(kueue.inadmissible(queue), [workload]);
    let mut larger = objects().cluster_queues.remove(0);
    larger.resource_groups[0].flavors[0].resources[0].nominal = Amount(9);
    assert!(kueue.update_cluster_queue(larger, Time::ZERO));
    assert_eq!(kueue.next_retry(), Some(Time::from_secs(1)));
    assert_eq!(kueue.serve_retries(Time::from_secs(1)), 1);
    assert_eq!(kueue.cycle(Time::from_secs(1)).admitted.len(), 1);
    let unknown = ClusterQueue {
        name: "nobody".into(),
        ..ClusterQueue::default()
    };
    assert!(!kueue.update_cluster_queue(unknown, Time::ZERO));
}

/// Sent away at 100 for pods that are not ready, a job waits until 160 although its quota is free
/// at once; the second time for 120 s; and the third, by a limit of 2, it is not queued again.
#[test]
fn pods_that_are_not_ready_cost_a_backoff_and_then_the_place() {
    let mut kueue = kueue(objects());
    let rules = PodsReady {
        backoff_limit: Some(2),
        ..PodsReady::default()
    };
    let at = Time::from_secs;
    let id = kueue.arrive(job("a", 8), at(0));
    let admits = |kueue: &mut Kueue, secs| {
        kueue.flush(at(secs));
        kueue.cycle(at(secs)).admitted.len()
    };
    assert_eq!(admits(&mut kueue, 0), 1);
    for (evicted, back) in [(100, 160), (200, 320)] {
        let reason = kueue.pods_not_ready(id, &rules, at(evicted));
        assert_eq!(reason, EvictionReason::PodsReadyTimeout);
        kueue.eviction_complete(id, at(evicted));
        let until = kueue
            .workload(id)
            .requeue
            .as_ref()
            .and_then(|state| state.at);
        assert_eq!(until, Some(at(back)));
        assert_eq!(admits(&mut kueue, back - 1), 0);
        kueue.backoff_finished(id, at(back));
        assert_eq!(admits(&mut kueue, back), 1);
    }
    let reason = kueue.pods_not_ready(id, &rules, at(400));
    assert_eq!(reason.to_string(), "DeactivatedDueToRequeuingLimitExceeded");
    kueue.eviction_complete(id, at(400));
    assert_eq!(admits(&mut kueue, 10_000), 0);
    assert!(kueue.workload(id).inactive);
    // Others have its quota.
    kueue.arrive(job("b", 8), at(10_000));
    assert_eq!(admits(&mut kueue, 10_000), 1);
}
