//! The work every peer does: generated jobs on one pool of identical processors.

use crate::speed::bare_easy::{Discipline, RigidJob};
use crate::speed::replay::rigid;
use crate::speed::workload::{seeded_jobs, uniforms};
use gpusched_core::units::MICROS;

/// Processors of the pool: about 0.94 of the work of [`Case::Fifo`] and [`Case::Easy`], so that
/// jobs do wait.
const POOL: u32 = 650;

/// Servers of the station, and the share of them that is busy on average.
const SERVERS: u32 = 500;
const LOAD: f64 = 0.95;

/// Mean service time of the station, seconds.
const MEAN_SERVICE_S: f64 = 1_000.0;

/// Which discipline, on which jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// FIFO, jobs of 1 to 24 processors.
    Fifo,
    /// EASY on the same jobs, estimated at three times their run time.
    Easy,
    /// The M/M/c station: jobs of one processor, exponential gaps and services.
    Station,
}

impl Case {
    /// All of them, in the order of the table.
    pub const ALL: [Case; 3] = [Case::Fifo, Case::Easy, Case::Station];

    /// Short name, also the name of the function in the Python peers.
    pub fn name(self) -> &'static str {
        match self {
            Case::Fifo => "fifo",
            Case::Easy => "easy",
            Case::Station => "mmc",
        }
    }

    /// Who may start while the head of the queue waits.
    pub fn discipline(self) -> Discipline {
        match self {
            Case::Fifo | Case::Station => Discipline::Fifo,
            Case::Easy => Discipline::Easy,
        }
    }
}

/// One case with its jobs.
#[derive(Clone, Debug)]
pub struct Work {
    /// Which case.
    pub case: Case,
    /// By arrival; times in whole µs, run times at least 1.
    pub jobs: Vec<RigidJob>,
    /// Processors of the pool; no job needs more.
    pub procs: u32,
}

impl Work {
    /// `count` jobs from a seed.
    ///
    /// ```
    /// use gpusched_bench::peers::work::{Case, Work};
    /// let work = Work::new(Case::Easy, 1, 100);
    /// assert!(work.jobs.iter().all(|job| job.procs <= work.procs && job.estimate >= job.run));
    /// assert_eq!(work.jobs, Work::new(Case::Easy, 1, 100).jobs);
    /// ```
    pub fn new(case: Case, seed: u64, count: usize) -> Work {
        let (jobs, procs) = match case {
            Case::Fifo | Case::Easy => {
                (seeded_jobs(seed, count, 64, 0.6).map(rigid).collect(), POOL)
            }
            Case::Station => (station(seed, count), SERVERS),
        };
        Work { case, jobs, procs }
    }
}

fn station(seed: u64, count: usize) -> Vec<RigidJob> {
    let mut uniform = uniforms(seed);
    let mut exponential = |mean_s: f64| -mean_s * uniform().ln() * MICROS as f64;
    let mean_gap_s = MEAN_SERVICE_S / (LOAD * f64::from(SERVERS));
    let mut now = 0.0;
    (0..count)
        .map(|_| {
            now += exponential(mean_gap_s);
            let run = exponential(MEAN_SERVICE_S).max(1.0) as i64;
            RigidJob {
                submit: now as i64,
                run,
                estimate: run,
                procs: 1,
            }
        })
        .collect()
}
