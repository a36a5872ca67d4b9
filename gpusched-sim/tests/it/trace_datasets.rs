//! The published datasets, where they are at hand: counts, sums and round trips.

use crate::common::assert_round_trip;
use gpusched_core::workload::Outcome;
use gpusched_sim::trace::row::{Censored, JobRow, NodeRow};
use gpusched_sim::trace::{ReadOptions, ReadReport, ZeroRun, read_jobs, read_nodes};
use std::path::PathBuf;

/// A directory below `../shared`, or `None` with a visible line when it is not there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared")
        .join(name);
    if !path.is_dir() {
        // Straight to standard error: what the test harness captures, nobody sees.
        let text = format!("skipped: ../shared/{name} not present\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        return None;
    }
    Some(path)
}

/// The directory of a dataset, likewise.
fn dataset(name: &str) -> Option<PathBuf> {
    shared(&format!("datasets/{name}"))
}

/// The files of a directory whose name ends in `end`, by name.
fn files(directory: &PathBuf, end: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    files.sort();
    files
}

fn options() -> ReadOptions {
    ReadOptions {
        zero_run: ZeroRun::Keep,
        ..ReadOptions::default()
    }
}

fn jobs(spec: &str) -> (Vec<JobRow>, ReadReport) {
    let mut rows = Vec::new();
    let report = read_jobs(spec, &options(), &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    assert_eq!(report.rows, rows.len() as u64);
    assert_round_trip(&rows);
    (rows, report)
}

fn nodes(spec: &str) -> Vec<NodeRow> {
    let mut rows = Vec::new();
    read_nodes(spec, &options(), &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    rows
}

fn gpu_seconds(rows: &[JobRow]) -> i64 {
    let micros: i64 = rows
        .iter()
        .map(|row| i64::from(row.gpu) * i64::from(row.count) * row.run.0)
        .sum();
    micros / 1_000_000
}

fn count(rows: &[JobRow], test: impl Fn(&JobRow) -> bool) -> usize {
    rows.iter().filter(|row| test(row)).count()
}

#[test]
fn itp() {
    let Some(path) = dataset("itp-2021") else {
        return;
    };
    let mut seconds = 0;
    let mut by_cluster = Vec::new();
    for file in files(&path, ".csv") {
        let (rows, report) = jobs(&file.to_string_lossy());
        assert_eq!(report.format, "itp");
        assert_eq!(rows[0].queue, file.file_stem().unwrap().to_string_lossy());
        seconds += gpu_seconds(&rows);
        by_cluster.push(rows.len());
    }
    assert_eq!(
        by_cluster,
        [1595, 5778, 3011, 15_802, 3629, 2396, 13_047, 260]
    );
    assert_eq!(by_cluster.iter().sum::<usize>(), 45_518);
    assert_eq!(format!("{:.3}", seconds as f64 / 3600.0), "1226919.167");
}

#[test]
fn philly() {
    let Some(path) = dataset("philly-2017") else {
        return;
    };
    let file = path.join("philly.csv");
    let (rows, report) = jobs(&file.to_string_lossy());
    assert_eq!((report.format, rows.len()), ("philly", 82_247));
    assert_eq!(report.meta.t0.as_deref(), Some("2017-09-04T10:30:41"));
    assert_eq!(
        count(&rows, |row| row.queue == "6214e9") * 100 / rows.len(),
        50
    );
    // The file has the product of each row, which no importer reads.
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = text.lines().skip(1).filter(|line| !line.is_empty());
    for (line, row) in lines.zip(&rows) {
        let product: f64 = line.split(',').nth(3).unwrap().parse().unwrap();
        assert_eq!(
            gpu_seconds(std::slice::from_ref(row)) as f64,
            product,
            "{line}"
        );
    }
}

#[test]
fn openb_default() {
    let Some(path) = dataset("openb-2023") else {
        return;
    };
    let (rows, _) = jobs(&path.join("openb_pod_list_default.csv").to_string_lossy());
    let milli: u64 = rows
        .iter()
        .map(|row| u64::from(row.gpu) * u64::from(row.gpu_milli))
        .sum();
    assert_eq!((rows.len(), milli), (8152, 6_086_800));
    let gpus = [0, 1, 2, 4, 8].map(|gpu| count(&rows, |row| row.gpu == gpu));
    assert_eq!(gpus, [1088, 6989, 16, 15, 44]);
    assert_eq!(count(&rows, |row| row.gpu_milli < 1000), 3078);
    assert_eq!(count(&rows, |row| row.censored == Censored::Right), 34);
    assert_eq!(count(&rows, |row| row.outcome == Outcome::Pending), 897);
    assert_eq!(count(&rows, |row| row.preemptible), 3398);
    assert_eq!(
        rows.iter().map(|row| row.submit).min().map(|at| at.0),
        Some(0)
    );
}

#[test]
fn openb_variants() {
    let Some(path) = dataset("openb-2023") else {
        return;
    };
    let mut rows_of = Vec::new();
    for file in files(&path, ".csv") {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(variant) = name.strip_prefix("openb_pod_list_") else {
            continue;
        };
        let (rows, report) = jobs(&file.to_string_lossy());
        assert_eq!(report.format, "openb");
        if variant == "gpuspec33" {
            assert_eq!(count(&rows, |row| !row.gpu_models.is_empty()), 2388);
            assert_eq!(count(&rows, |row| row.gpu_models == ["T4"]), 1291);
            assert!(rows.iter().all(|row| row.gpu_models.len() <= 7));
        }
        rows_of.push((variant.to_string(), rows.len()));
    }
    assert_eq!(rows_of.len(), 23);
    let expected = [
        ("cpu037", 7336),
        ("cpu050", 7439),
        ("cpu072", 7608),
        ("cpu100", 7853),
        ("cpu200", 8832),
        ("cpu235", 9240),
        ("cpu250", 9420),
        ("cpu300", 10_094),
        ("multigpu20", 8324),
        ("multigpu30", 8508),
        ("multigpu40", 8746),
        ("multigpu50", 9061),
    ];
    for (variant, rows) in rows_of {
        let known = expected.iter().find(|(name, _)| *name == variant);
        assert_eq!(rows, known.map_or(8152, |(_, rows)| *rows), "{variant}");
    }
}

#[test]
fn openb_machines() {
    let Some(path) = dataset("openb-2023") else {
        return;
    };
    let all = nodes(&path.join("openb_node_list_all_node.csv").to_string_lossy());
    let gpu = nodes(&path.join("openb_node_list_gpu_node.csv").to_string_lossy());
    assert_eq!((all.len(), gpu.len()), (1523, 1213));
    assert_eq!(gpu.iter().map(|node| node.gpu).sum::<u32>(), 6212);
    assert_eq!(
        gpu.iter().filter(|node| node.gpu_model == "G2").count(),
        549
    );
}

#[test]
fn pai_machines() {
    let Some(path) = dataset("pai-2020") else {
        return;
    };
    let machines = nodes(&path.join("pai_machine_spec.csv").to_string_lossy());
    assert_eq!(nodes(&path.to_string_lossy()), machines);
    assert_eq!(machines.len(), 1897);
    assert_eq!(machines.iter().map(|node| node.gpu).sum::<u32>(), 6742);
    assert_eq!(
        machines
            .iter()
            .filter(|node| node.gpu_model.is_empty())
            .count(),
        83
    );
}

#[test]
fn muri() {
    let Some(path) = dataset("muri-2022") else {
        return;
    };
    let traces = files(&path, ".csv");
    let rows: Vec<usize> = traces
        .iter()
        .map(|file| {
            let (rows, report) = jobs(&file.to_string_lossy());
            assert_eq!(report.notes, ["times are milliseconds, as in Muri"]);
            rows.len()
        })
        .collect();
    assert_eq!(rows, [1494, 5755, 992, 2638]);
}

#[test]
fn chronus() {
    let Some(path) = dataset("chronus-2021") else {
        return;
    };
    for file in files(&path, ".csv") {
        if !file.to_string_lossy().contains("trace_job") {
            continue;
        }
        let (rows, report) = jobs(&file.to_string_lossy());
        assert_eq!((report.format, rows.len()), ("chronus", 30_940));
    }
}

#[test]
fn gavel_and_shockwave() {
    let Some(path) = dataset("gavel-2020") else {
        return;
    };
    let Some(shockwave) = dataset("shockwave-2023") else {
        return;
    };
    let mut total = Vec::new();
    for directory in [
        path.join("msr_seed0"),
        path.join("physical_cluster"),
        shockwave,
    ] {
        let mut rows = 0;
        for file in files(&directory, ".trace") {
            let (read, report) = jobs(&file.to_string_lossy());
            assert_eq!(report.format, "gavel");
            assert!(read.iter().all(|row| row.count >= 1 && row.gpu == 1));
            rows += read.len();
        }
        total.push(rows);
    }
    assert_eq!(total, [15_264, 287, 2600]);
}

#[test]
fn gavel_run_times() {
    let Some(path) = dataset("gavel-2020") else {
        return;
    };
    let throughputs = Some(path.join("simulation_throughputs.json"));
    let options = ReadOptions {
        throughputs,
        ..ReadOptions::default()
    };
    let mut scaled = 0;
    for directory in ["msr_seed0", "physical_cluster"] {
        for file in files(&path.join(directory), ".trace") {
            let report = read_jobs(&file.to_string_lossy(), &options, &mut |row| {
                assert!(row.run.0 > 0);
                Ok(())
            });
            let report = report.unwrap_or_else(|problem| panic!("{}", problem.render(false)));
            let jobs = report
                .notes
                .iter()
                .find_map(|note| note.split_once(" jobs have a scale"));
            scaled += jobs.map_or(0, |(jobs, _)| jobs.parse::<u32>().unwrap());
        }
    }
    assert_eq!(scaled, 1548);
}
