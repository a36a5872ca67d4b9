//! ResourceFlavors nobody can use.

use super::{Context, Found, Rule, path};
use gpusched_core::kube::Labels;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    name: "unusable-flavor",
    finds: "ResourceFlavors that no queue lists, or that no node has the labels of",
    check,
};

fn check(context: &Context<'_>, found: &mut Found) {
    let objects = context.objects;
    let queues = objects.cluster_queues.iter();
    let listed: BTreeSet<&str> = queues
        .flat_map(|queue| &queue.resource_groups)
        .flat_map(|group| &group.flavors)
        .map(|quotas| quotas.flavor.as_str())
        .collect();
    for flavor in &objects.flavors {
        let name = &flavor.name;
        let at = |field: [&str; 2], message: String| {
            context.at("ResourceFlavor", name, path(field), message)
        };
        if !listed.contains(name.as_str()) {
            let message = format!("no ClusterQueue has quota in flavor `{name}`");
            let problem = at(["metadata", "name"], message);
            found.push(problem.help("list it in a ClusterQueue, or remove it"));
        }
        let is_of = |labels: &Labels| {
            let mut wanted = flavor.node_labels.iter();
            wanted.all(|(key, value)| labels.get(key) == Some(value))
        };
        // Without any node the manifests are not about nodes.
        if !objects.nodes.is_empty() && !objects.nodes.iter().any(|node| is_of(&node.labels)) {
            let message = format!("no Node has the labels of flavor `{name}`");
            let problem = at(["spec", "nodeLabels"], message);
            found.push(problem.help("its quota is promised on nodes that are not there"));
        }
    }
}
