//! What a run is worth beyond its summary: jobs after a warm-up, and allocation as a cluster fills.

use crate::engine::{Fate, Records};
use crate::metrics::quantiles::four_quantiles;
use crate::metrics::{WarmUp, facts};
use gpusched_core::cluster::Inventory;
use gpusched_core::units::{MICROS, MILLI, Span};
use gpusched_core::workload::Workload;

/// The jobs that come after the warm-up. Those that have not ended are counted, not left out in
/// silence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steady {
    /// When the warm-up ended, s after the first submission; absent where there is no steady state.
    pub from_s: Option<f64>,
    /// Jobs submitted after it.
    pub jobs: u64,
    /// Those of them that had not ended when the run was closed.
    pub censored: u64,
    /// Mean wait of those that started, s.
    pub wait_mean_s: Option<f64>,
    /// 95th percentile of it (nearest rank), s.
    pub wait_p95_s: Option<f64>,
    /// Mean time from submission to finish of those that finished, s.
    pub jct_mean_s: Option<f64>,
    /// 95th percentile of it (nearest rank), s.
    pub jct_p95_s: Option<f64>,
    /// Mean bounded slowdown of those that finished.
    pub slowdown_mean: Option<f64>,
}

/// The jobs submitted after the warm-up; nothing is said where there is no steady state. O(jobs log
/// jobs).
pub fn steady(work: &Workload, records: &Records, warm_up: WarmUp) -> Steady {
    let Some(end) = warm_up.end(work, records) else {
        return Steady::default();
    };
    let first = work.jobs().first().map_or(end, |job| job.submit);
    let later = || facts(work, records).filter(|job| job.submit >= end);
    let ended = |fate| matches!(fate, Fate::Done | Fate::Failed(_) | Fate::Unschedulable);
    let started = later().filter(|job| job.fate != Fate::Waiting);
    let (wait_mean_s, wait_p95_s) = spread(started.filter_map(|job| job.wait()));
    let (jct_mean_s, jct_p95_s) = spread(later().filter_map(|job| job.jct()));
    let (mut slow, mut finished) = (0.0, 0u64);
    for slowdown in later().filter_map(|job| job.bounded_slowdown()) {
        slow += slowdown;
        finished += 1;
    }
    Steady {
        from_s: Some((end - first).as_secs_f64()),
        jobs: later().count() as u64,
        censored: later().filter(|job| !ended(job.fate)).count() as u64,
        wait_mean_s,
        wait_p95_s,
        jct_mean_s,
        jct_p95_s,
        slowdown_mean: (finished > 0).then(|| slow / finished as f64),
    }
}

/// Mean and 95th percentile in seconds.
fn spread(spans: impl Iterator<Item = Span>) -> (Option<f64>, Option<f64>) {
    let mut micros: Vec<u64> = spans.map(|span| span.0 as u64).collect();
    let sum: i128 = micros.iter().map(|&micros| i128::from(micros)).sum();
    let mean = sum as f64 / MICROS as f64 / micros.len() as f64;
    match four_quantiles(&mut micros) {
        None => (None, None),
        Some([_, p95, ..]) => (Some(mean), Some(p95 as f64 / MICROS as f64)),
    }
}

/// GPUs allocated, in percent of the cluster, when P % of the cluster's GPUs had been asked for:
/// place P of the result. Each arrival counts under the percentage, rounded half to even, that has
/// been asked for with it, whether it found a place or not; the figure is the mean over them, as
/// the published curves of FGD are made. `None` where no arrival fell. O(jobs).
pub fn allocated(work: &Workload, inventory: &Inventory, records: &Records) -> Vec<Option<f64>> {
    let capacity = inventory.gpus() as f64 * f64::from(MILLI) / 100.0;
    let (mut asked, mut held) = (0u64, 0u64);
    let mut sums: Vec<(f64, u64)> = Vec::new();
    for job in facts(work, records) {
        for part in job.part_ids() {
            asked += work.gpu_milli(part);
            if records.start(part) == Some(job.submit) {
                held += work.gpu_milli(part);
            }
        }
        let percent = (asked as f64 / capacity).round_ties_even() as usize;
        if sums.len() <= percent {
            sums.resize(percent + 1, (0.0, 0));
        }
        sums[percent].0 += held as f64 / capacity;
        sums[percent].1 += 1;
    }
    let mean = |(sum, count): (f64, u64)| (count > 0).then(|| sum / count as f64);
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{ReplayOptions, replay};
    use gpusched_core::cluster::Node;
    use gpusched_core::units::Time;
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    /// One GPU; jobs of 100 s at 0, 50 and 300 s.
    fn three() -> (Workload, Records) {
        let mut builder = WorkloadBuilder::new();
        for (name, at) in [("a", 0), ("b", 50), ("c", 300)] {
            let run = Span::from_secs(100);
            let job = JobDraft::new(name, Time::from_secs(at), run, Shape::whole_gpus(1));
            builder.push(&job).unwrap();
        }
        let work = builder.finish().unwrap();
        let cluster = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
        let records = replay(&work, &cluster, &ReplayOptions::default())
            .unwrap()
            .records;
        (work, records)
    }

    #[test]
    fn jobs_of_the_warm_up_count_for_nothing_but_being_there() {
        let (work, records) = three();
        let late = steady(&work, &records, WarmUp::After(Span::from_secs(50)));
        // b waits 50 s for a, c waits for nobody.
        assert_eq!((late.from_s, late.jobs, late.censored), (Some(50.0), 2, 0));
        assert_eq!(
            (late.wait_mean_s, late.wait_p95_s),
            (Some(25.0), Some(50.0))
        );
        assert_eq!(
            (late.jct_mean_s, late.slowdown_mean),
            (Some(125.0), Some(1.25))
        );
        let none = steady(&work, &records, WarmUp::After(Span::from_secs(301)));
        assert_eq!((none.jobs, none.wait_mean_s), (0, None));
        // Three jobs are too few to see a steady state.
        assert_eq!(steady(&work, &records, WarmUp::Mser5), Steady::default());
    }

    #[test]
    fn allocation_is_the_mean_over_arrivals_under_each_percentage() {
        // Four GPUs in two nodes. 2 fit; 1 fits; 2 do not (1 + 0 free); 1 does.
        let mut builder = WorkloadBuilder::new();
        for (name, at, gpus) in [
            ("a", 0, 2),
            ("b", 1, 1),
            ("c", 2, 2),
            ("d", 3, 1),
            ("e", 4, 0),
        ] {
            let shape = Shape::whole_gpus(gpus);
            let job = JobDraft::new(name, Time::from_secs(at), Span::FOREVER, shape);
            builder.push(&job).unwrap();
        }
        let work = builder.finish().unwrap();
        let nodes = ["m", "n"].map(|name| Node::with_gpus(name, 2, "T4"));
        let cluster = Inventory::new(nodes.to_vec()).unwrap();
        let options = ReplayOptions {
            queueing: "fifo-greedy".into(),
            ..ReplayOptions::default()
        };
        let records = replay(&work, &cluster, &options).unwrap().records;
        let curve = allocated(&work, &cluster, &records);
        assert_eq!(curve.len(), 151);
        assert_eq!(curve[50], Some(50.0));
        assert_eq!(curve[75], Some(75.0));
        assert_eq!(curve[125], Some(75.0));
        // d, and e, which asks for nothing.
        assert_eq!(curve[150], Some(100.0));
        assert_eq!(curve[100], None);
    }
}
