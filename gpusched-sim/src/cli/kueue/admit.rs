//! `gpusched kueue admit`: what becomes of one job.

use super::super::args::{AnswerFormatArg, KueueAdmitArgs};
use super::super::failure::{Failure, Outcome};
use super::super::terminal;
use super::answer::{self, Names};
use super::read;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::diagnose::{
    Answer, Event, Forecast, Place, Victim, as_head, forecast, place,
};
use gpusched_core::queueing::kueue::ids::WorkloadId;
use gpusched_core::queueing::kueue::objects::QueueingStrategy;
use gpusched_core::units::Time;
use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::manifest::{Manifests, Submission};
use serde_json::{Value, json};
use std::path::Path;

/// Cycles that are looked ahead at most; a queue of as many workloads has had its turn then.
pub(super) const CYCLES: u32 = 100_000;

/// Of those ahead, and of what happens before, so much is shown to people.
const SHOWN: usize = 10;

/// Everything that is known about the job.
struct Report<'k> {
    kueue: &'k Kueue,
    id: WorkloadId,
    known: bool,
    head: Answer,
    place: Option<Place>,
    next: Forecast,
}

/// Runs the verb.
pub(super) fn admit(args: &KueueAdmitArgs) -> Outcome {
    let manifests = read(&args.input.manifests)?;
    let asked = asked(&manifests, &args.job, args.at_queue.as_deref())?;
    let now = manifests.present();
    let (kueue, id) = submit(&manifests, &asked, now);
    let report = Report {
        id,
        known: asked.known,
        head: as_head(&kueue, id, now),
        place: place(&kueue, id),
        next: forecast(&kueue, id, now, CYCLES),
        kueue: &kueue,
    };
    match args.format.unwrap_or_default() {
        AnswerFormatArg::Table => terminal::print_text(&report.table())?,
        AnswerFormatArg::Json => terminal::print(&format!("{:#}\n", report.json()))?,
    }
    match report.next.answer {
        Answer::Pending(_) => Err(Failure::Told(1)),
        Answer::Admitted(_) | Answer::Preempting(_) => Ok(()),
    }
}

/// Reads the job that is asked about, and shows what is wrong with it.
pub(super) fn asked(manifests: &Manifests, job: &Path, queue: Option<&str>) -> Outcome<Submission> {
    let queue = queue.map(at_queue).transpose()?;
    let asked = manifests.submission(job, queue);
    let asked = asked.map_err(|problems| {
        for problem in &problems {
            terminal::complain(problem);
        }
        Failure::Told(2)
    })?;
    for warning in &asked.warnings {
        terminal::report("warning", warning);
    }
    Ok(asked)
}

/// The cluster with the job in it.
pub(super) fn submit(manifests: &Manifests, asked: &Submission, now: Time) -> (Kueue, WorkloadId) {
    let (mut kueue, mut workload) = (manifests.kueue(now), asked.workload.clone());
    if let Some(old) = &asked.replaces
        && let Some(old) = kueue.find(&workload.namespace, old)
    {
        kueue.delete(old, now);
        kueue.flush(now);
    }
    let known = kueue.find(&workload.namespace, &workload.name);
    let id = match known.filter(|_| asked.known) {
        Some(id) => id,
        None => {
            let created = workload.created;
            workload.created = if created.0 == 0 { now } else { created };
            kueue.arrive(workload, now)
        }
    };
    (kueue, id)
}

/// Namespace and name of a LocalQueue.
fn at_queue(text: &str) -> Outcome<(&str, &str)> {
    let parts = text.split_once('/');
    let parts = parts.filter(|(namespace, name)| {
        !(namespace.is_empty() || name.is_empty() || name.contains('/'))
    });
    parts.ok_or_else(|| {
        let problem = Diagnostic::new(format!("`{text}` names no LocalQueue"));
        Failure::Input(problem.in_file("--at-queue").help("write NAMESPACE/NAME"))
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|one| one.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

impl Report<'_> {
    fn key(&self, id: WorkloadId) -> String {
        self.kueue.workload(id).key()
    }

    fn names(&self) -> Names<'_> {
        Names { kueue: self.kueue }
    }

    fn table(&self) -> String {
        let workload = self.kueue.workload(self.id);
        let mut text = format!("Workload {}", workload.key());
        text += &format!(", LocalQueue {}", workload.queue);
        if let Some(queue) = self.kueue.cluster_queue_of(self.id) {
            let name = self.kueue.quota().names().cluster_queue_name(queue);
            text += &format!(", ClusterQueue {name}");
        }
        text += &format!(", priority {}", workload.priority.unwrap_or(0));
        if self.known {
            text += ", as the manifests hold it";
        }
        text += "\n\nIf it was the head of its queue now: ";
        text += &answer::text(&self.names(), &self.head);
        text += "\nIn the next cycles";
        if let Some(place) = &self.place {
            let ahead = place.ahead.len() as u64;
            let strategy = match place.strategy {
                QueueingStrategy::StrictFifo => "StrictFIFO",
                QueueingStrategy::BestEffortFifo => "BestEffortFIFO",
            };
            text += &format!(
                ", with {} ahead of it ({strategy})",
                terminal::count(ahead, "workload")
            );
        }
        text += ": ";
        if self.next.answer == self.head {
            text += "the same";
            let waits = matches!(self.next.answer, Answer::Pending(_));
            if self.next.cycles > 1 && !waits {
                text += &format!(", after {} cycles", self.next.cycles);
            }
            text += "\n";
        } else {
            text += &answer::text(&self.names(), &self.next.answer);
        }
        for one in self.place.iter().flat_map(|one| &one.ahead).take(SHOWN) {
            let priority = self.kueue.workload(*one).priority.unwrap_or(0);
            text += &format!("  ahead: {}, priority {priority}\n", self.key(*one));
        }
        text += &more(self.place.as_ref().map_or(0, |one| one.ahead.len()));
        for event in self.next.events.iter().take(SHOWN) {
            text += &match event {
                Event::Admitted {
                    cycle,
                    workload,
                    cluster_queue,
                } => format!(
                    "  cycle {cycle}: {cluster_queue} admits {}\n",
                    self.key(*workload)
                ),
                Event::Preempted {
                    cycle,
                    victim,
                    preemptor,
                } => format!(
                    "  cycle {cycle}: {} preempts {} of {} ({})\n",
                    self.key(*preemptor),
                    self.key(victim.workload),
                    victim.cluster_queue,
                    victim.reason
                ),
            };
        }
        text += &more(self.next.events.len());
        if let Some(found) = &self.next.preemption_loop {
            for (preemptor, victim, times) in &found.pairs {
                text += &format!(
                    "  loop: {} preempted {} {times} times\n",
                    self.key(*preemptor),
                    self.key(*victim)
                );
            }
        }
        capital(&text)
    }

    fn json(&self) -> Value {
        let workload = self.kueue.workload(self.id);
        let names = self.names();
        let queue = self.kueue.cluster_queue_of(self.id);
        let queue = queue.map(|id| self.kueue.quota().names().cluster_queue_name(id));
        let ahead = self.place.iter().flat_map(|place| &place.ahead);
        let keys = |ids: &mut dyn Iterator<Item = &WorkloadId>| -> Vec<String> {
            ids.map(|id| self.key(*id)).collect()
        };
        let events = self.next.events.iter().map(|event| match event {
            Event::Admitted {
                cycle,
                workload,
                cluster_queue,
            } => json!({
                "cycle": cycle,
                "admitted": self.key(*workload),
                "cluster_queue": cluster_queue,
            }),
            Event::Preempted {
                cycle,
                victim,
                preemptor,
            } => json!({
                "cycle": cycle,
                "preempted": self.victim_key(victim),
                "cluster_queue": victim.cluster_queue,
                "reason": victim.reason.to_string(),
                "preemptor": self.key(*preemptor),
            }),
        });
        let pairs = self.next.preemption_loop.iter().flat_map(|one| &one.pairs);
        let pairs = pairs.map(|(preemptor, victim, times)| {
            json!({
                "preemptor": self.key(*preemptor),
                "victim": self.key(*victim),
                "times": times,
            })
        });
        json!({
            "workload": workload.key(),
            "local_queue": workload.queue,
            "cluster_queue": queue,
            "priority": workload.priority.unwrap_or(0),
            "known": self.known,
            "as_head": answer::json(&names, &self.head),
            "ahead": keys(&mut ahead.into_iter()),
            "next": {
                "cycles": self.next.cycles,
                "events": events.collect::<Vec<_>>(),
                "answer": answer::json(&names, &self.next.answer),
                "preemption_loop": pairs.collect::<Vec<_>>(),
            },
        })
    }

    fn victim_key(&self, victim: &Victim) -> String {
        self.key(victim.workload)
    }
}

/// How many are not shown.
fn more(all: usize) -> String {
    match all.saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!("  and {rest} more\n"),
    }
}
