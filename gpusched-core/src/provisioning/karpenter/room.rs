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
    /// Whether it asks for no company, and has nothing to give up: see [`super::vacancies`].
    pub(super) plain: bool,
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
        self.kinds.push(Kind {
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
