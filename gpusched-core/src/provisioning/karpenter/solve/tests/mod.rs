//! Golden solves, one per rule, worked out by hand; properties of all solves; and a plain twin that
//! must decide the same.

mod plain;
mod random;
mod rules;
mod topology;
mod wild;

use super::super::labels::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, RESERVATION_ID, ZONE};
use super::super::objects::{
    ExistingNode, HostPort, NodePool, NodeType, PlacedPod, Pod, PodSpec, PodTerm, Spread,
};
use super::super::{Operator, Requirement, Requirements};
use super::{Problem, Reserved, Solution, SolveError, solve};
use crate::kube::{
    Effect, LabelSelector, Labels, NodeSelectorTerm, PreferredTerm, Resources, Taint, Toleration,
    TolerationOperator,
};
use crate::provisioning::Price;
use crate::provisioning::catalog::{CapacityType, InstanceType, Offering, Reservation};

fn resources(pairs: &[(&str, i64)]) -> Resources {
    let pairs = pairs.iter();
    pairs
        .map(|(name, amount)| ((*name).to_owned(), *amount))
        .collect()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// An instance type of so many cores and ten pods a core, at 1 nano-dollar a core on demand and
/// half of it on spot, in zones a, b and c.
fn node_type(name: &str, cores: i64) -> NodeType {
    let offering = |zone: &str, capacity_type, price| Offering {
        zone: zone.into(),
        capacity_type,
        price: Price(price),
        available: true,
        reservation: None,
    };
    let capacity = resources(&[
        ("cpu", 1000 * cores),
        ("memory", cores << 30),
        ("pods", 10 * cores),
    ]);
    NodeType::from(&InstanceType {
        name: name.into(),
        capacity: capacity.clone(),
        allocatable: capacity,
        offerings: ["a", "b", "c"]
            .iter()
            .flat_map(|zone| {
                [
                    offering(zone, CapacityType::OnDemand, 2 * cores),
                    offering(zone, CapacityType::Spot, cores),
                ]
            })
            .collect(),
        ..InstanceType::default()
    })
}

/// Types of 1, 2, 4 and 8 cores.
fn types() -> Vec<NodeType> {
    [("one", 1), ("two", 2), ("four", 4), ("eight", 8)]
        .map(|(name, cores)| node_type(name, cores))
        .into()
}

fn pool(name: &str) -> NodePool {
    NodePool {
        name: name.into(),
        ..NodePool::default()
    }
}

fn pod(name: &str, cpu: i64) -> Pod {
    let mut pod = Pod {
        name: name.into(),
        uid: name.into(),
        ..Pod::default()
    };
    pod.spec.namespace = "default".into();
    pod.spec.requests = resources(&[("cpu", cpu)]);
    pod
}

/// Pods of so many milli-cores, named p0, p1, …
fn pods(cpu: &[i64]) -> Vec<Pod> {
    let named = |(index, cpu): (usize, &i64)| pod(&format!("p{index}"), *cpu);
    cpu.iter().enumerate().map(named).collect()
}

fn problem(pods: Vec<Pod>) -> Problem {
    Problem {
        pools: vec![pool("default")],
        types: types(),
        pods,
        ..Problem::default()
    }
}

/// An initialized node of the pool with so many milli-cores left.
fn node(name: &str, cpu: i64) -> ExistingNode {
    ExistingNode {
        name: name.into(),
        labels: labels(&[
            ("karpenter.sh/nodepool", "default"),
            (ZONE, "a"),
            (HOSTNAME, name),
        ]),
        available: resources(&[("cpu", cpu), ("pods", 10)]),
        capacity: resources(&[("cpu", 4000), ("pods", 10)]),
        initialized: true,
        ..ExistingNode::default()
    }
}

fn selector(pairs: &[(&str, &str)]) -> Option<LabelSelector> {
    Some(LabelSelector {
        match_labels: labels(pairs),
        match_expressions: Vec::new(),
    })
}

fn term(key: &str, operator: crate::kube::Operator, values: &[&str]) -> NodeSelectorTerm {
    NodeSelectorTerm {
        match_expressions: vec![crate::kube::Requirement {
            key: key.into(),
            operator,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }],
        match_fields: Vec::new(),
    }
}

/// A claim in a line: pool, pods, types.
fn claims(problem: &Problem, solution: &Solution) -> Vec<String> {
    let line = |claim: &super::NewNode| {
        let pods: Vec<&str> = claim
            .pods
            .iter()
            .map(|pod| problem.pods[*pod].name.as_str())
            .collect();
        let types: Vec<&str> = claim
            .types
            .iter()
            .map(|one| problem.types[*one].name.as_str())
            .collect();
        format!("{}: {} on {}", claim.pool, pods.join(" "), types.join(" "))
    };
    solution.claims.iter().map(line).collect()
}

/// The values a claim leaves for a label.
fn values<'s>(solution: &'s Solution, claim: usize, key: &str) -> Vec<&'s str> {
    let requirement = solution.claims[claim].requirements.get(key);
    let values = requirement.into_iter().flat_map(|one| one.values());
    values.map(String::as_str).collect()
}

fn error(solution: &Solution, pod: usize) -> String {
    solution
        .errors
        .get(&pod)
        .map(ToString::to_string)
        .unwrap_or_default()
}
