//! Which nodes a request fits, kept up to date by looking only at nodes that changed.
//!
//! One entry per request kind: the set of nodes one pod fits and, once a gang asks, how many pods
//! each node holds. An entry is brought up to date when it is asked for, from the cluster's change
//! log; an entry nobody asks for costs nothing. See [`super::changes`] for the invariant.

use super::changes::Changes;
use super::{Ask, Cluster, NodeSet};
use crate::ids::{NodeId, ShapeId};

#[derive(Clone, Debug, Default)]
pub(super) struct FitIndex {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    cursor: u64,
    fits: NodeSet,
    /// Pods per node; empty until a gang asks.
    room: Vec<u32>,
    total: u64,
}

impl FitIndex {
    pub(super) fn new(shapes: usize) -> FitIndex {
        FitIndex {
            entries: vec![Entry::default(); shapes],
        }
    }

    pub(super) fn fits(&self, shape: ShapeId) -> &NodeSet {
        &self.entries[shape.index()].fits
    }

    pub(super) fn room(&mut self, cluster: &Cluster, shape: ShapeId) -> u64 {
        let entry = &mut self.entries[shape.index()];
        if entry.room.is_empty() {
            entry.room = vec![0; cluster.len()];
            entry.total = 0;
            entry.cursor = 0;
        }
        self.refresh(cluster, shape);
        self.entries[shape.index()].total
    }

    #[inline]
    pub(super) fn refresh(&mut self, cluster: &Cluster, shape: ShapeId) {
        let entry = &mut self.entries[shape.index()];
        let now = cluster.cursor();
        if entry.cursor == now {
            return;
        }
        let ask = cluster.ask(shape);
        match cluster.changes_since(entry.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    entry.look(cluster, ask, NodeId(node));
                }
            }
            Changes::All => {
                if entry.cursor == 0 {
                    entry.fits = NodeSet::new(cluster.len());
                }
                for node in 0..cluster.len() {
                    entry.look(cluster, ask, NodeId(node as u32));
                }
            }
        }
        entry.cursor = now;
    }
}

impl Entry {
    #[inline]
    fn look(&mut self, cluster: &Cluster, ask: &Ask, node: NodeId) {
        self.fits.put(node, cluster.fits_on(ask, node));
        if !self.room.is_empty() {
            let room = cluster.room_on(ask, node);
            self.total = self.total + u64::from(room) - u64::from(self.room[node.index()]);
            self.room[node.index()] = room;
        }
    }
}
