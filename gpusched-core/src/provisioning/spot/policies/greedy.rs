//! `greedy`: spot while there is any, on-demand when it has to be.

use super::super::{Choice, DeadlinePolicy, Moment};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "greedy",
    summary: "spot whenever there is any, on-demand only when the deadline is near",
    rule: "Spot if there is one, else nothing; on-demand as soon as the ticks left are no more than \
           the work left and one changeover need, unless a working spot instance is held.",
    source: "Wu et al., Can't Be Late, NSDI 2024 (its greedy baseline)",
};

/// Spot whenever there is any, else nothing; the safety rule alone takes on-demand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greedy;

impl DeadlinePolicy for Greedy {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, now: &Moment) -> Choice {
        match now.spot {
            true => Choice::Spot,
            false => Choice::Idle,
        }
    }
}
