//! trace v1, the native format.
//!
//! A directory with `jobs.csv` (one row per task group), `nodes.csv` and `meta.toml`, of which
//! only the first is needed to read jobs; or one of the CSV files alone. The CSV files may be
//! gzip (`jobs.csv.gz`). Columns are found by name; an empty field is the default; a column
//! that is not known is an error unless its name begins with `x_`.
//!
//! Pitfalls: `gpu` counts per pod; `deadline_s` is on the clock of `submit_s`; `gpu_milli` must
//! be empty (or 0) where `gpu` is 0; `run_s` may be empty only where `work_steps` and `profile`
//! are given.

use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::input::Source;
use crate::trace::meta::Meta;
use crate::trace::row::{Censored, JobRow, NodeRow, ShareMode, TopoMode, UTIL_COLUMNS};
use crate::trace::sink::{JobSink, NodeSink, Sink};
use crate::trace::table::{Column, Row, Split, Table};
use crate::trace::write::default_share;
use gpusched_core::topology::Scope;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Gang, Outcome};
use std::path::{Path, PathBuf};

/// Names of [`Gang`].
pub const GANGS: [(&str, Gang); 3] = [
    ("all", Gang::All),
    ("task", Gang::Task),
    ("none", Gang::None),
];

/// Names of [`ShareMode`].
pub const SHARE_MODES: [(&str, ShareMode); 6] = [
    ("exclusive", ShareMode::Exclusive),
    ("any", ShareMode::Any),
    ("mps", ShareMode::Mps),
    ("timeslice", ShareMode::Timeslice),
    ("mig", ShareMode::Mig),
    ("vgpu", ShareMode::Vgpu),
];

/// Names of [`TopoMode`].
pub const TOPO_MODES: [(&str, TopoMode); 3] = [
    ("none", TopoMode::None),
    ("preferred", TopoMode::Preferred),
    ("required", TopoMode::Required),
];

/// Names of [`Scope`].
pub const TOPO_LEVELS: [(&str, Scope); 5] = [
    ("node", Scope::Node),
    ("nvlink", Scope::Nvlink),
    ("rack", Scope::Rack),
    ("block", Scope::Block),
    ("zone", Scope::Zone),
];

/// Names of [`Outcome`].
pub const OUTCOMES: [(&str, Outcome); 5] = [
    ("completed", Outcome::Completed),
    ("failed", Outcome::Failed),
    ("killed", Outcome::Killed),
    ("running", Outcome::Running),
    ("pending", Outcome::Pending),
];

/// Names of [`Censored`].
pub const CENSORED: [(&str, Censored); 4] = [
    ("none", Censored::None),
    ("left", Censored::Left),
    ("right", Censored::Right),
    ("both", Censored::Both),
];

macro_rules! columns {
    ($name:ident: $($field:ident)*) => {
        struct $name { $($field: Column),* }

        impl $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn find(table: &Table) -> $name {
                $name { $($field: table.optional(stringify!($field))),* }
            }
        }
    };
}

columns! { JobColumns:
    job_id task count min_count max_count gang submit_s run_s work_steps profile ref_gpu
    estimate_s limit_s deadline_s value gpu gpu_milli gpu_mem_mib mig_profile mig_count
    share_mode gpu_models gpu_not cc_min nvlink_gbps_min rdma cpu_milli mem_mib disk_mib
    priority priority_class queue user tenant group preemptible spot_ok ckpt_s ckpt_cost_s
    restart_s topo_mode topo_level slice_size max_per_node outcome fail_at_s censored
    obs_start_s obs_end_s obs_nodes attempts util_sm util_occ util_bw util_fb_mib util_power_w
    util_profile
}

columns! { NodeColumns:
    node pool gpu_model gpu gpu_mem_mib mig_capable mig_layout share_replicas cpu_milli mem_mib
    nvlink_domain nvlink_gbps nic_count nic_gbps zone block rack labels taints spot price_od_h
    price_spot_h from_s to_s variability
}

/// The columns of `jobs.csv`.
pub fn job_columns() -> &'static [&'static str] {
    JobColumns::NAMES
}

/// The columns of `nodes.csv`.
pub fn node_columns() -> &'static [&'static str] {
    NodeColumns::NAMES
}

/// The file `name` of a trace directory, plain or with `.gz`.
pub fn member(directory: &Path, name: &str) -> Option<PathBuf> {
    [name.to_string(), format!("{name}.gz")]
        .into_iter()
        .map(|name| directory.join(name))
        .find(|path| path.is_file())
}

/// The error for a directory without that file; the help lists what is there.
pub fn missing_member(shown: &str, directory: &Path, name: &str) -> Box<Diagnostic> {
    let mut found: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found.truncate(8);
    let listed = if found.is_empty() {
        "nothing".to_string()
    } else {
        found.join(", ")
    };
    Diagnostic::new(format!("no {name} or {name}.gz in this directory"))
        .in_file(shown)
        .help(format!(
            "name a trace directory or one of its files; found here: {listed}"
        ))
}

/// The CSV file of a source, and its `meta.toml` if it is a directory that has one.
fn open(source: &Source, file: &str) -> Result<(Source, Option<(Meta, u64)>)> {
    let Some(directory) = source.path().filter(|path| path.is_dir()) else {
        return Ok((source.clone(), None));
    };
    let Some(path) = member(directory, file) else {
        return Err(missing_member(source.name(), directory, file));
    };
    let meta = match member(directory, "meta.toml") {
        Some(meta) => Some(Meta::read(Source::new(&meta.to_string_lossy()).open()?)?),
        None => None,
    };
    Ok((Source::new(&path.to_string_lossy()), meta))
}

/// Private columns of a table.
fn private_columns(table: &Table) -> Vec<Column> {
    let names = table.columns().iter().filter(|name| name.starts_with("x_"));
    names.map(|name| table.optional(name)).collect()
}

fn private(row: Row<'_>, columns: &[Column]) -> Vec<(String, String)> {
    columns
        .iter()
        .map(|column| (row.name(*column).to_string(), row.text(*column).to_string()))
        .collect()
}

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let (source, meta) = open(source, "jobs.csv")?;
    if let Some((meta, digest)) = meta {
        *sink.meta() = meta;
        sink.digest(digest);
    }
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    table.refuse_unknown(JobColumns::NAMES)?;
    table.column("job_id")?;
    table.column("submit_s")?;
    let columns = JobColumns::find(&table);
    if !columns.work_steps.present() || !columns.profile.present() {
        table.column("run_s")?;
    }
    let extra = private_columns(&table);
    sink.drain(&mut table, &mut |row| {
        let mut job = columns.job(row)?;
        job.private = private(row, &extra);
        Ok(Some(job))
    })
}

impl JobColumns {
    fn job(&self, row: Row<'_>) -> FieldResult<JobRow> {
        let mut job = JobRow::new(
            row.required(self.job_id)?,
            row.time(self.submit_s)?,
            Span::ZERO,
        );
        job.line = row.line();
        self.pods(row, &mut job)?;
        self.times(row, &mut job)?;
        self.devices(row, &mut job)?;
        self.owner(row, &mut job);
        self.placement(row, &mut job)?;
        self.record(row, &mut job)?;
        Ok(job)
    }

    fn pods(&self, row: Row<'_>, job: &mut JobRow) -> FieldResult<()> {
        if let Some(task) = row.optional_text(self.task) {
            job.task = task;
        }
        job.count = row.u32_or(self.count, 1)?;
        job.min_count = row.optional_u32(self.min_count)?;
        job.max_count = row.optional_u32(self.max_count)?;
        job.gang = row.choice(self.gang, &GANGS)?.unwrap_or_default();
        Ok(())
    }

    fn times(&self, row: Row<'_>, job: &mut JobRow) -> FieldResult<()> {
        job.work_steps = row.optional_f64(self.work_steps)?;
        job.profile = row.optional_text(self.profile);
        job.ref_gpu = row.optional_text(self.ref_gpu);
        job.run = match row.optional_span(self.run_s)? {
            Some(run) => run,
            None if job.work_steps.is_some() && job.profile.is_some() => Span::ZERO,
            None => row.span(self.run_s)?,
        };
        job.estimate = row.optional_span(self.estimate_s)?;
        job.limit = row.optional_span(self.limit_s)?;
        job.deadlines = self.deadlines(row)?;
        job.ckpt = match row.text(self.ckpt_s) {
            "inf" => None,
            _ => row.optional_span(self.ckpt_s)?,
        };
        job.ckpt_cost = row.optional_span(self.ckpt_cost_s)?.unwrap_or_default();
        job.restart = row.optional_span(self.restart_s)?.unwrap_or_default();
        Ok(())
    }

    /// One deadline, with its value in the next column, or a list `t:v|t:v`.
    fn deadlines(&self, row: Row<'_>) -> FieldResult<Vec<(Time, f64)>> {
        let text = row.text(self.deadline_s);
        let value = row.optional_f64(self.value)?;
        if text.is_empty() {
            return match value {
                None => Ok(Vec::new()),
                Some(_) => {
                    let message = "value without deadline_s".to_string();
                    Err(row.wrong(self.value, message, "write a deadline, or no value"))
                }
            };
        }
        let mut deadlines = Vec::new();
        for item in text.split('|') {
            let (at, own) = item.split_once(':').unwrap_or((item, ""));
            let own = match own.trim() {
                "" => value.unwrap_or(1.0),
                own => row.parse_f64(self.deadline_s, own)?,
            };
            deadlines.push((Time(row.parse_span(self.deadline_s, at.trim())?.0), own));
        }
        Ok(deadlines)
    }

    fn devices(&self, row: Row<'_>, job: &mut JobRow) -> FieldResult<()> {
        job.gpu = row.u32_or(self.gpu, 0)?;
        job.gpu_milli = self.gpu_milli(row, job.gpu)?;
        job.gpu_mem_mib = row.u32_or(self.gpu_mem_mib, 0)?;
        job.mig_profile = row.optional_text(self.mig_profile);
        job.mig_count = row.u32_or(self.mig_count, u32::from(job.mig_profile.is_some()))?;
        let mode = row.choice(self.share_mode, &SHARE_MODES)?;
        job.share_mode = mode.unwrap_or(default_share(job.gpu_milli));
        job.gpu_models = row.list(self.gpu_models);
        job.gpu_not = row.list(self.gpu_not);
        job.cc_min = row.optional_f32(self.cc_min)?.unwrap_or_default();
        job.nvlink_gbps_min = row.optional_f32(self.nvlink_gbps_min)?.unwrap_or_default();
        job.rdma = row.u32_or(self.rdma, 0)?;
        job.cpu_milli = row.u64_or(self.cpu_milli, 0)?;
        job.mem_mib = row.u64_or(self.mem_mib, 0)?;
        job.disk_mib = row.u64_or(self.disk_mib, 0)?;
        Ok(())
    }

    fn gpu_milli(&self, row: Row<'_>, gpu: u32) -> FieldResult<u32> {
        let milli = row.optional_u32(self.gpu_milli)?;
        if gpu > 0 {
            return Ok(milli.unwrap_or(1000));
        }
        match milli {
            None | Some(0) => Ok(1000),
            Some(milli) => {
                let message = format!("gpu_milli {milli} with gpu 0");
                let help = "a share is of exactly one GPU: write gpu 1, or leave gpu_milli empty";
                let diagnostic = row
                    .locate(self.gpu_milli, Diagnostic::new(message))
                    .help(help);
                Err(Problem::new("gpu_milli without gpu", diagnostic))
            }
        }
    }

    fn owner(&self, row: Row<'_>, job: &mut JobRow) {
        job.priority_class = row.optional_text(self.priority_class);
        job.queue = row.text(self.queue).to_string();
        job.user = row.text(self.user).to_string();
        job.tenant = row.text(self.tenant).to_string();
        job.group = row.text(self.group).to_string();
    }

    fn placement(&self, row: Row<'_>, job: &mut JobRow) -> FieldResult<()> {
        job.priority = row.i32_or(self.priority, 0)?;
        job.preemptible = row.flag_or(self.preemptible, true)?;
        job.spot_ok = row.flag_or(self.spot_ok, false)?;
        job.topo_mode = row.choice(self.topo_mode, &TOPO_MODES)?.unwrap_or_default();
        job.topo_level = row.choice(self.topo_level, &TOPO_LEVELS)?;
        job.slice_size = row.optional_u32(self.slice_size)?;
        job.max_per_node = row.u32_or(self.max_per_node, 0)?;
        Ok(())
    }

    fn record(&self, row: Row<'_>, job: &mut JobRow) -> FieldResult<()> {
        job.outcome = row.choice(self.outcome, &OUTCOMES)?.unwrap_or_default();
        job.fail_at = row.optional_span(self.fail_at_s)?;
        job.censored = row.choice(self.censored, &CENSORED)?.unwrap_or_default();
        job.obs_start = row.optional_time(self.obs_start_s)?;
        job.obs_end = row.optional_time(self.obs_end_s)?;
        job.obs_nodes = row.optional_text(self.obs_nodes);
        job.attempts = row.optional_u32(self.attempts)?;
        let columns = [
            self.util_sm,
            self.util_occ,
            self.util_bw,
            self.util_fb_mib,
            self.util_power_w,
        ];
        for (at, column) in columns.into_iter().enumerate().take(UTIL_COLUMNS.len()) {
            job.util[at] = row.optional_f32(column)?;
        }
        job.util_profile = row.optional_text(self.util_profile);
        Ok(())
    }
}

/// Reads machines.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_nodes(source: &Source, sink: &mut NodeSink<'_>) -> Result<()> {
    let (source, meta) = open(source, "nodes.csv")?;
    if let Some((meta, digest)) = meta {
        *sink.meta() = meta;
        sink.digest(digest);
    }
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    table.refuse_unknown(NodeColumns::NAMES)?;
    table.column("node")?;
    table.column("gpu")?;
    let columns = NodeColumns::find(&table);
    let extra = private_columns(&table);
    sink.drain(&mut table, &mut |row| {
        let mut node = columns.node(row)?;
        node.private = private(row, &extra);
        Ok(Some(node))
    })
}

impl NodeColumns {
    /// How slow the GPUs of a node are, in thousandths: one number for all, or one for each.
    fn variability(&self, row: Row<'_>) -> FieldResult<Vec<u32>> {
        let text = row.text(self.variability);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let thousandths = |text: &str| {
            let factor: f64 = text.trim().parse().ok()?;
            let rounded = (factor * 1000.0).round();
            (100.0..=100_000.0)
                .contains(&rounded)
                .then_some(rounded as u32)
        };
        let gpus = row.u32_or(self.gpu, 0)?;
        let each: Option<Vec<u32>> = text.split(';').map(thousandths).collect();
        match each {
            Some(one) if one.len() == 1 => Ok(vec![one[0]; gpus as usize]),
            Some(each) if each.len() == gpus as usize => Ok(each),
            Some(each) => Err(row.wrong(
                self.variability,
                format!("{} slowdowns for {gpus} GPUs", each.len()),
                "give one number for all GPUs of the node, or one for each, with `;` in between",
            )),
            None => Err(row.wrong(
                self.variability,
                format!("\"{text}\" does not say how slow the GPUs are"),
                "give how many times as long a job takes, 0.1 to 100, such as `1.08` for all GPUs or \
                 `1;1.1;1;1.05` for each",
            )),
        }
    }

    fn node(&self, row: Row<'_>) -> FieldResult<NodeRow> {
        let text = |column| row.text(column).to_string();
        Ok(NodeRow {
            line: row.line(),
            node: row.required(self.node)?,
            pool: text(self.pool),
            gpu_model: text(self.gpu_model),
            gpu: row.u32_or(self.gpu, 0)?,
            gpu_mem_mib: row.optional_u32(self.gpu_mem_mib)?,
            mig_capable: row.flag_or(self.mig_capable, false)?,
            mig_layout: text(self.mig_layout),
            share_replicas: row.u32_or(self.share_replicas, 0)?,
            cpu_milli: row.optional_u64(self.cpu_milli)?,
            mem_mib: row.optional_u64(self.mem_mib)?,
            nvlink_domain: text(self.nvlink_domain),
            nvlink_gbps: row.optional_f32(self.nvlink_gbps)?.unwrap_or_default(),
            nic_count: row.u32_or(self.nic_count, 0)?,
            nic_gbps: row.optional_f32(self.nic_gbps)?.unwrap_or_default(),
            zone: text(self.zone),
            block: text(self.block),
            rack: text(self.rack),
            labels: text(self.labels),
            taints: text(self.taints),
            spot: row.flag_or(self.spot, false)?,
            price_od_h: row.optional_f64(self.price_od_h)?,
            price_spot_h: row.optional_f64(self.price_spot_h)?,
            from: row.optional_time(self.from_s)?,
            to: row.optional_time(self.to_s)?,
            variability: self.variability(row)?,
            private: Vec::new(),
        })
    }
}
