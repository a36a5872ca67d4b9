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
use super::room::{Kinds, Room, fits, times};
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
    roomy: BTreeMap<usize, Roomy>,
    /// By kind, as far as somebody asked in this round: how many pods find room where pods may be
    /// moved to.
    spare: FxHashMap<usize, u64>,
    /// By kind, as far as somebody asked in this round: those that take it, in the order of a solve.
    sites: FxHashMap<usize, Vec<Site>>,
}

/// How many pods of a kind each machine has room for, if any; and all of them together.
#[derive(Debug, Default)]
struct Roomy {
    machines: BTreeMap<MachineId, u32>,
    all: u64,
}

impl Roomy {
    fn set(&mut self, id: MachineId, pods: u32) {
        let before = match pods {
            0 => self.machines.remove(&id),
            _ => self.machines.insert(id, pods),
        };
        self.all = self.all + u64::from(pods) - u64::from(before.unwrap_or(0));
    }
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
    /// Whether it was ended early: nothing can come of it.
    pub(super) futile: bool,
}

/// Takes what is wanted, if it is there.
fn take(there: &mut Room, wants: &Room) -> bool {
    let there_is = fits(wants, there);
    if there_is {
        for (there, want) in there.iter_mut().zip(wants) {
            *there -= want;
        }
    }
    there_is
}

/// A machine that takes a kind of pods.
#[derive(Debug)]
struct Site {
    id: MachineId,
    initialized: bool,
    room: Room,
}

impl Vacancies {
    /// Time has passed, or machines have changed.
    pub(super) fn new_round(&mut self) {
        self.sites.clear();
        self.spare.clear();
    }

    /// A machine has changed, come, or (without room) gone. O(kinds).
    pub(super) fn note(&mut self, id: MachineId, room: Option<&Room>, kinds: &Kinds) {
        for (kind, roomy) in &mut self.roomy {
            let wants = &kinds.get(*kind).wants;
            roomy.set(id, room.map_or(0, |room| times(wants, room)));
        }
    }

    fn roomy(&mut self, kind: usize, kinds: &Kinds, nodes: &BTreeMap<MachineId, Node>) -> &Roomy {
        self.roomy.entry(kind).or_insert_with(|| {
            let wants = &kinds.get(kind).wants;
            let mut roomy = Roomy::default();
            for (id, node) in nodes {
                roomy.set(*id, times(wants, &node.room));
            }
            roomy
        })
    }

    /// The machines with room for a pod of a kind. O(machines) once.
    pub(super) fn of(
        &mut self,
        kind: usize,
        kinds: &Kinds,
        nodes: &BTreeMap<MachineId, Node>,
    ) -> impl Iterator<Item = MachineId> {
        self.roomy(kind, kinds, nodes).machines.keys().copied()
    }

    /// The most pods of a kind that may be moved to machines that stay: those of them that have
    /// come to take pods and are not closed. The others are `shut`. The room of several machines
    /// to be emptied is counted too. O(machines that are shut) once in a round.
    pub(super) fn spare(
        &mut self,
        kind: usize,
        emptied: &[MachineId],
        shut: [&BTreeSet<MachineId>; 2],
        kinds: &Kinds,
        nodes: &BTreeMap<MachineId, Node>,
    ) -> u64 {
        let known = self.spare.get(&kind).copied();
        let roomy = self.roomy(kind, kinds, nodes);
        let of = |id: &MachineId| roomy.machines.get(id).map_or(0, |pods| u64::from(*pods));
        let spare = known.unwrap_or_else(|| {
            let shut = shut.into_iter().flatten();
            roomy.all - shut.map(of).sum::<u64>()
        });
        let own = match emptied {
            [one] if !shut.iter().any(|shut| shut.contains(one)) => of(one),
            _ => 0,
        };
        self.spare.insert(kind, spare);
        spare - own
    }

    /// What a solve does with pods on machines that are there, in the order in which it takes them;
    /// all are plain, and no daemon set is due anywhere. With `most`, which no new node has more
    /// than, it ends as soon as pods that are moved are stranded, or need several new nodes.
    /// O(pods × machines with room).
    pub(super) fn seat(
        &mut self,
        view: &View,
        pods: &[Turn],
        question: Question<'_>,
        most: Option<&Room>,
        (kinds, nodes): (&Kinds, &BTreeMap<MachineId, Node>),
    ) -> Seating {
        // What is left of those that have been given pods.
        let mut left: FxHashMap<MachineId, Room> = FxHashMap::default();
        let mut new = most.cloned();
        let mut seating = Seating::default();
        for pod in pods {
            self.look(view, pod.kind, kinds, nodes);
            let wants = &kinds.get(pod.kind).wants;
            let moved = pod.from == From::Emptied;
            let takes = |site: &&Site| {
                let room = left.get(&site.id).unwrap_or(&site.room);
                fits(wants, room)
                    && !question.emptied.contains(&site.id)
                    && !(moved && question.closes(&site.id))
            };
            let Some(site) = self.sites[&pod.kind].iter().find(takes) else {
                seating.rest.push(*pod);
                let new = new.as_mut().filter(|_| pod.from != From::Queue);
                if new.is_some_and(|new| !take(new, wants)) {
                    seating.futile = true;
                    return seating;
                }
                continue;
            };
            if moved && !site.initialized {
                seating.early.push((*pod, site.id));
                if most.is_some() {
                    seating.futile = true;
                    return seating;
                }
            }
            let room = left.entry(site.id);
            take(room.or_insert_with(|| site.room.clone()), wants);
        }
        seating.placed = left.into_keys().collect();
        seating.placed.sort_unstable();
        seating
    }

    /// Works out who takes a kind: those initialized first, then by name, as a solve has them.
    fn look(&mut self, view: &View, kind: usize, kinds: &Kinds, nodes: &BTreeMap<MachineId, Node>) {
        if self.sites.contains_key(&kind) {
            return;
        }
        let spec = &kinds.get(kind).spec;
        let asked = Requirements::of_labels(&spec.node_selector);
        let takes = |id: &MachineId| {
            let node = &nodes[id];
            let labels = || Requirements::of_labels(&node.existing.labels);
            node.room.iter().all(|left| *left >= 0)
                && tolerates(&node.existing.taints, &spec.tolerations)
                && (asked.is_empty() || labels().compatible(&asked, Undefined::Denied).is_ok())
        };
        let roomy = self.of(kind, kinds, nodes).filter(takes);
        let mut sites: Vec<Site> = roomy
            .map(|id| Site {
                id,
                initialized: view.machines[&id].is_initialized(view.now),
                room: nodes[&id].room.clone(),
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
