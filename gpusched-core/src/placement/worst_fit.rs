//! `worst-fit`: the mirror of best fit; spreads pods over the emptiest nodes.

use super::best_fit::left_afterwards;
use super::scored::whole_score;
use super::{NodeScore, Normalise, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;
use std::cmp::Reverse;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "worst-fit",
    summary: "node with most CPU and GPU left afterwards",
    rule: "raw = trunc(100 × (CPU left afterwards / 128 cores + GPU left afterwards / 8) / 2), \
           min-max normalised; ties: lowest rank. Shared pods: the device with most left, lowest \
           number on ties; whole GPUs: lowest numbers.",
    source: "mirror of best-fit",
};

/// The node with most left: `raw = trunc(100 × (c / 128000 + g / 8000) / 2)`, terms as in
/// [`super::BestFit`]. Ties go to the lowest rank. A shared pod takes the device with most left,
/// lowest number on ties. O(1) per node, O(devices) for shared pods.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{Placement, Pod, Scored, View, WorstFit};
/// use gpusched_core::workload::Shape;
/// let nodes = vec![Node::with_gpus("small", 2, "T4"), Node::with_gpus("big", 8, "T4")];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[Shape::whole_gpus(1)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = Scored::one(WorstFit).choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.node, NodeId(1));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WorstFit;

impl NodeScore for WorstFit {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        let device = (0..if ask.is_share() { node.gpus() } else { 0 })
            .filter(|&device| node.device_fits(ask, device))
            .min_by_key(|&device| Reverse(node.left(device)));
        Score {
            value: whole_score(left_afterwards(node, ask) * 100.0),
            device: device.map(|device| device as u8),
        }
    }

    fn normalise(&self) -> Normalise {
        Normalise::MinMax { equal: 0 }
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}
