//! Which leaves pods are on.

use super::forest::{Forest, TreeId};
use crate::queueing::kueue::objects::{TopologyAssignment, TopologyDomain};

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
                Some(last) => last.1 = last.1.saturating_add(pods),
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
            left = left.saturating_sub(taken);
            (taken > 0).then_some((leaf, taken))
        });
        Assignment {
            tree: self.tree,
            domains: taken.collect(),
        }
    }
}

impl Forest {
    /// An assignment by names, as the API has it. O(domains).
    pub fn topology_assignment(&self, assignment: &Assignment) -> TopologyAssignment {
        let tree = &self.get(assignment.tree).tree;
        let domain = |&(leaf, count): &(u32, i32)| TopologyDomain {
            values: tree.name(leaf),
            count,
        };
        TopologyAssignment {
            levels: tree.named_levels().to_vec(),
            domains: assignment.domains.iter().map(domain).collect(),
        }
    }

    /// An assignment from names; `Err` is the first value of a domain that does not exist (any
    /// more): the assignment is stale. O(domains).
    pub fn resolve<'n>(
        &self,
        tree: TreeId,
        assignment: &'n TopologyAssignment,
    ) -> Result<Assignment, &'n str> {
        let leaves = &self.get(tree).tree;
        let leaf = |one: &'n TopologyDomain| match leaves.find(&one.values) {
            Some(leaf) => Ok((leaf, one.count)),
            None => Err(one.values.first().map_or("", String::as_str)),
        };
        let domains: Result<Vec<_>, _> = assignment.domains.iter().map(leaf).collect();
        Ok(Assignment {
            tree,
            domains: domains?,
        })
    }
}
