//! Places in the inventory that machines fill while they exist.
//!
//! The machines of a replay are numbered before it begins, so every type of the catalogue has a
//! block of places, all closed at first; a machine takes the lowest free one of its type and leaves
//! it when it goes. Which machine stands before which in rank order depends on blocks and on who
//! was there first, not on how long blocks are: a replay that is repeated with longer ones because
//! a block was full makes the same decisions up to there.

use crate::ids::NodeId;
use crate::provisioning::controller::MachineId;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// By type: its first place; at the end, the number of places.
    first: Vec<u32>,
    /// By type: places nobody is in.
    free: Vec<BTreeSet<u32>>,
    holders: Vec<Option<MachineId>>,
}

impl Slots {
    /// `counts` places for machines of each type, one block after the other.
    pub(super) fn new(counts: &[u32]) -> Slots {
        let mut first = vec![0];
        for count in counts {
            first.push(first[first.len() - 1] + count);
        }
        Slots {
            free: first
                .windows(2)
                .map(|ends| (ends[0]..ends[1]).collect())
                .collect(),
            holders: vec![None; first[counts.len()] as usize],
            first,
        }
    }

    /// All places.
    pub(super) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.holders.len()).map(NodeId::from)
    }

    /// A place for a machine; `None` when all of its type are taken.
    pub(super) fn take(&mut self, node_type: usize, machine: MachineId) -> Option<NodeId> {
        let place = self.free[node_type].pop_first()?;
        self.holders[place as usize] = Some(machine);
        Some(NodeId(place))
    }

    /// Leaves a place.
    pub(super) fn leave(&mut self, place: NodeId) {
        self.holders[place.index()] = None;
        let node_type = self.first.partition_point(|&first| first <= place.0) - 1;
        self.free[node_type].insert(place.0);
    }

    /// Who is there.
    pub(super) fn holder(&self, place: NodeId) -> Option<MachineId> {
        self.holders[place.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_place_of_a_type_is_taken_and_taken_again_once_it_was_left() {
        let mut slots = Slots::new(&[2, 0, 1]);
        let (a, b, c) = (MachineId(0), MachineId(1), MachineId(2));
        assert_eq!(slots.take(0, a), Some(NodeId(0)));
        assert_eq!(slots.take(2, b), Some(NodeId(2)));
        assert_eq!(slots.take(1, c), None);
        assert_eq!(slots.take(0, c), Some(NodeId(1)));
        slots.leave(NodeId(0));
        assert_eq!(
            (slots.holder(NodeId(0)), slots.holder(NodeId(1))),
            (None, Some(c))
        );
        assert_eq!(slots.take(0, MachineId(3)), Some(NodeId(0)));
        slots.leave(NodeId(2));
        assert_eq!(slots.take(2, MachineId(4)), Some(NodeId(2)));
    }
}
