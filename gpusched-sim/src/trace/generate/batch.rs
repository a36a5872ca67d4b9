//! One batch: what its jobs share, and the jobs one by one.

use super::draw::{Quantiles, lognormal, lognormal_below, pick, tail_size, zipf};
use super::preset::{Class, Durations, Estimates, PodSize, Preset, Sweep};
use super::stream::{Purpose, Stream};
use crate::trace::row::{JobRow, ShareMode};
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::Outcome;

/// A preset with its tables worked out.
pub(super) struct Model {
    pub(super) preset: Preset,
    seed: u64,
    gpus_per_pod: u32,
    durations: Vec<Quantiles>,
    tenants: Vec<(u32, f64)>,
    users: Vec<(u32, f64)>,
}

impl Model {
    pub(super) fn new(preset: &Preset, seed: u64, gpus_per_pod: u32) -> Model {
        let (min, max) = preset.run_range;
        let table = |d: &Durations| Quantiles::new(d.mixture, min, max);
        Model {
            preset: *preset,
            seed,
            gpus_per_pod,
            durations: preset.durations.iter().map(table).collect(),
            tenants: zipf(preset.tenants, preset.tenant_exponent),
            users: zipf(preset.users, preset.user_exponent),
        }
    }

    /// Whole multiples of the preset's resolution, rounded by `round`.
    fn micros(&self, seconds: f64, round: fn(f64) -> f64) -> i64 {
        let unit = self.preset.resolution.0;
        round(seconds * (MICROS as f64 / unit as f64)) as i64 * unit
    }
}

/// A batch of which some jobs are still to come.
pub(super) struct Batch {
    /// Submission of its next job.
    pub(super) next: Time,
    /// Number of the batch, in order of arrival.
    pub(super) index: u64,
    /// Jobs still to come.
    pub(super) left: u32,
    shape: Shape,
    /// Normal score of the batch's typical duration.
    centre: f64,
    /// Share of a job's score that is its own; the rest is the batch's.
    own: f64,
    /// The multiple of its run time the user asks for.
    padding: f64,
    durations: Stream,
    gaps: Stream,
    outcomes: Stream,
}

/// What all jobs of a batch have in common.
struct Shape {
    size: u32,
    tenant: u32,
    user: u32,
    class: Class,
    pods: u32,
    gpus_per_pod: u32,
    gpu_milli: u32,
    models: &'static [&'static str],
    cpu_milli: u64,
    mem_mib: u64,
    /// Row of [`Preset::durations`].
    durations: usize,
    sweep: Sweep,
}

/// The largest pod of at most `limit` GPUs that divides `gpus` evenly: (pods, GPUs per pod).
fn split(gpus: u32, limit: u32) -> (u32, u32) {
    let per_pod = (1..=limit.min(gpus))
        .rev()
        .find(|d| gpus.is_multiple_of(*d));
    per_pod.map_or((1, 0), |d| (gpus / d, d))
}

impl Shape {
    fn draw(model: &Model, index: u64) -> Shape {
        let preset = &model.preset;
        let mut stream = Stream::new(model.seed, Purpose::Shape, index);
        // Every draw happens for every batch, in this order, needed or not: a preset that drops
        // a feature leaves the others where they were.
        let [
            size_u,
            gpus_u,
            tenant_u,
            user_u,
            class_u,
            shared_u,
            milli_u,
            pod_u,
            model_u,
        ] = std::array::from_fn(|_| stream.unit());
        let size = tail_size(preset.batch_sizes, size_u);
        let counts = first(preset.gpu_counts, |c| size <= c.max_batch);
        let gpus = *pick(counts.gpus, gpus_u);
        let class = *pick(preset.classes, class_u);
        let shared = gpus == 1 && shared_u < class.fractional;
        let gpu_milli = if shared {
            *pick(preset.fractions, milli_u)
        } else {
            1000
        };
        let (pods, gpus_per_pod) = split(gpus, model.gpus_per_pod);
        let (cpu_milli, mem_mib) = pod_size(preset, gpus_per_pod, shared, pod_u);
        let fits = |d: &Durations| size <= d.max_batch && gpus <= d.max_gpus;
        let last = preset.durations.len() - 1;
        Shape {
            size,
            tenant: *pick(&model.tenants, tenant_u),
            user: *pick(&model.users, user_u),
            class,
            pods,
            gpus_per_pod,
            gpu_milli,
            models: models(preset, gpus_per_pod, model_u),
            cpu_milli,
            mem_mib,
            durations: preset.durations.iter().position(fits).unwrap_or(last),
            sweep: *first(preset.sweeps, |s| size <= s.max_batch),
        }
    }
}

/// The first entry that fits, or the last.
fn first<T>(table: &[T], fits: impl Fn(&T) -> bool) -> &T {
    let index = table.iter().position(fits).unwrap_or(table.len() - 1);
    &table[index]
}

/// CPU (milli-cores) and memory (MiB) of a pod.
fn pod_size(preset: &Preset, gpus: u32, shared: bool, u: f64) -> (u64, u64) {
    let fits = |p: &&PodSize| gpus <= p.max_gpus && shared == p.shared;
    preset.pod_sizes.iter().find(fits).map_or((0, 0), |entry| {
        let (cpu, mem) = *pick(entry.per_gpu, u);
        let times = u64::from(gpus.max(1));
        (cpu * times, mem * times)
    })
}

/// Accepted GPU models of a pod.
fn models(preset: &Preset, gpus: u32, u: f64) -> &'static [&'static str] {
    let wish = preset.models.iter().find(|w| gpus <= w.max_gpus);
    match wish {
        Some(wish) if gpus > 0 => pick::<&[&str]>(wish.models, u),
        _ => &[],
    }
}

impl Batch {
    /// Batch number `index`, starting `seconds` after the start of the trace.
    pub(super) fn open(model: &Model, index: u64, seconds: f64) -> Batch {
        let stream = |purpose| Stream::new(model.seed, purpose, index);
        let shape = Shape::draw(model, index);
        let mut durations = stream(Purpose::Duration);
        let centre = durations.normal();
        let inside = lognormal(shape.sweep.spread, durations.normal());
        let total = model.durations[shape.durations].spread;
        let padding = model
            .preset
            .estimates
            .map_or(1.0, |e| padding(e, stream(Purpose::Estimate)));
        Batch {
            next: Time(model.micros(seconds, f64::floor)),
            index,
            left: shape.size,
            centre,
            own: (inside / total).min(1.0),
            padding,
            durations,
            gaps: stream(Purpose::MemberGap),
            outcomes: stream(Purpose::Outcome),
            shape,
        }
    }

    /// The next job, named `job_id`; moves on to the one after it.
    pub(super) fn take(&mut self, model: &Model, job_id: String) -> JobRow {
        let run = self.run(model);
        let shape = &self.shape;
        let mut row = JobRow::new(job_id, self.next, run);
        row.count = shape.pods;
        row.gpu = shape.gpus_per_pod;
        row.gpu_milli = shape.gpu_milli;
        if shape.gpu_milli < 1000 {
            row.share_mode = ShareMode::Any;
        }
        row.gpu_models = shape.models.iter().map(|m| m.to_string()).collect();
        row.cpu_milli = shape.cpu_milli;
        row.mem_mib = shape.mem_mib;
        row.priority = shape.class.priority;
        row.priority_class = (!shape.class.name.is_empty()).then(|| shape.class.name.into());
        row.preemptible = shape.class.preemptible;
        row.tenant = format!("team-{}", shape.tenant + 1);
        row.queue = row.tenant.clone();
        row.user = format!("user-{}-{}", shape.tenant + 1, shape.user + 1);
        if shape.size > 1 {
            row.group = format!("sweep-{}", self.index);
        }
        row.estimate = model.preset.estimates.map(|e| limit(e, run, self.padding));
        row.outcome = outcome(&model.preset, run, self.outcomes.unit());
        row.fail_at = (row.outcome != Outcome::Completed).then_some(run);
        self.advance(model);
        row
    }

    /// Run time of the next job.
    fn run(&mut self, model: &Model) -> Span {
        let (stray, fresh) = (self.durations.unit(), self.durations.normal());
        // Both branches give a standard normal score, so every job follows the mixture exactly.
        let score = if stray < self.shape.sweep.stray {
            fresh
        } else {
            (1.0 - self.own * self.own).sqrt() * self.centre + self.own * fresh
        };
        let seconds = model.durations[self.shape.durations].at(score);
        Span(
            model
                .micros(seconds, f64::round)
                .max(model.preset.resolution.0),
        )
    }

    fn advance(&mut self, model: &Model) {
        self.left -= 1;
        let (together, u) = (self.gaps.unit(), self.gaps.unit());
        let sweep = &self.shape.sweep;
        if self.left > 0 && together >= sweep.together {
            let gap = lognormal_below(sweep.gap, model.preset.max_member_gap, u);
            self.next = self.next + Span(model.micros(gap, f64::ceil));
        }
    }
}

/// How much more than the run time the owner of a batch asks for.
fn padding(estimates: Estimates, mut stream: Stream) -> f64 {
    let (tight, u) = (stream.unit(), stream.unit());
    if tight < estimates.tight {
        1.0
    } else {
        1.0 + (estimates.padding - 1.0) * u
    }
}

/// The wall limit asked for: never less than the run itself.
fn limit(estimates: Estimates, run: Span, padding: f64) -> Span {
    let wanted = Span((run.0 as f64 * padding) as i64).max(run);
    let rung = estimates.ladder.iter().find(|rung| **rung >= wanted);
    rung.copied().unwrap_or_else(|| {
        let top = estimates.ladder[estimates.ladder.len() - 1].0;
        Span((wanted.0 + top - 1) / top * top)
    })
}

fn outcome(preset: &Preset, run: Span, u: f64) -> Outcome {
    match preset.ends.iter().find(|e| run < e.below) {
        Some(ends) if u < ends.failed => Outcome::Failed,
        Some(ends) if u < ends.failed + ends.killed => Outcome::Killed,
        _ => Outcome::Completed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gangs_split_into_equal_pods() {
        assert_eq!(split(0, 8), (1, 0));
        assert_eq!(split(1, 8), (1, 1));
        assert_eq!(split(8, 8), (1, 8));
        assert_eq!(split(12, 8), (2, 6));
        assert_eq!(split(24, 8), (3, 8));
        assert_eq!(split(64, 4), (16, 4));
    }

    #[test]
    fn a_limit_is_a_rung_and_covers_the_run() {
        let hour = Span::from_secs(3600);
        const LADDER: &[Span] = &[Span::from_secs(3600), Span::from_secs(14_400)];
        let estimates = Estimates {
            ladder: LADDER,
            tight: 0.5,
            padding: 3.0,
        };
        assert_eq!(limit(estimates, hour, 1.0), hour);
        assert_eq!(
            limit(estimates, Span(hour.0 + 1), 1.0),
            Span::from_secs(14_400)
        );
        assert_eq!(limit(estimates, hour, 2.0), Span::from_secs(14_400));
        assert_eq!(
            limit(estimates, Span::from_secs(20_000), 1.0),
            Span::from_secs(28_800)
        );
    }
}
