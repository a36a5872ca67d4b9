//! `first-fit`: the node of lowest rank that fits, lowest-numbered devices.

use super::{Placement, Pod, View};
use crate::cluster::Spot;
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "first-fit",
    summary: "first node that fits",
    rule: "The node of lowest rank that fits; the lowest-numbered devices with room.",
    source: "textbook",
};

/// Takes the first node that fits: lowest rank, and there the lowest-numbered devices with room.
/// O(nodes / 4096) once the index of what fits is up to date.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{FirstFit, Placement, Pod, View};
/// use gpusched_core::workload::Shape;
/// let nodes = vec![Node::with_gpus("small", 1, "T4"), Node::with_gpus("big", 8, "T4")];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[Shape::whole_gpus(2)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = FirstFit.choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot, Spot { node: NodeId(1), devices: 0b11 });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstFit;

impl Placement for FirstFit {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let node = view.first_fit(pod.shape)?;
        let devices = view.node(node).lowest_devices(&view.ask(pod.shape));
        Some(Spot { node, devices })
    }
}
