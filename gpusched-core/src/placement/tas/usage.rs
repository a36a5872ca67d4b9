//! What is in use: by workloads that run, by those a cycle tries, by those looked at.

use super::assignment::Assignment;
use super::forest::{Forest, TreeId};
use super::requests::RequestsId;
use super::tree::NONE;
use crate::queueing::kueue::objects::TopologyAssignment;

/// What the pods of one pod set use, and where. Made by [`Forest`](super::Forest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub(super) tree: TreeId,
    pub(super) requests: RequestsId,
    /// Site (a host that several flavors may have, or else a leaf) and pods.
    pub(super) sites: Vec<(u32, i32)>,
}

impl Usage {
    /// The flavor's tree.
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// What one pod requests.
    pub fn requests(&self) -> RequestsId {
        self.requests
    }

    /// Whether no pod is anywhere.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// What comes on top of what is accounted for already: per domain the pods there were not
    /// before. Pods that left are not subtracted. O(n · m).
    pub fn above(&self, before: &Usage) -> Usage {
        let had = |site: u32| {
            let same = before.sites.iter().filter(|(one, _)| *one == site);
            same.fold(0i32, |sum, (_, pods)| sum.saturating_add(*pods))
        };
        let more = |&(site, pods): &(u32, i32)| (site, pods.saturating_sub(had(site)));
        Usage {
            sites: self
                .sites
                .iter()
                .map(more)
                .filter(|(_, pods)| *pods > 0)
                .collect(),
            ..*self
        }
    }
}

/// The beginning of a transaction.
#[derive(Debug)]
#[must_use]
pub struct Mark(usize);

/// Pods put on a leaf (negative: taken off).
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    tree: u16,
    leaf: u32,
    requests: RequestsId,
    pods: i64,
}

impl Forest {
    /// What an assignment uses. O(domains).
    pub fn usage(&self, assignment: &Assignment, requests: RequestsId) -> Usage {
        let flavor = self.get(assignment.tree);
        let site = |&(leaf, pods): &(u32, i32)| (flavor.site_of(leaf), pods);
        Usage {
            tree: assignment.tree,
            requests,
            sites: assignment.domains.iter().map(site).collect(),
        }
    }

    /// What an assignment by names uses. Domains that do not exist (any more) use nothing and fit
    /// nowhere. O(domains).
    pub fn usage_by_name(
        &self,
        tree: TreeId,
        assignment: &TopologyAssignment,
        requests: RequestsId,
    ) -> Usage {
        let flavor = self.get(tree);
        let site = |values: &[String]| match (flavor.tree.of_hosts, values) {
            // A host may have left this flavor and still be another's.
            (true, [host]) => self.hosts.get(host).copied(),
            (true, _) => None,
            (false, _) => flavor.tree.find(values),
        };
        let sites = assignment
            .domains
            .iter()
            .map(|one| (site(&one.values).unwrap_or(NONE), one.count));
        Usage {
            tree,
            requests,
            sites: sites.collect(),
        }
    }

    /// Uses more, as its own flavor sees it. O(domains · resources).
    pub fn add_usage(&mut self, usage: &Usage) {
        self.change_own(usage, 1);
    }

    /// Uses less: the reverse of [`Forest::add_usage`].
    pub fn remove_usage(&mut self, usage: &Usage) {
        self.change_own(usage, -1);
    }

    /// Uses more, as every flavor that has the host sees it. O(domains · flavors · resources).
    pub fn admit(&mut self, usage: &Usage) {
        self.change_all(usage, 1);
    }

    /// Uses less: the reverse of [`Forest::admit`].
    pub fn release(&mut self, usage: &Usage) {
        self.change_all(usage, -1);
    }

    fn change_own(&mut self, usage: &Usage, sign: i64) {
        for &(site, pods) in &usage.sites {
            if let Some(leaf) = self.get(usage.tree).leaf_at(site) {
                self.change(Change {
                    tree: usage.tree.0,
                    leaf,
                    requests: usage.requests,
                    pods: sign * i64::from(pods),
                });
            }
        }
    }

    fn change_all(&mut self, usage: &Usage, sign: i64) {
        if !self.rules.handle_overlapping_flavors || !self.get(usage.tree).tree.of_hosts {
            self.change_own(usage, sign);
            return;
        }
        for &(site, pods) in &usage.sites {
            let places = self.leaves_of.get(site as usize).map_or(0, Vec::len);
            for at in 0..places {
                let (tree, leaf) = self.leaves_of[site as usize][at];
                self.change(Change {
                    tree,
                    leaf,
                    requests: usage.requests,
                    pods: sign * i64::from(pods),
                });
            }
        }
    }

    fn change(&mut self, change: Change) {
        let requests = self.table.get(change.requests);
        let free = &mut self.flavors[usize::from(change.tree)].now;
        free.take(change.leaf, requests, change.pods);
        if self.open > 0 {
            self.log.push(change);
        }
    }

    /// Says how much of a resource (by its place in [`Forest::resources`]) is free on a leaf, for
    /// callers that keep their own account of use. Not part of any transaction.
    pub fn set_free(&mut self, tree: TreeId, leaf: u32, resource: usize, amount: i64) {
        self.flavors[usize::from(tree.0)]
            .now
            .set(leaf, resource, amount);
    }

    /// Begins a transaction: use that changes from here on can be undone. Transactions nest; they
    /// end in the reverse order.
    pub fn begin(&mut self) -> Mark {
        self.open += 1;
        Mark(self.log.len())
    }

    /// Keeps what changed since the mark. It can still be undone by a transaction around this one.
    pub fn commit(&mut self, _mark: Mark) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.log.clear();
        }
    }

    /// Undoes what changed since the mark, exactly. O(changes · resources).
    pub fn rollback(&mut self, mark: Mark) {
        self.open = self.open.saturating_sub(1);
        while self.log.len() > mark.0 {
            let Some(change) = self.log.pop() else {
                return;
            };
            let requests = self.table.get(change.requests);
            let free = &mut self.flavors[usize::from(change.tree)].now;
            free.take(change.leaf, requests, -change.pods);
        }
    }

    /// Whether every domain has room for its pods. Each entry is looked at by itself, and the place
    /// of the pod as such is not counted, as upstream has it. O(domains · resources).
    pub fn fits(&self, usage: &[Usage]) -> bool {
        usage.iter().all(|usage| {
            let flavor = self.get(usage.tree);
            let requests = self.table.get(usage.requests);
            usage.sites.iter().all(|&(site, pods)| {
                flavor
                    .leaf_at(site)
                    .is_some_and(|leaf| requests.times_in(flavor.now.of(leaf)) >= i64::from(pods))
            })
        })
    }

    /// Until [`Forest::forget`], an assignment uses its leaves even of an empty cluster: pod sets of
    /// one workload must not get the same place twice. `others` are further flavors it matters to.
    pub(super) fn assume(
        &mut self,
        assignment: &Assignment,
        requests: RequestsId,
        others: impl Fn(TreeId) -> bool,
    ) {
        let TreeId(own) = assignment.tree;
        for &(leaf, pods) in &assignment.domains {
            let mut change = Change {
                tree: own,
                leaf,
                requests,
                pods: i64::from(pods),
            };
            self.change_assumed(change);
            if self.rules.handle_overlapping_flavors && self.get(assignment.tree).tree.of_hosts {
                let site = self.get(assignment.tree).site_of(leaf) as usize;
                for at in 0..self.leaves_of[site].len() {
                    (change.tree, change.leaf) = self.leaves_of[site][at];
                    if change.tree != own && others(TreeId(change.tree)) {
                        self.change_assumed(change);
                    }
                }
            }
        }
    }

    fn change_assumed(&mut self, change: Change) {
        let requests = self.table.get(change.requests);
        let flavor = &mut self.flavors[usize::from(change.tree)];
        flavor.now.take(change.leaf, requests, change.pods);
        flavor.bare.take(change.leaf, requests, change.pods);
        self.assumed.push(change);
    }

    /// Takes back what was assumed.
    pub(super) fn forget(&mut self) {
        while let Some(change) = self.assumed.pop() {
            let requests = self.table.get(change.requests);
            let flavor = &mut self.flavors[usize::from(change.tree)];
            flavor.now.take(change.leaf, requests, -change.pods);
            flavor.bare.take(change.leaf, requests, -change.pods);
        }
    }
}
