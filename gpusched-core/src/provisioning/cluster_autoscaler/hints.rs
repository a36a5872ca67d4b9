//! Where pods found a place last time: they try it first (`simulator/scheduling`).

use super::snapshot::{Kind, NodeKey, SimNode, Snapshot, Tenant};
use crate::ids::JobId;
use rustc_hash::FxHashMap;

/// Which pod: its job and its number.
pub(super) type PodKey = (JobId, u32);

/// Finds places for pods, and remembers them until the end of the next scan.
#[derive(Debug, Default)]
pub(super) struct Placer {
    now: FxHashMap<PodKey, NodeKey>,
    before: FxHashMap<PodKey, NodeKey>,
}

/// By kind of pods, where a search may begin: nodes before it are known not to take one. It holds
/// as long as nodes only fill up.
pub(super) type Cursors = FxHashMap<Kind, usize>;

impl Placer {
    /// Puts a pod on an acceptable node: the one it found last time if that still fits, else the
    /// first that does. `cursors`, if given, are used and moved on.
    pub(super) fn place(
        &mut self,
        snapshot: &mut Snapshot,
        tenant: Tenant,
        cursors: Option<&mut Cursors>,
        acceptable: impl Fn(&SimNode) -> bool,
    ) -> bool {
        let Tenant { pod, kind, .. } = tenant;
        let found = self
            .hinted(snapshot, pod)
            .filter(|&node| {
                let at = &snapshot.nodes()[node];
                at.open && acceptable(at) && snapshot.fits(kind, node)
            })
            .or_else(|| match cursors {
                Some(cursors) if !snapshot.minds_neighbours(kind) => {
                    let from = cursors.entry(kind).or_default();
                    let found = snapshot.find(kind, *from, acceptable);
                    *from = found.unwrap_or(usize::MAX);
                    found
                }
                _ => snapshot.find(kind, 0, acceptable),
            });
        let Some(node) = found else { return false };
        snapshot.place(node, tenant);
        self.now.insert(pod, snapshot.nodes()[node].key);
        true
    }

    fn hinted(&self, snapshot: &Snapshot, pod: PodKey) -> Option<usize> {
        let key = self.now.get(&pod).or_else(|| self.before.get(&pod))?;
        match key {
            NodeKey::Machine(id) => snapshot.machine(*id),
            other => snapshot.nodes().iter().position(|node| node.key == *other),
        }
    }

    /// Forgets hints that were not used since the last time; whether the next scan finds others
    /// than this one did.
    pub(super) fn drop_old(&mut self) -> bool {
        let changed = self.now != self.before;
        self.before = std::mem::take(&mut self.now);
        changed
    }
}
