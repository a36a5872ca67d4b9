//! ClusterQueues that turn away the namespaces their LocalQueues stand in.

use super::{Context, Found, Rule, path};

pub(super) const RULE: Rule = Rule {
    name: "namespace-turned-away",
    finds: "LocalQueues in namespaces the ClusterQueue does not serve: their workloads wait for ever",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    for queue in &context.objects.local_queues {
        let mut queues = context.objects.cluster_queues.iter();
        let Some(behind) = queues.find(|one| one.name == queue.cluster_queue) else {
            continue;
        };
        let mut namespaces = context.objects.namespaces.iter();
        let labels = namespaces.find(|one| one.name == queue.namespace);
        let served = match (&behind.namespace_selector, labels) {
            (Some(selector), Some(namespace)) => selector.matches(&namespace.labels),
            _ => false,
        };
        if served {
            continue;
        }
        let (namespace, name) = (&queue.namespace, &behind.name);
        let message = format!("ClusterQueue `{name}` does not serve namespace `{namespace}`");
        let key = (namespace.as_str(), queue.name.as_str());
        let place = path(["spec", "clusterQueue"]);
        let problem = context.within("LocalQueue", key, place, message);
        found.push(problem.help(match behind.namespace_selector {
            None => {
                "without `namespaceSelector` it serves none; `namespaceSelector: {}` serves all"
            }
            Some(_) => "its `namespaceSelector` does not match the labels of that Namespace",
        }));
    }
}
