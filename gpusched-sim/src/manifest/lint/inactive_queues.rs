//! ClusterQueues that admit nothing.

use super::{Context, Found, Rule, flavor_path, path};
use crate::diagnostic::{Diagnostic, did_you_mean};
use gpusched_core::queueing::kueue::objects::ClusterQueue;
use gpusched_core::queueing::kueue::status::{Inactive, InactiveReason};

pub(super) const RULE: Rule = Rule {
    name: "inactive-queue",
    finds: "ClusterQueues that admit nothing, with Kueue's reason",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for queue in &context.objects.cluster_queues {
        for why in context.status.cluster_queue(queue) {
            found.push(report(context, queue, &why));
        }
    }
}

fn report(context: &Context<'_>, queue: &ClusterQueue, why: &Inactive) -> Box<Diagnostic> {
    let name = &queue.name;
    let message = format!("ClusterQueue `{name}` is inactive ({}): {why}", why.reason);
    let at = |place| context.at("ClusterQueue", name, place, message.clone());
    let flavors = || context.objects.flavors.iter().map(|one| one.name.as_str());
    let checks = || context.objects.checks.iter().map(|one| one.name.as_str());
    let wanted = why.names.first().map_or("", String::as_str);
    let strategy = || path(["spec", "admissionChecksStrategy"]).to_vec();
    match why.reason {
        InactiveReason::Terminating => at(path(["metadata", "deletionTimestamp"]).to_vec()),
        InactiveReason::Stopped => at(path(["spec", "stopPolicy"]).to_vec())
            .help("set `stopPolicy` to None to let it admit"),
        InactiveReason::FlavorNotFound => {
            let problem = at(place_of_flavor(queue, wanted));
            match did_you_mean(wanted, flavors()) {
                Some(close) => problem.help(format!("did you mean `{close}`?")),
                None => problem.help("add a ResourceFlavor of that name"),
            }
        }
        InactiveReason::TopologyNotFound => {
            let problem = at(place_of_flavor(queue, wanted));
            problem.help("add the Topology the flavor names")
        }
        InactiveReason::AdmissionCheckNotFound => match did_you_mean(wanted, checks()) {
            Some(close) => at(strategy()).help(format!("did you mean `{close}`?")),
            None => at(strategy()).help("add an AdmissionCheck of that name"),
        },
        InactiveReason::CohortCycle => at(path(["spec", "cohortName"]).to_vec()),
        InactiveReason::AdmissionCheckInactive
        | InactiveReason::MultipleMultiKueueAdmissionChecks
        | InactiveReason::MultiKueueAdmissionCheckAppliedPerFlavor
        | InactiveReason::MultiKueueWithProvisioningRequest => at(strategy()),
    }
}

fn place_of_flavor(queue: &ClusterQueue, wanted: &str) -> Vec<super::Part> {
    for (group, quotas) in queue.resource_groups.iter().enumerate() {
        let at = quotas.flavors.iter().position(|one| one.flavor == wanted);
        if let Some(flavor) = at {
            return [flavor_path(group, flavor), path(["name"]).to_vec()].concat();
        }
    }
    path(["spec", "resourceGroups"]).to_vec()
}
