//! Single-node consolidation: a node goes, for none or one in its place
//! (`disruption/singlenodeconsolidation.go`).

use super::super::world::World;
use super::balanced::{PoolTotals, approve, can_pass, totals};
use super::candidate::{Candidate, Scene};
use super::consolidation::{Move, consolidate};
use super::{Action, Method, Reason, Why};
use crate::provisioning::controller::MachineId;
use std::collections::{BTreeMap, BTreeSet};

/// The first node to consolidate, and whether budgets kept others.
///
/// Candidates are tried in order, the first of every pool before the second of any; upstream has
/// no order of pools, here they go by name. O(candidates) simulations.
pub(super) fn compute(
    scene: &Scene<'_>,
    world: &mut World,
    mut candidates: Vec<Candidate>,
    closed: &BTreeSet<MachineId>,
) -> (Option<Action>, bool) {
    let budgets = scene.budgets(Reason::Underutilized);
    scene.sort(&mut candidates);
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

fn interleaved(scene: &Scene<'_>, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut turns: BTreeMap<usize, usize> = BTreeMap::new();
    let mut all: Vec<(usize, Candidate)> = Vec::with_capacity(candidates.len());
    for one in candidates {
        let turn = turns.entry(one.pool).or_insert(0);
        all.push((*turn, one));
        *turn += 1;
    }
    all.sort_by_key(|(turn, one)| (*turn, &scene.pools[one.pool].template.name));
    all.into_iter().map(|(_, one)| one).collect()
}
