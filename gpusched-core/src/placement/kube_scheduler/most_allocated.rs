//! NodeResourcesFit, strategy MostAllocated: pods pack.

use super::strategy::{Share, mean, percent};

/// For each resource what is used afterwards, in percent of the capacity, cut, at most 100. Then
/// the mean by weight, cut. O(resources).
///
/// Source: `pkg/scheduler/framework/plugins/noderesources/most_allocated.go`.
pub fn most_allocated(shares: &[Share]) -> i64 {
    mean(shares, |share| {
        percent(share.requested.min(share.capacity), share.capacity)
    })
}
