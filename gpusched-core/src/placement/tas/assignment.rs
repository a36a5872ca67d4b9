//! Which leaves pods are on, and what they use there.

use super::forest::TreeId;
use super::requests::RequestsId;

/// Pods by leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub(super) tree: TreeId,
    /// Leaf and pods; in the order of names unless it was taken over from elsewhere.
    pub(super) domains: Vec<(u32, i32)>,
}

impl Assignment {
    /// The flavor's tree.
    pub fn tree(&self) -> TreeId {
        self.tree
    }

    /// Leaves and pods, as an index into the flavor's leaves.
    pub fn domains(&self) -> &[(u32, i32)] {
        &self.domains
    }

    /// Pods in all. O(domains).
    pub fn pods(&self) -> i64 {
        self.domains.iter().map(|(_, pods)| i64::from(*pods)).sum()
    }

    /// Both together, in the order of names. O(n log n).
    pub(super) fn with(&self, other: &Assignment) -> Assignment {
        let mut all = [&self.domains[..], &other.domains].concat();
        all.sort_unstable_by_key(|(leaf, _)| *leaf);
        let mut domains: Vec<(u32, i32)> = Vec::with_capacity(all.len());
        for (leaf, pods) in all {
            match domains.last_mut().filter(|last| last.0 == leaf) {
                Some(last) => last.1 += pods,
                None => domains.push((leaf, pods)),
            }
        }
        Assignment {
            tree: self.tree,
            domains,
        }
    }

    /// The first `pods` pods.
    pub(super) fn first(&self, pods: i32) -> Assignment {
        let mut left = pods.max(0);
        let taken = self.domains.iter().map_while(|&(leaf, pods)| {
            let taken = pods.min(left);
            left -= taken;
            (taken > 0).then_some((leaf, taken))
        });
        Assignment {
            tree: self.tree,
            domains: taken.collect(),
        }
    }
}

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
            same.map(|(_, pods)| *pods).sum::<i32>()
        };
        let more = |&(site, pods): &(u32, i32)| (site, pods - had(site));
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
