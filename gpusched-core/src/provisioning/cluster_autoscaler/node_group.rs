//! Node groups, and the node a group would add.

use crate::kube::{Labels, Resources, Taint};
use crate::provisioning::Price;
use crate::provisioning::karpenter::labels::HOSTNAME;
use crate::provisioning::karpenter::objects::NodeType;

/// A group of like nodes whose size Cluster Autoscaler changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeGroup {
    /// Its id; unique. Machines that have it as owner are its nodes.
    pub id: String,
    /// Fewest nodes; scale-down stops there.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
    /// The instance type of its nodes: an index into the types of the view.
    pub node_type: usize,
    /// The offering of that type its nodes are launched from.
    pub offering: usize,
    /// Labels of its nodes beyond those of type and offering.
    pub labels: Labels,
    /// Taints of its nodes.
    pub taints: Vec<Taint>,
    /// Whether it has either no nodes or all it may have (`ZeroOrMaxNodeScaling`).
    pub zero_or_max: bool,
}

/// Why a controller cannot be made of these groups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeGroupError {
    /// Two groups have one id.
    #[error("there are two node groups `{0}`; ids are unique")]
    Twice(String),
    /// Fewest above most.
    #[error("node group `{id}` has at least {min} and at most {max} nodes")]
    Bounds {
        /// Which group.
        id: String,
        /// Its fewest nodes.
        min: u32,
        /// Its most.
        max: u32,
    },
    /// There is no such type or offering.
    #[error("node group `{0}` is of an instance type or offering that does not exist")]
    NoSuchType(String),
}

impl NodeGroup {
    /// Whether the groups can be worked with.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(groups: &[NodeGroup], types: &[NodeType]) -> Result<(), NodeGroupError> {
        for (at, group) in groups.iter().enumerate() {
            let (id, min, max) = (group.id.clone(), group.min, group.max);
            if groups[..at].iter().any(|other| other.id == group.id) {
                return Err(NodeGroupError::Twice(id));
            }
            if min > max {
                return Err(NodeGroupError::Bounds { id, min, max });
            }
            let of = types.get(group.node_type);
            if of.is_none_or(|of| of.offerings.len() <= group.offering) {
                return Err(NodeGroupError::NoSuchType(id));
            }
        }
        Ok(())
    }
}

/// The node a group would add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) labels: Labels,
    pub(super) taints: Vec<Taint>,
    pub(super) capacity: Resources,
    pub(super) allocatable: Resources,
    pub(super) price: Price,
}

impl Template {
    /// Labels of the type that have one value, over them those of the offering, over them the
    /// group's own. A node has a host name once there is one.
    pub(super) fn new(group: &NodeGroup, types: &[NodeType]) -> Template {
        let of = &types[group.node_type];
        let offer = &of.offerings[group.offering];
        let mut labels = Labels::new();
        for one in of.requirements.iter().chain(offer.requirements.iter()) {
            let mut values = one.values().iter();
            if let (false, Some(value), None) = (one.is_complement(), values.next(), values.next())
            {
                labels.insert(one.key().to_owned(), value.clone());
            }
        }
        labels.extend(group.labels.clone());
        labels.remove(HOSTNAME);
        Template {
            labels,
            taints: group.taints.clone(),
            capacity: of.capacity.clone(),
            allocatable: of.allocatable.clone(),
            price: offer.offering.price,
        }
    }
}
