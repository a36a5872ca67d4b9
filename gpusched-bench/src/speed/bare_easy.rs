//! The twin of `easy`, and of `fifo` on one pool: identical processors, nothing but counts.
//!
//! It recomputes everything in every pass, straight from the definition, so it also serves to
//! check that what the policy remembers between passes changes no decision.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One rigid job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RigidJob {
    /// Arrival, µs.
    pub submit: i64,
    /// Run time, µs.
    pub run: i64,
    /// Estimate, µs; at least the run time.
    pub estimate: i64,
    /// Processors.
    pub procs: u32,
}

/// Who may start while the head of the queue waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Nobody.
    Fifo,
    /// Whoever does not delay the head, by the estimates (EASY).
    Easy,
}

/// What is free, running and waiting. Jobs are known by their place in the slice of jobs, which
/// every method wants to be the same.
#[derive(Clone, Debug)]
pub struct Pool {
    discipline: Discipline,
    free: u32,
    /// Believed ends of running jobs, ascending; not kept where nobody asks.
    believed: Vec<(i64, usize)>,
    queue: Vec<usize>,
}

impl Pool {
    /// `procs` free processors and nobody waiting.
    pub fn new(discipline: Discipline, procs: u32) -> Pool {
        Pool {
            discipline,
            free: procs,
            believed: Vec::new(),
            queue: Vec::new(),
        }
    }

    /// `job` joins the queue.
    pub fn arrive(&mut self, job: usize) {
        self.queue.push(job);
    }

    /// `job`, which started at `start` (µs), ends.
    pub fn end(&mut self, jobs: &[RigidJob], job: usize, start: i64) {
        self.free += jobs[job].procs;
        if self.discipline == Discipline::Easy {
            let entry = (start + jobs[job].estimate, job);
            let at = self.believed.binary_search(&entry);
            self.believed.remove(at.expect("it was running"));
        }
    }

    /// Tells `started` who starts at `now` (µs), in order. All ends and arrivals of the instant
    /// come before. At most waiting × running.
    pub fn pass(&mut self, jobs: &[RigidJob], now: i64, mut started: impl FnMut(usize)) {
        let queue = std::mem::take(&mut self.queue);
        let mut waiting = queue.iter().copied();
        let head = waiting.find(|&job| {
            let fits = jobs[job].procs <= self.free;
            if fits {
                self.start(jobs, job, now);
                started(job);
            }
            !fits
        });
        let heads = queue.len() - waiting.len() - usize::from(head.is_some());
        self.queue = queue;
        self.queue.drain(..heads);
        if let Some(head) = head.filter(|_| self.discipline == Discipline::Easy) {
            self.backfill(jobs, head, now, started);
        }
    }

    fn start(&mut self, jobs: &[RigidJob], job: usize, now: i64) {
        self.free -= jobs[job].procs;
        if self.discipline == Discipline::Easy {
            let entry = (now + jobs[job].estimate, job);
            let at = self.believed.binary_search(&entry).unwrap_err();
            self.believed.insert(at, entry);
        }
    }

    fn backfill(
        &mut self,
        jobs: &[RigidJob],
        head: usize,
        now: i64,
        mut started: impl FnMut(usize),
    ) {
        let (mut shadow, mut at_shadow) = (now, self.free);
        for &(end, job) in &self.believed {
            if at_shadow >= jobs[head].procs && end > shadow {
                break;
            }
            at_shadow += jobs[job].procs;
            shadow = end;
        }
        let mut extra = at_shadow - jobs[head].procs;
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain(|&job| {
            let procs = jobs[job].procs;
            if job == head || procs > self.free {
                return true;
            }
            let ends_by_shadow = now + jobs[job].estimate <= shadow;
            if !ends_by_shadow && procs > extra {
                return true;
            }
            if !ends_by_shadow {
                extra -= procs;
            }
            self.start(jobs, job, now);
            started(job);
            false
        });
        self.queue = queue;
    }
}

/// Start of every job (µs) under EASY, batched events.
pub fn easy(jobs: &[RigidJob], procs: u32) -> Vec<i64> {
    starts(jobs, procs, Discipline::Easy)
}

/// Start of every job (µs), batched events.
pub fn starts(jobs: &[RigidJob], procs: u32, discipline: Discipline) -> Vec<i64> {
    let mut starts = vec![-1; jobs.len()];
    let mut pool = Pool::new(discipline, procs);
    let mut finishes: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut next = 0;
    loop {
        let arrival = jobs.get(next).map(|job| job.submit);
        let finish = finishes.peek().map(|Reverse((at, _))| *at);
        let now = match (arrival, finish) {
            (None, None) => return starts,
            (Some(arrival), Some(finish)) => arrival.min(finish),
            (Some(only), None) | (None, Some(only)) => only,
        };
        while let Some(&Reverse((at, job))) = finishes.peek() {
            if at > now {
                break;
            }
            finishes.pop();
            pool.end(jobs, job, starts[job]);
        }
        while next < jobs.len() && jobs[next].submit <= now {
            pool.arrive(next);
            next += 1;
        }
        pool.pass(jobs, now, |job| {
            starts[job] = now;
            finishes.push(Reverse((now + jobs[job].run, job)));
        });
    }
}
