//! The engine: it owns time and the list of what runs, asks the roles, and carries out what they
//! decide.
//!
//! Discrete events, never ticks. Arrivals are a sorted stream; only running jobs stand in a heap.
//! Events have one total order: instant, class (node changes, then finishes and submissions as
//! the [`Discipline`] says), sequence of decision.

mod discipline;
mod event_queue;
mod evict;
mod mig;
mod observer;
mod pace;
mod pass;
mod records;
mod roles;

pub use event_queue::{EventQueue, Finish};
pub use mig::MigCounts;
pub use observer::{Observer, Situation};
pub use records::{Attempt, Fate, Records};
pub use roles::{Discipline, EngineError, Roles};

use pace::{Paces, RunningJob};

use gpusched_core::cluster::Cluster;
use gpusched_core::hazard::Mishap;
use gpusched_core::ids::{JobId, ShapeId};
use gpusched_core::performance::sharing::Speed;
use gpusched_core::performance::{Origins, Residence};
use gpusched_core::provisioning::{Change, Stage};
use gpusched_core::queueing::{Book, Finished, Queueing, Turn};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Workload;
use rustc_hash::FxHashMap;

/// A replay in progress. It can be stopped at any instant and continued.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::FirstFit;
/// use gpusched_core::queueing::Fifo;
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
/// use gpusched_sim::engine::{Discipline, Engine, Roles};
///
/// let mut jobs = WorkloadBuilder::new();
/// for name in ["a", "b"] {
///     let shape = Shape::whole_gpus(1);
///     jobs.push(&JobDraft::new(name, Time::ZERO, Span::from_secs(60), shape)).unwrap();
/// }
/// let work = jobs.finish().unwrap();
/// let node = Node::with_gpus("only", 1, "T4");
/// let cluster = Cluster::new(Inventory::new(vec![node]).unwrap(), work.shapes());
/// let roles = Roles::new(Box::<Fifo>::default(), Box::new(FirstFit), &cluster);
/// let mut engine = Engine::new(&work, cluster, roles, Discipline::Batched);
/// engine.run().unwrap();
/// assert_eq!(engine.records().start(JobId(1)), Some(Time::from_secs(60)));
/// ```
pub struct Engine<'w, O: Observer = ()> {
    work: &'w Workload,
    cluster: Cluster,
    roles: Roles,
    discipline: Discipline,
    now: Time,
    next_arrival: usize,
    finishes: EventQueue,
    paces: Paces,
    speeds: Vec<(JobId, Speed)>,
    /// Jobs that die at the next step.
    dead: Vec<(JobId, Mishap)>,
    book: Book,
    records: Records,
    observer: O,
    waiting: usize,
    running: usize,
    demand_milli: u64,
    /// Believed end of running jobs; kept only where the discipline needs it.
    believed: FxHashMap<JobId, Span>,
    starts: u32,
    due: Vec<Finish>,
    changes: Vec<Change>,
    /// Whether the provisioning policy is told of jobs.
    provisioner_follows: bool,
    /// `None` where no GPU is cut.
    mig: Option<Box<mig::Desk>>,
}

impl<'w> Engine<'w, ()> {
    /// A replay that nobody watches.
    pub fn new(
        work: &'w Workload,
        cluster: Cluster,
        roles: Roles,
        discipline: Discipline,
    ) -> Engine<'w, ()> {
        Engine::observed(work, cluster, roles, discipline, ())
    }
}

impl<'w, O: Observer> Engine<'w, O> {
    /// A replay watched by `observer`. Observers are part of the type: `()` costs nothing.
    pub fn observed(
        work: &'w Workload,
        mut cluster: Cluster,
        mut roles: Roles,
        discipline: Discipline,
        observer: O,
    ) -> Engine<'w, O> {
        let has_mig = cluster.inventory().has_mig();
        let roles_follow = roles.provisioning.follows_jobs();
        let possible = match has_mig || roles.placement.may_refuse() {
            true => mig::possible(work, &mut cluster, &mut roles),
            false => work.specs().iter().map(|spec| cluster.fits(spec)).collect(),
        };
        let mut book = Book::new(work.len(), work.pods());
        book.explains = observer.explains();
        Engine {
            records: Records::new(work.len(), possible),
            book,
            work,
            cluster,
            roles,
            discipline,
            now: work.jobs().first().map_or(Time::ZERO, |job| job.submit),
            next_arrival: 0,
            finishes: EventQueue::default(),
            paces: Paces::default(),
            speeds: Vec::new(),
            dead: Vec::new(),
            observer,
            waiting: 0,
            running: 0,
            demand_milli: 0,
            believed: FxHashMap::default(),
            starts: 0,
            due: Vec::new(),
            changes: Vec::new(),
            provisioner_follows: roles_follow,
            mig: has_mig.then(Box::default),
        }
    }

    /// The instant handled last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The cluster as it is now.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What is known of each job so far.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Where the speeds of jobs came from, if the performance model uses measurements.
    pub fn speed_origins(&self) -> Option<Origins> {
        self.roles.performance.origins()
    }

    /// Jobs that have arrived so far.
    pub fn arrived(&self) -> usize {
        self.next_arrival
    }

    /// Ends the replay here and returns what was recorded. Jobs still waiting or running are
    /// censored, not dropped; their open waits are closed at the present instant.
    pub fn finish(mut self) -> (Records, O) {
        let now = self.now;
        for index in 0..self.next_arrival {
            let job = JobId(index as u32);
            if self.records.fate(job) == Fate::Waiting {
                let since = self.records.since(job);
                self.observer.waited(job, self.book.reason(job), since, now);
            }
        }
        let situation = Situation {
            cluster: &self.cluster,
            waiting: self.waiting,
            running: self.running,
            demand_milli: self.demand_milli,
        };
        self.observer.ended(now, &situation);
        if let Some(desk) = &self.mig {
            self.records.note_mig(desk.counts);
        }
        if let Some(lifetimes) = self.roles.provisioning.lifetimes() {
            self.records.note_lifetimes(lifetimes);
        }
        self.records
            .close(now, std::mem::take(&mut self.book.spots));
        (self.records, self.observer)
    }

    /// The next instant at which something happens.
    pub fn next_instant(&self) -> Option<Time> {
        if !self.dead.is_empty() {
            return Some(self.now);
        }
        let arrival = self
            .work
            .jobs()
            .get(self.next_arrival)
            .map(|job| job.submit);
        let finish = self.finishes.peek().map(|finish| finish.at);
        let mut next = match (arrival, finish) {
            (Some(arrival), Some(finish)) => Some(arrival.min(finish)),
            (one, other) => one.or(other),
        };
        if let Some(wake) = self.roles.queueing.wake() {
            next = Some(next.map_or(wake, |next| next.min(wake)));
        }
        if let Some(wake) = self.roles.hazard.as_ref().and_then(|hazard| hazard.wake()) {
            next = Some(next.map_or(wake, |next| next.min(wake)));
        }
        if self.roles.repartition.is_some()
            && let Some(due) = self.mig.as_ref().and_then(|desk| desk.due())
        {
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        // Machines alone keep nothing going: their changes matter while jobs come or wait.
        if (next.is_some() || self.waiting > 0)
            && let Some(wake) = self.roles.provisioning.wake()
        {
            next = Some(next.map_or(wake, |next| next.min(wake)));
        }
        // What is due never (a reservation behind a job without an end) is no event.
        next.filter(|&next| next < Time::NEVER)
            .map(|next| next.max(self.now))
    }

    /// Handles the next instant. `Ok(false)` = nothing left to happen.
    ///
    /// # Errors
    /// [`EngineError`] when a role broke its contract; the replay cannot go on.
    pub fn step(&mut self) -> Result<bool, EngineError> {
        self.step_until(Time::NEVER)
    }

    /// Handles the next instant if it is not after `until`. `Ok(false)` = there is none.
    ///
    /// # Errors
    /// As [`Engine::step`].
    pub fn step_until(&mut self, until: Time) -> Result<bool, EngineError> {
        let Some(now) = self.next_instant().filter(|&next| next <= until) else {
            return Ok(false);
        };
        self.watch(now);
        self.now = now;
        self.provision()?;
        if self.roles.hazard.is_some() {
            self.strike();
        }
        match self.discipline {
            Discipline::Batched => self.batched(),
            Discipline::PerEvent => self.per_event(),
        }?;
        Ok(true)
    }

    /// Handles everything up to and including `until`.
    ///
    /// # Errors
    /// As [`Engine::step`].
    pub fn run_until(&mut self, until: Time) -> Result<(), EngineError> {
        while self.step_until(until)? {}
        if until > self.now && until < Time::NEVER {
            self.watch(until);
            self.now = until;
        }
        Ok(())
    }

    /// Runs until nothing is left to happen.
    ///
    /// # Errors
    /// As [`Engine::step`].
    pub fn run(&mut self) -> Result<(), EngineError> {
        while self.step()? {}
        Ok(())
    }

    /// Shows the observer the state that holds until `to`.
    #[inline]
    fn watch(&mut self, to: Time) {
        if O::WATCHES_TIME {
            let situation = Situation {
                cluster: &self.cluster,
                waiting: self.waiting,
                running: self.running,
                demand_milli: self.demand_milli,
            };
            self.observer.advance(to, &situation);
        }
    }

    fn provision(&mut self) -> Result<(), EngineError> {
        if self
            .roles
            .provisioning
            .wake()
            .is_none_or(|at| at > self.now)
        {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.changes);
        let mut stage = Stage {
            now: self.now,
            work: self.work,
            cluster: &mut self.cluster,
        };
        self.roles.provisioning.decide(&mut stage, &mut changes);
        for change in changes.drain(..) {
            match change {
                Change::Open(node) => self.cluster.set_open(node, true),
                Change::OpenToSpot(node) => self.cluster.open_to_spot(node),
                Change::Close(node) => self.cluster.set_open(node, false),
                Change::Evict { job, warned } => self.evict(job, warned),
            }
        }
        self.changes = changes;
        match self.roles.provisioning.full() {
            None => Ok(()),
            Some(block) => Err(EngineError::Full { block }),
        }
    }

    /// Ends the jobs that die now.
    #[cold]
    fn strike(&mut self) {
        if let Some(hazard) = &mut self.roles.hazard
            && hazard.wake().is_some_and(|at| at <= self.now)
        {
            hazard.strike(self.now, &mut self.dead);
        }
        if self.dead.is_empty() {
            return;
        }
        for (job, mishap) in std::mem::take(&mut self.dead) {
            // A job may be named by several who die at once.
            if self.records.fate(job) != Fate::Running {
                continue;
            }
            let span = self.span(job);
            self.paces.abandon(job, self.records.since(job) + span);
            self.give_back(job);
            self.end(job, Fate::Failed(mishap));
        }
        self.paces.purge(&mut self.finishes, &self.records);
    }

    #[inline]
    fn submit(&mut self, job: JobId) {
        let kind = match self.roles.placement.kinds() {
            Some(kinds) => kinds.of(job),
            None => self.work.job(job).spec.0,
        };
        let possible = self.records.submit(job, kind, self.now);
        self.observer.submitted(job, self.now);
        if !possible {
            return;
        }
        self.waiting += 1;
        self.demand_milli += self.work.gpu_milli(job);
        if self.provisioner_follows {
            self.roles.provisioning.waits(self.work, job, self.now);
        }
        let (queueing, mut turn) = turn(self);
        queueing.submit(job, &mut turn);
    }

    /// Returns what a job held.
    #[inline]
    fn give_back(&mut self, job: JobId) {
        let spec = self.work.spec(self.work.job(job).spec);
        let first = self.records.first_spot(job);
        let mut spots = self.book.spots[first..first + spec.pods as usize].iter();
        for set in &spec.pod_sets {
            let shape: ShapeId = set.shape;
            for &spot in spots.by_ref().take(set.count as usize) {
                self.cluster.release(shape, spot);
            }
        }
        self.roles.placement.ended(job);
        self.released();
    }

    /// Resources came back.
    #[inline]
    fn released(&mut self) {
        if let Some(desk) = &mut self.mig {
            desk.released(self.now);
        }
    }

    #[inline]
    fn end(&mut self, job: JobId, fate: Fate) {
        let spec = self.work.spec(self.work.job(job).spec);
        let started = self.records.end(job, self.now, fate);
        self.running -= 1;
        self.demand_milli -= spec.gpu_milli;
        if self.discipline == Discipline::PerEvent {
            self.believed.remove(&job);
        }
        let first = self.records.first_spot(job);
        let spots = &self.book.spots[first..first + spec.pods as usize];
        self.observer.finished(job, self.now, spots);
        self.vacate(job, first..first + spec.pods as usize);
        self.change_speeds();
        // The queueing policy gets a turn, and a turn borrows the book: lend it the places.
        let lent = std::mem::take(&mut self.book.spots);
        let done = Finished {
            job,
            started,
            spots: &lent[first..first + spec.pods as usize],
        };
        let (queueing, mut turn) = turn(self);
        queueing.finish(done, &mut turn);
        self.book.spots = lent;
    }

    /// Tells the roles that a job has left its places.
    #[inline]
    fn vacate(&mut self, job: JobId, spots: std::ops::Range<usize>) {
        let residence = Residence {
            work: self.work,
            job,
            spots: &self.book.spots[spots],
        };
        self.roles.performance.ended(residence, &mut self.speeds);
        if let Some(hazard) = &mut self.roles.hazard {
            hazard.ended(residence);
        }
        if self.provisioner_follows {
            self.roles.provisioning.ended(residence, self.now);
        }
        self.paces.forget(job);
    }

    /// Makes what the performance model said happen.
    #[inline]
    fn change_speeds(&mut self) {
        if !self.speeds.is_empty() {
            self.change_some_speeds();
        }
    }

    fn change_some_speeds(&mut self) {
        let mut speeds = std::mem::take(&mut self.speeds);
        for (job, speed) in speeds.drain(..) {
            let running = RunningJob {
                job,
                started: self.records.since(job),
                run: self.span(job),
                // A job is first named when it starts: its order is the present one.
                order: self.starts,
            };
            self.paces.set(running, self.now, speed, &mut self.finishes);
        }
        self.speeds = speeds;
    }

    /// How long the present attempt of a job takes at full speed, from its start to its end:
    /// preparing its places, going on where an eviction left it, and the work itself.
    #[inline]
    fn span(&self, job: JobId) -> Span {
        let run = self.work.job(job).run;
        match self.mig.is_none() && self.records.nobody_was_evicted() {
            true => run,
            false => self.long_span(job, run),
        }
    }
}

/// Splits the engine into the queueing policy and its turn.
fn turn<'a, O: Observer>(engine: &'a mut Engine<'_, O>) -> (&'a mut dyn Queueing, Turn<'a>) {
    let turn = Turn::new(
        engine.now,
        engine.work,
        &mut engine.cluster,
        engine.roles.placement.as_mut(),
        &mut engine.book,
    );
    (engine.roles.queueing.as_mut(), turn)
}
