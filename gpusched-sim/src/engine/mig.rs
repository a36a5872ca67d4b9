//! The engine's side of MIG: what starts cost, and when a repartitioner is asked.
//!
//! A job holds its places from the instant it is granted them. Instances that had to be created
//! first, free ones destroyed for them and a MIG mode toggled are its *setup*: its work begins when
//! that is done. Steps on one GPU follow one another, GPUs work side by side.
//!
//! A repartitioner is told of the waiting jobs that ask for instances and were refused, not of those
//! that wait behind others. A job asks when it is first refused and, if a batch closed without
//! serving it, again at the first release after that: it is tried again then, and refused again (as
//! a scheduler's retry puts a pending pod before nos again; assumed).

use super::Roles;
use gpusched_core::cluster::{Cluster, Spot};
use gpusched_core::gpu::mig::repartition::costs::Costs;
use gpusched_core::gpu::mig::repartition::{Change, Repartition, Wish};
use gpusched_core::ids::{JobId, NodeId, ShapeId, SpecId};
use gpusched_core::placement::Trial;
use gpusched_core::queueing::Reason;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Spec, Workload};
use rustc_hash::FxHashMap;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What was done to GPUs so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MigCounts {
    /// Instances created.
    pub created: u64,
    /// Instances destroyed.
    pub destroyed: u64,
    /// Times MIG mode was turned on or off.
    pub toggled: u64,
    /// Times a repartitioner changed something.
    pub repartitions: u64,
    /// Setup of all jobs, added up.
    pub setup: Span,
}

/// What the engine keeps where GPUs are cut.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Jobs a repartitioner is told of, with the instant they were first refused.
    refused: BTreeMap<JobId, Time>,
    /// When each waiting job was first refused, ever. A job that is refused again without a release
    /// has not asked anew: two layouts could else take turns for ever while nothing runs.
    first_refused: FxHashMap<JobId, Time>,
    /// `refused` by that instant.
    by_time: BTreeSet<(Time, JobId)>,
    /// When the last batch closed, and the first release after it.
    closed: Option<Time>,
    released: Option<Time>,
    /// When the repartitioner wants to be asked.
    due: Option<Time>,
    /// Whether `due` must be asked for again.
    stale: bool,
    /// Instances being created: GPU, start, and when they are ready.
    creating: FxHashMap<(usize, u8), Time>,
    pub(super) counts: MigCounts,
}

/// The request of each pod of a job, in the order of its places.
fn shapes(spec: &Spec) -> impl Iterator<Item = ShapeId> + '_ {
    let each =
        |set: &gpusched_core::workload::PodSet| std::iter::repeat_n(set.shape, set.count as usize);
    spec.pod_sets.iter().flat_map(each)
}

/// Whether a pod of the job asks for instances.
pub(super) fn asks_mig(spec: &Spec, cluster: &Cluster) -> bool {
    spec.pod_sets
        .iter()
        .any(|set| cluster.ask(set.shape).is_mig())
}

/// By kind of job ([`Placement::kinds`]): whether it can ever run. Jobs that ask for instances must also find favour
/// with the placement policy, which may know fewer places than there are (ParvaGPU puts a 3g at
/// slot 4 only): it is asked on the empty cluster, unless a repartitioner has yet to cut it. So it
/// is about all jobs when it may refuse what fits ([`Placement::may_refuse`]).
///
/// [`Placement::kinds`]: gpusched_core::placement::Placement::kinds
/// [`Placement::may_refuse`]: gpusched_core::placement::Placement::may_refuse
pub(super) fn possible(work: &Workload, cluster: &mut Cluster, roles: &mut Roles) -> Vec<bool> {
    let mut best = cluster.at_best();
    let batched = cluster.awaits_repartition();
    let picky = roles.placement.may_refuse();
    let mut spots = Vec::new();
    let kinds = match roles.placement.kinds() {
        Some(kinds) => kinds.examples().to_vec(),
        None => (0..work.specs().len() as u32)
            .map(|spec| (JobId(0), SpecId(spec)))
            .collect(),
    };
    kinds
        .into_iter()
        .map(|(job, spec)| {
            let spec = work.spec(spec);
            if !best.fits(spec) {
                return false;
            }
            if batched || !(picky || asks_mig(spec, cluster)) {
                return true;
            }
            let mark = cluster.begin();
            spots.clear();
            let trial = Trial::new(cluster, spec, job, &mut spots);
            let placed = trial.run(roles.placement.as_mut());
            cluster.rollback(mark);
            placed.is_ok_and(|placed| placed)
        })
        .collect()
}

impl Desk {
    /// A waiting job has another reason to wait.
    pub(super) fn waits(&mut self, job: JobId, why: Reason, at: Time, asks: bool) {
        let refused = asks && !matches!(why, Reason::Behind | Reason::Reservation);
        if !refused {
            self.forget(job);
        } else if let Entry::Vacant(entry) = self.refused.entry(job) {
            // Too late for a batch that closed at this very instant.
            let at = self.closed.map_or(at, |closed| at.max(closed + Span(1)));
            let at = *self.first_refused.entry(job).or_insert(at);
            entry.insert(at);
            self.by_time.insert((at, job));
            self.stale = true;
        }
    }

    fn forget(&mut self, job: JobId) {
        if let Some(at) = self.refused.remove(&job) {
            self.by_time.remove(&(at, job));
            self.stale = true;
        }
    }

    pub(super) fn released(&mut self, now: Time) {
        if let (Some(closed), None) = (self.closed, self.released) {
            self.released = Some(now.max(closed + Span(1)));
            self.stale = true;
        }
    }

    /// Since when a job asks that was first refused at `refused`.
    fn since(&self, refused: Time) -> Time {
        match (self.closed, self.released) {
            (Some(closed), Some(released)) if refused <= closed => released,
            _ => refused,
        }
    }

    /// A job has its places. Returns its setup.
    pub(super) fn started(
        &mut self,
        job: JobId,
        spec: &Spec,
        spots: &[Spot],
        cluster: &Cluster,
        at: (Time, &Costs),
    ) -> Span {
        let (now, costs) = at;
        self.forget(job);
        self.first_refused.remove(&job);
        let inventory = cluster.inventory();
        // Steps by GPU: pods of a job may be prepared on one GPU, one after the other.
        let mut gpus: Vec<((NodeId, u32), Span)> = Vec::new();
        for (shape, &spot) in shapes(spec).zip(spots) {
            let Some(geometry) = inventory.geometry(inventory.model_of(spot.node)) else {
                continue;
            };
            for (gpu, setup) in cluster.setups(shape, spot) {
                self.counts.created += u64::from(setup.created);
                self.counts.destroyed += u64::from(setup.destroyed);
                self.counts.toggled += u64::from(setup.toggled);
                let span = setup.span(geometry.board(), costs);
                match gpus
                    .iter_mut()
                    .find(|(known, _)| *known == (spot.node, gpu))
                {
                    Some((_, total)) => *total += span,
                    None => gpus.push(((spot.node, gpu), span)),
                }
            }
            if cluster.ask(shape).is_mig() {
                let ready = self.ready(cluster, spot, now);
                gpus.push(((spot.node, u32::MAX), ready));
            }
        }
        let setup = gpus
            .iter()
            .map(|&(_, span)| span)
            .max()
            .unwrap_or(Span::ZERO);
        self.counts.setup += setup;
        setup
    }

    /// How long until the repartitioner has made the instances of a pod.
    fn ready(&mut self, cluster: &Cluster, spot: Spot, now: Time) -> Span {
        if self.creating.is_empty() {
            return Span::ZERO;
        }
        let gpus = cluster.mig_range(spot.node);
        let numbers = &cluster.mig_gpus()[gpus.clone()];
        let mut longest = Span::ZERO;
        for (minor, start) in cluster.inventory().instances(spot) {
            let at = numbers
                .iter()
                .position(|gpu| u32::from(gpu.minor()) == minor);
            let ready = at.and_then(|at| self.creating.remove(&(gpus.start + at, start)));
            longest = longest.max(ready.map_or(Span::ZERO, |ready| ready - now));
        }
        longest
    }

    /// When the repartitioner wants to be asked.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Asks the repartitioner when its next batch closes, if what waits has changed. It is told of
    /// the oldest and the newest request only: however long the queue, no batch ends by another.
    pub(super) fn refresh(&mut self, policy: &dyn Repartition, work: &Workload, cluster: &Cluster) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let first_fresh = self
            .closed
            .map_or(Time(i64::MIN), |closed| closed + Span(1));
        let fresh = self.by_time.range((first_fresh, JobId(0))..);
        let ends = [
            self.by_time.first(),
            fresh.clone().next(),
            self.by_time.last(),
        ];
        let wishes = ends
            .into_iter()
            .flatten()
            .flat_map(|&(refused, job)| self.wishes_of(job, refused, work, cluster));
        self.due = policy.next(&wishes.collect::<Vec<_>>());
    }

    /// Lets the repartitioner act, if its time has come.
    pub(super) fn act(
        &mut self,
        policy: &mut dyn Repartition,
        work: &Workload,
        cluster: &mut Cluster,
        at: (Time, &Costs),
    ) {
        let (now, costs) = at;
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let waiting = self.refused.iter();
        let wishes: Vec<Wish> = waiting
            .flat_map(|(&job, &refused)| self.wishes_of(job, refused, work, cluster))
            .collect();
        if policy.next(&wishes).is_none_or(|due| due > now) {
            // A release at this very instant made old requests new ones.
            self.stale = true;
            return;
        }
        let plan = cluster.repartition(policy, &wishes, now);
        (self.closed, self.released, self.stale) = (Some(now), None, true);
        self.counts.repartitions += u64::from(!plan.changes.is_empty());
        for change in &plan.changes {
            match *change {
                Change::Destroy { gpu, start } => {
                    self.counts.destroyed += 1;
                    self.creating.remove(&(gpu, start));
                }
                Change::Create { gpu, instance } => {
                    self.counts.created += 1;
                    let ready = now + plan.cost(gpu, costs);
                    self.creating.insert((gpu, instance.start), ready);
                }
            }
        }
        self.creating.retain(|_, ready| *ready > now);
    }

    /// The requests of a job that was first refused at `refused`.
    fn wishes_of(
        &self,
        job: JobId,
        refused: Time,
        work: &Workload,
        cluster: &Cluster,
    ) -> Vec<Wish> {
        let since = self.since(refused);
        let mut wishes = Vec::new();
        for shape in shapes(work.spec(work.job(job).spec)) {
            let Some(profile) = cluster.mig_profile(shape) else {
                continue;
            };
            let wish = Wish {
                profile: profile.to_owned(),
                since,
            };
            wishes.extend(std::iter::repeat_n(wish, cluster.ask(shape).gpus as usize));
        }
        wishes
    }
}
