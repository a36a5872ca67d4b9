//! Dense ids of Kueue's objects. Ids of named things are given in the order of the names, so that
//! comparing two ids compares their names.

use crate::ids::id;

id!(
    /// A ClusterQueue.
    ClusterQueueId(u32)
);
id!(
    /// A node of the quota tree: the ClusterQueues, in their order, then the cohorts in theirs.
    QuotaNodeId(u32)
);
id!(
    /// A LocalQueue, ordered by namespace, then name.
    LocalQueueId(u32)
);
id!(
    /// A Namespace.
    NamespaceId(u32)
);
id!(
    /// A ResourceFlavor.
    FlavorId(u32)
);
id!(
    /// A resource, such as `cpu`.
    ResourceId(u32)
);
id!(
    /// A resource in a flavor: the unit quota is counted in. Ordered by flavor, then resource.
    FlavorResourceId(u32)
);
id!(
    /// A workload, by its position in the caller's table.
    WorkloadId(u32)
);

impl From<ClusterQueueId> for QuotaNodeId {
    #[inline]
    fn from(queue: ClusterQueueId) -> QuotaNodeId {
        QuotaNodeId(queue.0)
    }
}
