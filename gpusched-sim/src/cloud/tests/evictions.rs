//! What consolidation does to jobs that run, worked out by hand.
//!
//! Karpenter moves every pod that has no `karpenter.sh/do-not-disrupt` and that no
//! PodDisruptionBudget holds, however long it has run: what evicting one costs is 1, give or take
//! its deletion cost and priority, and what it would lose is not asked (reference: §2.7, §2.8).

use super::*;

/// Three GPUs for a while, and one for long, which share a node of four.
fn two() -> Workload {
    plain(&[(0, 1_000, 3, 1), (0, 10_000, 1, 1)])
}

fn attempts(result: &RunResult) -> Vec<(i64, i64)> {
    let secs = |at: Time| at.0 / MICROS;
    let all = result.records.attempts(JobId(1)).iter();
    all.map(|one| (secs(one.start), secs(one.end))).collect()
}

#[test]
fn a_job_is_moved_to_a_cheaper_node_whatever_it_has_done() {
    let result = run(&two(), cloud(""), "karpenter");
    // Both run from 181 s on the node of four; the first ends at 1,181 s. The round at 1,190 s finds
    // that one GPU would do, the command is validated 15 s later, and at 1,385 s the cheaper node is
    // ready. The pod has 30 s to end, and what it did since 181 s is lost.
    assert_eq!(attempts(&result), [(181, 1_415)]);
    assert_eq!(starts(&result, 2), [181, 1_415]);
    assert_eq!(
        result.records.end_of(JobId(1)),
        Some(Time::from_secs(11_415))
    );
    // 14.4 USD/h from 1 s to 1,415 s, and 3.6 USD/h from 1,205 s on: less than to let it be.
    let bill = 14.4 * 1_414.0 / 3_600.0 + 3.6 * 10_210.0 / 3_600.0;
    assert!((usd(&result) - bill).abs() < 1e-6, "{}", usd(&result));
}

#[test]
fn a_job_that_must_not_be_disrupted_keeps_its_node() {
    let result = run(&two(), cloud("do-not-disrupt: all"), "karpenter");
    assert_eq!(attempts(&result), []);
    assert_eq!(
        result.records.end_of(JobId(1)),
        Some(Time::from_secs(10_181))
    );
    let bill = 14.4 * 10_180.0 / 3_600.0;
    assert!((usd(&result) - bill).abs() < 1e-6, "{}", usd(&result));
}

#[test]
fn consolidation_waits_for_a_node_to_be_quiet_and_never_consolidates_where_it_is_off() {
    let pools = |after: &str| {
        cloud(&format!(
            "node-pools: [{{name: p, disruption: {{consolidate-after: {after}}}}}]"
        ))
    };
    // Quiet for ten minutes at 1,781 s: found at 1,790 s.
    let result = run(&two(), pools("600"), "karpenter");
    assert_eq!(attempts(&result), [(181, 2_015)]);
    let result = run(&two(), pools("Never"), "karpenter");
    assert_eq!(attempts(&result), []);
}
