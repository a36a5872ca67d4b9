//! Alibaba GPU cluster 2023 (openb): pod lists and node lists.
//!
//! Pods: `name`, `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli`, and in all but the multigpu
//! variants `gpu_spec` (alternatives joined by `|`), `qos`, `pod_phase`, `creation_time`,
//! `deletion_time`, `scheduled_time` (seconds from the start of the recording, kept as they
//! are). Nodes: `sn`, `cpu_milli`, `memory_mib`, `gpu`, `model`.
//!
//! Pitfalls:
//! - The multigpu variants have five columns and no times: pods then arrive one second apart in
//!   file order and never end.
//! - `pod_phase` Running is the phase last seen, not "still alive": only pods deleted at the
//!   very end of the recording are right-censored.
//! - Pending pods have no `scheduled_time`; their run time is their lifetime.
//! - `gpu_milli` is 0 for pods without a GPU, and below 1000 only with one GPU.
//! - `gpu_spec` repeats alternatives, which are kept: to FGD `A|B` and `A|B|B` are two kinds of
//!   request. Format v1 names each once, so `fgd` decides a little otherwise on a list that was
//!   converted.
//! - `qos` BE may be preempted and has priority 0; every other class has priority 1.
//! - The model names V100M16 and V100M32 tell the memory of the device; others do not.

use super::{set_milli, set_outcome};
use crate::diagnostic::Result;
use crate::trace::ENDLESS;
use crate::trace::fields::FieldResult;
use crate::trace::input::Source;
use crate::trace::row::{Censored, JobRow, NodeRow};
use crate::trace::sink::{JobSink, NodeSink, Sink, censor_right};
use crate::trace::table::{Column, Row, Split, Table};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Outcome;

const PHASES: [(&str, Outcome); 4] = [
    ("Running", Outcome::Completed),
    ("Succeeded", Outcome::Completed),
    ("Failed", Outcome::Failed),
    ("Pending", Outcome::Pending),
];

struct Times {
    created: Column,
    deleted: Column,
    scheduled: Column,
    phase: Column,
}

/// Reads pods, one job each; standard input is held in memory, because the end of the recording
/// is found first.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: Source, sink: &mut JobSink<'_>) -> Result<()> {
    let source = source.replayable()?;
    let horizon = horizon(&source)?;
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[
        ("job_id", "name"),
        ("submit_s", "creation_time"),
        ("run_s", "deletion_time"),
        ("obs_end_s", "deletion_time"),
        ("gpu", "num_gpu"),
    ]);
    let name = table.column("name")?;
    let (cpu, memory) = (table.column("cpu_milli")?, table.column("memory_mib")?);
    let (gpu, milli) = (table.column("num_gpu")?, table.column("gpu_milli")?);
    let (spec, qos) = (table.optional("gpu_spec"), table.optional("qos"));
    let times = times(&table)?;
    let mut number = 0;
    sink.drain(&mut table, &mut |row| {
        let mut job = JobRow::new(row.required(name)?, Time::from_secs(number), ENDLESS);
        number += 1;
        job.line = row.line();
        job.cpu_milli = row.u64(cpu)?;
        job.mem_mib = row.u64_or(memory, 0)?;
        job.gpu = row.u32(gpu)?;
        match row.u32(milli)? {
            0 if job.gpu == 0 => {}
            milli => set_milli(&mut job, milli),
        }
        job.gpu_models = row.list_as_given(spec);
        if let Some(class) = row.optional_text(qos) {
            job.preemptible = class == "BE";
            job.priority = i32::from(class != "BE");
            job.priority_class = Some(class);
        }
        match &times {
            Some(times) => times.set(row, &mut job, horizon)?,
            None => job.censored = Censored::Right,
        }
        Ok(Some(job))
    })?;
    if times.is_none() {
        sink.note("no times in this list: pods arrive one second apart and never end".into());
    }
    Ok(())
}

fn times(table: &Table) -> Result<Option<Times>> {
    if !table.optional("creation_time").present() && !table.optional("deletion_time").present() {
        return Ok(None);
    }
    Ok(Some(Times {
        created: table.column("creation_time")?,
        deleted: table.column("deletion_time")?,
        scheduled: table.optional("scheduled_time"),
        phase: table.optional("pod_phase"),
    }))
}

impl Times {
    fn set(&self, row: Row<'_>, job: &mut JobRow, horizon: Option<Time>) -> FieldResult<()> {
        job.submit = row.time(self.created)?;
        job.obs_start = row.optional_time(self.scheduled)?;
        let end = row.time(self.deleted)?;
        job.run = Span(end.0 - job.obs_start.unwrap_or(job.submit).0);
        let outcome = row.choice(self.phase, &PHASES)?.unwrap_or_default();
        set_outcome(job, outcome);
        if job.obs_start.is_some() {
            job.obs_end = Some(end);
        }
        if Some(end) == horizon {
            match outcome {
                Outcome::Pending => job.censored = Censored::Right,
                _ => {
                    censor_right(job);
                    job.fail_at = None;
                }
            }
        }
        Ok(())
    }
}

/// The latest deletion: the end of the recording. Fields that cannot be read are passed over
/// here: the second reading reports them.
fn horizon(source: &Source) -> Result<Option<Time>> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?;
    let deleted = table.optional("deletion_time");
    let mut latest = None;
    while deleted.present()
        && let Some(record) = table.next_row()?
    {
        if let Ok(Some(time)) = record.and_then(|row| row.optional_time(deleted)) {
            latest = latest.max(Some(time));
        }
    }
    Ok(latest)
}

/// Reads machines.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_nodes(source: &Source, sink: &mut NodeSink<'_>) -> Result<()> {
    let mut table = Table::with_header(source.open()?, Split::Comma)?.aliases(&[("node", "sn")]);
    let (name, gpu, model) = (
        table.column("sn")?,
        table.column("gpu")?,
        table.column("model")?,
    );
    let (cpu, memory) = (table.column("cpu_milli")?, table.column("memory_mib")?);
    sink.drain(&mut table, &mut |row| {
        Ok(Some(NodeRow {
            line: row.line(),
            node: row.required(name)?,
            gpu: row.u32(gpu)?,
            gpu_model: row.text(model).to_string(),
            gpu_mem_mib: super::named_memory(row.text(model)),
            cpu_milli: Some(row.u64(cpu)?),
            mem_mib: Some(row.u64(memory)?),
            ..NodeRow::default()
        }))
    })
}
