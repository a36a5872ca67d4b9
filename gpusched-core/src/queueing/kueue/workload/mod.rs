//! What the state of a Workload object says, one question per file.

mod admissible;
mod equivalence;
mod priority;
mod second_pass;
mod timestamp;

pub use admissible::{backoff_expired, has_quota_reservation, is_admissible, is_evicted};
pub use equivalence::{EquivalenceClass, EquivalenceClasses};
pub use priority::effective_priority;
pub use second_pass::{needs_second_pass, second_pass_delay};
pub use timestamp::queue_order_timestamp;
