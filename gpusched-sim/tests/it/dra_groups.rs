//! `gpusched dra allocate`: gangs, what the API would have said, and taints of rules.

use crate::cli::Desk;

/// A node with two whole GPUs, and the classes.
fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("dra-groups-{test}"));
    let published = desk.line("dra publish --gpus A30:2 --with-classes");
    assert_eq!(published.code, 0, "{}", published.screen());
    desk.write("m/node.yaml", &published.out);
    desk
}

const TEMPLATE: &str = "
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: gpu}
spec: {spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com}}]}}}
";

/// Three pods of a PodGroup, and a pod of no group after them.
fn gang(policy: &str) -> String {
    format!(
        "{TEMPLATE}---
apiVersion: scheduling.k8s.io/v1alpha2
kind: PodGroup
metadata: {{name: train}}
spec: {{schedulingPolicy: {policy}}}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: worker}}
spec:
  parallelism: 3
  template:
    spec:
      schedulingGroup: {{podGroupName: train}}
      resourceClaims: [{{name: g, resourceClaimTemplateName: gpu}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: later}}
spec: {{resourceClaims: [{{name: g, resourceClaimTemplateName: gpu}}]}}
"
    )
}

/// Two GPUs: a gang of three gets none, so the pod after it has room; one of at least two keeps
/// both; without a gang each pod is for itself.
#[test]
fn a_gang_has_as_many_nodes_as_it_must_or_none() {
    for (policy, pods, gang_line) in [
        (
            "{gang: {minCount: 3}}",
            "later",
            "2 pods can be placed, at least 3 must: none is",
        ),
        (
            "{gang: {minCount: 2}}",
            "worker-0 worker-1",
            "2 pods can be placed, at least 2 must",
        ),
        // Fewer pods than it needs: none is tried.
        (
            "{gang: {minCount: 4}}",
            "later",
            "0 pods can be placed, at least 4 must: none is",
        ),
        ("{basic: {}}", "worker-0 worker-1", ""),
    ] {
        let desk = desk("gang");
        desk.write("m/gang.yaml", &gang(policy));
        let ran = desk.line("dra allocate --manifests m");
        assert_eq!(ran.code, 1, "{}", ran.screen());
        for pod in ["worker-0", "worker-1", "worker-2", "later"] {
            let placed = pods.split(' ').any(|one| one == pod);
            let line = match placed {
                true => format!("default/{pod} -> node-1\n"),
                false => format!("default/{pod} has no node\n"),
            };
            assert!(ran.out.contains(&line), "{policy}: {}", ran.out);
        }
        assert!(ran.out.contains(gang_line), "{policy}: {}", ran.out);
        assert_eq!(
            ran.out.contains("PodGroup default/train"),
            !gang_line.is_empty()
        );
    }
}

#[test]
fn a_group_nobody_wrote_is_asked_for() {
    let desk = desk("no-group");
    let text = gang("{basic: {}}").replace("name: train}", "name: trains}");
    desk.write("m/gang.yaml", &text);
    let ran = desk.line("dra allocate --manifests m");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.contains("there is no PodGroup `train`"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("did you mean `trains`?"), "{}", ran.err);
}

/// Values A, B, A of an attribute that has to differ: the deployed allocator forgets the first A
/// when it takes B (B1).
#[test]
fn both_modes_say_where_the_api_says_otherwise() {
    let desk = Desk::new("dra-groups-both");
    let device = |name: &str, value: &str| {
        format!("  - {{name: {name}, attributes: {{x: {{string: {value}}}}}}}\n")
    };
    let slice = format!(
        "apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {{name: s}}
spec:
  driver: d.example.com
  nodeName: n1
  pool: {{name: n1, generation: 1, resourceSliceCount: 1}}
  devices:
{}{}{}---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {{name: any}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {{name: c}}
spec:
  devices:
    requests: [{{name: r, exactly: {{deviceClassName: any, count: 3}}}}]
    constraints: [{{distinctAttribute: d.example.com/x}}]
",
        device("d1", "a"),
        device("d2", "b"),
        device("d3", "a")
    );
    desk.write("m/all.yaml", &slice);
    let ran = desk.line("dra allocate --manifests m --mode both");
    assert_eq!(ran.code, 0, "{}", ran.screen());
    let differs = "differs on n1: d.example.com/n1/d1, d.example.com/n1/d2, d.example.com/n1/d3, \
                   where the API says nothing (B1)";
    assert!(ran.out.contains(differs), "{}", ran.out);
    assert!(
        ran.out
            .ends_with("1 pod met nodes where the API says otherwise\n")
    );
    let quiet = desk.line("dra allocate --manifests m");
    assert!(!quiet.out.contains("differs"), "{}", quiet.out);
    let json = desk.line("dra allocate --manifests m --mode both --format json");
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["pods"][0]["differences"][0]["causes"][0], "B1");
    assert_eq!(json["pods"][0]["differences"][0]["correct"], "nothing");
}

/// The rule keeps claims from the first GPU; another one is for devices that are not there.
#[test]
fn taint_rules_are_applied_when_asked_for() {
    let desk = desk("rules");
    let rule = |name: &str, device: &str| {
        format!(
            "---
apiVersion: resource.k8s.io/v1beta2
kind: DeviceTaintRule
metadata: {{name: {name}}}
spec:
  deviceSelector: {{driver: gpu.nvidia.com, device: {device}}}
  taint: {{key: example.com/hot, effect: NoSchedule}}
"
        )
    };
    let claim = TEMPLATE.replace("ResourceClaimTemplate", "ResourceClaim");
    let claim = claim
        .replace("{spec: {devices", "{devices")
        .replace("]}}}", "]}}");
    let text = format!("{claim}{}{}", rule("first", "gpu-0"), rule("none", "gpu-9"));
    desk.write("m/rules.yaml", &text);
    let off = desk.line("dra allocate --manifests m");
    assert_eq!(off.code, 0, "{}", off.screen());
    assert!(
        off.out.contains("gpu.nvidia.com/node-1/gpu-0\n"),
        "{}",
        off.out
    );
    assert!(
        off.err.contains("left out: 2 DeviceTaintRules"),
        "{}",
        off.err
    );
    let on = desk.line("dra allocate --manifests m --taint-rules");
    assert_eq!((on.code, on.err.as_str()), (0, ""), "{}", on.screen());
    assert!(
        on.out.contains("gpu.nvidia.com/node-1/gpu-1\n"),
        "{}",
        on.out
    );
}
