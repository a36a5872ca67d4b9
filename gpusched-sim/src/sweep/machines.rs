//! In which order machines stand, under a seed.

use super::draw::permutation;
use crate::experiment::Order;
use crate::trace::generate::Purpose;
use gpusched_core::cluster::{Inventory, InventoryError};
use std::borrow::Cow;

/// The machines in the order of a seed: rank decides between machines that are rated equal, and
/// under many policies most are. Machines that are wired keep their places; a shuffle of those is
/// refused when an experiment is read. O(machines).
///
/// # Errors
/// None that reading the machines has not met.
pub fn rank(
    order: Order,
    inventory: &Inventory,
    seed: u64,
) -> Result<Cow<'_, Inventory>, InventoryError> {
    if order == Order::Recorded || inventory.topology().is_some() {
        return Ok(Cow::Borrowed(inventory));
    }
    let nodes = inventory.nodes();
    let order = permutation(nodes.len(), seed, Purpose::MachineOrder);
    let ranked = order.into_iter().map(|place| nodes[place as usize].clone());
    Inventory::new(ranked.collect()).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::cluster::Node;

    #[test]
    fn a_shuffle_keeps_the_machines() {
        let node = |number: u32| Node::with_gpus(format!("n{number}"), number % 3, "T4");
        let inventory = Inventory::new((0..20).map(node).collect()).unwrap();
        let names = |order, seed| -> Vec<String> {
            let ranked = rank(order, &inventory, seed).unwrap();
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
}
