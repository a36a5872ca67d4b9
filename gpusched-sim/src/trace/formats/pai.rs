//! Alibaba PAI 2020: tables without a header line, in one directory.
//!
//! `pai_job_table.csv`: job_name, inst_id, user, status, start_time (the submission), end_time.
//! `pai_task_table.csv`: job_name, task_name, inst_num, status, start_time, end_time, plan_cpu,
//! plan_mem, plan_gpu, gpu_type. `pai_group_tag_table.csv` (may be absent): inst_id, user,
//! gpu_type_spec, group, workload. `pai_machine_spec.csv`: machine, gpu_type, cap_cpu (cores),
//! cap_mem, cap_gpu.
//!
//! Pitfalls: `plan_cpu` and `plan_gpu` are percent per instance (600 is 6 cores, 50 is half a
//! GPU, 800 is 8 GPUs); an empty `plan_gpu` is a CPU task. Memory is written as GB and taken as
//! GiB, for tasks as for machines. All tasks of a job hold their pods from the first start to
//! the last end, so that interval is the run time of each. Jobs that were running at the end
//! of the recording have no end: they end at the latest time in the table and are
//! right-censored. Tasks that never started, or whose job has no record or submission, are left
//! out and counted. Times are seconds on a shifted clock, taken relative to the first
//! submission. `gpu_type` is where the task ran; only the type asked for (`gpu_type_spec`)
//! binds it here.

use super::{set_milli, set_outcome};
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::input::Source;
use crate::trace::row::{JobRow, NodeRow};
use crate::trace::sink::{JobSink, NodeSink, Sink, censor_right};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::Time;
use gpusched_core::workload::Outcome;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

const JOB: [&str; 6] = [
    "job_name",
    "inst_id",
    "user",
    "status",
    "start_time",
    "end_time",
];
const TASK: [&str; 10] = [
    "job_name",
    "task_name",
    "inst_num",
    "status",
    "start_time",
    "end_time",
    "plan_cpu",
    "plan_mem",
    "plan_gpu",
    "gpu_type",
];
const TAG: [&str; 5] = ["inst_id", "user", "gpu_type_spec", "group", "workload"];
const MACHINE: [&str; 5] = ["machine", "gpu_type", "cap_cpu", "cap_mem", "cap_gpu"];

const STATUSES: [(&str, Outcome); 5] = [
    ("Terminated", Outcome::Completed),
    ("Failed", Outcome::Failed),
    ("Running", Outcome::Running),
    ("Waiting", Outcome::Pending),
    ("Interrupted", Outcome::Killed),
];

/// The table `name` of a directory: `name.csv`, `name.csv.gz` or `name`.
pub fn table(directory: &Path, name: &str) -> Option<PathBuf> {
    let csv = super::v1::member(directory, &format!("{name}.csv"));
    csv.or_else(|| Some(directory.join(name)).filter(|path| path.is_file()))
}

/// The directory of a source, which may be one of the tables in it.
fn directory(source: &Source) -> Result<PathBuf> {
    match source.path() {
        Some(path) if path.is_dir() => Ok(path.to_path_buf()),
        Some(path) if path.is_file() => Ok(path.parent().unwrap_or(Path::new(".")).to_path_buf()),
        Some(_) => Err(Diagnostic::new("no such file or directory")
            .in_file(source.name())
            .help("name the directory that holds pai_job_table.csv and pai_task_table.csv")),
        None => Err(
            Diagnostic::new("the PAI tables cannot be read from a stream")
                .in_file(source.name())
                .help("name the directory that holds pai_job_table.csv and pai_task_table.csv"),
        ),
    }
}

fn open(path: &Path, columns: &[&str]) -> Result<Table> {
    let input = Source::new(&path.to_string_lossy()).open()?;
    Ok(Table::headerless(input, Split::Comma, columns))
}

fn open_named(directory: &Path, name: &str, columns: &[&str]) -> Result<Table> {
    match table(directory, name) {
        Some(path) => open(&path, columns),
        None => {
            let shown = directory.to_string_lossy();
            Err(super::v1::missing_member(
                &shown,
                directory,
                &format!("{name}.csv"),
            ))
        }
    }
}

/// Some copies have the published header put in front.
fn is_header(row: Row<'_>, table_column: Column) -> bool {
    row.text(table_column) == row.name(table_column)
}

/// What the job table and the tags say about a job.
struct Job {
    submit: Option<Time>,
    user: String,
    status: Outcome,
    instance: String,
}

#[derive(Default)]
struct Tag {
    gpu_type: Vec<String>,
    group: String,
    workload: String,
}

/// First start and last end of the tasks of a job; no end when one is not known.
struct Interval {
    start: Time,
    end: Option<Time>,
}

struct Columns {
    job: Column,
    task: Column,
    instances: Column,
    start: Column,
    end: Column,
    cpu: Column,
    memory: Column,
    gpu: Column,
    gpu_type: Column,
}

impl Columns {
    fn find(table: &Table) -> Columns {
        Columns {
            job: table.optional("job_name"),
            task: table.optional("task_name"),
            instances: table.optional("inst_num"),
            start: table.optional("start_time"),
            end: table.optional("end_time"),
            cpu: table.optional("plan_cpu"),
            memory: table.optional("plan_mem"),
            gpu: table.optional("plan_gpu"),
            gpu_type: table.optional("gpu_type"),
        }
    }
}

/// Everything that is known before the tasks are turned into rows.
struct Index {
    jobs: FxHashMap<String, Job>,
    tags: FxHashMap<String, Tag>,
    intervals: FxHashMap<String, Interval>,
    first_submit: Time,
    horizon: Time,
}

/// Reads jobs, one row per task.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let directory = directory(source)?;
    let jobs = read_job_table(&directory, sink)?;
    let tags = read_tags(&directory, sink)?;
    let (intervals, horizon) = read_intervals(&directory)?;
    let first_submit = jobs
        .values()
        .filter_map(|job| job.submit)
        .min()
        .unwrap_or_default();
    let index = Index {
        jobs,
        tags,
        intervals,
        first_submit,
        horizon,
    };
    let mut table = open_named(&directory, "pai_task_table", &TASK)?.aliases(&[
        ("job_id", "job_name"),
        ("task", "task_name"),
        ("count", "inst_num"),
        ("run_s", "end_time"),
        ("gpu", "plan_gpu"),
        ("gpu_milli", "plan_gpu"),
    ]);
    let columns = Columns::find(&table);
    let mut passed = [0_u64; 3];
    sink.drain(&mut table, &mut |row| {
        if is_header(row, columns.job) {
            return Ok(None);
        }
        match index.row(row, &columns)? {
            Ok(row) => Ok(Some(row)),
            Err(reason) => {
                passed[reason as usize] += 1;
                Ok(None)
            }
        }
    })?;
    sink.drop("no record of the job", passed[Passed::Unrecorded as usize]);
    sink.drop("no submission time", passed[Passed::Unsubmitted as usize]);
    sink.drop("never started", passed[Passed::Unstarted as usize]);
    Ok(())
}

fn read_job_table(directory: &Path, sink: &mut JobSink<'_>) -> Result<FxHashMap<String, Job>> {
    let mut table = open_named(directory, "pai_job_table", &JOB)?;
    let [name, instance, user, status, start, _] = JOB.map(|name| table.optional(name));
    let mut jobs = FxHashMap::default();
    while let Some(record) = table.next_row()? {
        let job = record.and_then(|row| {
            let key = row.required(name)?;
            let job = Job {
                submit: optional_time(row, start)?,
                user: row.text(user).to_string(),
                status: Outcome::Completed,
                instance: row.text(instance).to_string(),
            };
            match row.choice(status, &STATUSES) {
                _ if is_header(row, name) => Ok(None),
                Ok(status) => Ok(Some((
                    key,
                    Job {
                        status: status.unwrap_or_default(),
                        ..job
                    },
                ))),
                Err(problem) => Err(problem),
            }
        });
        match job {
            Ok(Some((key, job))) => {
                jobs.insert(key, job);
            }
            Ok(None) => {}
            Err(problem) => sink.refuse(problem)?,
        }
    }
    sink.digest(table.input().digest());
    Ok(jobs)
}

/// Times are whole seconds written with a decimal point; a header line has its own name here.
fn optional_time(row: Row<'_>, column: Column) -> FieldResult<Option<Time>> {
    if is_header(row, column) {
        Ok(None)
    } else {
        row.optional_time(column)
    }
}

fn read_tags(directory: &Path, sink: &mut JobSink<'_>) -> Result<FxHashMap<String, Tag>> {
    let mut tags = FxHashMap::default();
    let Some(path) = table(directory, "pai_group_tag_table") else {
        sink.note("no pai_group_tag_table: jobs may run on any GPU model".into());
        return Ok(tags);
    };
    let mut table = open(&path, &TAG)?;
    let [instance, _, spec, group, workload] = TAG.map(|name| table.optional(name));
    while let Some(record) = table.next_row()? {
        match record {
            Ok(row) => {
                let tag = Tag {
                    gpu_type: row.list(spec),
                    group: row.text(group).to_string(),
                    workload: row.text(workload).to_string(),
                };
                tags.insert(row.text(instance).to_string(), tag);
            }
            Err(problem) => sink.refuse(problem)?,
        }
    }
    sink.digest(table.input().digest());
    Ok(tags)
}

/// The interval of every job and the latest time. Fields that cannot be read are passed over
/// here: the second reading reports them.
fn read_intervals(directory: &Path) -> Result<(FxHashMap<String, Interval>, Time)> {
    let mut table = open_named(directory, "pai_task_table", &TASK)?;
    let columns = Columns::find(&table);
    let mut intervals: FxHashMap<String, Interval> = FxHashMap::default();
    let mut horizon = Time::ZERO;
    while let Some(record) = table.next_row()? {
        let Ok(row) = record else { continue };
        let Ok(Some(start)) = row.optional_time(columns.start) else {
            continue;
        };
        let end = row.optional_time(columns.end).ok().flatten();
        horizon = horizon.max(start).max(end.unwrap_or(start));
        intervals
            .entry(row.text(columns.job).to_string())
            .and_modify(|interval| {
                interval.start = interval.start.min(start);
                interval.end = interval.end.zip(end).map(|(one, other)| one.max(other));
            })
            .or_insert(Interval { start, end });
    }
    Ok((intervals, horizon))
}

/// Why a task is no row.
#[derive(Clone, Copy)]
enum Passed {
    Unrecorded,
    Unsubmitted,
    Unstarted,
}

impl Index {
    fn row(&self, row: Row<'_>, columns: &Columns) -> FieldResult<Result<JobRow, Passed>> {
        let name = row.required(columns.job)?;
        // Refused here even if the job-wide interval comes from its other tasks.
        let started = row.optional_time(columns.start)?;
        row.optional_time(columns.end)?;
        let Some(job) = self.jobs.get(&name) else {
            return Ok(Err(Passed::Unrecorded));
        };
        let Some(submit) = job.submit else {
            return Ok(Err(Passed::Unsubmitted));
        };
        let (Some(_), Some(interval)) = (started, self.intervals.get(&name)) else {
            return Ok(Err(Passed::Unstarted));
        };
        let end = interval.end.unwrap_or(self.horizon);
        let relative = |time: Time| Time((time - self.first_submit).0);
        let mut made = JobRow::new(name, relative(submit), end - interval.start);
        made.line = row.line();
        made.task = row.required(columns.task)?;
        made.count = row.u32(columns.instances)?;
        made.obs_start = Some(relative(interval.start));
        made.obs_end = interval.end.map(relative);
        made.user.clone_from(&job.user);
        match interval.end {
            Some(_) => set_outcome(&mut made, job.status),
            None => censor_right(&mut made),
        }
        demand(row, columns, &mut made)?;
        let tag = self.tags.get(&job.instance);
        made.gpu_models = tag.map(|tag| tag.gpu_type.clone()).unwrap_or_default();
        made.group = tag.map(|tag| tag.group.clone()).unwrap_or_default();
        made.private = vec![
            (
                "x_workload".into(),
                tag.map(|tag| tag.workload.clone()).unwrap_or_default(),
            ),
            ("x_gpu_type".into(), row.text(columns.gpu_type).to_string()),
        ];
        Ok(Ok(made))
    }
}

/// What one instance asks for.
fn demand(row: Row<'_>, columns: &Columns, made: &mut JobRow) -> FieldResult<()> {
    let cpu = row.optional_f64(columns.cpu)?.unwrap_or_default();
    made.cpu_milli = (cpu * 10.0).round() as u64;
    let memory = row.optional_f64(columns.memory)?.unwrap_or_default();
    made.mem_mib = (memory * 1024.0).round() as u64;
    let percent = row.optional_f64(columns.gpu)?.unwrap_or_default();
    if percent > 100_000.0 {
        let message = format!("plan_gpu {percent} is over 1000 GPUs per instance");
        return Err(row.wrong(
            columns.gpu,
            message,
            "plan_gpu is in percent: 100 is one GPU",
        ));
    }
    if percent > 100.0 {
        made.gpu = (percent / 100.0).ceil() as u32;
    } else if percent > 0.0 {
        made.gpu = 1;
        set_milli(made, (percent * 10.0).ceil() as u32);
    }
    Ok(())
}

/// Reads machines.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_nodes(source: &Source, sink: &mut NodeSink<'_>) -> Result<()> {
    let mut table = match source.path().filter(|path| path.is_dir()) {
        Some(directory) => open_named(directory, "pai_machine_spec", &MACHINE)?,
        None => Table::headerless(source.open()?, Split::Comma, &MACHINE),
    }
    .aliases(&[("node", "machine")]);
    let [name, model, cpu, memory, gpu] = MACHINE.map(|name| table.optional(name));
    sink.drain(&mut table, &mut |row| {
        if is_header(row, name) {
            return Ok(None);
        }
        let cores = row.optional_f64(cpu)?.unwrap_or_default();
        let gib = row.optional_f64(memory)?.unwrap_or_default();
        // Machines without GPUs have the type CPU.
        let model = Some(row.text(model))
            .filter(|model| *model != "CPU")
            .unwrap_or_default();
        let node = NodeRow {
            line: row.line(),
            node: row.required(name)?,
            gpu: row.u32(gpu)?,
            gpu_model: model.to_string(),
            gpu_mem_mib: super::named_memory(model),
            cpu_milli: Some((cores * 1000.0).round() as u64),
            mem_mib: Some((gib * 1024.0).round() as u64),
            ..NodeRow::default()
        };
        Ok::<_, Problem>(Some(node))
    })
}
