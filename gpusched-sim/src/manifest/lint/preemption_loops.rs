//! Configurations under which preemption goes round in circles.

use super::{Context, Found, Rule, path};
use gpusched_core::queueing::kueue::diagnose::probe_preemption_loops;

/// Sets of synthetic workloads that are tried per tree of queues.
const ATTEMPTS: u64 = 300;

pub(super) const RULE: Rule = Rule {
    name: "preemption-loop",
    finds: "queues whose workloads can preempt each other for ever, found by simulating small ones",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let (objects, configuration) = (context.objects, context.configuration);
    for one in probe_preemption_loops(objects, configuration, context.gates, ATTEMPTS) {
        let kueue = &one.kueue;
        let asks = |id| {
            let workload = kueue.workload(id);
            let pods = workload.pod_sets.iter().map(|one| &one.template);
            let containers = pods.flat_map(|pod| &pod.containers);
            let requests = containers.flat_map(|one| &one.requests);
            let amounts: Vec<String> = requests
                .map(|(resource, amount)| {
                    let amount = gpusched_core::kube::Quantity::of_resource(resource, *amount);
                    format!("{amount} {resource}")
                })
                .collect();
            let priority = workload.priority.unwrap_or(0);
            format!(
                "one of `{}` ({}, priority {priority})",
                workload.queue,
                amounts.join(", ")
            )
        };
        let pairs: Vec<String> = one
            .found
            .pairs
            .iter()
            .map(|(preemptor, victim, _)| {
                format!("{} preempts {}", asks(*preemptor), asks(*victim))
            })
            .collect();
        let Some((preemptor, ..)) = one.found.pairs.first() else {
            continue;
        };
        let queue = &kueue.workload(*preemptor).queue;
        let message = format!("preemption can go on for ever: {}", pairs.join("; "));
        let problem = context.at("ClusterQueue", queue, path(["spec", "preemption"]), message);
        found.push(problem.help(
            "seen in a simulation of small workloads; narrow `reclaimWithinCohort` or `withinClusterQueue`",
        ));
    }
}
