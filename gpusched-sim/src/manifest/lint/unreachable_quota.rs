//! Quota of cohorts that no queue can use.

use super::{Context, Found, Rule, flavor_path};
use gpusched_core::queueing::kueue::Amount;
use gpusched_core::queueing::kueue::ids::{FlavorResourceId, QuotaNodeId};

pub(super) const RULE: Rule = Rule {
    name: "unreachable-quota",
    finds: "quota of a cohort in a flavor and resource that no ClusterQueue of its tree declares",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let quota = &context.quota;
    for cohort in &context.objects.cohorts {
        let Some(node) = quota.names().cohort(&cohort.name) else {
            continue;
        };
        if quota.has_cycle(node) {
            continue;
        }
        for (group, quotas) in cohort.resource_groups.iter().enumerate() {
            for (flavor, one) in quotas.flavors.iter().enumerate() {
                for (position, resource) in one.resources.iter().enumerate() {
                    let names = quota.names();
                    let fr = names
                        .flavor(&one.flavor)
                        .zip(names.resource(&resource.resource))
                        .and_then(|(flavor, resource)| names.flavor_resource(flavor, resource));
                    let Some(fr) = fr.filter(|_| resource.nominal > Amount::ZERO) else {
                        continue;
                    };
                    if reached(context, quota.root(node), fr) {
                        continue;
                    }
                    let (name, flavor_name) = (&cohort.name, &one.flavor);
                    let resource = &resource.resource;
                    let message = format!(
                        "no ClusterQueue can use the {resource} in flavor `{flavor_name}` of cohort `{name}`"
                    );
                    let mut place = flavor_path(group, flavor);
                    place.extend(["resources".into(), position.into(), "nominalQuota".into()]);
                    let problem = context.at("Cohort", name, place, message);
                    found.push(problem.help(
                        "list the flavor and resource in a ClusterQueue of the tree, with a nominal quota of 0 if it only borrows",
                    ));
                }
            }
        }
    }
}

/// Whether some ClusterQueue below a node lists the flavor and resource.
fn reached(context: &Context<'_>, node: QuotaNodeId, fr: FlavorResourceId) -> bool {
    let quota = &context.quota;
    let mut queues = quota.child_cluster_queues(node).iter();
    queues.any(|queue| quota.declares((*queue).into(), fr))
        || quota
            .child_cohorts(node)
            .iter()
            .any(|cohort| reached(context, *cohort, fr))
}
