//! Weights nobody looks at.

use super::{Context, Found, Rule, path};

pub(super) const RULE: Rule = Rule {
    name: "weight-without-effect",
    finds: "fair-sharing weights while fair sharing is off",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let place = || path(["spec", "fairSharing", "weight"]);
    let help = "turn `fairSharing` on in Kueue's Configuration, or leave the weight out";
    if context.configuration.fair_sharing.is_none() {
        for queue in &context.objects.cluster_queues {
            if queue.fair_weight.is_some() {
                let name = &queue.name;
                let message = format!("the weight of ClusterQueue `{name}` counts for nothing");
                let problem = context.at("ClusterQueue", name, place(), message);
                found.push(problem.help(help));
            }
        }
        for cohort in &context.objects.cohorts {
            if cohort.fair_weight.is_some() {
                let name = &cohort.name;
                let message = format!("the weight of cohort `{name}` counts for nothing");
                found.push(context.at("Cohort", name, place(), message).help(help));
            }
        }
    }
}
