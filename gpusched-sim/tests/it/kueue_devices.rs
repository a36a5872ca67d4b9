//! Claims on devices and Kueue's quota: what is charged, and what is never admitted.

use crate::cli::Desk;

/// A queue with quota for four GPUs and 100 multiprocessors, and how classes count.
const STATE: &str = "apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
resources:
  deviceClassMappings:
  - {name: example.com/gpus, deviceClassNames: [gpu.example.com]}
  - name: example.com/sms
    deviceClassNames: [mig.example.com]
    sources:
    - counter:
        name: multiprocessors
        driver: gpu.example.com
        deviceSelector: {cel: {expression: 'true'}}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: owned}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: team}
spec:
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [example.com/gpus, example.com/sms]
    flavors:
    - name: owned
      resources:
      - {name: example.com/gpus, nominalQuota: 4}
      - {name: example.com/sms, nominalQuota: 100}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: q, namespace: lab}
spec: {clusterQueue: team}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: mig.example.com}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: counters}
spec:
  driver: gpu.example.com
  nodeName: n1
  pool: {name: n1, generation: 1, resourceSliceCount: 2}
  sharedCounters: [{name: gpu-0, counters: {multiprocessors: {value: '132'}}}]
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: devices}
spec:
  driver: gpu.example.com
  nodeName: n1
  pool: {name: n1, generation: 1, resourceSliceCount: 2}
  devices:
  - {name: small, consumesCounters: [{counterSet: gpu-0, counters: {multiprocessors: {value: '16'}}}]}
  - {name: large, consumesCounters: [{counterSet: gpu-0, counters: {multiprocessors: {value: '32'}}}]}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: pair, namespace: lab}
spec: {spec: {devices: {requests: [{name: g, exactly: {deviceClassName: gpu.example.com, count: 2}}]}}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: part, namespace: lab}
spec: {spec: {devices: {requests: [{name: g, exactly: {deviceClassName: mig.example.com}}]}}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaimTemplate
metadata: {name: other, namespace: lab}
spec: {spec: {devices: {requests: [{name: g, exactly: {deviceClassName: nic.example.com}}]}}}
";

fn job(pods: u32, template: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata:
  name: ask
  namespace: lab
  labels: {{kueue.x-k8s.io/queue-name: q}}
spec:
  parallelism: {pods}
  template:
    spec:
      resourceClaims: [{{name: g, resourceClaimTemplateName: {template}}}]
      containers: [{{name: c}}]
"
    )
}

/// Two pods of two GPUs are 4 of 4, three are 6. A part is charged the 32 of the largest device,
/// whichever it would get: three are 96 of 100, four are 128.
#[test]
fn claims_count_against_quota() {
    let desk = Desk::new("kueue-devices");
    desk.write("state/all.yaml", STATE);
    for (pods, template, code) in [
        (2, "pair", 0),
        (3, "pair", 1),
        (3, "part", 0),
        (4, "part", 1),
    ] {
        desk.write("job.yaml", &job(pods, template));
        let ran = desk.line("kueue admit --manifests state -f job.yaml");
        assert_eq!(ran.code, code, "{pods} × {template}: {}", ran.screen());
    }
}

#[test]
fn what_kueue_does_not_count_is_refused_where_it_stands() {
    let desk = Desk::new("kueue-devices-refused");
    desk.write("state/all.yaml", STATE);
    for (template, message) in [
        (
            "other",
            "device class nic.example.com is in no deviceClassMapping",
        ),
        (
            "missing",
            "there is no ResourceClaimTemplate `missing` in namespace lab",
        ),
    ] {
        desk.write("job.yaml", &job(1, template));
        let ran = desk.line("kueue admit --manifests state -f job.yaml");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.screen());
        assert!(ran.err.contains(message), "{}", ran.err);
        assert!(ran.err.contains("job.yaml:"), "{}", ran.err);
    }
    // The same for a workload of the state.
    desk.write("state/job.yaml", &job(1, "other"));
    let ran = desk.line("kueue lint --manifests state");
    assert_eq!(ran.code, 2, "{}", ran.screen());
    assert!(ran.screen().contains("state/job.yaml:"), "{}", ran.screen());
}
