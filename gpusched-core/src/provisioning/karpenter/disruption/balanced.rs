//! `Balanced`: a move is made where its share of what the pool costs is worth its share of what
//! moving the pool's pods would cost (`disruption/balanced.go`; RFC kubernetes-sigs/karpenter#2942).

use super::super::pool::ConsolidationPolicy;
use super::super::world::World;
use super::Why;
use super::candidate::{Candidate, Scene};
use super::consolidation::{Move, best_price};
use super::cost::reschedule_cost;

/// A move is approved at a score of one by this.
pub const K: f64 = 2.0;

/// What all nodes of a pool cost together, and what moving all their pods would.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PoolTotals {
    /// In nano-dollars an hour.
    pub price: f64,
    /// As [`super::reschedule_cost`] has it.
    pub disruption: f64,
}

/// The score of a move in a pool: its share of the price over its share of the disruption; 0 if
/// nothing is saved or there is nothing to compare with, infinite if nothing is disrupted.
///
/// ```
/// use gpusched_core::provisioning::karpenter::disruption::{K, PoolTotals, score_move};
/// let totals = PoolTotals { price: 100.0, disruption: 20.0 };
/// // A tenth of the price for a fifth of the disruption: just worth it.
/// assert_eq!(score_move(10.0, 4.0, totals), 0.5);
/// assert!(score_move(10.0, 4.0, totals) >= 1.0 / K);
/// ```
pub fn score_move(savings: f64, disruption: f64, totals: PoolTotals) -> f64 {
    if totals.price <= 0.0 || totals.disruption <= 0.0 || savings <= 0.0 {
        return 0.0;
    }
    let share = disruption / totals.disruption;
    match share == 0.0 {
        true => f64::INFINITY,
        false => savings / totals.price / share,
    }
}

/// Totals of every pool, in the order of pools; nodes that are no candidates count. All 0 if no
/// pool scores.
pub(super) fn totals(scene: &Scene<'_>) -> Vec<PoolTotals> {
    let mut totals = vec![PoolTotals::default(); scene.pools.len()];
    if !(0..scene.pools.len()).any(|pool| is_balanced(scene, pool)) {
        return totals;
    }
    for machine in scene.view.machines.values() {
        let pool = machine.owner.as_ref().and_then(|owner| scene.pool(owner));
        if let Some(pool) = pool {
            totals[pool].price += scene.view.price(machine).0 as f64;
            totals[pool].disruption += reschedule_cost(machine);
        }
    }
    totals
}

fn is_balanced(scene: &Scene<'_>, pool: usize) -> bool {
    scene.pools[pool].disruption.policy == ConsolidationPolicy::Balanced
}

/// Whether even deleting a node without replacing it would score too low. Only `Balanced` pools
/// score.
pub(super) fn can_pass(
    scene: &Scene<'_>,
    totals: &[PoolTotals],
    one: &Candidate,
) -> Result<(), Why> {
    let totals = totals[one.pool];
    if !is_balanced(scene, one.pool) || totals.price <= 0.0 {
        return Ok(());
    }
    approve_score(score_move(one.price.0 as f64, one.cost, totals))
}

/// Whether every `Balanced` pool approves of a move; a pool's part of what is saved is its part of
/// the price of the nodes that go.
pub(super) fn approve(
    scene: &Scene<'_>,
    world: &World,
    totals: &[PoolTotals],
    set: &[Candidate],
    found: &Move,
) -> Result<(), Why> {
    let price =
        |set: &mut dyn Iterator<Item = &Candidate>| set.map(|one| one.price.0 as f64).sum::<f64>();
    let source = price(&mut set.iter());
    let replacements = found.replacements.iter();
    let replaced = replacements.filter_map(|node| best_price(world, node));
    let savings = source - replaced.map(|price| price.0 as f64).sum::<f64>();
    let one_pool = set.iter().all(|one| one.pool == set[0].pool);
    for (pool, totals) in totals.iter().enumerate() {
        let of_pool = || set.iter().filter(|one| one.pool == pool);
        if !is_balanced(scene, pool) || of_pool().next().is_none() {
            continue;
        }
        let part = match source > 0.0 && !one_pool {
            true => savings * (price(&mut of_pool()) / source),
            false => savings,
        };
        let disruption = of_pool().map(|one| one.cost).sum();
        approve_score(score_move(part, disruption, *totals))?;
    }
    Ok(())
}

fn approve_score(score: f64) -> Result<(), Why> {
    match score >= 1.0 / K {
        true => Ok(()),
        false => Err(Why::Score(score)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_a_share_of_price_over_a_share_of_disruption() {
        let totals = |price, disruption| PoolTotals { price, disruption };
        for (savings, disruption, totals, score) in [
            // Ten equal nodes: deleting one saves a tenth for a tenth.
            (1.0, 2.0, totals(10.0, 20.0), 1.0),
            // Replaced at half the price: half of that, still approved.
            (0.5, 2.0, totals(10.0, 20.0), 0.5),
            (0.49, 2.0, totals(10.0, 20.0), 0.49),
            // Nothing saved, or a dearer node: never.
            (0.0, 2.0, totals(10.0, 20.0), 0.0),
            (-1.0, 2.0, totals(10.0, 20.0), 0.0),
            // Nothing disturbed: always.
            (1.0, 0.0, totals(10.0, 20.0), f64::INFINITY),
            // A pool of one node is its own measure.
            (0.6, 9.0, totals(1.0, 9.0), 0.6),
            // Nothing to compare with.
            (1.0, 1.0, totals(0.0, 20.0), 0.0),
            (1.0, 1.0, totals(10.0, 0.0), 0.0),
        ] {
            let found = score_move(savings, disruption, totals);
            assert!(
                (found - score).abs() < 1e-12 || found == score,
                "{found} {score}"
            );
            assert_eq!(approve_score(found).is_ok(), score >= 0.5, "{score}");
        }
    }
}
