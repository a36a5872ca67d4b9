//! The estimator by hand, and against a plain twin.

use super::*;
use crate::provisioning::Price;
use crate::provisioning::karpenter::labels::{HOSTNAME, ZONE};
use crate::provisioning::karpenter::objects::{HostPort, PodSpec, PodTerm, PodTerms, Spread};
use proptest::prelude::*;
use std::sync::Arc;

fn template(cpu: i64, memory: i64) -> Template {
    let has: Resources = [
        ("cpu".into(), cpu),
        ("memory".into(), memory),
        ("pods".into(), 10),
    ]
    .into();
    Template {
        labels: [(ZONE.into(), "a".into())].into(),
        taints: Vec::new(),
        capacity: has.clone(),
        allocatable: has,
        price: Price::FREE,
    }
}

fn wants(cpu: i64, memory: i64) -> PodSpec {
    PodSpec {
        requests: [("cpu".into(), cpu), ("memory".into(), memory)].into(),
        ..PodSpec::default()
    }
}

/// Nodes, and pods by group in the order packed.
fn pack(groups: &[(PodSpec, usize)], of: &Template, limits: EstimateLimits) -> (u32, Vec<u32>) {
    let mut snapshot = Snapshot::new("gpu");
    let groups: Vec<PodGroup> = groups
        .iter()
        .map(|(spec, pods)| PodGroup {
            kind: snapshot.kind(&Arc::new(spec.clone())),
            pods: (0..*pods).collect(),
        })
        .collect();
    let groups: Vec<&PodGroup> = groups.iter().collect();
    let found = estimate(&mut snapshot, &groups, of, limits);
    assert!(
        snapshot.nodes().is_empty(),
        "the snapshot is left as it was"
    );
    (found.nodes, found.pods.iter().map(|one| one.1).collect())
}

const ANY: EstimateLimits = EstimateLimits {
    nodes: None,
    checks: 0,
};

#[test]
fn larger_pods_go_first_and_smaller_ones_fill_the_gaps() {
    // Of 4 cores: three of 3 take a node each, three of 1 the gaps.
    let groups = [(wants(1000, 1), 3), (wants(3000, 1), 3)];
    assert_eq!(pack(&groups, &template(4000, 100), ANY), (3, vec![3, 3]));
}

#[test]
fn size_is_cpu_and_memory_together_and_gpus_do_not_count() {
    let with_gpu = |mut spec: PodSpec| {
        spec.requests.insert("nvidia.com/gpu".into(), 1);
        spec
    };
    let mut of = template(10_000, 10);
    of.allocatable.insert("nvidia.com/gpu".into(), 1);
    // 0.6 + 0 before 0 + 0.5, although the latter wants the GPU.
    let groups = [(with_gpu(wants(0, 5)), 2), (wants(6000, 0), 2)];
    let (nodes, pods) = pack(&groups, &of, ANY);
    assert_eq!((nodes, pods), (2, vec![2, 2]));
    let mut snapshot = Snapshot::new("gpu");
    let kinds = groups.map(|(spec, _)| snapshot.kind(&Arc::new(spec)));
    let groups = kinds.map(|kind| PodGroup {
        kind,
        pods: vec![0],
    });
    let order = ordered(&snapshot, &[&groups[0], &groups[1]], &of.allocatable);
    assert_eq!(order, [&groups[1], &groups[0]]);
}

#[test]
fn of_new_nodes_only_the_last_is_tried_once_nodes_are_added() {
    // The first pod that fits no node there is ends the search among all: 3-core pods first leave
    // a gap of 1 on two nodes; the 2-core pods open a third node; of the 1-core pods (a group of
    // five) two go to the gaps before others follow.
    let groups = [
        (wants(3000, 0), 2),
        (wants(2000, 0), 1),
        (wants(1000, 0), 5),
    ];
    assert_eq!(pack(&groups, &template(4000, 100), ANY), (4, vec![2, 1, 5]));
}

#[test]
fn a_pod_that_fits_no_fresh_node_leaves_it_to_the_next_group() {
    let groups = [(wants(5000, 0), 3), (wants(4000, 0), 1)];
    // The node that was added for 5 cores is empty: the 4-core pod takes it, it is one node.
    assert_eq!(pack(&groups, &template(4000, 100), ANY), (1, vec![1]));
    assert_eq!(pack(&groups[..1], &template(4000, 100), ANY), (0, vec![]));
}

#[test]
fn at_the_limit_no_group_gets_more_nodes_but_gaps_are_filled() {
    let limits = EstimateLimits {
        nodes: Some(2),
        checks: 0,
    };
    let groups = [(wants(3000, 0), 5), (wants(1000, 0), 5)];
    assert_eq!(pack(&groups, &template(4000, 100), limits), (2, vec![2, 2]));
    let none = EstimateLimits {
        nodes: Some(0),
        checks: 0,
    };
    assert_eq!(pack(&groups, &template(4000, 100), none), (0, vec![]));
}

#[test]
fn a_limit_on_checks_ends_an_estimate_early() {
    let groups = [(wants(4000, 0), 1000)];
    let all = pack(&groups, &template(4000, 100), ANY);
    assert_eq!(all, (1000, vec![1000]));
    let limits = EstimateLimits {
        nodes: None,
        checks: 100,
    };
    let (nodes, _) = pack(&groups, &template(4000, 100), limits);
    // At most two questions for every pod: the last node, then the new one.
    assert!((50..100).contains(&nodes), "{nodes}");
}

#[test]
fn pods_with_one_host_port_need_a_node_each() {
    let mut spec = wants(100, 1);
    spec.host_ports = vec![HostPort {
        ip: String::new(),
        port: 80,
        protocol: "TCP".into(),
    }];
    assert_eq!(pack(&[(spec, 3)], &template(4000, 100), ANY), (3, vec![3]));
}

#[test]
fn pods_that_repel_each_other_need_a_node_each() {
    let mut spec = wants(100, 1);
    spec.labels = [("app".into(), "web".into())].into();
    let selector = crate::kube::LabelSelector {
        match_labels: spec.labels.clone(),
        ..Default::default()
    };
    let apart = PodTerm {
        key: HOSTNAME.into(),
        selector: Some(selector.clone()),
        namespaces: vec![],
    };
    spec.anti_affinity = PodTerms {
        required: vec![apart],
        preferred: vec![],
    };
    assert_eq!(
        pack(&[(spec.clone(), 4)], &template(4000, 100), ANY),
        (4, vec![4])
    );
    // In one zone there is room for one of them.
    spec.anti_affinity.required[0].key = ZONE.into();
    assert_eq!(
        pack(&[(spec.clone(), 4)], &template(4000, 100), ANY),
        (1, vec![1])
    );
    // Together in a zone they are as others.
    spec.affinity = std::mem::take(&mut spec.anti_affinity);
    assert_eq!(pack(&[(spec, 4)], &template(4000, 100), ANY), (1, vec![4]));
}

#[test]
fn pods_spread_over_hosts_may_go_back_to_earlier_nodes() {
    let mut spec = wants(1000, 1);
    spec.labels = [("app".into(), "web".into())].into();
    let selector = crate::kube::LabelSelector {
        match_labels: spec.labels.clone(),
        ..Default::default()
    };
    spec.spread = vec![Spread {
        max_skew: 1,
        key: HOSTNAME.into(),
        soft: false,
        selector: Some(selector),
        min_domains: None,
        honor_taints: false,
        honor_affinity: true,
    }];
    // One node is its own fewest: four pods fit it, and four the next.
    assert_eq!(pack(&[(spec, 8)], &template(4000, 100), ANY), (2, vec![8]));
}

/// Twin: the same rules with nodes as plain lists, every node asked every time.
fn plain(groups: &[((i64, i64), usize)], has: (i64, i64), limit: Option<usize>) -> (u32, Vec<u32>) {
    let score = |(cpu, memory): (i64, i64)| {
        let share = |want: i64, all: i64| {
            if all > 0 {
                want as f64 / all as f64
            } else {
                0.0
            }
        };
        share(cpu, has.0) + share(memory, has.1)
    };
    let mut order: Vec<&((i64, i64), usize)> = groups.iter().collect();
    order.sort_by(|one, two| score(two.0).total_cmp(&score(one.0)));
    let mut nodes: Vec<(i64, i64, usize)> = Vec::new();
    let put = |node: &mut (i64, i64, usize), (cpu, memory): (i64, i64)| {
        let fits = (cpu == 0 || cpu <= node.0) && (memory == 0 || memory <= node.1) && node.2 < 10;
        if fits {
            *node = (node.0 - cpu, node.1 - memory, node.2 + 1);
        }
        fits
    };
    let mut placed_by_group = Vec::new();
    let mut full = false;
    for (wants, count) in order {
        let mut placed = 0;
        while placed < *count && nodes.iter_mut().any(|node| put(node, *wants)) {
            placed += 1;
        }
        while placed < *count && !full {
            if nodes.last_mut().is_some_and(|last| put(last, *wants)) {
                placed += 1;
                continue;
            }
            if nodes.last().is_some_and(|last| last.2 == 0) {
                break;
            }
            if limit.is_some_and(|most| nodes.len() >= most) {
                full = true;
                break;
            }
            nodes.push((has.0, has.1, 0));
            match nodes.last_mut().is_some_and(|last| put(last, *wants)) {
                true => placed += 1,
                false => break,
            }
        }
        if placed > 0 {
            placed_by_group.push(placed as u32);
        }
    }
    (
        nodes.iter().filter(|node| node.2 > 0).count() as u32,
        placed_by_group,
    )
}

proptest! {
    #[test]
    fn packs_like_the_plain_twin(
        groups in proptest::collection::vec(((0i64..12, 0i64..12), 1usize..9), 1..9),
        has in (1i64..12, 1i64..12),
        limit in proptest::option::of(0usize..9),
    ) {
        let specs: Vec<(PodSpec, usize)> = groups.iter()
            .map(|((cpu, memory), pods)| (wants(*cpu, *memory), *pods)).collect();
        let limits = EstimateLimits { nodes: limit.map(|most| most as u32), checks: 0 };
        let found = pack(&specs, &template(has.0, has.1), limits);
        prop_assert_eq!(found, plain(&groups, has, limit));
    }
}
