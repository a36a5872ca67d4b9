//! What a cycle would decide about one workload if no other were a head.

use super::super::flavors::Words;
use super::super::ids::WorkloadId;
use super::super::pending::Head;
use super::super::preemption::Target;
use super::carry_out::put_back;
use super::entry::Decision;
use super::kueue::Kueue;
use super::outcome::{Cycle, EvictionReason, Requeued};
use crate::units::Time;

/// A decision about a workload that was the only head of a cycle.
#[derive(Clone, Debug)]
pub struct Alone {
    /// Everything as it stands after the decision.
    pub after: Kueue,
    /// The decision.
    pub decided: Decided,
}

/// What was decided about a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It got quota; whether it is admitted too, or waits for checks or for its places.
    Admitted(bool),
    /// It waits for these to leave. Some of them may have been told to before.
    Preempting(Vec<Target>),
    /// It is told to leave itself.
    Evicted(EvictionReason),
    /// It is put back.
    Requeued(Requeued),
}

impl Kueue {
    /// What the next cycle would decide about a workload if it was the head of its ClusterQueue and
    /// no other ClusterQueue had one. `None` if its LocalQueue leads to no ClusterQueue.
    ///
    /// Nothing changes: the decision is taken on a copy. O(state), and one cycle.
    pub fn alone(&self, id: WorkloadId, now: Time) -> Option<Alone> {
        let head = Head {
            workload: id,
            cluster_queue: self.records[id].queue?,
            is_preemptor: false,
        };
        let mut after = self.clone();
        let ledger = after.ledger.as_ref();
        after.scheduler.local_queues = ledger.map_or_else(Vec::new, |ledger| ledger.uses());
        after.scheduler.cycle += 1;
        let Kueue {
            scheduler,
            records,
            pending,
            ..
        } = &mut after;
        let (mut entries, mut refused) = scheduler.nominate(records, pending, &[head], now);
        let Some(mut entry) = entries.pop() else {
            let decided = Decided::Requeued(refused.pop()?);
            return Some(Alone { after, decided });
        };
        let quota = scheduler.quota.begin();
        let places = scheduler.topologies.begin();
        scheduler.process(records, &mut entry, &mut Vec::new(), now);
        scheduler.quota.rollback(quota);
        scheduler.topologies.rollback(places);
        let mut cycle = Cycle::default();
        let decided = match entry.decision {
            Decision::Admit => {
                scheduler.carry_out(records, &mut entry, &mut cycle, now);
                let admitted = cycle.admitted.iter().any(|one| one.admitted);
                Decided::Admitted(admitted)
            }
            Decision::Preempt => Decided::Preempting(entry.nomination.victims),
            Decision::Evict(reason) => Decided::Evicted(reason),
            Decision::Requeue | Decision::Migrate(_) => {
                put_back(records, &mut entry, &mut cycle);
                Decided::Requeued(cycle.requeued.pop()?)
            }
        };
        Some(Alone { after, decided })
    }

    /// What spells out findings about a workload.
    pub fn words(&self, id: WorkloadId) -> Words<'_> {
        Words {
            names: self.scheduler.quota.names(),
            resources: &self.scheduler.resources,
            shape: &self.records[id].shape,
        }
    }
}
