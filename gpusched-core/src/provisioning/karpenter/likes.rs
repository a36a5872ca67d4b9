//! Machines that are alike: what comes of emptying one comes of emptying another.
//!
//! Where pods are plain (see [`super::vacancies`]) and a solve takes them in the order of their
//! kinds, a machine matters by its pods' kinds, its price, and its own room, which is gone with it.
//! Where nobody who is asked about fits into that room, machines with the same kinds of pods and
//! the same price are alike, and one of them is asked about in a round. Pods of a kind go by age:
//! how many of those that are asked about anyway are older than a pod that is moved makes a
//! difference too, since only the latter may not go to a machine that takes no pods yet.

use super::room::{Kinds, Mask, Room};
use super::sieve::Load;
use super::snapshot::From;
use crate::ids::JobId;
use crate::provisioning::Price;
use crate::provisioning::controller::{MachineId, View, ViewPod};
use crate::units::MICROS;
use rustc_hash::{FxHashMap, FxHashSet};

/// Pods, the price, and whether that is for spot.
pub(super) type Make = (Load, Price, bool);

/// Who is alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Like {
    /// The number of a [`Make`].
    make: u32,
    /// Of each pod of a kind that is asked about anyway: the kind, and how many of those are older.
    ages: Vec<(usize, usize)>,
}

/// When a pod was made: a second; and which it is.
type Age = (i64, JobId, u32);

fn age(pod: &ViewPod) -> Age {
    (pod.created.0.div_euclid(MICROS), pod.job, pod.index)
}

/// What is known of machines, and in a round of those that are alike.
#[derive(Debug, Default)]
pub(super) struct Likes {
    makes: FxHashMap<Make, u32>,
    gists: FxHashMap<MachineId, Gist>,
    /// How many kinds there were when masks were made.
    kinds: usize,
    level: Mask,
    intricate: Mask,
    asking: Asking,
    round: u64,
    /// By make: the last round in which nothing came of one whose pods' ages do not matter.
    nothing: Vec<u64>,
    /// Others of which nothing has come in this round.
    nothing_aged: FxHashSet<Like>,
}

/// Pods that are asked about whatever is emptied.
#[derive(Debug, Default)]
enum Asking {
    /// Not looked at in this round.
    #[default]
    Unknown,
    /// Nobody is alike.
    Intricate,
    These(Mask, FxHashMap<usize, Vec<Age>>),
}

#[derive(Debug)]
struct Gist {
    make: u32,
    /// Its pods.
    has: Mask,
    /// Who fits into its room.
    fits: Mask,
}

impl Likes {
    /// Machines may have changed, or those who ask.
    pub(super) fn new_round(&mut self) {
        self.asking = Asking::Unknown;
        self.round += 1;
        self.nothing_aged.clear();
    }

    /// A machine has changed, come, or gone. O(kinds).
    pub(super) fn note(&mut self, id: MachineId, node: Option<(Make, &Room)>, kinds: &Kinds) {
        let Some((make, room)) = node else {
            self.gists.remove(&id);
            return;
        };
        let number = self.makes.len() as u32;
        let gist = Gist {
            has: Mask::of(make.0.iter().map(|(kind, _)| *kind)),
            make: *self.makes.entry(make).or_insert(number),
            fits: kinds.fitting(room),
        };
        self.nothing.resize(self.makes.len(), 0);
        self.gists.insert(id, gist);
    }

    /// Whether it is still to be said who is asked about.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.asking, Asking::Unknown)
    }

    /// These pods are asked about whatever is emptied; `None` if nobody is alike. `rooms` are those
    /// of all machines, looked at again where there are new kinds.
    pub(super) fn ask<'r>(
        &mut self,
        pods: Option<Vec<(&ViewPod, From)>>,
        kinds: &mut Kinds,
        rooms: impl Iterator<Item = (MachineId, &'r Room)>,
    ) {
        self.asking = pods.map_or(Asking::Intricate, |pods| {
            let mut ages: FxHashMap<usize, Vec<Age>> = FxHashMap::default();
            for (pod, _) in pods {
                ages.entry(kinds.of(&pod.spec)).or_default().push(age(pod));
            }
            ages.values_mut().for_each(|ages| ages.sort_unstable());
            Asking::These(Mask::of(ages.keys().copied()), ages)
        });
        if self.kinds != kinds.len() {
            self.kinds = kinds.len();
            (self.level, self.intricate) = (kinds.level(), kinds.intricate());
            for (id, room) in rooms {
                if let Some(gist) = self.gists.get_mut(&id) {
                    gist.fits = kinds.fitting(room);
                }
            }
        }
    }

    /// What a machine is, if others may be like it.
    pub(super) fn of(&self, id: MachineId, view: &View, kinds: &mut Kinds) -> Option<Like> {
        let Asking::These(asking, asked) = &self.asking else {
            return None;
        };
        let gist = self.gists.get(&id)?;
        let all = asking.and(gist.has);
        let differs = [self.level, self.intricate, gist.fits];
        if differs.into_iter().any(|mask| all.meets(mask)) {
            return None;
        }
        let mut ages = Vec::new();
        if asking.meets(gist.has) {
            ages.extend(view.machines[&id].pods.iter().filter_map(|one| {
                let kind = kinds.of(&one.pod.spec);
                let older =
                    |asked: &Vec<Age>| asked.partition_point(|other| *other < age(&one.pod));
                Some((kind, older(asked.get(&kind)?)))
            }));
            ages.sort_unstable();
        }
        Some(Like {
            make: gist.make,
            ages,
        })
    }

    /// Whether nothing has come of one like it in this round.
    pub(super) fn comes_to_nothing(&self, like: &Like) -> bool {
        match like.ages.is_empty() {
            true => self.nothing[like.make as usize] == self.round,
            false => self.nothing_aged.contains(like),
        }
    }

    pub(super) fn came_to_nothing(&mut self, like: Like) {
        match like.ages.is_empty() {
            true => self.nothing[like.make as usize] = self.round,
            false => drop(self.nothing_aged.insert(like)),
        }
    }
}
