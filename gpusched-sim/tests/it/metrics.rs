//! The numbers of a run, computed by hand.

use crate::cases::{Run, job, keeping, run, t4_nodes};
use gpusched_core::cluster::Node;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Outcome, Owner};
use gpusched_sim::metrics::Summary;
use gpusched_sim::replay::{ReplayError, ReplayOptions, replay};
use gpusched_sim::report::{
    Layout, compare_table, summary_table, write_jobs_csv, write_series_csv, write_summary_csv,
    write_summary_json, write_waits_csv,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}");
}

/// One GPU until 15: a runs 0-10, b 10-15 (of 20), c waits, d comes at 20.
fn censored() -> Run {
    let options = ReplayOptions {
        horizon: Some(Time::from_secs(15)),
        sample_every: Some(Span::from_secs(5)),
        ..keeping("fifo")
    };
    let jobs = [
        job("a", 0, 10, 1),
        job("b", 1, 10, 1),
        job("c", 2, 10, 1),
        job("d", 20, 10, 1),
    ];
    run(&options, t4_nodes(1, 1), &jobs)
}

fn text(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_horizon_censors_and_drops_nothing() {
    let run = censored();
    let summary = &run.result.summary;
    let jobs = summary.jobs;
    assert_eq!((jobs.total, jobs.finished, jobs.running), (4, 1, 1));
    assert_eq!((jobs.waiting, jobs.not_arrived), (1, 1));
    assert_eq!(summary.censored(), 3);
    assert_eq!(summary.window.makespan_s, 15.0);
    assert_eq!(summary.window.last_finish_s, Some(10.0));
    // Waits of a and b, 0 and 9; c still waits after 13.
    assert_eq!(summary.wait_s.unwrap().mean, 4.5);
    assert_eq!(summary.still_waiting_s.unwrap().max, 13.0);
    assert_eq!(summary.jct_s.unwrap().jobs, 1);
    // The one GPU was held all the time.
    assert_eq!(summary.utilisation.window, Some(1.0));
    close(summary.gpu_hours, 15.0 / 3600.0);
    // b 1-10 and c 10-15 for capacity, c 2-10 behind b.
    let waited: Vec<_> = summary.waits.iter().map(|wait| wait.seconds).collect();
    assert_eq!(waited[..2], [8.0, 14.0]);
    close(summary.waits[1].share, 14.0 / 22.0);
}

#[test]
fn jobs_csv_accounts_for_every_second() {
    let run = censored();
    let csv = text(|out| write_jobs_csv(out, &run.work, &run.result, &run.inventory));
    let expected = "\
job,queue,user,submit_s,start_s,finish_s,wait_s,run_s,jct_s,bounded_slowdown,gpu_s,pods,nodes,attempts,outcome,wait_behind_s,wait_capacity_s,wait_fragmentation_s,wait_gang_s,wait_model_s,wait_reservation_s,wait_locality_s,wait_quota_s
a,,,0,0,10,0,10,10,1,10,1,n0[0],1,completed,0,0,0,0,0,0,0,0
b,,,1,10,,9,5,,,5,1,n0[0],1,running,0,9,0,0,0,0,0,0
c,,,2,,,13,,,,0,1,,0,waiting,8,5,0,0,0,0,0,0
d,,,20,,,,,,,0,1,,0,not-arrived,0,0,0,0,0,0,0,0
";
    assert_eq!(csv, expected);
}

#[test]
fn waits_csv_lists_intervals() {
    let run = censored();
    let csv = text(|out| write_waits_csv(out, &run.work, &run.result.waits));
    let expected = "\
job,part,reason,from_s,to_s,wait_s
b,0,capacity,1,10,9
c,0,behind,2,10,8
c,0,capacity,10,15,5
";
    assert_eq!(csv, expected);
}

#[test]
fn series_csv_shows_the_state_after_each_grid_instant() {
    let run = censored();
    let csv = text(|out| write_series_csv(out, &run.result.series, None));
    // A T4 at work draws 70 W. At 0 only a has come; from 5 on b and c have.
    let expected = "\
t_s,waiting,running,gpus_allocated,gpus_requested,gpus_capacity,frag_gpus,frag_ratio,power_w
0,0,1,1,1,1,0.000000,0.000000,70
5,2,1,1,3,1,0.000000,0.000000,70
10,1,1,1,2,1,0.000000,0.000000,70
15,1,1,1,2,1,0.000000,0.000000,70
";
    assert_eq!(csv, expected);
}

#[test]
fn without_kept_waits_jobs_csv_has_no_columns_by_reason() {
    let options = ReplayOptions::default();
    let run = run(
        &options,
        t4_nodes(1, 1),
        &[job("a", 0, 10, 1), job("b", 1, 10, 1)],
    );
    let csv = text(|out| write_jobs_csv(out, &run.work, &run.result, &run.inventory));
    assert!(csv.lines().next().unwrap().ends_with(",outcome"));
}

#[test]
fn bounded_slowdown_forgives_short_jobs() {
    // b waits 9 s and runs 1 s: (9 + 1) / max(10, 1) = 1. c waits 9 and runs 20: 29 / 20.
    let jobs = [job("a", 0, 10, 2), job("b", 1, 1, 1), job("c", 1, 20, 1)];
    let run = run(&keeping("fifo"), t4_nodes(1, 2), &jobs);
    let slowdown = run.result.summary.bounded_slowdown.unwrap();
    assert_eq!((slowdown.p50, slowdown.max), (1.0, 1.45));
    close(slowdown.mean, (1.0 + 1.0 + 1.45) / 3.0);
    // Weights: 20, 1 and 20 GPU-seconds.
    close(
        slowdown.gpu_hour_weighted_mean.unwrap(),
        (20.0 + 1.0 + 20.0 * 1.45) / 41.0,
    );
}

#[test]
fn quantiles_are_values_that_occurred() {
    // One GPU, 20 jobs of 1 s at 0: waits 0 … 19. Nearest rank: p50 the 10th, p95 the 19th.
    let names: Vec<String> = (0..20).map(|index| index.to_string()).collect();
    let jobs: Vec<_> = names.iter().map(|name| job(name, 0, 1, 1)).collect();
    let wait = run(&keeping("fifo"), t4_nodes(1, 1), &jobs)
        .result
        .summary
        .wait_s
        .unwrap();
    assert_eq!((wait.mean, wait.p50, wait.p95), (9.5, 9.0, 18.0));
    assert_eq!((wait.p99, wait.max), (19.0, 19.0));
}

#[test]
fn offered_load_is_told_per_model_where_jobs_are_bound_to_one() {
    // 10 s between first and last submission; 2 T4 and 2 A100.
    let nodes = vec![
        Node::with_gpus("t", 2, "T4"),
        Node::with_gpus("a", 2, "A100-SXM4-40GB"),
    ];
    let mut bound = job("b", 10, 30, 1);
    bound.shape.models = vec!["A100".into()];
    let run = run(&keeping("fifo"), nodes, &[job("a", 0, 10, 1), bound]);
    let summary = &run.result.summary;
    // (10 + 30) / (4 × 10); 30 / (2 × 10) for the A100; a may run anywhere.
    assert_eq!(summary.offered_load, Some(1.0));
    let by_model: Vec<_> = summary
        .offered_load_by_model
        .iter()
        .map(|load| (load.model.as_str(), load.gpus, load.value))
        .collect();
    assert_eq!(by_model, [("A100-SXM4-40GB", 2, 1.5), ("T4", 2, 0.0)]);
    // Held in 40 s: a 10 of 2 × 40 T4-seconds, b 30 of 2 × 40; until 10 only a.
    let used: Vec<_> = summary
        .utilisation
        .by_model
        .iter()
        .map(|u| u.value)
        .collect();
    assert_eq!(used, [30.0 / 80.0, 10.0 / 80.0]);
    assert_eq!(summary.utilisation.window, Some(0.25));
    assert_eq!(summary.utilisation.submissions, Some(0.25));
}

#[test]
fn energy_and_fragmentation_are_means_over_the_samples() {
    // Two T4 (10 W idle, 70 W busy). a holds one from 0 to 10, b both from 15 to 20.
    let options = ReplayOptions {
        sample_every: Some(Span::from_secs(5)),
        ..keeping("fifo")
    };
    let jobs = [job("a", 0, 10, 1), job("b", 15, 5, 2)];
    let sampled = run(&options, t4_nodes(1, 2), &jobs).result.summary.sampled;
    assert_eq!((sampled.samples, sampled.every_s), (5, 5.0));
    // 80, 80, 20, 140 W for 5 s each; the sample at 20 stands for no time.
    close(
        sampled.energy_kwh,
        (80.0 + 80.0 + 20.0 + 140.0) * 5.0 / 3.6e6,
    );
    close(sampled.power_w, 80.0);
    // Half of all pods need two GPUs: to them the one idle GPU of 0-10 is lost. From 10 to 15
    // both are idle and useful to all, from 15 nothing is idle.
    close(sampled.frag_gpus, (0.5 + 0.5) * 5.0 / 20.0);
    close(sampled.frag_ratio, 1.0 / (1.0 + 1.0 + 2.0));
}

#[test]
fn a_long_tail_does_not_fill_memory_with_samples() {
    let options = keeping("fifo");
    let jobs = [job("a", 0, 10_000_000, 1), job("b", 1, 1, 1)];
    let result = run(&options, t4_nodes(1, 1), &jobs).result;
    let series = &result.series;
    assert!(series.len() > 2_000 && series.len() < 4_096);
    let every = series[1].t - series[0].t;
    assert!(series.windows(2).all(|pair| pair[1].t - pair[0].t == every));
    assert_eq!(result.summary.sampled.every_s, every.as_secs_f64());
}

#[test]
fn the_largest_groups_are_shown_and_the_rest_summed() {
    // User i has one job of i + 1 seconds on a GPU of its own.
    let names: Vec<String> = (0..22).map(|index| format!("u{index:02}")).collect();
    let jobs: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let mut draft = job(name, 0, index as i64 + 1, 1);
            draft.owner = Owner {
                user: name.clone(),
                ..Owner::default()
            };
            draft
        })
        .collect();
    let summary = run(&keeping("fifo"), t4_nodes(1, 22), &jobs).result.summary;
    let users = &summary.users;
    assert_eq!(users.len(), 21);
    assert_eq!((users[0].name.as_str(), users[0].jobs), ("u21", 1));
    // u00 and u01 held 1 + 2 seconds.
    assert_eq!((users[20].name.as_str(), users[20].jobs), ("(others)", 2));
    close(users[20].gpu_hours, 3.0 / 3600.0);
    assert_eq!(users[20].p95_wait_s, Some(0.0));
    assert_eq!(summary.queues.len(), 1);
    assert_eq!(summary.queues[0].jobs, 22);
}

#[test]
fn estimates_say_where_they_came_from() {
    let source = |first: Option<i64>, second: Option<i64>| {
        let mut jobs = [job("a", 0, 1, 1), job("b", 0, 1, 1)];
        jobs[0].estimate = first.map(Span::from_secs);
        jobs[1].estimate = second.map(Span::from_secs);
        let summary = run(&keeping("fifo"), t4_nodes(1, 1), &jobs).result.summary;
        (summary.estimates.source, summary.estimates.given)
    };
    assert_eq!(source(None, None), ("perfect".into(), 0));
    assert_eq!(source(Some(5), None), ("mixed".into(), 1));
    assert_eq!(source(Some(5), Some(1)), ("trace".into(), 2));
}

#[test]
fn recorded_outcomes_are_kept() {
    let outcome = |outcome| {
        let mut draft = job("a", 0, 1, 1);
        draft.outcome = outcome;
        let run = run(&keeping("fifo"), t4_nodes(1, 1), &[draft]);
        text(|out| write_jobs_csv(out, &run.work, &run.result, &run.inventory))
    };
    assert!(outcome(Outcome::Failed).contains(",failed,"));
    assert!(outcome(Outcome::Killed).contains(",killed,"));
    // Unfinished in the recording, but finished in the replay.
    assert!(outcome(Outcome::Running).contains(",completed,"));
}

#[test]
fn a_raised_flag_stops_the_replay_and_loses_no_job() {
    let progress = Arc::new(AtomicU64::new(7));
    let options = ReplayOptions {
        stop: Some(Arc::new(AtomicBool::new(true))),
        progress: Some(progress),
        ..keeping("fifo")
    };
    let result = run(&options, t4_nodes(1, 1), &[job("a", 0, 10, 1)]).result;
    assert!(result.interrupted && result.summary.interrupted);
    assert_eq!(result.summary.jobs.not_arrived, 1);
}

#[test]
fn progress_counts_arrivals() {
    let progress = Arc::new(AtomicU64::new(0));
    let options = ReplayOptions {
        progress: Some(progress.clone()),
        ..keeping("fifo")
    };
    let jobs = [job("a", 0, 10, 1), job("b", 5, 10, 1)];
    run(&options, t4_nodes(1, 1), &jobs);
    assert_eq!(progress.load(Ordering::Relaxed), 2);
}

#[test]
fn unknown_policies_are_errors() {
    let world = run(&keeping("fifo"), t4_nodes(1, 1), &[job("a", 0, 1, 1)]);
    for (queueing, placement) in [("lottery", "first-fit"), ("fifo", "darts")] {
        let options = ReplayOptions {
            queueing: queueing.into(),
            placement: placement.into(),
            ..ReplayOptions::default()
        };
        let result = replay(&world.work, &world.inventory, &options);
        assert!(matches!(result, Err(ReplayError::Policy(_))));
    }
}

#[test]
fn nothing_to_replay_is_a_summary_of_nothing() {
    let result = run(&keeping("fifo"), t4_nodes(1, 1), &[]).result;
    assert_eq!(result.summary.jobs.total, 0);
    assert_eq!(result.summary.wait_s, None);
    assert_eq!(result.summary.offered_load, None);
    assert!(summary_table(&result.summary).contains("0 finished"));
}

#[test]
fn summaries_can_be_written_and_compared() {
    let summary = censored().result.summary;
    let json = text(|out| write_summary_json(out, &summary));
    assert!(json.contains("\"queueing\": \"fifo\"") && json.ends_with("}\n"));
    let csv = text(|out| write_summary_csv(out, &[summary.clone(), summary.clone()]));
    let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(widths.len() == 3 && widths.iter().all(|&width| width == widths[0]));
    let better = Summary {
        queueing: "easy".into(),
        wait_s: None,
        ..summary.clone()
    };
    let table = compare_table(&[summary, better], Layout::Plain);
    assert!(table.contains("easy/first-fit") && table.contains(" - "));
}
