//! `slurm-tree`: the leaf switches that take a job best, one after the other.

use super::{LevelPolicy, Levels, Wanted, per_node};
use crate::ids::NodeId;
use crate::placement::{Explanation, Look};
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, LevelId, Within};
use std::cmp::Ordering;

pub(crate) const INFO: PolicyInfo = PolicyInfo {
    name: "slurm-tree",
    summary: "Slurm's tree topology: best leaf switches below one root",
    rule: "Switches are the domains. Below the first top switch with enough free nodes, leaf \
           switches are taken one after the other: one that takes the rest and is nearer to those \
           used (sum of hops) goes before; of equally near ones one that takes the rest, of those \
           the one with fewest free nodes; where neither does, their parents are compared so, and \
           at last more free nodes go before. Ties: lowest number. Nodes by rank. A job never \
           spans switches without a common parent. Switches with room left are not counted again.",
    source: "Slurm 284c3b9, src/plugins/topology/tree/eval_nodes_tree.c",
};

/// Slurm's tree topology without node weights, requested nodes and `--switches` (what must be
/// within a level stays there, see [`WithLocality`](crate::placement::WithLocality)).
///
/// Slurm counts nodes, jobs here count pods: a job of *n* pods is one of as many nodes as hold them
/// when empty, and a node counts as free when it has room for a pod.
///
/// O(leaves used × leaves × (leaves used + levels)).
#[derive(Clone, Copy, Debug, Default)]
pub struct SlurmTree;

/// What a switch has, or a job wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Free {
    nodes: u32,
    pods: u64,
}

struct Search<'a> {
    levels: &'a Levels<'a>,
    leaf_level: LevelId,
    used: Vec<DomainId>,
}

impl Search<'_> {
    fn free(&self, switch: DomainId) -> Free {
        Free {
            nodes: self.levels.able_in(switch),
            pods: self.levels.room_in(switch),
        }
    }

    /// Hops from a leaf to all leaves used.
    fn distance(&self, leaf: DomainId) -> u32 {
        let domains = self.levels.fabric().domains();
        let hops = |other: &DomainId| {
            let (mut one, mut other, mut hops) = (leaf, *other, 0);
            while one != other {
                hops += 2;
                match (domains[one.index()].parent, domains[other.index()].parent) {
                    (Some(above), Some(beside)) => (one, other) = (above, beside),
                    _ => break,
                }
            }
            hops
        };
        self.used.iter().map(hops).sum()
    }

    /// `Greater` when the first leaf is the better one for the job.
    fn compare(&self, one: DomainId, other: DomainId, job: Free) -> Ordering {
        let domains = self.levels.fabric().domains();
        let (mut one, mut other) = (one, other);
        loop {
            let (first, second) = (self.free(one), self.free(other));
            let holds = |free: Free| free.nodes >= job.nodes && free.pods >= job.pods;
            match (holds(first), holds(second)) {
                (true, true) if first.nodes != second.nodes => {
                    return second.nodes.cmp(&first.nodes);
                }
                (true, false) => return Ordering::Greater,
                (false, true) => return Ordering::Less,
                _ => {}
            }
            match (domains[one.index()].parent, domains[other.index()].parent) {
                (Some(above), Some(beside)) if above != beside => (one, other) = (above, beside),
                _ => return first.nodes.cmp(&second.nodes),
            }
        }
    }

    fn best(&self, top: DomainId, job: Free) -> Option<DomainId> {
        let fabric = self.levels.fabric();
        let top_level = fabric.domains()[top.index()].level;
        let below = |leaf: &DomainId| {
            let mut domain = *leaf;
            for _ in top_level.0..self.leaf_level.0 {
                match fabric.domains()[domain.index()].parent {
                    Some(parent) => domain = parent,
                    None => return false,
                }
            }
            domain == top
        };
        let mut best: Option<(DomainId, u32)> = None;
        for leaf in self.levels.domains(self.leaf_level).filter(below) {
            let free = self.free(leaf);
            if free.nodes == 0 || self.used.contains(&leaf) {
                continue;
            }
            let distance = self.distance(leaf);
            let fits = free.nodes >= job.nodes && free.pods >= job.pods;
            let better = best.is_none_or(|(known, least)| {
                distance < least && fits
                    || distance == least && self.compare(leaf, known, job) == Ordering::Greater
            });
            if better {
                best = Some((leaf, distance));
            }
        }
        best.map(|(leaf, _)| leaf)
    }
}

impl LevelPolicy for SlurmTree {
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
        let per_node = u64::from(per_node(levels));
        let job = |pods: u64| Free {
            nodes: pods.div_ceil(per_node) as u32,
            pods,
        };
        let mut pods = u64::from(wanted.pods);
        let mut out = Vec::new();
        let Some(leaf_level) = levels.lowest() else {
            // One switch, as where Slurm has no topology.
            super::all_hold(levels, pods, record).then(|| {
                take(levels, levels.nodes(), &mut pods, &mut out);
            })?;
            return Some(out);
        };
        let mut search = Search {
            levels,
            leaf_level,
            used: Vec::new(),
        };
        let top = LevelId(0);
        let holds = |switch: &DomainId| {
            levels.able_in(*switch) >= job(pods).nodes && levels.room_in(*switch) >= pods
        };
        let mut fitting = levels.domains(top).filter(holds);
        let root = fitting.next();
        record.looks.push(Look {
            within: Some(Within::Level(top)),
            wanted: pods,
            domains: levels.domains(top).count() as u32,
            fitting: root.map_or(0, |_| 1 + fitting.count() as u32),
            most: levels
                .domains(top)
                .map(|one| levels.room_in(one))
                .max()
                .unwrap_or(0),
            taken: root.map(|root| (root, levels.room_in(root))),
            note: "",
        });
        let root = root?;
        while pods > 0 {
            let leaf = search.best(root, job(pods))?;
            record.looks.push(Look {
                within: Some(Within::Level(leaf_level)),
                wanted: pods,
                domains: levels.domains(leaf_level).count() as u32,
                fitting: u32::from(levels.room_in(leaf) >= pods),
                most: levels.room_in(leaf),
                taken: Some((leaf, levels.room_in(leaf))),
                note: "best leaf switch",
            });
            let mut nodes = levels.fabric().nodes_of(leaf).to_vec();
            nodes.sort_unstable();
            take(levels, nodes.into_iter(), &mut pods, &mut out);
            search.used.push(leaf);
        }
        Some(out)
    }
}

fn take(
    levels: &Levels<'_>,
    nodes: impl Iterator<Item = NodeId>,
    pods: &mut u64,
    out: &mut Vec<(NodeId, u32)>,
) {
    for node in nodes {
        let share = u64::from(levels.room(node)).min(*pods);
        if share > 0 {
            *pods -= share;
            out.push((node, share as u32));
        }
    }
}
