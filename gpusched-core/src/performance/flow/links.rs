//! The links of a fabric, and which of them a ring takes.

use super::Use;
use crate::ids::NodeId;
use crate::performance::collective::{Seat, Wiring};
use crate::topology::{Fabric, LevelId};

/// Every node and every domain has a link up and a link down. Link `2n` goes up from node `n`,
/// `2n + 1` down to it; domains follow in the order of the fabric.
#[derive(Clone, Debug)]
pub struct Links {
    /// Bytes per second.
    capacities: Vec<u64>,
    nodes: u32,
}

impl Links {
    /// The links of a wiring. What leaves a domain is what its nodes could send, over the
    /// oversubscription of its level and of those below. O(nodes × levels).
    pub fn new(wiring: &Wiring) -> Links {
        let fabric = wiring.topology().fabric();
        let nodes = fabric.nodes();
        let rate = |node: usize| wiring.node_gbps(NodeId::from(node)) * 1e9;
        let mut capacities: Vec<f64> = (0..nodes).map(rate).collect();
        for domain in 0..fabric.domains().len() as u32 {
            let domain = crate::topology::DomainId(domain);
            let inside = fabric.nodes_of(domain).iter();
            let sum: f64 = inside.map(|node| capacities[node.index()]).sum();
            let level = fabric.domains()[domain.index()].level;
            let lost = fabric.levels()[usize::from(level.0)..].iter();
            capacities.push(sum / lost.map(|level| level.oversubscription).product::<f64>());
        }
        Links {
            capacities: capacities
                .iter()
                .flat_map(|rate| [*rate as u64; 2])
                .collect(),
            nodes: nodes as u32,
        }
    }

    /// Bytes per second by link.
    pub fn capacities(&self) -> Vec<u64> {
        self.capacities.clone()
    }

    /// How often the ring over the nodes of these ranks, in their order, takes each link: in order
    /// of links, each once. Nothing between nodes of one NVLink domain. O(nodes × levels).
    pub fn of_ring(&self, seats: &[Seat], wiring: &Wiring) -> Vec<Use> {
        let fabric = wiring.topology().fabric();
        let mut nodes: Vec<NodeId> = seats.iter().filter_map(|seat| seat.node).collect();
        nodes.dedup();
        let mut taken: Vec<u32> = Vec::new();
        for (at, &from) in nodes.iter().enumerate() {
            let to = nodes[(at + 1) % nodes.len()];
            if from != to && !wiring.same_island(from, to) {
                self.take(fabric, from, to, &mut taken);
            }
        }
        taken.sort_unstable();
        let runs = taken.chunk_by(|one, other| one == other);
        runs.map(|run| Use {
            link: run[0],
            times: run.len() as u32,
        })
        .collect()
    }

    fn take(&self, fabric: &Fabric, from: NodeId, to: NodeId, taken: &mut Vec<u32>) {
        taken.extend([2 * from.0, 2 * to.0 + 1]);
        let meet = fabric.meets(from, to);
        let below = meet.map_or(0, |level| level.0 + 1);
        for level in (below..fabric.levels().len() as u8).map(LevelId) {
            let link = |node| Some(2 * (self.nodes + fabric.domain(node, level)?.0));
            taken.extend(link(from));
            taken.extend(link(to).map(|up| up + 1));
        }
    }
}
