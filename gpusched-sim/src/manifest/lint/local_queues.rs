//! LocalQueues that lead nowhere.

use super::{Context, Found, Rule, path};
use crate::diagnostic::did_you_mean;
use gpusched_core::queueing::kueue::status::Closed;

pub(super) const RULE: Rule = Rule {
    name: "local-queue-to-nowhere",
    finds: "LocalQueues whose ClusterQueue does not exist, or that are held",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for queue in &context.objects.local_queues {
        let key = (queue.namespace.as_str(), queue.name.as_str());
        let label = format!("LocalQueue `{}/{}`", queue.namespace, queue.name);
        let problem = match context.status.local_queue(queue) {
            Some(Closed::ClusterQueueDoesNotExist) => {
                let wanted = &queue.cluster_queue;
                let message = format!(
                    "{label} is inactive (ClusterQueueDoesNotExist): no ClusterQueue `{wanted}`"
                );
                let place = path(["spec", "clusterQueue"]);
                let problem = context.within("LocalQueue", key, place, message);
                let queues = &context.objects.cluster_queues;
                match did_you_mean(wanted, queues.iter().map(|one| one.name.as_str())) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help("add a ClusterQueue of that name"),
                }
            }
            Some(Closed::Stopped) => {
                let message = format!("{label} is inactive (Stopped): its stop policy holds it");
                let place = path(["spec", "stopPolicy"]);
                let problem = context.within("LocalQueue", key, place, message);
                problem.help("set `stopPolicy` to None to let workloads through")
            }
            // Said of the ClusterQueue.
            Some(Closed::ClusterQueueIsInactive) | None => continue,
        };
        found.push(problem);
    }
}
