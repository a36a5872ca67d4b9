//! Workloads that are kept out before any scheduling.

use super::{Context, Found, Rule, path};
use crate::diagnostic::did_you_mean;
use gpusched_core::queueing::kueue::status::Blocked;

pub(super) const RULE: Rule = Rule {
    name: "blocked-workload",
    finds: "Workloads of queues that do not exist or are held, with Kueue's reason",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for workload in &context.objects.workloads {
        if workload.is("Finished") {
            continue;
        }
        let Some(why) = context.status.workload(workload) else {
            continue;
        };
        let queue = &workload.queue;
        let what = match why {
            Blocked::NoLocalQueue => format!("no LocalQueue `{queue}` in its namespace"),
            Blocked::NoClusterQueue => format!("LocalQueue `{queue}` leads to no ClusterQueue"),
            Blocked::LocalQueueStopped => format!("LocalQueue `{queue}` is held"),
            Blocked::ClusterQueueInactive => {
                format!("the ClusterQueue behind LocalQueue `{queue}` is inactive")
            }
        };
        let key = (workload.namespace.as_str(), workload.name.as_str());
        let reason = why.reason();
        let message = format!(
            "Workload `{}/{}` cannot start ({reason}): {what}",
            key.0, key.1
        );
        let place = path(["spec", "queueName"]);
        let problem = context.within("Workload", key, place, message);
        let queues = context.objects.local_queues.iter();
        let near = queues.filter(|one| one.namespace == workload.namespace);
        found.push(
            match did_you_mean(queue, near.map(|one| one.name.as_str())) {
                Some(close) if why == Blocked::NoLocalQueue => {
                    problem.help(format!("did you mean `{close}`?"))
                }
                _ => problem,
            },
        );
    }
}
