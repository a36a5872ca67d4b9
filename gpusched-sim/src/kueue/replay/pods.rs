//! Pods of admitted workloads: when they are ready, and what follows when they are not.
//!
//! Source: `pkg/controller/core/workload_controller.go`, `pkg/cache/scheduler` (which workloads
//! block admission).

use super::live::{Event, Phase};
use super::machine::Machine;
use super::outcome::{Eviction, Step};
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::{Configuration, Gates, PodsReady};
use gpusched_core::units::{Span, Time};
use std::cmp::Reverse;

/// The rules of `waitForPodsReady`, if they are on.
pub(super) fn rules(configuration: &Configuration, gates: Gates) -> Option<PodsReady> {
    let rules = configuration.pods_ready.clone();
    rules.filter(|_| !gates.disable_wait_for_pods_ready)
}

impl Machine<'_> {
    /// The admission of a workload is known: its pods start.
    pub(super) fn begin(&mut self, at: u32) {
        let now = self.now;
        let live = &mut self.live[at as usize];
        live.phase = Phase::Running;
        live.began = Some(now);
        live.first_admitted.get_or_insert(now);
        let number = live.admissions;
        live.admissions += 1;
        let epoch = live.epoch;
        if let Some(limit) = live.limit {
            let end = Event::End(at, epoch);
            self.events.push(Reverse((now + limit, end)));
        }
        self.note(at, Step::Admitted);
        self.reached |= self.is_awaited(at);
        match self.options.ready.draw(self.options.seed, at, number) {
            Some(Span::ZERO) => self.ready(at),
            delay => {
                if let Some(delay) = delay {
                    self.events
                        .push(Reverse((now + delay, Event::Ready(at, epoch))));
                }
                if let Some(rules) = &self.pods_ready {
                    let late = Event::Late(at, epoch);
                    self.events.push(Reverse((now + rules.timeout, late)));
                }
            }
        }
    }

    /// All pods of a workload are ready: it works from now on.
    pub(super) fn ready(&mut self, at: u32) {
        let now = self.now;
        let live = &mut self.live[at as usize];
        live.works = Some(now);
        if let Some(run) = live.run {
            let end = Event::End(at, live.epoch);
            self.events.push(Reverse((now + run, end)));
        }
        self.starts(at, false);
    }

    /// Pods of a workload that is there at the start, admitted at `since`: ready, if its status
    /// says so or nothing is said about delays; or else after the delay of an admission, drawn now.
    pub(super) fn settle_pods(&mut self, at: u32, object: &Workload, since: Time) {
        let now = self.start;
        let live = &self.live[at as usize];
        if let Some(limit) = live.limit {
            let end = Event::End(at, live.epoch);
            self.events.push(Reverse(((since + limit).max(now), end)));
        }
        let says = object.condition("PodsReady");
        let known = says.is_some_and(|one| one.status) || self.options.ready.is_none();
        if known {
            return self.work_since(at, since);
        }
        let recovers = says.filter(|one| !one.status && one.reason == "WaitForRecovery");
        let since = recovers.map_or(since, |one| one.at);
        let delay = self.options.ready.draw(self.options.seed, at, 0);
        let epoch = self.live[at as usize].epoch;
        let ready = delay.map(|delay| since + delay);
        if let Some(ready) = ready.filter(|ready| *ready <= now) {
            return self.work_since(at, ready);
        }
        self.starts(at, true);
        if let Some(ready) = ready {
            self.events.push(Reverse((ready, Event::Ready(at, epoch))));
        }
        let timeout = self.pods_ready.as_ref().and_then(|rules| match recovers {
            Some(_) => rules.recovery_timeout,
            None => Some(rules.timeout),
        });
        if let Some(timeout) = timeout {
            let late = (since + timeout).max(now);
            self.events.push(Reverse((late, Event::Late(at, epoch))));
        }
    }

    /// A workload that is there at the start works since then.
    fn work_since(&mut self, at: u32, since: Time) {
        let live = &mut self.live[at as usize];
        live.works = Some(since);
        if let Some(run) = live.run {
            let end = (since + run).max(self.start);
            self.events.push(Reverse((end, Event::End(at, live.epoch))));
        }
    }

    /// Takes note of whether a workload that holds quota keeps others waiting for its pods.
    pub(super) fn starts(&mut self, at: u32, starts: bool) {
        let live = &mut self.live[at as usize];
        if live.starts != starts {
            live.starts = starts;
            match starts {
                true => self.starting += 1,
                false => self.starting -= 1,
            }
        }
    }

    /// Pods of a workload were not ready in time.
    pub(super) fn late(&mut self, at: u32, id: WorkloadId) {
        let live = &self.live[at as usize];
        let starting = live.phase == Phase::Running && live.works.is_none();
        // Who was told to leave in this instant already leaves for that reason.
        let told = self.kueue.workload(id).is("Evicted");
        let Some(rules) = self.pods_ready.as_ref().filter(|_| starting && !told) else {
            return;
        };
        let reason = self.kueue.pods_not_ready(id, rules, self.now);
        let known = self.api.write(self.now);
        self.tell(at, Eviction::Evicted(reason), known);
    }

    /// A workload waits again. One that may not come back yet does so after its backoff.
    pub(super) fn await_backoff(&mut self, at: u32, id: WorkloadId) {
        let object = self.kueue.workload(id);
        let kept = object.condition("Requeued").is_some_and(|one| !one.status);
        let back = object.requeue.as_ref().and_then(|state| state.at);
        if let Some(back) = back.filter(|back| kept || *back > self.now) {
            let event = Event::Back(at, self.live[at as usize].epoch);
            self.events.push(Reverse((back.max(self.now), event)));
        }
    }
}
