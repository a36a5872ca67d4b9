//! `variability`: GPUs of one model that are not equally fast.

use super::sharing::Speed;
use super::{Performance, Residence};
use crate::cluster::Inventory;
use crate::ids::JobId;

/// A job goes as fast as the slowest GPU it has ([`Node::variability`]): its GPUs wait for one another
/// in every step (Jain et al., PAL, SC 2024). Jobs in MIG instances and pods without GPUs go as
/// recorded.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId};
/// use gpusched_core::performance::sharing::Speed;
/// use gpusched_core::performance::{Performance, Residence, Variability};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// let node = Node { variability: vec![1000, 1250], ..Node::with_gpus("n", 2, "V100") };
/// let inventory = Inventory::new(vec![node]).unwrap();
/// let mut builder = WorkloadBuilder::new();
/// let shape = Shape::whole_gpus(2);
/// builder.push(&JobDraft::new("a", Time::ZERO, Span::from_secs(1), shape)).unwrap();
/// let work = builder.finish().unwrap();
/// let spots = [Spot { node: NodeId(0), devices: 0b11 }];
/// let mut speeds = Vec::new();
/// let at = Residence { work: &work, job: JobId(0), spots: &spots };
/// Variability::new(&inventory).unwrap().started(at, &mut speeds);
/// assert_eq!(speeds, [(JobId(0), Speed::ratio(4, 5).unwrap())]);
/// ```
///
/// [`Node::variability`]: crate::cluster::Node::variability
#[derive(Clone, Debug)]
pub struct Variability {
    /// By node and device.
    slowdown: Vec<Vec<u32>>,
}

impl Variability {
    /// On these machines; `None` = nothing is known of their GPUs but the model.
    pub fn new(inventory: &Inventory) -> Option<Variability> {
        let nodes = inventory.nodes();
        let known = nodes.iter().any(|node| !node.variability.is_empty());
        known.then(|| Variability {
            slowdown: nodes.iter().map(|node| node.variability.clone()).collect(),
        })
    }
}

impl Performance for Variability {
    fn name(&self) -> String {
        "variability".into()
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
        if sets
            .iter()
            .any(|set| at.work.shape(set.shape).mig.is_some())
        {
            return;
        }
        let slowest = at.spots.iter().filter_map(|spot| {
            let devices = &self.slowdown[spot.node.index()];
            let held = devices.iter().enumerate();
            let held = held.filter(|(device, _)| spot.devices >> device & 1 == 1);
            let most = held.map(|(_, slowdown)| *slowdown).max();
            most.or((spot.devices != 0).then_some(1000))
        });
        let Some(slowest) = slowest.max().filter(|&slowest| slowest != 1000) else {
            return;
        };
        if let Some(speed) = Speed::ratio(1000, slowest) {
            speeds.push((at.job, speed));
        }
    }
}
