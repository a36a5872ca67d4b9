//! `hived`: used nodes first, then the smallest free cell, so that large cells stay whole.

use super::{LevelPolicy, Levels, Wanted, all_hold};
use crate::cluster::Inventory;
use crate::ids::NodeId;
use crate::placement::{Explanation, Look};
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, LevelCounts, Within};
use std::cmp::Reverse;

pub(crate) const INFO: PolicyInfo = PolicyInfo {
    name: "hived",
    summary: "HiveD's buddy cells: large free cells stay whole",
    rule: "Cells are nodes and the domains around them. Pods fill nodes in order of GPUs in use, \
           most first; of nodes without any, those whose largest wholly free cell is smallest (a \
           buddy allocator splits the smallest cell that will do); ties: lowest rank. With \
           `--virtual-clusters FILE` queues are promised cells: jobs of priority 0 and above get \
           those of their queue, bound to free physical cells (buddy, safe-relaxed buddy) with \
           fewest opportunistic GPUs; jobs below 0 get what nobody uses, of whichever queue, and \
           are evicted when it is claimed; within a queue higher priorities take cells from lower \
           ones. Without it one virtual cluster owns all cells, and nobody is evicted.",
    source: "Zhao et al. (HiveD), OSDI 2020; microsoft/hivedscheduler 66f26ac, pkg/algorithm: \
             topology-aware packing within a virtual cluster, buddy allocation of cells",
};

/// HiveD's packing and buddy allocation. What is free says which cells are: a cell is free when all
/// its nodes are idle, and stands on a free list when the cell around it is not. So nothing is kept
/// from one job to the next, and merging buddies needs no step of its own.
///
/// O(nodes changed × levels + nodes).
#[derive(Clone, Debug)]
pub struct Hived {
    counts: LevelCounts,
}

impl Hived {
    /// On the machines of an inventory.
    pub fn new(inventory: &Inventory) -> Hived {
        let flat = crate::topology::Fabric::flat(inventory.nodes().len());
        let fabric = inventory.topology().map(|topology| topology.fabric());
        Hived {
            counts: LevelCounts::new(fabric.unwrap_or(&flat)),
        }
    }

    /// The largest wholly free cell around an idle node, by the number of its nodes.
    fn free_cell(&self, levels: &Levels<'_>, node: NodeId) -> Option<(u32, DomainId)> {
        let fabric = levels.fabric();
        let mut cell = None;
        let mut next = levels.lowest().and_then(|level| fabric.domain(node, level));
        while let Some(domain) = next {
            let nodes = fabric.nodes_of(domain).len() as u32;
            if self.counts.free_nodes(domain) < nodes {
                break;
            }
            cell = Some((nodes, domain));
            next = fabric.domains()[domain.index()].parent;
        }
        cell
    }
}

/// What comes first.
type Key = (Reverse<u32>, u32, NodeId);

impl LevelPolicy for Hived {
    fn info(&self) -> &'static PolicyInfo {
        &INFO
    }

    fn knows_within(&self) -> bool {
        false
    }

    fn choose(
        &mut self,
        levels: &Levels<'_>,
        wanted: &Wanted,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        let cluster = levels.cluster();
        self.counts.refresh(levels.fabric(), cluster);
        if !all_hold(levels, u64::from(wanted.pods), record) {
            return None;
        }
        let key = |node: NodeId| -> Key {
            let view = cluster.node(node);
            let used = view.gpus() * crate::units::MILLI - view.gpu_left();
            let cell = match used {
                // A node by itself is the smallest cell.
                0 => self.free_cell(levels, node).map_or(1, |(nodes, _)| nodes),
                _ => 0,
            };
            (Reverse(used), cell, node)
        };
        let mut order: Vec<Key> = levels.nodes().map(key).collect();
        let most = wanted.pods as usize;
        if order.len() > most {
            order.select_nth_unstable(most);
            order.truncate(most);
        }
        order.sort_unstable();
        let mut left = wanted.pods;
        let mut out = Vec::new();
        let mut split: Option<DomainId> = None;
        for (Reverse(used), _, node) in order {
            let share = levels.room(node).min(left);
            if share == 0 {
                break;
            }
            left -= share;
            out.push((node, share));
            if used == 0
                && let Some((nodes, cell)) = self.free_cell(levels, node)
                && split != Some(cell)
            {
                split = Some(cell);
                record.looks.push(Look {
                    within: Some(Within::Level(levels.fabric().domains()[cell.index()].level)),
                    wanted: u64::from(share),
                    domains: nodes,
                    fitting: nodes,
                    most: levels.room_in(cell),
                    taken: Some((cell, levels.room_in(cell))),
                    note: "nodes of a wholly free cell",
                });
            }
        }
        Some(out)
    }
}
