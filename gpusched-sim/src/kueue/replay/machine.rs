//! The loop: what happens next, and what follows from it.

use super::api::Api;
use super::decisions::Held;
use super::fidelity::ControlPlane;
use super::live::{Event, Live, Phase};
use super::meter::Meter;
use super::outcome::{Change, Eviction, Outcome, Step};
use super::pacing::Pacing;
use super::{Job, Options, pods, residents};
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::ids::{ClusterQueueId, WorkloadId};
use gpusched_core::queueing::kueue::objects::{
    AdmissionCheckRule, CheckPhase, CheckState, StopPolicy, Workload,
};
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects, PodsReady};
use gpusched_core::units::{Span, Time};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Where the workloads of a LocalQueue go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Door {
    pub(super) queue: Option<ClusterQueueId>,
    stopped: bool,
    pub(super) drains: bool,
}

/// A replay on its way.
pub(super) struct Machine<'o> {
    pub(super) objects: &'o Objects,
    pub(super) gates: Gates,
    pub(super) options: &'o Options,
    pub(super) constants: ControlPlane,
    pub(super) kueue: Kueue,
    pub(super) api: Api,
    pub(super) pacing: Pacing,
    pub(super) meter: Meter,
    pub(super) events: BinaryHeap<Reverse<(Time, Event)>>,
    /// Jobs that have not come yet, the next one last.
    pub(super) coming: Vec<Job>,
    pub(super) live: Vec<Live>,
    /// By id: position of the workload.
    pub(super) position: Vec<u32>,
    pub(super) residents: usize,
    /// Workloads that never reached core.
    pub(super) turned_away: BTreeMap<u32, Workload>,
    pub(super) doors: Vec<Door>,
    /// By ClusterQueue.
    checks: Vec<Vec<AdmissionCheckRule>>,
    pub(super) evictions: Vec<BTreeMap<Eviction, u64>>,
    pub(super) changes: Vec<Change>,
    pub(super) cycles: u64,
    pub(super) idle_cycles: u64,
    pub(super) circling: Option<u32>,
    /// The workload the replay is about was admitted.
    pub(super) reached: bool,
    /// The rules of `waitForPodsReady`, if they are on.
    pub(super) pods_ready: Option<PodsReady>,
    /// Whether nobody is admitted while pods of others are not ready, and that takes time.
    pub(super) blocks: bool,
    /// How many hold quota and have pods that are not ready.
    pub(super) starting: usize,
    /// A cycle that waits for them.
    pub(super) held: Option<Held>,
    pub(super) start: Time,
    pub(super) now: Time,
    /// When the use of LocalQueues was last sampled.
    sampled: Time,
    pub(super) end: Time,
}

impl<'o> Machine<'o> {
    pub(super) fn new(
        objects: &'o Objects,
        configuration: &Configuration,
        gates: Gates,
        mut jobs: Vec<Job>,
        options: &'o Options,
    ) -> Machine<'o> {
        let constants = options.fidelity.constants();
        let start = residents::start(objects).max(options.start);
        let mut kueue = Kueue::new(objects.clone(), configuration, gates, start);
        kueue.set_retry_batch(constants.flush_batch);
        jobs.sort_by_key(|job| Reverse(job.arrival));
        // Jobs that come at one time keep their order, read from the end.
        reverse_ties(&mut jobs);
        let names = kueue.quota().names();
        let mut doors = vec![Door::default(); names.local_queues()];
        for door in &objects.local_queues {
            if let Some(id) = names.local_queue(&door.namespace, &door.name) {
                doors[id.index()] = Door {
                    queue: names.cluster_queue(&door.cluster_queue),
                    stopped: door.stop_policy != StopPolicy::None,
                    drains: door.stop_policy == StopPolicy::HoldAndDrain,
                };
            }
        }
        let mut checks = vec![Vec::new(); names.cluster_queues()];
        for queue in &objects.cluster_queues {
            if let Some(id) = names.cluster_queue(&queue.name) {
                checks[id.index()].clone_from(&queue.checks);
            }
        }
        let groups = objects.cluster_queues.iter();
        let groups = groups.flat_map(|queue| &queue.resource_groups);
        let flavors = groups.map(|group| group.flavors.len()).max().unwrap_or(0);
        let fair_sharing = configuration.fair_sharing.is_some();
        let pods_ready = pods::rules(configuration, gates);
        let meter = Meter::new(kueue.quota(), fair_sharing, start, options.samples);
        let workloads = objects.workloads.len() + jobs.len();
        let mut machine = Machine {
            objects,
            gates,
            options,
            constants,
            api: Api::new(&constants),
            pacing: Pacing::new(&constants, flavors),
            meter,
            events: BinaryHeap::new(),
            live: Vec::with_capacity(workloads),
            position: Vec::with_capacity(workloads),
            residents: objects.workloads.len(),
            turned_away: BTreeMap::new(),
            doors,
            evictions: vec![BTreeMap::new(); checks.len()],
            checks,
            coming: jobs,
            changes: Vec::new(),
            cycles: 0,
            idle_cycles: 0,
            circling: None,
            reached: false,
            blocks: !options.ready.is_none()
                && pods_ready
                    .as_ref()
                    .is_some_and(|rules| rules.block_admission),
            pods_ready,
            starting: 0,
            held: None,
            start,
            now: start,
            sampled: start,
            end: start,
            kueue,
        };
        for workload in &objects.workloads {
            machine.settle(workload);
        }
        machine.drain();
        machine
    }

    pub(super) fn run(mut self) -> Outcome {
        let horizon = self.options.horizon.map(|at| self.start + Span(at.0));
        while let Some(next) = self.next() {
            if horizon.is_some_and(|horizon| next > horizon) {
                break;
            }
            self.meter.sample_until(next);
            self.now = next;
            self.happen();
            if self.circling.is_some() || self.reached {
                break;
            }
            if self.kueue.serve_retries(next) > 0 {
                self.pacing.wake();
            }
            if self.sample_due().is_some_and(|due| due <= next) {
                self.kueue.sample(next);
                self.sampled = next;
                self.pacing.wake();
            }
            if self.kueue.next_second_pass().is_some_and(|due| due <= next) {
                self.pacing.wake();
            }
            if self.held.is_some() {
                self.proceed();
            } else if self.pacing.due().is_some_and(|due| due <= next) {
                self.cycle();
            }
        }
        if let Some(horizon) = horizon.filter(|_| !self.reached) {
            self.now = self.now.max(horizon);
            self.end = horizon;
        }
        self.outcome()
    }

    /// When something happens next.
    fn next(&self) -> Option<Time> {
        let cycle = match self.held {
            Some(_) => None,
            None => self.pacing.due(),
        };
        let second_pass = match cycle.is_some() || self.held.is_some() {
            true => None,
            false => self.kueue.next_second_pass(),
        };
        let happening = [
            self.coming
                .last()
                .map(|job| self.start + Span(job.arrival.0)),
            self.events.peek().map(|Reverse((at, _))| *at),
            self.kueue.next_retry(),
            second_pass,
            cycle,
        ];
        let next = happening.into_iter().flatten().min()?;
        // Use is sampled while there is something to look forward to; alone it changes nothing.
        let next = self.sample_due().map_or(next, |sample| next.min(sample));
        Some(next.max(self.now))
    }

    /// When the use of LocalQueues is sampled next, if that counts. What is charged makes core ask
    /// for it at once, and again until it is settled: a second apart is often enough.
    fn sample_due(&self) -> Option<Time> {
        let due = self.kueue.next_sample(self.now)?;
        Some(due.max(self.sampled + Span::from_secs(1)))
    }

    /// Everything that happens now, but for what the scheduler does.
    fn happen(&mut self) {
        let now = self.now;
        loop {
            if let Some(Reverse((at, event))) = self.events.peek().copied()
                && at <= now
            {
                self.events.pop();
                self.handle(event);
                continue;
            }
            match self.coming.last() {
                Some(job) if self.start + Span(job.arrival.0) <= now => self.arrive(),
                _ => return,
            }
        }
    }

    fn arrive(&mut self) {
        let Some(Job {
            mut workload, run, ..
        }) = self.coming.pop()
        else {
            return;
        };
        workload.created = self.now;
        let at = self.live.len() as u32;
        let names = self.kueue.quota().names();
        let door = names.local_queue(&workload.namespace, &workload.queue);
        let door = door.map_or_else(Door::default, |door| self.doors[door.index()]);
        self.end = self.now;
        let mut live = Live {
            queue: door.queue,
            phase: Phase::Waiting,
            arrival: self.now,
            run,
            ..Live::default()
        };
        if door.stopped {
            self.turned_away.insert(at, workload);
        } else {
            let id = self.kueue.arrive(workload, self.now);
            self.place(id, at);
            live.id = Some(id);
            self.pacing.wake();
        }
        self.live.push(live);
    }

    pub(super) fn place(&mut self, id: WorkloadId, at: u32) {
        if self.position.len() <= id.index() {
            self.position.resize(id.index() + 1, u32::MAX);
        }
        self.position[id.index()] = at;
    }

    fn handle(&mut self, event: Event) {
        let now = self.now;
        let (Event::End(at, epoch)
        | Event::Stop(at, epoch)
        | Event::Gone(at, epoch)
        | Event::Left(at, epoch)
        | Event::Checked(at, epoch)
        | Event::Begin(at, epoch)
        | Event::Ready(at, epoch)
        | Event::Back(at, epoch)
        | Event::Late(at, epoch)) = event;
        let live = &mut self.live[at as usize];
        let Some(id) = live.id.filter(|_| live.epoch == epoch) else {
            return;
        };
        match event {
            Event::Begin(..) => self.begin(at),
            Event::Ready(..) => self.ready(at),
            Event::Late(..) => self.late(at, id),
            Event::Back(..) => {
                self.kueue.backoff_finished(id, now);
                self.pacing.wake();
            }
            Event::End(..) => self.finish(at, id),
            Event::Stop(..) => {
                let Some(reason) = live.reason else { return };
                live.began = None;
                if let Some(works) = live.works.take().filter(|_| live.phase == Phase::Running) {
                    live.lost += now - works;
                }
                live.phase = Phase::Leaving;
                live.epoch += 1;
                live.evictions += 1;
                if live.evictions >= self.options.most_evictions {
                    self.circling = Some(at);
                }
                let gone = Event::Gone(at, live.epoch);
                let queue = live.queue;
                self.events
                    .push(Reverse((now + self.constants.grace, gone)));
                if let Some(queue) = queue {
                    *self.evictions[queue.index()].entry(reason).or_default() += 1;
                }
                self.note(at, Step::Evicted(reason));
            }
            Event::Gone(..) => {
                let known = self.api.write(now);
                self.events.push(Reverse((known, Event::Left(at, epoch))));
            }
            Event::Left(..) => {
                live.phase = Phase::Waiting;
                live.said = None;
                let queue = live.queue;
                if !self.kueue.workload(id).checks.is_empty() {
                    self.kueue.update(id, |object| object.checks.clear(), now);
                }
                self.kueue.eviction_complete(id, now);
                self.starts(at, false);
                self.await_backoff(at, id);
                self.pacing.wake();
                self.measure(queue);
                self.note(at, Step::Left);
            }
            Event::Checked(..) => self.checked(at, id),
        }
    }

    /// Whether the replay is only about the first admission of this workload.
    pub(super) fn is_awaited(&self, at: u32) -> bool {
        let Some((namespace, name)) = &self.options.until_admitted else {
            return false;
        };
        let id = self.live[at as usize].id;
        let object = id.map(|id| self.kueue.workload(id));
        object.is_some_and(|one| one.name == *name && one.namespace == *namespace)
    }

    fn finish(&mut self, at: u32, id: WorkloadId) {
        let live = &mut self.live[at as usize];
        live.phase = Phase::Finished;
        live.epoch += 1;
        live.finished = Some(self.now);
        live.said = None;
        let queue = live.queue;
        self.starts(at, false);
        self.kueue.finish(id, self.now);
        self.pacing.nudge();
        self.measure(queue);
        self.note(at, Step::Finished);
    }

    /// All checks that the flavors of a workload ask for have passed.
    fn checked(&mut self, at: u32, id: WorkloadId) {
        let now = self.now;
        let queue = self.live[at as usize].queue;
        let rules = queue.map_or(&[][..], |queue| &self.checks[queue.index()]);
        self.kueue.update(
            id,
            |object| {
                let admission = object.admission.iter().flat_map(|one| &one.pod_sets);
                let flavors: Vec<&String> =
                    admission.flat_map(|one| one.flavors.values()).collect();
                let applies = |rule: &&AdmissionCheckRule| {
                    rule.on_flavors.is_empty()
                        || rule.on_flavors.iter().any(|one| flavors.contains(&one))
                };
                let passed = rules.iter().filter(applies).map(|rule| CheckState {
                    name: rule.name.clone(),
                    phase: CheckPhase::Ready,
                    at: now,
                    ..CheckState::default()
                });
                object.checks = passed.collect();
            },
            now,
        );
        if self.kueue.workload(id).is("Admitted") {
            let known = self.api.write(now);
            let begin = Event::Begin(at, self.live[at as usize].epoch);
            self.events.push(Reverse((known, begin)));
        }
    }

    pub(super) fn measure(&mut self, queue: Option<ClusterQueueId>) {
        if let Some(queue) = queue {
            self.meter.refresh(self.kueue.quota(), queue, self.now);
        }
    }

    pub(super) fn note(&mut self, at: u32, step: Step) {
        self.end = self.now;
        self.changes.push(Change {
            at: Time((self.now - self.start).0),
            workload: at,
            step,
        });
    }
}

/// Turns every run of jobs that come at one time around.
fn reverse_ties(jobs: &mut [Job]) {
    for tied in jobs.chunk_by_mut(|a, b| a.arrival == b.arrival) {
        tied.reverse();
    }
}
