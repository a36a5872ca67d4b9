//! NodeResourcesFit, strategy RequestedToCapacityRatio: a function of utilization, drawn by points.

use super::strategy::{Share, percent};

/// A point of the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapePoint {
    /// Percent, 0 to 100.
    pub utilization: i64,
    /// 0 to 10.
    pub score: i64,
}

/// For each resource its utilization afterwards in whole percent (100 where more is asked than
/// there is), and the score between the points around it, cut; flat outside of them. Resources of
/// score 0 do not count. Then the mean by weight, rounded half away from zero. O(resources ·
/// points).
///
/// Source: `pkg/scheduler/framework/plugins/noderesources/requested_to_capacity_ratio.go`.
pub fn requested_to_capacity_ratio(shares: &[Share], shape: &[ShapePoint]) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for share in shares {
        let utilization = match share.requested > share.capacity {
            true => 100,
            false => percent(share.requested, share.capacity),
        };
        let score = between(shape, utilization);
        if score > 0 {
            sum += score * share.weight;
            weights += share.weight;
        }
    }
    if weights == 0 {
        return 0;
    }
    (sum as f64 / weights as f64).round() as i64
}

/// The score, 0 to 100, at a utilization.
fn between(shape: &[ShapePoint], utilization: i64) -> i64 {
    let Some(next) = shape
        .iter()
        .position(|point| utilization <= point.utilization)
    else {
        return shape.last().map_or(0, |last| last.score * 10);
    };
    let to = shape[next];
    let Some(from) = next.checked_sub(1).map(|before| shape[before]) else {
        return to.score * 10;
    };
    let rise = (to.score - from.score) * 10;
    let run = to.utilization - from.utilization;
    from.score * 10 + rise * (utilization - from.utilization) / run.max(1)
}
