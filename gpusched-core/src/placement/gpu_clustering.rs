//! `gpu-clustering`: pods of one size keep together, so that nodes fill up evenly.

use super::{NodeScore, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "gpu-clustering",
    summary: "nodes that already hold pods of the same GPU count",
    rule: "CPU pods: 0. b = 25 × (8000 − milli-GPU left) / 8000 in integers; b + 75 if only pods \
           of this class are resident, b + 50 if others too, b + 25 if no GPU pod is, b if only \
           others are. Classes: shared GPU, 1, 2, 4, 8 … GPUs. Ties: lowest rank. Shared pods: \
           the device with least left that fits; whole GPUs: lowest numbers.",
    source: "FGD simulator, pkg/simulator/plugin/gpu_clustering_score.go",
};

/// Like goes with like: a pod's class is "shared GPU" or its number of whole GPUs.
///
/// CPU pods score 0. Else `b = 25 × (8000 − G) / 8000` in integer arithmetic, `G` milli-GPU left,
/// plus 75 where this class is the only one resident, 50 where it is one of several, 25 where no
/// GPU pod is, 0 where only other classes are. CPU pods on the node do not count. Not normalised;
/// ties go to the lowest rank. A shared pod takes the device with least left that fits.
/// O(classes) per node.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{GpuClustering, Placement, Pod, Scored, View};
/// use gpusched_core::workload::Shape;
/// let nodes = (0..3).map(|i| Node::with_gpus(format!("n{i}"), 8, "T4")).collect();
/// let shapes = [Shape::whole_gpus(1), Shape::whole_gpus(2)];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &shapes);
/// cluster.take(ShapeId(0), Spot { node: NodeId(1), devices: 1 }).unwrap();
/// cluster.take(ShapeId(1), Spot { node: NodeId(2), devices: 3 }).unwrap();
/// let pod = Pod { shape: ShapeId(1), job: JobId(0), ordinal: 0 };
/// let spot = Scored::one(GpuClustering).choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.node, NodeId(2));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GpuClustering;

impl NodeScore for GpuClustering {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        if ask.gpus == 0 {
            return Score::plain(0);
        }
        let base = 25 * (8_000 - i64::from(node.gpu_left())) / 8_000;
        let residents = node.residents();
        let class = usize::from(ask.class);
        let same = residents[class] > 0;
        // Class 0 is CPU pods.
        let others = (1..residents.len()).any(|other| other != class && residents[other] > 0);
        let bonus = match (same, others) {
            (true, false) => 75,
            (true, true) => 50,
            (false, false) => 25,
            (false, true) => 0,
        };
        Score::plain(base as i32 + bonus)
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}
