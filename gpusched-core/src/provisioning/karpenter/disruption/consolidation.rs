//! What consolidation does with a set of nodes: delete them, replace them by a cheaper one, or
//! leave them (`disruption/consolidation.go`).

use super::super::labels::CAPACITY_TYPE;
use super::super::launch::{allows, worst_price};
use super::super::solve::too_few;
use super::super::world::{NoHome, Question, World};
use super::super::{NewNode, Requirement, Undefined};
use super::candidate::{Candidate, Scene};
use super::{Reason, Why};
use crate::provisioning::Price;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::MachineId;
use std::collections::BTreeSet;

/// Cheaper types there must be for one spot node to replace another.
pub(super) const SPOT_TYPES: usize = 15;

/// What becomes of a set of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Move {
    /// Nodes to be made first.
    pub(super) replacements: Vec<NewNode>,
    /// Machines that get pods.
    pub(super) placed: Vec<MachineId>,
}

/// Whether a node is consolidated when its pods have other places.
pub(super) fn eligible(scene: &Scene<'_>, id: MachineId) -> Result<Candidate, Why> {
    let one = scene.candidate(id, Reason::Underutilized)?;
    match one.is_empty() {
        true => Err(Why::Empty),
        false => scene.consolidatable(&one, false).map(|()| one),
    }
}

/// Where the pods of these nodes would go. `closed` machines take none of them.
pub(super) fn simulate(
    scene: &Scene<'_>,
    world: &mut World,
    emptied: &[MachineId],
    closed: Option<&BTreeSet<MachineId>>,
) -> Result<Move, Why> {
    let question = Question {
        emptied,
        closed,
        going: scene.going,
    };
    let answer = world.ask(scene.view, question);
    match answer.homeless {
        None => Ok(Move {
            replacements: answer.claims,
            placed: answer.placed,
        }),
        Some(homeless) => Err(match homeless.why {
            NoHome::Unschedulable(error) => Why::Homeless {
                pod: homeless.pod,
                error,
            },
            NoHome::Uninitialized(node) => Why::Uninitialized {
                pod: homeless.pod,
                node,
            },
        }),
    }
}

/// What to do with a set of nodes: their pods need no new node, or one that is cheaper than they
/// are even at the dearest it may come to be launched at.
pub(super) fn consolidate(
    scene: &Scene<'_>,
    world: &mut World,
    set: &[Candidate],
    closed: &BTreeSet<MachineId>,
) -> Result<Move, Why> {
    world.effort.questions += 1;
    let price = set.iter().map(|one| one.price).sum();
    let all: Vec<MachineId>;
    let emptied = match set {
        [one] => std::slice::from_ref(&one.machine),
        _ => {
            all = set.iter().map(|one| one.machine).collect();
            &all
        }
    };
    let question = Question {
        emptied,
        closed: Some(closed),
        going: scene.going,
    };
    let like = match scene.explain {
        true => None,
        false => world.like(scene.view, question),
    };
    if let Some(like) = &like
        && world.likes.comes_to_nothing(like)
    {
        world.effort.alike += 1;
        #[cfg(test)]
        assert!(
            weigh(scene, world, set, question, price).is_err(),
            "{like:?}"
        );
        return Err(Why::NotCheaper);
    }
    let found = weigh(scene, world, set, question, price);
    if let (Err(_), Some(like)) = (&found, like) {
        world.likes.came_to_nothing(like);
    }
    found
}

/// What to do with a set of nodes, whatever came of others.
fn weigh(
    scene: &Scene<'_>,
    world: &mut World,
    set: &[Candidate],
    question: Question<'_>,
    price: Price,
) -> Result<Move, Why> {
    if !scene.explain && world.is_hopeless(question, price) {
        world.effort.hopeless += 1;
        return Err(Why::NotCheaper);
    }
    let spot = set.iter().all(|one| one.spot);
    if !scene.explain && world.is_futile(scene.view, question, price, spot) {
        return Err(Why::NotCheaper);
    }
    let mut found = simulate(scene, world, question.emptied, question.closed)?;
    match found.replacements.as_mut_slice() {
        [] => {}
        [node] => replace(scene, world, set, node, price)?,
        more => return Err(Why::ManyNodes(more.len())),
    }
    Ok(found)
}

/// Keeps the types of a new node that are cheaper than the nodes it replaces.
fn replace(
    scene: &Scene<'_>,
    world: &World,
    set: &[Candidate],
    node: &mut NewNode,
    price: Price,
) -> Result<(), Why> {
    let spot = allows(&node.requirements, CapacityType::Spot);
    if !spot || !set.iter().all(|one| one.spot) {
        keep_cheaper(world, node, price)?;
        if node.types.is_empty() {
            return Err(Why::NotCheaper);
        }
        // The price is that of spot: it must not become on-demand when spot cannot be had.
        if spot && allows(&node.requirements, CapacityType::OnDemand) {
            pin_spot(node);
        }
        return Ok(());
    }
    if !scene.spot_to_spot {
        return Err(Why::SpotToSpot);
    }
    pin_spot(node);
    let well_known = world.well_known();
    let worst = |of: &usize| worst_price(&world.types()[*of], &node.requirements, &well_known);
    let can = |of: &usize| worst(of).is_some();
    node.types.retain(can);
    keep_cheaper(world, node, price)?;
    match (node.types.len(), set) {
        (0, _) => Err(Why::NotCheaper),
        (few, [_]) if few < SPOT_TYPES => Err(Why::SpotFlexibility(few)),
        (_, [_]) => {
            // Only the cheapest are asked for, lest the node be replaced again and again.
            node.types.truncate(needed(world, node).max(SPOT_TYPES));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn pin_spot(node: &mut NewNode) {
    let spot = CapacityType::Spot.name();
    node.requirements
        .add(Requirement::one_of(CAPACITY_TYPE, &[spot]));
}

/// Keeps the types that are cheaper than `price` however they are launched.
pub(super) fn keep_cheaper(world: &World, node: &mut NewNode, price: Price) -> Result<(), Why> {
    let requirements = &node.requirements;
    let well_known = world.well_known();
    node.types.retain(|of| {
        let worst = worst_price(&world.types()[*of], requirements, &well_known);
        worst.is_some_and(|worst| worst < price)
    });
    let few = too_few(world.types(), &node.types, requirements);
    match few.into_keys().next() {
        Some(label) => Err(Why::MinValues(label)),
        None => Ok(()),
    }
}

/// The fewest of the types, from the cheapest on, that have as many values of every label as
/// `minValues` asks for.
fn needed(world: &World, node: &NewNode) -> usize {
    let all = node.types.len();
    let enough = |first: &usize| {
        too_few(world.types(), &node.types[..*first], &node.requirements).is_empty()
    };
    (0..=all).find(enough).unwrap_or(all)
}

/// The cheapest offering of the cheapest type a new node may be.
pub(super) fn best_price(world: &World, node: &NewNode) -> Option<Price> {
    let of = &world.types()[*node.types.first()?];
    let well_known = world.well_known();
    let can = of.offerings.iter().filter(|one| {
        let undefined = Undefined::WellKnown(&well_known);
        one.offering.available
            && node
                .requirements
                .compatible(&one.requirements, undefined)
                .is_ok()
    });
    can.map(|one| one.offering.price).min()
}
