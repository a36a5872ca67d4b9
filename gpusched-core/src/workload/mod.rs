//! What is asked for: jobs, their pod sets, and the request of one pod.
//!
//! A [`Workload`] is a table made to be replayed ten million times a second: a [`Job`] is 24
//! bytes, everything jobs have in common (request, pod sets, owner) is interned once and
//! referred to by id. A [`WorkloadBuilder`] fills it from rows in any order.

mod arrange;
mod behaviour;
mod builder;
mod checkpoint;
mod draft;
mod groups;
mod names;
mod request;

pub use arrange::Arrival;
pub use behaviour::Behaviour;
pub use builder::WorkloadBuilder;
pub use checkpoint::Checkpointing;
pub use draft::{JobDraft, WorkloadError};
pub use names::Names;
pub use request::{Locality, MigRequest, PodSet, Shape, ShareWay, Spec};

use crate::ids::{JobId, OwnerId, ShapeId, SpecId};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};

/// Which pods of a job must start together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gang {
    /// All pods of all pod sets, or nothing.
    #[default]
    All,
    /// Each pod set on its own.
    Task,
    /// Each pod on its own.
    None,
}

/// How a job ended, or how the trace says it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran to its end.
    #[default]
    Completed,
    /// It ended by a fault of its own.
    Failed,
    /// It was ended by its user, by a limit or by the system.
    Killed,
    /// It was still running at the end of the recording.
    Running,
    /// It had not started by the end of the recording.
    Pending,
}

impl Outcome {
    /// The name used in trace files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Failed => "failed",
            Outcome::Killed => "killed",
            Outcome::Running => "running",
            Outcome::Pending => "pending",
        }
    }
}

/// A schedulable job: what must start together, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Arrival.
    pub submit: Time,
    /// How long it runs once started (already cut at its wall limit and at a recorded failure).
    pub run: Span,
    /// Its pod sets.
    pub spec: SpecId,
    /// Whose it is.
    pub owner: OwnerId,
}

/// Whose a job is, and how it ranks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Queue (LocalQueue, partition, virtual cluster).
    pub queue: String,
    /// User.
    pub user: String,
    /// Cohort path.
    pub tenant: String,
    /// Tag of recurrent jobs.
    pub group: String,
    /// Higher goes first.
    pub priority: i32,
    /// May be evicted.
    pub preemptible: bool,
    /// May run on spot capacity.
    pub spot_ok: bool,
}

/// The jobs of a replay, in arrival order (ties in file order), and what they share.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    jobs: Vec<Job>,
    /// Empty when no job has an estimate of its own.
    estimates: Vec<Span>,
    /// Empty when every job runs to its end.
    outcomes: Vec<Outcome>,
    behaviours: Vec<Behaviour>,
    /// Place in `behaviours` + 1 by job, 0 = nothing is known; empty when that is so of all.
    behaves: Vec<u32>,
    /// Empty when every trace job is one schedulable job.
    sources: Vec<u32>,
    names: Names,
    specs: Vec<Spec>,
    shapes: Vec<Shape>,
    owners: Vec<Owner>,
    estimated: u64,
    /// Jobs of each spec in the trace this was arranged from; empty when it is that trace.
    population: Vec<u64>,
}

impl Workload {
    /// The jobs, in arrival order.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// One job.
    #[inline]
    pub fn job(&self, id: JobId) -> &Job {
        &self.jobs[id.index()]
    }

    /// Number of schedulable jobs.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Number of pods of all jobs. O(jobs).
    pub fn pods(&self) -> usize {
        let pods = |job: &Job| self.specs[job.spec.index()].pods as usize;
        self.jobs.iter().map(pods).sum()
    }

    /// Whether there is nothing to replay.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// What the scheduler believes the job's run time to be: its estimate, else its wall limit,
    /// else (nothing was recorded) the true run time.
    #[inline]
    pub fn estimate(&self, id: JobId) -> Span {
        match self.estimates.get(id.index()) {
            Some(&estimate) => estimate,
            None => self.jobs[id.index()].run,
        }
    }

    /// How many jobs carry an estimate or a limit of their own.
    pub fn estimated(&self) -> u64 {
        self.estimated
    }

    /// How the job ends once it has run.
    #[inline]
    pub fn outcome(&self, id: JobId) -> Outcome {
        self.outcomes.get(id.index()).copied().unwrap_or_default()
    }

    /// How the job uses its devices, if anything is known of it.
    #[inline]
    pub fn behaviour(&self, id: JobId) -> Option<&Behaviour> {
        let place = *self.behaves.get(id.index())?;
        self.behaviours.get((place as usize).checked_sub(1)?)
    }

    /// What the job saves of its work.
    pub fn checkpoints(&self, id: JobId) -> Checkpointing {
        self.behaviour(id)
            .map_or_else(Checkpointing::default, |known| known.checkpoints)
    }

    /// The different behaviours there are.
    pub fn behaviours(&self) -> &[Behaviour] {
        &self.behaviours
    }

    /// Position, in the trace, of the job this one is (a part of).
    pub fn source(&self, id: JobId) -> u32 {
        self.sources.get(id.index()).copied().unwrap_or(id.0)
    }

    /// Number of jobs in the trace; less than [`Workload::len`] when jobs without a gang are
    /// scheduled pod by pod.
    pub fn trace_jobs(&self) -> usize {
        match self.sources.iter().max() {
            Some(&last) => last as usize + 1,
            None => self.jobs.len(),
        }
    }

    /// The job's name in the trace; parts of one job share it.
    pub fn name(&self, id: JobId) -> String {
        self.names.get(self.source(id) as usize)
    }

    /// A job specification.
    #[inline]
    pub fn spec(&self, id: SpecId) -> &Spec {
        &self.specs[id.index()]
    }

    /// All distinct job specifications.
    pub fn specs(&self) -> &[Spec] {
        &self.specs
    }

    /// A per-pod request.
    #[inline]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.index()]
    }

    /// All distinct per-pod requests.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The same jobs with other per-pod requests: each shape replaced by what `reshape` makes of
    /// it. Shapes keep their ids.
    pub fn reshaped(&self, reshape: impl Fn(&Shape) -> Shape) -> Workload {
        let mut work = self.clone();
        work.shapes = self.shapes.iter().map(reshape).collect();
        for spec in &mut work.specs {
            let milli =
                |set: &PodSet| u64::from(set.count) * work.shapes[set.shape.index()].total_milli();
            spec.gpu_milli = spec.pod_sets.iter().map(milli).sum();
        }
        work
    }

    /// The same jobs, of which those that `may` names may be on spot machines, and no others. Shapes
    /// and specs keep their ids; those of jobs that may come after them. O(jobs).
    ///
    /// # Panics
    /// When `may` has not an entry for each job.
    pub fn on_spot(&self, may: &[bool]) -> Workload {
        assert_eq!(may.len(), self.len(), "an entry for each job");
        let mut work = self.reshaped(|shape| Shape {
            on_spot: false,
            ..shape.clone()
        });
        if !may.contains(&true) {
            return work;
        }
        let (shapes, specs) = (work.shapes.len() as u32, work.specs.len() as u32);
        let marked = work.shapes.iter().map(|shape| Shape {
            on_spot: true,
            ..shape.clone()
        });
        let marked: Vec<Shape> = marked.collect();
        work.shapes.extend(marked);
        let mut twins = work.specs.clone();
        for set in twins.iter_mut().flat_map(|spec| &mut spec.pod_sets) {
            set.shape = ShapeId(set.shape.0 + shapes);
        }
        work.specs.extend(twins);
        if !work.population.is_empty() {
            work.population.resize(work.specs.len(), 0);
        }
        for (job, _) in work.jobs.iter_mut().zip(may).filter(|(_, may)| **may) {
            job.spec = SpecId(job.spec.0 + specs);
        }
        work
    }

    /// The owner of a job.
    pub fn owner(&self, id: JobId) -> &Owner {
        &self.owners[self.jobs[id.index()].owner.index()]
    }

    /// All distinct owners.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Milli-GPU the whole job holds while it runs.
    pub fn gpu_milli(&self, id: JobId) -> u64 {
        self.specs[self.jobs[id.index()].spec.index()].gpu_milli
    }
}
