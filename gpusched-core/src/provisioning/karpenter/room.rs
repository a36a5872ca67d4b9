//! Room: what pods want and nodes have, compared without a solve.

use super::labels::HOSTNAME;
use super::objects::PodSpec;
use super::snapshot::minds_others;
use crate::kube::Resources;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Amounts by resource, in the order of [`Kinds`]; what is beyond the end is 0.
pub(super) type Room = Vec<i64>;

/// Whether so much is there; into what is overdrawn nothing fits. O(resources).
pub(super) fn fits(wants: &[i64], there: &[i64]) -> bool {
    let there = there.iter().copied().chain(std::iter::repeat(0));
    wants.iter().zip(there).all(|(want, there)| *want <= there)
}

/// How many times so much is there. O(resources).
pub(super) fn times(wants: &[i64], there: &[i64]) -> u32 {
    if !fits(wants, there) {
        return 0;
    }
    let shares = wants.iter().zip(there).filter(|(want, _)| **want > 0);
    let least = shares.map(|(want, there)| there / want).min();
    least.map_or(u32::MAX, |least| u32::try_from(least).unwrap_or(u32::MAX))
}

/// Kinds of pods, by their specs: equal specs are one allocation.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    resources: Vec<String>,
    kinds: Vec<Kind>,
    known: FxHashMap<usize, usize>,
}

/// A kind of pods.
#[derive(Debug)]
pub(super) struct Kind {
    /// What they want of a node. It also keeps the address from being given to another.
    pub(super) spec: Arc<PodSpec>,
    /// What one of them requests, itself included.
    pub(super) wants: Room,
    /// Cores and memory: solves take the largest first.
    pub(super) size: (i64, i64),
    /// Whether it asks for no company, and has nothing to give up: see [`super::vacancies`].
    pub(super) plain: bool,
}

/// Kinds of pods, some of which may be no others' but taken for it: whoever is in a set is found in
/// it, whoever is not may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask(u128);

impl Mask {
    pub(super) fn of(kinds: impl Iterator<Item = usize>) -> Mask {
        Mask(kinds.fold(0, |mask, kind| mask | 1 << (kind % 128)))
    }

    pub(super) fn and(self, other: Mask) -> Mask {
        Mask(self.0 | other.0)
    }

    pub(super) fn meets(self, other: Mask) -> bool {
        self.0 & other.0 != 0
    }
}

impl Kinds {
    /// The kind of a spec.
    pub(super) fn of(&mut self, spec: &Arc<PodSpec>) -> usize {
        let address = Arc::as_ptr(spec) as usize;
        if let Some(kind) = self.known.get(&address) {
            return *kind;
        }
        let mut wants = self.room(&spec.requests);
        let pods = self.column("pods");
        wants.resize(wants.len().max(pods + 1), 0);
        wants[pods] = 1;
        let amount = |resource| spec.requests.get(resource).copied().unwrap_or(0);
        self.kinds.push(Kind {
            size: (amount("cpu"), amount("memory")),
            plain: is_plain(spec),
            spec: Arc::clone(spec),
            wants,
        });
        self.known.insert(address, self.kinds.len() - 1);
        self.kinds.len() - 1
    }

    pub(super) fn get(&self, kind: usize) -> &Kind {
        &self.kinds[kind]
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Those with room for which there is in `room`.
    pub(super) fn fitting(&self, room: &Room) -> Mask {
        let all = self.kinds.iter().enumerate();
        let fitting = all.filter(|(_, kind)| fits(&kind.wants, room));
        Mask::of(fitting.map(|(index, _)| index))
    }

    /// Those that a solve takes neither before nor after some other kind, but by age.
    pub(super) fn level(&self) -> Mask {
        let mut sizes: FxHashMap<(i64, i64), u32> = FxHashMap::default();
        for kind in &self.kinds {
            *sizes.entry(kind.size).or_insert(0) += 1;
        }
        let all = self.kinds.iter().enumerate();
        let level = all.filter(|(_, kind)| sizes[&kind.size] > 1);
        Mask::of(level.map(|(index, _)| index))
    }

    /// Those that ask for company, or have something to give up.
    pub(super) fn intricate(&self) -> Mask {
        let all = self.kinds.iter().enumerate();
        Mask::of(all.filter(|(_, kind)| !kind.plain).map(|(index, _)| index))
    }

    /// Amounts in the order of resources; new ones come last.
    pub(super) fn room(&mut self, resources: &Resources) -> Room {
        let mut room = vec![0; self.resources.len()];
        for (resource, amount) in resources {
            let column = self.column(resource);
            room.resize(room.len().max(column + 1), 0);
            room[column] = *amount;
        }
        room
    }

    fn column(&mut self, resource: &str) -> usize {
        let known = self.resources.iter().position(|one| one == resource);
        known.unwrap_or_else(|| {
            self.resources.push(resource.to_owned());
            self.resources.len() - 1
        })
    }
}

fn is_plain(spec: &PodSpec) -> bool {
    let affinity = &spec.node_affinity;
    !minds_others(spec)
        && affinity.required.is_none()
        && affinity.preferred.is_empty()
        && spec.host_ports.is_empty()
        && !spec.node_selector.contains_key(HOSTNAME)
}
