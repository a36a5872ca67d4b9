//! Any policy, kept to what jobs ask of locality.

use super::levels::{Levels, Rooms, all_hold, each_group, holding, holding_nodes};
use super::{Explanation, Placement, Pod, Trial, View};
use crate::cluster::{Inventory, Spot};
use crate::ids::NodeId;
use crate::topology::{DomainId, Within};
use crate::workload::{Locality, PodSet, Spec};

/// Makes a policy that knows nothing of domains honour [`Locality`](crate::workload::Locality).
///
/// The pods of a set that must, or should, be within a level are placed group by group (all of them
/// are one group unless the job comes in slices). A group is offered to the policy with all machines
/// outside one domain closed: the domain with room for all of it and least room besides, of equals
/// the first; then the next one, until the policy takes one. A group that should be within a level
/// goes on to wider levels so, at last to all machines; one that must is refused. Jobs that ask for
/// nothing go straight to the policy.
///
/// O(nodes) per domain offered; domains without room are never offered.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::{FirstFit, Trial, WithLocality};
/// use gpusched_core::topology::{Fabric, Level, Scope, Topology};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Locality, Shape, WorkloadBuilder};
/// use std::sync::Arc;
/// let rack = Level { name: "rack".into(), scope: Scope::Rack, oversubscription: 1.0, latency_ns: 0.0 };
/// let racks = ["r1", "r2", "r2"].map(|rack| Some(vec![rack.to_owned()]));
/// let fabric = Fabric::new(vec![rack], &racks).unwrap();
/// let topology = Topology::new(fabric, Vec::new(), vec![None; 3]);
/// let nodes = (0..3).map(|i| Node::with_gpus(format!("n{i}"), 8, "H100")).collect();
/// let inventory = Inventory::new(nodes).unwrap().with_topology(Arc::new(topology));
/// let mut builder = WorkloadBuilder::new();
/// let locality = Locality { within: Some(Scope::Rack), required: true, ..Locality::default() };
/// let job = JobDraft::new("a", Time::ZERO, Span::from_secs(1), Shape::whole_gpus(8));
/// builder.push(&JobDraft { count: 2, locality, ..job }).unwrap();
/// let work = builder.finish().unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), work.shapes());
/// let mut spots = Vec::new();
/// let trial = Trial::new(&mut cluster, &work.specs()[0], JobId(0), &mut spots);
/// assert!(trial.run(&mut WithLocality::new(Box::new(FirstFit), &inventory)).unwrap());
/// assert_eq!(spots.iter().map(|spot| spot.node.0).collect::<Vec<_>>(), [1, 2]);
/// ```
pub struct WithLocality {
    inner: Box<dyn Placement>,
    rooms: Rooms,
    record: Explanation,
    /// The last job asked for nothing: what the policy says of it is all there is.
    passed_on: bool,
}

impl WithLocality {
    /// `inner`, on the machines of an inventory.
    pub fn new(inner: Box<dyn Placement>, inventory: &Inventory) -> WithLocality {
        WithLocality {
            inner,
            rooms: Rooms::new(inventory),
            record: Explanation::default(),
            passed_on: true,
        }
    }

    fn place_set(&mut self, trial: &mut Trial<'_>, set: &PodSet, first: u32) -> bool {
        let Some(scope) = set.locality.within else {
            return self.inner_part(trial, set, first);
        };
        let within = self.rooms.fabric().within(scope);
        let required = set.locality.required;
        match within {
            None if required => false,
            None => self.inner_part(trial, set, first),
            Some(within) => each_group(trial, set, first, |trial, group| {
                self.place_group(trial, group, within)
            }),
        }
    }

    /// All pods of a set, wherever the policy likes.
    fn inner_part(&mut self, trial: &mut Trial<'_>, set: &PodSet, first: u32) -> bool {
        let spec = Spec {
            pods: set.count,
            gpu_milli: 0,
            first_line: trial.spec().first_line,
            pod_sets: vec![set.clone()],
        };
        let inner = &mut self.inner;
        trial.part(&spec, first, |trial| inner.place(trial))
    }

    fn place_group(&mut self, trial: &mut Trial<'_>, group: &PodSet, within: Within) -> bool {
        let places = {
            let view = trial.view();
            let levels = self.rooms.levels(view.cluster(), group.shape);
            levels.widening(within, group.locality.required)
        };
        for place in places {
            let domains = {
                let view = trial.view();
                let levels = self.rooms.levels(view.cluster(), group.shape);
                places_within(&levels, place, u64::from(group.count), &mut self.record)
            };
            if domains
                .into_iter()
                .any(|domain| self.offer(trial, group, domain))
            {
                return true;
            }
        }
        false
    }

    /// Lets the policy place a group with all nodes outside a place closed.
    fn offer(&mut self, trial: &mut Trial<'_>, group: &PodSet, place: Place) -> bool {
        let fabric = self.rooms.fabric();
        let outside = |node: NodeId| match place {
            Place::Anywhere => false,
            Place::Node(only) => node != only,
            Place::Domain(domain) => {
                let level = fabric.domains()[domain.index()].level;
                fabric.domain(node, level) != Some(domain)
            }
        };
        let view = trial.view();
        let nodes = (0..view.cluster().len()).map(NodeId::from);
        let closed: Vec<NodeId> = nodes
            .filter(|&node| outside(node) && view.node(node).is_open())
            .collect();
        for &node in &closed {
            trial.hide(node, true);
        }
        let free = PodSet {
            locality: Locality::default(),
            ..group.clone()
        };
        let placed = self.inner_part(trial, &free, 0);
        for &node in &closed {
            trial.hide(node, false);
        }
        if let Some(inner) = self.inner.explanation() {
            self.record.looks.extend_from_slice(&inner.looks);
        }
        placed
    }
}

/// Where a group may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On one node.
    Node(NodeId),
    /// In one domain.
    Domain(DomainId),
    /// On all machines.
    Anywhere,
}

/// The domains of a level that have room for all pods, the tightest first.
fn places_within(
    levels: &Levels<'_>,
    within: Option<Within>,
    pods: u64,
    record: &mut Explanation,
) -> Vec<Place> {
    match within {
        None if all_hold(levels, pods, record) => vec![Place::Anywhere],
        None => Vec::new(),
        Some(Within::Node) => holding_nodes(levels, pods, record)
            .into_iter()
            .map(|(_, node)| Place::Node(node))
            .collect(),
        Some(Within::Level(level)) => holding(levels, level, pods, record)
            .into_iter()
            .map(|(_, domain)| Place::Domain(domain))
            .collect(),
    }
}

impl Placement for WithLocality {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        self.inner.choose(view, pod)
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        let spec = trial.spec();
        let mut sets = spec.pod_sets.iter();
        self.passed_on = sets.all(|set| set.locality.within.is_none());
        if self.passed_on {
            return self.inner.place(trial);
        }
        self.record.clear();
        let mut before = 0;
        let placed = spec.pod_sets.iter().all(|set| {
            let first = before;
            before += set.count;
            self.place_set(trial, set, first)
        });
        self.record.placed = placed;
        if placed {
            self.record.note_spots(trial.spots());
        }
        placed
    }

    super::follows!(inner);

    fn honours_locality(&self) -> bool {
        true
    }

    fn may_refuse(&self) -> bool {
        true
    }

    fn explanation(&self) -> Option<&Explanation> {
        match self.passed_on {
            true => self.inner.explanation(),
            false => Some(&self.record),
        }
    }
}
