//! `dot-product`: the node whose free resources are least aligned with the request.

use super::best_fit::LARGEST;
use super::scored::{left_of_cpu, whole_score};
use super::{NodeScore, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "dot-product",
    summary: "node with the smallest product of free and requested resources",
    rule: "raw = trunc(100 × (1 − d / 2)), d = (CPU left × CPU asked) + (GPU left × GPU asked), \
           each as a share of 128 cores or 8 GPUs, before placement; ties: lowest rank. Shared \
           pods: the device with least left that fits; whole GPUs: lowest numbers.",
    source: "FGD simulator, pkg/simulator/plugin/dot_product_score.go (dim merge, norm max)",
};

/// Alignment of the request with what is free, as one CPU and one merged GPU dimension.
///
/// `raw = trunc(100 × (1 − d / 2))` with `d = (C/128000)(k/128000) + (G/8000)(a/8000)`: `C`, `G`
/// left before placement, `k`, `a` asked. Not normalised; ties go to the lowest rank. A shared
/// pod takes the device with least left that fits. A node whose CPU was not recorded counts as
/// having none left. O(1) per node.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{DotProduct, Placement, Pod, Scored, View};
/// use gpusched_core::workload::Shape;
/// let nodes = vec![Node::with_gpus("big", 8, "T4"), Node::with_gpus("small", 4, "T4")];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[Shape::whole_gpus(2)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// // d is 1 × 0.25 on the big node (score 87) and 0.5 × 0.25 on the small one (score 93).
/// let spot = Scored::one(DotProduct).choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.node, NodeId(1));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DotProduct;

impl NodeScore for DotProduct {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        let cpu = left_of_cpu(node.cpu(), 0) as f64 / LARGEST.0;
        let gpu = f64::from(node.gpu_left()) / LARGEST.1;
        let mut product = 0.0;
        product += cpu * (ask.cpu as f64 / LARGEST.0);
        product += gpu * (ask.total_milli() as f64 / LARGEST.1);
        Score::plain(whole_score(100.0 * (1.0 - product / 2.0)))
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}
