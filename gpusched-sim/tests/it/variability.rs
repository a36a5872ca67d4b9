//! GPUs of one model that are not equally fast: the column, the policy, the speed of jobs.

use crate::common::{Scratch, nodes};
use gpusched_core::ids::JobId;
use gpusched_sim::replay::replay;
use gpusched_sim::scenario::Scenario;
use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::{ReadOptions, read_nodes_from};

const NODES: &str = "node,gpu_model,gpu,variability\na,V100,2,1;1.5\nb,V100,2,1.2\nc,V100,1,\n";

/// Two jobs of two single-GPU pods for 100 s, and when they end.
fn ends(placement: &str) -> Vec<i64> {
    let desk = Scratch::new(&format!("variability-{placement}"));
    let jobs = "job_id,count,submit_s,run_s,gpu\none,2,0,100,1\ntwo,2,0,100,1\n";
    let (jobs, nodes) = (
        desk.write("jobs.csv", jobs.as_bytes()),
        desk.write("nodes.csv", NODES.as_bytes()),
    );
    let text = format!("trace: {jobs}\ncluster: {nodes}\nplacement: {placement}\n");
    let (scenario, origins) = Scenario::parse("s.yaml", &text).unwrap();
    let plan = scenario.plan(&origins).unwrap();
    let loaded = plan.load().unwrap();
    let result = replay(&loaded.work, &loaded.inventory, &plan.replay_options()).unwrap();
    assert_eq!(result.summary.performance, "variability");
    let end = |job| result.records.end_of(JobId(job)).unwrap().0 / 1_000_000;
    vec![end(0), end(1)]
}

#[test]
fn a_job_takes_as_long_as_on_the_slowest_gpu_it_has() {
    // The first two GPUs, 1 and 1.5; then both of b.
    assert_eq!(ends("first-fit"), [150, 120]);
}

#[test]
fn pal_weighs_slow_gpus_against_being_on_one_node() {
    // On b 1 × 1.2, on a 1 × 1.5, across nodes 1.5 × 1. Then on a, which ties with a and c.
    assert_eq!(ends("pal"), [120, 150]);
}

#[test]
fn a_number_for_all_gpus_or_one_for_each() {
    let (rows, _) = nodes(NODES);
    let slow: Vec<&[u32]> = rows.iter().map(|row| row.variability.as_slice()).collect();
    assert_eq!(slow, [&[1000, 1500][..], &[1200, 1200], &[]]);
    for (text, problem) in [
        ("1;1;1", "3 slowdowns for 2 GPUs"),
        ("fast", "\"fast\" does not say how slow the GPUs are"),
        ("0", "\"0\" does not say"),
        ("1;-1", "\"1;-1\" does not say"),
    ] {
        let text = format!("node,gpu_model,gpu,variability\na,V100,2,{text}\n");
        let source = Source::from_bytes("nodes.csv", text.into_bytes());
        let read = read_nodes_from(source, None, &ReadOptions::default(), &mut |_| Ok(()));
        let said = read.unwrap_err().render(false);
        assert!(
            said.contains(problem) && said.contains("nodes.csv:2:10"),
            "{said}"
        );
    }
}
