//! Lending limits that limit nothing.

use super::{Context, Found, Rule, flavor_path};

pub(super) const RULE: Rule = Rule {
    name: "lending-limit-without-effect",
    finds: "lending limits of cohorts that are no less than what there is to lend",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let quota = &context.quota;
    let names = quota.names();
    for cohort in &context.objects.cohorts {
        let Some(node) = names.cohort(&cohort.name) else {
            continue;
        };
        for (group, quotas) in cohort.resource_groups.iter().enumerate() {
            for (flavor, one) in quotas.flavors.iter().enumerate() {
                for (position, resource) in one.resources.iter().enumerate() {
                    let fr = names
                        .flavor(&one.flavor)
                        .zip(names.resource(&resource.resource))
                        .and_then(|(flavor, resource)| names.flavor_resource(flavor, resource));
                    let (Some(fr), Some(limit)) = (fr, resource.lending_limit) else {
                        continue;
                    };
                    if limit < quota.subtree_quota(node, fr) || quota.has_cycle(node) {
                        continue;
                    }
                    let name = &cohort.name;
                    let message = format!("cohort `{name}` has no more than this to lend");
                    let mut place = flavor_path(group, flavor);
                    place.extend(["resources".into(), position.into(), "lendingLimit".into()]);
                    let problem = context.at("Cohort", name, place, message);
                    found.push(problem.help("leave `lendingLimit` out, or lower it"));
                }
            }
        }
    }
}
