//! `best-fit`: the node that has least left afterwards, CPU and GPU counting half each.

use super::scored::{left_of_cpu, whole_score};
use super::{NodeScore, Normalise, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;

/// CPU and GPU of the largest machine of the FGD paper's cluster; scores are relative to it.
pub(super) const LARGEST: (f64, f64) = (128_000.0, 8_000.0);

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "best-fit",
    summary: "node with least CPU and GPU left afterwards",
    rule: "raw = trunc(100 × (1 − (CPU left afterwards / 128 cores + GPU left afterwards / 8) / 2)), \
           min-max normalised; ties: lowest rank. Shared pods: the device with least left that \
           fits, lowest number on ties; whole GPUs: lowest numbers.",
    source: "FGD simulator, pkg/simulator/plugin/best_fit_score.go",
};

/// Best fit as in the FGD repository.
///
/// `raw = trunc(100 × (1 − (c / 128000 + g / 8000) / 2))` with `c` milli-cores and `g` milli-GPU
/// left on the node *after* placement, normalised to 0..100 over the feasible nodes (all 0 when
/// all are equal). Ties go to the lowest rank. A shared pod takes the device with least left that
/// fits, lowest number on ties. A node whose CPU was not recorded counts as having no CPU left.
/// O(1) per node.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::{BestFit, Placement, Pod, Scored, View};
/// use gpusched_core::workload::Shape;
/// let nodes = vec![Node::with_gpus("big", 8, "T4"), Node::with_gpus("small", 2, "T4")];
/// let mut cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[Shape::whole_gpus(1)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = Scored::one(BestFit).choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.node, NodeId(1));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BestFit;

impl NodeScore for BestFit {
    fn name(&self) -> &'static str {
        INFO.name
    }

    #[inline]
    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        Score::plain(whole_score((1.0 - left_afterwards(node, ask)) * 100.0))
    }

    fn normalise(&self) -> Normalise {
        Normalise::MinMax { equal: 0 }
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}

/// What is left after placement as a share of the largest machine, CPU and GPU half each.
#[inline]
pub(super) fn left_afterwards(node: NodeView<'_>, ask: &Ask) -> f64 {
    let cpu = left_of_cpu(node.cpu(), ask.cpu);
    let gpu = i64::from(node.gpu_left()) - ask.total_milli();
    // Two additions in this order: the reference truncates the result.
    let mut left = 0.0;
    left += cpu as f64 / LARGEST.0 * 0.5;
    left += gpu as f64 / LARGEST.1 * 0.5;
    left
}
