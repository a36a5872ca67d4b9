//! placeholder
use serde::{Deserialize, Serialize};

/// Why a job waits. Each instant of a wait has exactly one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Reason {
    /// Others are ahead in the queue and the policy lets nobody pass.
    Behind,
    /// Less is free in the whole cluster than the job needs.
    Capacity,
    /// Enough is free in all, but on no one node.
    Fragmentation,
    /// Some pods would fit, but not all of them.
    Gang,
    /// Enough is free, but not of an acceptable GPU model.
    Model,
    /// It would fit, but would delay a job with a reservation.
    Reservation,
}
