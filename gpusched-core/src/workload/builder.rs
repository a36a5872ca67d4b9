//! Fills a [`Workload`] from rows in any order, interning what jobs share.

use super::groups::MoreGroup;
use super::{
    Behaviour, Gang, Job, JobDraft, Locality, Names, Outcome, Owner, PodSet, Shape, Spec, Workload,
    WorkloadError,
};
use crate::ids::{OwnerId, ShapeId, SpecId};
use crate::units::Span;
use rustc_hash::FxHashMap;

/// Stands for "no estimate" while jobs are collected: run times are never negative.
const NO_ESTIMATE: Span = Span(i64::MIN);

/// Collects drafts; [`WorkloadBuilder::finish`] sorts them into a [`Workload`].
///
/// ```
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// let mut builder = WorkloadBuilder::new();
/// for (name, at) in [("late", 20), ("early", 10)] {
///     let shape = Shape::whole_gpus(1);
///     builder.push(&JobDraft::new(name, Time::from_secs(at), Span::from_secs(5), shape)).unwrap();
/// }
/// let work = builder.finish().unwrap();
/// assert_eq!(work.name(gpusched_core::ids::JobId(0)), "early");
/// assert_eq!(work.shapes().len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct WorkloadBuilder {
    pub(super) work: Workload,
    /// [`NO_ESTIMATE`] where there is none; empty until the first one.
    pub(super) estimates: Vec<Span>,
    shape_ids: FxHashMap<Shape, ShapeId>,
    spec_ids: FxHashMap<Vec<PodSet>, SpecId>,
    owner_ids: FxHashMap<Owner, OwnerId>,
    /// Place in the table of behaviours + 1.
    behaviour_ids: FxHashMap<Behaviour, u32>,
    last_shape: Option<(Shape, u32, Locality, SpecId)>,
    last_owner: Option<(Owner, OwnerId)>,
    pub(super) gangs: Vec<(u32, Gang)>,
    /// Task groups after a job's first, joined in [`WorkloadBuilder::finish`].
    pub(super) more_groups: Vec<MoreGroup>,
    numbered: bool,
}

impl WorkloadBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty builder for jobs whose names are their numbers: names given are not stored.
    pub fn numbered() -> Self {
        let mut builder = Self::default();
        builder.work.names = Names::Numbered;
        builder.numbered = true;
        builder
    }

    /// Makes room for `jobs` more jobs.
    pub fn reserve(&mut self, jobs: usize) {
        self.work.jobs.reserve_exact(jobs);
    }

    /// Adds a task group.
    ///
    /// # Errors
    /// [`WorkloadError::TooMany`] when a table outgrows its index.
    pub fn push(&mut self, draft: &JobDraft<'_>) -> Result<(), WorkloadError> {
        let owner = self.owner(&draft.owner);
        let behaves = self.behaviour(&draft.behaviour);
        if draft.task != "main" && !self.numbered {
            let pods = PodSet {
                name: draft.task.to_owned(),
                shape: self.shape(&draft.shape),
                count: draft.count,
                locality: draft.locality,
            };
            self.more_groups.push(MoreGroup {
                job: draft.name.to_owned(),
                task: draft.task.to_owned(),
                line: draft.line,
                submit: draft.submit,
                run: draft.run,
                pods,
                gang: draft.gang,
                outcome: draft.outcome,
                estimate: draft.estimate,
                owner,
                behaves,
            });
            return Ok(());
        }
        let spec = self.single_spec(draft);
        let job = Job {
            submit: draft.submit,
            run: draft.run,
            spec,
            owner,
        };
        self.append(draft.name, job, draft.estimate, draft.outcome, draft.gang)?;
        self.note_behaviour(behaves);
        Ok(())
    }

    /// The number of a behaviour; 0 when it says nothing.
    fn behaviour(&mut self, behaviour: &Behaviour) -> u32 {
        if *behaviour == Behaviour::default() {
            return 0;
        }
        if let Some(&id) = self.behaviour_ids.get(behaviour) {
            return id;
        }
        self.work.behaviours.push(behaviour.clone());
        let id = self.work.behaviours.len() as u32;
        self.behaviour_ids.insert(behaviour.clone(), id);
        id
    }

    /// Notes the behaviour of the job pushed last.
    pub(super) fn note_behaviour(&mut self, behaves: u32) {
        let jobs = self.work.jobs.len();
        if behaves != 0 && self.work.behaves.is_empty() {
            self.work.behaves.resize(jobs - 1, 0);
        }
        if behaves != 0 || !self.work.behaves.is_empty() {
            self.work.behaves.push(behaves);
        }
    }

    pub(super) fn append(
        &mut self,
        name: &str,
        job: Job,
        estimate: Option<Span>,
        outcome: Outcome,
        gang: Gang,
    ) -> Result<(), WorkloadError> {
        let index = self.work.jobs.len();
        if index >= u32::MAX as usize {
            return Err(WorkloadError::TooMany { what: "jobs" });
        }
        if !self.work.names.push(name) {
            return Err(WorkloadError::TooMany {
                what: "bytes of job names",
            });
        }
        if estimate.is_some() && self.estimates.is_empty() {
            self.estimates.resize(index, NO_ESTIMATE);
        }
        if estimate.is_some() || !self.estimates.is_empty() {
            self.estimates.push(estimate.unwrap_or(NO_ESTIMATE));
        }
        if outcome != Outcome::Completed && self.work.outcomes.is_empty() {
            self.work.outcomes.resize(index, Outcome::Completed);
        }
        if outcome != Outcome::Completed || !self.work.outcomes.is_empty() {
            self.work.outcomes.push(outcome);
        }
        if gang != Gang::All && self.work.specs[job.spec.index()].pods > 1 {
            self.gangs.push((index as u32, gang));
        }
        if self.work.jobs.len() == self.work.jobs.capacity() {
            // By a quarter, not by half: a long trace is most of the memory there is.
            self.work.jobs.reserve_exact(index / 4 + 1024);
        }
        self.work.jobs.push(job);
        Ok(())
    }

    fn owner(&mut self, owner: &Owner) -> OwnerId {
        if let Some((last, id)) = &self.last_owner
            && same_owner(last, owner)
        {
            return *id;
        }
        let id = match self.owner_ids.get(owner) {
            Some(&id) => id,
            None => {
                let id = OwnerId::from(self.work.owners.len());
                self.work.owners.push(owner.clone());
                self.owner_ids.insert(owner.clone(), id);
                id
            }
        };
        self.last_owner = Some((owner.clone(), id));
        id
    }

    fn shape(&mut self, shape: &Shape) -> ShapeId {
        if let Some(&id) = self.shape_ids.get(shape) {
            return id;
        }
        let id = ShapeId::from(self.work.shapes.len());
        self.work.shapes.push(shape.clone());
        self.shape_ids.insert(shape.clone(), id);
        id
    }

    /// The specification of a job of one pod set, remembering the last one: traces come in sweeps
    /// of equal jobs.
    fn single_spec(&mut self, draft: &JobDraft<'_>) -> SpecId {
        if let Some((shape, count, locality, spec)) = &self.last_shape
            && *count == draft.count
            && *locality == draft.locality
            && *shape == draft.shape
        {
            return *spec;
        }
        let pods = PodSet {
            name: draft.task.to_owned(),
            shape: self.shape(&draft.shape),
            count: draft.count,
            locality: draft.locality,
        };
        let spec = self.spec(vec![pods], draft.line);
        self.last_shape = Some((draft.shape.clone(), draft.count, draft.locality, spec));
        spec
    }

    pub(super) fn spec(&mut self, pod_sets: Vec<PodSet>, line: u64) -> SpecId {
        if let Some(&id) = self.spec_ids.get(&pod_sets) {
            return id;
        }
        let id = SpecId::from(self.work.specs.len());
        let pods = pod_sets.iter().map(|set| set.count).sum();
        let gpu_milli = pod_sets
            .iter()
            .map(|set| u64::from(set.count) * self.work.shapes[set.shape.index()].total_milli())
            .sum();
        self.work.specs.push(Spec {
            pod_sets: pod_sets.clone(),
            pods,
            gpu_milli,
            first_line: line,
        });
        self.spec_ids.insert(pod_sets, id);
        id
    }

    /// Sorts the jobs by arrival (ties keep the order in which they were pushed) and closes the
    /// tables. O(n log n), O(n) when the rows came in order.
    ///
    /// # Errors
    /// [`WorkloadError::Groups`] when the task groups of a job contradict each other,
    /// [`WorkloadError::TooMany`] when a table outgrows its index.
    pub fn finish(mut self) -> Result<Workload, WorkloadError> {
        self.join_groups()?;
        self.split_loose_jobs()?;
        let mut work = self.work;
        work.estimates = self.estimates;
        work.estimated = work.estimates.len() as u64;
        for (estimate, job) in work.estimates.iter_mut().zip(&work.jobs) {
            if *estimate == NO_ESTIMATE {
                *estimate = job.run;
                work.estimated -= 1;
            }
        }
        work.names.shrink_to_fit();
        work.jobs.shrink_to_fit();
        work.estimates.shrink_to_fit();
        work.outcomes.shrink_to_fit();
        sort_by_arrival(&mut work);
        Ok(work)
    }
}

/// Equality that does not compare what is empty: an empty string points nowhere, and comparing no
/// bytes at an address that is not mapped costs hundreds of cycles on current x86 (the masked load
/// of `memcmp` faults silently). Most owners of most traces are mostly empty.
fn same_owner(one: &Owner, other: &Owner) -> bool {
    let same =
        |one: &str, other: &str| one.len() == other.len() && (one.is_empty() || one == other);
    same(&one.queue, &other.queue)
        && same(&one.user, &other.user)
        && same(&one.tenant, &other.tenant)
        && same(&one.group, &other.group)
        && (one.priority, one.preemptible, one.spot_ok)
            == (other.priority, other.preemptible, other.spot_ok)
}

/// Stable sort by arrival of all per-job columns at once.
fn sort_by_arrival(work: &mut Workload) {
    if work.jobs.is_sorted_by_key(|job| job.submit) {
        return;
    }
    let mut order: Vec<u32> = (0..work.jobs.len() as u32).collect();
    order.sort_by_key(|&index| work.jobs[index as usize].submit);
    // Names stay where they are: each job remembers its place in the trace instead.
    let sources: Vec<u32> = match work.sources.is_empty() {
        true => order.clone(),
        false => pick(&work.sources, &order),
    };
    work.jobs = pick(&work.jobs, &order);
    work.estimates = pick(&work.estimates, &order);
    work.outcomes = pick(&work.outcomes, &order);
    work.behaves = pick(&work.behaves, &order);
    work.sources = sources;
}

fn pick<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
    if column.is_empty() {
        return Vec::new();
    }
    order.iter().map(|&index| column[index as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::JobId;
    use crate::units::Time;

    fn draft(name: &str, task: &'static str, count: u32, gang: Gang) -> JobDraft<'static> {
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        JobDraft {
            task,
            count,
            gang,
            ..JobDraft::new(
                name,
                Time::from_secs(1),
                Span::from_secs(9),
                Shape::whole_gpus(1),
            )
        }
    }

    #[test]
    fn task_groups_of_one_job_form_one_gang_wherever_their_rows_stand() {
        let mut builder = WorkloadBuilder::new();
        builder.push(&draft("a", "ps", 1, Gang::All)).unwrap();
        builder.push(&draft("b", "main", 2, Gang::All)).unwrap();
        builder.push(&draft("a", "worker", 4, Gang::All)).unwrap();
        let work = builder.finish().unwrap();
        assert_eq!(work.len(), 2);
        let a = (0..2).map(JobId).find(|&id| work.name(id) == "a").unwrap();
        let spec = work.spec(work.job(a).spec);
        assert_eq!((spec.pods, spec.gpu_milli), (5, 5000));
    }

    #[test]
    fn jobs_without_a_gang_are_scheduled_pod_by_pod_under_one_name() {
        let mut builder = WorkloadBuilder::new();
        builder.push(&draft("a", "main", 3, Gang::None)).unwrap();
        builder.push(&draft("b", "main", 3, Gang::Task)).unwrap();
        let work = builder.finish().unwrap();
        let names: Vec<_> = (0..4).map(|i| work.name(JobId(i))).collect();
        assert_eq!(names, ["a", "a", "a", "b"]);
        assert_eq!((work.len(), work.trace_jobs()), (4, 2));
    }

    #[test]
    fn groups_that_contradict_each_other_are_refused() {
        let mut builder = WorkloadBuilder::new();
        builder.push(&draft("a", "main", 1, Gang::All)).unwrap();
        let mut other = draft("a", "worker", 1, Gang::All);
        other.run = Span::from_secs(10);
        builder.push(&other).unwrap();
        assert!(matches!(
            builder.finish(),
            Err(WorkloadError::Groups { what: "run_s", .. })
        ));
    }

    #[test]
    fn a_trace_out_of_order_is_sorted_stably_with_all_its_columns() {
        let mut builder = WorkloadBuilder::new();
        for (name, at, estimate) in [("x", 5, None), ("y", 1, Some(7)), ("z", 5, None)] {
            let duty_milli = estimate.map_or(0, |estimate: i64| estimate as u32 * 100);
            let mut draft = draft(name, "main", 1, Gang::All);
            draft.submit = Time::from_secs(at);
            draft.estimate = estimate.map(Span::from_secs);
            draft.behaviour.duty_milli = duty_milli;
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let names: Vec<_> = (0..3).map(|i| work.name(JobId(i))).collect();
        assert_eq!(names, ["y", "x", "z"]);
        assert_eq!(work.estimate(JobId(0)), Span::from_secs(7));
        assert_eq!(work.estimate(JobId(1)), Span::from_secs(9));
        assert_eq!(work.estimated(), 1);
        let duty = |job| work.behaviour(JobId(job)).map(|known| known.duty_milli);
        assert_eq!([duty(0), duty(1), duty(2)], [Some(700), None, None]);
    }
}
