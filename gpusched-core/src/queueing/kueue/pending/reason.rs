//! Why a workload is put back.

use super::super::objects::QueueingStrategy;
use std::fmt;

/// Why a head that was not admitted is put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequeueReason {
    /// Nothing special.
    #[default]
    Generic,
    /// It was nominated, but another took what it needed.
    FailedAfterNomination,
    /// Its namespace is not served.
    NamespaceMismatch,
    /// It would preempt, but may not yet.
    PreemptionGated,
    /// Its victims have to leave first.
    PendingPreemption,
    /// A variant of it on another flavor has to leave first.
    PendingMigration,
    /// Its victims could not be made to leave.
    PreemptionFailed,
    /// No flavor has room.
    NoFit,
    /// It needs preemption, and there is nobody to preempt.
    PreemptionNoCandidates,
}

impl RequeueReason {
    /// Whether it stays in front: a head of a `StrictFIFO` queue whatever happened, unless its
    /// namespace is not served; one of a `BestEffortFIFO` queue if it had its turn and can hope.
    pub fn is_immediate(self, strategy: QueueingStrategy) -> bool {
        match strategy {
            QueueingStrategy::StrictFifo => self != RequeueReason::NamespaceMismatch,
            QueueingStrategy::BestEffortFifo => matches!(
                self,
                RequeueReason::FailedAfterNomination
                    | RequeueReason::PendingPreemption
                    | RequeueReason::PendingMigration
                    | RequeueReason::PreemptionFailed
            ),
        }
    }

    /// Whether others have to leave for it, which it waits for at the head of its queue.
    pub fn is_preempting(self) -> bool {
        matches!(
            self,
            RequeueReason::PendingPreemption | RequeueReason::PendingMigration
        )
    }

    /// Whether all that are decided as it is would be refused too.
    pub fn is_of_its_class(self) -> bool {
        matches!(
            self,
            RequeueReason::NoFit | RequeueReason::PreemptionNoCandidates
        )
    }
}

impl fmt::Display for RequeueReason {
    /// As upstream; nothing for [`RequeueReason::Generic`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequeueReason::Generic => "",
            RequeueReason::FailedAfterNomination => "FailedAfterNomination",
            RequeueReason::NamespaceMismatch => "NamespaceMismatch",
            RequeueReason::PreemptionGated => "PreemptionGated",
            RequeueReason::PendingPreemption => "PendingPreemption",
            RequeueReason::PendingMigration => "PendingMigration",
            RequeueReason::PreemptionFailed => "PreemptionFailed",
            RequeueReason::NoFit => "NoFit",
            RequeueReason::PreemptionNoCandidates => "PreemptionNoCandidates",
        })
    }
}
