//! NodeResourcesBalancedAllocation: resources of a node are used evenly.

use super::strategy::Share;

/// Which release's definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Up to 1.35: how even the use is afterwards, 0 to 100.
    Absolute,
    /// From 1.36: how much more even the pod makes it; 50 to 100, 75 for no change.
    #[default]
    Change,
}

/// Rates a node by its resources before and after the pod, in the same order. Fractions are capped
/// at 1. O(resources).
///
/// Source: `pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go`, changed by
/// kubernetes/kubernetes#135573.
///
/// ```
/// use gpusched_core::placement::kube_scheduler::{Balance, Share, balanced_allocation};
/// let share = |requested| Share { capacity: 10, requested, weight: 1 };
/// // 0 and 4 of 10: |0 − 0.4| / 2 = 0.2 off balance; then 4 and 4.
/// let (before, after) = ([share(0), share(4)], [share(4), share(4)]);
/// assert_eq!(balanced_allocation(&before, &after, Balance::Absolute), 100);
/// assert_eq!(balanced_allocation(&before, &after, Balance::Change), 50 + (50 + 100 - 80) / 2);
/// ```
pub fn balanced_allocation(before: &[Share], after: &[Share], balance: Balance) -> i64 {
    match balance {
        Balance::Absolute => evenness(after),
        Balance::Change => 50 + (50 + evenness(after) - evenness(before)) / 2,
    }
}

/// `(1 − standard deviation of the fractions in use) · 100`, cut.
fn evenness(shares: &[Share]) -> i64 {
    let fractions: Vec<f64> = shares
        .iter()
        .map(|share| (share.requested as f64 / share.capacity as f64).min(1.0))
        .collect();
    let deviation = match fractions.as_slice() {
        [] | [_] => 0.0,
        [one, two] => ((one - two) / 2.0).abs(),
        several => {
            let count = several.len() as f64;
            let mean = several.iter().sum::<f64>() / count;
            let squares: f64 = several
                .iter()
                .map(|fraction| (fraction - mean) * (fraction - mean))
                .sum();
            (squares / count).sqrt()
        }
    };
    ((1.0 - deviation) * 100.0) as i64
}
