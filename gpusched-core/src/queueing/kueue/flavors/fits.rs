//! Whether quota holds a request, and what would have to happen if not now.

use super::super::Amount;
use super::super::ids::{FlavorId, FlavorResourceId, ResourceId};
use super::super::preemption::PreemptionPossibility;
use super::assign::{FlavorAssigner, PreemptionOracle};
use super::mode::{GranularMode, PreemptionMode};
use super::reason::{NoFitReason, Reason};

/// One resource of one flavor, asked of quota.
pub(super) struct Request {
    pub(super) flavor: FlavorId,
    pub(super) resource: ResourceId,
    /// For earlier pod sets.
    pub(super) assumed: Amount,
    pub(super) amount: Amount,
}

impl FlavorAssigner<'_> {
    /// Whether quota holds one more request, and what would have to happen if not now.
    pub(super) fn fits(
        &self,
        oracle: &mut impl PreemptionOracle,
        pair: Option<FlavorResourceId>,
        request: &Request,
        reasons: &mut Vec<Reason>,
    ) -> (GranularMode, Option<NoFitReason>) {
        let value = request.assumed + request.amount;
        let node = self.queue.into();
        let quota = oracle.quota();
        let maximum = pair.map_or(Amount::ZERO, |fr| quota.potential_available(node, fr));
        let mode = |preemption, borrowing_level| GranularMode {
            preemption,
            borrowing_level,
        };
        let Some(fr) = pair.filter(|_| value <= maximum) else {
            if pair.is_none() && value <= maximum {
                return (mode(PreemptionMode::Fit, 0), None);
            }
            reasons.push(Reason::AboveMaximum {
                flavor: request.flavor,
                resource: request.resource,
                assumed: request.assumed,
                request: request.amount,
                maximum,
            });
            let reason = NoFitReason::ExceedsMaxQuota;
            return (mode(PreemptionMode::NoFit, 0), Some(reason));
        };
        let available = quota.available(self.queue, fr);
        let (level, may_reclaim) = quota.height_of_lowest_subtree_that_fits(self.queue, fr, value);
        if value <= available {
            return (mode(PreemptionMode::Fit, level), None);
        }
        reasons.push(Reason::InsufficientUnused {
            flavor: request.flavor,
            resource: request.resource,
            missing: value - available,
        });
        let nominal = quota.subtree_quota(node, fr);
        if nominal >= value || may_reclaim || self.rules.preempts_while_borrowing(self.fair_sharing)
        {
            let (possibility, level) = oracle.simulate_preemption(self.queue, fr, value);
            let preemption = match possibility {
                PreemptionPossibility::NoCandidates => PreemptionMode::NoCandidates,
                PreemptionPossibility::Preempt => PreemptionMode::Preempt,
                PreemptionPossibility::Reclaim => PreemptionMode::Reclaim,
            };
            return (mode(preemption, level), None);
        }
        let reason = NoFitReason::WaitingForQuota;
        (mode(PreemptionMode::NoFit, level), Some(reason))
    }
}
