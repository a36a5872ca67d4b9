//! `kai-topology`: the fullest domain that takes the gang, and in it the emptiest parts first.

use super::{LevelPolicy, Levels, Wanted, all_hold, holding, holding_node};
use crate::ids::NodeId;
use crate::placement::Explanation;
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, Within};
use std::cmp::Reverse;

pub(crate) const INFO: PolicyInfo = PolicyInfo {
    name: "kai-topology",
    summary: "KAI's topology: the fullest domain that takes the gang",
    rule: "A job that must, or should, be within a level gets the domain of it with the highest \
           ratio of pods asked for to pods it has room for; one that should goes on to wider levels, \
           at last to all machines. In it the parts of the lowest level with most room come first, \
           in them nodes by rank, each filled. Other jobs fill the nodes with least room first. \
           Ties: lowest number.",
    source: "KAI-Scheduler, docs/topology (bin-packing domain choice, preferred level falls back \
             upward); the order of nodes within a part is ours",
};

/// Domain choice as KAI-Scheduler documents it.
/// O(domains of the levels looked at + n log n in the parts and nodes of the domain taken).
#[derive(Clone, Copy, Debug, Default)]
pub struct KaiTopology;

impl LevelPolicy for KaiTopology {
    fn info(&self) -> &'static PolicyInfo {
        &INFO
    }

    fn knows_within(&self) -> bool {
        true
    }

    fn choose(
        &mut self,
        levels: &Levels<'_>,
        wanted: &Wanted,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        let pods = u64::from(wanted.pods);
        let within = match wanted.locality.within {
            None => None,
            Some(scope) => match levels.fabric().within(scope) {
                None if wanted.locality.required => return None,
                within => within,
            },
        };
        let Some(within) = within else {
            return all_hold(levels, pods, record).then(|| {
                let mut nodes: Vec<NodeId> = levels.nodes().collect();
                nodes.sort_by_key(|&node| (levels.room(node), node));
                fill(levels, nodes, pods)
            });
        };
        for place in levels.widening(within, wanted.locality.required) {
            match place {
                Some(Within::Node) => {
                    if let Some(node) = holding_node(levels, pods, record) {
                        return Some(vec![(node, wanted.pods)]);
                    }
                }
                Some(Within::Level(level)) => {
                    // Least room is the highest ratio.
                    if let Some(&(_, domain)) = holding(levels, level, pods, record).first() {
                        let parts = parts(levels, domain);
                        return Some(fill(levels, by_part(levels, parts), pods));
                    }
                }
                None => {
                    if all_hold(levels, pods, record) {
                        let parts = levels.lowest().map(|level| levels.domains(level));
                        let mut nodes = by_part(levels, parts.into_iter().flatten().collect());
                        let outside = |node: &NodeId| levels.fabric().path(*node).next().is_none();
                        nodes.extend(levels.nodes().filter(outside));
                        return Some(fill(levels, nodes, pods));
                    }
                }
            }
        }
        None
    }
}

/// The domains of the lowest level within a domain.
fn parts(levels: &Levels<'_>, domain: DomainId) -> Vec<DomainId> {
    let mut parts = vec![domain];
    loop {
        let fabric = levels.fabric();
        let below: Vec<DomainId> = parts
            .iter()
            .flat_map(|&part| fabric.children_of(part).map(DomainId))
            .collect();
        if below.is_empty() {
            return parts;
        }
        parts = below;
    }
}

/// The nodes of some parts: those of the roomiest part first, in a part by rank.
fn by_part(levels: &Levels<'_>, mut parts: Vec<DomainId>) -> Vec<NodeId> {
    parts.retain(|&part| levels.room_in(part) > 0);
    parts.sort_by_key(|&part| (Reverse(levels.room_in(part)), part));
    let mut nodes = Vec::new();
    for part in parts {
        let from = nodes.len();
        nodes.extend_from_slice(levels.fabric().nodes_of(part));
        nodes[from..].sort_unstable();
    }
    nodes
}

/// Fills nodes in this order.
fn fill(levels: &Levels<'_>, nodes: Vec<NodeId>, pods: u64) -> Vec<(NodeId, u32)> {
    let mut left = pods;
    let mut out = Vec::new();
    for node in nodes {
        let share = u64::from(levels.room(node)).min(left);
        if share > 0 {
            left -= share;
            out.push((node, share as u32));
        }
    }
    out
}
