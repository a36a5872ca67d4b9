//! Members of a cohort that can never borrow.

use super::{Context, Found, Rule, path};

pub(super) const RULE: Rule = Rule {
    name: "never-borrows",
    finds: "ClusterQueues in a cohort that has nothing to lend them, or that may not borrow",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let quota = &context.quota;
    for queue in context.active() {
        let Some(cohort) = &queue.cohort else {
            continue;
        };
        let Some(id) = quota.names().cluster_queue(&queue.name) else {
            continue;
        };
        let node = id.into();
        let mut declared = quota.declared(node).iter();
        let borrows = |fr| quota.potential_available(node, fr) > quota.subtree_quota(node, fr);
        if declared.any(|fr| borrows(*fr)) {
            continue;
        }
        let name = &queue.name;
        let message = format!("ClusterQueue `{name}` can never borrow from cohort `{cohort}`");
        let place = path(["spec", "cohortName"]);
        let problem = context.at("ClusterQueue", name, place, message);
        found.push(
            problem.help(
                "nothing in the cohort offers quota of its flavors, or `borrowingLimit` is 0",
            ),
        );
    }
}
