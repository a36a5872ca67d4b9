//! Between importer and caller: the rules every trace has to keep, and the filters, for all
//! formats alike.

use super::fields::Problem;
use super::meta::Meta;
use super::row::{Censored, JobRow, NodeRow, TopoMode};
use super::table::{Row, Table};
use super::{ReadOptions, ReadReport, ZeroRun};
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::units::{MAX_MICROS, Span};
use gpusched_core::workload::Outcome;
use rustc_hash::FxHashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Where a row came from, to point at the field that breaks a rule.
pub trait Place {
    /// Adds file, line and, if known, the column that the canonical column `name` comes from.
    fn place(&self, name: &str, problem: Box<Diagnostic>) -> Box<Diagnostic>;
}

impl Place for Row<'_> {
    fn place(&self, name: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        self.locate_canonical(name, problem)
    }
}

/// A place that is known by its line only.
#[derive(Clone, Debug)]
pub struct LinePlace<'a> {
    /// File.
    pub file: &'a str,
    /// 1-based line; 0 = unknown.
    pub line: u64,
}

impl Place for LinePlace<'_> {
    fn place(&self, _name: &str, problem: Box<Diagnostic>) -> Box<Diagnostic> {
        problem.at(self.file, self.line, 0)
    }
}

/// A rule that is broken: its name, the column at fault, what is wrong and how to mend it.
struct Violation {
    rule: &'static str,
    column: &'static str,
    message: String,
    help: &'static str,
}

fn violation(
    rule: &'static str,
    column: &'static str,
    message: String,
    help: &'static str,
) -> Option<Violation> {
    Some(Violation {
        rule,
        column,
        message,
        help,
    })
}

/// Counts, notes and what identifies the bytes: the same for jobs and nodes.
#[derive(Default)]
struct Tally {
    passed: u64,
    dropped: Vec<(String, u64)>,
    notes: Vec<String>,
    meta: Meta,
    digest: Option<u64>,
    /// Line by hash of the key. A hash instead of the key keeps ten million rows within 300 MB;
    /// the chance of two equal hashes among them is below one in 100,000.
    seen: FxHashMap<u64, u32>,
}

impl Tally {
    fn drop(&mut self, reason: &str, rows: u64) {
        match self.dropped.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += rows,
            None if rows > 0 => self.dropped.push((reason.to_string(), rows)),
            None => {}
        }
    }

    fn digest(&mut self, digest: u64) {
        self.digest = Some(match self.digest {
            None => digest,
            Some(before) => super::input::fnv1a(before, &digest.to_le_bytes()),
        });
    }

    fn tolerate(&mut self, problem: Problem, lenient: bool) -> Result<()> {
        if !lenient {
            return Err(problem.diagnostic);
        }
        self.drop(&problem.rule, 1);
        Ok(())
    }

    /// The line the key was first seen on, when this is not the first time.
    fn first_line(&mut self, key: impl Hash, line: u64) -> Option<u32> {
        // A keyed, well-mixing hash: job names are often consecutive numbers.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        match self.seen.entry(hasher.finish()) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(line);
                None
            }
        }
    }

    fn report(self, format: &'static str, path: String) -> ReadReport {
        ReadReport {
            format,
            path,
            rows: self.passed,
            jobs_dropped: self.dropped,
            notes: self.notes,
            meta: self.meta,
            sha256_or_digest: self.digest.unwrap_or_default(),
        }
    }
}

/// What a table importer feeds rows into.
pub trait Sink<T> {
    /// Takes a row, checks it, and hands it over.
    ///
    /// # Errors
    /// When it breaks a rule and is not tolerated, or when the caller refuses it.
    fn push(&mut self, row: T, place: &dyn Place) -> Result<()>;

    /// Counts a record that could not be turned into a row.
    ///
    /// # Errors
    /// The problem itself, unless rows may be left out.
    fn refuse(&mut self, problem: Problem) -> Result<()>;

    /// No more rows are wanted.
    fn full(&self) -> bool;

    /// Adds a note to the report.
    fn note(&mut self, note: String);

    /// Adds the digest of a file to the report.
    fn digest(&mut self, digest: u64);

    /// What the trace says about itself.
    fn meta(&mut self) -> &mut Meta;

    /// Counts rows that are left out by design of the importer.
    fn drop(&mut self, reason: &str, rows: u64);

    /// Reads a whole table: `make` turns a record into a row, or `None` when the record is to
    /// be passed over.
    ///
    /// # Errors
    /// The first problem that is not tolerated.
    fn drain(
        &mut self,
        table: &mut Table,
        make: &mut dyn FnMut(Row<'_>) -> Result<Option<T>, Problem>,
    ) -> Result<()> {
        while !self.full() {
            let Some(record) = table.next_row()? else {
                break;
            };
            match record.and_then(|row| Ok((row, make(row)?))) {
                Ok((row, Some(made))) => self.push(made, &row)?,
                Ok((_, None)) => {}
                Err(problem) => self.refuse(problem)?,
            }
        }
        self.digest(table.input().digest());
        Ok(())
    }
}

macro_rules! shared_sink_methods {
    () => {
        fn refuse(&mut self, problem: Problem) -> Result<()> {
            self.tally.tolerate(problem, self.options.lenient)
        }

        fn full(&self) -> bool {
            self.options
                .limit
                .is_some_and(|limit| self.tally.passed >= limit)
        }

        fn note(&mut self, note: String) {
            self.tally.notes.push(note);
        }

        fn digest(&mut self, digest: u64) {
            self.tally.digest(digest);
        }

        fn meta(&mut self) -> &mut Meta {
            &mut self.tally.meta
        }

        fn drop(&mut self, reason: &str, rows: u64) {
            self.tally.drop(reason, rows);
        }
    };
}

/// Checks jobs and hands them to the caller.
pub struct JobSink<'a> {
    /// How the trace is read.
    pub options: &'a ReadOptions,
    each: &'a mut dyn FnMut(JobRow) -> Result<()>,
    tally: Tally,
}

impl<'a> JobSink<'a> {
    /// A sink that hands rows to `each`.
    pub fn new(
        options: &'a ReadOptions,
        each: &'a mut dyn FnMut(JobRow) -> Result<()>,
    ) -> JobSink<'a> {
        JobSink {
            options,
            each,
            tally: Tally::default(),
        }
    }

    /// What was read.
    pub fn report(self, format: &'static str, path: String) -> ReadReport {
        self.tally.report(format, path)
    }

    /// Applies the filters; the reason when the row is to be left out.
    fn filtered(&self, row: &JobRow) -> Option<&'static str> {
        if self.options.gpu_only && row.gpu == 0 && row.mig_count == 0 {
            return Some("no GPU asked for");
        }
        if self
            .options
            .queue_only
            .as_ref()
            .is_some_and(|queue| *queue != row.queue)
        {
            return Some("in another queue");
        }
        None
    }

    /// Applies the policy for run times of 0; `false` when the row is to be left out.
    fn zero_run(&mut self, row: &mut JobRow, place: &dyn Place) -> Result<bool> {
        let runs_by_steps = row.work_steps.is_some() && row.profile.is_some();
        if row.run != Span::ZERO || runs_by_steps {
            return Ok(true);
        }
        match self.options.zero_run {
            ZeroRun::Keep => Ok(true),
            ZeroRun::Clamp(span) => {
                row.run = span;
                Ok(true)
            }
            ZeroRun::Drop => {
                self.drop("run time is 0", 1);
                Ok(false)
            }
            ZeroRun::Error => {
                let problem = Diagnostic::new("the run time is 0").help(
                    "choose what to do with such jobs: --zero-run=drop, --zero-run=clamp:1 or \
                     --zero-run=keep",
                );
                let problem = place.place("run_s", problem);
                self.refuse(Problem::new("run time is 0", problem))?;
                Ok(false)
            }
        }
    }

    fn duplicate(&mut self, row: &JobRow, place: &dyn Place) -> Option<Problem> {
        let first = self.tally.first_line((&row.job_id, &row.task), row.line)?;
        let message = format!(
            "job \"{}\" task \"{}\" is there twice: first on line {first}, again on line {}",
            row.job_id, row.task, row.line
        );
        let problem = Diagnostic::new(message)
            .help("give one of them another job_id, or another task if they are one job");
        Some(Problem::new(
            "duplicate job_id and task",
            place.place("job_id", problem),
        ))
    }
}

impl Sink<JobRow> for JobSink<'_> {
    fn push(&mut self, mut row: JobRow, place: &dyn Place) -> Result<()> {
        if let Some(reason) = self.filtered(&row) {
            self.drop(reason, 1);
            return Ok(());
        }
        if let Some(broken) = job_violation(&row) {
            return self.refuse(located(&broken, place));
        }
        if !self.zero_run(&mut row, place)? {
            return Ok(());
        }
        if let Some(problem) = self.duplicate(&row, place) {
            return self.refuse(problem);
        }
        self.tally.passed += 1;
        (self.each)(row)
    }

    shared_sink_methods!();
}

fn located(broken: &Violation, place: &dyn Place) -> Problem {
    let problem = Diagnostic::new(&broken.message).help(broken.help);
    Problem::new(broken.rule, place.place(broken.column, problem))
}

/// The first rule a job breaks.
fn job_violation(row: &JobRow) -> Option<Violation> {
    pod_violation(row)
        .or_else(|| gpu_violation(row))
        .or_else(|| time_violation(row))
}

fn pod_violation(row: &JobRow) -> Option<Violation> {
    if row.count == 0 {
        return violation(
            "count is 0",
            "count",
            "count is 0".into(),
            "a group has 1 or more pods",
        );
    }
    if let Some(min) = row.min_count.filter(|min| *min > row.count) {
        let message = format!("min_count {min} is over count {}", row.count);
        return violation(
            "min_count over count",
            "min_count",
            message,
            "lower it, or raise count",
        );
    }
    if let Some(max) = row.max_count.filter(|max| *max < row.count) {
        let message = format!("max_count {max} is under count {}", row.count);
        return violation(
            "max_count under count",
            "max_count",
            message,
            "raise it, or lower count",
        );
    }
    if row.topo_mode != TopoMode::None && row.topo_level.is_none() {
        let message = "topo_mode without topo_level".to_string();
        let help = "write the level: node, nvlink, rack, block or zone";
        return violation("topo_mode without topo_level", "topo_level", message, help);
    }
    None
}

fn gpu_violation(row: &JobRow) -> Option<Violation> {
    let (gpu, milli) = (row.gpu, row.gpu_milli);
    if milli > 1000 {
        let message = format!("gpu_milli {milli} is over 1000");
        let help = "1000 is one whole GPU: for more than one, write gpu and leave gpu_milli empty";
        return violation("gpu_milli over 1000", "gpu_milli", message, help);
    }
    if milli == 0 {
        let help = "write 1 to 1000, or leave it empty for whole GPUs";
        return violation("gpu_milli is 0", "gpu_milli", "gpu_milli is 0".into(), help);
    }
    if milli < 1000 && row.mig_profile.is_some() {
        let message = format!("gpu_milli {milli} together with a MIG profile");
        let help = "a MIG instance is a fixed share: leave gpu_milli empty";
        return violation("gpu_milli with mig_profile", "gpu_milli", message, help);
    }
    if milli < 1000 && gpu != 1 {
        let message = format!("gpu_milli {milli} with gpu {gpu}");
        let help = "a share is of exactly one GPU: write gpu 1, or leave gpu_milli empty";
        return violation(
            "gpu_milli under 1000 needs gpu 1",
            "gpu_milli",
            message,
            help,
        );
    }
    if row.mig_profile.is_some() != (row.mig_count > 0) {
        let message = "mig_profile and mig_count need each other".to_string();
        let help = "write both, or neither";
        return violation("mig_profile and mig_count", "mig_count", message, help);
    }
    None
}

fn time_violation(row: &JobRow) -> Option<Violation> {
    if row.run.0 < 0 {
        let message = format!("run time is negative ({})", row.run);
        return violation(
            "run time is negative",
            "run_s",
            message,
            "write 0 or more seconds",
        );
    }
    if row.submit.0 < 0 || row.submit.0 > MAX_MICROS {
        let message = format!("submit time {} is out of range", row.submit);
        let help = "times start at 0 and end at 2^53 µs (about 285 years)";
        return violation("submit time out of range", "submit_s", message, help);
    }
    if let Some((deadline, _)) = row.deadlines.iter().find(|(at, _)| *at < row.submit) {
        let message = format!(
            "deadline {deadline} is before the submission at {}",
            row.submit
        );
        let help = "deadlines are on the same clock as submit_s, not relative to it";
        return violation("deadline before submission", "deadline_s", message, help);
    }
    if row
        .obs_start
        .zip(row.obs_end)
        .is_some_and(|(start, end)| end < start)
    {
        let message = "the recorded end is before the recorded start".to_string();
        return violation(
            "end before start",
            "obs_end_s",
            message,
            "swap or remove them",
        );
    }
    if row.ckpt == Some(Span::ZERO) {
        let message = "checkpoint interval is 0".to_string();
        return violation(
            "ckpt_s is 0",
            "ckpt_s",
            message,
            "leave it empty, or write inf, for none",
        );
    }
    None
}

/// Checks machines and hands them to the caller.
pub struct NodeSink<'a> {
    /// How the trace is read.
    pub options: &'a ReadOptions,
    each: &'a mut dyn FnMut(NodeRow) -> Result<()>,
    tally: Tally,
}

impl<'a> NodeSink<'a> {
    /// A sink that hands rows to `each`.
    pub fn new(
        options: &'a ReadOptions,
        each: &'a mut dyn FnMut(NodeRow) -> Result<()>,
    ) -> NodeSink<'a> {
        NodeSink {
            options,
            each,
            tally: Tally::default(),
        }
    }

    /// What was read.
    pub fn report(self, format: &'static str, path: String) -> ReadReport {
        self.tally.report(format, path)
    }

    fn duplicate(&mut self, row: &NodeRow, place: &dyn Place) -> Option<Problem> {
        let first = self.tally.first_line(&row.node, row.line)?;
        let message = format!(
            "node \"{}\" is there twice: first on line {first}, again on line {}",
            row.node, row.line
        );
        let problem = Diagnostic::new(message).help("give every machine its own name");
        Some(Problem::new("duplicate node", place.place("node", problem)))
    }
}

impl Sink<NodeRow> for NodeSink<'_> {
    fn push(&mut self, row: NodeRow, place: &dyn Place) -> Result<()> {
        if self.options.gpu_only && row.gpu == 0 {
            self.drop("no GPU", 1);
            return Ok(());
        }
        if row.from.zip(row.to).is_some_and(|(from, to)| to < from) {
            let message = "the node ends before it begins".to_string();
            let help = "from_s has to be at most to_s";
            if let Some(broken) = violation("to_s before from_s", "to_s", message, help) {
                return self.refuse(located(&broken, place));
            }
        }
        if let Some(problem) = self.duplicate(&row, place) {
            return self.refuse(problem);
        }
        self.tally.passed += 1;
        (self.each)(row)
    }

    shared_sink_methods!();
}

/// Marks a job as one the recording ended before: still running, end not seen.
pub(crate) fn censor_right(row: &mut JobRow) {
    row.outcome = Outcome::Running;
    row.censored = Censored::Right;
}
