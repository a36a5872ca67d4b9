//! Statistics of a trace: the figures the survey measured on the sources.

use gpusched_core::units::MICROS;
use gpusched_sim::trace::row::JobRow;
use std::collections::BTreeMap;

/// What the statistics look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) submit: i64,
    pub(crate) run: i64,
    pub(crate) gpus: u32,
    pub(crate) queue: u32,
}

impl Job {
    pub(crate) fn of(row: &JobRow) -> Job {
        Job {
            submit: row.submit.0 / MICROS,
            run: row.run.0 / MICROS,
            gpus: row.count * row.gpu,
            queue: row.queue["team-".len()..].parse().unwrap(),
        }
    }

    pub(crate) fn work(&self) -> i64 {
        self.run * i64::from(self.gpus)
    }
}

/// The figures of one trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) ks_fit: f64,
    pub(crate) ks_data: f64,
    pub(crate) single_batches: f64,
    pub(crate) one_gpu: f64,
    pub(crate) fano: f64,
    pub(crate) top_share: f64,
    pub(crate) close: f64,
    pub(crate) same_gpus: f64,
    pub(crate) two_tenants: f64,
    /// Median |difference of ln run| between an arrival and the one at most 10 s before it.
    pub(crate) unlike: f64,
    /// Mean and deviation of ln seconds between batches of all queues.
    pub(crate) gap: (f64, f64),
    pub(crate) jobs_per_hour: f64,
    /// Batches by hour of the day.
    pub(crate) hours: [f64; 24],
}

pub(crate) fn figures(jobs: &[Job]) -> Figures {
    let n = jobs.len() as f64;
    let (unlike, same) = close_arrivals(jobs);
    let close = unlike.len() as f64;
    let batches = batches(jobs);
    let mut hours = [0.0; 24];
    for (start, _) in &batches {
        hours[(start / 3600 % 24) as usize] += 1.0;
    }
    let (fano, jobs_per_hour) = hourly(jobs);
    Figures {
        single_batches: share(batches.iter().map(|(_, size)| *size == 1)),
        one_gpu: share(jobs.iter().map(|j| j.gpus == 1)),
        fano,
        jobs_per_hour,
        top_share: top_share(jobs),
        close: close / n,
        same_gpus: same / close,
        unlike: unlike[unlike.len() / 2],
        gap: gaps(&batches),
        two_tenants: two_tenants(jobs),
        hours,
        ..Figures::default()
    }
}

pub(crate) fn share(hits: impl Iterator<Item = bool> + Clone) -> f64 {
    hits.clone().filter(|hit| *hit).count() as f64 / hits.count() as f64
}

/// Arrivals at most 10 s after the one before in the same queue: how much their run times differ
/// (sorted), and how many ask for the same number of GPUs.
fn close_arrivals(jobs: &[Job]) -> (Vec<f64>, f64) {
    let mut last: BTreeMap<u32, Job> = BTreeMap::new();
    let (mut unlike, mut same) = (Vec::new(), 0.0);
    for job in jobs {
        if let Some(before) = last.insert(job.queue, *job)
            && job.submit - before.submit <= 10
        {
            unlike.push((job.run as f64 / before.run as f64).ln().abs());
            same += f64::from(u8::from(before.gpus == job.gpus));
        }
    }
    unlike.sort_by(f64::total_cmp);
    (unlike, same)
}

/// Mean and deviation of ln seconds between batches that do not start together.
fn gaps(batches: &[(i64, u32)]) -> (f64, f64) {
    let ln = |pair: &[(i64, u32)]| ((pair[1].0 - pair[0].0) as f64).ln();
    let logs = batches.windows(2).map(ln).filter(|ln| ln.is_finite());
    let n = logs.clone().count() as f64;
    let mean = logs.clone().sum::<f64>() / n;
    let variance = logs.map(|ln| (ln - mean) * (ln - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// Batches as the survey measures them: same queue, at most 60 s apart, same GPU count. Gives the
/// start and the size of each.
fn batches(jobs: &[Job]) -> Vec<(i64, u32)> {
    let mut open: BTreeMap<u32, (Job, usize)> = BTreeMap::new();
    let mut found: Vec<(i64, u32)> = Vec::new();
    for job in jobs {
        let follows = |before: &Job| job.submit - before.submit <= 60 && job.gpus == before.gpus;
        let batch = match open.get(&job.queue) {
            Some((before, batch)) if follows(before) => *batch,
            _ => {
                found.push((job.submit, 0));
                found.len() - 1
            }
        };
        found[batch].1 += 1;
        open.insert(job.queue, (*job, batch));
    }
    found
}

/// Fano factor of hourly counts, and the mean count.
fn hourly(jobs: &[Job]) -> (f64, f64) {
    let first = jobs[0].submit / 3600;
    let last = jobs[jobs.len() - 1].submit / 3600;
    let mut counts = vec![0.0; (last - first + 1) as usize];
    for job in jobs {
        counts[(job.submit / 3600 - first) as usize] += 1.0;
    }
    let hours = counts.len() as f64;
    let mean = jobs.len() as f64 / hours;
    let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / hours;
    (variance / mean, mean)
}

/// Share of GPU-time held by the largest hundredth of the jobs.
fn top_share(jobs: &[Job]) -> f64 {
    let mut work: Vec<i64> = jobs.iter().map(Job::work).collect();
    work.sort_unstable();
    let top: i64 = work.iter().rev().take(jobs.len() / 100).sum();
    top as f64 / work.iter().sum::<i64>() as f64
}

/// Share of GPU-time held by the first two tenants.
fn two_tenants(jobs: &[Job]) -> f64 {
    let two: i64 = jobs.iter().filter(|j| j.queue <= 2).map(Job::work).sum();
    two as f64 / jobs.iter().map(Job::work).sum::<i64>() as f64
}

/// A lognormal mixture as the survey publishes it: (weight, mu, sigma).
pub(crate) type Fit = [(f64, f64, f64); 3];

/// Kolmogorov distance of whole seconds from a mixture, taken half a second past each value as
/// the published fits do.
pub(crate) fn ks_mixture(sorted: &[i64], mixture: &Fit) -> f64 {
    let below = |x: f64| -> f64 {
        let part = |(w, mu, sigma): &(f64, f64, f64)| {
            w * 0.5 * libm::erfc(-(x.ln() - mu) / sigma * std::f64::consts::FRAC_1_SQRT_2)
        };
        mixture.iter().map(part).sum()
    };
    let n = sorted.len() as f64;
    let mut distance: f64 = 0.0;
    for (i, run) in sorted.iter().enumerate() {
        if sorted.get(i + 1) != Some(run) {
            let gap = (i + 1) as f64 / n - below(*run as f64 + 0.5);
            distance = distance.max(gap.abs());
        }
    }
    distance
}

/// Kolmogorov distance of two sorted samples.
pub(crate) fn ks_samples(a: &[i64], b: &[i64]) -> f64 {
    let (mut i, mut j) = (0, 0);
    let mut distance: f64 = 0.0;
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        while i < a.len() && a[i] == value {
            i += 1;
        }
        while j < b.len() && b[j] == value {
            j += 1;
        }
        let gap = i as f64 / a.len() as f64 - j as f64 / b.len() as f64;
        distance = distance.max(gap.abs());
    }
    distance
}
