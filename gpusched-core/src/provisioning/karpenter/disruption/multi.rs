//! Multi-node consolidation: several nodes go at once, for none or one in their place
//! (`disruption/multinodeconsolidation.go`).

use super::super::world::World;
use super::balanced::{approve, totals};
use super::candidate::{Candidate, Scene};
use super::consolidation::{Move, consolidate, keep_cheaper};
use super::emptiness::take;
use super::{Action, Method, Reason, Why};
use crate::provisioning::Price;
use crate::provisioning::controller::MachineId;
use std::collections::{BTreeMap, BTreeSet};

/// Most nodes that go at once.
const MOST: usize = 100;

/// The nodes to consolidate, and whether budgets kept others.
///
/// Of the candidates that budgets allow, which are in order, the longest prefix is looked for by bisection: a
/// prefix of which nothing comes shortens it, one that does lengthens it. Whether longer ones are
/// harder is taken for granted, as upstream. O(log candidates) simulations.
pub(super) fn compute(
    scene: &Scene<'_>,
    world: &mut World,
    candidates: impl Iterator<Item = Candidate>,
    closed: &BTreeSet<MachineId>,
) -> (Option<Action>, bool) {
    let (mut candidates, limited) = within_budgets(scene, candidates);
    let totals = totals(scene);
    let mut best = None;
    let (mut least, mut most) = (1, MOST.min(candidates.len().saturating_sub(1)));
    while least <= most && candidates.len() > 1 {
        let middle = (least + most) / 2;
        let set = &candidates[..=middle];
        let found = worth(scene, world, set, closed)
            .and_then(|found| approve(scene, world, &totals, set, &found).map(|()| found));
        match found {
            Ok(found) => {
                best = Some((middle, found));
                least = middle + 1;
            }
            Err(_) => most = middle - 1,
        }
    }
    let action = best.map(|(last, found)| {
        candidates.truncate(last + 1);
        Action {
            method: Method::MultiNode,
            candidates,
            replacements: found.replacements,
            placed: found.placed,
        }
    });
    (action, limited)
}

/// The first candidates that budgets allow, as many as may go at once and one more, and whether
/// budgets keep any.
fn within_budgets(
    scene: &Scene<'_>,
    candidates: impl Iterator<Item = Candidate>,
) -> (Vec<Candidate>, bool) {
    let mut budgets = scene.budgets(Reason::Underutilized);
    let (mut allowed, mut limited) = (Vec::new(), false);
    for one in candidates {
        match take(&mut budgets[one.pool]) {
            true => allowed.push(one),
            false => limited = true,
        }
        let over = allowed.len() > MOST || budgets.iter().all(|left| *left == 0);
        if limited && over {
            break;
        }
    }
    allowed.truncate(MOST + 1);
    (allowed, limited)
}

/// What to do with a set of nodes; if one of their own types comes in their place, it must be
/// cheaper than the cheapest of that type, which could as well have been kept.
fn worth(
    scene: &Scene<'_>,
    world: &mut World,
    set: &[Candidate],
    closed: &BTreeSet<MachineId>,
) -> Result<Move, Why> {
    let mut found = consolidate(scene, world, set, closed)?;
    let mut prices: BTreeMap<usize, Price> = BTreeMap::new();
    for one in set {
        let of = scene.view.machines[&one.machine].node_type;
        let cheapest = prices.entry(of).or_insert(one.price);
        *cheapest = one.price.min(*cheapest);
    }
    if let [node] = found.replacements.as_mut_slice() {
        let same = node.types.iter().filter_map(|of| prices.get(of)).min();
        if let Some(price) = same {
            keep_cheaper(world, node, *price)?;
        }
        if node.types.is_empty() {
            return Err(Why::NotCheaper);
        }
    }
    Ok(found)
}
