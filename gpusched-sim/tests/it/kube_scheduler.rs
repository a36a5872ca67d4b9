//! `placement: kube-scheduler` from the command line: releases, ties, and what means nothing
//! without it.

use crate::cli::Desk;

const CONFIG: &str = "apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
percentageOfNodesToScore: 50
";

/// Five jobs of a GPU on four equal nodes.
fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("kube-scheduler-{test}"));
    let mut jobs = "job_id,submit_s,run_s,gpu\n".to_owned();
    for number in 0..5 {
        jobs += &format!("j{number},0,1000,1\n");
    }
    desk.write("t/jobs.csv", &jobs);
    desk.write("scheduler.yaml", CONFIG);
    desk
}

#[test]
fn what_configures_kube_scheduler_needs_it_among_the_policies() {
    let desk = desk("refused");
    let trace = "--trace t/jobs.csv --cluster 4x8:T4";
    for (line, message) in [
        (
            "compare --placement first-fit,best-fit --scheduler-config scheduler.yaml",
            "`scheduler-config` means nothing with `placement: first-fit,best-fit`",
        ),
        (
            "compare --placement first-fit --scheduler-ties first",
            "`scheduler-ties` means nothing with `placement: first-fit`",
        ),
        (
            "run --placement best-fit --scheduler-config scheduler.yaml",
            "`scheduler-config` means nothing with `placement: best-fit`",
        ),
        (
            "run --placement kube-scheduler --scheduler-ties unifrom",
            "did you mean `uniform`?",
        ),
    ] {
        let ran = desk.line(&format!("{line} {trace}"));
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{line}: {}",
            ran.screen()
        );
        assert!(ran.err.contains(message), "{line}: {}", ran.err);
    }
    let line =
        "compare --placement first-fit,kube-scheduler-1.35 --scheduler-config scheduler.yaml";
    let ran = desk.line(&format!("{line} {trace}"));
    assert_eq!(ran.code, 0, "{}", ran.screen());
    assert!(ran.out.contains("fifo/kube-scheduler-1.35"), "{}", ran.out);
}

/// Nodes without CPU and memory are all as good. The heap of 1.36 takes its root, which is the
/// first; 1.35 draws, and so does 1.36 when told to.
#[test]
fn ties_end_as_the_release_says_or_as_told() {
    let desk = desk("ties");
    let nodes = |more: &str, out: &str| {
        let line = format!("run --trace t/jobs.csv --cluster 4x8:T4 {more} --out {out}");
        let ran = desk.line(&line);
        assert_eq!(ran.code, 0, "{}", ran.screen());
        let table = desk.path.join(out).join("jobs.csv");
        let mut rows = csv::Reader::from_path(table).expect("a table of jobs");
        let column = rows
            .headers()
            .expect("a header")
            .iter()
            .position(|name| name == "nodes");
        let column = column.expect("a column of nodes");
        // `node[devices]`
        let node = |row: csv::StringRecord| row[column].split('[').next().map(str::to_owned);
        let rows = rows.records().map(|row| node(row.expect("a row")));
        rows.collect::<Option<Vec<String>>>().expect("a node each")
    };
    let heap = nodes("--placement kube-scheduler", "heap");
    assert_eq!(
        nodes("--placement kube-scheduler --scheduler-ties first", "first"),
        heap
    );
    assert!(heap.iter().all(|node| *node == heap[0]), "{heap:?}");
    let drawn = nodes("--placement kube-scheduler-1.35 --seed 3", "old");
    assert_ne!(drawn, heap);
    let told = nodes(
        "--placement kube-scheduler --scheduler-ties uniform --seed 3",
        "told",
    );
    assert_eq!(told, drawn);
}
