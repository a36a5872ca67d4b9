//! `mps` and `time-slicing`: pods that share a device slow one another down.

use super::known::{Known, Origins};
use super::sharing::Speed;
use super::sharing::calibrate::Mode;
use super::sharing::neighbours::TURN_COST;
use super::sharing::slice::Rated;
use super::{Performance, Residence};
use crate::ids::{JobId, NodeId};
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
    /// Taking turns, no turn lost on who has nothing to do: `cost · Σ duty` of all on the device
    /// from two on, never below 1. Time-slicing, and vGPU with the best-effort scheduler.
    Turns {
        /// What a second and every further process costs everybody (measured: 1.11).
        cost: f64,
    },
    /// Taking turns of equal length, used or not, among those who are there: vGPU's equal share.
    /// `cost · duty · pods`, never below 1.
    EqualTurns {
        /// As in [`NeighbourLaw::Turns`].
        cost: f64,
    },
    /// Taking turns of equal length, used or not, among as many as fit: vGPU's fixed share.
    /// `cost · duty · places`, never below 1, whoever else is there.
    FixedTurns {
        /// As in [`NeighbourLaw::Turns`].
        cost: f64,
        /// How many fit.
        places: u32,
    },
}

impl NeighbourLaw {
    /// Time-slicing with the measured cost of turns.
    pub const TIME_SLICING: NeighbourLaw = NeighbourLaw::Turns {
        cost: TURN_COST.value,
    };
}

impl NeighbourLaw {
    /// Speed of a pod of duty `own` on a device where `pods` pods have the duty `all` together,
    /// itself included; each counts for 1000 at most in that sum. A pod with more work than one
    /// device does (`own` above 1000) takes that much longer on top. A law that says nothing
    /// sensible (a `u` that is negative or no number) leaves full speed.
    pub fn speed(self, own: u32, all: u32, pods: usize) -> Speed {
        let busy = |duty: u32| f64::from(duty) / f64::from(MILLI);
        let (load, own) = (busy(own).max(1.0), own.min(MILLI));
        let slowdown = match self {
            NeighbourLaw::Mps { u } => 1.0 + u.max(0.0) * busy(all.saturating_sub(own)),
            NeighbourLaw::FixedTurns { cost, places } if places > 1 => {
                cost * busy(own) * f64::from(places)
            }
            _ if pods < 2 => 1.0,
            NeighbourLaw::Turns { cost } => cost * busy(all),
            NeighbourLaw::EqualTurns { cost } => cost * busy(own) * pods as f64,
            NeighbourLaw::FixedTurns { .. } => 1.0,
        };
        Speed::from_slowdown(load * slowdown.max(1.0)).unwrap_or(Speed::FULL)
    }
}

/// Pods that share a device slow one another down by a law; pods with devices of their own run at
/// full speed, unless they have more work than their devices do. A job of several pods runs at the
/// speed of its slowest one: its pods wait for one another (assumed).
///
/// A start or an end costs O(pods on the devices of the job), times the pods of those jobs.
///
/// ```
/// use gpusched_core::performance::{NeighbourLaw, Neighbours, Performance};
/// let law = NeighbourLaw::TIME_SLICING;
/// // Two that are always busy take turns; two that are busy a third of the time do not meet.
/// assert!((law.speed(1000, 2000, 2).factor() - 1.0 / 2.22).abs() < 1e-9);
/// assert_eq!(law.speed(333, 666, 2).factor(), 1.0);
/// ```
#[derive(Clone, Debug)]
pub struct Neighbours {
    law: NeighbourLaw,
    /// By shape.
    duties: Vec<u32>,
    /// By job, 0 = that of its shape; empty when none is known.
    measured: Vec<u32>,
    /// What profiles know; they go before the law.
    known: Option<(Known, Mode)>,
    origins: Origins,
    residents: FxHashMap<Device, Vec<(JobId, u32)>>,
    /// Devices of the jobs that have pods on several.
    gangs: FxHashMap<JobId, Vec<Device>>,
    /// Devices of the job at hand.
    touched: Vec<(Device, u32)>,
}

type Device = (NodeId, u64);

impl Neighbours {
    /// Every pod keeps its device busy all the time.
    pub fn saturating(law: NeighbourLaw, work: &Workload) -> Neighbours {
        Neighbours::with_duties(law, vec![MILLI; work.shapes().len()])
    }

    /// The duty of the pods of each shape on each of their devices, in thousandths; above 1000
    /// for a pod that has more work than its devices do.
    pub fn with_duties(law: NeighbourLaw, duties: Vec<u32>) -> Neighbours {
        Neighbours {
            law,
            duties,
            measured: Vec::new(),
            known: None,
            origins: Origins::default(),
            residents: FxHashMap::default(),
            gangs: FxHashMap::default(),
            touched: Vec::new(),
        }
    }

    /// The measured duty of each job, in thousandths, which goes before that of its shape; 0 =
    /// not measured.
    pub fn measured(mut self, duties: Vec<u32>) -> Neighbours {
        self.measured = duties;
        self
    }

    /// Profiles, which go before the law where they know a job and all its neighbours.
    pub fn knowing(mut self, known: Known, mode: Mode) -> Neighbours {
        self.known = Some((known, mode));
        self
    }

    /// Notes in `touched` the devices on which the job's pods share or have too much to do.
    fn look(&mut self, at: Residence<'_>) {
        self.touched.clear();
        let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
        let mut spots = at.spots.iter();
        for set in sets {
            let measured = self.measured.get(at.job.index()).copied().unwrap_or(0);
            let asked = self.duties.get(set.shape.index()).copied().unwrap_or(MILLI);
            let duty = if measured > 0 { measured } else { asked };
            let concerned = at.work.shape(set.shape).is_share() || duty > MILLI;
            for spot in spots.by_ref().take(set.count as usize) {
                if concerned {
                    self.touched.push(((spot.node, spot.devices), duty));
                }
            }
        }
    }

    fn rated(&self, device: Device, job: JobId) -> Option<Rated> {
        let (known, mode) = self.known.as_ref()?;
        let residents = self.residents.get(&device)?;
        let others = residents.iter().map(|&(other, _)| other);
        known.beside(device.0, job, *mode, others.filter(|&other| other != job))
    }

    fn speed_on(&self, device: Device, job: JobId) -> Speed {
        if let Some(rated) = self.rated(device, job) {
            return rated.speed;
        }
        let residents = self.residents.get(&device).map_or(&[][..], Vec::as_slice);
        let all = residents.iter().map(|&(_, duty)| duty.min(MILLI)).sum();
        let own = residents.iter().filter(|(other, _)| *other == job);
        // Pods of one job on one device: the law is asked for the one with most to do.
        let own = own.map(|&(_, duty)| duty).max().unwrap_or(0);
        self.law.speed(own, all, residents.len())
    }

    fn speed_of(&self, device: Device, job: JobId) -> Speed {
        match self.gangs.get(&job) {
            None => self.speed_on(device, job),
            Some(devices) => devices
                .iter()
                .map(|&device| self.speed_on(device, job))
                .min_by(|one, other| one.factor().total_cmp(&other.factor()))
                .unwrap_or(Speed::FULL),
        }
    }

    fn tell(&self, speeds: &mut Vec<(JobId, Speed)>) {
        for &(device, _) in &self.touched {
            let residents = self.residents.get(&device).map_or(&[][..], Vec::as_slice);
            speeds.extend(
                residents
                    .iter()
                    .map(|&(job, _)| (job, self.speed_of(device, job))),
            );
        }
    }
}

impl Performance for Neighbours {
    fn name(&self) -> String {
        match self.law {
            NeighbourLaw::Mps { .. } => "mps".into(),
            NeighbourLaw::Turns { .. } => "time-slicing".into(),
            NeighbourLaw::EqualTurns { .. } => "equal-share".into(),
            NeighbourLaw::FixedTurns { .. } => "fixed-share".into(),
        }
    }

    fn started(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        self.look(at);
        for &(device, duty) in &self.touched {
            self.residents
                .entry(device)
                .or_default()
                .push((at.job, duty));
        }
        if self.touched.len() > 1 {
            let devices = self.touched.iter().map(|&(device, _)| device).collect();
            self.gangs.insert(at.job, devices);
        }
        if let (Some(_), Some(&(device, _))) = (&self.known, self.touched.first()) {
            let origin = self.rated(device, at.job).map(|rated| rated.origin);
            self.origins.count(origin);
        }
        self.tell(speeds);
    }

    fn origins(&self) -> Option<Origins> {
        self.known.as_ref().map(|_| self.origins)
    }

    fn ended(&mut self, at: Residence<'_>, speeds: &mut Vec<(JobId, Speed)>) {
        self.look(at);
        self.gangs.remove(&at.job);
        for (device, _) in &self.touched {
            if let Some(residents) = self.residents.get_mut(device) {
                residents.retain(|&(job, _)| job != at.job);
                if residents.is_empty() {
                    self.residents.remove(device);
                }
            }
        }
        self.tell(speeds);
    }
}
