//! Quota: who owns, lends, borrows and uses how much.
//!
//! ClusterQueues are the leaves of trees whose inner nodes are cohorts. Each node owns quota per
//! flavor-resource, keeps a part of it to itself (the *local quota*, by its lending limit) and
//! offers the rest to its parent. Use is counted at the ClusterQueue and bubbles up as far as it
//! exceeds the local quotas on the way (upstream: `pkg/cache/scheduler/resource_node.go`).
//!
//! | file | what |
//! |---|---|
//! | `names` | names and dense ids |
//! | `tree` | parents, children, heights, cycles |
//! | `limits` | what quotas and limits say, without any use |
//! | `usage` | use, what is available, transactions |
//! | `share` | dominant resource share |

mod limits;
mod names;
mod share;
#[cfg(test)]
mod tests;
mod tree;
mod usage;

pub use names::Names;
pub use share::DominantResourceShare;
pub use usage::Mark;

use super::ids::{FlavorResourceId, QuotaNodeId};
use super::{Amount, Objects};
use limits::Limits;
use tree::Tree;

/// Quota and use of one resource in one flavor at one node; together because every walk to the
/// root needs all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// What counts against the subtree quota.
    usage: Amount,
    /// The node's own quota and what its children offer.
    subtree: Amount,
    /// The part of it the parent never sees.
    local: Amount,
    /// Most it may take beyond the subtree quota; unlimited where there is no limit.
    borrowing_limit: Amount,
}

/// The quota trees of a cluster and the use of them.
///
/// Reading is O(depth of the tree) at most, and so are [`Quota::add_usage`] and
/// [`Quota::remove_usage`]. Changes inside a transaction ([`Quota::begin`]) are undone exactly.
///
/// ```
/// use gpusched_core::queueing::kueue::objects::{
///     ClusterQueue, FlavorQuotas, ResourceGroup, ResourceQuota,
/// };
/// use gpusched_core::queueing::kueue::{Amount, Objects, Quota};
///
/// let queue = |name: &str, nominal| ClusterQueue {
///     name: name.into(),
///     cohort: Some("team".into()),
///     resource_groups: vec![ResourceGroup {
///         covered: vec!["cpu".into()],
///         flavors: vec![FlavorQuotas {
///             flavor: "spot".into(),
///             resources: vec![ResourceQuota {
///                 resource: "cpu".into(),
///                 nominal: Amount(nominal),
///                 ..ResourceQuota::default()
///             }],
///         }],
///     }],
///     ..ClusterQueue::default()
/// };
/// let objects = Objects {
///     cluster_queues: vec![queue("a", 4_000), queue("b", 6_000)],
///     ..Objects::default()
/// };
/// let mut quota = Quota::new(&objects);
/// let names = quota.names();
/// let (a, b) = (names.cluster_queue("a").unwrap(), names.cluster_queue("b").unwrap());
/// let (spot, cpu) = (names.flavor("spot").unwrap(), names.resource("cpu").unwrap());
/// let cpu = names.flavor_resource(spot, cpu).unwrap();
///
/// quota.add_usage(a, cpu, Amount(7_000));
/// assert!(quota.borrowing_with(a.into(), cpu, Amount(0)));
/// assert_eq!(quota.available(b, cpu), Amount(3_000));
/// ```
#[derive(Clone, Debug)]
pub struct Quota {
    names: Names,
    tree: Tree,
    limits: Limits,
    /// By node, then flavor-resource.
    cells: Vec<Cell>,
    log: Vec<usage::Undo>,
    open: u32,
}

impl Quota {
    /// The trees the objects describe, with nothing used. Workloads only lend their names: see
    /// [`Quota::add_usage`].
    ///
    /// Cohorts on, or below, a cycle of parents have no tree: see [`Quota::has_cycle`].
    pub fn new(objects: &Objects) -> Quota {
        let names = Names::new(objects);
        let tree = Tree::new(objects, &names);
        let (cells, limits) = limits::read(objects, &names, &tree);
        Quota {
            names,
            tree,
            limits,
            cells,
            log: Vec::new(),
            open: 0,
        }
    }

    /// Names and ids.
    pub fn names(&self) -> &Names {
        &self.names
    }

    #[inline]
    fn at(&self, node: QuotaNodeId, fr: FlavorResourceId) -> usize {
        node.index() * self.names.flavor_resources() + fr.index()
    }

    #[inline]
    fn cell(&self, node: QuotaNodeId, fr: FlavorResourceId) -> &Cell {
        &self.cells[self.at(node, fr)]
    }
}
