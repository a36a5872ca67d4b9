//! `uniform-progress`: keep up with the straight line from the start to the deadline.

use super::super::{Choice, DeadlinePolicy, Holding, Moment};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "uniform-progress",
    summary: "spot when there is any, on-demand whenever the job falls behind an even pace",
    rule: "With C the work, D the deadline, d the changeover, t the time elapsed: (1) without an \
           instance, on-demand if the ticks left are no more than the work left and 2d need; \
           (2) spot if there is one; (3) else on-demand if work done < t·C/D, else nothing; \
           (4) on-demand is left only for spot, and only if work done > (t + 2d)·C/D and (1) does \
           not hold; (5) on-demand as soon as the ticks left are no more than the work left and d \
           need, unless a working spot instance is held.",
    source: "Wu et al., Can't Be Late, NSDI 2024 (rc_cr_threshold of its simulator)",
};

/// Keeps work done at or above its even share of the time elapsed, with two changeovers of
/// hysteresis before on-demand is given up.
#[derive(Clone, Copy, Debug, Default)]
pub struct UniformProgress;

impl DeadlinePolicy for UniformProgress {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, now: &Moment) -> Choice {
        let twice = now.job.changeover + now.job.changeover;
        // In integers: work done / C against time / D.
        let share = |work: i64, whole: i64| i128::from(work) * i128::from(whole);
        let done = share(now.done.0, now.job.deadline.0);
        let due = |time: i64| share(time, now.job.work.0);
        let holds_spot = matches!(now.holding, Holding::Spot { .. });
        if !holds_spot && now.tight(twice) {
            return Choice::OnDemand;
        }
        if now.holding == Holding::OnDemand {
            let ahead = done > due((now.elapsed + twice).0);
            return match now.spot && ahead {
                true => Choice::Spot,
                false => Choice::OnDemand,
            };
        }
        if now.spot {
            Choice::Spot
        } else if done < due(now.elapsed.0) {
            Choice::OnDemand
        } else {
            Choice::Idle
        }
    }
}
