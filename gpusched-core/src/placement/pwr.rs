//! `pwr`: the node and device that raise power least.

use super::power::Power;
use super::{NodeScore, Normalise, Score};
use crate::cluster::{Ask, NodeView};
use crate::policy::PolicyInfo;
use crate::units::MILLI;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "pwr",
    summary: "node and device that raise power least",
    rule: "raw = power before − power after (watts, at most 0), min-max normalised, 100 when all \
           are equal; a shared pod is rated per device, first strict maximum wins; whole GPUs: \
           lowest numbers. Ties: lowest rank.",
    source: "CCGrid 2025; Fr4nz83/PWR-plugin-kubernetes, pkg/simulator/plugin/pwr_score.go",
};

/// Places each pod where power rises least, by the model of [`super::power`].
///
/// `raw = P before − P after`, normalised to 0..100 over the feasible nodes (100 when all are
/// equal). For a shared pod each device that fits is rated in order of number and the first
/// strict maximum taken, which is a device in use where there is one. Ties go to the lowest rank.
/// O(devices) per node.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::power::Power;
/// use gpusched_core::placement::{Placement, Pod, Pwr, Scored, View};
/// use gpusched_core::workload::Shape;
/// let nodes = vec![Node::with_gpus("a", 1, "A100"), Node::with_gpus("b", 1, "T4")];
/// let inventory = Inventory::new(nodes).unwrap();
/// let mut pwr = Scored::one(Pwr::new(Power::new(&inventory)));
/// let mut cluster = Cluster::new(inventory, &[Shape::whole_gpus(1)]);
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = pwr.choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.node, NodeId(1)); // 60 W more instead of 350 W
/// ```
#[derive(Clone, Debug)]
pub struct Pwr {
    power: Power,
}

impl Pwr {
    /// PWR by the given model; it serves one cluster.
    pub fn new(power: Power) -> Pwr {
        Pwr { power }
    }
}

impl NodeScore for Pwr {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        let cpu_rise = self.power.cpu_at(node.id, node.cpu() - ask.cpu) - self.power.cpu(node);
        let gpu_rise = self.power.gpu_rise(node);
        if !ask.is_share() {
            let rise = cpu_rise + i64::from(ask.gpus) * gpu_rise;
            return Score::plain(-rise as i32);
        }
        let mut best: Option<(i64, u32)> = None;
        for device in (0..node.gpus()).filter(|&device| node.device_fits(ask, device)) {
            let starts = node.left(device) == MILLI;
            let raw = -(cpu_rise + if starts { gpu_rise } else { 0 });
            if best.is_none_or(|(most, _)| raw > most) {
                best = Some((raw, device));
            }
        }
        let (value, device) = best.unwrap_or((0, 0));
        Score {
            value: value as i32,
            device: Some(device as u8),
        }
    }

    fn normalise(&self) -> Normalise {
        Normalise::MinMax { equal: 100 }
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}
