//! `gpu-packing`: fill shared devices first, then devices of nodes in use, then empty nodes.

use super::{NodeScore, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;
use crate::units::MILLI;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "gpu-packing",
    summary: "shared devices first, then nodes in use, then empty nodes",
    rule: "CPU pods: 0. All n devices free: max(33 − n, n). The devices taken in order of least \
           left, f > 0 of them free: max(50 − f, 33). Else max(100 − (sum of left as whole \
           percent) / 10, 50). Ties: lowest rank. Shared pods: the device with least left that \
           fits; whole GPUs: lowest numbers.",
    source: "FGD simulator, pkg/simulator/plugin/gpu_packing_score.go",
};

/// Three tiers: shared devices score 50 to 100, free devices of nodes in use 33 to 49, empty
/// nodes at most 32.
///
/// CPU pods score 0 everywhere. If all `n` devices of the node are free the score is
/// `max(33 − n, n)`. Otherwise devices that fit are taken in order of least left until the pod is
/// served: with `f > 0` free ones among them `max(50 − f, 33)`, else
/// `max(100 − (Σ ⌊left × 100 / 1000⌋) / 10, 50)`, all in integers. Not normalised; ties go to the
/// lowest rank. O(devices) per node.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{GpuPacking, Placement, Pod, Scored, View};
/// use gpusched_core::workload::Shape;
/// let nodes = (0..2).map(|i| Node::with_gpus(format!("n{i}"), 2, "T4")).collect();
/// let half = Shape { gpu_milli: 500, ..Shape::whole_gpus(1) };
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[half]);
/// cluster.take(ShapeId(0), Spot { node: NodeId(1), devices: 0b10 }).unwrap();
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = Scored::one(GpuPacking).choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot, Spot { node: NodeId(1), devices: 0b10 });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GpuPacking;

impl NodeScore for GpuPacking {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        Score::plain(rate(node, ask))
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}

fn rate(node: NodeView<'_>, ask: &Ask) -> i32 {
    if ask.gpus == 0 {
        return 0;
    }
    let free = node.free_devices();
    if free == node.gpus() {
        return (33 - free as i32).max(free as i32);
    }
    let tightest = node
        .shared_devices()
        .map(|(_, left)| left)
        .filter(|&left| ask.is_share() && left >= ask.milli)
        .min();
    match tightest {
        // A shared pod takes one device, so the sum has one term.
        Some(left) => (100 - (left * 100 / MILLI) as i32 / 10).max(50),
        None => (50 - ask.gpus as i32).max(33),
    }
}
