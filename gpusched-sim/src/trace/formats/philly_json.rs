//! Microsoft Philly 2017, the original `cluster_job_log` (JSON).
//!
//! A list of jobs with `jobid`, `vc` (taken as the queue), `user`, `status` (Pass, Killed,
//! Failed), `submitted_time` and `attempts`, each with `start_time`, `end_time` and `detail`,
//! a list of machines (`ip`) and the `gpus` used on each.
//!
//! Pitfalls: there is no request, so the machines of an attempt become pods and their GPUs the
//! size; pods of different size become task groups of one job. Times are on Pacific wall clocks
//! without a zone (see [`philly`](super::philly)) and may be the text "None" or missing. An
//! attempt without an end was still running when the log was taken; its job is right-censored
//! at the latest time in the log. Jobs that never got machines are left out and counted. Which
//! attempts make up the run time is an option; sizes are those of the last attempt that counts.
//! The whole file is held in memory.

use super::set_outcome;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::Attempts;
use crate::trace::fields::Problem;
use crate::trace::input::Source;
use crate::trace::row::JobRow;
use crate::trace::sink::{JobSink, LinePlace, Sink, censor_right};
use crate::trace::stamp::{Clock, Start, parse_text};
use gpusched_core::units::Span;
use gpusched_core::workload::Outcome;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Job {
    jobid: String,
    #[serde(default)]
    vc: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    submitted_time: Option<String>,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    #[serde(default)]
    start_time: Option<String>,
    #[serde(default)]
    end_time: Option<String>,
    #[serde(default)]
    detail: Vec<Machine>,
}

#[derive(Deserialize)]
struct Machine {
    #[serde(default)]
    ip: Option<String>,
    #[serde(default)]
    gpus: Vec<serde_json::Value>,
}

/// An attempt that started; without an end it was still running.
struct Run<'a> {
    start: i64,
    end: Option<i64>,
    machines: &'a [Machine],
}

/// The log and how its times are read.
struct Log<'a> {
    name: &'a str,
    text: &'a str,
    clock: &'a Clock,
    attempts: Attempts,
    start: Start,
    horizon: i64,
}

/// Reads jobs.
///
/// # Errors
/// The first problem that is not tolerated.
pub fn read_jobs(source: &Source, sink: &mut JobSink<'_>) -> Result<()> {
    let mut input = source.open()?;
    let text = input.read_all()?;
    sink.digest(input.digest());
    let jobs: Vec<Job> =
        serde_json::from_str(&text).map_err(|error| broken(source.name(), &text, &error))?;
    if jobs.is_empty() {
        return Err(Diagnostic::new("the list holds no job")
            .at(source.name(), 1, 1)
            .help("give a log with at least one job"));
    }
    let clock = Clock::new(sink.options)?;
    let stamps = |text: &Option<String>| text.as_deref().and_then(|t| parse_text(t, &clock).ok());
    let submitted = jobs.iter().filter_map(|job| stamps(&job.submitted_time));
    let ends = jobs.iter().flat_map(|job| &job.attempts);
    let ends = ends.flat_map(|attempt| [stamps(&attempt.start_time), stamps(&attempt.end_time)]);
    let horizon = ends.flatten().max().unwrap_or_default();
    let log = Log {
        name: source.name(),
        text: &text,
        clock: &clock,
        attempts: sink.options.attempts,
        start: Start::earliest(submitted, &clock, false),
        horizon,
    };
    for job in &jobs {
        if sink.full() {
            break;
        }
        log.push(job, sink)?;
    }
    sink.meta().t0.clone_from(&log.start.text);
    let zone = sink.options.timezone.clone();
    sink.meta().tz = zone;
    Ok(())
}

fn broken(name: &str, text: &str, error: &serde_json::Error) -> Box<Diagnostic> {
    let line = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    // serde_json counts bytes, and 0 for a line end.
    let before = line.get(..error.column().saturating_sub(1)).unwrap_or(line);
    let full = error.to_string();
    let message = full.split(" at line ").next().unwrap_or(&full);
    Diagnostic::new(format!("this is not the expected JSON: {message}"))
        .at(name, error.line().max(1) as u64, before.chars().count() as u64 + 1)
        .source_line(line)
        .help("a list of jobs is needed: [{\"jobid\": ..., \"submitted_time\": ..., \"attempts\": [...]}, ...]")
}

impl Log<'_> {
    fn push(&self, job: &Job, sink: &mut JobSink<'_>) -> Result<()> {
        match self.rows(job) {
            Err(problem) => sink.refuse(problem),
            Ok(Err(reason)) => {
                sink.drop(reason, 1);
                Ok(())
            }
            Ok(Ok(rows)) => {
                for row in rows {
                    let line = row.line;
                    sink.push(
                        row,
                        &LinePlace {
                            file: self.name,
                            line,
                        },
                    )?;
                }
                Ok(())
            }
        }
    }

    /// The task groups of a job, or why it has none.
    fn rows(&self, job: &Job) -> Result<Result<Vec<JobRow>, &'static str>, Problem> {
        let Some(submit) = self.time(job, job.submitted_time.as_deref())? else {
            return Ok(Err("no submission time"));
        };
        let all = self.runs(job)?;
        let runs = match self.attempts {
            Attempts::Sum => &all[..],
            Attempts::First => &all[..all.len().min(1)],
            Attempts::Last => &all[all.len().saturating_sub(1)..],
        };
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
            return Ok(Err("no attempt that started"));
        };
        let spans = runs
            .iter()
            .map(|run| run.end.unwrap_or(self.horizon) - run.start);
        let span = spans.fold(0, i64::saturating_add);
        let mut row = JobRow::new(&job.jobid, self.start.relative(submit), Span(span));
        row.line = self.line_of(job);
        row.queue = job.vc.clone().unwrap_or_default();
        row.user = job.user.clone().unwrap_or_default();
        row.attempts = u32::try_from(job.attempts.len()).ok();
        row.obs_start = Some(self.start.relative(first.start));
        row.obs_end = last.end.map(|end| self.start.relative(end));
        match last.end {
            Some(_) => set_outcome(&mut row, self.status(job)?),
            None => censor_right(&mut row),
        }
        let rows = groups(&row, last.machines);
        Ok(if rows.is_empty() {
            Err("no GPU recorded")
        } else {
            Ok(rows)
        })
    }

    fn runs<'j>(&self, job: &'j Job) -> Result<Vec<Run<'j>>, Problem> {
        let mut runs = Vec::new();
        for attempt in &job.attempts {
            let end = self.time(job, attempt.end_time.as_deref())?;
            if let Some(start) = self.time(job, attempt.start_time.as_deref())? {
                runs.push(Run {
                    start,
                    end,
                    machines: &attempt.detail,
                });
            }
        }
        Ok(runs)
    }

    fn status(&self, job: &Job) -> Result<Outcome, Problem> {
        match job.status.as_deref() {
            Some("Pass") | None => Ok(Outcome::Completed),
            Some("Killed") => Ok(Outcome::Killed),
            Some("Failed") => Ok(Outcome::Failed),
            Some("Running") => Ok(Outcome::Running),
            Some(other) => {
                let message = format!("job \"{}\" has the unknown status \"{other}\"", job.jobid);
                Err(self.problem(
                    job,
                    Diagnostic::new(message).help("one of Pass, Killed, Failed"),
                ))
            }
        }
    }

    fn time(&self, job: &Job, text: Option<&str>) -> Result<Option<i64>, Problem> {
        match text.map(str::trim) {
            None | Some("" | "None") => Ok(None),
            Some(text) => match parse_text(text, self.clock) {
                Ok(micros) => Ok(Some(micros)),
                Err(problem) => Err(self.problem(job, problem)),
            },
        }
    }

    fn problem(&self, job: &Job, problem: Box<Diagnostic>) -> Problem {
        Problem::new(
            "unusable job record",
            problem.at(self.name, self.line_of(job), 0),
        )
    }

    /// The line a job is on. The parser does not tell, and only errors and duplicates ask: a
    /// log on one line is common, so nothing is searched in long texts.
    fn line_of(&self, job: &Job) -> u64 {
        if self.text.len() > 1 << 20 {
            return 0;
        }
        let at = self
            .text
            .find(&format!("\"{}\"", job.jobid))
            .unwrap_or_default();
        1 + self.text[..at]
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count() as u64
    }
}

/// One row for each size of pod; the largest is the main one.
fn groups(row: &JobRow, machines: &[Machine]) -> Vec<JobRow> {
    let mut sizes: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for machine in machines {
        let gpus = u32::try_from(machine.gpus.len()).unwrap_or(u32::MAX);
        sizes
            .entry(gpus)
            .or_default()
            .push(machine.ip.as_deref().unwrap_or_default());
    }
    sizes.remove(&0);
    sizes
        .into_iter()
        .rev()
        .enumerate()
        .map(|(index, (gpus, ips))| {
            let mut group = row.clone();
            if index > 0 {
                group.task = format!("pods-of-{gpus}");
            }
            group.gpu = gpus;
            group.count = u32::try_from(ips.len()).unwrap_or(u32::MAX);
            group.obs_nodes = Some(ips.join("|"));
            group
        })
        .collect()
}
