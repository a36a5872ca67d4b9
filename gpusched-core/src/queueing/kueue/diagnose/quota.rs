//! Which quota binds.

use super::super::ids::{ClusterQueueId, FlavorResourceId, QuotaNodeId};
use super::super::{Amount, Quota};

/// What keeps a ClusterQueue from more of a flavor-resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// The node's own quota, and that of everything around it, is in use.
    Quota,
    /// The node may borrow no more, although there is more.
    BorrowingLimit,
}

/// Quota that would have to be free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The flavor.
    pub flavor: String,
    /// The resource.
    pub resource: String,
    /// How much more has to be free, exactly: debts of the queue included. A nominal quota of the
    /// ClusterQueue that is higher by this much does it, too.
    pub missing: Amount,
    /// The cohort or ClusterQueue within which it has to come free.
    pub node: String,
    /// Whether that is a cohort.
    pub is_cohort: bool,
    /// What binds there.
    pub binding: Binding,
}

impl Shortfall {
    /// What is missing for `missing` more than what is available, which the search counts as 0 for
    /// a queue in debt. O(depth²).
    pub(super) fn new(
        quota: &Quota,
        queue: ClusterQueueId,
        fr: FlavorResourceId,
        missing: Amount,
    ) -> Shortfall {
        let debt = Amount::ZERO.min(quota.node_available(queue.into(), fr));
        let (node, binding) = binding(quota, queue, fr);
        let names = quota.names();
        let (flavor, resource) = names.parts(fr);
        Shortfall {
            flavor: names.flavor_name(flavor).to_owned(),
            resource: names.resource_name(resource).to_owned(),
            missing: missing - debt,
            node: names.node_name(node).to_owned(),
            is_cohort: quota.as_cluster_queue(node).is_none(),
            binding,
        }
    }
}

/// The node nearest to the queue beyond which more would not help.
fn binding(quota: &Quota, queue: ClusterQueueId, fr: FlavorResourceId) -> (QuotaNodeId, Binding) {
    let mut node = QuotaNodeId::from(queue);
    while let Some(parent) = quota.parent(node) {
        let local = quota.local_available(node, fr);
        let from_parent = quota.node_available(node, fr) - local;
        if from_parent < quota.node_available(parent, fr) {
            return (node, Binding::BorrowingLimit);
        }
        node = parent;
    }
    (node, Binding::Quota)
}
