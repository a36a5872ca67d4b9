//! Temporary.
use super::ids::{ClusterQueueId, WorkloadId};
use std::fmt;

/// Why a head is put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RequeueReason {
    #[default]
    Generic,
    FailedAfterNomination,
    NamespaceMismatch,
    PreemptionGated,
    PendingPreemption,
    PendingMigration,
    PreemptionFailed,
    NoFit,
    PreemptionNoCandidates,
}

impl fmt::Display for RequeueReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequeueReason::Generic => f.write_str(""),
            other => fmt::Debug::fmt(other, f),
        }
    }
}

/// A head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub workload: WorkloadId,
    pub cluster_queue: ClusterQueueId,
    pub is_preemptor: bool,
}

#[derive(Clone, Debug)]
pub struct Item {
    pub workload: WorkloadId,
    pub priority: i64,
    pub queued: crate::units::Time,
    pub uid: String,
    pub class: Option<u32>,
    pub generation: i64,
    pub serves: bool,
}

#[derive(Clone, Debug, Default)]
pub struct One {
    pub strict: bool,
    pub active: Vec<Item>,
    pub inadmissible: Vec<Item>,
    pub inflight: Option<WorkloadId>,
    pub preemptor: Option<(WorkloadId, i64)>,
    pub pop: i64,
    pub flushed: i64,
    pub classes: Vec<u32>,
}

impl One {
    fn key(&self, one: &Item) -> (bool, std::cmp::Reverse<i64>, crate::units::Time, String) {
        let sticky = !self.strict && self.preemptor.is_some_and(|(id, _)| id == one.workload);
        (
            !sticky,
            std::cmp::Reverse(one.priority),
            one.queued,
            one.uid.clone(),
        )
    }
    pub fn push(&mut self, item: Item, backoff_expired: bool) {
        if self.inflight == Some(item.workload) {
            return;
        }
        self.inadmissible
            .retain(|one| one.workload != item.workload);
        let active = self.active.iter().any(|one| one.workload == item.workload);
        if !active && !backoff_expired {
            self.inadmissible.push(item);
            return;
        }
        if !self.strict
            && !active
            && item
                .class
                .is_some_and(|class| self.classes.contains(&class))
        {
            self.inadmissible.push(item);
            return;
        }
        self.active.retain(|one| one.workload != item.workload);
        self.active.push(item);
    }
    pub fn pop(&mut self) -> Option<Item> {
        self.pop += 1;
        let at = (0..self.active.len()).min_by_key(|at| self.key(&self.active[*at]))?;
        let item = self.active.remove(at);
        self.inflight = Some(item.workload);
        Some(item)
    }
    pub fn is_preemptor(&self, item: &Item) -> bool {
        self.preemptor == Some((item.workload, item.generation))
    }
    pub fn delete(&mut self, id: WorkloadId) {
        self.active.retain(|one| one.workload != id);
        self.inadmissible.retain(|one| one.workload != id);
        if self.inflight == Some(id) {
            self.inflight = None;
        }
        if self.preemptor.is_some_and(|(one, _)| one == id) {
            self.preemptor = None;
        }
    }
    pub fn requeue(
        &mut self,
        item: Item,
        reason: RequeueReason,
        pending_flavors: bool,
        backoff_expired: bool,
    ) {
        use RequeueReason::*;
        let immediate = match self.strict {
            true => reason != NamespaceMismatch,
            false => matches!(
                reason,
                FailedAfterNomination | PendingPreemption | PendingMigration | PreemptionFailed
            ),
        };
        if matches!(reason, PendingPreemption | PendingMigration) {
            self.preemptor = Some((item.workload, item.generation));
        }
        self.inflight = None;
        if backoff_expired && (immediate || self.flushed >= self.pop || pending_flavors) {
            self.active.push(item);
            return;
        }
        let class = item.class;
        self.inadmissible.push(item);
        if let Some(class) =
            class.filter(|_| !self.strict && matches!(reason, NoFit | PreemptionNoCandidates))
        {
            self.classes.push(class);
            let (moved, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.active)
                .into_iter()
                .partition(|one| one.class == Some(class));
            self.active = rest;
            self.inadmissible.extend(moved);
        }
    }
    pub fn flush(&mut self) {
        self.flushed = self.pop;
        self.classes.clear();
        let (moved, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.inadmissible)
            .into_iter()
            .partition(|one| one.serves);
        self.inadmissible = rest;
        self.active.extend(moved);
    }
    pub fn order(&self) -> Vec<WorkloadId> {
        let mut all: Vec<&Item> = self.active.iter().collect();
        all.sort_by_key(|one| self.key(one));
        all.iter().map(|one| one.workload).collect()
    }
}
