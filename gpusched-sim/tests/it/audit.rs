//! `audit` against schedules made by others, and as a user meets it.

use crate::cli::Desk;
use crate::trace_datasets::shared;
use flate2::read::GzDecoder;
use gpusched_core::units::{Span, Time};
use gpusched_sim::audit::{Capacity, Discipline, Entry, Schedule, audit_capacity, audit_order};
use std::fs;
use std::io::Read;
use std::path::Path;

/// (submit, run, processors, estimate) of the jobs of a trace.
fn jobs(folder: &Path) -> Vec<[i64; 4]> {
    let text = fs::read_to_string(folder.join("jobs.csv")).unwrap();
    let row = |line: &str| {
        let all: Vec<i64> = line
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        [all[1], all[2], all[3], all[4]]
    };
    text.lines().skip(1).map(row).collect()
}

/// Names of policies, and the starts of each job under each.
fn starts(folder: &Path) -> (Vec<String>, Vec<Vec<i64>>) {
    let file = fs::File::open(folder.join("starts_batched.csv.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let policies = lines.next().unwrap().split(',').skip(1).map(str::to_owned);
    let row = |line: &str| {
        line.split(',')
            .skip(1)
            .map(|start| start.parse().unwrap())
            .collect()
    };
    (policies.collect(), lines.map(row).collect())
}

fn schedule(jobs: &[[i64; 4]], starts: impl Iterator<Item = i64>, policy: &str) -> Schedule {
    let entry = |(at, ([submit, run, procs, estimate], start)): (usize, (&[i64; 4], i64))| {
        // What the policy believes a run time to be.
        let believed = match policy {
            "easy_perfect" => *run,
            "easy_perfect_double" => 2 * run,
            "easy_double" => 2 * estimate,
            _ => *estimate,
        };
        Entry {
            job: (at + 1).to_string(),
            line: at as u64 + 2,
            submit: Time::from_secs(*submit),
            start: Some(Time::from_secs(start)),
            end: Some(Time::from_secs(start + run)),
            milli: 1000 * procs,
            estimate: Some(Span::from_secs(believed)),
            queue: String::new(),
            model: String::new(),
            places: Vec::new(),
            outcome: String::new(),
        }
    };
    Schedule {
        entries: jobs.iter().zip(starts).enumerate().map(entry).collect(),
        has_starts: true,
        ignored: Vec::new(),
    }
}

#[test]
fn reference_schedules_of_another_simulator_pass() {
    let Some(root) = shared("conformance/backfill") else {
        return;
    };
    let (mut passed, mut ordered) = (0, 0);
    for folder in fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if !folder.is_dir() {
            continue;
        }
        let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
        let procs = summary["procs"].as_i64().unwrap();
        let (jobs, (policies, starts)) = (jobs(&folder), starts(&folder));
        for (at, policy) in policies.iter().enumerate() {
            let schedule = schedule(&jobs, starts.iter().map(|row| row[at]), policy);
            let capacity = Capacity {
                total: 1000 * procs,
                ..Capacity::default()
            };
            let place = format!("{} {policy}", folder.display());
            assert_eq!(schedule.impossible(), [], "{place}");
            assert_eq!(audit_capacity(&schedule, &capacity), [], "{place}");
            passed += 1;
            let discipline = match policy.as_str() {
                "fcfs" => Discipline::Fifo,
                "easy"
                | "easy_sjbf"
                | "easy_reverse"
                | "easy_perfect"
                | "easy_perfect_double"
                | "easy_double" => Discipline::Easy,
                // Estimates that change while a job waits or runs, and other rules than EASY's.
                _ => continue,
            };
            let found = audit_order(&schedule, capacity.total, discipline);
            assert!(found.is_empty(), "{place}: {:?}", found.first());
            ordered += 1;
        }
    }
    assert!(passed > 0 && ordered > 0);
}

#[test]
fn a_schedule_that_is_changed_by_hand_is_caught() {
    let Some(root) = shared("conformance/backfill") else {
        return;
    };
    let folder = root.join("p064_l105_s12");
    let (jobs, (policies, starts)) = (jobs(&folder), starts(&folder));
    let easy = policies.iter().position(|name| name == "easy").unwrap();
    let later: Vec<i64> = starts.iter().map(|row| row[easy]).collect();
    // The first job that waited starts a second later than it did.
    let waited = (0..jobs.len())
        .find(|at| later[*at] > jobs[*at][0])
        .unwrap();
    let changed = later.iter().enumerate();
    let changed = changed.map(|(at, start)| start + i64::from(at == waited));
    let schedule = schedule(&jobs, changed, "easy");
    let found = audit_order(&schedule, 64_000, Discipline::Easy);
    assert!(
        found.iter().any(|one| one.job == (waited + 1).to_string()),
        "{found:?}"
    );
}

#[test]
fn the_command_tells_what_it_found() {
    let desk = Desk::new("audit");
    let rows = "job,queue,submit_s,start_s,run_s,estimate_s,gpus,nodes,colour\n\
                a,red,0,0,10,10,3,n1[0-2],blue\n\
                b,red,1,14,5,5,4,n1[0-3],\n\
                c,red,2,2,12,12,1,n1[3],\n\
                d,blue,3,14,5,5,1,n1[0],\n";
    desk.write("schedule.csv", rows);
    let line = "audit schedule.csv --cluster 1x4:T4 --quota red=3 --policy easy";
    insta::assert_snapshot!("audit", desk.line(line).screen());
    let ran = desk.line(line);
    assert_eq!(ran.code, 1);
    let json = desk.line(&format!("{line} --format json"));
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    // `c` beside `a`, and `b` alone.
    assert_eq!(json["counts"]["quota"], 2);
    let csv = desk.line(&format!("{line} --format csv"));
    assert!(csv.out.starts_with("kind,at_s,job,line,message\n"));
}

#[test]
fn our_own_results_pass() {
    let desk = Desk::new("audit-own");
    let cluster = "--cluster 8x8:V100-SXM2-32GB+4x4:T4";
    let run = format!(
        "run --limit 400 --lenient {cluster} --queueing fifo --placement first-fit --out result"
    );
    let ran = desk.line(&run);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = desk.line(&format!("audit result/jobs.csv {cluster}"));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("node             0"), "{}", ran.out);
}

#[test]
fn questions_without_an_answer_are_refused() {
    let desk = Desk::new("audit-refused");
    desk.write("a.csv", "job,submit_s,start_s,run_s,gpus\na,0,0,10,3\n");
    desk.write("trace.csv", "job,submit_s,run_s,gpus\na,0,10,3\n");
    for (line, words) in [
        ("audit a.csv", "--capacity"),
        ("audit a.csv --capacity x", "no number of GPUs"),
        ("audit a.csv --capacity 0", "1 or more"),
        ("audit a.csv --capacity T4=4,T4=5", "is there twice"),
        ("audit a.csv --capacity T4=4,5", "no name with a number"),
        ("audit a.csv --capacity T4=4", "add a column gpu_model"),
        (
            "audit a.csv --capacity 4 --quota red=1",
            "no job of a.csv is in queue `red`",
        ),
        (
            "audit a.csv --capacity 4 --policy easy",
            "add a column estimate_s",
        ),
        (
            "audit trace.csv --capacity 4 --policy fifo",
            "add a column start_s",
        ),
        ("audit none.csv --capacity 4", "none.csv"),
    ] {
        let ran = desk.line(line);
        assert_eq!(ran.code, 2, "{line}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{line}: {}", ran.err);
    }
}
