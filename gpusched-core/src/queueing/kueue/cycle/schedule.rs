//! One cycle over given heads.

use super::super::Amount;
use super::super::entries::{Entry as Place, Tournament, classical_order};
use super::super::ids::FlavorResourceId;
use super::super::pending::{Head, Pending};
use super::carry_out::put_back;
use super::entry::Entry;
use super::fits::NetUsage;
use super::outcome::Cycle;
use super::record::Records;
use super::scheduler::Scheduler;
use crate::units::Time;

impl Scheduler {
    /// One cycle: every head is admitted, makes others leave, or is to be put back.
    pub(super) fn schedule(
        &mut self,
        records: &mut Records,
        pending: &Pending,
        heads: &[Head],
        now: Time,
    ) -> Cycle {
        self.cycle += 1;
        let (mut entries, refused) = self.nominate(records, pending, heads, now);
        let quota = self.quota.begin();
        let places = self.topologies.begin();
        let order = match self.fair_sharing {
            true => self.process_by_share(records, &mut entries, now),
            false => self.process_by_priority(records, &mut entries, now),
        };
        self.quota.rollback(quota);
        self.topologies.rollback(places);
        let mut cycle = Cycle::default();
        let mut processed = vec![false; entries.len()];
        for at in order {
            processed[at] = true;
            self.carry_out(records, &mut entries[at], &mut cycle, now);
        }
        // Of two heads of one ClusterQueue fair sharing considers the later only.
        for (entry, _) in entries.iter_mut().zip(processed).filter(|(_, done)| !done) {
            put_back(records, entry, &mut cycle);
        }
        cycle.requeued.extend(refused);
        cycle
    }

    /// Decides about all entries without fair sharing; the result is the order that was done in.
    fn process_by_priority(
        &mut self,
        records: &Records,
        entries: &mut [Entry],
        now: Time,
    ) -> Vec<usize> {
        let places: Vec<Place<'_>> = entries.iter().map(|entry| place(entry, "", &[])).collect();
        let order = classical_order(&places, &self.gates);
        let mut preempted = Vec::new();
        for at in &order {
            self.process(records, &mut entries[*at], &mut preempted, now);
        }
        order
    }

    /// The same with fair sharing.
    fn process_by_share(
        &mut self,
        records: &Records,
        entries: &mut [Entry],
        now: Time,
    ) -> Vec<usize> {
        let names = entries.iter().map(|entry| &entry.candidate);
        let names: Vec<String> = names
            .map(|one| records[one.workload].object.key())
            .collect();
        // Entries change while they are processed; what they play with does not.
        let played = entries.iter();
        let played = played.map(|entry| self.net_usage(&entry.candidate, &entry.nomination));
        let usage: Vec<NetUsage> = played.collect();
        let places: Vec<Place<'_>> = entries
            .iter()
            .zip(names.iter().zip(&usage))
            .map(|(entry, (name, usage))| place(entry, name, &usage.quota))
            .collect();
        let gates = self.gates;
        let mut tournament = Tournament::new(&places, &self.quota, &gates);
        let mut order = Vec::with_capacity(entries.len());
        let mut preempted = Vec::new();
        while let Some(at) = tournament.next(&mut self.quota) {
            self.process(records, &mut entries[at], &mut preempted, now);
            order.push(at);
        }
        order
    }
}

/// What the place of an entry in the cycle depends on.
fn place<'a>(entry: &Entry, name: &'a str, usage: &'a [(FlavorResourceId, Amount)]) -> Place<'a> {
    Place {
        cluster_queue: entry.candidate.queue,
        name,
        has_quota_reservation: entry.candidate.reserved,
        is_preemptor: entry.is_preemptor,
        borrowing_level: entry.nomination.assignment.borrowing_level,
        priority: entry.candidate.priority,
        queued: entry.candidate.queued,
        usage,
    }
}
