//! One scheduling cycle: heads out of the queues, decisions, and back.

use super::super::admission_fair_sharing::UsageLedger;
use super::super::ids::WorkloadId;
use super::super::pending::Head;
use super::super::workload::{is_admissible, needs_second_pass};
use super::kueue::{Kueue, facts};
use super::outcome::{Cycle, Requeued};
use crate::units::Time;

impl Kueue {
    /// When a workload that holds quota wants its places next.
    pub fn next_second_pass(&self) -> Option<Time> {
        self.second_passes.next_due()
    }

    /// Runs one scheduling cycle: the head of every active ClusterQueue, and every workload that is
    /// due for a second pass, is admitted, makes others leave, or is put back. Nothing happens if
    /// there is none of either.
    pub fn cycle(&mut self, now: Time) -> Cycle {
        let records = &self.records;
        let needed = |id: WorkloadId| needs_second_pass(&records[id].object);
        let ready = self.second_passes.take_all_ready(now, needed);
        let mut heads = Vec::with_capacity(ready.len());
        for workload in ready {
            if let Some(holder) = self.scheduler.holders.find(workload) {
                *self.passes.entry(workload).or_default() += 1;
                heads.push(Head {
                    workload,
                    cluster_queue: holder.cluster_queue,
                    is_preemptor: false,
                });
            }
        }
        let again = heads.len();
        let ledger = self.ledger.as_ref();
        let used = |door| ledger.map_or(0.0, |ledger| ledger.used(door));
        heads.extend(self.pending.heads(used));
        if heads.is_empty() {
            return Cycle::default();
        }
        self.scheduler.local_queues = ledger.map_or_else(Vec::new, UsageLedger::uses);
        let mut cycle = self
            .scheduler
            .schedule(&mut self.records, &self.pending, &heads, now);
        for one in &cycle.admitted {
            if let Some(queue) = self.records[one.workload].queue {
                self.pending.delete(queue, one.workload);
            }
            self.passes.remove(&one.workload);
            // What it holds since its first pass was charged then.
            if !heads[..again]
                .iter()
                .any(|head| head.workload == one.workload)
            {
                self.charge(one.workload, now);
            }
            if one.admitted {
                self.settle(one.workload, now);
            }
        }
        for slice in &cycle.replaced {
            self.request_retry(*slice, now);
        }
        cycle.requeued.retain_mut(|one| self.requeue(one, now));
        cycle
    }

    /// Puts a head back. False if it belongs into no queue: because it waits for another second
    /// pass, or because its object no longer lets it be admitted.
    fn requeue(&mut self, head: &mut Requeued, now: Time) -> bool {
        let id = head.workload;
        let object = &self.records[id].object;
        if needs_second_pass(object) {
            let passes = self.passes.get(&id).copied().unwrap_or(0);
            self.second_passes.queue(id, passes + 1, now);
            return false;
        }
        if !is_admissible(object, &self.gates) {
            return false;
        }
        let record = &mut self.records[id];
        let refused = record.class.filter(|_| head.reason.is_of_its_class());
        if let Some((class, reason)) = refused.zip(head.quota_reserved_reason) {
            self.refusals.insert((head.cluster_queue, class), reason);
        }
        let left = record
            .last
            .as_ref()
            .is_some_and(|last| last.pending_flavors());
        let facts = facts(record);
        let queue = head.cluster_queue;
        self.pending
            .requeue(queue, id, facts, head.reason, left, now);
        let why = (head.quota_reserved_reason, head.explanation.clone());
        if record.why.as_ref() != Some(&why) {
            record.why = Some(why);
            // The condition that says so is an update of the object, and every update makes
            // upstream forget where the search for flavors stood, unless it is told not to.
            if !self.gates.flavor_fungibility_preserve_scan_progress {
                record.last = None;
            }
        }
        true
    }
}
