//! Which machines have room for which kinds of pods, kept up to date; and what a solve does with
//! them, as far as that is no more than the first machine that fits.
//!
//! A pod that asks for no company and has nothing to give up is *plain*. Where all pods of a
//! question are, machines that are there refuse or take them by room, taints and labels alone: a
//! pod goes to the first that takes it, whatever becomes of the pods that go to new nodes, and one
//! that is refused is refused again, since room only shrinks. So this part of a solve can be had
//! without the rest of it.

use super::Requirements;
use super::Undefined;
use super::room::{Kinds, Room, fits};
use super::snapshot::From;
use super::world::{Node, Question};
use crate::ids::JobId;
use crate::kube::{Taint, Toleration};
use crate::provisioning::controller::{MachineId, View, ViewPod};
use crate::units::MICROS;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Machines by the kinds of pods they have room for.
#[derive(Debug, Default)]
pub(super) struct Vacancies {
    /// By kind, as far as somebody asked.
    roomy: BTreeMap<usize, BTreeSet<MachineId>>,
    /// By kind, as far as somebody asked in this round: those that take it, in the order of a solve.
    sites: FxHashMap<usize, Vec<Site>>,
}

/// A pod of a question, as much of it as matters where kinds are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) kind: usize,
    /// Its cores and memory.
    size: (i64, i64),
    pub(super) from: From,
    /// When it was made: a second.
    created: i64,
    /// Which it is: job and index.
    pub(super) id: (JobId, u32),
    /// Its number among the pods of the question.
    pub(super) index: usize,
}

impl Turn {
    pub(super) fn new(index: usize, pod: &ViewPod, from: From, kinds: &mut Kinds) -> Turn {
        let kind = kinds.of(&pod.spec);
        Turn {
            kind,
            size: kinds.get(kind).size,
            from,
            created: pod.created.0.div_euclid(MICROS),
            id: (pod.job, pod.index),
            index,
        }
    }

    /// Sorts pods as a solve does: most cores first, then most memory, then by age and name.
    pub(super) fn sort(pods: &mut [Turn]) {
        pods.sort_by_key(|one| (Reverse(one.size), one.created, one.id));
    }
}

/// What becomes of pods on machines that are there.
#[derive(Debug, Default)]
pub(super) struct Seating {
    /// Machines that get some.
    pub(super) placed: Vec<MachineId>,
    /// Pods that are moved to a machine that takes none yet.
    pub(super) early: Vec<(Turn, MachineId)>,
    /// Pods that no machine takes, in order.
    pub(super) rest: Vec<Turn>,
}

/// A machine that takes a kind of pods.
#[derive(Debug)]
struct Site {
    id: MachineId,
    initialized: bool,
}

impl Vacancies {
    /// Time has passed, or machines have changed.
    pub(super) fn new_round(&mut self) {
        self.sites.clear();
    }

    /// A machine has changed, come, or (without room) gone. O(kinds).
    pub(super) fn note(&mut self, id: MachineId, room: Option<&Room>, kinds: &Kinds) {
        for (kind, roomy) in &mut self.roomy {
            match room.is_some_and(|room| fits(&kinds.get(*kind).wants, room)) {
                true => roomy.insert(id),
                false => roomy.remove(&id),
            };
        }
    }

    /// The machines with room for a pod of a kind. O(machines) once.
    pub(super) fn of(
        &mut self,
        kind: usize,
        kinds: &Kinds,
        nodes: &BTreeMap<MachineId, Node>,
    ) -> &BTreeSet<MachineId> {
        self.roomy.entry(kind).or_insert_with(|| {
            let wants = &kinds.get(kind).wants;
            let all = nodes.iter().filter(|(_, node)| fits(wants, &node.room));
            all.map(|(id, _)| *id).collect()
        })
    }

    /// What a solve does with pods on machines that are there, in the order in which it takes them;
    /// all are plain, and no daemon set is due anywhere. O(pods × machines with room).
    pub(super) fn seat(
        &mut self,
        view: &View,
        pods: &[Turn],
        question: Question<'_>,
        kinds: &Kinds,
        nodes: &BTreeMap<MachineId, Node>,
    ) -> Seating {
        let mut left: FxHashMap<MachineId, Room> = FxHashMap::default();
        let mut seating = Seating::default();
        for pod in pods {
            self.look(view, pod.kind, kinds, nodes);
            let wants = &kinds.get(pod.kind).wants;
            let moved = pod.from == From::Emptied;
            let takes = |site: &&Site| {
                let room = left.get(&site.id).unwrap_or(&nodes[&site.id].room);
                fits(wants, room)
                    && !question.emptied.contains(&site.id)
                    && !(moved && question.closes(&site.id))
            };
            let Some(site) = self.sites[&pod.kind].iter().find(takes) else {
                seating.rest.push(*pod);
                continue;
            };
            if moved && !site.initialized {
                seating.early.push((*pod, site.id));
            }
            seating.placed.push(site.id);
            let room = left.entry(site.id);
            let room = room.or_insert_with(|| nodes[&site.id].room.clone());
            for (left, want) in room.iter_mut().zip(wants) {
                *left -= want;
            }
        }
        seating
    }

    /// Works out who takes a kind: those initialized first, then by name, as a solve has them.
    fn look(&mut self, view: &View, kind: usize, kinds: &Kinds, nodes: &BTreeMap<MachineId, Node>) {
        if self.sites.contains_key(&kind) {
            return;
        }
        let spec = &kinds.get(kind).spec;
        let asked = Requirements::of_labels(&spec.node_selector);
        let takes = |id: &&MachineId| {
            let node = &nodes[id];
            let labels = || Requirements::of_labels(&node.existing.labels);
            node.room.iter().all(|left| *left >= 0)
                && tolerates(&node.existing.taints, &spec.tolerations)
                && (asked.is_empty() || labels().compatible(&asked, Undefined::Denied).is_ok())
        };
        let roomy = self.of(kind, kinds, nodes).iter().filter(takes);
        let mut sites: Vec<Site> = roomy
            .map(|id| Site {
                id: *id,
                initialized: view.machines[id].is_initialized(view.now),
            })
            .collect();
        sites.sort_by_key(|site| (!site.initialized, &nodes[&site.id].existing.name));
        self.sites.insert(kind, sites);
    }
}

fn tolerates(taints: &[Taint], tolerations: &[Toleration]) -> bool {
    let tolerated = |taint: &Taint| tolerations.iter().any(|one| one.tolerates(taint));
    taints.iter().all(tolerated)
}
