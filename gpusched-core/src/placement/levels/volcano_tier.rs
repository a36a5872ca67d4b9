//! `volcano-tier`: HyperNodes tier by tier, the fullest first.

use super::{LevelPolicy, Levels, Wanted, holding_node};
use crate::cluster::{Ask, Changes, Cluster, Inventory, Node};
use crate::ids::NodeId;
use crate::placement::{Explanation, Look};
use crate::policy::PolicyInfo;
use crate::topology::{DomainId, Fabric, LevelId, Within};
use std::cmp::Reverse;

pub(crate) const INFO: PolicyInfo = PolicyInfo {
    name: "volcano-tier",
    summary: "Volcano's HyperNodes: lowest tier first, fullest first",
    rule: "HyperNodes are the domains, tier 1 the lowest level. A job that must be within a level \
           (mode hard) is tried tier by tier up to that level, one that should (soft) up to all \
           machines; in a tier the HyperNode with room for all whose use would be highest after it, \
           GPUs, CPU and memory weighing alike (those that limit). In it pod after pod goes to the \
           node nearest to the job so far, then to the HyperNode with most of its pods. Other \
           pods go where the use of the HyperNodes around is highest, each further tier counting \
           0.8 of the one below; no HyperNode counts as wholly used. Ties: lowest number.",
    source: "Volcano ed72c7c, pkg/scheduler/plugins/network-topology-aware",
};

/// Parts a whole is divided into: scores are integers.
const WHOLE: i128 = 1_000_000_000;
/// What a tier counts compared with the one below, in tenths.
const FADING_TENTHS: i128 = 8;

/// Volcano's network-topology-aware plugin, hard and soft, and its scores for pods without a
/// topology. Eviction and reservations for resources to come do not exist here.
///
/// Keeps what is free in each domain: O(nodes changed × levels), then O(domains of the tiers looked
/// at) for a job with a topology, O(pods × domains of the lowest level × levels) for others.
#[derive(Clone, Debug)]
pub struct VolcanoTier {
    cursor: u64,
    /// By node: what was free when last looked at.
    nodes: Vec<Amounts>,
    /// By domain: what is free, and what there is.
    free: Vec<Amounts>,
    all: Vec<Amounts>,
}

/// Milli-GPU, milli-CPU and MiB.
type Amounts = [i64; 3];

fn capacity(node: &Node) -> Amounts {
    let limited = |amount: u64| match amount {
        Node::UNLIMITED.. => 0,
        amount => amount as i64,
    };
    let gpus = i64::from(node.gpus) * 1000;
    [gpus, limited(node.cpu_milli), limited(node.mem_mib)]
}

impl VolcanoTier {
    /// On the machines of an inventory.
    pub fn new(inventory: &Inventory) -> VolcanoTier {
        let domains = inventory
            .topology()
            .map_or(0, |topology| topology.fabric().domains().len());
        let mut all = vec![[0; 3]; domains];
        if let Some(topology) = inventory.topology() {
            for (index, node) in inventory.nodes().iter().enumerate() {
                let own = capacity(node);
                for domain in topology.fabric().path(NodeId::from(index)) {
                    let sum = &mut all[domain.index()];
                    sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
            }
        }
        VolcanoTier {
            cursor: 0,
            nodes: vec![[0; 3]; inventory.nodes().len()],
            free: vec![[0; 3]; domains],
            all,
        }
    }

    fn refresh(&mut self, fabric: &Fabric, cluster: &Cluster) {
        match cluster.changes_since(self.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    self.look(fabric, cluster, NodeId(node));
                }
            }
            Changes::All => {
                for node in 0..cluster.len() {
                    self.look(fabric, cluster, NodeId(node as u32));
                }
            }
        }
        self.cursor = cluster.cursor();
    }

    fn look(&mut self, fabric: &Fabric, cluster: &Cluster, id: NodeId) {
        let view = cluster.node(id);
        let limits = capacity(view.describe());
        let free = [i64::from(view.gpu_left()), view.cpu(), view.mem()];
        let mut new = [0; 3];
        for (resource, amount) in new.iter_mut().enumerate() {
            *amount = free[resource].min(limits[resource]);
        }
        let old = std::mem::replace(&mut self.nodes[id.index()], new);
        if old == new {
            return;
        }
        for domain in fabric.path(id) {
            for (resource, sum) in self.free[domain.index()].iter_mut().enumerate() {
                *sum += new[resource] - old[resource];
            }
        }
    }

    /// How full a HyperNode would be, in [`WHOLE`]ths, with `request` more; 0 when something
    /// would overflow.
    fn score(&self, domain: DomainId, taken: &Amounts, request: &Amounts) -> i128 {
        let (free, all) = (self.free[domain.index()], self.all[domain.index()]);
        let (mut sum, mut weights) = (0, 0);
        for resource in 0..3 {
            if request[resource] == 0 || all[resource] == 0 {
                continue;
            }
            let used = all[resource] - free[resource] + taken[resource] + request[resource];
            if used > all[resource] {
                return 0;
            }
            sum += i128::from(used) * WHOLE / i128::from(all[resource]);
            weights += 1;
        }
        if weights == 0 { 0 } else { sum / weights }
    }

    /// Tier by tier up to `widest` (`None` = all machines).
    fn by_tier(
        &self,
        levels: &Levels<'_>,
        pods: u32,
        widest: Option<LevelId>,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        let wanted = u64::from(pods);
        let request = times(levels.cluster().ask(levels.shape()), i64::from(pods));
        let top = widest.map_or(0, |level| level.0);
        let lowest = levels.lowest().map_or(0, |level| level.0 + 1);
        for level in (top..lowest).rev().map(LevelId) {
            let with_room = |domain: &DomainId| levels.room_in(*domain) >= wanted;
            let fitting: Vec<DomainId> = levels.domains(level).filter(with_room).collect();
            let score = |domain: &DomainId| self.score(*domain, &[0; 3], &request);
            let best = fitting
                .iter()
                .copied()
                .max_by_key(|domain| (score(domain), Reverse(*domain)));
            record.looks.push(Look {
                within: Some(Within::Level(level)),
                wanted,
                domains: levels.domains(level).count() as u32,
                fitting: fitting.len() as u32,
                most: levels
                    .domains(level)
                    .map(|one| levels.room_in(one))
                    .max()
                    .unwrap_or(0),
                taken: best.map(|domain| (domain, levels.room_in(domain))),
                note: "",
            });
            if let Some(domain) = best {
                return Some(nearest(levels, Some(domain), wanted));
            }
        }
        match widest {
            Some(_) => None,
            None => super::all_hold(levels, wanted, record).then(|| nearest(levels, None, wanted)),
        }
    }

    /// Pods without a topology, one after the other.
    fn one_by_one(
        &self,
        levels: &Levels<'_>,
        pods: u32,
        record: &mut Explanation,
    ) -> Option<Vec<(NodeId, u32)>> {
        if !super::all_hold(levels, u64::from(pods), record) {
            return None;
        }
        let fabric = levels.fabric();
        let request = times(levels.cluster().ask(levels.shape()), 1);
        let mut taken = vec![[0; 3]; fabric.domains().len()];
        let mut out: Vec<(NodeId, u32)> = Vec::new();
        let given = |out: &[(NodeId, u32)], node: NodeId| {
            out.iter()
                .find(|(used, _)| *used == node)
                .map_or(0, |(_, pods)| *pods)
        };
        for _ in 0..pods {
            let mut best: Option<(i128, NodeId)> = None;
            // Nodes of one lowest domain score alike: only the first of each with room counts.
            let mut seen = vec![false; fabric.domains().len()];
            for node in levels.nodes() {
                if levels.room(node) <= given(&out, node) {
                    continue;
                }
                let own = fabric.path(node).last();
                if let Some(own) = own
                    && std::mem::replace(&mut seen[own.index()], true)
                {
                    continue;
                }
                let mut weight = WHOLE;
                let mut score = 0;
                for level in (0..fabric.levels().len()).rev() {
                    let around = fabric.domain(node, LevelId(level as u8));
                    score += weight
                        * around.map_or(WHOLE, |domain| {
                            self.score(domain, &taken[domain.index()], &request)
                        });
                    weight = weight * FADING_TENTHS / 10;
                }
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, node));
                }
            }
            let (_, node) = best?;
            for domain in fabric.path(node) {
                let sum = &mut taken[domain.index()];
                sum.iter_mut()
                    .zip(request)
                    .for_each(|(sum, one)| *sum += one);
            }
            match out.iter_mut().find(|(used, _)| *used == node) {
                Some((_, pods)) => *pods += 1,
                None => out.push((node, 1)),
            }
        }
        Some(out)
    }
}

/// What so many pods request.
fn times(ask: &Ask, pods: i64) -> Amounts {
    [ask.total_milli() * pods, ask.cpu * pods, ask.mem * pods]
}

/// Pod after pod within a HyperNode (`None` = all machines): the nodes of the lowest HyperNode the
/// first node by rank is in, then those of the lowest ones nearest to what the job has so far.
fn nearest(levels: &Levels<'_>, within: Option<DomainId>, pods: u64) -> Vec<(NodeId, u32)> {
    let fabric = levels.fabric();
    // Parts of equal nearness, in order of their first node with room.
    let mut parts: Vec<(NodeId, Option<DomainId>)> = Vec::new();
    let mut nodes: Vec<NodeId> = match within {
        Some(domain) => fabric.nodes_of(domain).to_vec(),
        None => levels.nodes().collect(),
    };
    nodes.retain(|&node| levels.room(node) > 0);
    nodes.sort_unstable();
    let mut seen = vec![false; fabric.domains().len()];
    for &node in &nodes {
        match fabric.path(node).last() {
            Some(own) if std::mem::replace(&mut seen[own.index()], true) => {}
            own => parts.push((node, own)),
        }
    }
    let mut left = pods;
    let mut out = Vec::new();
    // The domain the job is in so far; `None` = it spans the top level.
    let mut around: Option<DomainId> = None;
    let mut first = true;
    while left > 0 && !parts.is_empty() {
        let farness = |own: Option<DomainId>| match (first, around, own) {
            (true, ..) => 0,
            (false, Some(around), Some(own)) => fabric.levels().len() - shared(fabric, around, own),
            _ => fabric.levels().len(),
        };
        let next = (0..parts.len()).min_by_key(|&at| (farness(parts[at].1), parts[at].0));
        let (node, own) = parts.remove(next.unwrap_or(0));
        let members: &[NodeId] = match &own {
            Some(domain) => fabric.nodes_of(*domain),
            None => &[node],
        };
        let mut members = members.to_vec();
        members.sort_unstable();
        for node in members {
            let share = u64::from(levels.room(node)).min(left);
            if share > 0 {
                left -= share;
                out.push((node, share as u32));
            }
        }
        around = match (first, around, own) {
            (true, _, own) => own,
            (false, Some(around), Some(own)) => common(fabric, around, own),
            _ => None,
        };
        first = false;
    }
    out
}

/// Levels, from the top, at which two domains are in one.
fn shared(fabric: &Fabric, one: DomainId, other: DomainId) -> usize {
    common(fabric, one, other).map_or(0, |domain| {
        usize::from(fabric.domains()[domain.index()].level.0) + 1
    })
}

/// The lowest domain both are in.
fn common(fabric: &Fabric, one: DomainId, other: DomainId) -> Option<DomainId> {
    let (mut one, mut other) = (one, other);
    while one != other {
        let (first, second) = (
            &fabric.domains()[one.index()],
            &fabric.domains()[other.index()],
        );
        match first.level.cmp(&second.level) {
            std::cmp::Ordering::Greater => one = first.parent?,
            std::cmp::Ordering::Less => other = second.parent?,
            std::cmp::Ordering::Equal => (one, other) = (first.parent?, second.parent?),
        }
    }
    Some(one)
}

impl LevelPolicy for VolcanoTier {
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
        self.refresh(levels.fabric(), levels.cluster());
        let Some(scope) = wanted.locality.within else {
            return self.one_by_one(levels, wanted.pods, record);
        };
        match (levels.fabric().within(scope), wanted.locality.required) {
            (None, true) => None,
            (Some(Within::Node), true) => {
                let node = holding_node(levels, u64::from(wanted.pods), record)?;
                Some(vec![(node, wanted.pods)])
            }
            (Some(Within::Level(level)), true) => {
                self.by_tier(levels, wanted.pods, Some(level), record)
            }
            (_, false) => self.by_tier(levels, wanted.pods, None, record),
        }
    }
}
