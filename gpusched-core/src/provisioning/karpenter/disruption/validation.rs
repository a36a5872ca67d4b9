//! Validation: what consolidation wanted to do must still be right when it is done
//! (`disruption/validation.go`).

use super::super::world::World;
use super::candidate::{Candidate, Scene};
use super::consolidation::{eligible, simulate};
use super::emptiness::take;
use super::{Action, Method, Reason, emptiness};
use crate::provisioning::controller::MachineId;
use std::collections::BTreeSet;

/// What is left to do of an action: of empty nodes those that still are; of consolidation all of
/// it or nothing.
pub(super) fn validate(
    scene: &Scene<'_>,
    world: &mut World,
    closed: &BTreeSet<MachineId>,
    action: Action,
) -> Option<Action> {
    match action.method {
        Method::Emptiness => emptiness::validate(scene, action),
        Method::Drift => Some(action),
        Method::MultiNode | Method::SingleNode => {
            let mut budgets = scene.budgets(Reason::Underutilized);
            let still = |one: &Candidate| {
                let there = scene.view.machines.contains_key(&one.machine);
                there && eligible(scene, one.machine).is_ok() && take(&mut budgets[one.pool])
            };
            let valid =
                action.candidates.iter().all(still) && repeats(scene, world, closed, &action);
            valid.then_some(action)
        }
    }
}

/// Whether a new simulation comes to as many new nodes, of which one may be every type the action
/// asks for.
fn repeats(
    scene: &Scene<'_>,
    world: &mut World,
    closed: &BTreeSet<MachineId>,
    action: &Action,
) -> bool {
    let emptied: Vec<MachineId> = action.candidates.iter().map(|one| one.machine).collect();
    let Ok(found) = simulate(scene, world, &emptied, Some(closed)) else {
        return false;
    };
    match (
        action.replacements.as_slice(),
        found.replacements.as_slice(),
    ) {
        ([], []) => true,
        ([asked], [node]) => asked.types.iter().all(|of| node.types.contains(of)),
        _ => false,
    }
}
