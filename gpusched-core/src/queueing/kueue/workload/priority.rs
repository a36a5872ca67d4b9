//! How urgent a workload is.

use super::super::Gates;
use super::super::objects::Workload;

const BOOST: &str = "kueue.x-k8s.io/priority-boost";

/// The priority of a workload (0 where it has none) and, with the gate `PriorityBoost`, what its
/// annotation adds. An annotation that is no 32-bit integer adds nothing.
///
/// ```
/// use gpusched_core::queueing::kueue::objects::Workload;
/// use gpusched_core::queueing::kueue::{Gates, workload::effective_priority};
/// let mut workload = Workload { priority: Some(10), ..Workload::default() };
/// workload.annotations.insert("kueue.x-k8s.io/priority-boost".into(), "-3".into());
/// assert_eq!(effective_priority(&workload, &Gates::MAIN), 10);
/// let boosted = Gates { priority_boost: true, ..Gates::MAIN };
/// assert_eq!(effective_priority(&workload, &boosted), 7);
/// ```
pub fn effective_priority(workload: &Workload, gates: &Gates) -> i64 {
    let boost = || workload.annotations.get(BOOST)?.parse::<i32>().ok();
    let boost = match gates.priority_boost {
        true => boost().unwrap_or(0),
        false => 0,
    };
    i64::from(workload.priority.unwrap_or(0)) + i64::from(boost)
}
