//! One importer per format.

pub mod acme;
pub mod chronus;
pub mod gavel;
pub mod helios;
pub mod itp;
pub mod kueue;
pub mod lingjun;
pub mod openb;
pub mod pai;
pub mod philly;
pub mod philly_json;
pub mod swf;
pub mod tiresias;
pub mod v1;

use super::FormatInfo;
use super::input::Source;
use super::row::JobRow;
use super::sink::{JobSink, NodeSink};
use super::write::default_share;
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::workload::Outcome;

/// All formats, the native one first.
pub(super) static ALL: [FormatInfo; 14] = [
    FormatInfo {
        name: "v1",
        aliases: &["trace", "trace-v1"],
        reads: "jobs and nodes",
        summary: "this program's own format: a directory of CSV files, or one of them",
    },
    FormatInfo {
        name: "openb",
        aliases: &[],
        reads: "jobs and nodes",
        summary: "Alibaba GPU cluster 2023, pod and node lists",
    },
    FormatInfo {
        name: "itp",
        aliases: &["elasticflow"],
        reads: "jobs",
        summary: "Microsoft ITP 2021, one CSV per cluster",
    },
    FormatInfo {
        name: "philly",
        aliases: &[],
        reads: "jobs",
        summary: "Microsoft Philly 2017, reduced CSV",
    },
    FormatInfo {
        name: "philly-json",
        aliases: &[],
        reads: "jobs",
        summary: "Microsoft Philly 2017, original cluster_job_log",
    },
    FormatInfo {
        name: "helios",
        aliases: &["lucid"],
        reads: "jobs",
        summary: "SenseTime Helios 2020, cluster_log.csv",
    },
    FormatInfo {
        name: "pai",
        aliases: &[],
        reads: "jobs and nodes",
        summary: "Alibaba PAI 2020, tables without a header",
    },
    FormatInfo {
        name: "acme",
        aliases: &["seren", "kalos"],
        reads: "jobs",
        summary: "Shanghai AI Lab Acme 2023, trace_seren.csv and trace_kalos.csv",
    },
    FormatInfo {
        name: "swf",
        aliases: &[],
        reads: "jobs",
        summary: "Standard Workload Format, 18 columns",
    },
    FormatInfo {
        name: "tiresias",
        aliases: &["muri"],
        reads: "jobs",
        summary: "Tiresias (seconds) and Muri (milliseconds) simulator CSV",
    },
    FormatInfo {
        name: "gavel",
        aliases: &["shockwave"],
        reads: "jobs",
        summary: "Gavel and Shockwave traces, 7, 10 or 12 tab-separated columns",
    },
    FormatInfo {
        name: "chronus",
        aliases: &[],
        reads: "jobs",
        summary: "Chronus 2021, Philly jobs with deadlines",
    },
    FormatInfo {
        name: "kueue",
        aliases: &[],
        reads: "jobs",
        summary: "Workloads of Kueue, as `kubectl get workloads -A -o json` (or yaml) prints them",
    },
    FormatInfo {
        name: "lingjun",
        aliases: &[],
        reads: "nodes",
        summary: "Alibaba Lingjun 2023, the table of hosts and their switches",
    },
];

/// The format called `name`, by name or alias.
pub fn by_name(name: &str) -> Option<&'static FormatInfo> {
    ALL.iter()
        .find(|format| format.name == name || format.aliases.contains(&name))
}

/// The names of all formats, for messages.
pub fn names() -> String {
    ALL.map(|format| format.name).join(", ")
}

/// All names and aliases.
pub fn every_name() -> impl Iterator<Item = &'static str> {
    ALL.iter()
        .flat_map(|format| std::iter::once(format.name).chain(format.aliases.iter().copied()))
}

/// Reads jobs in the format `name`.
pub(super) fn read_jobs(name: &str, source: Source, sink: &mut JobSink<'_>) -> Result<()> {
    match name {
        "v1" => v1::read_jobs(&source, sink),
        "openb" => openb::read_jobs(source, sink),
        "itp" => itp::read_jobs(&source, sink),
        "philly" => philly::read_jobs(source, sink),
        "philly-json" => philly_json::read_jobs(&source, sink),
        "helios" => helios::read_jobs(source, sink),
        "pai" => pai::read_jobs(&source, sink),
        "acme" => acme::read_jobs(source, sink),
        "swf" => swf::read_jobs(&source, sink),
        "tiresias" => tiresias::read_jobs(&source, sink),
        "gavel" => gavel::read_jobs(&source, sink),
        "chronus" => chronus::read_jobs(&source, sink),
        "kueue" => kueue::read_jobs(&source, sink),
        _ => Err(not_readable(name, &source, "jobs")),
    }
}

/// Reads machines in the format `name`.
pub(super) fn read_nodes(name: &str, source: Source, sink: &mut NodeSink<'_>) -> Result<()> {
    match name {
        "v1" => v1::read_nodes(&source, sink),
        "openb" => openb::read_nodes(&source, sink),
        "pai" => pai::read_nodes(&source, sink),
        "lingjun" => lingjun::read_nodes(&source, sink),
        _ => Err(not_readable(name, &source, "nodes")),
    }
}

fn not_readable(name: &str, source: &Source, what: &str) -> Box<Diagnostic> {
    let able: Vec<&str> = ALL
        .iter()
        .filter(|format| format.reads.contains(what))
        .map(|format| format.name)
        .collect();
    Diagnostic::new(format!("the format \"{name}\" holds no {what}"))
        .in_file(source.name())
        .help(format!("{what} can be read from: {}", able.join(", ")))
}

/// Pods and GPUs per pod for a job of which only the total is known: one pod if it fits, and
/// otherwise equal pods of the largest size up to `per_pod` that divides the total. 16 GPUs
/// with 8 per pod are 2 x 8; 12 are 2 x 6; 13 are 13 x 1.
pub fn split_gpus(total: u32, per_pod: u32) -> (u32, u32) {
    if total <= per_pod || per_pod == 0 {
        return (1, total);
    }
    let size = (1..=per_pod)
        .rev()
        .find(|size| total.is_multiple_of(*size))
        .unwrap_or(1);
    (total / size, size)
}

/// Sets pods and GPUs of a job that runs on `nodes` machines; falls back to [`split_gpus`] when
/// the total is not the same on each.
fn spread(row: &mut JobRow, total: u32, nodes: u32, per_pod: u32) {
    (row.count, row.gpu) = if nodes > 0 && total.is_multiple_of(nodes) {
        (nodes, total / nodes)
    } else {
        split_gpus(total, per_pod)
    };
}

/// Sets the share of a GPU, and with it how the device may be shared.
fn set_milli(row: &mut JobRow, milli: u32) {
    row.gpu_milli = milli;
    row.share_mode = default_share(milli);
}

/// Device memory in MiB, for the model names of the Alibaba traces that hold it.
fn named_memory(model: &str) -> Option<u32> {
    match model {
        "V100M16" => Some(16 * 1024),
        "V100M32" => Some(32 * 1024),
        _ => None,
    }
}

/// Sets the outcome, and when a job that did not complete ended.
fn set_outcome(row: &mut JobRow, outcome: Outcome) {
    row.outcome = outcome;
    if matches!(outcome, Outcome::Failed | Outcome::Killed) {
        row.fail_at = Some(row.run);
    }
}

/// The states Slurm-like logs write.
const STATES: [(&str, Outcome); 10] = [
    ("COMPLETED", Outcome::Completed),
    ("CANCELLED", Outcome::Killed),
    ("FAILED", Outcome::Failed),
    ("TIMEOUT", Outcome::Killed),
    ("NODE_FAIL", Outcome::Failed),
    ("OUT_OF_MEMORY", Outcome::Failed),
    ("PREEMPTED", Outcome::Killed),
    ("RUNNING", Outcome::Running),
    ("PENDING", Outcome::Pending),
    ("REQUEUED", Outcome::Killed),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_split_into_equal_pods() {
        assert_eq!(split_gpus(0, 8), (1, 0));
        assert_eq!(split_gpus(8, 8), (1, 8));
        assert_eq!(split_gpus(64, 8), (8, 8));
        assert_eq!(split_gpus(12, 8), (2, 6));
        assert_eq!(split_gpus(13, 8), (13, 1));
        assert_eq!(split_gpus(12, 0), (1, 12));
    }

    #[test]
    fn every_name_finds_its_format() {
        for name in every_name() {
            assert!(by_name(name).is_some(), "{name}");
        }
    }
}
