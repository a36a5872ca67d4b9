//! One cycle over given heads.

use super::super::entries::{Entry as Place, Tournament, classical_order};
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
        let order = self.process_all(records, &mut entries, now);
        self.quota.rollback(quota);
        self.topologies.rollback(places);
        let mut cycle = Cycle::default();
        let mut seen = vec![false; entries.len()];
        for at in order {
            self.carry_out(records, &mut entries[at], &mut cycle, now);
            seen[at] = true;
        }
        // Of two heads of one ClusterQueue fair sharing considers the later only.
        for (entry, _) in entries.iter_mut().zip(&seen).filter(|(_, seen)| !**seen) {
            put_back(records, entry, &mut cycle);
        }
        cycle.requeued.extend(refused);
        cycle
    }

    /// Decides about all entries; the result is the order that was done in.
    fn process_all(&mut self, records: &Records, entries: &mut [Entry], now: Time) -> Vec<usize> {
        // Only the tournament asks for names.
        let named = entries.iter().filter(|_| self.fair_sharing);
        let names: Vec<String> = named
            .map(|entry| records[entry.candidate.workload].object.key())
            .collect();
        let usage: Vec<NetUsage> = entries
            .iter()
            .map(|entry| self.net_usage(&entry.candidate, &entry.nomination))
            .collect();
        let places: Vec<Place<'_>> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| Place {
                cluster_queue: entry.candidate.queue,
                name: names.get(at).map_or("", String::as_str),
                has_quota_reservation: entry.candidate.reserved,
                is_preemptor: entry.is_preemptor,
                borrowing_level: entry.nomination.assignment.borrowing_level,
                priority: entry.candidate.priority,
                queued: entry.candidate.queued,
                usage: &usage[at].quota,
            })
            .collect();
        let mut preempted = Vec::new();
        if !self.fair_sharing {
            let order = classical_order(&places, &self.gates);
            for at in &order {
                self.process(records, &mut entries[*at], &mut preempted, now);
            }
            return order;
        }
        let gates = self.gates;
        let mut tournament = Tournament::new(&places, &self.quota, &gates);
        let mut order = Vec::with_capacity(entries.len());
        while let Some(at) = tournament.next(&mut self.quota) {
            self.process(records, &mut entries[at], &mut preempted, now);
            order.push(at);
        }
        order
    }
}
