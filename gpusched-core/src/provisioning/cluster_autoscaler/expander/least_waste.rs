//! `least-waste`: the group whose new nodes have the least left over.

use super::Expansion;
use crate::kube::Resources;

/// The share of CPU plus the share of memory that the pods leave of what the new nodes have. GPUs
/// and other resources do not count.
pub(super) fn waste(option: &Expansion<'_>) -> f64 {
    let wasted = |name: &str| {
        let of = |resources: &Resources| resources.get(name).copied().unwrap_or(0);
        let all = of(option.capacity).saturating_mul(i64::from(option.nodes));
        let pods = option.pods.iter();
        let requested = pods.map(|(requests, count)| of(requests).saturating_mul((*count).into()));
        (all - requested.fold(0, i64::saturating_add)) as f64 / all as f64
    };
    wasted("cpu") + wasted("memory")
}
