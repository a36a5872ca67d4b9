//! A user's own measurements in, a profile with honest errors out.
//!
//! # Measurements as CSV
//!
//! | column | meaning |
//! |---|---|
//! | `device` | GPU model, as in the cluster description |
//! | `job` | name of the job; jobs of one name are taken to behave alike |
//! | `mode` | `alone`, `mps` or `time-slicing`: how it shares what it runs on |
//! | `share` | what it runs on: `1` for the whole device, `3/7` for a MIG instance of three slices |
//! | `with` | the other jobs on that very share, separated by `;`; empty when alone |
//! | `step_s` | seconds per step (or per request, or per anything, the same for all rows of a job) |
//!
//! One row is one job's view: two jobs measured beside each other make two rows. Rows that repeat
//! a situation are averaged.
//!
//! ```csv
//! device,job,mode,share,with,step_s
//! A100-SXM4-80GB,bert,alone,1,,0.047
//! A100-SXM4-80GB,bert,alone,2/7,,0.121
//! A100-SXM4-80GB,bert,mps,1,resnet,0.068
//! A100-SXM4-80GB,resnet,mps,1,bert,0.041
//! A100-SXM4-80GB,bert,time-slicing,1,bert;bert,0.157
//! ```
//!
//! # How much to measure
//!
//! Two shares per job give the slice law, a third its error. Pairs: every job in at least four,
//! measured both ways. What was not measured stays `None` in the [`Profile`].

mod held_out;
mod situations;

use super::Speed;
use super::fit::{Errors, PairForm};
use super::neighbours::{Vectors, homogeneous_slowdown, mps_slowdown};
use super::slice::{Origin, Rated, Share, SliceProfile};
use serde::{Deserialize, Serialize};
use situations::Situations;
use std::collections::BTreeMap;

/// How jobs share what they run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nobody else is there (a MIG instance counts as its own place).
    Alone,
    /// At the same time.
    Mps,
    /// In turns.
    TimeSlicing,
}

impl std::str::FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Mode, ()> {
        match text {
            "alone" => Ok(Mode::Alone),
            "mps" => Ok(Mode::Mps),
            "time-slicing" => Ok(Mode::TimeSlicing),
            _ => Err(()),
        }
    }
}

/// One measurement; the fields are the columns of the CSV.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// GPU model.
    pub device: String,
    /// Job.
    pub job: String,
    /// How it shares.
    pub mode: Mode,
    /// What it runs on.
    pub share: Share,
    /// The others there.
    pub with: Vec<String>,
    /// Seconds per step.
    pub step_s: f64,
}

/// What was learnt, by device model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// By device model.
    pub devices: BTreeMap<String, DeviceProfile>,
}

/// What was learnt of one device model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceProfile {
    /// By job name.
    pub jobs: BTreeMap<String, JobProfile>,
    /// The form of the pair law that predicted unseen pairs best; `None` without pairs.
    pub pair_form: Option<PairForm>,
    /// Factor on everybody's time when taking turns; `None` when that was not measured.
    pub turn_cost: Option<f64>,
    /// How far the laws are from measurements they have not seen.
    pub errors: HeldOut,
    /// Rows no law could use: no positive time, or nothing to compare the time with.
    pub unused: usize,
}

/// What was learnt of one job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobProfile {
    /// Step times by share, and the law between them.
    pub slices: SliceProfile,
    /// What it feels and does under MPS; `None` when it was in no pair.
    pub vectors: Option<Vectors>,
    /// Slowdown each further copy of itself adds under MPS; `None` when not measured.
    pub copies: Option<f64>,
    /// Situations with others, as measured.
    pub company: Vec<Company>,
}

/// A measured situation: a job beside others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// How they share.
    pub mode: Mode,
    /// What they share.
    pub share: Share,
    /// The others, sorted by name.
    pub with: Vec<String>,
    /// Time against alone on that share.
    pub slowdown: f64,
}

/// Errors of relative speeds, over points left out of the fit. No points: nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeldOut {
    /// Slice law: each share but the largest left out in turn, of jobs with three or more.
    pub slices: Errors,
    /// Pair laws, simplest first: five folds over pairs.
    pub pairs: Vec<(PairForm, Errors)>,
    /// Three or more different jobs together, predicted from pairs.
    pub crowds: Errors,
    /// Copies of one job: each number of copies left out in turn, of jobs with two or more.
    pub copies: Errors,
    /// Turns: each measurement left out in turn.
    pub turns: Errors,
}

/// Fits every law the samples are enough for, and reports errors on points held out. The same
/// samples in the same order, and the same `seed`, give the same profile.
///
/// ```
/// use gpusched_core::performance::sharing::calibrate::{calibrate, Mode, Sample};
/// use gpusched_core::performance::sharing::slice::Share;
/// let alone = |share: &str, step_s| Sample {
///     device: "A100".into(), job: "bert".into(), mode: Mode::Alone,
///     share: share.parse().unwrap(), with: vec![], step_s,
/// };
/// // 20 ms fixed, 80 ms that scale.
/// let samples = [alone("1", 0.100), alone("2/7", 0.300), alone("4/7", 0.160)];
/// let profile = calibrate(&samples, 1);
/// let device = &profile.devices["A100"];
/// assert!(device.errors.slices.points == 2 && device.errors.slices.mape < 1e-9);
/// let rated = device.rate("bert", "1/7".parse().unwrap(), Mode::Alone, &[]).unwrap();
/// assert!((rated.speed.factor() - 0.100 / 0.580).abs() < 1e-9);
/// ```
pub fn calibrate(samples: &[Sample], seed: u64) -> Profile {
    let mut by_device: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        by_device.entry(&sample.device).or_default().push(sample);
    }
    let devices = by_device
        .into_iter()
        .map(|(device, samples)| (device.to_owned(), calibrate_device(&samples, seed)))
        .collect();
    Profile { devices }
}

fn calibrate_device(samples: &[&Sample], seed: u64) -> DeviceProfile {
    let situations = Situations::of(samples);
    let pairs = held_out::pairs(&situations, seed);
    // `min_by` keeps the first of equals: the simplest.
    let pair_form = pairs
        .iter()
        .min_by(|a, b| a.1.mae.total_cmp(&b.1.mae))
        .map(|(form, _)| *form);
    let vectors = pair_form.map(|form| situations.fit_pairs(form, seed, |_| true));
    let errors = HeldOut {
        slices: held_out::slices(&situations),
        crowds: held_out::crowds(&situations, vectors.as_deref()),
        copies: held_out::copies(&situations),
        turns: held_out::turns(&situations),
        pairs,
    };
    let jobs = (0..situations.jobs.len())
        .map(|job| {
            let profile = JobProfile {
                slices: situations.slices[job].clone(),
                vectors: vectors
                    .as_ref()
                    .filter(|_| situations.is_paired(job))
                    .map(|vectors| vectors[job]),
                copies: situations.fit_copies(job),
                company: situations.company[job].clone(),
            };
            (situations.jobs[job].clone(), profile)
        })
        .collect();
    DeviceProfile {
        jobs,
        pair_form,
        turn_cost: situations.turn_cost(),
        errors,
        unused: situations.unused,
    }
}

impl JobProfile {
    /// The slowdown measured in that very situation.
    fn measured(&self, share: Share, mode: Mode, with: &[&str]) -> Option<f64> {
        let mut sorted = with.to_vec();
        sorted.sort_unstable();
        let same = |one: &&Company| {
            let others = one.with.iter().map(String::as_str);
            one.mode == mode && one.share == share && others.eq(sorted.iter().copied())
        };
        let found = self.company.iter().find(same)?;
        (found.slowdown > 0.0).then_some(found.slowdown)
    }
}

impl DeviceProfile {
    /// The speed of a job on a share, beside the others on it, relative to the whole device alone.
    ///
    /// What was measured goes first. Then copies of one job go by their own `u`, other company by
    /// vectors. `None` when a law it takes was not fitted.
    pub fn rate(&self, job: &str, share: Share, mode: Mode, with: &[&str]) -> Option<Rated> {
        let own = self.jobs.get(job)?;
        let alone = own.slices.rate(share)?;
        if with.is_empty() {
            return Some(alone);
        }
        if let Some(slowdown) = own.measured(share, mode, with) {
            return Some(Rated {
                speed: Speed::from_factor(alone.speed.factor() / slowdown)?,
                origin: alone.origin,
            });
        }
        let slowdown = match mode {
            Mode::Alone => return None,
            Mode::TimeSlicing => self.turn_cost? * (with.len() + 1) as f64,
            Mode::Mps => self.mps_slowdown(job, own, with)?,
        };
        Some(Rated {
            speed: Speed::from_factor(alone.speed.factor() / slowdown)?,
            origin: Origin::Law,
        })
    }

    fn mps_slowdown(&self, job: &str, own: &JobProfile, with: &[&str]) -> Option<f64> {
        if let Some(u) = own.copies
            && with.iter().all(|other| *other == job)
        {
            return Some(homogeneous_slowdown(u, with.len() as u32 + 1));
        }
        let others: Option<Vec<&Vectors>> = with
            .iter()
            .map(|other| self.jobs.get(*other)?.vectors.as_ref())
            .collect();
        Some(mps_slowdown(own.vectors.as_ref()?, others?))
    }
}

#[cfg(test)]
mod tests;
