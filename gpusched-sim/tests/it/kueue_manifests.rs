//! The forms in which the same objects come: either API version, compressed or plain, one by one
//! or in lists, as YAML or JSON, from jobs or as Workloads.

use gpusched_core::queueing::kueue::objects::{
    FungibilityPolicy, SliceLayer, TopologyDomain, TopologyMode, Workload,
};
use gpusched_core::queueing::kueue::{Amount, Gates, Objects};
use gpusched_core::units::Time;
use gpusched_sim::manifest::{Manifests, configuration, objects_from_json};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(text: &str) -> Manifests {
    let manifests = Manifests::parse([("m.yaml", text)]);
    assert_eq!(manifests.problems(), [], "{text}");
    manifests
}

fn objects(text: &str) -> Objects {
    read(text).objects().clone()
}

#[test]
fn old_and_new_names_mean_the_same() {
    let queue = |version: &str, spec: &str| {
        objects(&format!(
            "apiVersion: kueue.x-k8s.io/{version}
kind: ClusterQueue
metadata: {{name: a}}
spec:
{spec}"
        ))
    };
    let old = queue(
        "v1beta1",
        "  cohort: all
  flavorFungibility: {whenCanBorrow: Borrow, whenCanPreempt: Preempt}
  admissionChecks: [one, two]
",
    );
    let new = queue(
        "v1beta2",
        "  cohortName: all
  flavorFungibility: {whenCanBorrow: MayStopSearch, whenCanPreempt: MayStopSearch}
  admissionChecksStrategy: {admissionChecks: [{name: one}, {name: two}]}
",
    );
    assert_eq!(old, new);
    let read = &new.cluster_queues[0];
    assert_eq!(
        read.fungibility.when_can_preempt,
        FungibilityPolicy::MayStopSearch
    );
    assert_eq!(read.checks.len(), 2);

    let cohort = |version: &str, parent: &str| {
        objects(&format!(
            "apiVersion: kueue.x-k8s.io/{version}\nkind: Cohort\nmetadata: {{name: a}}\nspec: {{{parent}: b}}\n"
        ))
    };
    let parents = [
        ("v1alpha1", "parent"),
        ("v1beta1", "parentName"),
        ("v1beta2", "parentName"),
    ];
    for (version, name) in parents {
        assert_eq!(
            cohort(version, name).cohorts[0].parent.as_deref(),
            Some("b")
        );
    }

    let workload = |version: &str, class: &str| {
        objects(&format!(
            "apiVersion: kueue.x-k8s.io/{version}\nkind: Workload\nmetadata: {{name: a}}\nspec:\n  priority: 5\n  podSets: [{{count: 1}}]\n{class}"
        ))
    };
    assert_eq!(
        workload(
            "v1beta1",
            "  priorityClassName: gold\n  priorityClassSource: kueue.x-k8s.io/workloadpriorityclass\nstatus: {accumulatedPastExexcutionTimeSeconds: 7}\n",
        ),
        workload(
            "v1beta2",
            "  priorityClassRef: {group: kueue.x-k8s.io, kind: WorkloadPriorityClass, name: gold}\nstatus: {accumulatedPastExecutionTimeSeconds: 7}\n",
        )
    );
}

#[test]
fn what_is_missing_is_what_the_api_server_fills_in() {
    let all = objects(
        "apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: a}
spec: {}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: w}
spec: {podSets: [{template: {spec: {containers: [{resources: {limits: {cpu: 1}}}]}}}]}
---
apiVersion: v1
kind: Node
metadata: {name: node}
status: {capacity: {cpu: 2, memory: 1Gi}}
",
    );
    let queue = &all.cluster_queues[0];
    assert_eq!(queue.namespace_selector, None);
    assert_eq!(queue.weight(), 1.0);
    assert_eq!(
        queue.fungibility.when_can_borrow,
        FungibilityPolicy::MayStopSearch
    );
    assert_eq!(
        queue.fungibility.when_can_preempt,
        FungibilityPolicy::TryNextFlavor
    );
    let workload = &all.workloads[0];
    assert_eq!(
        (workload.namespace.as_str(), workload.created),
        ("default", Time::ZERO)
    );
    assert_eq!(
        (
            workload.pod_sets[0].name.as_str(),
            workload.pod_sets[0].count
        ),
        ("main", 1)
    );
    assert_eq!(
        workload.pod_sets[0].template.containers[0].requests["cpu"],
        1000
    );
    assert_eq!(all.nodes[0].allocatable["memory"], 1 << 30);
    assert_eq!(
        all.namespaces[0].labels["kubernetes.io/metadata.name"],
        "default"
    );
}

#[test]
fn words_that_yaml_takes_for_truth_are_no_names() {
    // As kubectl's YAML does: `n`, `no` and `off` are false, `0755` is octal.
    let manifests = Manifests::parse([(
        "m",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: off}\n",
    )]);
    let problem = &manifests.problems()[0].diagnostic;
    assert_eq!(
        problem.message,
        "`name` must be a string, not true or false"
    );
    assert_eq!(problem.help.as_deref(), Some("put the value into quotes"));
}

#[test]
fn quotas_are_exact_and_too_large_ones_are_no_bound() {
    let all = objects(
        "apiVersion: kueue.x-k8s.io/v1beta2
kind: Cohort
metadata: {name: a}
spec:
  resourceGroups:
  - coveredResources: [cpu, memory, example.com/gpu]
    flavors:
    - name: f
      resources:
      - {name: cpu, nominalQuota: 0.5}
      - {name: memory, nominalQuota: \"1.5Gi\"}
      - {name: example.com/gpu, nominalQuota: 1e3}
    - name: g
      resources:
      - {name: cpu, nominalQuota: 10P}
      - {name: memory, nominalQuota: 9223372036854775807}
      - {name: example.com/gpu, nominalQuota: 12E}
",
    );
    let amounts: Vec<Amount> = all.cohorts[0].resource_groups[0]
        .flavors
        .iter()
        .flat_map(|flavor| &flavor.resources)
        .map(|quota| quota.nominal)
        .collect();
    let bounded = [500, 3 << 29, 1000].map(Amount);
    assert_eq!(amounts, [bounded, [Amount::UNLIMITED; 3]].concat());
}

#[test]
fn lists_documents_and_json_are_read_alike() {
    let one = "apiVersion: kueue.x-k8s.io/v1beta2\nkind: Cohort\nmetadata: {name: a}\n";
    let two = one.replace("name: a", "name: b");
    let documents = objects(&format!("# both\n---\n{one}---\n---\n{two}"));
    let indented = |text: &str| text.trim_end().replace('\n', "\n  ");
    let list = objects(&format!(
        "kind: List\nitems:\n- {}\n- {}\napiVersion: v1\nmetadata: {{resourceVersion: \"\"}}\n",
        indented(one),
        indented(&two)
    ));
    let typed = objects(&format!(
        "kind: CohortList\nitems:\n- {}\n- {}\napiVersion: kueue.x-k8s.io/v1beta2\n",
        indented(one),
        indented(&two)
    ));
    let items = ["a", "b"].map(|name| {
        json!({
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "Cohort",
            "metadata": {"name": name, "creationTimestamp": null},
        })
    });
    let json = json!({"apiVersion": "v1", "kind": "List", "items": items});
    assert_eq!(documents.cohorts.len(), 2);
    for other in [
        list,
        typed,
        objects(&json.to_string()),
        objects(&format!("{json:#}")),
    ] {
        assert_eq!(other, documents);
    }
}

/// Compresses as Kueue may: values with a common beginning and end, or one for all.
fn compressed(values: &[String], counts: &[i32], prefix: &str, suffix: &str) -> Value {
    let same = |all: &[i32]| all.iter().all(|one| *one == all[0]);
    let roots: Vec<&str> = values
        .iter()
        .map(|value| {
            value
                .strip_prefix(prefix)
                .unwrap()
                .strip_suffix(suffix)
                .unwrap()
        })
        .collect();
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "domainCount": values.len(),
        "valuesPerLevel": [
            {"universal": "row"},
            {"individual": {"prefix": part(prefix), "suffix": part(suffix), "roots": roots}},
        ],
        "podCounts": match same(counts) {
            true => json!({"universal": counts[0]}),
            false => json!({"individual": counts}),
        },
    })
}

fn assigned(version: &str, assignment: Value) -> Workload {
    let workload = json!({
        "apiVersion": format!("kueue.x-k8s.io/{version}"),
        "kind": "Workload",
        "spec": {"podSets": [{"name": "main", "count": 3}]},
        "status": {"admission": {"clusterQueue": "q", "podSetAssignments": [
            {"name": "main", "topologyAssignment": assignment},
        ]}},
    });
    objects_from_json([&workload]).unwrap().workloads.remove(0)
}

proptest! {
    #[test]
    fn compressed_assignments_mean_the_plain_ones(
        slices in proptest::collection::vec(
            (proptest::collection::vec(("[a-c]{1,3}", 1i32..4), 1..5), "[x-z]{0,2}", "[x-z]{0,2}"),
            1..4,
        ),
    ) {
        let mut plain = Vec::new();
        let mut parts = Vec::new();
        for (domains, prefix, suffix) in &slices {
            let values: Vec<String> =
                domains.iter().map(|(root, _)| format!("{prefix}{root}{suffix}")).collect();
            let counts: Vec<i32> = domains.iter().map(|(_, count)| *count).collect();
            parts.push(compressed(&values, &counts, prefix, suffix));
            plain.extend(values.into_iter().zip(counts).map(|(value, count)| TopologyDomain {
                values: vec!["row".into(), value],
                count,
            }));
        }
        let levels = ["rows", "hosts"];
        let new = assigned("v1beta2", json!({"levels": levels, "slices": parts}));
        let domains: Vec<Value> = plain
            .iter()
            .map(|domain| json!({"values": domain.values, "count": domain.count}))
            .collect();
        let old = assigned("v1beta1", json!({"levels": levels, "domains": domains}));
        prop_assert_eq!(&new, &old);
        let admission = new.admission.unwrap();
        prop_assert_eq!(admission.pod_sets[0].count, 3);
        prop_assert_eq!(&admission.pod_sets[0].topology.as_ref().unwrap().domains, &plain);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*") {
        let manifests = Manifests::parse([("any", text)]);
        let _ = gpusched_sim::manifest::lint::lint(&manifests);
    }

    /// The examples, with words and lines exchanged: most are still YAML, and wrong deep inside.
    #[test]
    fn no_damaged_example_makes_the_reader_panic(
        which in any::<proptest::sample::Index>(),
        swaps in proptest::collection::vec(
            (any::<proptest::sample::Index>(), any::<proptest::sample::Index>()),
            1..8,
        ),
        by_line: bool,
    ) {
        let texts = examples();
        let text = which.get(&texts);
        let divider = if by_line { '\n' } else { ' ' };
        let mut parts: Vec<&str> = text.split(divider).collect();
        for (one, other) in swaps {
            let (one, other) = (one.index(parts.len()), other.index(parts.len()));
            parts.swap(one, other);
        }
        let manifests = Manifests::parse([("damaged", parts.join(&divider.to_string()))]);
        let findings = gpusched_sim::manifest::lint::lint(&manifests);
        let problems = manifests.problems().iter().map(|one| &one.diagnostic);
        for problem in problems.chain(findings.iter().map(|one| &one.diagnostic)) {
            prop_assert!(problem.render(false).contains(&problem.message));
        }
    }
}

/// All example manifests.
fn examples() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kueue");
    let mut texts = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            texts.push(std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    texts.sort();
    texts
}

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: train
  namespace: team
  uid: u1
  creationTimestamp: 2026-03-02T08:15:30Z
  labels: {kueue.x-k8s.io/queue-name: door}
  annotations: {kueue.x-k8s.io/job-min-parallelism: \"2\"}
spec:
  parallelism: 6
  completions: 4
  template:
    metadata:
      annotations:
        kueue.x-k8s.io/podset-preferred-topology: rack
        kueue.x-k8s.io/podset-slice-required-topology-constraints: '[{\"topology\": \"host\", \"size\": 2}]'
    spec:
      containers: [{name: c, resources: {requests: {cpu: 250m}}}]
";

#[test]
fn jobs_become_the_workloads_kueue_makes_of_them() {
    let all = objects(JOB);
    let workload = &all.workloads[0];
    assert_eq!(
        (workload.namespace.as_str(), workload.queue.as_str()),
        ("team", "door")
    );
    assert_eq!(workload.owners, [("Job".to_owned(), "train".to_owned())]);
    assert_eq!(workload.created, Time::from_secs(1_772_439_330));
    assert_eq!(workload.priority, Some(0));
    let main = &workload.pod_sets[0];
    // Four completions need no six pods at once.
    assert_eq!(
        (main.name.as_str(), main.count, main.min_count),
        ("main", 4, Some(2))
    );
    let topology = main.topology.as_ref().unwrap();
    assert_eq!(topology.mode, TopologyMode::Preferred("rack".into()));
    let layer = SliceLayer {
        topology: "host".into(),
        size: 2,
    };
    assert_eq!(topology.slices, [layer]);

    // Without the label Kueue leaves a job alone; with its Workload there is nothing to make; what
    // has ended needs nothing.
    let label = "labels: {kueue.x-k8s.io/queue-name: door}";
    assert_eq!(objects(&JOB.replace(label, "labels: {}")).workloads, []);
    let own = "apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: job-train-1a2b3, namespace: team, ownerReferences: [{kind: Job, name: train}]}
spec: {podSets: [{count: 1}]}
";
    let both = objects(&format!("{JOB}---\n{own}"));
    assert_eq!(both.workloads.len(), 1);
    assert_eq!(both.workloads[0].name, "job-train-1a2b3");
    let ended = format!("{JOB}status: {{conditions: [{{type: Complete, status: \"True\"}}]}}\n");
    assert_eq!(objects(&ended).workloads, []);
}

#[test]
fn jobs_without_a_label_wait_in_the_queue_called_default() {
    let unlabelled = JOB.replace("  labels: {kueue.x-k8s.io/queue-name: door}\n", "");
    let queue = |namespace: &str| {
        format!(
            "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\nmetadata: {{name: default, namespace: {namespace}}}\nspec: {{clusterQueue: q}}\n"
        )
    };
    let queues_of = |text: String| {
        let workloads = objects(&text).workloads;
        workloads
            .into_iter()
            .map(|one| one.queue)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        queues_of(format!("{unlabelled}{}", queue("team"))),
        ["default"]
    );
    assert_eq!(
        queues_of(format!("{unlabelled}{}", queue("other"))),
        [""; 0]
    );
    assert_eq!(queues_of(format!("{JOB}{}", queue("team"))), ["door"]);
    // Jobs of a JobSet are queued with it, those of a CronJob one by one.
    let part_of = |kind: &str| {
        unlabelled.replace(
            "  uid: u1\n",
            &format!("  uid: u1\n  ownerReferences: [{{kind: {kind}, name: a}}]\n"),
        )
    };
    let owned = |kind: &str| queues_of(format!("{}{}", part_of(kind), queue("team")));
    assert_eq!(owned("JobSet"), [""; 0]);
    assert_eq!(owned("CronJob"), ["default"]);
    let config = |rest: &str| {
        format!("---\napiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\n{rest}\n")
    };
    let none = config("managedJobsNamespaceSelector: {matchLabels: {batch: \"yes\"}}");
    assert_eq!(
        queues_of(format!("{unlabelled}{}{none}", queue("team"))),
        [""; 0]
    );
    let all = config("manageJobsWithoutQueueName: true");
    assert_eq!(queues_of(format!("{unlabelled}{all}")), [""]);
}

#[test]
fn the_configuration_of_an_installation_is_a_text_in_a_config_map() {
    let map = |inner: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: kueue-manager-config}}\ndata:\n  controller_manager_config.yaml: |\n    apiVersion: config.kueue.x-k8s.io/v1beta2\n    kind: Configuration\n    {inner}\n"
        )
    };
    let fair = "fairSharing: {preemptionStrategies: [LessThanInitialShare]}";
    assert!(read(&map(fair)).configuration().fair_sharing.is_some());
    let manifests = Manifests::parse([("live.yaml", map("waitForPodsReady: {timeout: 5}"))]);
    let problem = &manifests.problems()[0].diagnostic;
    assert_eq!(
        problem.file.as_deref(),
        Some("live.yaml (controller_manager_config.yaml)")
    );
    assert_eq!((problem.line, problem.column), (3, 29));
}

#[test]
fn past_use_of_local_queues_is_read_from_their_status() {
    let all = objects(
        "apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: door}
spec: {clusterQueue: q}
status:
  fairSharing:
    weightedShare: 0
    admissionFairSharingStatus:
      consumedResources: {cpu: 1500m, memory: 1Gi}
      lastUpdate: 1970-01-01T00:01:00Z
",
    );
    let queue = &all.local_queues[0];
    assert_eq!(
        (queue.consumed["cpu"], queue.consumed["memory"]),
        (1500, 1 << 30)
    );
    assert_eq!(queue.consumed_at, Some(Time::from_secs(60)));
}

#[test]
fn priorities_come_from_the_nearest_class() {
    let class = |kind: &str, group: &str, name: &str, value: i32, rest: &str| {
        format!(
            "---\napiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}}}\nvalue: {value}\n{rest}"
        )
    };
    let own = |name, value| {
        class(
            "WorkloadPriorityClass",
            "kueue.x-k8s.io/v1beta2",
            name,
            value,
            "",
        )
    };
    let pod = |name, value, rest| class("PriorityClass", "scheduling.k8s.io/v1", name, value, rest);
    let labelled = JOB.replace(
        "queue-name: door}",
        "queue-name: door, kueue.x-k8s.io/priority-class: gold}",
    );
    let podded = JOB.replace(
        "      containers",
        "      priorityClassName: tin\n      containers",
    );
    let classes = own("gold", 9) + &pod("tin", 3, "") + &pod("usual", 1, "globalDefault: true\n");
    let priority = |text: String| objects(&text).workloads[0].priority;
    assert_eq!(priority(format!("{labelled}{classes}")), Some(9));
    assert_eq!(priority(format!("{podded}{classes}")), Some(3));
    assert_eq!(priority(format!("{JOB}{classes}")), Some(1));
    // With its gate, a class of that name is before those of pods.
    let with_default = classes + &own("default", 5);
    assert_eq!(priority(format!("{podded}{with_default}")), Some(5));
    let off = "---\napiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nfeatureGates: {WorkloadPriorityClassDefaulting: false}\n";
    assert_eq!(priority(format!("{podded}{with_default}{off}")), Some(3));
}

#[test]
fn configurations_have_the_defaults_of_their_version() {
    let read = |value: Value| configuration(&value).unwrap();
    let new = "config.kueue.x-k8s.io/v1beta2";
    let old = "config.kueue.x-k8s.io/v1beta1";
    let ready = |value: Value| read(value).pods_ready;
    assert!(ready(json!({"apiVersion": new})).is_some());
    assert!(ready(json!({"apiVersion": old})).is_none());
    assert!(ready(json!({"apiVersion": old, "waitForPodsReady": {"timeout": "5m"}})).is_none());
    let given = json!({"enable": true, "timeout": "5m"});
    let on = ready(json!({"apiVersion": old, "waitForPodsReady": given})).unwrap();
    assert_eq!((on.block_admission, on.recovery_timeout), (true, None));
    let on = ready(json!({"apiVersion": new, "waitForPodsReady": {"timeout": "5m"}})).unwrap();
    assert_eq!(
        (on.block_admission, on.recovery_timeout),
        (false, Some(on.timeout))
    );
    let fair = |value: Value| read(value).fair_sharing.map(|fair| fair.strategies.len());
    assert_eq!(fair(json!({"apiVersion": new, "fairSharing": {}})), Some(2));
    assert_eq!(fair(json!({"apiVersion": new})), None);
    assert_eq!(fair(json!({"apiVersion": old, "fairSharing": {}})), None);
    assert_eq!(
        fair(json!({"apiVersion": old, "fairSharing": {"enable": true}})),
        Some(2)
    );
    let one = json!({"preemptionStrategies": ["LessThanInitialShare"]});
    assert_eq!(
        fair(json!({"apiVersion": new, "fairSharing": one})),
        Some(1)
    );
}

#[test]
fn without_a_configuration_kueue_is_freshly_installed() {
    let manifests = read("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
    assert!(manifests.configuration().pods_ready.is_some());
    assert_eq!(manifests.gates(), Gates::MAIN);
}

#[test]
fn what_stands_by_itself_says_where_it_is_wrong() {
    let value = json!({"kind": "ClusterQueue", "apiVersion": "kueue.x-k8s.io/v1beta2", "metadata": {"name": "a"},
        "spec": {"resourceGroups": [{"flavors": [{"name": "f", "resources": [{"name": "cpu", "nominalQuota": "x"}]}]}]}});
    let problem = objects_from_json([&value]).unwrap_err();
    assert_eq!(
        problem.message,
        "ClusterQueue a: spec.resourceGroups[0].flavors[0].resources[0].nominalQuota: `x` is no quantity"
    );
}
