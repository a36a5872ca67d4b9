//! Small clusters and requests that can be followed by hand.

use gpusched_core::kube::{Labels, Node, Resources};
use gpusched_core::placement::tas::{
    Ask, FlavorTopology, Forest, HOSTNAME, Options, Outcome, PodSet, Rules,
};
use gpusched_core::queueing::kueue::objects::{
    SliceLayer, TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest,
};

pub(crate) fn gpus(amount: i64) -> Resources {
    Resources::from([("gpu".to_owned(), amount)])
}

/// Nodes `(name, rack, gpus)`.
pub(crate) fn nodes(nodes: &[(&str, &str, i64)]) -> Vec<Node> {
    let node = |&(name, rack, gpus): &(&str, &str, i64)| Node {
        name: name.to_owned(),
        labels: [("rack", rack), (HOSTNAME, name)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        allocatable: [("gpu".to_owned(), gpus), ("pods".to_owned(), 100)].into(),
        ready: true,
        ..Node::default()
    };
    nodes.iter().map(node).collect()
}

pub(crate) fn forest_of(levels: &[&str], nodes: &[Node], rules: Rules) -> Forest {
    let levels: Vec<String> = levels.iter().map(|&level| level.to_owned()).collect();
    let node_labels = Labels::new();
    let flavor = |name| FlavorTopology {
        name,
        topology: "default",
        levels: &levels,
        node_labels: &node_labels,
        tolerations: &[],
    };
    Forest::new(&[flavor("one"), flavor("two")], nodes, &[], rules)
}

pub(crate) fn racks(machines: &[(&str, &str, i64)], rules: Rules) -> Forest {
    forest_of(&["rack", HOSTNAME], &nodes(machines), rules)
}

pub(crate) fn request(mode: TopologyMode, slices: &[(&str, i32)]) -> TopologyRequest {
    let layer = |&(level, size): &(&str, i32)| SliceLayer {
        topology: level.to_owned(),
        size,
    };
    TopologyRequest {
        mode,
        group: None,
        slices: slices.iter().map(layer).collect(),
    }
}

pub(crate) fn required(level: &str) -> TopologyRequest {
    request(TopologyMode::Required(level.to_owned()), &[])
}

pub(crate) fn preferred(level: &str) -> TopologyRequest {
    request(TopologyMode::Preferred(level.to_owned()), &[])
}

pub(crate) fn ask(
    forest: &mut Forest,
    count: i32,
    each: i64,
    topology: Option<&TopologyRequest>,
) -> Ask {
    let tree = forest.tree("one").unwrap();
    let requests = gpus(each);
    forest.ask(
        tree,
        &PodSet {
            topology,
            ..PodSet::new(0, count, &requests)
        },
    )
}

/// Domains and pods, as text.
pub(crate) fn shown(assignment: &TopologyAssignment) -> String {
    let one = |one: &TopologyDomain| format!("{}:{}", one.values.join("/"), one.count);
    assignment
        .domains
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn outcome(forest: &Forest, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Assigned(place) => shown(&forest.topology_assignment(place)),
        Outcome::Kept => "kept".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

pub(crate) fn find_with(forest: &mut Forest, asks: &[Ask], options: Options<'_>) -> Vec<String> {
    let found = forest.find(asks, options);
    let each = found.iter().map(|one| outcome(forest, &one.outcome));
    each.collect()
}

pub(crate) fn find(forest: &mut Forest, asks: &[Ask]) -> Vec<String> {
    find_with(forest, asks, Options::default())
}

pub(crate) const UNEVEN: &[(&str, &str, i64)] = &[
    ("a", "r1", 4),
    ("b", "r1", 2),
    ("c", "r2", 3),
    ("d", "r2", 1),
];

pub(crate) fn assignment(domains: &[(&str, i32)]) -> TopologyAssignment {
    let domain = |&(host, count): &(&str, i32)| TopologyDomain {
        values: vec![host.to_owned()],
        count,
    };
    TopologyAssignment {
        levels: vec![HOSTNAME.to_owned()],
        domains: domains.iter().map(domain).collect(),
    }
}
