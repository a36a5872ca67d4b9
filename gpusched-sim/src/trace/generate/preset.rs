//! What a synthetic workload is described by: data only, one struct.
//!
//! The shape follows what public GPU traces show: users submit *sweeps*, batches of nearly equal
//! jobs seconds apart, so a batch is drawn once and its jobs vary little around it.

use gpusched_core::units::Span;

/// A lognormal law: ln X is normal with mean `mu` and deviation `sigma`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    /// Mean of ln X.
    pub mu: f64,
    /// Standard deviation of ln X.
    pub sigma: f64,
}

/// One part of a lognormal mixture (of seconds).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// Share of this part; the weights of a mixture add up to 1 within rounding.
    pub weight: f64,
    /// Its law.
    pub law: Lognormal,
}

/// A mixture of lognormals.
pub type Mixture = &'static [Component];

/// Short form for tables of presets.
pub(super) const fn component(weight: f64, mu: f64, sigma: f64) -> Component {
    Component {
        weight,
        law: Lognormal { mu, sigma },
    }
}

/// Time between batches while the rate is at its mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gap {
    /// Poisson arrivals; mean gap in seconds.
    Exponential(f64),
    /// Lognormal gaps, seconds.
    Lognormal(Lognormal),
}

/// Bursts and lulls beyond hour and weekday: ln of the rate follows an AR(1) process.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// Hours one value holds.
    pub step_hours: u32,
    /// Correlation of neighbouring values.
    pub memory: f64,
    /// Deviation of ln rate; 0 = a steady rate.
    pub sigma: f64,
}

/// GPU counts of batches up to a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpuCounts {
    /// Batches of at most this many jobs.
    pub max_batch: u32,
    /// GPUs per job, with weight.
    pub gpus: &'static [(u32, f64)],
}

/// Run times of one kind of job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Durations {
    /// Batches of at most this many jobs …
    pub max_batch: u32,
    /// … asking for at most this many GPUs.
    pub max_gpus: u32,
    /// Seconds.
    pub mixture: Mixture,
}

/// How alike the jobs of a sweep are, and how fast they follow one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sweep {
    /// Batches of at most this many jobs.
    pub max_batch: u32,
    /// Deviation of ln duration inside one batch: itself a lognormal over batches.
    pub spread: Lognormal,
    /// Share of jobs that are unlike the rest of their batch (an early failure, another data
    /// set): their duration is drawn afresh.
    pub stray: f64,
    /// Share of jobs submitted in the same second as the one before.
    pub together: f64,
    /// Seconds to the job before otherwise (cut at [`Preset::max_member_gap`]).
    pub gap: Lognormal,
}

/// A service class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    /// Name; becomes the priority class. Empty = none.
    pub name: &'static str,
    /// Higher goes first.
    pub priority: i32,
    /// May be evicted.
    pub preemptible: bool,
    /// Share of one-GPU batches that ask for a fraction of the device.
    pub fractional: f64,
}

/// What a pod asks for beside GPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodSize {
    /// Jobs whose pods have at most this many GPUs (a fraction counts as 1).
    pub max_gpus: u32,
    /// Only shared (`true`) or only whole (`false`) devices.
    pub shared: bool,
    /// (CPU milli-cores, memory MiB), with weight, per GPU of the pod (per pod without GPU).
    pub per_gpu: &'static [((u64, u64), f64)],
}

/// How jobs end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends {
    /// Jobs that run for less than this.
    pub below: Span,
    /// Share that fails.
    pub failed: f64,
    /// Share that is cancelled by its user.
    pub killed: f64,
}

/// GPU models a batch insists on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelWish {
    /// Jobs whose pods have at most this many GPUs.
    pub max_gpus: u32,
    /// Accepted models (empty = any), with weight.
    pub models: &'static [(&'static [&'static str], f64)],
}

/// Wall limits users ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimates {
    /// The usual limits, in rising order. Beyond the last one, whole multiples of it.
    pub ladder: &'static [Span],
    /// Share of users who ask for the first limit that fits.
    pub tight: f64,
    /// The others multiply their run time by a number uniform in 1..=`padding` first.
    pub padding: f64,
}

/// A group of equal nodes of the cluster a preset is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeGroup {
    /// Nodes.
    pub nodes: u32,
    /// GPU model; empty = unknown or none.
    pub model: &'static str,
    /// GPUs per node.
    pub gpus: u32,
    /// Milli-cores per node; `None` = unknown, limits nothing.
    pub cpu_milli: Option<u64>,
    /// MiB per node; `None` = unknown, limits nothing.
    pub mem_mib: Option<u64>,
}

/// A synthetic workload, completely.
///
/// Time 0 of a generated trace is a Monday, 00:00 local time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Kebab-case name.
    pub name: &'static str,
    /// What it imitates, in one sentence.
    pub about: &'static str,
    /// Gap between batches at the mean rate.
    pub gap: Gap,
    /// Rate by hour of the day, mean 1.
    pub hours: [f64; 24],
    /// Rate by weekday from Monday, mean 1.
    pub weekdays: [f64; 7],
    /// Bursts and lulls.
    pub weather: Weather,
    /// (n, P(batch has at least n jobs)), n rising from 1; a power law between entries and
    /// nothing beyond the last.
    pub batch_sizes: &'static [(u32, f64)],
    /// GPU counts, by batch size; the last entry takes every batch.
    pub gpu_counts: &'static [GpuCounts],
    /// Run times; the first entry that fits is used, the last takes every job.
    pub durations: &'static [Durations],
    /// Shortest and longest run, seconds; the mixtures are cut there.
    pub run_range: (f64, f64),
    /// Likeness inside batches, by batch size; the last entry takes every batch.
    pub sweeps: &'static [Sweep],
    /// Longest gap inside a batch, seconds.
    pub max_member_gap: f64,
    /// Submissions and run times are whole multiples of this.
    pub resolution: Span,
    /// Tenants; each has its own queue.
    pub tenants: u32,
    /// Zipf exponent of the tenants' shares of batches.
    pub tenant_exponent: f64,
    /// Users per tenant.
    pub users: u32,
    /// Zipf exponent of the users' shares.
    pub user_exponent: f64,
    /// Service classes, with weight.
    pub classes: &'static [(Class, f64)],
    /// Milli-GPU of fractional requests, with weight.
    pub fractions: &'static [(u32, f64)],
    /// CPU and memory; the first entry that fits is used; no entry = nothing is asked for.
    pub pod_sizes: &'static [PodSize],
    /// GPU models asked for; the first entry that fits; no entry = any.
    pub models: &'static [ModelWish],
    /// How jobs end; the first entry that fits is used; no entry = completed.
    pub ends: &'static [Ends],
    /// Wall limits; `None` = no estimates.
    pub estimates: Option<Estimates>,
    /// The cluster it is made for; empty = bring your own.
    pub cluster: &'static [NodeGroup],
}
