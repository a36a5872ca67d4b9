//! Manifests of Karpenter that are wrong, and what is said about each, with its place.

use crate::common::bad_manifests::{Bad, each_is_said_where_it_stands, said};
use gpusched_sim::manifest::KarpenterManifests;

/// What makes a manifest below complete, where `@` stands for it.
const PARTS: &[(&str, &str)] = &[
    (
        "@class",
        "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: default}\n---\n",
    ),
    (
        "@pool",
        "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: gpu}\nspec:\n",
    ),
    (
        "@template",
        "  template:\n    spec:\n      nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}\n",
    ),
    (
        "@overlay",
        "apiVersion: karpenter.sh/v1alpha1\nkind: NodeOverlay\nmetadata: {name: o}\nspec:\n",
    ),
    (
        "@node",
        "apiVersion: v1\nkind: Node\nmetadata:\n  name: node-1\n",
    ),
    (
        "@pod",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n",
    ),
];

#[rustfmt::skip]
const BAD: &[Bad] = &[
    // What is no such object at all.
    ("«kind: NodePool\n", "error", "without `apiVersion`"),
    ("apiVersion: karpenter.sh/v1\nkind: «NodePol\nmetadata: {name: a}\n", "error", "there is no kind `NodePol`"),
    ("apiVersion: «karpenter.sh/v1beta1\nkind: NodePool\nmetadata: {name: a}\n", "error", "version `v1beta1`"),
    ("apiVersion: «v1\nkind: NodePool\nmetadata: {name: a}\n", "error", "kind NodePool is not of this group"),
    ("@pool@template---\napiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: «gpu}\n", "error", "there is a NodePool `gpu` already"),
    ("apiVersion: policy/v1\nkind: «PodDisruptionBudget\nmetadata: {name: a}\n", "warning", "are not applied"),
    // Requirements.
    ("@pool@template      requirements: [{key: team, operator: «in, values: [a]}]\n", "error", "`in` is not possible here"),
    ("@pool@template      requirements: [{key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: [«four]}]\n", "error", "Gt compares with a whole number"),
    ("@pool@template      requirements: [{key: karpenter.k8s.aws/instance-cpu, operator: Lte, values: [«\"-1\"]}]\n", "error", "Lte compares with a whole number"),
    ("@pool@template      requirements: [{key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: «[\"1\", \"2\"]}]\n", "error", "needs exactly one value"),
    ("@pool@template      requirements: [{key: team, operator: In, values: «[]}]\n", "error", "In needs `values`"),
    ("@pool@template      requirements: [{key: team, operator: Exists, values: «[a]}]\n", "error", "Exists has no `values`"),
    ("@pool@template      requirements: [{key: «karpenter.k8s.aws/instance-famly, operator: In, values: [g5]}]\n", "error", "there is no label"),
    ("@pool@template      requirements: [{key: «karpenter.sh/nodepool, operator: In, values: [a]}]\n", "error", "by themselves"),
    ("@pool@template      requirements: [{key: karpenter.sh/capacity-type, operator: In, values: [«ondemand]}]\n", "error", "there is no capacity type `ondemand`"),
    ("@pool@template      requirements: [{key: team, operator: In, values: [a], minValues: «0}]\n", "error", "from 1 to 50"),
    ("@pool@template      requirements: [{key: team, operator: In, values: [a], minValues: «2}]\n", "error", "asks for 2 of 1 values"),
    ("@pool@template      requirements: [{key: karpenter.k8s.aws/instance-family, operator: In, values: [g5, nope], minValues: «2}]\n", "error", "have 1 values of karpenter.k8s.aws/instance-family"),
    ("@pool@template      requirements: [{key: team, operator: In, values: [a], «value: b}]\n", "error", "there is no field `value`"),
    // Requirements no type satisfies: which one removed how many.
    ("@pool@template      requirements:\n      - {key: karpenter.k8s.aws/instance-family, operator: In, values: [g5]}\n      - «{key: karpenter.k8s.aws/instance-gpu-name, operator: In, values: [h100]}\n", "error", "no instance type satisfies NodePool gpu: of 115 types, karpenter.k8s.aws/instance-family In [g5]"),
    ("@class@pool  template:\n    spec:\n      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}\n      requirements:\n      - «{key: karpenter.k8s.aws/instance-gpu-name, operator: In, values: [mi300x]}\n", "error", "of 75 types, karpenter.k8s.aws/instance-gpu-name In [mi300x] removes 75"),
    ("@pool@template      requirements: [«{key: topology.kubernetes.io/zone, operator: In, values: [mars-1a]}]\n", "error", "no instance type satisfies NodePool gpu"),
    // Classes of nodes.
    ("@pool  template:\n    spec:\n      «nodeClassRef: {}\n", "error", "`group` is missing"),
    ("@pool  template:\n    spec:\n      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: «defualt}\n", "error", "there is no EC2NodeClass `defualt`"),
    ("@pool  template:\n    spec:\n      nodeClassRef: {group: «karpenter.sh, kind: EC2NodeClass, name: a}\n", "error", "is not of this group"),
    ("apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: a}\nspec: {kubelet: {maxPods: «-3}}\n", "error", "-3 pods cannot be"),
    ("apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: a}\nspec: {kubelet: {evictionHard: {memory.available: «lots}}}\n", "error", "neither a quantity nor a share"),
    // Weights, limits.
    ("@pool  weight: «0\n@template", "error", "from 1 to 100, not 0"),
    ("@pool  weight: «101\n@template", "error", "from 1 to 100, not 101"),
    ("@pool  limits: {cpu: «\"1\"}\n@template", "error", "the limit is below one node of NodePool gpu"),
    ("@pool  limits: {cpu: «\"-1\"}\n@template", "error", "is negative"),
    ("@pool  limits: {cpu: «0}\n@template", "warning", "makes no nodes: its limit is 0"),
    ("@pool  limits: {cpu: «many}\n@template", "error", "`many` is no quantity"),
    ("@pool  replicas: «3\n@template", "warning", "NodePool gpu is of fixed size"),
    ("@pool  weight: 3\n", "error", "`template` is missing"),
    // Disruption.
    ("@pool  disruption: {consolidationPolicy: «WhenUnderutilized}\n@template", "error", "`WhenUnderutilized` is not possible here"),
    ("@pool  disruption: {consolidateAfter: «-5m}\n@template", "error", "`-5m` is no length of time"),
    ("@pool  disruption: {consolidateAfter: «never}\n@template", "error", "`never` is no length of time"),
    ("@pool  disruption: {budgets: [{nodes: «\"-1\"}]}\n@template", "error", "neither a number of nodes"),
    ("@pool  disruption: {budgets: [{nodes: «\"110%\"}]}\n@template", "error", "neither a number of nodes"),
    ("@pool  disruption: {budgets: [{nodes: «5}]}\n@template", "error", "`nodes` must be a string"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", reasons: [«Idle]}]}\n@template", "error", "`Idle` is not possible here"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", schedule: «\"0 25 * * *\", duration: 1h}]}\n@template", "error", "not within 0-23"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", schedule: «\"@often\", duration: 1h}]}\n@template", "error", "unknown shorthand @often"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", schedule: \"@daily\"}]}\n@template", "error", "has a `duration`"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", duration: 1h}]}\n@template", "error", "has a `schedule`"),
    ("@pool  disruption: {budgets: [{nodes: \"5\", schedule: \"@daily\", duration: «10s}]}\n@template", "error", "whole minutes"),
    // Overlays.
    ("@overlay  price: \"1\"\n  priceAdjustment: «\"+1\"\n", "error", "not both"),
    ("@overlay  priceAdjustment: «\"10%\"\n", "error", "no adjustment of a price"),
    ("@overlay  price: «cheap\n", "error", "`cheap` is no price"),
    ("@overlay  weight: «10001\n", "error", "from 1 to 10000"),
    ("@overlay  capacity: {cpu: «\"4\"}\n", "error", "cannot change `cpu`"),
    // Nodes and what they cost.
    ("@pool@template---\n@node  labels: {karpenter.sh/nodepool: gpu, node.kubernetes.io/instance-type: «x9.large, topology.kubernetes.io/zone: us-east-1a, karpenter.sh/capacity-type: spot}\n", "error", "the catalogue has no type `x9.large`"),
    ("@pool@template---\n@node  labels: {karpenter.sh/nodepool: gpu, node.kubernetes.io/instance-type: g5.xlarge, topology.kubernetes.io/zone: us-east-1a, karpenter.sh/capacity-type: «reserved}\n", "error", "the catalogue has no price of g5.xlarge, reserved in us-east-1a"),
    ("@pool@template---\n@node  labels: {karpenter.sh/nodepool: gpu}\n", "error", "has no label node.kubernetes.io/instance-type"),
    // Pods.
    ("@pod  containers: [{name: a, resources: {requests: {cpu: «fast}}}]\n", "error", "`fast` is no quantity"),
    ("@pod  topologySpreadConstraints: [{maxSkew: «0, topologyKey: a, whenUnsatisfiable: DoNotSchedule}]\n", "error", "1 or more, not 0"),
    ("@pod  schedulingGates: «[{name: quota}]\n", "warning", "not scheduled while it is gated"),
];

#[test]
fn everything_wrong_is_said_where_it_stands() {
    assert!(BAD.len() >= 50);
    each_is_said_where_it_stands(BAD, PARTS, |text| {
        said(KarpenterManifests::parse([("bad.yaml", text)]).problems())
    });
}
