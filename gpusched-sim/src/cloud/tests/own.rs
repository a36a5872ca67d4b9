//! Manifests of a controller's own in the place of what the file of the cloud says.

use super::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file of these manifests.
fn file(text: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("gpusched-own-{}-{number}.yaml", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A NodePool of a class; `more` goes into its spec, `requirements` into its template.
fn pool(name: &str, class: &str, requirements: &str, more: &str) -> String {
    format!(
        "---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {{name: {name}}}
spec:
  {more}
  template:
    spec:
      nodeClassRef: {{group: karpenter.kwok.sh, kind: KWOKNodeClass, name: {class}}}
      requirements: [{requirements}]
"
    )
}

fn of_type(name: &str) -> String {
    format!("{{key: node.kubernetes.io/instance-type, operator: In, values: [{name}]}}")
}

fn with_pools(text: &str) -> Result<Cloud> {
    cloud("").with_node_pools(&file(text))
}

/// Names of the machines that were launched, in order.
fn launched(result: &RunResult) -> Vec<String> {
    let machines = result.machines.as_ref().unwrap();
    let lives = result.records.lifetimes().unwrap().iter();
    lives
        .map(|life| machines.node(life.node).name.clone())
        .collect()
}

#[test]
fn node_pools_of_manifests_replace_those_of_the_cloud_for_karpenter_alone() {
    let theirs = with_pools(&pool("large", "default", &of_type("large"), "weight: 1")).unwrap();
    let work = plain(&[(0, 100, 1, 1)]);
    assert_eq!(
        launched(&run(&work, theirs.clone(), "karpenter")),
        ["large-0"]
    );
    let other = run(&work, theirs, "cluster-autoscaler:least-nodes+price");
    assert_eq!(launched(&other), ["small-0"]);
}

#[test]
fn a_type_comes_once_for_every_class_that_may_make_it() {
    let text = pool(
        "one",
        "first",
        &of_type("small"),
        "limits: {nvidia.com/gpu: 1}",
    ) + &pool(
        "two",
        "second",
        &of_type("small"),
        "limits: {nvidia.com/gpu: 1}",
    );
    let theirs = with_pools(&text).unwrap();
    let types: Vec<&str> = theirs
        .of("karpenter")
        .types
        .iter()
        .map(|of| of.name.as_str())
        .collect();
    assert_eq!(types, ["small", "small"]);
    // Each pool makes one node, of its own class.
    let work = plain(&[(0, 100, 1, 1), (0, 100, 1, 1)]);
    let mut names = launched(&run(&work, theirs, "karpenter"));
    names.sort();
    assert_eq!(names, ["small+1-0", "small-0"]);
}

#[test]
fn a_price_of_an_overlay_is_what_is_chosen_by_and_what_is_paid() {
    let overlay = "apiVersion: karpenter.sh/v1alpha1
kind: NodeOverlay
metadata: {name: discount}
spec:
  requirements:
  - {key: node.kubernetes.io/instance-type, operator: In, values: [large]}
  price: \"0.36\"
";
    let theirs = with_pools(&(overlay.to_owned() + &pool("all", "default", "", ""))).unwrap();
    let result = run(&plain(&[(0, 100, 1, 1)]), theirs, "karpenter");
    assert_eq!(launched(&result), ["large-0"]);
    // Launched at 1 s, ready at 181 s, and the last job ends at 281 s: 280 s of 0.36 USD/h.
    assert!((usd(&result) - 0.36 * 280.0 / 3600.0).abs() < 1e-9);
}

#[test]
fn daemon_sets_take_their_share_of_nodes_they_match() {
    let daemon = |selector: &str| {
        format!(
            "---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  template:
    spec:
      nodeSelector: {selector}
      containers:
      - {{name: agent, resources: {{requests: {{cpu: 500m, memory: 1Gi}}}}}}
"
        )
    };
    let cpu = |selector: &str| {
        let text = pool("all", "default", "", "") + &daemon(selector);
        let theirs = with_pools(&text).unwrap();
        let types = &theirs.of("karpenter").types;
        [0, 1].map(|index| {
            cloud("").types[index].allocatable["cpu"] - types[index].allocatable["cpu"]
        })
    };
    assert_eq!(cpu("{}"), [500, 500]);
    assert_eq!(cpu("{node.kubernetes.io/instance-type: small}"), [500, 0]);
    // A label that only a pool may give: nothing is known to match.
    assert_eq!(cpu("{team: research}"), [0, 0]);
    let groups = "---\nnodeGroups:\n- {name: g, instanceType: small, maxSize: 2}\n";
    let theirs = cloud("")
        .with_node_groups(&file(&(daemon("{}") + groups)))
        .unwrap();
    let less = &theirs.of("cluster-autoscaler:price").types[0].allocatable;
    assert_eq!(cloud("").types[0].allocatable["cpu"] - less["cpu"], 500);
}

#[test]
fn node_groups_and_flags_replace_those_of_the_cloud_for_cluster_autoscaler_alone() {
    let text = "apiVersion: apps/v1
kind: Deployment
metadata: {name: cluster-autoscaler}
spec:
  template:
    spec:
      containers:
      - name: cluster-autoscaler
        command: [./cluster-autoscaler, --scale-down-unneeded-time=1m, --scale-down-delay-after-add=0s, --nodes=0:3:big]
---
nodeGroups:
- {name: big, instanceType: large, taints: [{key: gpu, effect: NoSchedule}]}
";
    let theirs = cloud("").with_node_groups(&file(text)).unwrap();
    assert!(theirs.notes[0].contains("taints of node groups keep no job away"));
    let work = plain(&[(0, 100, 1, 1), (3_000, 10, 1, 1)]);
    let result = run(&work, theirs.clone(), "cluster-autoscaler");
    assert_eq!(launched(&result)[0], "large-0");
    // Its pod ran until 300 s at most; a node that could not be removed is looked at again after
    // 5 min, and given back after one more, where the default would be ten.
    let gone = result.records.lifetimes().unwrap()[0].gone.unwrap();
    assert!(gone < Time::from_secs(700), "{gone:?}");
    assert_eq!(launched(&run(&work, theirs, "karpenter"))[0], "small-0");
}

#[test]
fn quotas_follow_types_into_their_class() {
    let limited = cloud("quotas: [{instance-type: small, most: 1}]");
    let two = pool("one", "first", "", "") + &pool("two", "second", "", "");
    let problem = limited.clone().with_node_pools(&file(&two)).unwrap_err();
    assert_eq!(
        problem.message,
        "small has a quota, and 2 classes of nodes share it"
    );
    let theirs = limited
        .with_node_pools(&file(&pool("one", "first", "", "")))
        .unwrap();
    let result = run(
        &plain(&[(0, 100, 1, 1), (5, 100, 1, 1)]),
        theirs,
        "karpenter",
    );
    assert_eq!(launched(&result)[..2], ["small-0", "large-0"]);
}

#[test]
fn what_has_no_say_is_told() {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n".to_owned()
        + &pool(
            "all",
            "default",
            "",
            "disruption: {budgets: [{nodes: \"0\", schedule: \"@daily\", duration: 1h}]}",
        );
    let tainted = text.replace(
        "      requirements: []",
        "      taints: [{key: gpu, effect: NoSchedule}]",
    );
    let notes = with_pools(&tainted).unwrap().notes;
    let says = |word: &str| notes.iter().any(|note| note.contains(word));
    assert!(says("empty cluster") && says("taints of NodePools") && says("schedules"));
}

#[test]
fn manifests_that_cannot_be_are_refused_with_their_place() {
    let nothing = with_pools("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n").unwrap_err();
    assert_eq!(
        nothing.message,
        "there is no NodePool here that makes nodes"
    );
    let impossible = with_pools(&pool("none", "default", &of_type("huge"), "")).unwrap_err();
    assert!(
        impossible
            .message
            .starts_with("no instance type satisfies NodePool none")
    );
    assert_eq!(impossible.line, 10);
    let empty = cloud("").with_node_groups(&file("kind: ConfigMap\nmetadata: {name: x}\n"));
    assert_eq!(empty.unwrap_err().message, "there are no node groups here");
}

#[test]
fn a_static_pool_is_there_before_anybody_comes() {
    // Without this it would be of spot machines, and these jobs may not run on them.
    let way = "{key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}";
    let asked = format!("{}, {way}", of_type("small"));
    let text = pool("fixed", "default", &asked, "replicas: 2");
    let theirs = with_pools(&(text + &pool("rest", "default", "", ""))).unwrap();
    let result = run(
        &plain(&[(0, 100, 1, 1), (500, 100, 1, 1)]),
        theirs,
        "karpenter",
    );
    assert_eq!(launched(&result), ["small-0", "small-1"]);
    // Launched with the first event and 180 s in booting; the second job finds them ready.
    assert_eq!(starts(&result, 2), [180, 500]);
    let lives = result.records.lifetimes().unwrap().iter();
    assert!(lives.map(|life| life.gone).all(|gone| gone.is_none()));
}

#[test]
fn copies_of_a_type_are_machines_of_one_spot_pool() {
    let spot =
        cloud("spot: {model: {up: {exponential: {mean: 1}}, down: {exponential: {mean: 1}}}}");
    let two = pool("one", "first", "", "") + &pool("two", "second", "", "");
    let theirs = spot.with_node_pools(&file(&two)).unwrap();
    let own = theirs.of("karpenter");
    let (_, pools) = own.market.open(&own.types, 0).unwrap();
    // Two types in two classes: four offerings of two pools.
    let distinct: std::collections::BTreeSet<_> = pools.values().collect();
    assert_eq!((pools.len(), distinct.len()), (4, 2));
}
