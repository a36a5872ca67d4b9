//! Disruption: which nodes go, and what comes in their place (`pkg/controllers/disruption`).
//!
//! Every ten seconds the methods are tried in order; the first that finds something to do ends the
//! round. What consolidation wants to do is looked at again 15 seconds later, and done if it is
//! still right.
//!
//! | file | holds |
//! |---|---|
//! | `round.rs` | the loop, its memory of having found nothing, and validation |
//! | `candidate.rs` | the gate every method has, and budgets |
//! | `roster.rs` | machines as the gate sees them, kept, with candidates in their order |
//! | `budget.rs`, `cron.rs` | how many nodes may go at once, and when |
//! | `cost.rs` | what moving pods costs |
//! | `emptiness.rs` | nodes without pods that matter |
//! | `drift.rs` | nodes that are no longer what their pool asks for |
//! | `multi.rs`, `single.rs` | nodes whose pods would do with fewer or cheaper ones |
//! | `consolidation.rs` | what becomes of a set of nodes: delete, replace, or leave |
//! | `balanced.rs` | whether what is saved is worth moving the pods |
//! | `outlook.rs` | what would be done now to each node, and why not |
//! | `validation.rs` | whether what was found is still right |
//! | `queue.rs` | carrying out: taint, replace, wait, delete, or give up |
//! | `why.rs` | why a node is left as it is |

mod balanced;
mod budget;
mod candidate;
mod consolidation;
mod cost;
mod cron;
mod drift;
mod emptiness;
mod multi;
mod outlook;
mod queue;
mod roster;
mod round;
mod single;
mod validation;
mod why;

pub use balanced::{K, PoolTotals, score_move};
pub use budget::{Budget, Nodes, NodesError, Reason, allowed};
pub use cost::{eviction_cost, legacy_cost, reschedule_cost};
pub use cron::{Schedule, ScheduleError};
pub use drift::Drift;
pub use outlook::{NodeOutlook, Outlook, Plan};
pub use why::Why;

pub(super) use candidate::{Candidate, Scene};
pub(super) use outlook::outlook;
pub(super) use queue::Queue;
pub(super) use roster::Roster;
pub(super) use round::{Rounds, Verdict};

use super::NewNode;
use crate::provisioning::controller::MachineId;

/// Which candidates come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Most saved for what moving the pods costs: v1.14.
    #[default]
    V1_14,
    /// Least cost of moving the pods, less as a node comes to expire: until v1.13.
    V1_13,
}

/// A way to find nodes to disrupt, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Nodes without pods that matter are deleted.
    Emptiness,
    /// Nodes that are no longer what their pool asks for are replaced.
    Drift,
    /// Several nodes go, for none or one in their place.
    MultiNode,
    /// A node goes, for none or one in its place.
    SingleNode,
}

impl Method {
    const ALL: [Method; 4] = [
        Method::Emptiness,
        Method::Drift,
        Method::MultiNode,
        Method::SingleNode,
    ];

    /// What budgets call it.
    pub fn reason(self) -> Reason {
        match self {
            Method::Emptiness => Reason::Empty,
            Method::Drift => Reason::Drifted,
            Method::MultiNode | Method::SingleNode => Reason::Underutilized,
        }
    }
}

/// What a method wants to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) method: Method,
    pub(super) candidates: Vec<Candidate>,
    /// Nodes to be made first.
    pub(super) replacements: Vec<NewNode>,
    /// Machines that are to get pods.
    pub(super) placed: Vec<MachineId>,
}
