//! `mps` and `time-slicing`: pods that share a device slow one another down.

use super::sharing::Speed;
use super::sharing::neighbours::TURN_COST;
use super::{Performance, Residence};
use crate::ids::{JobId, NodeId, ShapeId};
use crate::units::MILLI;
use crate::workload::Workload;
use rustc_hash::FxHashMap;

/// How much neighbours on one device cost. A pod's *duty* is the part of the time it keeps a
/// device busy when alone, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NeighbourLaw {
    /// MPS: `1 + u · Σ duty of the neighbours`. For saturating clients this is the measured
    /// `1 + u · (clients − 1)` (nos: u is 0.43 to 0.44); that a client which is busy half of the
    /// time disturbs half as much is assumed.
    Mps {
        /// What a saturating neighbour adds.
        u: f64,
    },
    /// Time-slicing: `1.11 · Σ duty` of all on the device from two on, never below 1.
    TimeSlicing,
}

impl NeighbourLaw {
    /// Speed of a pod of duty `own` on a device where `pods` pods have the duty `all` together,
    /// itself included. A law that says nothing sensible (a `u` that is negative or no number)
    /// leaves full speed.
    pub fn speed(self, own: u32, all: u32, pods: usize) -> Speed {
        let busy = |duty: u32| f64::from(duty) / f64::from(MILLI);
        let slowdown = match self {
            NeighbourLaw::Mps { u } => 1.0 + u.max(0.0) * busy(all.saturating_sub(own)),
            NeighbourLaw::TimeSlicing if pods < 2 => 1.0,
            NeighbourLaw::TimeSlicing => (TURN_COST.value * busy(all)).max(1.0),
        };
        Speed::from_slowdown(slowdown).unwrap_or(Speed::FULL)
    }
}

/// Pods that share a device slow one another down by a law; pods with devices of their own run at
/// full speed. Only jobs of a single pod are looked at, as those who slow down and as neighbours:
/// a gang would run at the speed of its slowest pod, for which there are no measurements.
///
/// A start or an end costs O(pods on the device).
///
/// ```
/// use gpusched_core::performance::{NeighbourLaw, Neighbours, Performance};
/// let law = NeighbourLaw::TimeSlicing;
/// // Two that are always busy take turns; two that are busy a third of the time do not meet.
/// assert!((law.speed(1000, 2000, 2).factor() - 1.0 / 2.22).abs() < 1e-9);
/// assert_eq!(law.speed(333, 666, 2).factor(), 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct Neighbours {
    law: NeighbourLaw,
    /// By shape.
    duties: Vec<u32>,
    residents: FxHashMap<(NodeId, u64), Vec<(JobId, u32)>>,
}

impl Neighbours {
    /// Every pod keeps its device busy all the time.
    pub fn saturating(law: NeighbourLaw, work: &Workload) -> Neighbours {
        Neighbours::with_duties(law, vec![MILLI; work.shapes().len()])
    }

    /// The duty of the pods of each shape, in thousandths.
    pub fn with_duties(law: NeighbourLaw, duties: Vec<u32>) -> Neighbours {
        Neighbours {
            law,
            duties,
            residents: FxHashMap::default(),
        }
    }

    fn tell(&self, residents: &[(JobId, u32)], speeds: &mut Vec<(JobId, Speed)>) {
        let all = residents.iter().map(|&(_, duty)| duty).sum();
        speeds.extend(residents.iter().map(|&(job, duty)| {
            let speed = self.law.speed(duty, all, residents.len());
            (job, speed)
        }));
    }
}

/// The device a job shares, and its request, if it does.
fn shared_device(at: Residence<'_>) -> Option<((NodeId, u64), ShapeId)> {
    let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
    match (sets.as_slice(), at.spots) {
        ([set], [spot]) if at.work.shape(set.shape).is_share() => {
            Some(((spot.node, spot.devices), set.shape))
        }
        _ => None,
    }
}

impl Performance for Neighbours {
    fn name(&self) -> String {
        match self.law {
            NeighbourLaw::Mps { .. } => "mps".into(),
            NeighbourLaw::TimeSlicing => "time-slicing".into(),
        }
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let Some((device, shape)) = shared_device(at) else {
            return;
        };
        let duty = self.duties.get(shape.index()).copied().unwrap_or(MILLI);
        let mut residents = self.residents.remove(&device).unwrap_or_default();
        residents.push((at.job, duty));
        self.tell(&residents, speeds);
        self.residents.insert(device, residents);
    }

    fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let Some((device, _)) = shared_device(at) else {
            return;
        };
        let Some(mut residents) = self.residents.remove(&device) else {
            return;
        };
        residents.retain(|&(job, _)| job != at.job);
        if !residents.is_empty() {
            self.tell(&residents, speeds);
            self.residents.insert(device, residents);
        }
    }
}
