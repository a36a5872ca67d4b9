//! Who decides between spot and on-demand for a job with a deadline: one policy per file.

mod greedy;
mod on_demand_only;
mod spot_only;
mod uniform_progress;

pub use greedy::Greedy;
pub use on_demand_only::OnDemandOnly;
pub use spot_only::SpotOnly;
pub use uniform_progress::UniformProgress;

use super::DeadlinePolicy;
use crate::policy::PolicyInfo;

/// All of them, as `gpusched policy list` would show them.
pub const POLICIES: &[PolicyInfo] = &[
    greedy::INFO,
    on_demand_only::INFO,
    spot_only::INFO,
    uniform_progress::INFO,
];

/// The policy of that name.
pub fn policy(name: &str) -> Option<Box<dyn DeadlinePolicy>> {
    Some(match name {
        "greedy" => Box::new(Greedy),
        "on-demand-only" => Box::new(OnDemandOnly),
        "spot-only" => Box::new(SpotOnly),
        "uniform-progress" => Box::new(UniformProgress),
        _ => return None,
    })
}
