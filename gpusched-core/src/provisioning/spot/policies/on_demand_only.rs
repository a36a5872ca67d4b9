//! `on-demand-only`: never spot. What savings are measured against.

use super::super::{Choice, DeadlinePolicy, Moment};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "on-demand-only",
    summary: "on-demand from the first tick to the last",
    rule: "One on-demand instance until the work is done.",
    source: "the usual baseline",
};

/// On-demand from the first tick to the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnDemandOnly;

impl DeadlinePolicy for OnDemandOnly {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, _now: &Moment) -> Choice {
        Choice::OnDemand
    }
}
