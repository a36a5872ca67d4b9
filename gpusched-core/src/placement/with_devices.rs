//! Two policies as one: nodes by one, devices of a node by the other.

use super::device::Chooser;
use super::{Explanation, Placement, Pod, Trial, View};
use crate::cluster::Spot;

/// Chooses nodes by a [`Placement`], and which of a node's devices pods of whole GPUs get by a
/// [`DevicePolicy`](super::device::DevicePolicy).
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId};
/// use gpusched_core::placement::device::{Chooser, registry::device_policy};
/// use gpusched_core::placement::{FirstFit, Trial, WithDevices};
/// use gpusched_core::topology::{Board, Fabric, Link, Path, Topology};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use std::sync::Arc;
/// // GPUs 0 and 2 are on one board, 1 and 3 on the other.
/// let mut links = vec![Link { nvlinks: 0, path: Some(Path::Sys), gbps: 10.0 }; 16];
/// for (one, other) in [(0, 2), (2, 0), (1, 3), (3, 1)] {
///     links[one * 4 + other].path = Some(Path::Board);
/// }
/// let board = Board::new("dual", links, vec![0; 4], None, Vec::new()).unwrap();
/// let topology = Topology::new(Fabric::flat(1), vec![Arc::new(board)], vec![Some(0)]);
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 4, "T4")]).unwrap();
/// let inventory = inventory.with_topology(Arc::new(topology));
/// let mut builder = WorkloadBuilder::new();
/// let pair = Shape::whole_gpus(2);
/// builder.push(&JobDraft::new("a", Time::ZERO, Span::from_secs(1), pair)).unwrap();
/// let work = builder.finish().unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), work.shapes());
/// let chooser = Chooser::new(device_policy("best-effort").unwrap(), &inventory);
/// let mut policy = WithDevices::new(Box::new(FirstFit), chooser);
/// let mut spots = Vec::new();
/// let trial = Trial::new(&mut cluster, &work.specs()[0], JobId(0), &mut spots);
/// assert!(trial.run(&mut policy).unwrap());
/// assert_eq!(spots, [Spot { node: NodeId(0), devices: 0b101 }]);
/// ```
pub struct WithDevices {
    nodes: Box<dyn Placement>,
    devices: Option<Box<Chooser>>,
}

impl WithDevices {
    /// Nodes by `nodes`, devices by `devices`.
    pub fn new(nodes: Box<dyn Placement>, devices: Chooser) -> WithDevices {
        WithDevices {
            nodes,
            devices: Some(Box::new(devices)),
        }
    }
}

impl Placement for WithDevices {
    fn name(&self) -> String {
        self.nodes.name()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let spot = self.nodes.choose(view, pod)?;
        Some(match &mut self.devices {
            Some(chooser) => chooser.instead(view.cluster(), pod.shape, spot),
            None => spot,
        })
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        let before = trial.choose_devices(self.devices.take());
        let placed = self.nodes.place(trial);
        self.devices = trial.choose_devices(before);
        placed
    }

    fn honours_locality(&self) -> bool {
        self.nodes.honours_locality()
    }

    fn may_refuse(&self) -> bool {
        self.nodes.may_refuse()
    }

    super::follows!(nodes);

    fn explanation(&self) -> Option<&Explanation> {
        self.nodes.explanation()
    }
}
