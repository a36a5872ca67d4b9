//! Jobs of several task groups, and jobs that are no gang.

use super::builder::WorkloadBuilder;
use super::{Gang, Job, Outcome, PodSet, Spec, WorkloadError};
use crate::ids::{OwnerId, SpecId};
use crate::units::{Span, Time};
use rustc_hash::FxHashMap;

/// A task group after a job's first.
#[derive(Debug)]
pub(super) struct MoreGroup {
    pub(super) job: String,
    pub(super) task: String,
    pub(super) line: u64,
    pub(super) submit: Time,
    pub(super) run: Span,
    pub(super) pods: PodSet,
    pub(super) gang: Gang,
    pub(super) outcome: Outcome,
    pub(super) estimate: Option<Span>,
    pub(super) owner: OwnerId,
    pub(super) behaves: u32,
}

impl WorkloadBuilder {
    /// Attaches further task groups to their jobs. Groups whose job has no `main` group form the
    /// job by themselves, at the place of the first of them.
    pub(super) fn join_groups(&mut self) -> Result<(), WorkloadError> {
        let groups = std::mem::take(&mut self.more_groups);
        if groups.is_empty() {
            return Ok(());
        }
        let mut by_name: FxHashMap<String, usize> = (0..self.work.jobs.len())
            .map(|index| (self.work.names.get(index), index))
            .collect();
        let mut gang_of: FxHashMap<usize, Gang> = self
            .gangs
            .iter()
            .map(|&(index, gang)| (index as usize, gang))
            .collect();
        for group in groups {
            let Some(&index) = by_name.get(&group.job) else {
                let spec = self.spec(vec![group.pods], group.line);
                let job = Job {
                    submit: group.submit,
                    run: group.run,
                    spec,
                    owner: group.owner,
                };
                let index = self.work.jobs.len();
                self.append(&group.job, job, group.estimate, group.outcome, group.gang)?;
                self.note_behaviour(group.behaves);
                gang_of.insert(index, group.gang);
                by_name.insert(group.job, index);
                continue;
            };
            let job = self.work.jobs[index];
            let what = if job.submit != group.submit {
                Some("submit_s")
            } else if job.run != group.run {
                Some("run_s")
            } else if gang_of.get(&index).is_some_and(|&gang| gang != group.gang) {
                Some("gang")
            } else {
                None
            };
            if let Some(what) = what {
                return Err(WorkloadError::Groups {
                    job: group.job,
                    task: group.task,
                    what,
                    line: group.line,
                });
            }
            let mut pod_sets = self.work.specs[job.spec.index()].pod_sets.clone();
            pod_sets.push(group.pods);
            let spec = self.spec(pod_sets, group.line);
            self.work.jobs[index].spec = spec;
            gang_of.insert(index, group.gang);
            if group.gang != Gang::All {
                self.gangs.push((index as u32, group.gang));
            }
        }
        Ok(())
    }

    /// Replaces every job that is not one gang by the parts that start on their own.
    pub(super) fn split_loose_jobs(&mut self) -> Result<(), WorkloadError> {
        if self.gangs.is_empty() {
            return Ok(());
        }
        let loose: FxHashMap<u32, Gang> = self.gangs.iter().copied().collect();
        let old = std::mem::take(&mut self.work.jobs);
        let (estimates, outcomes, behaves) = (
            std::mem::take(&mut self.estimates),
            std::mem::take(&mut self.work.outcomes),
            std::mem::take(&mut self.work.behaves),
        );
        for (index, job) in old.into_iter().enumerate() {
            let parts = match loose.get(&(index as u32)) {
                Some(&gang) => self.parts(job.spec, gang),
                None => vec![job.spec],
            };
            for spec in parts {
                if self.work.jobs.len() >= u32::MAX as usize {
                    return Err(WorkloadError::TooMany { what: "pods" });
                }
                self.work.sources.push(index as u32);
                self.work.jobs.push(Job { spec, ..job });
                if let Some(&estimate) = estimates.get(index) {
                    self.estimates.push(estimate);
                }
                if let Some(&outcome) = outcomes.get(index) {
                    self.work.outcomes.push(outcome);
                }
                if let Some(&behaves) = behaves.get(index) {
                    self.work.behaves.push(behaves);
                }
            }
        }
        Ok(())
    }

    fn parts(&mut self, spec: SpecId, gang: Gang) -> Vec<SpecId> {
        let Spec {
            pod_sets,
            first_line,
            ..
        } = self.work.specs[spec.index()].clone();
        let mut parts = Vec::new();
        for set in pod_sets {
            let (copies, count) = match gang {
                Gang::None => (set.count, 1),
                Gang::All | Gang::Task => (1, set.count),
            };
            let part = self.spec(vec![PodSet { count, ..set }], first_line);
            parts.extend(std::iter::repeat_n(part, copies as usize));
        }
        parts
    }
}
