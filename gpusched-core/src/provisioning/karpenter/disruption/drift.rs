//! Drift: nodes that are no longer what their pool asks for are replaced, one at a time
//! (`disruption/drift.go`, `nodeclaim/disruption/drift.go`).

use super::super::claims::Template;
use super::super::labels::{CAPACITY_TYPE, INSTANCE_TYPE, ZONE};
use super::super::world::World;
use super::super::{Requirements, Undefined};
use super::candidate::{Candidate, Scene};
use super::consolidation::simulate;
use super::{Action, Method, Reason, Why};
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Machine, MachineId};
use crate::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// From which age on it is asked whether a node's instance type still exists.
const VANISHED_AFTER: Span = Span::from_secs(3600);

/// In what way a node has drifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// The template of its pool says something else now.
    NodePoolDrifted,
    /// Its labels are not what its pool requires.
    RequirementsDrifted,
    /// Its instance type is no longer offered as it was bought.
    InstanceTypeNotFound,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Drift::NodePoolDrifted => "NodePoolDrifted",
            Drift::RequirementsDrifted => "RequirementsDrifted",
            Drift::InstanceTypeNotFound => "InstanceTypeNotFound",
        })
    }
}

/// In what way a node has drifted, and from when on that is known; checked in the order of
/// [`Drift`].
pub(super) fn drift(scene: &Scene<'_>, id: MachineId) -> Option<(Drift, Time)> {
    let machine = &scene.view.machines[&id];
    let pool = &scene.pools[scene.pool(machine.owner.as_ref()?)?];
    let now = scene.view.now;
    let made = scene.claims.template(id);
    if made.is_some_and(|made| *made != Template::of(pool)) {
        return Some((Drift::NodePoolDrifted, now));
    }
    let labels = Requirements::of_labels(&machine.labels);
    let asked = &pool.template.requirements;
    if labels.compatible(asked, Undefined::Denied).is_err() {
        return Some((Drift::RequirementsDrifted, now));
    }
    let known = machine.launched + VANISHED_AFTER;
    (!is_offered(scene, machine)).then(|| (Drift::InstanceTypeNotFound, known.max(now)))
}

/// Whether the labels of a node are those of an offering, available or not; a reserved node may
/// come to be one on demand.
fn is_offered(scene: &Scene<'_>, machine: &Machine) -> bool {
    let label = |key: &str| {
        machine
            .labels
            .get(key)
            .map(String::as_str)
            .unwrap_or_default()
    };
    let way = CapacityType::named(label(CAPACITY_TYPE));
    let same = |bought: CapacityType| {
        Some(bought) == way
            || (bought == CapacityType::OnDemand && way == Some(CapacityType::Reserved))
    };
    scene
        .view
        .types
        .iter()
        .filter(|of| of.name == label(INSTANCE_TYPE))
        .any(|of| {
            let mut offerings = of.offerings.iter().map(|one| &one.offering);
            offerings.any(|one| one.zone == label(ZONE) && same(one.capacity_type))
        })
}

/// Since when nodes have been known to have drifted.
///
/// Nothing that drift depends on changes but the pools, and nodes come and go: a node is looked at
/// once, in the first round it is there for, and again when the pools change.
#[derive(Debug, Default)]
pub(super) struct Drifted {
    unseen: BTreeSet<MachineId>,
    since: BTreeMap<MachineId, (Drift, Time)>,
}

impl Drifted {
    /// Nodes that came, or whose pools say something else.
    pub(super) fn came(&mut self, nodes: impl Iterator<Item = MachineId>) {
        for id in nodes {
            self.since.remove(&id);
            self.unseen.insert(id);
        }
    }

    /// Nodes that are gone.
    pub(super) fn gone(&mut self, nodes: &[MachineId]) {
        for id in nodes {
            self.since.remove(id);
            self.unseen.remove(id);
        }
    }

    /// Looks at those that have not been looked at.
    pub(super) fn look(&mut self, scene: &Scene<'_>) {
        for id in std::mem::take(&mut self.unseen) {
            self.since.extend(drift(scene, id).map(|drift| (id, drift)));
        }
    }

    /// When some node comes to be known to have drifted.
    pub(super) fn wake(&self, now: Time) -> Option<Time> {
        let known = self.since.values().map(|(_, known)| *known);
        known.filter(|known| *known > now).min()
    }

    /// Nodes that are known to have drifted.
    pub(super) fn known(&self, now: Time) -> impl Iterator<Item = MachineId> {
        let known = self.since.iter().filter(move |(_, one)| one.1 <= now);
        known.map(|(id, _)| *id)
    }

    fn since(&self, id: MachineId, now: Time) -> Option<(Drift, Time)> {
        let since = self.since.get(&id).copied();
        since.filter(|(_, known)| *known <= now)
    }
}

/// Whether a node is replaced for having drifted.
pub(super) fn eligible(
    scene: &Scene<'_>,
    drifted: &Drifted,
    id: MachineId,
) -> Result<Candidate, Why> {
    match drifted.since(id, scene.view.now) {
        None => Err(Why::NotDrifted),
        Some(_) => scene.candidate(id, Reason::Drifted),
    }
}

/// The node to replace, with as many as its pods need: nodes without pods first, then those that
/// have been known for longest.
pub(super) fn compute(
    scene: &Scene<'_>,
    world: &mut World,
    drifted: &Drifted,
    mut candidates: Vec<Candidate>,
) -> Option<Action> {
    let budgets = scene.budgets(Reason::Drifted);
    candidates.sort_by_key(|one| {
        let has_pods = !scene.view.machines[&one.machine].pods.is_empty();
        let since = drifted
            .since(one.machine, scene.view.now)
            .map(|(_, since)| since);
        (has_pods, since, one.machine)
    });
    for one in candidates {
        if budgets[one.pool] == 0 {
            continue;
        }
        if let Ok(found) = simulate(scene, world, &[one.machine], None) {
            return Some(Action {
                method: Method::Drift,
                candidates: vec![one],
                replacements: found.replacements,
                placed: found.placed,
            });
        }
    }
    None
}
