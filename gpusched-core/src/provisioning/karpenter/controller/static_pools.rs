//! Static pools: NodePools with `replicas`, which have so many nodes whoever waits
//! (`pkg/controllers/static`).
//!
//! Pods that wait take their nodes and never make more of them; consolidation leaves them alone. One
//! that expires, is taken away or never joins is made anew.

use super::super::labels::NODEPOOL;
use super::super::objects::{NodeOffering, NodeType};
use super::super::pool::Pool;
use super::super::{NewNode, Requirement, Requirements};
use super::Karpenter;
use crate::kube::Resources;
use crate::provisioning::controller::{Command, MachineId, View};
use std::collections::BTreeSet;

impl Karpenter {
    /// Nodes that static pools miss, pool by pool. O(machines) with a static pool.
    pub fn missing_replicas(&mut self, view: &View) -> Vec<NewNode> {
        let mut pools = self.options.pools.iter();
        if !pools.any(|pool| pool.replicas.is_some()) {
            return Vec::new();
        }
        self.follow(view);
        let short = missing(&self.options.pools, view, &self.going);
        if short.is_empty() {
            return Vec::new();
        }
        self.refresh(view);
        let nodes = short.into_iter().flat_map(|(pool, count)| {
            let pool = &self.options.pools[pool];
            std::iter::repeat_n(node(pool, self.world.types()), count)
        });
        nodes.collect()
    }

    /// Launches what static pools miss.
    pub(super) fn keep_replicas(&mut self, view: &View, commands: &mut Vec<Command>) {
        if self.claims.outstanding() {
            return;
        }
        for node in self.missing_replicas(view) {
            self.launch(&node, view.now, commands);
        }
    }
}

/// How many nodes static pools miss, by index of the pool: its replicas, but no more than its limit
/// on `nodes`, less the nodes it has that are not going. O(machines) with a static pool.
fn missing(pools: &[Pool], view: &View, going: &BTreeSet<MachineId>) -> Vec<(usize, usize)> {
    let wanted = |pool: &Pool| {
        let limits = pool.template.limits.as_ref();
        let most = limits.and_then(|limits| limits.get("nodes")).copied();
        let most = most.map_or(u32::MAX, |most| {
            u32::try_from(most.max(0)).unwrap_or(u32::MAX)
        });
        pool.replicas.map(|replicas| replicas.min(most) as usize)
    };
    let missing = |(index, pool): (usize, &Pool)| {
        let wanted = wanted(pool)?;
        let stays = view.machines.iter().filter(|(id, _)| !going.contains(id));
        let has = stays
            .filter(|(_, one)| one.owner.as_ref() == Some(&pool.template.name))
            .count();
        Some((index, wanted.saturating_sub(has))).filter(|(_, missing)| *missing > 0)
    };
    pools.iter().enumerate().filter_map(missing).collect()
}

/// A node of a static pool: whatever its requirements allow; which of it is had is the launch's
/// choice. O(types × offerings).
fn node(pool: &Pool, types: &[NodeType]) -> NewNode {
    let template = &pool.template;
    let mut requirements = template.requirements.clone();
    requirements.extend(Requirements::of_labels(&template.labels).iter().cloned());
    requirements.add(Requirement::one_of(NODEPOOL, &[&template.name]));
    let fits = |index: &usize| {
        let of = &types[*index];
        let offers = |one: &NodeOffering| {
            one.offering.available && one.requirements.intersects(&requirements).is_ok()
        };
        of.requirements.intersects(&requirements).is_ok() && of.offerings.iter().any(offers)
    };
    NewNode {
        pool: template.name.clone(),
        pods: Vec::new(),
        types: (0..types.len()).filter(fits).collect(),
        requirements,
        requests: Resources::new(),
    }
}
