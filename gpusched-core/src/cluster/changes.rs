//! The log of changed nodes that lets every index and cache pay for change only.
//!
//! Invariant: a reader that has seen everything up to cursor `c` and now looks again at each node
//! in `since(c)` has seen every node whose free capacity differs from what it knew. A reader that
//! fell too far behind is told to look at all nodes instead, which is then cheaper anyway.

use crate::ids::NodeId;

/// A bounded log of the nodes that changed, in order.
#[derive(Clone, Debug)]
pub(super) struct ChangeLog {
    ring: Vec<u32>,
    head: u64,
}

/// What changed since a cursor.
#[derive(Debug)]
pub enum Changes<'a> {
    /// These nodes, oldest first; a node may stand more than once. The log is a ring, hence two
    /// slices.
    Some(&'a [u32], &'a [u32]),
    /// Too much to list, or the first look: anything may differ.
    All,
}

impl ChangeLog {
    pub(super) fn new(nodes: usize) -> ChangeLog {
        ChangeLog {
            ring: vec![0; nodes.max(16).next_power_of_two()],
            // A fresh reader stands at 0, one behind: it has never looked.
            head: 1,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, node: NodeId) {
        let mask = self.ring.len() as u64 - 1;
        self.ring[(self.head & mask) as usize] = node.0;
        self.head += 1;
    }

    pub(super) fn head(&self) -> u64 {
        self.head
    }

    #[inline]
    pub(super) fn since(&self, cursor: u64) -> Changes<'_> {
        let behind = self.head - cursor;
        if cursor == 0 || behind > self.ring.len() as u64 {
            return Changes::All;
        }
        let mask = self.ring.len() as u64 - 1;
        let (from, to) = ((cursor & mask) as usize, (self.head & mask) as usize);
        if behind == 0 {
            Changes::Some(&[], &[])
        } else if from < to {
            Changes::Some(&self.ring[from..to], &[])
        } else {
            Changes::Some(&self.ring[from..], &self.ring[..to])
        }
    }
}
