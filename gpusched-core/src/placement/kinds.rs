//! Which jobs a policy treats alike.

use crate::ids::{JobId, SpecId};
use crate::workload::Workload;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Jobs by kind: what is refused to one is refused to all of its kind, until somebody makes room.
///
/// Most policies look at what a job asks for and at nothing else; then a specification is a kind, and
/// there is no need of this. 4 bytes per job.
#[derive(Clone, Debug)]
pub struct Kinds {
    of: Vec<u32>,
    /// By kind.
    first: Vec<(JobId, SpecId)>,
}

impl Kinds {
    /// Tells jobs apart by specification and by what `class` says of them. Returned besides: the
    /// class of each kind. Kinds are numbered in the order of jobs. O(jobs).
    ///
    /// ```
    /// use gpusched_core::ids::JobId;
    /// use gpusched_core::placement::Kinds;
    /// use gpusched_core::units::{Span, Time};
    /// use gpusched_core::workload::{JobDraft, Owner, Shape, WorkloadBuilder};
    /// let mut builder = WorkloadBuilder::new();
    /// for queue in ["a", "b", "a"] {
    ///     let owner = Owner { queue: queue.into(), ..Owner::default() };
    ///     let draft = JobDraft::new("j", Time::ZERO, Span::from_secs(1), Shape::whole_gpus(1));
    ///     builder.push(&JobDraft { owner, ..draft }).unwrap();
    /// }
    /// let work = builder.finish().unwrap();
    /// let (kinds, classes) = Kinds::new(&work, |job| work.owner(job).queue.clone());
    /// assert_eq!((0..3).map(|job| kinds.of(JobId(job))).collect::<Vec<_>>(), [0, 1, 0]);
    /// assert_eq!(classes, ["a", "b"]);
    /// ```
    pub fn new<C: Clone + Eq + Hash>(
        work: &Workload,
        class: impl Fn(JobId) -> C,
    ) -> (Kinds, Vec<C>) {
        let mut numbers: FxHashMap<(SpecId, C), u32> = FxHashMap::default();
        let mut kinds = Kinds {
            of: Vec::with_capacity(work.len()),
            first: Vec::new(),
        };
        let mut classes = Vec::new();
        for (at, job) in work.jobs().iter().enumerate() {
            let id = JobId(at as u32);
            let key = (job.spec, class(id));
            let next = classes.len() as u32;
            let number = *numbers.entry(key).or_insert_with_key(|(_, class)| {
                classes.push(class.clone());
                kinds.first.push((id, job.spec));
                next
            });
            kinds.of.push(number);
        }
        (kinds, classes)
    }

    /// The kind of a job.
    pub fn of(&self, job: JobId) -> u32 {
        self.of[job.index()]
    }

    /// A job of each kind, and what it asks for.
    pub fn examples(&self) -> &[(JobId, SpecId)] {
        &self.first
    }
}
