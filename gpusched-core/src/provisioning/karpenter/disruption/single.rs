//! Single-node consolidation: a node goes, for none or one in its place
//! (`disruption/singlenodeconsolidation.go`).

use super::super::world::World;
use super::balanced::{PoolTotals, approve, can_pass, totals};
use super::candidate::{Candidate, Scene};
use super::consolidation::{Move, consolidate};
use super::{Action, Method, Reason, Why};
use crate::provisioning::controller::MachineId;
use std::collections::BTreeSet;

/// The first node to consolidate, and whether budgets kept others.
///
/// Candidates, which are in order, are tried one by one, the first of every pool before the second of any; upstream has
/// no order of pools, here they go by name. O(candidates) simulations.
pub(super) fn compute(
    scene: &Scene<'_>,
    world: &mut World,
    candidates: impl Iterator<Item = Candidate>,
    closed: &BTreeSet<MachineId>,
) -> (Option<Action>, bool) {
    let budgets = scene.budgets(Reason::Underutilized);
    let totals = totals(scene);
    let mut limited = false;
    for one in interleaved(scene, candidates) {
        if budgets[one.pool] == 0 {
            limited = true;
            continue;
        }
        if let Ok(found) = consider(scene, world, &one, &totals, closed) {
            let action = Action {
                method: Method::SingleNode,
                candidates: vec![one],
                replacements: found.replacements,
                placed: found.placed,
            };
            return (Some(action), limited);
        }
    }
    (None, limited)
}

/// What to do with a node.
pub(super) fn consider(
    scene: &Scene<'_>,
    world: &mut World,
    one: &Candidate,
    totals: &[PoolTotals],
    closed: &BTreeSet<MachineId>,
) -> Result<Move, Why> {
    can_pass(scene, totals, one)?;
    let set = std::slice::from_ref(one);
    let found = consolidate(scene, world, set, closed)?;
    approve(scene, world, totals, set, &found)?;
    Ok(found)
}

/// The first of every pool, by name, then the second of every pool, and so on.
fn interleaved(
    scene: &Scene<'_>,
    candidates: impl Iterator<Item = Candidate>,
) -> impl Iterator<Item = Candidate> {
    let mut turns = vec![0; scene.pools.len()];
    let turn = |one: Candidate| {
        turns[one.pool] += 1;
        (turns[one.pool], one)
    };
    let mut all: Vec<(usize, Candidate)> = candidates.map(turn).collect();
    all.sort_by_key(|(turn, one)| (*turn, &scene.pools[one.pool].template.name));
    all.into_iter().map(|(_, one)| one)
}
