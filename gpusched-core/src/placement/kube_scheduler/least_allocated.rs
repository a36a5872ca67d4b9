//! NodeResourcesFit, strategy LeastAllocated: pods spread.

use super::strategy::{Share, mean, percent};

/// For each resource what is left afterwards, in percent of the capacity, cut; 0 where more is
/// asked than there is. Then the mean by weight, cut. O(resources).
///
/// Source: `pkg/scheduler/framework/plugins/noderesources/least_allocated.go`.
pub fn least_allocated(shares: &[Share]) -> i64 {
    mean(shares, |share| match share.requested > share.capacity {
        true => 0,
        false => percent(share.capacity - share.requested, share.capacity),
    })
}
