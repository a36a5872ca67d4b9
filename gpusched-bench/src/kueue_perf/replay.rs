//! A load on a scheduler that takes no time.

use super::generate::Load;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::queueing::kueue::{Configuration, Gates};
use gpusched_core::units::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What became of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Workloads that ran to their end.
    pub finished: usize,
    /// Victims, counted each time.
    pub preempted: usize,
    /// Scheduling cycles.
    pub cycles: usize,
    /// When the last workload ended.
    pub end: Time,
    /// By class: mean time from creation to the last admission, in seconds.
    pub waits_s: Vec<f64>,
    /// Milli-cores in use, times microseconds.
    pub used: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A workload ends, unless it was stopped since: the number counts its starts.
    End(WorkloadId, u32),
}

/// Replays a load: cycles follow each other until nothing is admitted and nobody has to leave,
/// victims stop at once, retries are served a second after they were asked for.
pub fn replay(load: &Load) -> Replayed {
    let configuration = Configuration::default();
    let objects = load.objects.clone();
    let mut kueue = Kueue::new(objects, &configuration, Gates::MAIN, Time::ZERO);
    let mut events: BinaryHeap<Reverse<(Time, Event)>> = BinaryHeap::new();
    let mut coming = load.arrivals.iter().peekable();
    let count = load.arrivals.len();
    let mut starts: Vec<u32> = vec![0; count];
    let mut started: Vec<Time> = vec![Time::ZERO; count];
    let mut replayed = Replayed::default();
    let class = |id: WorkloadId| load.class(&load.arrivals[id.index()]);
    loop {
        let arrival = coming.peek().map(|next| next.at);
        let ending = events.peek().map(|Reverse((at, _))| *at);
        let due = [arrival, ending, kueue.next_retry()];
        let Some(now) = due.into_iter().flatten().min() else {
            break;
        };
        while let Some(&Reverse((at, Event::End(id, start)))) = events.peek()
            && at == now
        {
            events.pop();
            if starts[id.index()] == start {
                kueue.finish(id, now);
                let class = class(id);
                replayed.finished += 1;
                replayed.used += i128::from(class.runtime.0)
                    * i128::from(class.pod_cpu * i64::from(class.pods));
                replayed.end = now;
            }
        }
        while let Some(next) = coming.next_if(|next| next.at == now) {
            kueue.arrive(load.workload(next), now);
        }
        kueue.serve_retries(now);
        loop {
            let cycle = kueue.cycle(now);
            replayed.cycles += 1;
            for one in &cycle.admitted {
                let id = one.workload;
                starts[id.index()] += 1;
                started[id.index()] = now;
                let end = Event::End(id, starts[id.index()]);
                events.push(Reverse((now + class(id).runtime, end)));
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
    let mut sums = vec![(0i64, 0i64); load.shape.classes.len()];
    for (arrival, started) in load.arrivals.iter().zip(&started) {
        let (sum, count) = &mut sums[usize::from(arrival.class)];
        *sum += (*started - arrival.at).0;
        *count += 1;
    }
    let mean = |(sum, count): &(i64, i64)| *sum as f64 / *count as f64 / 1e6;
    replayed.waits_s = sums.iter().map(mean).collect();
    replayed
}
