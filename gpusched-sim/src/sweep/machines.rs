//! In which order machines stand, under a seed.

use super::FgdDraw;
use super::draw::permutation;
use crate::experiment::{Keys, Order};
use crate::trace::generate::Purpose;
use gpusched_core::cluster::{Inventory, InventoryError};
use gpusched_core::ids::NodeId;
use gpusched_core::topology::{Board, Fabric, Topology};
use gpusched_core::workload::Workload;
use std::borrow::Cow;
use std::sync::Arc;

/// The machines in the order of a seed: rank decides between machines that are rated equal, and
/// under many policies most are. Boards move with their machines; where machines are wired to one
/// another they keep their places. O(machines × kinds of boards). The simulator of FGD draws the
/// machines after the jobs of `work`.
///
/// # Errors
/// None that reading the machines has not met.
pub fn rank<'a>(
    how: &Keys,
    work: &Workload,
    inventory: &'a Inventory,
    seed: u64,
) -> Result<Cow<'a, Inventory>, InventoryError> {
    let order = match (how.machine_order, how.arrivals.fill) {
        _ if !is_possible(inventory) => return Ok(Cow::Borrowed(inventory)),
        (Order::Recorded, _) | (Order::FgdSimulator, None) => return Ok(Cow::Borrowed(inventory)),
        (Order::Shuffle, _) => permutation(inventory.nodes().len(), seed, Purpose::MachineOrder),
        (Order::FgdSimulator, Some(share)) => FgdDraw::new(work, inventory, share, seed).machines,
    };
    let places = || order.iter().map(|&place| NodeId(place));
    let nodes = places().map(|place| inventory.node(place).clone());
    let ranked = Inventory::new(nodes.collect())?;
    let Some(wiring) = inventory.topology() else {
        return Ok(Cow::Owned(ranked));
    };
    let kind = |board: &Arc<Board>| {
        let same = |other: &Arc<Board>| Arc::ptr_eq(board, other);
        wiring
            .boards()
            .iter()
            .position(same)
            .map(|kind| kind as u32)
    };
    let boards = places().map(|place| wiring.board(place).and_then(kind));
    let fabric = Fabric::flat(order.len());
    let wiring = Topology::new(fabric, wiring.boards().to_vec(), boards.collect());
    Ok(Cow::Owned(ranked.with_topology(Arc::new(wiring))))
}

/// Whether machines may stand in any order: none is wired to another.
pub(super) fn is_possible(inventory: &Inventory) -> bool {
    let wiring = inventory.topology();
    wiring.is_none_or(|wiring| wiring.fabric().levels().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::cluster::Node;
    use gpusched_core::topology::board_for_model;

    fn by(machine_order: Order) -> Keys {
        Keys {
            machine_order,
            ..Keys::default()
        }
    }

    #[test]
    fn a_shuffle_keeps_the_machines() {
        let node = |number: u32| Node::with_gpus(format!("n{number}"), number % 3, "T4");
        let inventory = Inventory::new((0..20).map(node).collect()).unwrap();
        let names = |order, seed| -> Vec<String> {
            let ranked = rank(&by(order), &Workload::default(), &inventory, seed).unwrap();
            ranked
                .nodes()
                .iter()
                .map(|node| node.name.clone())
                .collect()
        };
        let recorded = names(Order::Recorded, 1);
        let mut shuffled = names(Order::Shuffle, 1);
        assert_ne!(shuffled, recorded);
        assert_ne!(shuffled, names(Order::Shuffle, 2));
        shuffled.sort_by_key(|name| name[1..].parse::<u32>().unwrap());
        assert_eq!(shuffled, recorded);
    }

    #[test]
    fn boards_move_with_their_machines() {
        let gpus = |number: usize| if number < 3 { 8 } else { 4 };
        let node = |number| Node::with_gpus(format!("n{number}"), gpus(number), "A100-SXM4-80GB");
        let inventory = Inventory::new((0..6).map(node).collect()).unwrap();
        let board = || Arc::new(board_for_model("A100-SXM4-80GB", 8).unwrap());
        let boards = vec![board(), board()];
        let kinds = [0, 0, 0, 1, 1, 1].map(Some).to_vec();
        let wiring = Topology::new(Fabric::flat(6), boards, kinds);
        let inventory = inventory.with_topology(Arc::new(wiring));
        let ranked = rank(&by(Order::Shuffle), &Workload::default(), &inventory, 3).unwrap();
        let wiring = ranked.topology().unwrap();
        let gpus = |gpus: u32| if gpus == 8 { 0 } else { 1 };
        for (place, node) in (0..).map(NodeId).zip(ranked.nodes()) {
            let board = wiring.board(place).unwrap();
            assert!(Arc::ptr_eq(board, &wiring.boards()[gpus(node.gpus)]));
        }
    }
}
