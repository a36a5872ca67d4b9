//! Configurations that are right, and what is said of those that are not.

use super::*;
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::cluster_autoscaler::expander::Expander;
use gpusched_core::provisioning::cluster_autoscaler::{Limited, ResourceLimit};
use gpusched_core::units::Span;

fn types() -> Vec<NodeType> {
    let offering = |zone: &str, capacity_type| Offering {
        zone: zone.into(),
        capacity_type,
        price: Price(1),
        available: true,
        reservation: None,
    };
    let of = |name: &str, offerings| {
        NodeType::from(&InstanceType {
            name: name.into(),
            offerings,
            ..InstanceType::default()
        })
    };
    vec![
        of("m5.large", vec![offering("a", CapacityType::OnDemand)]),
        of(
            "p5.48xlarge",
            vec![
                offering("a", CapacityType::OnDemand),
                offering("b", CapacityType::OnDemand),
                offering("b", CapacityType::Spot),
            ],
        ),
    ]
}

const WHOLE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: cluster-autoscaler}
spec:
  template:
    spec:
      containers:
      - name: autoscaler
        image: registry.k8s.io/autoscaling/cluster-autoscaler:v1.36.1
        command:
        - ./cluster-autoscaler
        - --v=4
        - --cloud-provider=aws
        - --node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled
        - --expander=priority,least-waste
        - --scale-down-unneeded-time=3m
        - --balance-similar-node-groups
        - --gpu-total=h100:8:64
        - --nodes=1:4:workers
        - --salvo-scale-up=false
        args: [--scan-interval, 20s, "--frequent-loops-enabled=false"]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-autoscaler-priority-expander, namespace: kube-system}
data:
  priorities: |-
    10:
    - .*
    50:
    - ^gpu
---
nodeGroups:
- {name: workers, instanceType: m5.large}
- name: gpus
  instanceType: p5.48xlarge
  capacityType: spot
  maxSize: 3
  labels: {team: a}
  taints: [{key: gpu, effect: NoSchedule}]
  zeroOrMax: true
"#;

#[test]
fn a_deployment_a_config_map_and_node_groups() {
    let read = parse("ca.yaml", WHOLE.into(), &types()).unwrap();
    let options = &read.options;
    assert_eq!(
        options.expanders,
        [Expander::Priority, Expander::LeastWaste]
    );
    assert_eq!(options.scale_down_unneeded_time, Span::from_secs(180));
    assert_eq!(options.scan_interval, Span::from_secs(20));
    assert!(options.balance_similar_node_groups && !options.frequent_loops);
    let h100 = ResourceLimit {
        of: Limited::Gpu("h100".into()),
        min: 8,
        max: 64,
    };
    assert_eq!(options.limits.last(), Some(&h100));
    assert_eq!(options.limits.len(), 3, "the defaults stay");
    let [workers, gpus] = read.groups.as_slice() else {
        panic!()
    };
    assert_eq!((workers.min, workers.max, workers.node_type), (1, 4, 0));
    assert_eq!(
        (gpus.min, gpus.max, gpus.node_type, gpus.offering),
        (0, 3, 1, 2)
    );
    assert!(gpus.zero_or_max && gpus.taints[0].key == "gpu" && gpus.labels["team"] == "a");
}

#[test]
fn what_is_not_given_is_upstreams_default() {
    let nothing: [&str; 0] = [];
    assert_eq!(flags(&nothing).unwrap().options, Options::default());
}

#[test]
fn flags_with_one_dash_and_with_the_value_behind() {
    let read = flags(&[
        "-scan-interval",
        "5s",
        "--scale-down-enabled=F",
        "--max-nodes-total=7",
    ]);
    let options = read.unwrap().options;
    assert_eq!(options.scan_interval, Span::from_secs(5));
    assert!(!options.scale_down_enabled);
    assert_eq!(options.max_nodes_total, 7);
}

/// The problem of a flag: message and help.
fn wrong(flag: &str) -> (String, String) {
    let problem = flags(&[flag]).unwrap_err();
    (problem.message, problem.help.unwrap())
}

#[test]
fn flags_that_are_wrong_are_explained() {
    for (flag, message, help) in [
        (
            "--expander=leastwaste",
            "`leastwaste` is not possible for --expander",
            "some of: least-waste",
        ),
        (
            "--expander=random,price",
            "not possible",
            "nothing behind random",
        ),
        ("--expander=price,price", "not possible", "once, not twice"),
        ("--expander=grpc", "not possible", "external expander"),
        (
            "--scale-down-utilisation-threshold=0.5",
            "there is no flag",
            "--scale-down-utilization-threshold",
        ),
        (
            "--scale-down-utilization-threshold=50",
            "not possible",
            "between 0 and 1",
        ),
        ("--scan-interval=10", "not possible", "30s, 5m or 1h30m"),
        ("--scan-interval", "needs a value", "--scan-interval="),
        ("--max-nodes-total=-1", "not possible", "0 or more"),
        ("--nodes=5:1:g", "not possible", "1:10:workers"),
        ("--nodes=1:5", "not possible", "1:10:workers"),
        (
            "--cores-total=9:5",
            "not possible",
            "the least and the most",
        ),
        ("--gpu-total=4", "not possible", "h100:0:64"),
        ("--salvo-scale-up=true", "is not modelled", "take it out"),
    ] {
        let found = wrong(flag);
        assert!(
            found.0.contains(message) && found.1.contains(help),
            "{flag}: {found:?}"
        );
    }
}

/// A problem with its place: `line:column message (help)`.
fn located(text: String) -> String {
    let problem = parse("ca.yaml", text, &types()).unwrap_err();
    let help = problem.help.as_deref().unwrap_or_default();
    let file = problem.file.as_deref().unwrap_or_default();
    format!(
        "{file}:{}:{} {} ({help})",
        problem.line, problem.column, problem.message
    )
}

#[test]
fn a_flag_of_a_deployment_is_located() {
    let found = located(WHOLE.replace(
        "--scale-down-unneeded-time=3m",
        "--scale-down-uneeded-time=3m",
    ));
    let expected = "ca.yaml:16:11 there is no flag --scale-down-uneeded-time \
                    (did you mean --scale-down-unneeded-time?)";
    assert_eq!(found, expected);
}

#[test]
fn node_groups_that_are_wrong_are_located() {
    for (from, to, expected) in [
        (
            "m5.large",
            "m5.lage",
            "ca.yaml:34:33 there is no instance type `m5.lage` in the catalogue (did you mean `m5.large`?)",
        ),
        (
            "capacityType: spot",
            "capacityType: sport",
            "ca.yaml:37:17 `sport` is not possible here (did you mean `spot`? possible values: on-demand, spot, reserved)",
        ),
        (
            "  capacityType: spot\n",
            "",
            "ca.yaml:35:3 p5.48xlarge is offered in several zones (say in which: `zone:`; it is offered on-demand in a, on-demand in b, spot in b)",
        ),
        (
            "capacityType: spot",
            "zone: c",
            "ca.yaml:36:17 p5.48xlarge is not offered like this (it is offered on-demand in a, on-demand in b, spot in b)",
        ),
        (
            "maxSize: 3",
            "minSize: 3",
            "`maxSize` of the group `gpus` is missing",
        ),
        (
            "maxSize: 3",
            "maxSize: -3",
            "ca.yaml:38:12 a group cannot have -3 nodes",
        ),
        (
            "maxSize: 3",
            "minSize: 4\n  maxSize: 3",
            "at least 4 nodes and at most 3 are impossible",
        ),
        (
            "1:4:workers",
            "1:4:worker",
            "--nodes names the group `worker`, which is nowhere described (did you mean `workers`?)",
        ),
        (
            "name: gpus",
            "name: workers",
            "there are two node groups `workers`; ids are unique",
        ),
        (
            "zeroOrMax: true",
            "zeroOrMx: true",
            "there is no field `zeroOrMx` here (did you mean `zeroOrMax`?)",
        ),
    ] {
        let found = located(WHOLE.replace(from, to));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn priorities_that_are_wrong_are_located_within_their_text() {
    for (from, to, expected) in [
        (
            "    50:\n",
            "    high:\n",
            "ca.yaml (priorities):3:1 `high` is no priority",
        ),
        (
            "- ^gpu",
            "- ^(gpu",
            "ca.yaml (priorities):4:3 `^(gpu` is no regular expression",
        ),
        (
            "- ^gpu",
            "  ^gpu",
            "ca.yaml (priorities):4:3 `50` must be a list, not a string",
        ),
    ] {
        let found = located(WHOLE.replace(from, to));
        assert!(found.starts_with(expected), "{found}");
    }
}
