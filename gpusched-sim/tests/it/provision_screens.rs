//! What `gpusched provision what-if` prints: the example, and what is wrong.

use crate::cli::Desk;
use std::path::Path;

/// A desk with the example on it.
fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("provision-{test}"));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/provisioning/what-if");
    for name in ["pools.yaml", "cluster.yaml", "waiting.yaml"] {
        let text = std::fs::read_to_string(example.join(name)).expect("the example");
        desk.write(&format!("state/{name}"), &text);
    }
    desk
}

/// Each rule the example is about, worked out by hand: see its README.
#[test]
fn the_example_shows_what_its_readme_says() {
    let ran = desk("example").line("provision what-if --manifests state");
    assert_eq!(ran.code, 1, "{}", ran.screen());
    for line in [
        // Three GPUs are free on gpu-old: four do not fit, so a node is made.
        "research/train-0 -> new-1",
        // One fits: an empty node comes first by name.
        "research/train-1 -> gpu-empty",
        "research/big -> nowhere",
        // Promised to train-1.
        "stays: it is nominated for a pod until 2026-11-20T20:00:22Z",
        "pod serving/chat on it has karpenter.sh/do-not-disrupt",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.screen());
    }
}

/// A pod is told by every place why not; a node is told where its pods would go.
#[test]
fn explanations_name_every_place() {
    let desk = desk("explain");
    let big = desk.line("provision what-if --manifests state --explain big");
    assert_eq!(big.code, 1, "{}", big.screen());
    for line in [
        "  gpu-empty: no: ",
        "  gpu: no: ",
        "  serving: no: did not tolerate taint",
    ] {
        assert!(big.out.contains(line), "{line}\n{}", big.screen());
    }
    let old = desk.line("provision what-if --manifests state --explain gpu-old");
    assert_eq!(old.code, 0, "{}", old.screen());
    assert!(
        old.out.contains("research/notebook -> "),
        "{}",
        old.screen()
    );
}

#[test]
fn json_lists_what_each_filter_removed() {
    let ran = desk("json").line("provision what-if --manifests state --format json");
    let answer: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let pods = answer["pods"].as_array().expect("pods");
    let big = pods
        .iter()
        .find(|one| one["pod"] == "research/big")
        .expect("big");
    let why = big["why"].as_array().expect("why, by pool");
    let gpu = why
        .iter()
        .find(|one| one["node_pool"] == "gpu")
        .expect("gpu");
    let removed = gpu["removed"].as_object().expect("by filter");
    let sum: u64 = removed.values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(
        Some(sum),
        gpu["types"].as_u64(),
        "every type is accounted for"
    );
}

#[test]
fn what_cannot_be_used_is_refused() {
    let desk = desk("refused");
    for (line, says) in [
        ("--manifests nowhere", "cannot read the manifests"),
        ("--manifests state/waiting.yaml", "there is no NodePool"),
        ("--manifests state --at yesterday", "`yesterday` is no time"),
        (
            "--manifests state --explain train-9",
            "there is no pod and no node `train-9`",
        ),
        ("--manifests state --explain chat", "runs on node serve-1"),
    ] {
        let ran = desk.line(&format!("provision what-if {line}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.screen());
        assert!(ran.err.contains(says), "{}", ran.screen());
    }
}

/// A node whose pod a PodDisruptionBudget holds says so by name; what is allowed is as the status
/// says, or counted where there is none.
#[test]
fn budgets_of_pods_keep_their_node() {
    let desk = desk("budgets");
    let said = |spec: &str, status: &str| {
        let budget = format!(
            "apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: notebooks, namespace: research}}
spec: {{{spec}}}
{status}"
        );
        desk.write("state/budget.yaml", &budget);
        let ran = desk.line("provision what-if --manifests state --explain gpu-old");
        assert_eq!(ran.code, 0, "{}", ran.screen());
        ran.out
    };
    let why = "pdb research/notebooks prevents pod evictions";
    // Its only pod that runs is the notebook: of 3 pods it selects, 1 is healthy.
    assert!(said("selector: {}, minAvailable: 1", "").contains(why));
    assert!(!said("selector: {}, minAvailable: 0", "").contains(why));
    assert!(said("selector: {}, maxUnavailable: 0", "").contains(why));
    assert!(!said("selector: {matchLabels: {app: other}}, minAvailable: 1", "").contains(why));
    assert!(
        !said(
            "selector: {}, minAvailable: 1",
            "status: {disruptionsAllowed: 1}"
        )
        .contains(why)
    );
    assert!(
        said(
            "selector: {}, minAvailable: 0",
            "status: {disruptionsAllowed: 0}"
        )
        .contains(why)
    );
}

/// Pods make no nodes of a NodePool with `replicas`; those it misses are made whoever waits.
#[test]
fn a_static_pool_is_short_of_nodes() {
    let desk = desk("static");
    desk.write(
        "state/fixed.yaml",
        "apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: fixed}
spec:
  replicas: 3
  limits: {nodes: 2}
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}
      requirements:
      - {key: node.kubernetes.io/instance-type, operator: In, values: [p4d.24xlarge]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
",
    );
    let ran = desk.line("provision what-if --manifests state");
    let made = ran.out.lines().filter(|line| line.contains(" fixed "));
    let made: Vec<&str> = made.filter(|line| line.contains("p4d.24xlarge")).collect();
    assert_eq!(made.len(), 2, "{}", ran.screen());
    // Eight GPUs would be enough for it.
    assert!(
        ran.out.contains("research/big -> nowhere"),
        "{}",
        ran.screen()
    );
}
