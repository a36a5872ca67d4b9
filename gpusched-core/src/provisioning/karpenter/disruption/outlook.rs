//! What disruption would do now, node by node, and which rule keeps it from doing more.

use super::super::world::World;
use super::candidate::Scene;
use super::drift::Drifted;
use super::emptiness::take;
use super::roster::List;
use super::{
    Action, Method, Reason, Why, balanced, consolidation, drift, emptiness, multi, single,
};
use crate::provisioning::controller::MachineId;
use crate::provisioning::karpenter::NewNode;
use std::collections::BTreeMap;

/// What disruption would do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// What the first method that finds something does; the others wait for the next round.
    pub next: Option<Plan>,
    /// What multi-node consolidation finds by itself.
    pub together: Option<Plan>,
    /// What each method says to each node.
    pub nodes: BTreeMap<MachineId, NodeOutlook>,
}

/// Nodes that go, and what comes in their place.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The method.
    pub method: Method,
    /// The nodes that go.
    pub nodes: Vec<MachineId>,
    /// The nodes that are made first.
    pub replacements: Vec<NewNode>,
    /// Nodes that would get their pods.
    pub placed: Vec<MachineId>,
}

/// What each method that looks at one node says to it.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOutlook {
    /// Emptiness.
    pub empty: Result<Plan, Why>,
    /// Drift.
    pub drifted: Result<Plan, Why>,
    /// Single-node consolidation.
    pub underutilized: Result<Plan, Why>,
}

impl From<Action> for Plan {
    fn from(action: Action) -> Plan {
        Plan {
            method: action.method,
            nodes: action.candidates.iter().map(|one| one.machine).collect(),
            replacements: action.replacements,
            placed: action.placed,
        }
    }
}

/// Asks every method. O(nodes) simulations.
pub(in super::super) fn outlook(scene: &Scene<'_>, world: &mut World) -> Outlook {
    let ids = || scene.view.machines.keys().copied();
    let mut drifted = Drifted::default();
    drifted.came(ids());
    drifted.look(scene);
    let closed = scene.roster.unsettled(scene.view.now);
    let lineup = |list| scene.roster.lineup(scene, list);
    let by_drift = ids()
        .filter_map(|id| drift::eligible(scene, &drifted, id).ok())
        .collect();
    let empty = emptiness::compute(scene, lineup(List::Empty)).0;
    let by_drift = drift::compute(scene, world, &drifted, by_drift);
    let together = multi::compute(scene, world, lineup(List::Used), &closed).0;
    let alone = single::compute(scene, world, lineup(List::Used), &closed).0;
    let goes: Vec<MachineId> = empty
        .iter()
        .flat_map(|one| one.candidates.iter().map(|one| one.machine))
        .collect();
    let nodes = ids().map(|id| {
        let outlook = NodeOutlook {
            empty: alone_empty(scene, &goes, id),
            drifted: alone_drifted(scene, world, &drifted, id),
            underutilized: alone_underutilized(scene, world, &closed, id),
        };
        (id, outlook)
    });
    let nodes = nodes.collect();
    let together: Option<Plan> = together.map(Plan::from);
    let first = empty.or(by_drift).map(Plan::from);
    Outlook {
        next: first
            .or_else(|| together.clone())
            .or_else(|| alone.map(Plan::from)),
        together,
        nodes,
    }
}

fn plan(method: Method, id: MachineId, found: consolidation::Move) -> Plan {
    Plan {
        method,
        nodes: vec![id],
        replacements: found.replacements,
        placed: found.placed,
    }
}

fn allowed(scene: &Scene<'_>, pool: usize, reason: Reason) -> Result<(), Why> {
    let mut budgets = scene.budgets(reason);
    match take(&mut budgets[pool]) {
        true => Ok(()),
        false => Err(Why::Budget {
            pool: scene.pools[pool].template.name.clone(),
            reason,
        }),
    }
}

fn alone_empty(scene: &Scene<'_>, goes: &[MachineId], id: MachineId) -> Result<Plan, Why> {
    let one = emptiness::eligible(scene, id)?;
    match goes.contains(&id) {
        true => Ok(plan(Method::Emptiness, id, consolidation::Move::default())),
        false => Err(Why::Budget {
            pool: scene.pools[one.pool].template.name.clone(),
            reason: Reason::Empty,
        }),
    }
}

fn alone_drifted(
    scene: &Scene<'_>,
    world: &mut World,
    drifted: &Drifted,
    id: MachineId,
) -> Result<Plan, Why> {
    let one = drift::eligible(scene, drifted, id)?;
    allowed(scene, one.pool, Reason::Drifted)?;
    let found = consolidation::simulate(scene, world, &[id], None)?;
    Ok(plan(Method::Drift, id, found))
}

fn alone_underutilized(
    scene: &Scene<'_>,
    world: &mut World,
    closed: &std::collections::BTreeSet<MachineId>,
    id: MachineId,
) -> Result<Plan, Why> {
    let one = consolidation::eligible(scene, id)?;
    allowed(scene, one.pool, Reason::Underutilized)?;
    let totals = balanced::totals(scene);
    let found = single::consider(scene, world, &one, &totals, closed)?;
    Ok(plan(Method::SingleNode, id, found))
}
