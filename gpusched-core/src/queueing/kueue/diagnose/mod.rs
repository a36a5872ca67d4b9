//! Why a workload is where it is, and what would have to change.
//!
//! Everything here asks the rules themselves: a question is a copy of the state, a cycle on it, and
//! what the cycle says. Nothing is estimated.
//!
//! | file | what |
//! |---|---|
//! | `answer` | admitted, preempting or pending, with names |
//! | `head` | the decision if the workload was its queue's head now |
//! | `doors` | what keeps a workload out before any decision |
//! | `findings` | what a search for flavors found, flavor by flavor, and the change each asks for |
//! | `quota` | which quota binds, and by how much it falls short |
//! | `change` | one change |
//! | `forecast` | the next cycles, with those ahead |
//! | `preemption_loops` | preemption that goes round in circles |
//! | `probe` | small workloads that bring a configuration to loop |

mod answer;
mod change;
mod doors;
mod findings;
mod forecast;
mod head;
mod preemption_loops;
mod probe;
mod quota;
#[cfg(test)]
mod tests;

pub use answer::{Admittance, Answer, PodSetFindings, Victim, Waiting, Way};
pub use change::Change;
pub use forecast::{Event, Forecast, forecast};
pub use head::as_head;
pub use preemption_loops::{PreemptionLoop, PreemptionLoops, find_preemption_loop};
pub use probe::{ProbedLoop, probe_preemption_loops};
pub use quota::{Binding, Shortfall};

use super::cycle::Kueue;
use super::ids::WorkloadId;
use super::objects::QueueingStrategy;

/// Where a workload waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its ClusterQueue.
    pub cluster_queue: String,
    /// Whether a head that cannot be admitted blocks those behind it.
    pub strategy: QueueingStrategy,
    /// Workloads that have their turn before it, in queue order.
    pub ahead: Vec<WorkloadId>,
}

/// Who is ahead of a workload in its queue; `None` if it is in no queue, or will only be tried
/// again after something has changed. O(n log n) in the length of the queue.
pub fn place(kueue: &Kueue, id: WorkloadId) -> Option<Place> {
    let queue = kueue.cluster_queue_of(id)?;
    let active = kueue.active(queue);
    let at = active.iter().position(|one| *one == id)?;
    let name = kueue.quota().names().cluster_queue_name(queue);
    let objects = &kueue.objects().cluster_queues;
    let object = objects.iter().find(|one| one.name == name)?;
    Some(Place {
        cluster_queue: name.to_owned(),
        strategy: object.strategy,
        ahead: active[..at].to_vec(),
    })
}
