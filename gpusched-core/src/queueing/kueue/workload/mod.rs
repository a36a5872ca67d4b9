//! What the state of a Workload object says, one question per file.

mod admissible;
mod equivalence;
mod priority;
mod second_pass;
mod timestamp;
mod update;

pub use admissible::{has_quota_reservation, is_admissible, is_evicted, not_before};
pub use equivalence::{EquivalenceClass, EquivalenceClasses};
pub use priority::effective_priority;
pub use second_pass::{needs_second_pass, second_pass_delay};
pub use timestamp::queue_order_timestamp;
pub use update::gives_new_chance;
