//! `gpusched run --queueing kueue`, and lists of Workloads as traces.

use crate::cli::Desk;

const QUEUES: &str = "apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: t4}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: vision}
spec:
  cohortName: lab
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: t4, resources: [{name: nvidia.com/gpu, nominalQuota: 4}]}]
  preemption: {reclaimWithinCohort: Any}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: speech}
spec:
  cohortName: lab
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: t4, resources: [{name: nvidia.com/gpu, nominalQuota: 2}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: vision, namespace: lab}
spec: {clusterQueue: vision}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: speech, namespace: lab}
spec: {clusterQueue: speech}
";

const EXPORT: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
 "metadata": {"name": "done", "namespace": "lab", "creationTimestamp": "2026-03-02T08:00:00Z"},
 "spec": {"queueName": "vision", "priority": 7, "podSets": [
  {"name": "leader", "count": 1, "template": {"spec": {"containers": [{"name": "c",
   "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}]}}},
  {"name": "workers", "count": 3, "template": {"spec": {"containers": [{"name": "c",
   "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}}]},
 "status": {"conditions": [
  {"type": "Admitted", "status": "True", "reason": "Admitted", "lastTransitionTime": "2026-03-02T08:00:20Z"},
  {"type": "Evicted", "status": "False", "reason": "Preempted", "lastTransitionTime": "2026-03-02T08:00:20Z"},
  {"type": "Finished", "status": "True", "reason": "Succeeded", "lastTransitionTime": "2026-03-02T08:02:00Z"}]}},
{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
 "metadata": {"name": "running", "namespace": "lab", "creationTimestamp": "2026-03-02T08:01:00Z"},
 "spec": {"queueName": "speech", "podSets": [
  {"name": "main", "count": 2, "template": {"spec": {"containers": [{"name": "c",
   "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}}]},
 "status": {"conditions": [
  {"type": "Admitted", "status": "True", "reason": "Admitted", "lastTransitionTime": "2026-03-02T08:01:30Z"}]}},
{"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload",
 "metadata": {"name": "waiting", "namespace": "lab", "creationTimestamp": "2026-03-02T08:01:40Z"},
 "spec": {"queueName": "speech", "podSets": [
  {"name": "main", "count": 1, "template": {"spec": {"containers": [{"name": "c"}]}}}]}}
]}
"#;

fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("kueue-run-{test}"));
    desk.write("queues/all.yaml", QUEUES);
    desk.write("map.csv", "queue,local_queue\nvision,lab/speech\n");
    desk.write("bad-map.csv", "queue,local_queue\nvision,lab/vison\n");
    desk.write("no-map.csv", "from,to\n");
    desk.write("workloads.json", EXPORT);
    let elsewhere = "job_id,submit_s,run_s,gpu,queue\na,0,10,1,vision\nb,1,10,1,sound\n";
    desk.write("elsewhere.csv", elsewhere);
    desk
}

screens! {
    "" on desk;
    kueue_run_table: "run --queueing kueue --manifests queues --trace trace";
    kueue_run_json: "run --queueing kueue --manifests queues --trace trace --format json";
    kueue_run_csv: "run --queueing kueue --manifests queues --trace trace --format csv";
    kueue_run_mapped: "run --queueing kueue --manifests queues --queue-map map.csv --trace trace";
    kueue_run_control_plane: "run --queueing kueue --manifests queues --trace trace --fidelity control-plane";
    kueue_run_unmapped: "run --queueing kueue --manifests queues --trace elsewhere.csv";
    kueue_run_export: "run --queueing kueue --manifests queues --trace workloads.json";
}

#[test]
fn bad_input_says_where_and_how_to_mend_it() {
    let desk = desk("bad");
    let table = [
        ("run --queueing kueue", "--queueing", "--manifests DIR"),
        ("run --manifests queues", "--manifests", "--queueing kueue"),
        ("run --fidelity ideal", "--fidelity", "--queueing kueue"),
        (
            "run --queueing kueue --manifests queues --cluster 2x2",
            "--cluster",
            "leave it out",
        ),
        (
            "run --queueing kueue --manifests queues --placement fgd",
            "--placement",
            "leave it out",
        ),
        (
            "run --queueing kueue --manifests nowhere",
            "nowhere",
            "folder of YAML",
        ),
        (
            "run --queueing kueue --manifests queues --trace trace --queue-map bad-map.csv",
            "bad-map.csv:2:1",
            "lab/vision",
        ),
        (
            "run --queueing kueue --manifests queues --trace trace --queue-map no-map.csv",
            "no-map.csv:1:1",
            "queue,local_queue",
        ),
        (
            "run --queueing kueue --manifests queues --trace elsewhere.csv",
            "elsewhere.csv:3",
            "lab/speech, lab/vision",
        ),
    ];
    desk.write("cut.json", &EXPORT[..EXPORT.len() / 2]);
    desk.write("empty.yaml", "apiVersion: v1\nkind: List\nitems: []\n");
    desk.write("wrong.json", &EXPORT.replace("500m", "5x"));
    let traces = [
        ("trace info cut.json", "cut.json:", ""),
        (
            "trace info empty.yaml",
            "empty.yaml:1:1",
            "kubectl get workloads",
        ),
        ("trace info wrong.json", "wrong.json:6:", "5x"),
        (
            "run --trace kueue:queues/all.yaml --cluster 2x2",
            "all.yaml:1:1",
            "kubectl get",
        ),
    ];
    for (line, place, help) in table.into_iter().chain(traces) {
        let ran = desk.line(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}");
        assert!(
            ran.err.contains(place) && ran.err.contains(help),
            "{line}: {}",
            ran.err
        );
    }
}

#[test]
fn results_are_the_same_every_time_and_the_stored_scenario_gives_them_again() {
    let desk = desk("out");
    let line = "run --queueing kueue --manifests queues --trace trace --out one";
    assert_eq!(desk.line(line).code, 0);
    let again = "run one/scenario.yaml --out two";
    assert_eq!(desk.line(again).code, 0, "{}", desk.line(again).screen());
    for file in ["summary.json", "workloads.csv", "queues.csv"] {
        let read = |folder: &str| std::fs::read(desk.path.join(folder).join(file)).unwrap();
        assert!(read("one") == read("two"), "{file}");
        assert!(!read("one").is_empty());
    }
}

#[test]
fn a_list_of_workloads_is_a_trace() {
    use gpusched_core::units::{Span, Time};
    use gpusched_sim::trace::input::Source;
    use gpusched_sim::trace::row::Censored;
    use gpusched_sim::trace::{ReadOptions, read_jobs_from};
    let mut rows = Vec::new();
    let source = Source::from_bytes("export", EXPORT.as_bytes().to_vec());
    let report = read_jobs_from(source, None, &ReadOptions::default(), &mut |row| {
        rows.push(row);
        Ok(())
    });
    let report = report.unwrap();
    assert_eq!((report.format, rows.len()), ("kueue", 3));
    let dropped = [("not admitted: the run time is not known".to_owned(), 1)];
    assert_eq!(report.jobs_dropped, dropped);
    let (leader, workers, running) = (&rows[0], &rows[1], &rows[2]);
    assert_eq!(
        (leader.job_id.as_str(), leader.queue.as_str()),
        ("lab/done", "lab/vision")
    );
    assert_eq!(
        (leader.cpu_milli, leader.mem_mib, leader.gpu),
        (500, 1024, 0)
    );
    assert_eq!(
        (workers.task.as_str(), workers.count, workers.gpu),
        ("workers", 3, 1)
    );
    assert_eq!(
        (leader.submit, leader.run),
        (Time::ZERO, Span::from_secs(100))
    );
    assert_eq!(
        (leader.obs_start, leader.attempts),
        (Some(Time::from_secs(20)), Some(2))
    );
    assert_eq!((leader.priority, leader.censored), (7, Censored::None));
    // The latest time in the list is 08:02:00.
    assert_eq!(
        (running.submit, running.run),
        (Time::from_secs(60), Span::from_secs(30))
    );
    assert_eq!((running.censored, running.obs_end), (Censored::Right, None));
}
