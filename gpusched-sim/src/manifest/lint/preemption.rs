//! Preemption settings that do nothing.

use super::{Context, Found, Rule, path};
use gpusched_core::queueing::kueue::objects::PreemptionPolicy;

pub(super) const RULE: Rule = Rule {
    name: "preemption-without-effect",
    finds: "preemption settings that do nothing: reclaiming without a cohort, borrowing under fair sharing",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for queue in &context.objects.cluster_queues {
        let name = &queue.name;
        let preemption = &queue.preemption;
        let at = |field, message: String| {
            let place = path(["spec", "preemption", field]);
            context.at("ClusterQueue", name, place, message)
        };
        if preemption.reclaim_within_cohort != PreemptionPolicy::Never && queue.cohort.is_none() {
            let message = format!("ClusterQueue `{name}` has no cohort to reclaim from");
            let problem = at("reclaimWithinCohort", message);
            found.push(problem.help("set `cohortName`, or leave `reclaimWithinCohort` out"));
        }
        let borrows = preemption.borrow_within_cohort.policy != PreemptionPolicy::Never;
        if borrows && context.configuration.fair_sharing.is_some() {
            let message = "under fair sharing `borrowWithinCohort` is ignored".to_owned();
            let problem = at("borrowWithinCohort", message);
            found.push(problem.help("shares decide who may be preempted; leave it out"));
        }
    }
}
