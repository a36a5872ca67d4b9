//! Turns records into a [`Summary`]. Every pass streams over the records; the only thing that
//! grows with the jobs is one buffer of eight bytes each, used by one quantile after the other.

use super::capacity::{Held, Models, offered_load};
use super::facts::{JobFacts, facts};
use super::groups::{OwnerTally, groups};
use super::mig::MigSummary;
use super::quantiles::{Distribution, four_quantiles};
use super::restricted::restricted;
use super::summary::{Estimates, JobCounts, Summary, Window};
use super::warm_up::WarmUp;
use super::{gpu_hours, secs};
use crate::engine::{Fate, Records};
use gpusched_core::cluster::Inventory;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::Workload;

/// Everything a summary says that follows from the records, under the labels of `labels`; waits by
/// reason and sampled means come from observers and are kept as they stand there. Jobs of the
/// warm-up are in no mean of times. O(jobs + pods), and O(jobs log jobs) where jobs are censored.
pub fn summarise(
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    warm_up: Option<WarmUp>,
    labels: Summary,
) -> Summary {
    let end = warm_up.and_then(|warm_up| warm_up.end(work, records));
    let counts_for_times = |job: &JobFacts| end.is_none_or(|end| job.submit >= end);
    let mut owners = vec![OwnerTally::default(); work.owners().len()];
    let mut counts = JobCounts::default();
    let mut last_finish = None;
    for job in facts(work, records) {
        count(&mut counts, &job);
        last_finish = last_finish.max(job.finish);
        owners[work.job(job.job()).owner.index()].add(&job, counts_for_times(&job));
    }
    let (window, until) = window(work, records, &counts, last_finish);
    let models = Models::new(inventory);
    let held = Held::new(work, records, &models);
    let (offered_load, offered_load_by_model) = offered_load(work, inventory, &models);
    let mut buffer = Vec::new();
    let closed = records.closed_at();
    let waits = |job: &JobFacts| job.fate == Fate::Waiting;
    let so_far = |job: &JobFacts| {
        let wait = || job.wait().unwrap_or(closed - job.submit);
        waits(job).then(wait)
    };
    let waited = |job: &JobFacts| job.wait().filter(|_| !waits(job));
    let mut spread = |value: &dyn Fn(&JobFacts) -> Option<Span>| {
        let value = |job: &JobFacts| value(job).filter(|_| counts_for_times(job));
        spans(work, records, &mut buffer, value)
    };
    Summary {
        wait_s: spread(&waited),
        still_waiting_s: match counts.waiting {
            0 => None,
            _ => spread(&so_far),
        },
        jct_s: spread(&JobFacts::jct),
        bounded_slowdown: slowdowns(work, records, &mut buffer, counts_for_times),
        queues: groups(
            work,
            records,
            &owners,
            |owner| &owner.queue,
            end,
            &mut buffer,
        ),
        users: groups(
            work,
            records,
            &owners,
            |owner| &owner.user,
            end,
            &mut buffer,
        ),
        // Ten million jobs that all ended need not be gathered to see that.
        restricted: match counts.waiting + counts.running {
            0 => None,
            _ => restricted(facts(work, records).filter(counts_for_times), closed),
        },
        warm_up: warm_up.map(|warm_up| warm_up.summary(end, work)),
        jobs: counts,
        window,
        nodes: inventory.nodes().len() as u64,
        capacity_gpus: inventory.gpus(),
        offered_load,
        offered_load_by_model,
        estimates: estimates(work),
        gpu_hours: gpu_hours(held.total),
        utilisation: held.utilisation(work, inventory, records, &models, until),
        mig: labels.mig.map(|mig| MigSummary {
            acceptance: match counts.total {
                0 => 1.0,
                total => (total - counts.unschedulable) as f64 / total as f64,
            },
            ..mig
        }),
        ..labels
    }
}

fn count(counts: &mut JobCounts, job: &JobFacts) {
    counts.total += 1;
    counts.parts += job.parts.len() as u64;
    *match job.fate {
        Fate::Done => &mut counts.finished,
        Fate::Failed(_) => &mut counts.failed,
        Fate::Running => &mut counts.running,
        Fate::Waiting => &mut counts.waiting,
        Fate::Unschedulable => &mut counts.unschedulable,
        Fate::Future => &mut counts.not_arrived,
    } += 1;
}

/// The window, and the instant it ends.
fn window(
    work: &Workload,
    records: &Records,
    counts: &JobCounts,
    last_finish: Option<Time>,
) -> (Window, Time) {
    let (Some(first), Some(last)) = (work.jobs().first(), work.jobs().last()) else {
        return (Window::default(), Time::ZERO);
    };
    let closed = records.closed_at();
    let all_ended = counts.running + counts.waiting + counts.not_arrived + counts.failed == 0;
    let until = last_finish.filter(|_| all_ended).unwrap_or(closed);
    let window = Window {
        first_submit_s: first.submit.as_secs_f64(),
        last_submit_s: last.submit.as_secs_f64(),
        last_finish_s: last_finish.map(Time::as_secs_f64),
        closed_s: closed.as_secs_f64(),
        makespan_s: (until - first.submit).as_secs_f64(),
    };
    (window, until)
}

fn estimates(work: &Workload) -> Estimates {
    let given = work.estimated();
    let source = match given {
        0 => "perfect",
        _ if given == work.len() as u64 => "trace",
        _ => "mixed",
    };
    Estimates {
        given,
        source: source.into(),
    }
}

/// The distribution of a span over the jobs that have it, in seconds.
fn spans(
    work: &Workload,
    records: &Records,
    buffer: &mut Vec<u64>,
    value: impl Fn(&JobFacts) -> Option<Span>,
) -> Option<Distribution> {
    buffer.clear();
    let (mut sum, mut weights, mut weighted) = (0i128, 0i128, 0.0);
    for job in facts(work, records) {
        if let Some(span) = value(&job) {
            buffer.push(span.0 as u64);
            sum += i128::from(span.0);
            weights += job.held;
            weighted += span.0 as f64 * job.held as f64;
        }
    }
    let [p50, p95, p99, max] = four_quantiles(buffer)?.map(|value| secs(i128::from(value)));
    Some(Distribution {
        jobs: buffer.len() as u64,
        mean: secs(sum) / buffer.len() as f64,
        p50,
        p95,
        p99,
        max,
        gpu_hour_weighted_mean: (weights > 0).then(|| weighted / weights as f64 / MICROS as f64),
    })
}

/// The distribution of the bounded slowdown. Ratios of 1 and more keep their order as bits.
fn slowdowns(
    work: &Workload,
    records: &Records,
    buffer: &mut Vec<u64>,
    counts: impl Fn(&JobFacts) -> bool,
) -> Option<Distribution> {
    buffer.clear();
    let (mut sum, mut weights, mut weighted) = (0.0, 0i128, 0.0);
    for job in facts(work, records).filter(|job| counts(job)) {
        if let Some(slowdown) = job.bounded_slowdown() {
            buffer.push(slowdown.to_bits());
            sum += slowdown;
            weights += job.held;
            weighted += slowdown * job.held as f64;
        }
    }
    let [p50, p95, p99, max] = four_quantiles(buffer)?.map(f64::from_bits);
    Some(Distribution {
        jobs: buffer.len() as u64,
        mean: sum / buffer.len() as f64,
        p50,
        p95,
        p99,
        max,
        gpu_hour_weighted_mean: (weights > 0).then(|| weighted / weights as f64),
    })
}
