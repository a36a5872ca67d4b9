//! `fgd`: fragmentation gradient descent.

use super::fragmentation::{Fragmentation, FreeState, fragment};
use super::{NodeScore, Score};
use crate::cluster::{Ask, NodeView};
use crate::ids::ModelId;
use crate::policy::PolicyInfo;
use crate::units::MILLI;
use rustc_hash::FxHashMap;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "fgd",
    summary: "node and device where fragmentation grows least",
    rule: "score = trunc(100 / (1 + exp(−(F before − F after) / 1000))), F = milli-GPU the typical \
           pods (95 % of the trace's pods by class) cannot use on the node. A shared pod is rated \
           per device, first strict maximum wins; other pods as if they took the devices with \
           least left that fit, and get the lowest-numbered free ones. Ties: lowest rank.",
    source: "Weng et al., Beware of Fragmentation, USENIX ATC 2023; FGD simulator, \
             pkg/simulator/plugin/fgd_score.go",
};

/// Places each pod where the cluster's expected fragmentation grows least.
///
/// `score = trunc(100 σ((F − F') / 1000))` with σ the logistic function, `F` and `F'` the node's
/// [fragment](super::fragmentation) before and after; 50 means "no change". For a shared pod `F'`
/// is taken per device that fits, in order of number; the first strict maximum is both score and
/// device. Other pods are rated as if they took, in order of least left, the devices that fit,
/// and get the lowest-numbered free ones. Not normalised. Truncation makes ties frequent; they go
/// to the lowest rank.
///
/// O(classes × distinct amounts left on devices) per node; F is remembered by what it depends on,
/// so that equal nodes are measured once.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
/// use gpusched_core::ids::{JobId, NodeId, ShapeId};
/// use gpusched_core::placement::fragmentation::Fragmentation;
/// use gpusched_core::placement::{Fgd, Placement, Pod, Scored, TypicalConfig, TypicalPods, View};
/// use gpusched_core::workload::Shape;
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 2, "T4")]).unwrap();
/// let half = Shape { gpu_milli: 500, ..Shape::whole_gpus(1) };
/// let kinds = [(half.clone(), 1), (Shape::whole_gpus(1), 1)];
/// let typical = TypicalPods::select(kinds, &TypicalConfig::default());
/// let mut fgd = Scored::one(Fgd::new(Fragmentation::new(typical, &inventory)));
/// let mut cluster = Cluster::new(inventory, &[half]);
/// cluster.take(ShapeId(0), Spot { node: NodeId(0), devices: 0b10 }).unwrap();
/// // The rest of the device in use is fragment to whole-GPU pods; filling it leaves none.
/// let pod = Pod { shape: ShapeId(0), job: JobId(0), ordinal: 0 };
/// let spot = fgd.choose(&mut View::new(&mut cluster), pod).unwrap();
/// assert_eq!(spot.devices, 0b10);
/// ```
#[derive(Debug)]
pub struct Fgd {
    measure: Fragmentation,
    /// F of each node as it stands, with the node version it was taken at.
    before: Vec<(u32, f64)>,
    known: FxHashMap<u128, f64>,
}

/// No node gets this old.
const NEVER: u32 = u32::MAX;

/// Measured states kept before starting over: some ten megabytes.
const MOST_KNOWN: usize = 1 << 18;

impl Fgd {
    /// FGD by the given measure; it serves one cluster.
    pub fn new(measure: Fragmentation) -> Fgd {
        Fgd {
            measure,
            before: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    #[inline]
    fn before(&mut self, node: NodeView<'_>, state: &FreeState) -> f64 {
        let at = node.id.index();
        if self.before.len() <= at {
            self.before.resize(at + 1, (NEVER, 0.0));
        }
        let (version, known) = self.before[at];
        if version == node.version() {
            return known;
        }
        let measured = self.measure(state);
        self.before[at] = (node.version(), measured);
        measured
    }

    /// F of a state, looked up when an equal one was measured before.
    #[inline]
    fn measure(&mut self, state: &FreeState) -> f64 {
        let step = self.measure.cpu_step(state.model, state.cpu);
        let Some(key) = state.key(step) else {
            return fragment(&self.measure.amounts(state));
        };
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let measured = fragment(&self.measure.amounts(state));
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert(key, measured);
        measured
    }

    /// Rates each device a shared pod fits. Devices with equal left have equal scores and the
    /// first of them wins, so each amount is measured once.
    fn rate_devices(
        &mut self,
        node: NodeView<'_>,
        ask: &Ask,
        before: f64,
        now: &FreeState,
    ) -> Score {
        let mut best: Option<(i32, u32)> = None;
        let mut seen = 0u128;
        let mut seen_whole = false;
        for device in 0..node.gpus() {
            if !node.device_fits(ask, device) {
                continue;
            }
            let left = node.left(device);
            let again = if left == MILLI {
                std::mem::replace(&mut seen_whole, true)
            } else {
                let bit = 1 << (left % 128);
                let maybe = seen & bit != 0;
                seen |= bit;
                maybe
                    && (0..device)
                        .any(|other| node.left(other) == left && node.device_fits(ask, other))
            };
            if again {
                continue;
            }
            let after = self.measure(&now.share_taken(left, ask.milli));
            let score = gain_score(before - after);
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, device));
            }
        }
        let (value, device) = best.unwrap_or((0, 0));
        Score {
            value,
            device: Some(device as u8),
        }
    }
}

impl NodeScore for Fgd {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score {
        let mut state = FreeState::of(node);
        let before = self.before(node, &state);
        state.cpu -= ask.cpu;
        if ask.is_share() {
            return self.rate_devices(node, ask, before, &state);
        }
        // Only free devices have room for a whole one, so "least left first" has no choice here.
        state.whole -= ask.gpus;
        Score::plain(gain_score(before - self.measure(&state)))
    }

    fn ignores_memory(&self) -> bool {
        true
    }
}

/// The logistic function of the fragment removed, in whole percent.
#[inline]
fn gain_score(removed: f64) -> i32 {
    let share = 1.0 / (1.0 + (-(removed / 1000.0)).exp());
    (share * 100.0) as i32
}

impl FreeState {
    /// What F depends on, packed: model, CPU step, free devices, sorted amounts left on up to
    /// eight shared devices. `None` when it does not fit.
    #[inline]
    fn key(&self, cpu_step: usize) -> Option<u128> {
        let ModelId(model) = self.model;
        let shared = self.shared();
        if shared.len() > 8 || cpu_step >= 1 << 20 {
            return None;
        }
        let mut sorted = [0u16; 8];
        sorted[..shared.len()].copy_from_slice(shared);
        if shared.len() > 1 {
            sorted[..shared.len()].sort_unstable();
        }
        let head = u128::from(model) | u128::from(self.whole) << 8 | (cpu_step as u128) << 16;
        let tail = sorted[..shared.len()]
            .iter()
            .fold(0u128, |key, &left| key << 10 | u128::from(left));
        Some(head | tail << 40)
    }
}
