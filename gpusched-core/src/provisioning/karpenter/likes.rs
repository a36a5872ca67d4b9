//! Machines that are alike: what comes of emptying one comes of emptying another.
//!
//! Where pods are plain (see [`super::vacancies`]) and a solve takes them in the order of their
//! kinds, a machine matters by its pods' kinds, its price, and its own room, which is gone with it.
//! Where nobody who is asked about fits into that room, machines with the same kinds of pods and
//! the same price are alike, and one of them is asked about in a round.
//!
//! Pods of a kind go by age. Where some are asked about anyway, it may matter how many of them are
//! older than a pod that is moved: if they wait, since they may be left over and it may not; or if a
//! machine that is shut to it (it takes no pods yet, or is closed) has room for their kind.

use super::room::{Kinds, Mask, Room};
use super::sieve::Load;
use super::snapshot::From;
use crate::ids::JobId;
use crate::provisioning::Price;
use crate::provisioning::controller::{Machine, MachineId, ViewPod};
use crate::units::MICROS;
use rustc_hash::{FxHashMap, FxHashSet};

/// Pods, the price, and whether that is for spot.
pub(super) type Make = (Load, Price, bool);

/// Who is alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Like {
    /// The number of a [`Make`].
    make: u32,
    /// Of each pod whose age may matter: the kind, and how many of those asked about are older.
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
    These {
        kinds: Mask,
        /// Those of them whose pods' ages may matter.
        aged: Mask,
        ages: FxHashMap<usize, Vec<Age>>,
    },
}

#[derive(Debug)]
struct Gist {
    make: u32,
    /// Its pods.
    has: Mask,
    /// Who fits into its room.
    fits: Mask,
    pods: Vec<(usize, Age)>,
}

impl Likes {
    /// Machines may have changed, or those who ask.
    pub(super) fn new_round(&mut self) {
        self.asking = Asking::Unknown;
        self.round += 1;
        self.nothing_aged.clear();
    }

    /// A machine has changed, come, or gone. O(kinds).
    pub(super) fn note(
        &mut self,
        id: MachineId,
        node: Option<(Make, &Room, &Machine)>,
        kinds: &mut Kinds,
    ) {
        let Some((make, room, machine)) = node else {
            self.gists.remove(&id);
            return;
        };
        let number = self.makes.len() as u32;
        let gist = Gist {
            has: Mask::of(make.0.iter().map(|(kind, _)| *kind)),
            make: *self.makes.entry(make).or_insert(number),
            fits: kinds.fitting(room),
            pods: machine
                .pods
                .iter()
                .map(|one| (kinds.of(&one.pod.spec), age(&one.pod)))
                .collect(),
        };
        self.nothing.resize(self.makes.len(), 0);
        self.gists.insert(id, gist);
    }

    /// Whether it is still to be said who is asked about.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.asking, Asking::Unknown)
    }

    /// These pods are asked about whatever is emptied; `None` if nobody is alike. `rooms` are those
    /// of all machines, looked at again where there are new kinds; `shut` take no pods that are moved.
    pub(super) fn ask<'r>(
        &mut self,
        pods: Option<Vec<(&ViewPod, From)>>,
        kinds: &mut Kinds,
        rooms: impl Iterator<Item = (MachineId, &'r Room)>,
        shut: impl Iterator<Item = MachineId>,
    ) {
        let Some(pods) = pods else {
            self.asking = Asking::Intricate;
            return;
        };
        let mut ages: FxHashMap<usize, Vec<Age>> = FxHashMap::default();
        let mut waiting = Mask::default();
        for (pod, from) in pods {
            let kind = kinds.of(&pod.spec);
            ages.entry(kind).or_default().push(age(pod));
            if from == From::Queue {
                waiting = waiting.and(Mask::of([kind].into_iter()));
            }
        }
        ages.values_mut().for_each(|ages| ages.sort_unstable());
        if self.kinds != kinds.len() {
            self.kinds = kinds.len();
            (self.level, self.intricate) = (kinds.level(), kinds.intricate());
            for (id, room) in rooms {
                if let Some(gist) = self.gists.get_mut(&id) {
                    gist.fits = kinds.fitting(room);
                }
            }
        }
        let shut = shut.filter_map(|id| self.gists.get(&id));
        let aged = shut.fold(waiting, |aged, gist| aged.and(gist.fits));
        self.asking = Asking::These {
            kinds: Mask::of(ages.keys().copied()),
            aged,
            ages,
        };
    }

    /// What a machine is, if others may be like it.
    pub(super) fn of(&self, id: MachineId) -> Option<Like> {
        let Asking::These { kinds, aged, ages } = &self.asking else {
            return None;
        };
        let gist = self.gists.get(&id)?;
        let all = kinds.and(gist.has);
        let differs = [self.level, self.intricate, gist.fits];
        if differs.into_iter().any(|mask| all.meets(mask)) {
            return None;
        }
        let mut like = Like {
            make: gist.make,
            ages: Vec::new(),
        };
        if kinds.meets(gist.has) && aged.meets(gist.has) {
            like.ages.extend(gist.pods.iter().filter_map(|(kind, age)| {
                let asked = ages.get(kind)?;
                Some((*kind, asked.partition_point(|other| other < age)))
            }));
            like.ages.sort_unstable();
        }
        Some(like)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::karpenter::testing::{Town, options, pod, resources, spec, types};
    use std::sync::Arc;

    /// Machines of four cores with one pod each, of so many tenths of a core; job numbers rise.
    fn town(sizes: &[i64]) -> (Town, Kinds, Likes) {
        let mut town = Town::new(options(Vec::new()), types());
        let (mut kinds, mut likes) = (Kinds::default(), Likes::default());
        let mut specs: FxHashMap<i64, Arc<_>> = FxHashMap::default();
        for (job, size) in (10..).zip(sizes) {
            let mut pod = pod(job, spec(0));
            let known = specs.entry(*size);
            pod.spec = Arc::clone(known.or_insert_with(|| spec(100 * size).into()));
            let id = town.machine("a", (2, 0), vec![pod]);
            let machine = &town.view.machines[&id];
            let kind = kinds.of(&machine.pods[0].pod.spec);
            let left = resources(&[("cpu", 4000 - 100 * size), ("pods", 99)]);
            let make = (vec![(kind, 1)], Price(400), false);
            let room = kinds.room(&left);
            likes.note(id, Some((make, &room, machine)), &mut kinds);
        }
        (town, kinds, likes)
    }

    fn ask(town: &Town, kinds: &mut Kinds, likes: &mut Likes, asked: &[(u32, From)], shut: &[u32]) {
        let pods = asked.iter().map(|(of, from)| {
            let pod = &town.view.machines[&MachineId(*of)].pods[0].pod;
            (pod, *from)
        });
        let rooms: Vec<(MachineId, Room)> = town
            .view
            .machines
            .iter()
            .map(|(id, machine)| {
                let mut left = machine.available.clone();
                left.insert("pods".into(), 99);
                (*id, kinds.room(&left))
            })
            .collect();
        let rooms = rooms.iter().map(|(id, room)| (*id, room));
        let shut = shut.iter().map(|id| MachineId(*id));
        likes.new_round();
        likes.ask(Some(pods.collect()), kinds, rooms, shut);
    }

    #[test]
    fn equal_pods_at_an_equal_price_are_alike_unless_somebody_fits_into_the_room() {
        // Of four cores, 3 are used, 3, 3.5, and 0.4: a pod of 0.4 fits beside all of them.
        let (town, mut kinds, mut likes) = town(&[30, 30, 35, 4]);
        let of = |likes: &Likes, id| likes.of(MachineId(id));
        ask(&town, &mut kinds, &mut likes, &[], &[]);
        assert!(of(&likes, 0).is_some());
        assert_eq!(of(&likes, 0), of(&likes, 1));
        assert_ne!(of(&likes, 0), of(&likes, 2));
        // Its own pod fits into the room beside it.
        assert_eq!(of(&likes, 3), None);
        ask(&town, &mut kinds, &mut likes, &[(3, From::Going)], &[]);
        assert_eq!(of(&likes, 0), None);
    }

    #[test]
    fn what_came_of_one_holds_for_its_like_until_the_round_ends() {
        let (town, mut kinds, mut likes) = town(&[30, 30, 35]);
        ask(&town, &mut kinds, &mut likes, &[], &[]);
        likes.came_to_nothing(likes.of(MachineId(0)).unwrap());
        assert!(likes.comes_to_nothing(&likes.of(MachineId(1)).unwrap()));
        assert!(!likes.comes_to_nothing(&likes.of(MachineId(2)).unwrap()));
        ask(&town, &mut kinds, &mut likes, &[], &[]);
        assert!(!likes.comes_to_nothing(&likes.of(MachineId(1)).unwrap()));
    }

    #[test]
    fn age_matters_beside_pods_that_wait_and_machines_that_are_shut() {
        // Jobs 10, 11, 12; the pod of 11 is asked about: 10 is older than it, 12 is not. A shut
        // machine, 3, has room for three cores.
        let (town, mut kinds, mut likes) = town(&[30, 30, 30, 4]);
        let mut alike = |from, shut: &[u32]| {
            ask(&town, &mut kinds, &mut likes, &[(1, from)], shut);
            likes.of(MachineId(0)) == likes.of(MachineId(2))
        };
        assert!(alike(From::Going, &[]));
        assert!(!alike(From::Queue, &[]));
        assert!(!alike(From::Going, &[3]));
    }
}
