//! Workloads of Kueue as a cluster holds them: what `kubectl get workloads -A -o json` (or `-o
//! yaml`) prints, in either API version.
//!
//! A Workload is a job, each of its pod sets a task group: requests of `nvidia.com/gpu` (or of
//! another resource of that name), of MIG instances, of `cpu` and `memory`. It was submitted when
//! it was created, started when it was last admitted, and ended when its `Finished` condition
//! says so. Its queue is `NAMESPACE/LOCALQUEUE`.
//!
//! Pitfalls: an object remembers its last admission only, so the run time is that of the last
//! attempt, and an earlier start shows in `attempts` alone: 1, and the evictions its status
//! counts. What had not ended when the list was made is right-censored at the latest time in the
//! list; what was not admitted has no run time, so it is left out and counted. The whole file is
//! held in memory.

use super::set_outcome;
use crate::diagnostic::{Diagnostic, Result};
use crate::manifest::{Manifests, Severity};
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, LinePlace, Sink, censor_right};
use crate::trace::stamp::{Clock, Start};
use gpusched_core::kube::pod_requests;
use gpusched_core::queueing::kueue::objects::{PodSet, Workload};
use gpusched_core::units::Time;
use gpusched_core::workload::Outcome;

/// Bytes of a MiB.
const MIB: i64 = 1 << 20;

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let mut input = source.open()?;
    let text = input.read_all()?;
    sink.digest(input.digest());
    let manifests = Manifests::parse([(source.name(), text)]);
    let mut problems = manifests.problems().iter();
    if let Some(problem) = problems.find(|one| one.severity == Severity::Error) {
        return Err(Box::new(problem.diagnostic.clone()));
    }
    let workloads = &manifests.objects().workloads;
    if workloads.is_empty() {
        return Err(Diagnostic::new("there is no Workload here")
            .at(source.name(), 1, 1)
            .help("give what `kubectl get workloads -A -o json` prints"));
    }
    let created = workloads.iter().map(|one| one.created.0);
    let clock = Clock::new(sink.options)?;
    let start = Start::earliest(created, &clock, true);
    let horizon = workloads.iter().flat_map(|one| {
        let conditions = one.conditions.iter().map(|condition| condition.at);
        conditions.chain([one.created])
    });
    let horizon = horizon.max().unwrap_or_default();
    for workload in workloads {
        if sink.full() {
            break;
        }
        let Some(job) = job(workload, &start, horizon) else {
            sink.drop("not admitted: the run time is not known", 1);
            continue;
        };
        let place = LinePlace {
            file: source.name(),
            line: 0,
        };
        let groups = workload.pod_sets.iter().filter(|pods| pods.count > 0);
        for (index, pods) in groups.enumerate() {
            sink.push(group(&job, index, pods), &place)?;
        }
    }
    sink.meta().t0.clone_from(&start.text);
    Ok(())
}

/// What all groups of a job share; `None` if it was never admitted.
fn job(workload: &Workload, start: &Start, horizon: Time) -> Option<JobRow> {
    let since = |kind: &str| {
        workload
            .condition(kind)
            .filter(|one| one.status)
            .map(|one| one.at)
    };
    let admitted = since("Admitted")?;
    let finished = since("Finished");
    let run = finished.unwrap_or(horizon) - admitted;
    let id = format!("{}/{}", workload.namespace, workload.name);
    let mut row = JobRow::new(id, start.relative(workload.created.0), run);
    row.queue = format!("{}/{}", workload.namespace, workload.queue);
    row.priority = workload.priority.unwrap_or_default();
    row.priority_class.clone_from(&workload.priority_class);
    row.obs_start = Some(start.relative(admitted.0));
    row.obs_end = finished.map(|at| start.relative(at.0));
    let counted = workload.requeue.as_ref().map_or(0, |one| one.count);
    let evicted = i32::from(workload.condition("Evicted").is_some());
    row.attempts = u32::try_from(1 + counted.max(evicted)).ok();
    match workload.condition("Finished") {
        Some(end) if end.status => {
            let failed = end.reason == "Failed";
            set_outcome(
                &mut row,
                if failed {
                    Outcome::Failed
                } else {
                    Outcome::Completed
                },
            );
        }
        _ => censor_right(&mut row),
    }
    Some(row)
}

fn group(job: &JobRow, index: usize, pods: &PodSet) -> JobRow {
    let mut row = job.clone();
    if index > 0 {
        row.task.clone_from(&pods.name);
    }
    row.count = u32::try_from(pods.count).unwrap_or(1);
    row.min_count = pods.min_count.and_then(|min| u32::try_from(min).ok());
    for (name, amount) in pod_requests(&pods.template) {
        let many = u32::try_from(amount).unwrap_or(u32::MAX);
        match name.as_str() {
            "cpu" => row.cpu_milli = u64::try_from(amount).unwrap_or(0),
            "memory" => row.mem_mib = u64::try_from((amount + MIB - 1) / MIB).unwrap_or(0),
            name => {
                if let Some(profile) = name.strip_prefix("nvidia.com/mig-") {
                    row.mig_profile = Some(profile.to_owned());
                    row.mig_count = many;
                } else if name.ends_with("/gpu") {
                    row.gpu += many;
                }
            }
        }
    }
    row
}
