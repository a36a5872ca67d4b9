//! What a scheduling cycle decided, carried out.

use super::live::{Event, Phase};
use super::machine::Machine;
use super::outcome::{Eviction, Step};
use gpusched_core::queueing::kueue::cycle::{Admitted, Cycle, Requeued};
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::units::{Span, Time};
use std::cmp::Reverse;

/// A cycle that waits for pods in the middle (`waitForPodsReady.blockAdmission`).
///
/// Upstream's scheduler stops before the first admission while pods of any workload with quota are
/// not ready, then goes on with what it had decided, and stops again. Here everything is decided
/// at once and carried out one after the other. What waits to be admitted has its quota in the
/// meantime, which nobody sees: there is no other cycle.
#[derive(Clone, Debug)]
pub(super) struct Held {
    cycle: Cycle,
    /// How many of its entries are done with.
    done: usize,
    end: Time,
}

impl Machine<'_> {
    /// One scheduling cycle.
    pub(super) fn cycle(&mut self) {
        let now = self.now;
        let cycle = self.kueue.cycle(now);
        let changed = changes_something(&cycle);
        if !changed && cycle.processed.is_empty() && cycle.requeued.is_empty() {
            return self.pacing.rest();
        }
        self.cycles += 1;
        self.idle_cycles += u64::from(!changed);
        let heads = cycle.processed.len().max(cycle.requeued.len());
        let heads = self.constants.head.0.saturating_mul(heads as i64);
        let decided = now + self.constants.cycle + Span(heads);
        if self.blocks {
            self.held = Some(Held {
                cycle,
                done: 0,
                end: decided,
            });
            return self.proceed();
        }
        let mut end = decided;
        for one in &cycle.admitted {
            self.admit(one, decided);
        }
        let victims = cycle.preempted.iter();
        let victims = victims.map(|one| (one.workload, Eviction::Preempted(one.reason)));
        let others = cycle.evicted.iter();
        let others = others.map(|(id, reason)| (*id, Eviction::Evicted(*reason)));
        for (id, reason) in victims.chain(others) {
            end = end.max(self.tell_victim(id, reason, decided));
        }
        self.conclude(&cycle, end);
    }

    /// Carries out what is left of a cycle, as far as pods let it.
    pub(super) fn proceed(&mut self) {
        let Some(mut held) = self.held.take() else {
            return;
        };
        while let Some(id) = held.cycle.processed.get(held.done).copied() {
            let admitted = held.cycle.admitted.iter().find(|one| one.workload == id);
            if let Some(one) = admitted {
                // A second pass, of one that has its quota, waits for nobody.
                let phase = self.live[self.position[id.index()] as usize].phase;
                if phase == Phase::Waiting && self.starting > 0 {
                    self.held = Some(held);
                    return;
                }
                self.admit(one, held.end.max(self.now));
            }
            let begin = held.end.max(self.now);
            for one in held
                .cycle
                .preempted
                .iter()
                .filter(|one| one.preemptor == id)
            {
                let reason = Eviction::Preempted(one.reason);
                held.end = held.end.max(self.tell_victim(one.workload, reason, begin));
            }
            for (victim, reason) in held
                .cycle
                .evicted
                .iter()
                .filter(|(victim, _)| *victim == id)
            {
                let reason = Eviction::Evicted(*reason);
                held.end = held.end.max(self.tell_victim(*victim, reason, begin));
            }
            held.done += 1;
        }
        let end = held.end.max(self.now);
        self.conclude(&held.cycle, end);
    }

    /// Whether a workload is to be admitted once pods of others are ready.
    pub(super) fn is_held(&self, id: WorkloadId) -> bool {
        let held = self.held.as_ref();
        held.is_some_and(|held| held.cycle.processed[held.done..].contains(&id))
            && self.kueue.workload(id).is("QuotaReserved")
    }

    /// The end of a cycle: what was replaced ends, and the scheduler goes on when it has written
    /// down why others wait.
    fn conclude(&mut self, cycle: &Cycle, mut end: Time) {
        for id in &cycle.replaced {
            let at = self.position[id.index()];
            let live = &mut self.live[at as usize];
            live.phase = Phase::Finished;
            live.epoch += 1;
            live.finished = Some(self.now);
            let queue = live.queue;
            self.starts(at, false);
            self.measure(queue);
            self.note(at, Step::Finished);
        }
        if self.constants.qps > 0 || self.constants.api_latency > Span::ZERO {
            for one in &cycle.requeued {
                if self.says_something_new(one) {
                    end = self.api.write(end);
                }
            }
        }
        self.pacing.done(cycle, changes_something(cycle), end);
    }

    /// Gives a workload its quota. The scheduler does not wait until that is written.
    fn admit(&mut self, one: &Admitted, decided: Time) {
        let at = self.position[one.workload.index()];
        let known = self.api.write(decided);
        let live = &mut self.live[at as usize];
        // A second pass may give one that runs other places.
        if live.phase == Phase::Running {
            return;
        }
        live.phase = Phase::Reserved;
        live.said = None;
        let (queue, epoch) = (live.queue, live.epoch);
        let event = match one.admitted {
            true => (known, Event::Begin(at, epoch)),
            false => (known + self.constants.checks, Event::Checked(at, epoch)),
        };
        self.events.push(Reverse(event));
        if self.blocks {
            self.starts(at, true);
        }
        self.measure(queue);
    }

    /// Tells a victim to leave; the scheduler waits until it is told: until when. A cycle that had
    /// to wait in the middle may name one that has ended or left since: it is told too, and there
    /// is nothing left for it to do.
    fn tell_victim(&mut self, id: WorkloadId, reason: Eviction, decided: Time) -> Time {
        let known = self.api.write(decided);
        let at = self.position[id.index()];
        let phase = self.live[at as usize].phase;
        if matches!(phase, Phase::Reserved | Phase::Running) {
            self.tell(at, reason, known);
        }
        known
    }

    /// That a workload has to leave is known at some time.
    pub(super) fn tell(&mut self, at: u32, reason: Eviction, known: Time) {
        let live = &mut self.live[at as usize];
        live.reason = Some(reason);
        let stop = Event::Stop(at, live.epoch);
        self.events.push(Reverse((known, stop)));
    }

    /// Whether the status of a head that was put back has to be written.
    fn says_something_new(&mut self, one: &Requeued) -> bool {
        let at = self.position[one.workload.index()];
        let said = &mut self.live[at as usize].said;
        let same = said
            .as_ref()
            .is_some_and(|said| said.0 == one.quota_reserved_reason && said.1 == one.explanation);
        if !same {
            *said = Some(Box::new((
                one.quota_reserved_reason,
                one.explanation.clone(),
            )));
        }
        !same
    }
}

fn changes_something(cycle: &Cycle) -> bool {
    !(cycle.admitted.is_empty() && cycle.preempted.is_empty() && cycle.evicted.is_empty())
}
