//! `gpusched trace info`: what is in a trace.

use super::args::InfoArgs;
use super::failure::Outcome;
use super::terminal::{self, count, percent, short, thousands};
use super::trace::{node_options, read_options};
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{Outcome as End, Workload};
use gpusched_sim::builtin;
use gpusched_sim::metrics::quantiles::quantile;
use gpusched_sim::report::span;
use gpusched_sim::trace::build::{load_inventory, load_workload};
use gpusched_sim::trace::{ENDLESS, ReadReport};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Queues and models shown one by one.
const MOST_SHOWN: usize = 10;

/// Runs the verb.
pub(crate) fn info(args: &InfoArgs) -> Outcome {
    let read = read_options(&args.read)?;
    let trace = args.trace.as_deref().unwrap_or(builtin::SAMPLE);
    let sample = args.trace.is_none().then_some(builtin::SAMPLE);
    let cluster = match args.cluster.cluster.as_deref().or(sample) {
        Some(cluster) => Some(load_inventory(cluster, &node_options(&read))?.0),
        None => None,
    };
    let (work, report) = load_workload(trace, &read)?;
    terminal::say_notes(&report);
    let jobs = collect(&work);
    let mut text = overview(&work, &jobs, &report);
    text += &sizes(&jobs);
    text += &models(&work);
    text += &queues(&work, &jobs);
    text += &load(&jobs, cluster.as_ref());
    terminal::print_text(&text)
}

/// A job of the trace; parts of one are added up.
struct Job {
    first: JobId,
    submit: Time,
    run: Span,
    gpu_milli: u64,
    pods: u64,
}

impl Job {
    /// GPU-hours it holds; nothing for a job that never ends.
    fn gpu_hours(&self) -> f64 {
        if self.run >= ENDLESS {
            return 0.0;
        }
        self.gpu_milli as f64 / f64::from(MILLI) * self.run.as_secs_f64() / 3600.0
    }
}

fn collect(work: &Workload) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::with_capacity(work.trace_jobs());
    let mut last = None;
    for (at, job) in work.jobs().iter().enumerate() {
        let id = JobId(at as u32);
        let pods = u64::from(work.spec(job.spec).pods);
        let source = Some(work.source(id));
        match jobs.last_mut() {
            Some(whole) if last == source => {
                whole.run = whole.run.max(job.run);
                whole.gpu_milli += work.gpu_milli(id);
                whole.pods += pods;
            }
            _ => jobs.push(Job {
                first: id,
                submit: job.submit,
                run: job.run,
                gpu_milli: work.gpu_milli(id),
                pods,
            }),
        }
        last = source;
    }
    jobs
}

/// Seconds from the first to the last submission.
fn submission_seconds(jobs: &[Job]) -> f64 {
    match (jobs.first(), jobs.last()) {
        (Some(first), Some(last)) => (last.submit - first.submit).as_secs_f64(),
        _ => 0.0,
    }
}

fn overview(work: &Workload, jobs: &[Job], report: &ReadReport) -> String {
    let mut text = format!("{} (format {})\n", report.path, report.format);
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:11}  {value}");
    };
    let pods: u64 = jobs.iter().map(|job| job.pods).sum();
    let total = jobs.len() as u64;
    line(
        "jobs",
        format!(
            "{}, {}, {}",
            count(total, "job"),
            count(pods, "pod"),
            count(report.rows, "row")
        ),
    );
    let seconds = submission_seconds(jobs);
    if let (Some(first), Some(last)) = (jobs.first(), jobs.last()) {
        let mut value = format!(
            "from {} s to {} s: {}",
            first.submit,
            last.submit,
            span(seconds)
        );
        if seconds > 0.0 {
            let _ = write!(
                value,
                ", {} jobs an hour",
                short(total as f64 * 3600.0 / seconds)
            );
        }
        line("submitted", value);
    }
    line("run time", run_times(jobs));
    line("GPU time", concentration(jobs));
    let estimated = work.estimated();
    line(
        "estimates",
        match estimated {
            0 => "none: policies are told the true run time".to_owned(),
            estimated => format!(
                "{} of {} carry one (or a limit)",
                thousands(estimated),
                thousands(work.len() as u64)
            ),
        },
    );
    line("outcomes", outcomes(work, jobs));
    text
}

fn run_times(jobs: &[Job]) -> String {
    let endless = jobs.iter().filter(|job| job.run >= ENDLESS).count();
    let mut runs: Vec<u64> = jobs
        .iter()
        .filter(|job| job.run < ENDLESS)
        .map(|job| job.run.0.unsigned_abs())
        .collect();
    let mut parts = Vec::new();
    for (name, percent) in [("median", 50), ("90%", 90), ("99%", 99), ("longest", 100)] {
        if let Some(micros) = quantile(&mut runs, percent) {
            parts.push(format!("{name} {}", span(micros as f64 / 1e6)));
        }
    }
    if endless > 0 {
        parts.push(format!("{} never end", count(endless as u64, "job")));
    }
    parts.join(", ")
}

/// GPU-hours, and how few jobs hold most of them.
fn concentration(jobs: &[Job]) -> String {
    let mut hours: Vec<f64> = jobs.iter().map(Job::gpu_hours).collect();
    hours.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = hours.iter().sum();
    if total == 0.0 {
        return "none".to_owned();
    }
    let top: f64 = hours[..jobs.len().div_ceil(100)].iter().sum();
    format!(
        "{} GPU-hours; the largest 1% of jobs hold {} of them",
        gpu_hours(total),
        percent(top / total)
    )
}

fn outcomes(work: &Workload, jobs: &[Job]) -> String {
    let mut shares = Vec::new();
    for end in [
        End::Completed,
        End::Failed,
        End::Killed,
        End::Running,
        End::Pending,
    ] {
        let number = jobs
            .iter()
            .filter(|job| work.outcome(job.first) == end)
            .count();
        if number > 0 {
            shares.push(format!(
                "{} {}",
                end.name(),
                percent(number as f64 / jobs.len() as f64)
            ));
        }
    }
    shares.join(", ")
}

/// A table of jobs and their GPU-hours by some name.
fn shares<'a>(
    title: &str,
    rows: impl Iterator<Item = (&'a str, u64, f64)>,
    jobs: u64,
    hours: f64,
) -> String {
    let rows: Vec<_> = rows.collect();
    let width = rows
        .iter()
        .map(|(name, ..)| name.chars().count())
        .max()
        .unwrap_or(0);
    let width = width.max(title.chars().count());
    let mut text = format!(
        "\n  {title:width$}  {:>10}  {:>7}  {:>12}  {:>7}\n",
        "jobs", "share", "GPU-hours", "share"
    );
    for (name, number, held) in rows {
        let of = |part: f64, whole: f64| {
            if whole > 0.0 {
                percent(part / whole)
            } else {
                String::new()
            }
        };
        let _ = writeln!(
            text,
            "  {name:width$}  {:>10}  {:>7}  {:>12}  {:>7}",
            thousands(number),
            of(number as f64, jobs as f64),
            gpu_hours(held),
            of(held, hours)
        );
    }
    text
}

fn sizes(jobs: &[Job]) -> String {
    const CLASSES: [(&str, u64); 7] = [
        ("none", 0),
        ("less than 1", 999),
        ("1", 1000),
        ("2 to 4", 4000),
        ("5 to 8", 8000),
        ("9 to 16", 16_000),
        ("more than 16", u64::MAX),
    ];
    let mut counts = [(0_u64, 0.0_f64); CLASSES.len()];
    for job in jobs {
        let class = CLASSES.iter().position(|&(_, most)| job.gpu_milli <= most);
        let (number, hours) = &mut counts[class.unwrap_or(CLASSES.len() - 1)];
        *number += 1;
        *hours += job.gpu_hours();
    }
    let rows = CLASSES.iter().zip(counts);
    let rows = rows.filter(|(_, (number, _))| *number > 0);
    shares(
        "GPUs per job",
        rows.map(|(&(name, _), (number, hours))| (name, number, hours)),
        jobs.len() as u64,
        jobs.iter().map(Job::gpu_hours).sum(),
    )
}

/// GPU models jobs insist on.
fn models(work: &Workload) -> String {
    let mut wishes: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    let mut total = (0, 0.0);
    for (at, job) in work.jobs().iter().enumerate() {
        let milli = work.gpu_milli(JobId(at as u32));
        if milli == 0 || job.run >= ENDLESS {
            continue;
        }
        let sets = &work.spec(job.spec).pod_sets;
        let wanted = sets
            .iter()
            .map(|set| work.shape(set.shape))
            .find(|shape| shape.gpus > 0);
        let name = match wanted {
            Some(shape) if !shape.models.is_empty() => shape.models.join(" or "),
            _ => "any".to_owned(),
        };
        let hours = milli as f64 / f64::from(MILLI) * job.run.as_secs_f64() / 3600.0;
        let wish = wishes.entry(name).or_default();
        *wish = (wish.0 + 1, wish.1 + hours);
        total = (total.0 + 1, total.1 + hours);
    }
    if wishes.len() < 2 && wishes.contains_key("any") || wishes.is_empty() {
        return String::new();
    }
    shares(
        "GPU model",
        largest(wishes.iter()).into_iter(),
        total.0,
        total.1,
    )
}

/// The rows with the most GPU-hours (ties by name).
fn largest<'a>(
    rows: impl Iterator<Item = (&'a String, &'a (u64, f64))>,
) -> Vec<(&'a str, u64, f64)> {
    let mut rows: Vec<_> = rows
        .map(|(name, &(jobs, hours))| (name.as_str(), jobs, hours))
        .collect();
    rows.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(b.0)));
    rows.truncate(MOST_SHOWN);
    rows
}

fn queues(work: &Workload, jobs: &[Job]) -> String {
    let mut queues: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    for job in jobs {
        let queue = &work.owner(job.first).queue;
        let name = if queue.is_empty() { "(none)" } else { queue };
        let held = queues.entry(name.to_owned()).or_default();
        *held = (held.0 + 1, held.1 + job.gpu_hours());
    }
    let distinct = |value: fn(&gpusched_core::workload::Owner) -> &str| {
        let names: std::collections::BTreeSet<&str> = work
            .owners()
            .iter()
            .map(value)
            .filter(|name| !name.is_empty())
            .collect();
        names.len() as u64
    };
    let users = distinct(|owner| &owner.user);
    let tenants = distinct(|owner| &owner.tenant);
    let mut text = String::new();
    if queues.len() > 1 {
        let hours = jobs.iter().map(Job::gpu_hours).sum();
        text += &shares(
            "queue",
            largest(queues.iter()).into_iter(),
            jobs.len() as u64,
            hours,
        );
        if queues.len() > MOST_SHOWN {
            let _ = writeln!(
                text,
                "  … and {}",
                count((queues.len() - MOST_SHOWN) as u64, "more queue")
            );
        }
    }
    if users > 0 && tenants == 0 {
        let _ = writeln!(text, "\n  {}", count(users, "user"));
    } else if users + tenants > 0 {
        let _ = writeln!(
            text,
            "\n  {} of {}",
            count(users, "user"),
            count(tenants, "tenant")
        );
    }
    text
}

/// GPUs the trace keeps busy on average, against a cluster if there is one.
fn load(jobs: &[Job], cluster: Option<&Inventory>) -> String {
    let hours = submission_seconds(jobs) / 3600.0;
    if hours <= 0.0 {
        return "\n  All jobs come at once, so there is no offered load.\n".to_owned();
    }
    let busy = jobs.iter().map(Job::gpu_hours).sum::<f64>() / hours;
    let mut text = format!(
        "\n  The jobs keep {} GPUs busy on average while they are submitted",
        short(busy)
    );
    match cluster {
        Some(cluster) if cluster.gpus() > 0 => {
            let _ = writeln!(
                text,
                ":\n  an offered load of {} on the {} of this cluster.",
                percent(busy / cluster.gpus() as f64),
                count(cluster.gpus(), "GPU")
            );
        }
        _ => text += ".\n",
    }
    text
}

/// GPU-hours: whole ones, unless there are few.
fn gpu_hours(hours: f64) -> String {
    if hours < 100.0 {
        format!("{hours:.1}")
    } else {
        thousands(hours.round() as u64)
    }
}
