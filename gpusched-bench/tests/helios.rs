//! FIFO with Helios consolidation on virtual clusters of the reduced Philly trace, against the
//! figures of the Helios simulator (per-second loop, S-Lab-System-Group/HeliosArtifact at
//! bdaae109) on the same jobs: mean JCT and mean queueing time to four decimals.

use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::WorkloadBuilder;
use gpusched_sim::replay::{ReplayOptions, replay};
use gpusched_sim::trace::build::push_row;
use gpusched_sim::trace::row::JobRow;
use gpusched_sim::trace::{ReadOptions, ZeroRun, read_jobs};
use std::io::Write as _;
use std::path::Path;

/// Virtual cluster, nodes of 8 GPUs, jobs, mean JCT and mean queueing time in seconds.
const EXPECTED: [(&str, usize, usize, f64, f64); 2] = [
    ("2869ce", 16, 315, 97_749.203_2, 11_343.368_3),
    ("103959", 8, 1_450, 24_783.516_6, 246.208_3),
];

/// All jobs of the trace from October 2017 on, within the span the study used.
fn october(trace: &str) -> Vec<JobRow> {
    let options = ReadOptions {
        // The simulator counts GPUs, whatever pods they are in.
        gpus_per_pod: 1,
        zero_run: ZeroRun::Keep,
        ..ReadOptions::default()
    };
    let mut rows = Vec::new();
    let report = read_jobs(trace, &options, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .expect("the trace is readable");
    let start = seconds_to_october(report.meta.t0.as_deref().expect("the trace has dates"));
    rows.retain(|row| row.submit >= start);
    let first = rows.iter().map(|row| row.submit).min().expect("jobs");
    rows.retain(|row| row.submit - first <= Span::from_secs(5_270_340));
    rows
}

/// From a wall-clock time in September 2017 to the first of October.
fn seconds_to_october(t0: &str) -> Time {
    let number = |from: usize| -> i64 { t0[from..from + 2].parse().expect("digits") };
    assert!(t0.starts_with("2017-09-"), "{t0}");
    let (day, hour, minute, second) = (number(8), number(11), number(14), number(17));
    let elapsed = (day - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
    Time::from_secs(30 * 86_400 - elapsed)
}

#[test]
fn fifo_consolidate_equals_the_helios_simulator() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/datasets/philly-2017/philly.csv");
    if !path.exists() {
        // Straight to standard error: what the test harness captures, nobody sees.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared not present");
        return;
    }
    let rows = october(&format!("philly:{}", path.display()));
    for (queue, nodes, jobs, jct, wait) in EXPECTED {
        let mut builder = WorkloadBuilder::new();
        for row in rows.iter().filter(|row| row.queue == queue) {
            push_row(&mut builder, row).expect("single pod sets");
        }
        let work = builder.finish().expect("single pod sets");
        assert_eq!(work.len(), jobs, "{queue}");
        let machines = (0..nodes).map(|i| Node::with_gpus(format!("n{i:02}"), 8, "V100M16"));
        let inventory = Inventory::new(machines.collect()).expect("names are unique");
        let options = ReplayOptions {
            placement: "consolidate".into(),
            ..ReplayOptions::default()
        };
        let result = replay(&work, &inventory, &options).expect("the policies exist");
        let job = |index: usize| JobId(index as u32);
        let mean = |value: &dyn Fn(JobId) -> i64| {
            let total: i64 = (0..jobs).map(|index| value(job(index))).sum();
            total as f64 / MICROS as f64 / jobs as f64
        };
        let submit = |id: JobId| work.job(id).submit;
        let start = |id: JobId| result.records.start(id).expect("it ran");
        let end = |id: JobId| result.records.end_of(id).expect("it ended");
        let got_jct = mean(&|id| (end(id) - submit(id)).0);
        let got_wait = mean(&|id| (start(id) - submit(id)).0);
        assert!(
            (got_jct - jct).abs() < 1e-4,
            "{queue}: mean JCT {got_jct}, expected {jct}"
        );
        assert!(
            (got_wait - wait).abs() < 1e-4,
            "{queue}: mean wait {got_wait}, expected {wait}"
        );
    }
}
