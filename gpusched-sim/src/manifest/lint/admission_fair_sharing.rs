//! Admission fair sharing that is half turned on, or counts bytes against cores.

use super::{Context, Found, Rule, path};

pub(super) const RULE: Rule = Rule {
    name: "admission-fair-sharing",
    finds: "admission fair sharing without its configuration, or where memory outweighs everything",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let settings = context.configuration.admission_fair_sharing.as_ref();
    for queue in &context.objects.cluster_queues {
        if !queue.admission_fair_sharing {
            continue;
        }
        let name = &queue.name;
        let place = path(["spec", "admissionScope", "admissionMode"]);
        let at = |message: String| context.at("ClusterQueue", name, place.clone(), message);
        match settings {
            None => {
                let message =
                    format!("ClusterQueue `{name}` orders by past use, which nobody records");
                let problem = at(message);
                found.push(problem.help("set `admissionFairSharing` in Kueue's Configuration"));
            }
            Some(settings) => {
                let mut covered = queue
                    .resource_groups
                    .iter()
                    .flat_map(|group| &group.covered);
                let unweighted = |name: &String| {
                    matches!(name.as_str(), "memory" | "ephemeral-storage")
                        && !settings.weights.contains_key(name)
                };
                if let Some(resource) = covered.find(|name| unweighted(name)) {
                    let message = format!("bytes of {resource} outweigh every core and GPU here");
                    let problem = at(message);
                    let help = format!(
                        "past use is added up in cores, bytes and counts; set `resourceWeights.{resource}`"
                    );
                    found.push(problem.help(help));
                }
            }
        }
    }
}
