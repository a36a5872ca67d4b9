//! Jobs of a trace as Workloads.

use super::queue_map::QueueMap;
use super::replay::Job;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::build::effective_run;
use crate::trace::row::JobRow;
use crate::trace::{ReadOptions, ReadReport, read_jobs};
use gpusched_core::kube::{Container, PodSpec};
use gpusched_core::queueing::kueue::objects::{PodSet, PriorityClass, Workload};
use gpusched_core::units::Span;
use rustc_hash::FxHashMap;

/// Bytes of a MiB.
const MIB: i64 = 1 << 20;

/// Reads a trace. Every job is a Workload of the LocalQueue that `map` says, every task group of
/// it a pod set whose pods request `nvidia.com/gpu`, `cpu` and `memory` as far as the trace says.
/// A share of a GPU is counted as a whole device, as Kubernetes would. A priority class of the
/// trace that the manifests know goes before its number.
///
/// # Errors
/// Whatever is wrong with the trace, and jobs that go to no LocalQueue, located.
pub fn load_jobs(
    spec: &str,
    options: &ReadOptions,
    map: &QueueMap,
    classes: &[PriorityClass],
) -> Result<(Vec<Job>, ReadReport)> {
    let file = crate::scenario::jobs_file(spec);
    let mut jobs: Vec<Job> = Vec::new();
    let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
    let mut shared = 0u64;
    let report = read_jobs(spec, options, &mut |row| {
        shared += u64::from(row.gpu > 0 && row.gpu_milli < 1000);
        let pods = pod_set(&row);
        if let Some(at) = by_name.get(&row.job_id) {
            jobs[*at].workload.pod_sets.push(pods);
            return Ok(());
        }
        let (namespace, queue) = map
            .find(&row)
            .map_err(|problem| problem.at(&file, row.line, 0))?;
        let class = row.priority_class.as_ref();
        let class = class.and_then(|name| classes.iter().find(|one| one.name == *name));
        by_name.insert(row.job_id.clone(), jobs.len());
        let (run, _) = effective_run(&row);
        jobs.push(Job {
            workload: Workload {
                namespace: namespace.clone(),
                uid: row.job_id.clone(),
                name: row.job_id.clone(),
                queue: queue.clone(),
                priority: Some(class.map_or(row.priority, |class| class.value)),
                priority_class: class.map(|class| class.name.clone()),
                pod_sets: vec![pods],
                ..Workload::default()
            },
            arrival: row.submit,
            run: (run != Span::FOREVER).then_some(run),
        });
        Ok(())
    });
    let mut report = report?;
    if jobs.is_empty() {
        return Err(Diagnostic::new("the trace has no jobs")
            .in_file(&report.path)
            .help("check the file, and the filters (`--queue-only`, `--gpu-only`, `--limit`)"));
    }
    if shared > 0 {
        report.notes.push(format!(
            "{shared} pods' shares of a GPU are counted as whole devices: quota counts devices"
        ));
    }
    Ok((jobs, report))
}

fn pod_set(row: &JobRow) -> PodSet {
    let mut requests = gpusched_core::kube::Resources::new();
    let mut add = |name: &str, amount: i64| {
        if amount > 0 {
            requests.insert(name.to_owned(), amount);
        }
    };
    let amount = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    add("nvidia.com/gpu", i64::from(row.gpu));
    if let Some(profile) = &row.mig_profile {
        add(&format!("nvidia.com/mig-{profile}"), i64::from(row.mig_count));
    }
    add("cpu", amount(row.cpu_milli));
    add("memory", amount(row.mem_mib).saturating_mul(MIB));
    let count = |pods: u32| i32::try_from(pods).unwrap_or(i32::MAX);
    PodSet {
        name: row.task.clone(),
        count: count(row.count),
        min_count: row.min_count.map(count).filter(|min| *min > 0),
        template: PodSpec {
            containers: vec![Container {
                requests,
                ..Container::default()
            }],
            ..PodSpec::default()
        },
        ..PodSet::default()
    }
}
