//! What `gpusched kueue wait` prints: estimates, answers where there is nothing to estimate, and
//! bad questions.

use crate::cli::Desk;

const QUEUES: &str = "apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: t4}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: team}
spec:
  cohortName: all
  namespaceSelector: {}
  queueingStrategy: StrictFIFO
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: t4, resources: [{name: nvidia.com/gpu, nominalQuota: 8}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: held}
spec:
  stopPolicy: Hold
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: t4, resources: [{name: nvidia.com/gpu, nominalQuota: 8}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: door, namespace: lab}
spec: {clusterQueue: team}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: held, namespace: lab}
spec: {clusterQueue: held}
";

/// 8 GPUs in use since 08:00:01, and 4 wanted since 08:01.
const BUSY: &str = r#"apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: runs, namespace: lab, uid: u1, creationTimestamp: "2026-03-02T08:00:00Z"}
spec:
  queueName: door
  podSets:
  - {count: 8, name: main, template: {spec: {containers: [{name: c, resources: {requests: {nvidia.com/gpu: 1}}}]}}}
status:
  admission:
    clusterQueue: team
    podSetAssignments:
    - {name: main, count: 8, flavors: {nvidia.com/gpu: t4}, resourceUsage: {nvidia.com/gpu: "8"}}
  conditions:
  - {type: QuotaReserved, status: "True", reason: QuotaReserved, lastTransitionTime: "2026-03-02T08:00:01Z"}
  - {type: Admitted, status: "True", reason: Admitted, lastTransitionTime: "2026-03-02T08:00:01Z"}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata: {name: first, namespace: lab, uid: u2, creationTimestamp: "2026-03-02T08:01:00Z"}
spec:
  queueName: door
  podSets:
  - {count: 4, name: main, template: {spec: {containers: [{name: c, resources: {requests: {nvidia.com/gpu: 1}}}]}}}
"#;

/// A past of three weeks, which began on a Monday at midnight: every 5,000 s a job of 1 to 8 GPUs
/// that runs for 1,000 to 9,000 s, of great priority every ninth.
fn past() -> String {
    let mut text = "job_id,submit_s,run_s,gpu,queue,priority\n".to_owned();
    for n in 0..362 {
        let (run, gpus) = (1000 * (1 + n * 7 % 9), 1 << (n % 4));
        let priority = if n % 9 == 0 { 100 } else { 0 };
        text += &format!("p{n},{},{run},{gpus},door,{priority}\n", n * 5000);
    }
    text
}

fn job(queue: &str, pods: u32) -> String {
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
      containers: [{{name: c, resources: {{requests: {{nvidia.com/gpu: 1}}}}}}]
"
    )
}

fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("wait-{test}"));
    desk.write("free/queues.yaml", QUEUES);
    desk.write("busy/queues.yaml", QUEUES);
    desk.write("busy/workloads.yaml", BUSY);
    let (runs, first) = BUSY.split_once("---\n").unwrap();
    desk.write("busy/one/runs.yaml", runs);
    desk.write("busy/one/first.yaml", first);
    desk.write("past/jobs.csv", &past());
    desk.write("past/meta.toml", "t0 = \"2026-02-02T00:00:00Z\"\n");
    desk.write("wall.csv", &past());
    // Every job runs for an hour, so that one that began at 08:00:01 ends at 09:00:01.
    let hours = "job_id,submit_s,run_s,gpu,queue\na,0,3600,8,door\nb,43200,3600,8,door\n";
    desk.write("hours.csv", hours);
    desk.write(
        "short.csv",
        "job_id,submit_s,run_s,gpu,queue\na,0,30,8,door\nb,9,30,8,door\n",
    );
    desk.write(
        "once.csv",
        "job_id,submit_s,run_s,gpu,queue\na,0,30,8,door\nb,0,30,8,door\n",
    );
    desk.write("empty.csv", "job_id,submit_s,run_s,gpu,queue\n");
    desk.write(
        "strange.csv",
        "job_id,submit_s,run_s,gpu,queue\na,0,30,8,window\n",
    );
    desk.write("map.csv", "queue,local_queue\nwindow,lab/door\n");
    for (name, queue, pods) in [("six", "door", 6), ("nine", "door", 9), ("held", "held", 1)] {
        desk.write(&format!("{name}.yaml"), &job(queue, pods));
    }
    desk.write(
        "two.yaml",
        &format!(
            "{}---\n{}",
            job("door", 1),
            job("door", 2).replace("name: ask", "name: too")
        ),
    );
    desk
}

screens! {
    "kueue_wait_" on desk;
    help: "kueue wait --help";
    estimate: "kueue wait --manifests busy -f six.yaml --trace past --samples 200 --seed 3";
    as_json: "kueue wait --manifests busy -f six.yaml --trace past --samples 200 --seed 3 --format json";
    as_csv: "kueue wait --manifests busy -f six.yaml --trace past --samples 6 --seed 3 --format csv";
    not_over: "kueue wait --manifests busy -f six.yaml --trace wall.csv --samples 100 --horizon 7200";
    at_once: "kueue wait --manifests free -f six.yaml --trace past --samples 30";
    control_plane: "kueue wait --manifests busy -f six.yaml --trace short.csv --window 0:86400 --samples 30 --fidelity control-plane";
    slow_pods: "kueue wait --manifests busy -f six.yaml --trace past --samples 30 --pods-ready-delay 60@3,600";
    too_large: "kueue wait --manifests busy -f nine.yaml --trace past";
    too_large_as_json: "kueue wait --manifests busy -f nine.yaml --trace past --format json";
    one_that_waits: "kueue wait --manifests busy -f busy/one/first.yaml --trace past --samples 30";
    one_that_runs: "kueue wait --manifests busy -f busy/one/runs.yaml --trace past --samples 30";
    stopped: "kueue wait --manifests free -f held.yaml --trace past --format csv";
}

/// Of the hour that jobs run 3,541 s are left at 08:01, and 4 GPUs for an hour are ahead of 6: that
/// makes 7,140 s from a second after 08:01. By 07:58:20 the next day nothing has changed, were it
/// so late: a job that has run for a day has outlived the trace.
#[test]
fn a_wait_that_is_certain() {
    let desk = desk("certain");
    let line =
        "kueue wait --manifests busy -f six.yaml --trace hours.csv --window 0:864000 --samples 9";
    let ran = desk.line(&format!("{line} --format csv"));
    let waits: Vec<&str> = ran
        .out
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap().1)
        .collect();
    assert_eq!(waits, ["7140"; 9], "{}", ran.screen());
    let later = desk.line(&format!("{line} --now 2026-03-03T08:00:00Z --format json"));
    assert!(later.out.contains("\"outlived\": 1"), "{}", later.screen());
    let soon = desk.line(&format!(
        "{line} --now 2026-03-02T08:31:00+00:00 --format csv"
    ));
    assert!(soon.out.contains(",5341\n"), "{}", soon.screen());
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let desk = desk("threads");
    let line = "kueue wait --manifests busy -f six.yaml --trace past --samples 50 --format json";
    let one = desk.line(&format!("{line} --threads 1"));
    assert_eq!(
        (one.code, &one.out),
        (0, &desk.line(&format!("{line} --threads 2")).out)
    );
    assert!(one.out.len() > 100);
    let other = desk.line(&format!("{line} --seed 1"));
    assert_ne!(one.out, other.out);
}

/// Jobs of a trace that is a list of Workloads name their queues in full.
#[test]
fn a_dump_is_its_own_past() {
    let desk = desk("own-past");
    let line =
        "kueue wait --manifests busy -f six.yaml --trace kueue:busy/workloads.yaml --samples 9";
    // The one that runs has been seen for 59 s, which are over.
    let ran = desk.line(&format!("{line} --window 0:86400"));
    assert!(
        ran.code == 0 && ran.out.contains("1 older than any job got"),
        "{}",
        ran.screen()
    );
    let mapped = "kueue wait --manifests busy -f six.yaml --trace strange.csv --window 0:864000 --queue-map map.csv";
    assert_eq!(desk.line(mapped).code, 0);
}

#[test]
fn questions_that_cannot_be_answered() {
    let desk = desk("bad");
    let table = [
        (
            "-f two.yaml --trace past",
            "two.yaml:",
            "one job is asked about at a time",
        ),
        (
            "-f six.yaml --trace empty.csv",
            "empty.csv:2",
            "at least one record",
        ),
        (
            "-f six.yaml --trace once.csv",
            "once.csv",
            "--window FROM:TO",
        ),
        (
            "-f six.yaml --trace strange.csv",
            "strange.csv:2",
            "--queue-map",
        ),
        (
            "-f six.yaml --trace nowhere.csv",
            "nowhere.csv",
            "no such file",
        ),
        (
            "-f six.yaml --trace past --window 5",
            "--window",
            "write FROM:TO",
        ),
        (
            "-f six.yaml --trace past --window 9:5",
            "--window",
            "ends before it begins",
        ),
        (
            "-f six.yaml --trace past --window a:5",
            "--window",
            "not a number",
        ),
        (
            "-f six.yaml --trace past --window 1:2",
            "past",
            "no jobs from 1 s to 2 s",
        ),
        (
            "-f six.yaml --trace past --samples 0",
            "--samples",
            "from 1 to 1000000",
        ),
        (
            "-f six.yaml --trace past --horizon 0",
            "--horizon",
            "more than 0",
        ),
        (
            "-f six.yaml --trace past --threads 0",
            "--threads",
            "from 1 to",
        ),
        (
            "-f six.yaml --trace past --now yesterday",
            "--now",
            "2026-03-02T08:00:00Z",
        ),
        (
            "-f six.yaml --trace past --now 2026-03-02T08:00:59Z",
            "--now",
            "speak of 2026-03-02T08:01:00Z",
        ),
        (
            "-f six.yaml --trace past --at-queue lab/dor",
            "`lab/dor`",
            "did you mean `lab/door`",
        ),
        (
            "-f six.yaml --trace past --pods-ready-delay soon",
            "--pods-ready-delay",
            "30@9,never",
        ),
        ("-f six.yaml", "--trace", "--help"),
    ];
    for (line, place, help) in table {
        let ran = desk.line(&format!("kueue wait --manifests busy {line}"));
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{line}: {}",
            ran.screen()
        );
        assert!(
            ran.err.contains(place) && ran.err.contains(help),
            "{line}: {}",
            ran.err
        );
    }
}
