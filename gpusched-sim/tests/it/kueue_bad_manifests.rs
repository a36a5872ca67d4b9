//! Manifests that are wrong, and what is said about each: refused with a place, as the API server
//! refuses them, or read and reported with Kueue's own reason.

use crate::common::bad_manifests::{Bad, each_is_said_where_it_stands, said};
use gpusched_sim::manifest::Manifests;
use gpusched_sim::manifest::lint::lint;

/// What makes a manifest below complete, where `@` stands for it.
const PARTS: &[(&str, &str)] = &[
    (
        "@flavor",
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\n---\n",
    ),
    (
        "@local",
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: door, namespace: default}\nspec: {clusterQueue: queue}\n---\n",
    ),
    (
        "@old",
        "apiVersion: kueue.x-k8s.io/v1beta1\nkind: ClusterQueue\nmetadata: {name: queue}\nspec:\n  namespaceSelector: {}\n",
    ),
    (
        "@queue",
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: queue}\nspec:\n  namespaceSelector: {}\n",
    ),
    (
        "@cpu",
        "  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: 8}]\n",
    ),
    (
        "@workload",
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Workload\nmetadata: {name: work}\nspec:\n  queueName: door\n",
    ),
    (
        "@pods",
        "  podSets:\n  - count: 2\n    template: {spec: {containers: [{name: c, resources: {requests: {cpu: 1}}}]}}\n",
    ),
    (
        "@job",
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: job\n  labels: {kueue.x-k8s.io/queue-name: door}\n",
    ),
];

const BAD: &[Bad] = &[
    // What is no manifest at all.
    ("«- just a list\n", "error", "without `kind`"),
    ("«kind: ClusterQueue\n", "error", "without `apiVersion`"),
    (
        "apiVersion: v1\nkind: List\nitems:\n- «metadata: {name: a}\n",
        "error",
        "without `kind`",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: «{name: a\n",
        "error",
        "no valid YAML",
    ),
    (
        "apiVersion: v1\nkind: Namespace\nmetadata: \"a\n«",
        "error",
        "no valid YAML",
    ),
    ("a: [1, 2\nb«: ]: 3\n", "error", "no valid YAML"),
    (
        "apiVersion: v1\n«apiVersion: v1\nkind: Namespace\n",
        "error",
        "there twice",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: «ClusterQeue\nmetadata: {name: a}\n",
        "error",
        "no kind",
    ),
    (
        "apiVersion: v1\nkind: «ConfigMap\nmetadata: {name: a}\n",
        "warning",
        "decides nothing",
    ),
    (
        "apiVersion: v1\nkind: «LimitRange\nmetadata: {name: a}\n",
        "error",
        "are not applied",
    ),
    (
        "apiVersion: ray.io/v1\nkind: «RayJob\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: door}}\n",
        "error",
        "Workloads are not made of kind RayJob",
    ),
    // Names.
    (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: «Team_A}\n",
        "error",
        "cannot be the name",
    ),
    (
        "apiVersion: v1\nkind: Namespace\n«metadata: {labels: {}}\n",
        "error",
        "`name` is missing",
    ),
    (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {tier: «1}}\n",
        "error",
        "must be a string",
    ),
    (
        "@flavor@flavorapiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        "error",
        "already",
    ),
    // Values of the wrong kind.
    (
        "@queue  «cohort: all\n@cpu",
        "error",
        "no field `cohort` in this version",
    ),
    (
        "@old  «cohortName: all\n@cpu",
        "error",
        "no field `cohortName` in this version",
    ),
    (
        "@queue  cohortName: all\n  «cohort: all\n@cpu",
        "error",
        "no field `cohort`",
    ),
    (
        "@queue  «cohortNme: all\n@cpu",
        "error",
        "no field `cohortNme`",
    ),
    ("@queue  «refill: all\n@cpu", "warning", "no field `refill`"),
    (
        "@queue  queueingStrategy: «StrictFifo\n@cpu",
        "error",
        "`StrictFifo` is not possible",
    ),
    (
        "@queue  flavorFungibility: {whenCanBorrow: «Borrow}\n@cpu",
        "error",
        "`Borrow` is not possible",
    ),
    (
        "@queue  stopPolicy: «[Hold]\n@cpu",
        "error",
        "`stopPolicy` must be a string, not a list",
    ),
    (
        "@queue  preemption: {reclaimWithinCohort: «LowerOrNewerEqualPriority}\n@cpu",
        "error",
        "not possible",
    ),
    (
        "@queue  preemption: {borrowWithinCohort: {policy: «LowerPriority}}\n@cpu",
        "error",
        "cannot preempt to borrow",
    ),
    (
        "@queue  flavorFungibility: {preference: «PreemptionOverBorrowing}\n@cpu",
        "error",
        "a preference",
    ),
    (
        "@queue  fairSharing: {weight: «-1}\n@cpu",
        "error",
        "a weight cannot be",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: queue}\nspec:\n  namespaceSelector: {matchExpressions: [{key: a, operator: «Matches, values: [b]}]}\n@cpu",
        "error",
        "`Matches` is not possible",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: queue}\nspec:\n  namespaceSelector: {matchLabels: {«a b: c}}\n@cpu",
        "error",
        "no label or resource name",
    ),
    // Quotas.
    (
        "@queue  resourceGroups:\n  - coveredResources: [memory]\n    flavors:\n    - name: plain\n      resources: [{name: memory, nominalQuota: «36GiB}]\n",
        "error",
        "`36GiB` is no quantity",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: «-1}]\n",
        "error",
        "negative",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [«{name: cpu}]\n",
        "error",
        "`nominalQuota` is missing",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: «[{name: memory, nominalQuota: 1}]\n",
        "error",
        "`memory` is not in `coveredResources`",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu, memory]\n    flavors:\n    - name: plain\n      resources: «[{name: cpu, nominalQuota: 1}]\n",
        "error",
        "no quota for `memory`",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu, pods]\n    flavors:\n    - name: plain\n      resources: «[{name: pods, nominalQuota: 1}, {name: cpu, nominalQuota: 1}]\n",
        "error",
        "another order",
    ),
    (
        "@queue@cpu  - coveredResources: [«cpu]\n",
        "error",
        "`cpu` is covered twice",
    ),
    (
        "@queue@cpu  - coveredResources: [memory]\n    flavors:\n    - name: «plain\n      resources: [{name: memory, nominalQuota: 1}]\n",
        "error",
        "quotas twice",
    ),
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: 8, borrowingLimit: «4}]\n",
        "error",
        "`borrowingLimit` without `cohortName`",
    ),
    (
        "@queue  cohortName: all\n  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: 8, lendingLimit: «9}]\n",
        "error",
        "cannot lend 9",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: top}\nspec:\n  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: 8, lendingLimit: «9}]\n",
        "error",
        "`lendingLimit` without `parentName`",
    ),
    (
        "@queue  admissionChecksStrategy: {admissionChecks: [{name: a, onFlavors: [«other]}]}\n@cpu",
        "error",
        "no flavor `other`",
    ),
    // Flavors and topologies.
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\nspec: {topologyName: «racks}\n",
        "error",
        "needs `nodeLabels`",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\nspec: {nodeTaints: [{key: a, effect: «NoRun}]}\n",
        "error",
        "`NoRun` is not possible",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\nspec: {nodeLabels: {zone: «-a}}\n",
        "error",
        "no label value",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\nspec: {tolerations: [{key: a, operator: Exists, value: «b}]}\n",
        "error",
        "there is no value",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: plain}\nspec: {tolerations: [«{value: b}]}\n",
        "error",
        "without a key",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Topology\nmetadata: {name: t}\nspec: {levels: [{nodeLabel: «kubernetes.io/hostname}, {nodeLabel: rack}]}\n",
        "error",
        "narrower than a host",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Topology\nmetadata: {name: t}\nspec: {levels: [{nodeLabel: rack}, {nodeLabel: «rack}]}\n",
        "error",
        "a level already",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Topology\nmetadata: {name: t}\nspec: {levels: «[]}\n",
        "error",
        "1 to 16 levels",
    ),
    // Workloads and jobs.
    ("@workload  podSets: «[]\n", "error", "1 to 18 pod sets"),
    (
        "@workload  podSets:\n  - count: «two\n",
        "error",
        "must be a whole number",
    ),
    (
        "@workload  podSets:\n  - {count: 2, minCount: «3}\n",
        "error",
        "`minCount` must be",
    ),
    (
        "@workload  podSets:\n  - count: 1\n    template: {spec: {containers: [{resources: {requests: {cpu: «-1}}}]}}\n",
        "error",
        "less than no cpu",
    ),
    (
        "@workload  podSets:\n  - count: 1\n    topologyRequest: «{required: a, preferred: b}\n",
        "error",
        "one of required",
    ),
    (
        "@workload  podSets:\n  - count: 1\n    topologyRequest: {podSetSliceRequiredTopology: «a}\n",
        "error",
        "slices need a size",
    ),
    (
        "@workload  priorityClassRef: «{name: a}\n@pods",
        "error",
        "has a `priority`",
    ),
    (
        "@workload@podsstatus: {conditions: [{type: Admitted, lastTransitionTime: «now}]}\n",
        "error",
        "no time",
    ),
    (
        "@workload@podsstatus: {admission: {clusterQueue: queue, podSetAssignments: [{name: «other}]}}\n",
        "error",
        "no pod set `other`",
    ),
    (
        "@workload@podsstatus:\n  admission:\n    podSetAssignments:\n    - topologyAssignment: {levels: [a], slices: [{domainCount: 2, valuesPerLevel: [{individual: {roots: «[x]}}], podCounts: {universal: 1}}]}\n",
        "error",
        "2 domains in this slice",
    ),
    (
        "@workload  podSets:\n  - count: 1\n    template: {spec: {resourceClaims: «[{name: g, resourceClaimTemplateName: gpu}]}}\n",
        "error",
        "there is no ResourceClaimTemplate `gpu` in namespace default",
    ),
    (
        "@jobspec: {parallelism: «-1}\n",
        "error",
        "cannot be negative",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: job\n  labels: {kueue.x-k8s.io/queue-name: door}\n  annotations: {kueue.x-k8s.io/job-min-parallelism: «\"4\"}\nspec: {parallelism: 4}\n",
        "error",
        "no number between",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: job\n  labels: {kueue.x-k8s.io/queue-name: door, kueue.x-k8s.io/priority-class: «gold}\n",
        "error",
        "no priority class `gold`",
    ),
    (
        "@jobspec:\n  template:\n    metadata: {annotations: {kueue.x-k8s.io/podset-slice-required-topology-constraints: «\"[{]\"}}\n",
        "error",
        "no valid JSON",
    ),
    // Kueue's configuration.
    (
        "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nfairSharing: {preemptionStrategies: «[LessThanInitialShare, LessThanOrEqualToFinalShare]}\n",
        "error",
        "do not go together",
    ),
    (
        "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nwaitForPodsReady: {timeout: «5 minutes}\n",
        "error",
        "no length of time",
    ),
    (
        "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nfeatureGates: «{NoSuchGate: true}\n",
        "warning",
        "changes no decision",
    ),
    (
        "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nresources: {quotaCheckStrategy: IgnoreUndeclared, excludeResourcePrefixes: «[a]}\n",
        "error",
        "ignored already",
    ),
    // What the API server takes, and Kueue answers with a reason.
    (
        "@queue  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: «plane\n      resources: [{name: cpu, nominalQuota: 1}]\n---\n@flavor",
        "inactive-queue",
        "(FlavorNotFound)",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: queue, deletionTimestamp: «2026-01-01T00:00:00Z}\n",
        "inactive-queue",
        "(Terminating)",
    ),
    (
        "@flavor@queue  stopPolicy: «Hold\n@cpu",
        "inactive-queue",
        "(Stopped)",
    ),
    (
        "@flavor@queue  admissionChecksStrategy: «{admissionChecks: [{name: a}]}\n@cpu",
        "inactive-queue",
        "(AdmissionCheckNotFound)",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: a}\nspec: {parentName: «b}\n---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: b}\nspec: {parentName: a}\n",
        "cohort-cycle",
        "go in a circle",
    ),
    (
        "@flavor@local@queue@cpu---\n@workload@pods---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Workload\nmetadata: {name: lost}\nspec:\n  queueName: «dor\n@pods",
        "blocked-workload",
        "(Misconfigured)",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: door}\nspec: {clusterQueue: «gone}\n",
        "local-queue-to-nowhere",
        "(ClusterQueueDoesNotExist)",
    ),
    (
        "@flavor@queue@cpu---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: door}\nspec: {clusterQueue: queue, stopPolicy: «Hold}\n",
        "local-queue-to-nowhere",
        "(Stopped)",
    ),
    (
        "@flavorapiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: queue}\nspec:\n@cpu---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {name: door}\nspec: {clusterQueue: «queue}\n",
        "namespace-turned-away",
        "does not serve namespace `default`",
    ),
    (
        "@flavor@local@queue@cpu---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Workload\nmetadata: {name: big}\nspec:\n  queueName: door\n  podSets:\n  - «{count: 9, template: {spec: {containers: [{resources: {requests: {cpu: 1}}}]}}}\n",
        "never-admitted",
        "9 of cpu are more",
    ),
    (
        "@flavor@local@queue@cpu---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Workload\nmetadata: {name: gpu}\nspec:\n  queueName: door\n  podSets:\n  - «{count: 1, template: {spec: {containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]}}}\n",
        "never-admitted",
        "no quota of nvidia.com/gpu",
    ),
    (
        "@flavor@queue  cohortName: «all\n@cpu",
        "never-borrows",
        "can never borrow",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: all}\nspec:\n  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: «8}]\n",
        "unreachable-quota",
        "no ClusterQueue can use the cpu",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: all}\nspec:\n  parentName: top\n  resourceGroups:\n  - coveredResources: [cpu]\n    flavors:\n    - name: plain\n      resources: [{name: cpu, nominalQuota: 8, lendingLimit: «9}]\n",
        "lending-limit-without-effect",
        "no more than this",
    ),
    (
        "apiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: «plain}\n",
        "unusable-flavor",
        "no ClusterQueue has quota",
    ),
    (
        "@flavor@queue  preemption: {reclaimWithinCohort: «Any}\n@cpu",
        "preemption-without-effect",
        "no cohort",
    ),
    (
        "@flavor@queue  fairSharing: {weight: «2}\n@cpu",
        "weight-without-effect",
        "counts for nothing",
    ),
    (
        "@flavor@queue  admissionScope: {admissionMode: «UsageBasedAdmissionFairSharing}\n@cpu",
        "admission-fair-sharing",
        "nobody records",
    ),
    (
        "@flavorapiVersion: kueue.x-k8s.io/v1beta2\nkind: ClusterQueue\nmetadata: {name: «queue}\nspec:\n@cpu",
        "queue-without-door",
        "no LocalQueue leads",
    ),
];

#[test]
fn everything_wrong_is_said_where_it_stands() {
    assert!(BAD.len() >= 40);
    each_is_said_where_it_stands(BAD, PARTS, |text| {
        let manifests = Manifests::parse([("bad.yaml", text)]);
        let mut all = said(manifests.problems());
        let findings = lint(&manifests);
        all.extend(findings.into_iter().map(|one| (one.rule, one.diagnostic)));
        all
    });
}

#[test]
fn one_wrong_object_does_not_hide_the_next() {
    let text = "apiVersion: kueue.x-k8s.io/v1beta2
kind: List
items:
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: Cohort, metadata: {name: a}, spec: {parentName: 1}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: Cohort, metadata: {name: b}, spec: {parentName: [2]}}
- {apiVersion: kueue.x-k8s.io/v1beta2, kind: Cohort, metadata: {name: c}}
";
    let manifests = Manifests::parse([("list.yaml", text), ("broken.yaml", "{")]);
    let lines: Vec<_> = manifests
        .problems()
        .iter()
        .map(|one| one.diagnostic.line)
        .collect();
    assert_eq!(lines.len(), 3, "{:?}", manifests.problems());
    assert_eq!(lines[1..], [4, 5]);
    assert_eq!(manifests.objects().cohorts[0].name, "c");
}

#[test]
fn a_place_without_manifests_is_an_error() {
    let missing = Manifests::read(std::path::Path::new("no/such/folder")).unwrap_err();
    assert!(missing.message.starts_with("cannot read the manifests"));
    let scratch = crate::common::Scratch::new("kueue-empty");
    scratch.write("notes.txt", b"nothing");
    let empty = Manifests::read(&scratch.0).unwrap_err();
    assert_eq!(empty.message, "there are no manifests here");
    scratch.write("latin1.yaml", b"a: \xff");
    let bytes = Manifests::read(&scratch.0).unwrap();
    assert!(bytes.problems()[0].diagnostic.message.contains("UTF-8"));
}
