//! Workloads that hold quota and wait for places.

use super::super::ids::WorkloadId;
use super::super::workload::second_pass_delay;
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// Workloads that have to be scheduled a second time, each after a delay that grows with its
/// tries. All that are ready are heads of the next cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondPassQueue {
    due: BTreeSet<(Time, WorkloadId)>,
    queued: BTreeMap<WorkloadId, Time>,
}

impl SecondPassQueue {
    /// Queues a workload for its `iteration`-th try, counted from 1. False when it is there
    /// already.
    pub fn queue(&mut self, workload: WorkloadId, iteration: u32, now: Time) -> bool {
        if self.queued.contains_key(&workload) {
            return false;
        }
        let due = now + second_pass_delay(iteration);
        self.queued.insert(workload, due);
        self.due.insert((due, workload))
    }

    /// When the next workload is ready.
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes all that are ready and still need it.
    pub fn take_all_ready(
        &mut self,
        now: Time,
        needed: impl Fn(WorkloadId) -> bool,
    ) -> Vec<WorkloadId> {
        let mut ready = Vec::new();
        while let Some(&(due, workload)) = self.due.first()
            && due <= now
        {
            self.due.pop_first();
            self.queued.remove(&workload);
            ready.push(workload);
        }
        ready.retain(|workload| needed(*workload));
        ready.sort_unstable();
        ready
    }

    /// The workload is gone.
    pub fn delete(&mut self, workload: WorkloadId) {
        if let Some(due) = self.queued.remove(&workload) {
            self.due.remove(&(due, workload));
        }
    }
}
