//! ClusterQueues without a door.

use super::{Context, Found, Rule, path};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    name: "queue-without-door",
    finds: "ClusterQueues no LocalQueue leads to: nobody can submit to them",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let doors: BTreeSet<&str> = context
        .objects
        .local_queues
        .iter()
        .map(|queue| queue.cluster_queue.as_str())
        .collect();
    for queue in context.active() {
        if doors.contains(queue.name.as_str()) {
            continue;
        }
        let name = &queue.name;
        let message = format!("no LocalQueue leads to ClusterQueue `{name}`");
        let problem = context.at("ClusterQueue", name, path(["metadata", "name"]), message);
        found.push(problem.help(match queue.cohort {
            Some(_) => "only its cohort can use its quota; add a LocalQueue, unless that is meant",
            None => "add a LocalQueue with `clusterQueue` set to its name",
        }));
    }
}
