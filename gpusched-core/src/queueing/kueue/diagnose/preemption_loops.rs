//! Preemption that goes round in circles.
//!
//! Under the real rules a preemptor's gain can be its victim's ground to preempt in turn: victims
//! that turn out not to be needed are put back, and what is left may break the rule that allowed
//! the preemption (Kueue issue #14543). Nobody finishes anything then.

use super::super::cycle::{Cycle, Kueue};
use super::super::ids::WorkloadId;
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// Who preempts whom again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreemptionLoop {
    /// Preemptor, victim and how often that was seen, in this order.
    pub pairs: Vec<(WorkloadId, WorkloadId, u32)>,
}

/// Watches cycles for pairs of preemptor and victim that come back.
///
/// ```
/// use gpusched_core::queueing::kueue::cycle::{Cycle, Preempted};
/// use gpusched_core::queueing::kueue::diagnose::PreemptionLoops;
/// use gpusched_core::queueing::kueue::ids::WorkloadId;
/// use gpusched_core::queueing::kueue::preemption::PreemptionReason;
///
/// let (a, b) = (WorkloadId(0), WorkloadId(1));
/// let preempts = |preemptor, workload| Cycle {
///     preempted: vec![Preempted {
///         workload,
///         preemptor,
///         reason: PreemptionReason::InCohortFairSharing,
///     }],
///     ..Cycle::default()
/// };
/// let mut loops = PreemptionLoops::default();
/// for _ in 0..2 {
///     assert_eq!(loops.observe(&preempts(a, b), 1), None);
///     assert_eq!(loops.observe(&preempts(b, a), 1), None);
/// }
/// let found = loops.observe(&preempts(a, b), 1).unwrap();
/// assert_eq!(found.pairs, [(a, b, 3), (b, a, 2)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct PreemptionLoops {
    seen: BTreeMap<(WorkloadId, WorkloadId), u32>,
    most: usize,
}

impl PreemptionLoops {
    /// How often a pair has to come back.
    pub const REPEATS: u32 = 3;

    /// Looks at one more cycle, after which `holding` workloads hold quota. A loop is reported when
    /// a pair comes for the third time and no more workloads hold quota than did before: who is
    /// served on the way makes no loop. The pairs that were seen twice or more belong to it.
    pub fn observe(&mut self, cycle: &Cycle, holding: usize) -> Option<PreemptionLoop> {
        if holding > self.most {
            self.most = holding;
            self.seen.clear();
        }
        let mut comes_back = false;
        for one in &cycle.preempted {
            let times = self.seen.entry((one.preemptor, one.workload)).or_default();
            *times += 1;
            comes_back |= *times >= PreemptionLoops::REPEATS;
        }
        comes_back.then(|| PreemptionLoop {
            pairs: self
                .seen
                .iter()
                .filter(|(_, times)| **times > 1)
                .map(|((preemptor, victim), times)| (*preemptor, *victim, *times))
                .collect(),
        })
    }
}

/// Runs a cluster by itself, with nobody arriving or finishing, and reports the first preemption
/// loop; `None` if it comes to rest within `cycles` cycles, or is not seen to loop.
///
/// Victims leave at once. A second passes between cycles, so that who was preempted and admitted
/// again is newer than before. Complexity: cycles.
pub fn find_preemption_loop(kueue: &mut Kueue, start: Time, cycles: u32) -> Option<PreemptionLoop> {
    let mut loops = PreemptionLoops::default();
    let mut rest = Rest::default();
    let mut now = start;
    for _ in 0..cycles {
        let cycle = kueue.cycle(now);
        settle(kueue, &cycle, now);
        if let Some(found) = loops.observe(&cycle, holding(kueue)) {
            return Some(found);
        }
        if rest.reached(kueue, &cycle) {
            return None;
        }
        now = now + Span::from_secs(1);
    }
    None
}

/// Workloads that hold quota.
pub(super) fn holding(kueue: &Kueue) -> usize {
    let holds = |id: &WorkloadId| {
        let object = kueue.workload(*id);
        object.is("QuotaReserved") && !object.is("Finished")
    };
    kueue.workloads().filter(holds).count()
}

/// Whoever was told to leave in a cycle has left, and what that frees is offered to others.
pub(super) fn settle(kueue: &mut Kueue, cycle: &Cycle, now: Time) {
    for one in &cycle.preempted {
        kueue.eviction_complete(one.workload, now);
    }
    for (workload, _) in &cycle.evicted {
        kueue.eviction_complete(*workload, now);
    }
    kueue.flush(now);
}

/// Notices that nothing will happen any more.
#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    tried: Vec<bool>,
    idle: usize,
}

impl Rest {
    /// Whether cycles go on repeating themselves: nobody is admitted or told to leave, and every
    /// head was tried since somebody was, with all flavors it may try one after the other.
    pub(super) fn reached(&mut self, kueue: &Kueue, cycle: &Cycle) -> bool {
        let decided = !(cycle.admitted.is_empty()
            && cycle.preempted.is_empty()
            && cycle.evicted.is_empty()
            && cycle.replaced.is_empty());
        if decided {
            *self = Rest::default();
            return false;
        }
        if cycle.requeued.is_empty() {
            return true;
        }
        let mut new = false;
        for one in &cycle.requeued {
            let at = one.workload.index();
            if self.tried.len() <= at {
                self.tried.resize(at + 1, false);
            }
            new |= !std::mem::replace(&mut self.tried[at], true);
        }
        self.idle = if new { 0 } else { self.idle + 1 };
        self.idle > kueue.objects().flavors.len() + 1
    }
}
