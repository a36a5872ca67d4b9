//! What a trace says of a job, row by row.

use super::{Behaviour, Gang, Locality, Outcome, Owner, Shape};
use crate::units::{Span, Time};

/// One task group of a job, as a trace row gives it.
#[derive(Clone, Debug)]
pub struct JobDraft<'a> {
    /// Key of the job; drafts with the same name are its task groups.
    pub name: &'a str,
    /// Role of this group.
    pub task: &'a str,
    /// Line it was read from (0 = none).
    pub line: u64,
    /// Pods.
    pub count: u32,
    /// Which pods start together.
    pub gang: Gang,
    /// Arrival.
    pub submit: Time,
    /// How long it runs once started.
    pub run: Span,
    /// What the scheduler is told about the run time, when anything is.
    pub estimate: Option<Span>,
    /// How it ends.
    pub outcome: Outcome,
    /// Per-pod request.
    pub shape: Shape,
    /// How near to one another the pods must, or should, be.
    pub locality: Locality,
    /// Whose it is.
    pub owner: Owner,
    /// How it uses its devices.
    pub behaviour: Behaviour,
}

impl JobDraft<'_> {
    /// A job of one pod.
    pub fn new(name: &str, submit: Time, run: Span, shape: Shape) -> JobDraft<'_> {
        JobDraft {
            name,
            task: "main",
            line: 0,
            count: 1,
            gang: Gang::All,
            submit,
            run,
            estimate: None,
            outcome: Outcome::Completed,
            shape,
            locality: Locality::default(),
            owner: Owner::default(),
            behaviour: Behaviour::default(),
        }
    }
}

/// Why a workload could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// Task groups of one job that contradict each other.
    #[error(
        "job {job}: task group {task} has another {what} than the group before it; \
         all groups of a job arrive together and run equally long"
    )]
    Groups {
        /// The job.
        job: String,
        /// The group that differs.
        task: String,
        /// What differs.
        what: &'static str,
        /// Line of the group.
        line: u64,
    },
    /// More jobs, names or kinds than the tables can index.
    #[error("too many {what}: more than 2^32")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
}
