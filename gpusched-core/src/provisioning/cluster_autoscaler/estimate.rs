//! How many nodes of a group pods need: the binpacking estimator (`estimator/` at 1.36.1).

use super::equivalence::PodGroup;
use super::node_group::Template;
use super::snapshot::{Kind, NodeKey, Snapshot, Tenant};
use crate::kube::Resources;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What an estimate may not go beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EstimateLimits {
    /// Most nodes; `None` = as many as needed.
    pub(super) nodes: Option<u32>,
    /// Most questions whether a pod fits a node before no more nodes are added; 0 = no limit.
    pub(super) checks: u64,
}

/// What an estimate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    /// New nodes that got at least one pod.
    pub(super) nodes: u32,
    /// Pods that found a place, by kind, in the order they did. Of every group it is the first
    /// ones.
    pub(super) pods: Vec<(Kind, u32)>,
}

impl Estimate {
    /// How many pods found a place.
    pub(super) fn pods(&self) -> u32 {
        self.pods.iter().map(|(_, count)| count).sum()
    }
}

/// Packs groups of pods onto new nodes of a template, on top of what the snapshot has; the snapshot
/// is left as it was.
///
/// Groups go by the score cpu/allocatable + memory/allocatable of a pod, falling (GPUs do not
/// count), equal ones in the order given. The pods of a group first go to new nodes there are
/// already, to the first that fits, until one fits none. Each of the others tries the last node
/// that was added, then a further one. When the last node is still empty nothing more is added for
/// the group: the pod would fit no fresh one either. At the limit no group gets more nodes.
/// O(groups · log groups + pods + kinds · nodes).
pub(super) fn estimate(
    snapshot: &mut Snapshot,
    groups: &[&PodGroup],
    template: &Template,
    limits: EstimateLimits,
) -> Estimate {
    let mark = snapshot.mark();
    let begun = snapshot.checks;
    let mut packing = Packing {
        first: snapshot.nodes().len(),
        snapshot,
        template,
        limits,
        begun,
        last: None,
        full: false,
        cursors: BTreeMap::new(),
        placed: Vec::new(),
    };
    for group in ordered(packing.snapshot, groups, &template.allocatable) {
        packing.pack(group);
    }
    let placed = std::mem::take(&mut packing.placed);
    let used = packing.used();
    snapshot.rollback(mark);
    Estimate {
        nodes: used,
        pods: placed,
    }
}

/// Groups by falling score.
fn ordered<'g>(
    snapshot: &Snapshot,
    groups: &[&'g PodGroup],
    allocatable: &Resources,
) -> Vec<&'g PodGroup> {
    let score = |group: &&PodGroup| {
        let requests = &snapshot.spec(group.kind).requests;
        let share = |name: &str| {
            let of = |resources: &Resources| resources.get(name).copied().unwrap_or(0);
            match of(allocatable) {
                all if all > 0 => of(requests) as f64 / all as f64,
                _ => 0.0,
            }
        };
        share("cpu") + share("memory")
    };
    let mut scored: Vec<(f64, &PodGroup)> = groups.iter().map(|one| (score(one), *one)).collect();
    scored.sort_by(|(one, _), (two, _)| two.partial_cmp(one).unwrap_or(Ordering::Equal));
    scored.into_iter().map(|(_, group)| group).collect()
}

struct Packing<'s> {
    snapshot: &'s mut Snapshot,
    template: &'s Template,
    limits: EstimateLimits,
    /// Checks made before this estimate.
    begun: u64,
    /// Where new nodes begin.
    first: usize,
    /// The node added last.
    last: Option<usize>,
    /// Whether no more nodes may be added.
    full: bool,
    /// By kind: nodes before this one are known not to take it. Nodes only fill up, so what did not
    /// fit never will.
    cursors: BTreeMap<Kind, usize>,
    placed: Vec<(Kind, u32)>,
}

impl Packing<'_> {
    fn pack(&mut self, group: &PodGroup) {
        let mut placed = self.on_existing(group);
        if !self.full {
            placed += self.on_new(group, placed);
        }
        if placed > 0 {
            self.placed.push((group.kind, placed as u32));
        }
    }

    /// Pods of a group to new nodes there are already, up to the first that fits none.
    fn on_existing(&mut self, group: &PodGroup) -> usize {
        let minds = self.snapshot.minds_neighbours(group.kind);
        for placed in 0..group.pods.len() {
            let from = match minds {
                true => self.first,
                false => self.cursors.get(&group.kind).copied().unwrap_or(self.first),
            };
            let Some(node) = self.snapshot.find(group.kind, from, |_| true) else {
                self.cursors.insert(group.kind, self.snapshot.nodes().len());
                return placed;
            };
            self.cursors.insert(group.kind, node);
            self.snapshot.place(node, Tenant::any(group.kind));
        }
        group.pods.len()
    }

    /// The pods of a group from `done` on, one after the other to the last node or a further one.
    fn on_new(&mut self, group: &PodGroup, done: usize) -> usize {
        for placed in 0..group.pods.len() - done {
            let fits = |one: &usize| self.snapshot.fits(group.kind, *one);
            if let Some(last) = self.last.filter(fits) {
                self.snapshot.place(last, Tenant::any(group.kind));
                continue;
            }
            if self.elsewhere(group.kind) {
                continue;
            }
            let empty = |last: usize| self.snapshot.nodes()[last].pods.is_empty();
            if self.last.is_some_and(empty) {
                return placed;
            }
            if !self.may_add() {
                self.full = true;
                return placed;
            }
            let at = (self.snapshot.nodes().len() - self.first) as u32;
            let node = self.snapshot.add(NodeKey::New(at), self.template);
            self.last = Some(node);
            if !self.snapshot.fits(group.kind, node) {
                return placed;
            }
            self.snapshot.place(node, Tenant::any(group.kind));
        }
        group.pods.len() - done
    }

    /// A pod that is spread over hosts and would be too many on the last node may go to any other
    /// node of the cluster; whether it could.
    fn elsewhere(&mut self, kind: Kind) -> bool {
        let Some(last) = self.last.filter(|_| self.snapshot.spread_over_hosts(kind)) else {
            return false;
        };
        if !self.snapshot.spread_forbids(kind, last) {
            return false;
        }
        let key = self.snapshot.nodes()[last].key;
        let other = self.snapshot.find(kind, 0, |node| node.key != key);
        if let Some(other) = other {
            self.snapshot.place(other, Tenant::any(kind));
        }
        other.is_some()
    }

    fn may_add(&self) -> bool {
        let added = (self.snapshot.nodes().len() - self.first) as u32;
        let checks = self.snapshot.checks - self.begun;
        self.limits.nodes.is_none_or(|most| added < most)
            && (self.limits.checks == 0 || checks < self.limits.checks)
    }

    /// New nodes with a pod.
    fn used(&self) -> u32 {
        let new = &self.snapshot.nodes()[self.first..];
        new.iter().filter(|node| !node.pods.is_empty()).count() as u32
    }
}

#[cfg(test)]
mod tests;
