//! Workloads no empty cluster could admit.

use super::{Context, Found, Rule, path};
use crate::diagnostic::Diagnostic;
use gpusched_core::kube::Quantity;
use gpusched_core::queueing::kueue::objects::{ClusterQueue, Workload};
use gpusched_core::queueing::kueue::requests::{PodSetRequests, total_requests};
use gpusched_core::queueing::kueue::{Amount, QuotaCheckStrategy};

pub(super) const RULE: Rule = Rule {
    name: "never-admitted",
    finds: "Workloads that ask for more than their queue could ever give, or for what it has no quota of",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for workload in &context.objects.workloads {
        let reserved = workload.is("QuotaReserved") || workload.is("Finished");
        if reserved || context.status.workload(workload).is_some() {
            continue;
        }
        let Some(queue) = context.status.queue_of(workload) else {
            continue;
        };
        let config = &context.configuration.resources;
        for (number, asked) in total_requests(workload, config, context.gates)
            .iter()
            .enumerate()
        {
            // What may shrink may fit.
            let least = workload.pod_sets.get(number).and_then(|one| one.min_count);
            if least.is_none()
                && let Some(problem) = too_large(context, workload, queue, number, asked)
            {
                found.push(problem);
            }
        }
    }
}

/// The first resource of a pod set that the queue cannot give.
fn too_large(
    context: &Context<'_>,
    workload: &Workload,
    queue: &ClusterQueue,
    number: usize,
    asked: &PodSetRequests,
) -> Option<Box<Diagnostic>> {
    let quota = &context.quota;
    let names = quota.names();
    let node = names.cluster_queue(&queue.name)?.into();
    let undeclared = context.configuration.resources.quota_check;
    for (resource, amount) in &asked.requests {
        if *amount == 0 {
            continue;
        }
        let groups = queue.resource_groups.iter();
        let mut covering = groups.filter(|group| group.covered.contains(resource));
        let message = match covering.next() {
            None if undeclared == QuotaCheckStrategy::IgnoreUndeclared => continue,
            None => format!("ClusterQueue `{}` has no quota of {resource}", queue.name),
            Some(group) => {
                let most = group.flavors.iter().filter_map(|quotas| {
                    let flavor = names.flavor(&quotas.flavor)?;
                    let fr = names.flavor_resource(flavor, names.resource(resource)?)?;
                    Some(quota.potential_available(node, fr))
                });
                let most = most.max().unwrap_or(Amount::ZERO);
                if Amount(*amount) <= most {
                    continue;
                }
                let asked = Quantity::of_resource(resource, *amount);
                let most = Quantity::of_resource(resource, most.0);
                format!("{asked} of {resource} are more than any flavor can ever give ({most})")
            }
        };
        let key = (workload.namespace.as_str(), workload.name.as_str());
        let mut place = path(["spec", "podSets"]).to_vec();
        place.push(number.into());
        let message = format!(
            "Workload `{}/{}` is never admitted: {message}",
            key.0, key.1
        );
        let problem = context.within("Workload", key, place, message);
        return Some(problem.help("it waits for ever; ask for less, or give the queue more"));
    }
    None
}
