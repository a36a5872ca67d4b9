//! The next cycles: who goes first, and what is left.

use super::super::cycle::{Cycle, Kueue};
use super::super::ids::WorkloadId;
use super::answer::{Answer, Victim, Waiting};
use super::doors::kept_out;
use super::head::{admittance, as_head, put_back, waits_for_pods};
use super::preemption_loops::{Rest, holding, settle};
use super::{Change, PreemptionLoop, PreemptionLoops, place};
use crate::units::{Span, Time};

/// Something that happened before it was decided about a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A workload got quota.
    Admitted {
        /// In which cycle, from 1.
        cycle: u32,
        /// The workload.
        workload: WorkloadId,
        /// Its ClusterQueue.
        cluster_queue: String,
    },
    /// A workload had to leave for another one.
    Preempted {
        /// In which cycle, from 1.
        cycle: u32,
        /// Who had to leave.
        victim: Victim,
        /// For whom.
        preemptor: WorkloadId,
    },
}

/// What the next cycles bring.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// In how many cycles that is decided; 0 if none is needed.
    pub cycles: u32,
    /// What happens to others until then, in order.
    pub events: Vec<Event>,
    /// What becomes of the workload.
    pub answer: Answer,
    /// Preemption that goes round in circles on the way.
    pub preemption_loop: Option<PreemptionLoop>,
}

/// Runs cycles until a workload is admitted, preempts somebody, or nothing happens any more; at
/// most `cycles`.
///
/// Nobody arrives and nobody finishes. Whoever is told to leave has left before the next cycle,
/// and those who were on their way out at the start have left before the first. O(state + cycles).
pub fn forecast(kueue: &Kueue, id: WorkloadId, now: Time, cycles: u32) -> Forecast {
    let mut forecast = Forecast {
        cycles: 0,
        events: Vec::new(),
        answer: Answer::Pending(Waiting::default()),
        preemption_loop: None,
    };
    if kueue.workload(id).is("QuotaReserved") || kept_out(kueue, id, now).is_some() {
        forecast.answer = as_head(kueue, id, now);
        return forecast;
    }
    if let Some(waiting) = waits_for_pods(kueue) {
        forecast.answer = Answer::Pending(waiting);
        return forecast;
    }
    let mut run = kueue.clone();
    let leaving: Vec<WorkloadId> = run
        .workloads()
        .filter(|one| run.workload(*one).is("Evicted") && run.workload(*one).is("QuotaReserved"))
        .collect();
    for one in leaving {
        run.eviction_complete(one, now);
    }
    run.flush(now);
    let mut last = None;
    let mut loops = PreemptionLoops::default();
    let mut rest = Rest::default();
    let mut time = now;
    while forecast.cycles < cycles && forecast.preemption_loop.is_none() {
        forecast.cycles += 1;
        let cycle = run.cycle(time);
        if let Some(answer) = decided(&run, id, &cycle) {
            forecast.answer = answer;
            return forecast;
        }
        report(&run, forecast.cycles, &cycle, &mut forecast.events);
        if let Some(head) = cycle.requeued.iter().find(|one| one.workload == id) {
            last = Some(put_back(&run, head));
        }
        settle(&mut run, &cycle, time);
        forecast.preemption_loop = loops.observe(&cycle, holding(&run));
        if rest.reached(&run, &cycle) {
            break;
        }
        time = time + Span::from_secs(1);
    }
    forecast.answer = Answer::Pending(left(&run, id, time, last));
    forecast
}

/// Whether a cycle decided about a workload.
fn decided(run: &Kueue, id: WorkloadId, cycle: &Cycle) -> Option<Answer> {
    if cycle.admitted.iter().any(|one| one.workload == id) {
        return admittance(run, run.workload(id)).map(Answer::Admitted);
    }
    let victims: Vec<Victim> = cycle
        .preempted
        .iter()
        .filter(|one| one.preemptor == id)
        .map(|one| Victim {
            leaving: false,
            ..Victim::new(run, one.workload, one.reason)
        })
        .collect();
    (!victims.is_empty()).then_some(Answer::Preempting(victims))
}

/// Writes down what a cycle did to others.
fn report(run: &Kueue, number: u32, cycle: &Cycle, events: &mut Vec<Event>) {
    for one in &cycle.admitted {
        let admission = run.workload(one.workload).admission.as_ref();
        events.push(Event::Admitted {
            cycle: number,
            workload: one.workload,
            cluster_queue: admission.map_or_else(String::new, |one| one.cluster_queue.clone()),
        });
    }
    for one in &cycle.preempted {
        events.push(Event::Preempted {
            cycle: number,
            victim: Victim {
                leaving: false,
                ..Victim::new(run, one.workload, one.reason)
            },
            preemptor: one.preemptor,
        });
    }
}

/// Why a workload still waits when nothing happens any more; `last` is why it was put back last.
fn left(run: &Kueue, id: WorkloadId, now: Time, last: Option<Waiting>) -> Waiting {
    let place = place(run, id);
    let first = place.and_then(|place| place.ahead.first().copied());
    if let (None, Some(first)) = (&last, first) {
        let first = run.workload(first);
        let name = format!("{}/{}", first.namespace, first.name);
        return Waiting {
            reason: "PendingEvaluation",
            message: "its turn does not come while others are ahead in its queue".to_owned(),
            changes: vec![Change::Unblock(name)],
            ..Waiting::default()
        };
    }
    match (as_head(run, id, now), last) {
        (Answer::Pending(waiting), _) | (_, Some(waiting)) => waiting,
        _ => Waiting::default(),
    }
}
