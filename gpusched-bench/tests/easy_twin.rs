//! `easy` against its twin, which recomputes everything in every pass: what the policy remembers
//! between passes must change no decision.

use gpusched_bench::speed::bare_easy::{RigidJob, easy};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
use gpusched_sim::replay::{ReplayOptions, replay};
use proptest::prelude::*;

const POOL: u32 = 8;

/// The starts under the policy, on one node of `POOL` GPUs (whole-GPU pods) or on `POOL` nodes of
/// one GPU (gangs of single-GPU pods): both are a pool of identical processors.
fn starts(jobs: &[RigidJob], gangs: bool) -> Vec<i64> {
    let mut builder = WorkloadBuilder::numbered();
    for job in jobs {
        let (count, gpus) = if gangs {
            (job.procs, 1)
        } else {
            (1, job.procs)
        };
        let (submit, run) = (Time(job.submit), Span(job.run));
        let draft = JobDraft {
            count,
            estimate: Some(Span(job.estimate)),
            ..JobDraft::new("", submit, run, Shape::whole_gpus(gpus))
        };
        builder.push(&draft).unwrap();
    }
    let work = builder.finish().unwrap();
    let nodes = if gangs {
        (0..POOL)
            .map(|i| Node::with_gpus(format!("n{i}"), 1, "T4"))
            .collect()
    } else {
        vec![Node::with_gpus("n", POOL, "T4")]
    };
    let options = ReplayOptions {
        queueing: "easy".into(),
        ..ReplayOptions::default()
    };
    let records = replay(&work, &Inventory::new(nodes).unwrap(), &options)
        .unwrap()
        .records;
    (0..jobs.len())
        .map(|job| records.start(JobId(job as u32)).unwrap().0)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Few instants and sizes, so that ties and full machines are frequent.
    #[test]
    fn remembering_changes_no_decision(
        mut plain in prop::collection::vec((0i64..30, 1i64..12, 0i64..12, 1u32..=POOL), 1..40),
    ) {
        plain.sort_by_key(|job| job.0);
        let jobs: Vec<RigidJob> = plain
            .into_iter()
            .map(|(submit, run, over, procs)| RigidJob {
                submit,
                run,
                estimate: run + over,
                procs,
            })
            .collect();
        let expected = easy(&jobs, POOL);
        prop_assert_eq!(starts(&jobs, false), expected.clone());
        prop_assert_eq!(starts(&jobs, true), expected);
    }
}
