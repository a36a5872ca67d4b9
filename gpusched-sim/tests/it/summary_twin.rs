//! The summary against a twin that reads `jobs.csv`, sorts and divides.

use crate::worlds::{World, world};
use gpusched_core::units::Time;
use gpusched_sim::metrics::{Distribution, GroupSummary};
use gpusched_sim::replay::{ReplayOptions, RunResult, replay};
use gpusched_sim::report::write_jobs_csv;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A row of `jobs.csv` as far as it is needed.
struct Row {
    user: String,
    wait: Option<f64>,
    jct: Option<f64>,
    slowdown: Option<f64>,
    gpu_s: f64,
    started: bool,
    reasons: f64,
}

fn rows(world: &World, result: &RunResult) -> Vec<Row> {
    let mut out = Vec::new();
    write_jobs_csv(&mut out, &world.work, result, &world.inventory).unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let fields: Vec<String> = split(line);
            let field = |name: &str| {
                let at = header.iter().position(|column| *column == name).unwrap();
                fields[at].clone()
            };
            let number = |name: &str| field(name).parse::<f64>().ok();
            let reasons = header.iter().filter(|name| name.starts_with("wait_"));
            Row {
                user: field("user"),
                wait: number("wait_s"),
                jct: number("jct_s"),
                slowdown: number("bounded_slowdown"),
                gpu_s: number("gpu_s").unwrap(),
                started: !field("start_s").is_empty(),
                reasons: reasons
                    .filter(|name| **name != "wait_s")
                    .filter_map(|name| number(name))
                    .sum(),
            }
        })
        .collect()
}

/// Fields of a line; the only quoted ones are lists of nodes.
fn split(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for char in line.chars() {
        match char {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(char),
        }
    }
    fields
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + b.abs())
}

/// Checks a distribution against values with their GPU-seconds.
fn check(spread: Option<Distribution>, mut values: Vec<(f64, f64)>) -> Result<(), TestCaseError> {
    let Some(spread) = spread else {
        prop_assert!(values.is_empty());
        return Ok(());
    };
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let len = values.len();
    let rank = |percent: usize| values[(percent * len).div_ceil(100) - 1].0;
    prop_assert_eq!(spread.jobs as usize, len);
    let mean = values.iter().map(|value| value.0).sum::<f64>() / len as f64;
    prop_assert!(near(spread.mean, mean));
    let quantiles = [spread.p50, spread.p95, spread.p99, spread.max];
    prop_assert!(
        quantiles
            .iter()
            .zip([50, 95, 99, 100])
            .all(|(&a, b)| near(a, rank(b)))
    );
    let weights: f64 = values.iter().map(|value| value.1).sum();
    let weighted: f64 = values.iter().map(|(value, weight)| value * weight).sum();
    match spread.gpu_hour_weighted_mean {
        Some(mean) => prop_assert!(near(mean, weighted / weights)),
        None => prop_assert!(weights == 0.0),
    }
    Ok(())
}

fn check_users(users: &[GroupSummary], rows: &[Row]) -> Result<(), TestCaseError> {
    let mut twin: BTreeMap<&str, (u64, f64, Vec<f64>)> = BTreeMap::new();
    for row in rows {
        let (jobs, gpu_s, waits) = twin.entry(&row.user).or_default();
        *jobs += 1;
        *gpu_s += row.gpu_s;
        waits.extend(row.wait.filter(|_| row.started));
    }
    prop_assert_eq!(users.len(), twin.len());
    for user in users {
        let (jobs, gpu_s, mut waits) = twin.remove(user.name.as_str()).unwrap();
        prop_assert_eq!(user.jobs, jobs);
        prop_assert!(near(user.gpu_hours * 3600.0, gpu_s));
        waits.sort_by(f64::total_cmp);
        let p95 = match waits.len() {
            0 => None,
            len => Some(waits[(95 * len).div_ceil(100) - 1]),
        };
        prop_assert_eq!(user.p95_wait_s, p95);
    }
    prop_assert!(users.is_sorted_by(|a, b| a.gpu_hours >= b.gpu_hours));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_summary_agrees_with_its_twin(
        world in world(), horizon in prop::option::of(0i64..60),
        queueing in prop::sample::select(vec!["fifo", "sjf", "easy", "conservative"]),
    ) {
        let options = ReplayOptions {
            queueing: queueing.into(),
            horizon: horizon.map(Time::from_secs),
            keep_waits: true,
            ..ReplayOptions::default()
        };
        let result = replay(&world.work, &world.inventory, &options).unwrap();
        let rows = rows(&world, &result);
        let summary = &result.summary;
        prop_assert_eq!(rows.len() as u64, summary.jobs.total);
        let with = |value: fn(&Row) -> Option<f64>| -> Vec<(f64, f64)> {
            rows.iter().filter_map(|row| value(row).map(|value| (value, row.gpu_s))).collect()
        };
        check(summary.wait_s, with(|row| row.wait.filter(|_| row.started)))?;
        check(summary.still_waiting_s, with(|row| row.wait.filter(|_| !row.started)))?;
        check(summary.jct_s, with(|row| row.jct))?;
        check(summary.bounded_slowdown, with(|row| row.slowdown))?;
        let gpu_s: f64 = rows.iter().map(|row| row.gpu_s).sum();
        prop_assert!(near(summary.gpu_hours * 3600.0, gpu_s));
        check_users(&summary.users, &rows)?;
        for row in &rows {
            prop_assert!(near(row.reasons, row.wait.unwrap_or(0.0)));
        }
    }
}
