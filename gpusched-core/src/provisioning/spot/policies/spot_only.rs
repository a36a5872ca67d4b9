//! `spot-only`: never on-demand, whatever the deadline says.

use super::super::{Choice, DeadlinePolicy, Moment};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "spot-only",
    summary: "spot when there is any, and late when there is none",
    rule: "Spot if there is one, else nothing. Deadlines are not looked at.",
    source: "the usual baseline for batch work without a deadline",
};

/// Spot when there is any, and late when there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpotOnly;

impl DeadlinePolicy for SpotOnly {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, now: &Moment) -> Choice {
        match now.spot {
            true => Choice::Spot,
            false => Choice::Idle,
        }
    }

    fn secured(&self) -> bool {
        false
    }
}
