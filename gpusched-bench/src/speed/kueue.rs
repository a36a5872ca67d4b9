//! Kueue's own load test on virtual time.

use gpusched_core::kube::{Container, LabelSelector, PodSpec};
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::queueing::kueue::objects::{
    ClusterQueue, FlavorQuotas, LocalQueue, Namespace, PodSet, Preemption, PreemptionPolicy,
    ResourceFlavor, ResourceGroup, ResourceQuota, Workload,
};
use gpusched_core::queueing::kueue::{Amount, Configuration, Gates, Objects};
use gpusched_core::units::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A kind of workload of the load test: how many per ClusterQueue, how often one comes, cores,
/// runtime, priority.
struct Class {
    name: &'static str,
    count: u32,
    every: Span,
    cores: i64,
    runtime: Span,
    priority: i32,
}

/// Microseconds of a millisecond.
const MILLIS: i64 = 1000;

const CLASSES: [Class; 3] = [
    Class {
        name: "small",
        count: 350,
        every: Span(100 * MILLIS),
        cores: 1,
        runtime: Span(200 * MILLIS),
        priority: 50,
    },
    Class {
        name: "medium",
        count: 100,
        every: Span(500 * MILLIS),
        cores: 5,
        runtime: Span(500 * MILLIS),
        priority: 100,
    },
    Class {
        name: "large",
        count: 50,
        every: Span(1200 * MILLIS),
        cores: 20,
        runtime: Span::from_secs(1),
        priority: 200,
    },
];

/// A cluster and the workloads that come to it, in order of time, with their runtimes.
#[derive(Clone, Debug)]
pub struct Load {
    objects: Objects,
    arrivals: Vec<(Workload, Span)>,
}

/// The shape of upstream's `baseline` configuration (`test/performance/scheduler`): cohorts of
/// ClusterQueues with 20 cores each, that lend and borrow up to 100, reclaim what they lent and
/// preempt by priority; `500 / fewer` workloads for each. Upstream's `large-scale` has a tenth of
/// them in 10 cohorts of 100 ClusterQueues.
pub fn baseline(cohorts: usize, queues_each: usize, fewer: u32) -> Load {
    let mut objects = Objects {
        namespaces: vec![Namespace {
            name: "load".to_owned(),
            ..Namespace::default()
        }],
        flavors: vec![ResourceFlavor {
            name: "default".to_owned(),
            ..ResourceFlavor::default()
        }],
        ..Objects::default()
    };
    let mut arrivals = Vec::new();
    for queue in 0..cohorts * queues_each {
        let name = format!("queue-{queue:04}");
        let quota = ResourceQuota {
            resource: "cpu".to_owned(),
            nominal: Amount(20_000),
            borrowing_limit: Some(Amount(100_000)),
            lending_limit: None,
        };
        objects.cluster_queues.push(ClusterQueue {
            name: name.clone(),
            cohort: Some(format!("cohort-{:03}", queue / queues_each)),
            namespace_selector: Some(LabelSelector::default()),
            resource_groups: vec![ResourceGroup {
                covered: vec!["cpu".to_owned()],
                flavors: vec![FlavorQuotas {
                    flavor: "default".to_owned(),
                    resources: vec![quota],
                }],
            }],
            preemption: Preemption {
                within_cluster_queue: PreemptionPolicy::LowerPriority,
                reclaim_within_cohort: PreemptionPolicy::Any,
                ..Preemption::default()
            },
            ..ClusterQueue::default()
        });
        objects.local_queues.push(LocalQueue {
            namespace: "load".to_owned(),
            name: name.clone(),
            cluster_queue: name.clone(),
            ..LocalQueue::default()
        });
        for class in &CLASSES {
            for index in 0..class.count / fewer {
                let created = Time(class.every.0 * i64::from(index + 1));
                let workload = workload(&name, class, index, created);
                arrivals.push((workload, class.runtime));
            }
        }
    }
    arrivals.sort_by_key(|(workload, _)| workload.created);
    Load { objects, arrivals }
}

fn workload(queue: &str, class: &Class, index: u32, created: Time) -> Workload {
    let name = format!("{queue}-{}-{index}", class.name);
    let container = Container {
        requests: [("cpu".to_owned(), class.cores * 1000)].into(),
        ..Container::default()
    };
    Workload {
        namespace: "load".to_owned(),
        uid: name.clone(),
        name,
        created,
        queue: queue.to_owned(),
        priority: Some(class.priority),
        pod_sets: vec![PodSet {
            name: "main".to_owned(),
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

/// What became of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Workloads that ran to their end.
    pub finished: usize,
    /// Victims, counted each time.
    pub preempted: usize,
    /// Scheduling cycles.
    pub cycles: usize,
    /// When the last workload ended.
    pub end: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A workload ends, unless it was stopped since: the number counts its starts.
    End(WorkloadId, u32),
    Arrive(usize),
}

/// Replays a load on a scheduler that takes no time: cycles follow each other until nothing is
/// admitted and nobody has to leave, victims stop at once, retries are served a second after they
/// were asked for.
pub fn replay(load: &Load) -> Replayed {
    let configuration = Configuration::default();
    let objects = load.objects.clone();
    let mut kueue = Kueue::new(objects, &configuration, Gates::MAIN, Time::ZERO);
    let mut events: BinaryHeap<Reverse<(Time, Event)>> = BinaryHeap::new();
    for (index, (workload, _)) in load.arrivals.iter().enumerate() {
        events.push(Reverse((workload.created, Event::Arrive(index))));
    }
    let mut starts: Vec<u32> = Vec::new();
    let mut runtime: Vec<Span> = Vec::new();
    let mut replayed = Replayed::default();
    loop {
        let next = events.peek().map(|Reverse((at, _))| *at);
        let Some(now) = next.into_iter().chain(kueue.next_retry()).min() else {
            return replayed;
        };
        while let Some(&Reverse((at, event))) = events.peek()
            && at == now
        {
            events.pop();
            match event {
                Event::Arrive(index) => {
                    let (workload, span) = &load.arrivals[index];
                    let id = kueue.arrive(workload.clone(), now);
                    starts.resize(id.index() + 1, 0);
                    runtime.resize(id.index() + 1, *span);
                }
                Event::End(id, start) if starts[id.index()] == start => {
                    kueue.finish(id, now);
                    replayed.finished += 1;
                    replayed.end = now;
                }
                Event::End(..) => {}
            }
        }
        kueue.serve_retries(now);
        loop {
            let cycle = kueue.cycle(now);
            replayed.cycles += 1;
            for one in &cycle.admitted {
                let id = one.workload;
                starts[id.index()] += 1;
                let end = Event::End(id, starts[id.index()]);
                events.push(Reverse((now + runtime[id.index()], end)));
            }
            for one in &cycle.preempted {
                starts[one.workload.index()] += 1;
                kueue.eviction_complete(one.workload, now);
            }
            replayed.preempted += cycle.preempted.len();
            if cycle.admitted.is_empty() && cycle.preempted.is_empty() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cores asked for take at least 66 s of each queue's 20: 350 · 0.2 s + 100 · 5 · 0.5 s
    /// + 50 · 20 · 1 s = 1,320 core-seconds.
    #[test]
    fn the_baseline_ends_and_no_core_is_used_twice() {
        let replayed = replay(&baseline(5, 6, 1));
        assert_eq!(replayed.finished, 15_000);
        assert!(replayed.end >= Time::from_secs(66));
    }
}
