//! What the controllers do together, one case per rule, worked out by hand.

mod consolidation;
mod disruption;
mod pod_budgets;
mod provisioning;
mod random;
mod static_pools;

use super::Pool;
use super::testing::*;
use crate::provisioning::controller::MachineId;

/// A cluster of one on-demand pool.
fn town() -> Town {
    Town::new(options(vec![pool("default", &[OD])]), types())
}

/// A cluster whose pool was changed.
fn town_with(change: impl FnOnce(&mut Pool)) -> Town {
    let mut pool = pool("default", &[OD]);
    change(&mut pool);
    Town::new(options(vec![pool]), types())
}

/// What single-node consolidation says to a machine.
fn alone(town: &mut Town, id: MachineId) -> String {
    let outlook = town.karpenter.outlook(&town.view);
    match &outlook.nodes[&id].underutilized {
        Ok(plan) => format!("replaced by {}", plan.replacements.len()),
        Err(why) => why.to_string(),
    }
}
