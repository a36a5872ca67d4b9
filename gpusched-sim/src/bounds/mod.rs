//! What no schedule of these jobs on these GPUs can beat.
//!
//! A table of policies says which is better, not how much there is left to gain. These are lower
//! bounds from relaxations: GPUs of a model are one pot that work flows into, gangs may be cut,
//! jobs may stop and go on at no cost, and the scheduler knows the future. The true optimum is
//! somewhere between the bound and the best policy.
//!
//! | file | bounds |
//! |---|---|
//! | `completion.rs` | the mean completion time, by an exact greedy rule |
//! | `cost.rs` | the bill |
//! | `makespan.rs` | the makespan, by a linear program over GPU models and arrivals |

mod completion;
pub mod cost;
mod makespan;

use gpusched_core::cluster::{Cluster, Inventory};
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::Money;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;
use serde::{Deserialize, Serialize};

/// Lower bounds over all schedules.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bounds {
    /// Mean completion time of the jobs of the trace, s.
    pub mean_jct_s: f64,
    /// First submission to last end, s.
    pub makespan_s: f64,
    /// What the machines cost, USD, that are all there as planned and paid for up to the last end;
    /// absent where none has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// A job as the relaxations see it.
#[derive(Clone, Debug, PartialEq)]
struct Task {
    submit: Time,
    run: Span,
    /// GPU time, milli-GPU × µs.
    area: i128,
    /// Models it may run on, a bit each.
    models: u64,
}

/// The bounds of a workload on an inventory, every job running at full speed at best. `None` for no
/// jobs, and where some job can never run or never ends: whoever leaves it out has less to do.
///
/// O(jobs log jobs), and a linear program of at most some thousands of variables.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node};
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use gpusched_sim::bounds::bounds;
/// let mut jobs = WorkloadBuilder::numbered();
/// for run in [60, 30] {
///     jobs.push(&JobDraft::new("", Time::ZERO, Span::from_secs(run), Shape::whole_gpus(1))).unwrap();
/// }
/// let inventory = Inventory::new(vec![Node::with_gpus("only", 1, "T4")]).unwrap();
/// let found = bounds(&jobs.finish().unwrap(), &inventory).unwrap();
/// // The shorter one first: 30 and 90 s. Nothing is better.
/// assert_eq!((found.mean_jct_s.round(), found.makespan_s.round()), (60.0, 90.0));
/// ```
pub fn bounds(work: &Workload, inventory: &Inventory) -> Option<Bounds> {
    let mut cluster = Cluster::new(inventory.clone(), work.shapes());
    let fits: Vec<bool> = work.specs().iter().map(|spec| cluster.fits(spec)).collect();
    let mut tasks = Vec::with_capacity(work.len());
    for (at, job) in work.jobs().iter().enumerate() {
        let spec = work.spec(job.spec);
        if !fits[job.spec.index()] || job.submit + job.run >= Time::NEVER {
            return None;
        }
        let models = |set: &gpusched_core::workload::PodSet| cluster.ask(set.shape).models;
        // A job of several pod sets may use what any of them may: a relaxation.
        let models = spec
            .pod_sets
            .iter()
            .map(models)
            .fold(0, |all, one| all | one);
        tasks.push(Task {
            submit: job.submit,
            run: job.run,
            area: i128::from(work.gpu_milli(JobId::from(at))) * i128::from(job.run.0),
            models,
        });
    }
    let first = tasks.first()?.submit;
    let mut capacity = vec![0_i64; inventory.models().len()];
    for (at, node) in inventory.nodes().iter().enumerate() {
        let model = inventory.model_of(gpusched_core::ids::NodeId::from(at));
        capacity[model.index()] += 1000 * i64::from(node.gpus);
    }
    let total = completion::total(&tasks, &capacity);
    let loose = work.trace_jobs() < work.len();
    let mean_jct_s = match loose {
        false => total / tasks.len() as f64 / 1e6,
        // A job of several parts ends with its last one; the bound of a part is no more than that.
        true => longest_parts(work),
    };
    let end = makespan::end(&tasks, &capacity);
    let cost = cost::of_all_machines(inventory, first, Time(end.floor() as i64));
    Some(Bounds {
        mean_jct_s,
        makespan_s: (end - first.0 as f64) / 1e6,
        cost_usd: cost.map(Money::as_usd),
    })
}

/// The mean run time of the longest part of each job, s.
fn longest_parts(work: &Workload) -> f64 {
    let mut longest = vec![Span::ZERO; work.trace_jobs()];
    for (at, job) in work.jobs().iter().enumerate() {
        let of = &mut longest[work.source(JobId::from(at)) as usize];
        *of = job.run.max(*of);
    }
    let total: i128 = longest.iter().map(|run| i128::from(run.0)).sum();
    total as f64 / 1e6 / longest.len().max(1) as f64
}

#[cfg(test)]
mod tests;
