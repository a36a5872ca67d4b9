//! Two policies as one: devices by one, MIG instances by the other.

use super::mig::MigPlacement;
use super::{Explanation, Placement, Pod, Trial, View};
use crate::cluster::Spot;

/// Places pods that ask for MIG instances by a [`MigPlacement`] and all others by a [`Placement`].
/// A job whose pods all ask for devices is placed by the latter as a whole.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, MigMode, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::mig::registry::mig_placement;
/// use gpusched_core::placement::{FirstFit, Placement, Pod, View, WithMig};
/// use gpusched_core::workload::Shape;
/// let node = Node { mig: MigMode::OnDemand, ..Node::with_gpus("a", 1, "A100-SXM4-40GB") };
/// let inventory = Inventory::new(vec![node]).unwrap();
/// let three = Shape::mig_instances("3g.20gb", 1, 428);
/// let mut cluster = Cluster::new(inventory.clone(), &[three]);
/// let mut policy = WithMig::new(Box::new(FirstFit), mig_placement("hami").unwrap());
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = policy.choose(&mut View::new(&mut cluster), pod).unwrap();
/// // HAMi puts a 3g at the upper half: GPU 0, start 4.
/// assert_eq!(inventory.instances(spot).collect::<Vec<_>>(), [(0, 4)]);
/// ```
pub struct WithMig {
    devices: Box<dyn Placement>,
    instances: Box<dyn MigPlacement>,
}

impl WithMig {
    /// Devices by `devices`, instances by `instances`.
    pub fn new(devices: Box<dyn Placement>, instances: Box<dyn MigPlacement>) -> WithMig {
        WithMig { devices, instances }
    }
}

impl Placement for WithMig {
    fn name(&self) -> String {
        self.devices.name()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        match view.ask(pod.shape).is_mig() {
            true => view.choose_instances(pod.shape, self.instances.as_mut()),
            false => self.devices.choose(view, pod),
        }
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        let sets = &trial.spec().pod_sets;
        let asks_mig = sets.iter().any(|set| trial.view().ask(set.shape).is_mig());
        match asks_mig {
            true => trial.one_by_one(|view, pod| self.choose(view, pod)),
            false => self.devices.place(trial),
        }
    }

    fn honours_locality(&self) -> bool {
        self.devices.honours_locality()
    }

    fn may_refuse(&self) -> bool {
        self.devices.may_refuse()
    }

    super::follows!(devices);

    fn explanation(&self) -> Option<&Explanation> {
        self.devices.explanation()
    }
}
