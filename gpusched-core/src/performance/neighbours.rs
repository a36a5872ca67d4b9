//! `mps` and `time-slicing`: pods that share a device slow one another down.

use super::sharing::Speed;
use super::sharing::neighbours::{homogeneous_slowdown, time_slice_slowdown};
use super::{Performance, Residence};
use crate::ids::{JobId, NodeId, ShapeId};
use rustc_hash::FxHashMap;

/// How much neighbours on one device cost. All clients are taken for equal and saturating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NeighbourLaw {
    /// MPS: `1 + u·(clients − 1)`. On the nos measurements u is 0.43 to 0.44.
    Mps {
        /// What each neighbour adds.
        u: f64,
    },
    /// Time-slicing: `1.11 · clients` from two clients on.
    TimeSlicing,
}

impl NeighbourLaw {
    /// Speed of each of `clients` pods on one device. A law that says nothing sensible (a `u`
    /// that is negative or no number) leaves full speed.
    pub fn speed(self, clients: u32) -> Speed {
        let slowdown = match self {
            NeighbourLaw::Mps { u } => homogeneous_slowdown(u.max(0.0), clients),
            NeighbourLaw::TimeSlicing => time_slice_slowdown(&vec![1.0; clients as usize]),
        };
        Speed::from_slowdown(slowdown).unwrap_or(Speed::FULL)
    }
}

/// Pods that share a device slow one another down by a law; pods with devices of their own run at
/// full speed. Only jobs of a single pod share: a gang would run at the speed of its slowest pod,
/// for which there are no measurements.
///
/// A start or an end costs O(pods on the device).
///
/// ```
/// use gpusched_core::performance::{NeighbourLaw, Neighbours, Performance};
/// let law = NeighbourLaw::TimeSlicing;
/// assert_eq!(law.speed(1).factor(), 1.0);
/// assert!((law.speed(2).factor() - 1.0 / 2.22).abs() < 1e-9);
/// assert_eq!(Neighbours::new(law).name(), "time-slicing");
/// ```
#[derive(Clone, Debug)]
pub struct Neighbours {
    law: NeighbourLaw,
    residents: FxHashMap<(NodeId, u64), Vec<JobId>>,
}

impl Neighbours {
    /// Nobody on any device yet.
    pub fn new(law: NeighbourLaw) -> Neighbours {
        Neighbours {
            law,
            residents: FxHashMap::default(),
        }
    }

    fn tell(&self, residents: &[JobId], speeds: &mut Vec<(JobId, Speed)>) {
        let speed = self.law.speed(residents.len() as u32);
        speeds.extend(residents.iter().map(|&job| (job, speed)));
    }
}

/// The device a job shares, if it does.
fn shared_device(at: Residence<'_>) -> Option<(NodeId, u64)> {
    let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
    let shares = |shape: ShapeId| at.work.shape(shape).is_share();
    match (sets.as_slice(), at.spots) {
        ([set], [spot]) if shares(set.shape) => Some((spot.node, spot.devices)),
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
        let Some(device) = shared_device(at) else {
            return;
        };
        let mut residents = self.residents.remove(&device).unwrap_or_default();
        residents.push(at.job);
        self.tell(&residents, speeds);
        self.residents.insert(device, residents);
    }

    fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        let Some(device) = shared_device(at) else {
            return;
        };
        let Some(mut residents) = self.residents.remove(&device) else {
            return;
        };
        residents.retain(|&job| job != at.job);
        if !residents.is_empty() {
            self.tell(&residents, speeds);
            self.residents.insert(device, residents);
        }
    }
}
