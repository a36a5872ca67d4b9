//! Who went before whom: the queue's head, and those who overtake it.

use super::{Entry, Finding, Kind, Schedule, gpus};
use gpusched_core::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What the queue was said to be. Jobs stand in it by submission, then in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Nobody overtakes, and the head starts as soon as it fits.
    Fifo,
    /// The head has a reservation: the earliest instant at which it fits if those who run end when
    /// they are believed to. Others may start if that does not move it; those who may, do.
    Easy,
}

impl Discipline {
    /// The name on the command line.
    pub fn named(name: &str) -> Option<Discipline> {
        match name {
            "fifo" => Some(Discipline::Fifo),
            "easy" => Some(Discipline::Easy),
            _ => None,
        }
    }
}

/// Looks at every instant with a submission or an end, after all that happened at it: ends, then
/// submissions, then one decision. A scheduler that decides more than once at an instant (after
/// each submission) can be found to have missed a backfill that was not there when it looked.
///
/// One pool of `total` milli-GPU; a job that does not fit into an empty one is left out. Believed
/// ends are start + estimate (the run time where there is no estimate), and while a job runs on
/// beyond, the next instant. A missed backfill is told once per job and stretch of time in which it
/// could have started. O(instants × (waiting + running log running)).
///
/// The rule is that of the backfilling literature (Mu'alem and Feitelson 2001), stated exactly in
/// the documentation of the policy `easy`.
pub fn audit_order(schedule: &Schedule, total: i64, discipline: Discipline) -> Vec<Finding> {
    let mut audit = Audit {
        entries: &schedule.entries,
        total,
        discipline,
        waiting: BTreeSet::new(),
        running: BTreeSet::new(),
        missed: BTreeSet::new(),
        head_told: None,
        found: Vec::new(),
    };
    audit.run();
    audit.found
}

struct Audit<'a> {
    entries: &'a [Entry],
    total: i64,
    discipline: Discipline,
    /// Queue order.
    waiting: BTreeSet<(Time, usize)>,
    /// By believed end.
    running: BTreeSet<(Time, usize)>,
    /// Jobs that could have started when last looked at.
    missed: BTreeSet<usize>,
    /// The head that was last told to be delayed.
    head_told: Option<usize>,
    found: Vec<Finding>,
}

/// When the head will fit, and what it leaves free then.
#[derive(Clone, Copy)]
struct Shadow {
    at: Time,
    extra: i64,
}

#[derive(Default)]
struct Instant {
    ends: Vec<usize>,
    submits: Vec<usize>,
    starts: BTreeSet<(Time, usize)>,
}

impl Audit<'_> {
    fn run(&mut self) {
        let mut instants: BTreeMap<Time, Instant> = BTreeMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            if entry.milli > self.total {
                continue;
            }
            instants.entry(entry.submit).or_default().submits.push(at);
            if let Some(start) = entry.start.filter(|start| *start >= entry.submit) {
                let starts = &mut instants.entry(start).or_default().starts;
                starts.insert((entry.submit, at));
                if let Some(end) = entry.end {
                    instants.entry(end).or_default().ends.push(at);
                }
            }
        }
        for (now, instant) in instants {
            for at in &instant.ends {
                self.running.remove(&(self.believed(*at), *at));
            }
            self.waiting.extend(
                instant
                    .submits
                    .iter()
                    .map(|at| (self.entries[*at].submit, *at)),
            );
            self.decide(now, instant.starts);
            // What took no time is gone before the next instant.
            for at in instant.ends {
                self.running.remove(&(self.believed(at), at));
            }
        }
    }

    fn believed(&self, at: usize) -> Time {
        let entry = &self.entries[at];
        let start = entry.start.unwrap_or(entry.submit);
        let run = || entry.end.map_or(Span(i64::MAX / 4), |end| end - start);
        start + entry.estimate.unwrap_or_else(run)
    }

    fn free(&self) -> i64 {
        let held = self.running.iter().map(|(_, at)| self.entries[*at].milli);
        self.total - held.sum::<i64>()
    }

    fn start(&mut self, at: usize) {
        self.waiting.remove(&(self.entries[at].submit, at));
        self.running.insert((self.believed(at), at));
    }

    /// Compares what started now with what had to, and could.
    fn decide(&mut self, now: Time, mut starts: BTreeSet<(Time, usize)>) {
        // Heads, as long as they start.
        while let Some(head) = self
            .waiting
            .first()
            .copied()
            .filter(|one| starts.remove(one))
        {
            self.start(head.1);
        }
        let Some(&(_, head)) = self.waiting.first() else {
            return;
        };
        let free = self.free();
        let fits = self.entries[head].milli <= free;
        if fits {
            let what = format!(
                "{} GPUs are free and it needs {}",
                gpus(free),
                self.needs(head)
            );
            self.delayed(
                head,
                now,
                format!("is first in the queue and does not start: {what}"),
            );
        }
        let shadow = self.shadow(head, now);
        let mut extra = shadow.extra;
        for (_, at) in starts {
            if self.discipline == Discipline::Fifo {
                self.delayed(
                    head,
                    now,
                    format!("is overtaken by {}", self.entries[at].job),
                );
            } else if self.ends_after(at, now, shadow) {
                extra -= self.entries[at].milli;
                if extra < 0 && !fits {
                    let who = &self.entries[at].job;
                    let message = format!(
                        "could start at {} s, and {who}, which starts now and is believed to run \
                         longer, leaves it too few GPUs then",
                        shadow.at
                    );
                    self.delayed(head, now, message);
                }
            }
            self.start(at);
        }
        match self.discipline {
            Discipline::Fifo => {}
            Discipline::Easy if fits => {}
            Discipline::Easy => self.look_for_missed(head, now, Shadow { extra, ..shadow }),
        }
    }

    /// Whether a job that starts now is believed to run beyond the head's reservation.
    fn ends_after(&self, at: usize, now: Time, shadow: Shadow) -> bool {
        let entry = &self.entries[at];
        let run = || match (entry.start, entry.end) {
            (Some(start), Some(end)) => end - start,
            _ => Span(i64::MAX / 4),
        };
        now + entry.estimate.unwrap_or_else(run) > shadow.at
    }

    /// The earliest believed end at which the head fits. O(running).
    fn shadow(&self, head: usize, now: Time) -> Shadow {
        let needs = self.entries[head].milli;
        let mut free = self.free();
        let mut running = self.running.iter().peekable();
        while let Some(&(end, at)) = running.next() {
            free += self.entries[at].milli;
            let more = running.peek().is_some_and(|(next, _)| *next == end);
            if free >= needs && !more {
                return Shadow {
                    at: end.max(now + Span(1)),
                    extra: free - needs,
                };
            }
        }
        Shadow {
            at: Time::NEVER,
            extra: free - needs,
        }
    }

    fn look_for_missed(&mut self, head: usize, now: Time, shadow: Shadow) {
        let free = self.free();
        let mut could = BTreeSet::new();
        for &(_, at) in self.waiting.iter().skip(1) {
            let entry = &self.entries[at];
            // A job that never ran has no run time to believe in.
            let known = entry.estimate.is_some() || entry.end.is_some();
            let room = !self.ends_after(at, now, shadow) || entry.milli <= shadow.extra;
            if known && entry.milli <= free && room {
                could.insert(at);
            }
        }
        for &at in could.difference(&self.missed) {
            let entry = &self.entries[at];
            self.found.push(Finding {
                kind: Kind::MissedBackfill,
                at: now,
                job: entry.job.clone(),
                line: entry.line,
                message: format!(
                    "could start without delaying {}, which is first: {} GPUs are free and it \
                     needs {}",
                    self.entries[head].job,
                    gpus(free),
                    gpus(entry.milli)
                ),
            });
        }
        self.missed = could;
    }

    fn needs(&self, at: usize) -> String {
        gpus(self.entries[at].milli)
    }

    /// Tells of a head once, however long it is delayed.
    fn delayed(&mut self, head: usize, now: Time, message: String) {
        if self.head_told.replace(head) == Some(head) {
            return;
        }
        let entry = &self.entries[head];
        self.found.push(Finding {
            kind: Kind::DelayedHead,
            at: now,
            job: entry.job.clone(),
            line: entry.line,
            message,
        });
    }
}
