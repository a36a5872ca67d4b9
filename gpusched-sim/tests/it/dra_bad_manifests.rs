//! Manifests of `resource.k8s.io` that are wrong, and what is said about each, with its place:
//! what the API server of 1.36 refuses is refused here.

use crate::common::bad_manifests::{Bad, each_is_said_where_it_stands, said, written_out};
use gpusched_sim::manifest::{ClaimSource, DraManifests};

/// What makes a manifest below complete, where `@` stands for it.
const PARTS: &[(&str, &str)] = &[
    (
        "@claim",
        "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {name: claim}\nspec:\n  devices:\n",
    ),
    (
        "@flat",
        "apiVersion: resource.k8s.io/v1beta1\nkind: ResourceClaim\nmetadata: {name: claim}\nspec:\n  devices:\n",
    ),
    (
        "@one",
        "    requests:\n    - name: gpu\n      exactly: {deviceClassName: gpu.nvidia.com}\n",
    ),
    (
        "@class",
        "apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: class}\nspec:\n",
    ),
    (
        "@bare",
        "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: slice}\nspec:\n",
    ),
    (
        "@slice",
        "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: slice}\nspec:\n  driver: gpu.nvidia.com\n  pool: {name: node-1, generation: 1, resourceSliceCount: 1}\n  nodeName: node-1\n",
    ),
    (
        "@pool",
        "  driver: gpu.nvidia.com\n  pool: {name: node-1, generation: 1, resourceSliceCount: 1}\n",
    ),
    (
        "@pod",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n",
    ),
];

#[rustfmt::skip]
const BAD: &[Bad] = &[
    // What is no such object at all.
    ("«- just a list\n", "error", "without `kind`"),
    ("«kind: ResourceClaim\n", "error", "without `apiVersion`"),
    ("apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: «{name: a\n", "error", "no valid YAML"),
    ("apiVersion: resource.k8s.io/v1\nkind: «ResourceClaims\n", "error", "there is no kind `ResourceClaims`"),
    ("apiVersion: «v1\nkind: ResourceClaim\n", "error", "kind ResourceClaim is not of this group"),
    ("apiVersion: «resource.k8s.io/v1alpha2\nkind: ResourceClaim\n", "error", "version `v1alpha2`"),
    ("apiVersion: resource.k8s.io/v1\nkind: DeviceClass\n«metadata: {}\n", "error", "`name` is missing"),
    ("apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: «My_Class}\n", "error", "cannot be the name of an object"),
    ("@class  selectors: []\n---\napiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: «class}\n", "error", "there is a DeviceClass `class` already"),
    ("apiVersion: resource.k8s.io/v1beta2\nkind: «ResourcePoolStatusRequest\nmetadata: {name: a}\n", "warning", "it asks, and decides nothing"),
    ("apiVersion: resource.k8s.io/v1beta2\nkind: DeviceTaintRule\nmetadata: {name: a}\n«spec: {}\n", "error", "`taint` is missing"),
    ("apiVersion: resource.k8s.io/v1alpha3\nkind: DeviceTaintRule\nmetadata: {name: a}\nspec: {taint: {key: a, effect: NoSchedule}, deviceSelector: {«class: a}}\n", "warning", "there is no field `class`"),
    ("apiVersion: «resource.k8s.io/v1alpha3\nkind: ResourceClaim\nmetadata: {name: a}\n", "error", "version `v1alpha3`"),
    ("apiVersion: scheduling.k8s.io/v1alpha2\nkind: PodGroup\nmetadata: {name: a}\nspec: {schedulingPolicy: {gang: {minCount: «0}}}\n", "error", "a gang cannot be of 0 pods"),
    // Classes.
    ("@class  selectors: [«{cel: {}}]\n", "error", "a selector needs `cel.expression`"),
    ("@class  selectors: [{cel: {expression: «device.name == 'a'}}]\n", "error", "this selector does not compile"),
    ("@class  «selector: []\n", "error", "there is no field `selector`"),
    ("@class  config: [{opaque: {driver: gpu.nvidia.com, parameters: «fast}}]\n", "error", "`parameters` must be an object"),
    ("@class  config: [{opaque: {driver: «GPU, parameters: {}}}]\n", "error", "`GPU` cannot be a driver"),
    ("@class  extendedResourceName: «gpu\n", "error", "no extended resource"),
    // Requests.
    ("@claim    requests:\n    - {name: «GPU, exactly: {deviceClassName: a}}\n", "error", "cannot be a name here"),
    ("@claim    requests:\n    - «{name: gpu}\n", "error", "exactly one of `exactly`, `firstAvailable`"),
    ("@claim    requests:\n    - «{name: gpu, exactly: {deviceClassName: a}, firstAvailable: [{name: x, deviceClassName: a}]}\n", "error", "here is `exactly` and `firstAvailable`"),
    ("@flat    requests:\n    - {name: gpu, «exactly: {deviceClassName: a}}\n", "error", "in this version `exactly` does not stand here"),
    ("@claim    requests:\n    - {name: gpu, «deviceClassName: a}\n", "error", "in this version `deviceClassName` does not stand here"),
    ("@claim    requests:\n    - {name: gpu, «exactly: {}}\n", "error", "`deviceClassName` is missing"),
    ("@claim    requests:\n    - {name: gpu, exactly: {deviceClassName: a, count: «-1}}\n", "error", "cannot be for -1 devices"),
    ("@claim    requests:\n    - {name: gpu, exactly: {deviceClassName: a, allocationMode: All, «count: 2}}\n", "error", "all devices have no `count`"),
    ("@claim    requests:\n    - {name: gpu, exactly: {deviceClassName: a, allocationMode: «ExactCuont}}\n", "error", "there is no mode `ExactCuont`"),
    ("@claim    requests:\n    - {name: gpu, exactly: {deviceClassName: a, count: «two}}\n", "error", "`count` must be a whole number"),
    ("@claim    requests:\n    - {name: a, exactly: {deviceClassName: a}}\n    - {name: «a, exactly: {deviceClassName: a}}\n", "error", "there is a request `a` already"),
    ("@claim    requests:\n    - {name: a, firstAvailable: [{name: x, deviceClassName: a, «adminAccess: true}]}\n", "error", "a choice cannot ask for admin access"),
    ("@claim    requests:\n    - {name: a, exactly: {deviceClassName: a, tolerations: [«{value: x}]}}\n", "error", "a toleration without a key"),
    ("@claim    requests:\n    - {name: a, exactly: {deviceClassName: a, tolerations: [{key: a, operator: «In}]}}\n", "error", "there is no operator `In`"),
    ("@claim    requests:\n    - {name: a, exactly: {deviceClassName: a, capacity: {requests: {memory: «10 GB}}}}\n", "error", "`10 GB` is no quantity"),
    ("@claim    requests:\n    - {name: a, exactly: {deviceClassName: a, capacity: {requests: {«big-memory: 1}}}}\n", "error", "cannot name an attribute or capacity"),
    // Devices of another version.
    ("@slice  devices: [{name: a, «basic: {}}]\n", "error", "in this version `basic` does not stand here"),
    // Constraints and configuration.
    ("@claim@one    constraints:\n    - {matchAttribute: «productName}\n", "error", "`productName` has no domain"),
    ("@claim@one    constraints:\n    - {requests: [«gpus], matchAttribute: a.b/c}\n", "error", "there is no request `gpus`"),
    ("@claim@one    constraints:\n    - «{requests: [gpu]}\n", "error", "exactly one of `matchAttribute`, `distinctAttribute`"),
    ("@claim@one    config:\n    - {opaque: {driver: a.b, parameters: «null}}\n", "error", "`parameters` is missing"),
    // Pools.
    ("@bare  pool: {name: node-1, resourceSliceCount: 1}\n  nodeName: node-1\n", "error", "`driver` is missing"),
    ("@bare  driver: a.b\n  pool: {name: «Node, resourceSliceCount: 1}\n  nodeName: node-1\n", "error", "cannot be a pool"),
    ("@bare  driver: a.b\n  pool: {name: p, resourceSliceCount: «0}\n  nodeName: node-1\n", "error", "a pool cannot have 0 slices"),
    ("@bare  driver: a.b\n  pool: {name: p, generation: «-1, resourceSliceCount: 1}\n  nodeName: node-1\n", "error", "no generation -1"),
    ("@bare@pool  nodeName: a\n  allNodes: true\n", "error", "here is `nodeName` and `allNodes`"),
    ("@bare@pool  allNodes: «false\n", "error", "true or not there"),
    ("@bare@pool  nodeSelector: {nodeSelectorTerms: «[]}\n", "error", "exactly one term"),
    ("@slice  devices: []\n  sharedCounters: «[]\n", "warning", "devices or counters, not both"),
    ("@slice  sharedCounters: [{name: a, counters: «{}}]\n", "error", "`counters` is missing"),
    // Devices.
    ("@slice  devices: [{name: «gpu.0}]\n", "error", "cannot be a name here"),
    ("@slice  devices: [{name: gpu-0}, {name: «gpu-0}]\n", "error", "there is a device `gpu-0` already"),
    ("@slice  devices: [{name: a, attributes: {x: «{string: a, int: 1}}}]\n", "error", "here is `int` and `string`"),
    ("@slice  devices: [{name: a, attributes: {x: {version: «1.2}}}]\n", "error", "`version` must be a string"),
    ("@slice  devices: [{name: a, attributes: {x: {version: «v1.2.3}}}]\n", "error", "no semantic version"),
    ("@slice  devices: [{name: a, attributes: {«x/y/z: {int: 1}}}]\n", "error", "cannot name an attribute"),
    ("@slice  devices: [{name: a, capacity: {memory: {value: «lots}}}]\n", "error", "`lots` is no quantity"),
    ("@slice  devices: [{name: a, capacity: {memory: {value: 8Gi, «requestPolicy: {default: 1Gi}}}}]\n", "error", "only devices that several claims may have"),
    ("@slice  devices: [{name: a, allowMultipleAllocations: true, capacity: {memory: {value: 8Gi, requestPolicy: {default: 1Gi, validValues: «[2Gi, 1Gi]}}}}]\n", "error", "amounts must ascend"),
    ("@slice  devices: [{name: a, allowMultipleAllocations: true, capacity: {memory: {value: 8Gi, requestPolicy: {default: «3Gi, validValues: [1Gi, 2Gi]}}}}]\n", "error", "must be one of the amounts"),
    ("@slice  devices: [{name: a, allowMultipleAllocations: true, capacity: {memory: {value: 8Gi, requestPolicy: {default: 1Gi, validRange: {min: 1Gi, max: «9Gi}}}}}]\n", "error", "more than there is"),
    ("@slice  devices: [{name: a, consumesCounters: [{counterSet: s, counters: {a: {value: 1}}}, {counterSet: «s, counters: {a: {value: 1}}}]}]\n", "error", "there is a use of counter set `s` already"),
    ("@slice  devices: [{name: a, taints: [«{key: a}]}]\n", "error", "`effect` is missing"),
    ("@slice  devices: [{name: a, «allNodes: true}]\n", "error", "the slice says where"),
    ("@slice  devices: [{name: a, bindingConditions: «[Attached]}]\n", "error", "come in both kinds"),
    // Pods.
    ("@pod  resourceClaims: [«{name: gpu}]\n", "error", "one of `resourceClaimName`"),
    ("@pod  resourceClaims: [{name: gpu, resourceClaimName: a}]\n  containers: [{name: c, resources: {claims: [{name: «gpus}]}}]\n", "error", "the pod has no claim `gpus`"),
    ("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n  parallelism: «-2\n", "error", "cannot be negative"),
];

#[test]
fn everything_wrong_is_said_where_it_stands() {
    assert!(BAD.len() >= 50);
    each_is_said_where_it_stands(BAD, PARTS, |text| {
        said(DraManifests::parse([("bad.yaml", text)]).problems())
    });
}

/// Lists are too long by one; each says how long they may be.
#[test]
fn lists_have_ends() {
    let many = |count: usize, item: &dyn Fn(usize) -> String| {
        let items: Vec<String> = (0..count).map(item).collect();
        items.join(", ")
    };
    let device = |more: &'static str| move |at: usize| format!("{{name: d-{at}{more}}}");
    let slice = |devices: String| format!("@slice  devices: [{devices}]\n");
    let claim = |requests: String| format!("@claim    requests: [{requests}]\n");
    let request = |at: usize| format!("{{name: r-{at}, exactly: {{deviceClassName: a}}}}");
    let attribute = |at: usize| format!("a{at}: {{int: 1}}");
    let set = |at: usize| format!("{{name: s-{at}, counters: {{a: {{value: 1}}}}}}");
    let counter = |at: usize| format!("c-{at}: {{value: 1}}");
    let choice = |at: usize| format!("{{name: c-{at}, deviceClassName: a}}");
    let taint = ", taints: [{key: a, effect: None}]";
    let long = "x".repeat(11_000);
    for (text, says) in [
        (
            slice(many(129, &device(""))),
            "at most 128 devices here, not 129",
        ),
        (
            slice(many(65, &device(taint))),
            "at most 64 devices that have taints",
        ),
        (
            slice(format!(
                "{{name: a, attributes: {{{}}}}}",
                many(33, &attribute)
            )),
            "at most 32 attributes and capacities, not 33",
        ),
        (
            format!("@slice  sharedCounters: [{}]\n", many(9, &set)),
            "at most 8 counter sets here, not 9",
        ),
        (
            format!(
                "@slice  sharedCounters: [{{name: s, counters: {{{}}}}}]\n",
                many(33, &counter)
            ),
            "at most 32 counters here, not 33",
        ),
        (
            claim(many(33, &request)),
            "at most 32 requests here, not 33",
        ),
        (
            claim(format!(
                "{{name: r, firstAvailable: [{}]}}",
                many(9, &choice)
            )),
            "at most 8 choices here, not 9",
        ),
        (
            format!("@class  selectors: [{{cel: {{expression: \"{long}\"}}}}]\n"),
            "an expression has at most 10240 bytes",
        ),
        (
            slice(format!(
                "{{name: a, attributes: {{x: {{string: {}}}}}}}",
                &long[..65]
            )),
            "at most 64 bytes",
        ),
    ] {
        let (text, _) = written_out(&text, PARTS);
        let manifests = DraManifests::parse([("long.yaml", text)]);
        let said: Vec<&str> = manifests
            .problems()
            .iter()
            .map(|one| one.diagnostic.message.as_str())
            .collect();
        assert!(
            said.len() == 1 && said[0].contains(says),
            "{says}: {said:?}"
        );
    }
    for (text, fits) in [
        (slice(many(128, &device(""))), 128),
        (slice(many(64, &device(taint))), 64),
    ] {
        let (text, _) = written_out(&text, PARTS);
        let manifests = DraManifests::parse([("long.yaml", text)]);
        assert!(manifests.is_sound(), "{:?}", manifests.problems());
        assert_eq!(manifests.objects().slices[0].content.devices.len(), fits);
    }
}

#[test]
fn one_wrong_object_does_not_hide_the_next() {
    let text = "apiVersion: v1
kind: List
items:
- {apiVersion: resource.k8s.io/v1, kind: DeviceClass, metadata: {name: a}, spec: {selectors: 1}}
- {apiVersion: resource.k8s.io/v1, kind: DeviceClass, metadata: {name: b}, spec: [2]}
- {apiVersion: resource.k8s.io/v1, kind: DeviceClass, metadata: {name: c}}
";
    let manifests = DraManifests::parse([("list.yaml", text), ("broken.yaml", "{")]);
    let problems = manifests.problems().iter();
    let lines: Vec<u64> = problems.map(|one| one.diagnostic.line).collect();
    assert_eq!(lines.len(), 3, "{:?}", manifests.problems());
    assert_eq!(lines[1..], [4, 5]);
    assert_eq!(manifests.objects().classes[0].name, "c");
}

/// Pods that claim devices and have no node yet; namespaces that nobody wrote are `default`.
#[test]
fn pods_of_jobs_are_pods() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: bound}
spec: {nodeName: node, resourceClaims: [{name: g, resourceClaimName: one}]}
---
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Pod
metadata: {name: waits, namespace: team}
spec: {resourceClaims: [{name: g, resourceClaimName: one}], nodeSelector: {zone: a}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: train}
spec:
  parallelism: 4
  template: {spec: {resourceClaims: [{name: g, resourceClaimTemplateName: two}]}}
---
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: set}
spec:
  replicatedJobs:
  - name: leader
    template: {spec: {template: {spec: {containers: [{name: c}]}}}}
  - name: worker
    replicas: 2
    template: {spec: {parallelism: 3, template: {spec: {resourceClaims: [{name: g, resourceClaimTemplateName: two}]}}}}
";
    let manifests = DraManifests::parse([("pods.yaml", text)]);
    assert_eq!(manifests.problems(), []);
    let pods: Vec<_> = manifests.objects().pods.iter().collect();
    let names: Vec<_> = pods
        .iter()
        .map(|pod| (pod.namespace.as_str(), pod.name.as_str(), pod.count))
        .collect();
    assert_eq!(
        names,
        [
            ("team", "waits", 1),
            ("default", "train", 4),
            ("default", "set-worker", 6)
        ]
    );
    assert_eq!(
        pods[0].claims[0].source,
        ClaimSource::Claim("one".to_owned())
    );
    assert_eq!(
        pods[1].claims[0].source,
        ClaimSource::Template("two".to_owned())
    );
    assert_eq!(pods[0].node_selector["zone"], "a");
}
