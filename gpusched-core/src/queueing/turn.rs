//! What a queueing policy sees and may do in one pass.

use super::Reason;
use crate::cluster::{CapacityError, Cluster, Spot};
use crate::ids::JobId;
use crate::placement::{Explanation, Placement, Trial};
use crate::units::{Span, Time};
use crate::workload::Workload;

/// A decision to start a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The job.
    pub job: JobId,
    /// How long the policy believes it will run.
    pub predicted: Span,
    /// Position of its first place in the book's list of places; one per pod follows.
    pub first_spot: u32,
}

/// The decisions of a pass, written by [`Turn`] and carried out by the engine. One book is kept
/// for a whole replay so that a pass allocates nothing.
#[derive(Debug, Default)]
pub struct Book {
    /// Jobs started, in order of decision.
    pub started: Vec<Started>,
    /// Places of all started jobs since the replay began, in order of decision.
    pub spots: Vec<Spot>,
    /// Waiting jobs whose reason changed, with the reason they had.
    pub changed: Vec<(JobId, Reason)>,
    /// A proposal of the placement policy that the cluster refused.
    pub fault: Option<(JobId, CapacityError)>,
    /// Jobs the placement policy evicted, in order, each with the place in `started` of the job that
    /// it made room for. What they held is free already.
    pub evicted: Vec<(usize, JobId)>,
    /// Those evicted for the job that is being placed.
    victims: Vec<JobId>,
    /// Whether records of how places were found are wanted.
    pub explains: bool,
    /// How the places of jobs started were found, where the placement policy says.
    pub explained: Vec<(JobId, Explanation)>,
    /// Current reason of each job, by number.
    reasons: Vec<Reason>,
}

impl Book {
    /// An empty book for `jobs` jobs of `pods` pods in all, each waiting behind others until told
    /// otherwise.
    pub fn new(jobs: usize, pods: usize) -> Book {
        Book {
            reasons: vec![Reason::Behind; jobs],
            // Exactly, or a long replay ends with half of the list empty. Jobs that can never run
            // count too, so there is a limit to how much is believed.
            spots: Vec::with_capacity(pods.min(1 << 26)),
            ..Book::default()
        }
    }

    /// The job waits anew, behind others until told otherwise.
    pub fn requeue(&mut self, job: JobId) {
        self.reasons[job.index()] = Reason::Behind;
    }

    /// Why a waiting job waits.
    #[inline]
    pub fn reason(&self, job: JobId) -> Reason {
        self.reasons[job.index()]
    }
}

/// One policy's turn to decide.
pub struct Turn<'a> {
    /// The instant.
    pub now: Time,
    /// All jobs. Policies may read what the scheduler is told; run times are the engine's.
    pub work: &'a Workload,
    cluster: &'a mut Cluster,
    placement: &'a mut dyn Placement,
    book: &'a mut Book,
}

impl<'a> Turn<'a> {
    /// A turn at `now`.
    pub fn new(
        now: Time,
        work: &'a Workload,
        cluster: &'a mut Cluster,
        placement: &'a mut dyn Placement,
        book: &'a mut Book,
    ) -> Turn<'a> {
        Turn {
            now,
            work,
            cluster,
            placement,
            book,
        }
    }

    /// The cluster as it is.
    pub fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// The kind of a job: what is refused to one of a kind is refused to all, until
    /// [`Turn::releases`] changes.
    #[inline]
    pub fn kind(&self, job: JobId) -> u32 {
        match self.placement.kinds() {
            Some(kinds) => kinds.of(job),
            None => self.work.job(job).spec.0,
        }
    }

    /// Counts releases: what did not fit stays unfit until this number changes.
    #[inline]
    pub fn releases(&self) -> u64 {
        self.cluster.releases() + self.placement.openings()
    }

    /// Whether the job fits now.
    pub fn fits(&mut self, job: JobId) -> bool {
        self.cluster.fits(self.work.spec(self.work.job(job).spec))
    }

    /// Why the job, which was just refused, does not fit now.
    pub fn why_not(&mut self, job: JobId) -> Reason {
        if let Some(reason) = self.placement.refusal(job) {
            return reason;
        }
        self.cluster
            .why_not(self.work.spec(self.work.job(job).spec))
    }

    /// Notes why a job waits from now on.
    #[inline]
    pub fn wait(&mut self, job: JobId, reason: Reason) {
        let current = &mut self.book.reasons[job.index()];
        if *current != reason {
            let before = std::mem::replace(current, reason);
            self.book.changed.push((job, before));
        }
    }

    /// Starts the job if the placement policy finds room. `predicted` is how long the policy
    /// believes it will run.
    #[inline]
    pub fn try_start(&mut self, job: JobId, predicted: Span) -> bool {
        self.place(job, true) && {
            self.enter(job, predicted);
            true
        }
    }

    /// As [`Turn::try_start`], but the places found are shown to `accept` first and given back
    /// when it says no. `Ok(true)` = started, `Ok(false)` = not accepted.
    ///
    /// # Errors
    /// `Err(())` when there is no room.
    #[allow(clippy::result_unit_err)]
    pub fn try_start_if(
        &mut self,
        job: JobId,
        predicted: Span,
        accept: impl FnOnce(&[Spot]) -> bool,
    ) -> Result<bool, ()> {
        let first = self.book.spots.len();
        let mark = self.cluster.begin();
        if !self.place(job, false) {
            self.cluster.rollback(mark);
            return Err(());
        }
        if accept(&self.book.spots[first..]) {
            self.cluster.commit(mark);
            self.enter(job, predicted);
            Ok(true)
        } else {
            self.cluster.rollback(mark);
            self.book.spots.truncate(first);
            Ok(false)
        }
    }

    /// The places of the job started last.
    pub fn last_spots(&self) -> &[Spot] {
        match self.book.started.last() {
            Some(start) => &self.book.spots[start.first_spot as usize..],
            None => &[],
        }
    }

    #[inline]
    fn place(&mut self, job: JobId, evicting: bool) -> bool {
        let spec = self.work.spec(self.work.job(job).spec);
        let trial = Trial::new(self.cluster, spec, job, &mut self.book.spots);
        let trial = match evicting {
            true => trial.evicting(&mut self.book.victims),
            false => trial,
        };
        match trial.run(self.placement) {
            Ok(placed) => placed,
            Err(fault) => {
                self.book.fault.get_or_insert((job, fault));
                false
            }
        }
    }

    #[inline]
    fn enter(&mut self, job: JobId, predicted: Span) {
        let spec = self.work.spec(self.work.job(job).spec);
        let first = self.book.spots.len() - spec.pods as usize;
        self.placement.started(job, spec, &self.book.spots[first..]);
        let start = self.book.started.len();
        let victims = self.book.victims.drain(..);
        self.book
            .evicted
            .extend(victims.map(|victim| (start, victim)));
        self.book.started.push(Started {
            job,
            predicted,
            first_spot: first as u32,
        });
        if self.book.explains
            && let Some(record) = self.placement.explanation()
        {
            self.book.explained.push((job, record.clone()));
        }
    }
}
