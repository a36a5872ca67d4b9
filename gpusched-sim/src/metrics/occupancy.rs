//! How full each node was over time.

use super::Bins;
use crate::engine::Records;
use gpusched_core::cluster::{Inventory, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::{Lifetime, planned};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;

/// Bins over a run.
const BINS: usize = 240;

/// GPUs held on each node, by equal bins of time.
#[derive(Clone, Debug)]
pub struct Occupancy {
    /// When each bin begins, and when the last one ends.
    pub edges: Vec<Time>,
    /// By node in rank order, then by bin: the mean of the milli-GPU held, whatever they were held
    /// for; `None` where the node was not there for an instant of the bin.
    pub held_milli: Vec<Vec<Option<i64>>>,
}

/// How full each node was from the first submission to the close, in at most 240 bins, exact up to
/// the rounding of each mean. Runs that were cut short by evictions count, preparing places counts.
/// O(pods + nodes × bins).
pub fn occupancy(work: &Workload, inventory: &Inventory, records: &Records) -> Occupancy {
    let from = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
    let window = Bins::new(from, records.closed_at(), BINS);
    let mut held = vec![window.clone(); inventory.nodes().len()];
    for job in (0..work.len()).map(JobId::from) {
        let pods = work.spec(work.job(job).spec).pods;
        for attempt in records.attempts(job) {
            let spots = records.places_of(attempt, pods);
            add(&mut held, work, job, spots, attempt.start, attempt.end);
        }
        if let Some(start) = records.start(job) {
            let end = records.end_of(job).unwrap_or(records.closed_at());
            add(&mut held, work, job, records.places(job, pods), start, end);
        }
    }
    let mut there = vec![window.clone(); held.len()];
    let mut exists = |life: Lifetime| {
        let (start, end) = life.within(from, records.closed_at());
        there[life.node.index()].add(start, end, 1);
    };
    match records.lifetimes() {
        Some(lives) => lives.iter().cloned().for_each(&mut exists),
        None => planned(inventory).for_each(&mut exists),
    }
    let spans: Vec<Span> = (0..window.len()).map(|bin| window.span(bin)).collect();
    let mean = |((held, there), span): ((i64, i64), &Span)| {
        // Pods may run on after their node was closed.
        (there > 0 || held > 0).then(|| (held + span.0 / 2) / span.0)
    };
    let nodes = held.iter().zip(&there);
    Occupancy {
        edges: (0..=window.len()).map(|bin| window.start(bin)).collect(),
        held_milli: nodes
            .map(|(held, there)| {
                let bins = held.sums().into_iter().zip(there.sums());
                bins.zip(&spans).map(mean).collect()
            })
            .collect(),
    }
}

fn add(held: &mut [Bins], work: &Workload, job: JobId, spots: &[Spot], from: Time, to: Time) {
    let sets = work.spec(work.job(job).spec).pod_sets.iter();
    let shapes = sets.flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
    for (shape, spot) in shapes.zip(spots) {
        let milli = work.shape(shape).total_milli() as i64;
        if milli > 0 {
            held[spot.node.index()].add(from, to, milli);
        }
    }
}
