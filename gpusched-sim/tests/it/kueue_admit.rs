//! What `gpusched kueue admit` says: about the examples, about dumps, and about bad questions.

use crate::cli::Desk;
use std::path::Path;

/// Two teams in a cohort, one of which borrows, with two flavors of which the first is tainted.
const STATE: &str = r#"
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: spot}
spec:
  nodeLabels: {capacity: spot}
  nodeTaints: [{key: capacity, value: spot, effect: NoSchedule}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: owned}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: strict}
spec:
  cohortName: all
  queueingStrategy: StrictFIFO
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: lab}}
  resourceGroups:
  - coveredResources: [cpu, gpu]
    flavors:
    - name: spot
      resources: [{name: cpu, nominalQuota: 16}, {name: gpu, nominalQuota: 8}]
    - name: owned
      resources: [{name: cpu, nominalQuota: 16}, {name: gpu, nominalQuota: 4}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: rich}
spec:
  cohortName: all
  namespaceSelector: {}
  preemption: {withinClusterQueue: LowerPriority, reclaimWithinCohort: Any}
  resourceGroups:
  - coveredResources: [cpu, gpu]
    flavors:
    - name: owned
      resources: [{name: cpu, nominalQuota: 8}, {name: gpu, nominalQuota: 4}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: held}
spec:
  stopPolicy: Hold
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu]
    flavors:
    - {name: owned, resources: [{name: cpu, nominalQuota: 8}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: strict, namespace: lab}
spec: {clusterQueue: strict}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: strict, namespace: office}
spec: {clusterQueue: strict}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: rich, namespace: lab}
spec: {clusterQueue: rich}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: held, namespace: lab}
spec: {clusterQueue: held}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: paused, namespace: lab}
spec: {clusterQueue: rich, stopPolicy: Hold}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: astray, namespace: lab}
spec: {clusterQueue: gone}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: runs, namespace: lab, uid: u1, creationTimestamp: "2026-03-02T08:00:00Z"}
spec:
  queueName: strict
  priority: 10
  podSets:
  - count: 7
    name: main
    template: {spec: {containers: [{name: c, resources: {requests: {gpu: 1}}}]}}
status:
  admission:
    clusterQueue: strict
    podSetAssignments:
    - {name: main, count: 7, flavors: {gpu: owned}, resourceUsage: {gpu: "7"}}
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, lastTransitionTime: "2026-03-02T08:00:01Z"}
  - {type: Admitted, status: "True", reason: Admitted, lastTransitionTime: "2026-03-02T08:00:01Z"}
"#;

/// A second dump: somebody waits in front of the strict queue who asks for too much right now.
const AHEAD: &str = r#"
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: first, namespace: lab, uid: u2, creationTimestamp: "2026-03-02T08:01:00Z"}
spec:
  queueName: strict
  priority: 10
  podSets:
  - count: 2
    name: main
    template: {spec: {containers: [{name: c, resources: {requests: {gpu: 1}}}]}}
"#;

fn job(queue: &str, pods: u32, more: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata:
  name: ask
  namespace: lab
  labels: {{kueue.x-k8s.io/queue-name: {queue}}}
spec:
  parallelism: {pods}
  template:
    spec:
{more}      containers: [{{name: c, resources: {{requests: {{gpu: 1}}}}}}]
"
    )
}

fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("admit-{test}"));
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kueue");
    for folder in std::fs::read_dir(examples).unwrap() {
        let folder = folder.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let name = Path::new(&folder.file_name()).join(file.file_name());
            let text = std::fs::read_to_string(file.path()).unwrap();
            desk.write(&name.to_string_lossy(), &text);
        }
    }
    desk.write("state/state.yaml", STATE);
    desk.write("busy/state.yaml", STATE);
    desk.write("busy/workloads.yaml", AHEAD);
    for queue in ["strict", "rich", "held", "paused", "astray", "missing"] {
        desk.write(&format!("{queue}.yaml"), &job(queue, 2, ""));
    }
    desk.write("one.yaml", &job("strict", 1, ""));
    desk.write("large.yaml", &job("strict", 20, ""));
    desk.write(
        "tolerant.yaml",
        &job(
            "strict",
            2,
            "      tolerations: [{key: capacity, operator: Exists}]\n",
        ),
    );
    desk.write(
        "office.yaml",
        &job("strict", 1, "").replace("namespace: lab", "namespace: office"),
    );
    let owned = STATE.replace("name: runs,", "name: job-ask-1f2e3, ownerReferences: [{kind: Job, name: ask, controller: true, apiVersion: batch/v1, uid: x}],");
    desk.write("owned/state.yaml", &owned);
    desk
}

screens! {
    "kueue_admit_" on desk;
    help: "kueue admit --help";
    example_single_queue: "kueue admit --manifests single-queue -f single-queue/job.yaml";
    example_topology: "kueue admit --manifests topology -f topology/jobs.yaml";
    example_provisioning: "kueue admit --manifests provisioning -f provisioning/job.json";
    waiting_for_quota_or_a_toleration: "kueue admit --manifests state -f strict.yaml";
    tolerated_taint: "kueue admit --manifests state -f tolerant.yaml";
    more_than_there_could_be: "kueue admit --manifests state -f large.yaml";
    reclaiming_what_is_lent: "kueue admit --manifests state -f rich.yaml";
    blocked_by_a_strict_head: "kueue admit --manifests busy -f one.yaml";
    stopped_cluster_queue: "kueue admit --manifests state -f held.yaml";
    stopped_local_queue: "kueue admit --manifests state -f paused.yaml";
    local_queue_to_nowhere: "kueue admit --manifests state -f astray.yaml";
    no_local_queue: "kueue admit --manifests state -f missing.yaml";
    namespace_not_selected: "kueue admit --manifests state -f office.yaml";
    another_queue: "kueue admit --manifests state -f strict.yaml --at-queue lab/rich";
    the_one_that_runs: "kueue admit --manifests owned -f strict.yaml";
    as_json: "kueue admit --manifests busy -f strict.yaml --format json";
    preempting_as_json: "kueue admit --manifests state -f rich.yaml --format json";
}

/// A question that cannot be answered: the file, further arguments, and what is said.
const BAD: &[(&str, &str, &str)] = &[
    ("- a list\n", "", "without `kind`"),
    ("", "", "no Workload, Job or JobSet"),
    (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        "",
        "no Workload, Job or JobSet",
    ),
    ("kind: Job\n", "", "without `apiVersion`"),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a\n",
        "",
        "no valid YAML",
    ),
    (
        "apiVersion: batch/v1\nkind: Jb\nmetadata: {name: a}\n",
        "",
        "did you mean `Job`",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {}\n",
        "",
        "`name` is missing",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: A_b}\n",
        "",
        "cannot be the name",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, namespace: lab}\nspec: {template: {spec: {containers: [{name: c}]}}}\n",
        "",
        "names no queue",
    ),
    ("@\n---\n@", "", "one job is asked about at a time"),
    (
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: batch/v1, kind: Job, metadata: {name: a}}\n- {apiVersion: batch/v1, kind: Job, metadata: {name: b}}\n",
        "",
        "Job a, Job b",
    ),
    (
        "apiVersion: ray.io/v1\nkind: RayJob\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: rich}}\n",
        "",
        "Workloads are not made of kind RayJob",
    ),
    (
        "@\nstatus: {conditions: [{type: Complete, status: \"True\"}]}\n",
        "",
        "has ended",
    ),
    ("@", "--at-queue rich", "names no LocalQueue"),
    ("@", "--at-queue lab/", "names no LocalQueue"),
    ("@", "--at-queue lab/rich/more", "names no LocalQueue"),
    ("@", "--at-queue lab/reich", "did you mean `lab/rich`"),
    (
        "@",
        "--at-queue nowhere/rich",
        "no LocalQueue `nowhere/rich`",
    ),
    ("@", "--format csv", "invalid value"),
    ("@", "--manifests nowhere", "cannot be used multiple times"),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: rich, kueue.x-k8s.io/priority-class: vip}}\nspec: {template: {spec: {containers: [{name: c}]}}}\n",
        "",
        "no priority class `vip`",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: rich}}\nspec: {parallelism: -1, template: {spec: {containers: [{name: c}]}}}\n",
        "",
        "cannot be negative",
    ),
    (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, labels: {kueue.x-k8s.io/queue-name: rich}}\nspec: {template: {spec: {containers: [{name: c, resources: {requests: {gpu: many}}}]}}}\n",
        "",
        "no quantity",
    ),
];

#[test]
fn questions_that_cannot_be_answered() {
    let desk = desk("bad");
    let plain = job("rich", 1, "");
    for (at, (text, more, says)) in BAD.iter().enumerate() {
        let name = format!("bad-{at}.yaml");
        desk.write(&name, &text.replace('@', plain.trim_end()));
        let ran = desk.line(&format!("kueue admit --manifests state -f {name} {more}"));
        let said = ran.screen();
        assert_eq!(ran.code, 2, "{at}: {said}");
        assert!(ran.err.contains(says), "{at}: expected `{says}` in {said}");
        assert_eq!(ran.out, "", "{at}: {said}");
    }
    let ran = desk.line("kueue admit --manifests state -f nowhere.yaml");
    assert!(
        ran.err.contains("cannot read the job") && ran.code == 2,
        "{}",
        ran.screen()
    );
    let ran = desk.line("kueue admit --manifests nowhere -f rich.yaml");
    assert!(ran.err.contains("cannot read the manifests") && ran.code == 2);
}

/// Queues of fair sharing that loop: what reclaims has the greater share, so that its victim is
/// admitted again before it.
const LOOPS: &str = r#"
apiVersion: config.kueue.x-k8s.io/v1beta2
kind: Configuration
fairSharing: {preemptionStrategies: [LessThanOrEqualToFinalShare, LessThanInitialShare]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: owned}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: thin}
spec:
  cohortName: all
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any}
  resourceGroups:
  - coveredResources: [gpu, cpu]
    flavors:
    - {name: owned, resources: [{name: gpu, nominalQuota: 0}, {name: cpu, nominalQuota: 10}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: thick}
spec:
  cohortName: all
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any}
  resourceGroups:
  - coveredResources: [gpu, cpu]
    flavors:
    - {name: owned, resources: [{name: gpu, nominalQuota: 10}, {name: cpu, nominalQuota: 0}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: thin}
spec: {clusterQueue: thin}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: thick}
spec: {clusterQueue: thick}
"#;

#[test]
fn simulation_finds_queues_that_preempt_each_other_for_ever() {
    let desk = Desk::new("admit-loops");
    desk.write("loops/queues.yaml", LOOPS);
    let first = LOOPS.find("fairSharing").unwrap();
    let end = first + LOOPS[first..].find("---").unwrap();
    let calm = format!("{}{}", &LOOPS[..first], &LOOPS[end..]);
    desk.write("calm/queues.yaml", &calm);
    let ran = desk.line("kueue lint --strict --manifests loops");
    assert_eq!(ran.code, 0, "{}", ran.screen());
    let ran = desk.line("kueue lint --strict --simulate --manifests loops");
    insta::assert_snapshot!("kueue_lint_loops", ran.screen());
    let ran = desk.line("kueue lint --strict --simulate --manifests calm");
    assert_eq!(ran.code, 0, "{}", ran.screen());
}
