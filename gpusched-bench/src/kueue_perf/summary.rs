//! What upstream's recorder and checker make of a run (`test/performance/scheduler/runner/recorder`
//! and `checker`).

use super::generate::Load;
use gpusched_sim::kueue::replay::Outcome;

/// The figures of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Workloads that ran to their end.
    pub finished: usize,
    /// Evictions.
    pub evictions: u64,
    /// Scheduling cycles that had heads.
    pub cycles: u64,
    /// When the last workload ended, in seconds.
    pub end_s: f64,
    /// Mean use of the nominal quota of all ClusterQueues until then, in percent.
    pub usage_percent: f64,
    /// By class: mean time from creation to admission, in seconds. Of a workload that was admitted
    /// more than once the last time counts.
    pub waits_s: Vec<f64>,
}

impl Summary {
    pub(super) fn new(load: &Load, outcome: &Outcome) -> Summary {
        let mut waits = vec![(0i64, 0i64); load.shape.classes.len()];
        // Jobs are listed in the order they came.
        for (arrival, run) in load.arrivals.iter().zip(&outcome.workloads) {
            if let Some(admitted) = run.last_admitted {
                let (sum, count) = &mut waits[usize::from(arrival.class)];
                *sum += (admitted - run.arrival).0;
                *count += 1;
            }
        }
        let uses = outcome.queues.iter().flat_map(|queue| &queue.usage);
        let (used, nominal) = uses.fold((0.0, 0.0), |(used, nominal), one| {
            (used + one.mean, nominal + one.nominal.0 as f64)
        });
        let runs = outcome.workloads.iter();
        let mean = |(sum, count): &(i64, i64)| *sum as f64 / *count as f64 / 1e6;
        Summary {
            finished: runs.clone().filter(|run| run.finished.is_some()).count(),
            evictions: runs.map(|run| u64::from(run.evictions)).sum(),
            cycles: outcome.cycles,
            end_s: outcome.end.0 as f64 / 1e6,
            usage_percent: 100.0 * used / nominal,
            waits_s: waits.iter().map(mean).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kueue_perf::{BASELINE, Load, Shape};
    use gpusched_sim::kueue::replay::Fidelity;

    /// 350 · 1 · 0.2 s + 100 · 5 · 0.5 s + 50 · 20 · 1 s = 1,320 core-seconds for each queue, of
    /// which nothing is lost but what victims had run; its 20 cores take 66 s for them.
    #[test]
    fn a_small_baseline_ends_and_every_core_second_is_counted() {
        let shape = Shape {
            cohorts: 1,
            ..BASELINE
        };
        let load = Load::new(&shape);
        let summary = load.replay(load.jobs(), Fidelity::Ideal);
        assert_eq!(summary.finished, 3_000);
        assert!(summary.end_s >= 66.0, "{summary:?}");
        let core_seconds = summary.usage_percent / 100.0 * 20.0 * summary.end_s;
        assert!(core_seconds >= 1_320.0 * 0.999, "{summary:?}");
    }
}
