//! A device policy under every placement policy.

use super::{DevicePolicy, Request, Wiring};
use crate::cluster::{Ask, Cluster, Inventory, NodeView, Spot};
use crate::ids::{NodeId, ShapeId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a choice depends on: the wiring, the free devices, how many, and the links asked for.
type Situation = (u32, u64, u32, u32);

/// Gives pods of whole GPUs the devices a [`DevicePolicy`] prefers, on nodes that somebody else
/// chose. Each choice is computed once: O(1) from then on.
///
/// Where the policy has no preference, or prefers devices that are linked worse than the pod asks
/// for (or would waste links that another such pod needs), the pod gets the lowest-numbered devices
/// that will do.
pub struct Chooser {
    policy: Box<dyn DevicePolicy>,
    wirings: Vec<Wiring>,
    wiring_of: Vec<u32>,
    known: FxHashMap<Situation, u64>,
}

impl std::fmt::Debug for Chooser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Chooser")
            .field(&self.policy.name())
            .finish()
    }
}

impl Chooser {
    /// Choices of `policy` on the machines of `inventory`. O(nodes × boards).
    pub fn new(policy: Box<dyn DevicePolicy>, inventory: &Inventory) -> Chooser {
        let topology = inventory.topology();
        let boards = topology.map_or(&[][..], |topology| topology.boards());
        let mut wirings: Vec<Wiring> = boards.iter().map(|board| Wiring::of(board)).collect();
        let nodes = inventory.nodes().iter().enumerate();
        let wiring_of = nodes.map(|(index, node)| {
            let board = topology.and_then(|topology| topology.board(NodeId::from(index)));
            let place = match board.filter(|board| board.gpus() == node.gpus as usize) {
                Some(board) => boards.iter().position(|other| Arc::ptr_eq(board, other)),
                None => None,
            };
            let place = place.unwrap_or_else(|| {
                let unknown = Wiring::unknown(node.gpus as usize);
                let known = wirings.iter().position(|one| *one == unknown);
                known.unwrap_or_else(|| {
                    wirings.push(unknown);
                    wirings.len() - 1
                })
            });
            place as u32
        });
        Chooser {
            wiring_of: wiring_of.collect(),
            policy,
            wirings,
            known: FxHashMap::default(),
        }
    }

    /// The same node with the devices the policy prefers. Places of pods that do not hold whole
    /// devices stay as they are.
    #[inline]
    pub fn instead(&mut self, cluster: &Cluster, shape: ShapeId, spot: Spot) -> Spot {
        let ask = cluster.ask(shape);
        if !ask.is_whole() || spot.node.index() >= cluster.len() {
            return spot;
        }
        let node = cluster.node(spot.node);
        let situation = (
            self.wiring_of[spot.node.index()],
            node.free_mask(),
            ask.gpus,
            ask.wiring_key().0,
        );
        let devices = match self.known.get(&situation) {
            Some(&devices) => devices,
            None => {
                let devices = self.compute(node, ask);
                self.known.insert(situation, devices);
                devices
            }
        };
        Spot { devices, ..spot }
    }

    fn compute(&self, node: NodeView<'_>, ask: &Ask) -> u64 {
        let free = node.free_mask();
        let available: Vec<u8> = (0..64).filter(|&gpu| free >> gpu & 1 == 1).collect();
        let request = Request {
            available: &available,
            required: &[],
            size: ask.gpus as usize,
        };
        let wiring = &self.wirings[self.wiring_of[node.id.index()] as usize];
        let chosen = self.policy.choose(wiring, &request);
        let devices = chosen.iter().fold(0u64, |mask, &gpu| mask | 1 << gpu);
        match devices.count_ones() == ask.gpus && node.links_well(ask, devices) {
            true => devices,
            false => node.lowest_devices(ask),
        }
    }
}
