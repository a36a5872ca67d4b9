//! Typed dense indices. An id is a position in a table, so a lookup is an array access; the types
//! keep a node from being used where a job is meant.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone,
            Copy,
            Debug,
            Default,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            serde::Serialize,
            serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The position as an array index.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            /// # Panics
            /// When the table has outgrown the index type; tables are bounded when they are built.
            #[inline]
            fn from(index: usize) -> Self {
                $name(<$int>::try_from(index).expect("table outgrew its index type"))
            }
        }
    };
}

pub(crate) use id;

id!(
    /// A node, by its position in the inventory. The position is also its tie-break rank.
    NodeId(u32)
);
id!(
    /// A job, by its position in the workload: arrival order, ties in file order.
    JobId(u32)
);
id!(
    /// A distinct per-pod request.
    ShapeId(u32)
);
id!(
    /// A distinct job specification: the pod sets a job is made of.
    SpecId(u32)
);
id!(
    /// A distinct owner: queue, user, tenant, priority and what goes with them.
    OwnerId(u32)
);
id!(
    /// A GPU model as an inventory knows it: name and memory per device.
    ModelId(u8)
);
