//! The committed sample trace is what the generator makes of its preset.
//!
//! After a deliberate change: `GPUSCHED_BLESS=1 cargo test -p gpusched-sim --test it generator`.

use super::rows;
use gpusched_sim::trace::generate::{nodes, preset};
use gpusched_sim::trace::row::{JobRow, NodeRow};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const JOBS: u64 = 4000;
const SEED: u64 = 1;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../traces/sample")
}

/// The columns of trace v1 the sample needs, in the order of the schema.
const COLUMNS: &str = "job_id,count,submit_s,run_s,estimate_s,gpu,gpu_milli,gpu_models,cpu_milli,\
    mem_mib,priority,priority_class,queue,user,tenant,group,preemptible,outcome,fail_at_s";

/// A cell: empty where the value is the column's default.
fn cell<T: ToString + PartialEq>(value: T, default: T) -> String {
    if value == default {
        String::new()
    } else {
        value.to_string()
    }
}

fn cells(r: &JobRow) -> [String; 19] {
    [
        r.job_id.clone(),
        cell(r.count, 1),
        r.submit.to_string(),
        r.run.to_string(),
        r.estimate.map(|e| e.to_string()).unwrap_or_default(),
        cell(r.gpu, 0),
        cell(r.gpu_milli, 1000),
        r.gpu_models.join("|"),
        cell(r.cpu_milli, 0),
        cell(r.mem_mib, 0),
        cell(r.priority, 0),
        r.priority_class.clone().unwrap_or_default(),
        r.queue.clone(),
        r.user.clone(),
        r.tenant.clone(),
        r.group.clone(),
        cell(u8::from(r.preemptible), 1),
        cell(
            format!("{:?}", r.outcome).to_lowercase(),
            "completed".into(),
        ),
        r.fail_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

fn jobs_csv(rows: &[JobRow]) -> String {
    let lines = rows.iter().map(|row| cells(row).join(",") + "\n");
    format!("{COLUMNS}\n") + &lines.collect::<String>()
}

fn nodes_csv(rows: &[NodeRow]) -> String {
    let mut text = String::from("node,pool,gpu_model,gpu,cpu_milli,mem_mib\n");
    for r in rows {
        let (cpu, mem) = (r.cpu_milli.unwrap(), r.mem_mib.unwrap());
        writeln!(
            text,
            "{},{},{},{},{cpu},{mem}",
            r.node, r.pool, r.gpu_model, r.gpu
        )
        .unwrap();
    }
    text
}

fn meta_toml() -> String {
    let command = format!("gpusched trace generate --preset sample --seed {SEED} --jobs {JOBS}");
    format!("schema = 1\nsource = \"{command}\"\nlicence = \"CC0-1.0 OR MIT\"\n")
}

#[test]
fn the_committed_sample_is_what_the_generator_makes() {
    let cluster = nodes(preset("sample").unwrap());
    let files = [
        ("jobs.csv", jobs_csv(&rows("sample", JOBS, SEED))),
        ("nodes.csv", nodes_csv(&cluster)),
        ("meta.toml", meta_toml()),
    ];
    for (name, wanted) in files {
        let path = folder().join(name);
        if std::env::var_os("GPUSCHED_BLESS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(
            found == wanted,
            "{name} differs from what the preset generates"
        );
    }
}

#[test]
fn the_sample_loads_its_cluster_without_flooding_it() {
    let rows = rows("sample", JOBS, SEED);
    let gpus: u32 = nodes(preset("sample").unwrap()).iter().map(|n| n.gpu).sum();
    let work = |r: &JobRow| {
        f64::from(r.count * r.gpu) * f64::from(r.gpu_milli) / 1000.0 * r.run.as_secs_f64()
    };
    let window = rows[rows.len() - 1].submit.as_secs_f64();
    let load = rows.iter().map(work).sum::<f64>() / window / f64::from(gpus);
    let days = window / 86_400.0;
    println!("sample load {load:.3} over {days:.2} days");
    assert!((0.85..=0.95).contains(&load), "load {load}");
    assert!((6.0..=9.0).contains(&days), "{days} days");
}
