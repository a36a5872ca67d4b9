//! Synthetic workloads with the habits of real GPU clusters.
//!
//! Independent random jobs are a poor imitation: on real clusters four to five of ten jobs follow
//! another one of the same queue within ten seconds, with the same GPU count and nearly the same
//! run time, and a hundredth of the jobs holds half of the GPU-time. A generated trace is
//! therefore made of *batches* (sweeps): each is drawn once (owner, shape, typical duration), then
//! its jobs follow with small differences.
//!
//! A workload is a [`Preset`], which is data. [`presets`] lists those that come with gpusched;
//! each says where its numbers come from.
//!
//! Same options, same bytes, on every platform; and a shorter trace is the beginning of a longer
//! one, since nothing depends on how many jobs are asked for.
//!
//! ```
//! use gpusched_sim::trace::generate::{GenerateOptions, generate};
//! let options = GenerateOptions { jobs: 100, ..GenerateOptions::new("philly") };
//! let mut rows = Vec::new();
//! generate(&options, &mut |row| {
//!     rows.push(row);
//!     Ok(())
//! })?;
//! assert_eq!(rows.len(), 100);
//! assert!(rows.is_sorted_by_key(|row| row.submit));
//! # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
//! ```

mod arrivals;
mod batch;
mod draw;
mod nodes;
mod preset;
mod presets;
mod stream;

pub(crate) use stream::{Purpose, Stream};

pub use nodes::nodes;
pub use preset::{
    Class, Component, Durations, Ends, Estimates, Gap, GpuCounts, Lognormal, Mixture, ModelWish,
    NodeGroup, PodSize, Preset, Sweep, Weather,
};
pub use presets::{preset, presets};

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::row::JobRow;
use arrivals::Arrivals;
use batch::{Batch, Model};
use gpusched_core::units::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateOptions {
    /// Name of a preset, see [`presets`].
    pub preset: String,
    /// Jobs.
    pub jobs: u64,
    /// Seed of every draw.
    pub seed: u64,
    /// Multiplies the rate of batches and so the offered load. Batches stay the same, only their
    /// starts move; jobs are numbered in the new order of submission.
    pub rate_scale: f64,
    /// Most GPUs one pod may have; larger jobs become gangs of equal pods.
    pub gpus_per_pod: u32,
}

impl GenerateOptions {
    /// 10,000 jobs of `preset` with seed 1, at the preset's own rate, for nodes of 8 GPUs.
    pub fn new(preset: impl Into<String>) -> GenerateOptions {
        GenerateOptions {
            preset: preset.into(),
            jobs: 10_000,
            seed: 1,
            rate_scale: 1.0,
            gpus_per_pod: 8,
        }
    }

    /// The preset, once every number has been checked.
    fn check(&self) -> Result<&'static Preset> {
        if !(self.rate_scale.is_finite() && self.rate_scale >= 1e-6 && self.rate_scale <= 1e6) {
            let problem = Diagnostic::new(format!(
                "a rate scale of {} is out of range",
                self.rate_scale
            ));
            return Err(
                problem.help("give a number from 0.000001 to 1000000; 1 is the preset's own rate")
            );
        }
        if self.gpus_per_pod == 0 {
            let problem = Diagnostic::new("a pod needs room for at least one GPU");
            return Err(problem.help("give the number of GPUs of your largest node, usually 8"));
        }
        preset(&self.preset)
    }
}

/// Generates jobs in order of submission and hands each to `each`.
///
/// Memory use does not grow with the number of jobs.
///
/// # Errors
/// An unknown preset or an option out of range; and whatever `each` returns, at once.
pub fn generate(
    options: &GenerateOptions,
    each: &mut dyn FnMut(JobRow) -> Result<()>,
) -> Result<()> {
    let preset = options.check()?;
    let model = Model::new(preset, options.seed, options.gpus_per_pod);
    let mut arrivals = Arrivals::new(preset, options.seed, options.rate_scale);
    let mut open = BinaryHeap::new();
    let mut coming = Batch::open(&model, 0, arrivals.next());
    for number in 1..=options.jobs {
        // A batch that has begun may still be slower than one that begins later.
        while open
            .peek()
            .is_none_or(|Reverse(Next(first))| coming.key() <= first.key())
        {
            let index = coming.index + 1;
            let following = Batch::open(&model, index, arrivals.next());
            open.push(Reverse(Next(std::mem::replace(&mut coming, following))));
        }
        let Some(mut top) = open.peek_mut() else {
            break;
        };
        each(top.0.0.take(&model, format!("j{number}")))?;
        if top.0.0.left == 0 {
            PeekMut::pop(top);
        }
    }
    Ok(())
}

impl Batch {
    /// Order of submission; at the same instant the earlier batch goes first.
    fn key(&self) -> (Time, u64) {
        (self.next, self.index)
    }
}

/// An open batch, ordered by its next submission.
struct Next(Batch);

impl PartialEq for Next {
    fn eq(&self, other: &Next) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Next) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    fn cmp(&self, other: &Next) -> std::cmp::Ordering {
        self.0.key().cmp(&other.0.key())
    }
}
