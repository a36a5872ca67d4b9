//! The assignment of one workload: all of its pods or as many as can be, with those who have to
//! leave for it.

use super::super::flavors::{Assignment, FlavorAssigner, Mode, PodSetReducer, PreemptionOracle};
use super::super::ids::{ClusterQueueId, FlavorResourceId};
use super::super::preemption::{
    Holders, Incoming, LocalQueueUse, PreemptionPossibility, Preemptor, Stage, Target,
};
use super::super::requests::scaled;
use super::super::topology::{Placer, options};
use super::super::{Amount, Quota};
use super::entry::{Candidate, Nomination};
use super::record::Records;
use super::scheduler::Scheduler;
use crate::units::Time;

/// Quota, and what preempting could do for one workload.
struct Oracle<'a> {
    quota: &'a mut Quota,
    holders: &'a Holders,
    preemptor: &'a mut Preemptor,
    local_queues: &'a [Option<LocalQueueUse>],
    now: Time,
    priority: i64,
    queued: Time,
}

impl PreemptionOracle for Oracle<'_> {
    fn quota(&self) -> &Quota {
        self.quota
    }

    fn simulate_preemption(
        &mut self,
        queue: ClusterQueueId,
        fr: FlavorResourceId,
        amount: Amount,
    ) -> (PreemptionPossibility, u32) {
        let mut stage = Stage {
            quota: self.quota,
            holders: self.holders,
            now: self.now,
            local_queues: self.local_queues,
        };
        let incoming = (self.priority, self.queued);
        self.preemptor
            .simulate_preemption(&mut stage, queue, incoming, fr, amount)
    }
}

impl Scheduler {
    /// The assignment of a workload as things stand in this cycle; `nominated` keeps it to the
    /// flavors of an earlier one.
    pub(super) fn nomination(
        &mut self,
        records: &Records,
        candidate: &mut Candidate,
        nominated: Option<&Assignment>,
        now: Time,
    ) -> Nomination {
        let generation = self.queues[candidate.queue.index()].generation;
        let class = records[candidate.workload].class.map(|class| class.0);
        let preserve = self.gates.flavor_fungibility_preserve_scan_progress;
        let outdated = candidate
            .last
            .as_ref()
            .is_some_and(|last| last.outdated(preserve, generation, self.cycle, class));
        if outdated {
            candidate.last = None;
        }
        let mut nomination = self.best(records, candidate, nominated, now);
        let leaving: Vec<_> = nomination.leaving().collect();
        let (mut placer, nominated) = self.placer(records, candidate, &mut nomination);
        placer.place_after_preemption(&mut nominated.assignment, &mut nominated.places, &leaving);
        candidate.last = Some(nomination.assignment.last(generation, self.cycle, class));
        nomination
    }

    /// All pods if they fit, or would once others have left; else as many as do; else all, although
    /// they do not.
    fn best(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nominated: Option<&Assignment>,
        now: Time,
    ) -> Nomination {
        let slice = candidate.replaces.as_ref().map(|(slice, _)| *slice);
        let mut full = self.assign(records, candidate, nominated, None, now);
        if self.accept(records, candidate, &mut full, now) {
            full.slice = slice;
            return full;
        }
        let pod_sets = &records[candidate.workload].object.pod_sets;
        let counts = pod_sets.iter().map(|one| (one.count, one.min_count));
        if self.gates.partial_admission
            && pod_sets
                .iter()
                .any(|one| one.min_count.is_some_and(|least| least < one.count))
        {
            let reducer = PodSetReducer::new(counts);
            let reduced = reducer.search(|counts| {
                let mut found = self.assign(records, candidate, nominated, Some(counts), now);
                self.accept(records, candidate, &mut found, now)
                    .then_some(found)
            });
            if let Some(mut reduced) = reduced {
                reduced.slice = slice;
                return reduced;
            }
        }
        full
    }

    /// Whether an assignment can be had, now or after its victims have left; these are looked for.
    fn accept(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nomination: &mut Nomination,
        now: Time,
    ) -> bool {
        match nomination.assignment.mode() {
            Mode::Fit => true,
            Mode::Preempt => {
                nomination.victims = self.victims(records, candidate, nomination, now);
                !nomination.victims.is_empty()
            }
            Mode::NoFit | Mode::DeferredFit => false,
        }
    }

    /// Flavors, then places.
    fn assign(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nominated: Option<&Assignment>,
        counts: Option<&[i32]>,
        now: Time,
    ) -> Nomination {
        let assigner = FlavorAssigner {
            queue: candidate.queue,
            rules: &self.queues[candidate.queue.index()].rules,
            flavors: &self.flavors,
            resources: &self.resources,
            shape: &candidate.shape,
            last: candidate.last.as_ref(),
            nominated,
            replaced: candidate.replaces.as_ref().map(|(_, shape)| shape.as_ref()),
            gates: self.gates,
            fair_sharing: self.fair_sharing,
            ignore_undeclared: self.ignore_undeclared,
        };
        let mut oracle = Oracle {
            quota: &mut self.quota,
            holders: &self.holders,
            preemptor: &mut self.preemptor,
            local_queues: &self.local_queues,
            now,
            priority: candidate.priority,
            queued: candidate.queued,
        };
        let mut nomination = Nomination {
            assignment: assigner.assign(&mut oracle, counts),
            ..Nomination::default()
        };
        let (mut placer, found) = self.placer(records, candidate, &mut nomination);
        placer.place(&mut found.assignment, &mut found.places);
        nomination
    }

    fn placer<'a, 'n>(
        &'a mut self,
        records: &'a Records,
        candidate: &'a Candidate,
        nomination: &'n mut Nomination,
    ) -> (Placer<'a>, &'n mut Nomination) {
        let slice = candidate.replaces.as_ref();
        let placer = Placer {
            topologies: &mut self.topologies,
            names: self.quota.names(),
            rules: &self.queues[candidate.queue.index()].rules,
            shape: &candidate.shape,
            object: &records[candidate.workload].object,
            slice: slice.map(|(slice, _)| &records[*slice].object),
            reserved: candidate.reserved,
            gates: self.gates,
        };
        (placer, nomination)
    }

    /// Who has to leave so that an assignment fits.
    fn victims(
        &mut self,
        records: &Records,
        candidate: &Candidate,
        nomination: &mut Nomination,
        now: Time,
    ) -> Vec<Target> {
        let requests = self.wanted(candidate, &nomination.assignment);
        let needs = nomination.assignment.need_preemption(self.quota.names());
        let (mut placer, nomination) = self.placer(records, candidate, nomination);
        let asks = placer.asks(&mut nomination.assignment, &nomination.places);
        let incoming = Incoming {
            cluster_queue: candidate.queue,
            priority: candidate.priority,
            queued: candidate.queued,
            requests: &requests,
            needs: &needs,
        };
        let options = options(&records[candidate.workload].object, self.gates);
        let mut stage = Stage {
            quota: &mut self.quota,
            holders: &self.holders,
            now,
            local_queues: &self.local_queues,
        };
        let mut topology = self.topologies.room_for(&asks, options);
        self.preemptor.targets(&mut stage, &incoming, &mut topology)
    }

    /// What victims have to make room for: what the workload itself asks for, not the pods the
    /// ClusterQueue may count beside it; of an elastic one, the pods it has more than its slice.
    fn wanted(
        &self,
        candidate: &Candidate,
        assignment: &Assignment,
    ) -> Vec<(FlavorResourceId, Amount)> {
        let names = self.quota.names();
        let mut sums: Vec<(FlavorResourceId, Amount)> = Vec::new();
        for (index, shape) in candidate.shape.pod_sets.iter().enumerate() {
            let Some(pod_set) = assignment.pod_set(index) else {
                continue;
            };
            let replaced = candidate
                .replaces
                .as_ref()
                .and_then(|(_, one)| one.pod_sets.get(index));
            let count = replaced.map_or(pod_set.count, |old| shape.count.saturating_sub(old.count));
            for (resource, amount) in &shape.requests {
                let amount = scaled(*amount, shape.count, count);
                let flavor = pod_set.flavor(*resource).map(|one| one.flavor);
                let fr = flavor.and_then(|flavor| names.flavor_resource(flavor, *resource));
                let Some(fr) = fr.filter(|_| amount != 0) else {
                    continue;
                };
                match sums.iter_mut().find(|(known, _)| *known == fr) {
                    Some((_, sum)) => *sum = *sum + Amount(amount),
                    None => sums.push((fr, Amount(amount))),
                }
            }
        }
        sums
    }
}
