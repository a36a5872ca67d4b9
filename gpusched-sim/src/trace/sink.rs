//! Between importer and caller: the rules every trace has to keep, and the filters, for all
//! formats alike.

use super::fields::Problem;
use super::meta::Meta;
use super::row::{Censored, JobRow, NodeRow};
use super::rules::{Violation, job_violation, node_violation};
use super::table::{Row, Table};
use super::{ReadOptions, ReadReport, ZeroRun};
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::units::Span;
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

    fn tolerate(&mut self, problem: Problem, options: &ReadOptions) -> Result<()> {
        match &options.problems {
            Some(problems) => problems.add(*problem.diagnostic),
            None if options.lenient => {}
            None => return Err(problem.diagnostic),
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
        let mut records = false;
        while !self.full() {
            let Some(record) = table.next_row()? else {
                if !records {
                    return Err(no_record(table));
                }
                break;
            };
            records = true;
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

/// A trace without a single record is a mistake further up: a failed export, the wrong file.
fn no_record(table: &Table) -> Box<Diagnostic> {
    let line = table.input().line_number() + 1;
    Diagnostic::new("the file ends before its first record")
        .at(table.input().name(), line, 1)
        .help("give a file with at least one record; was its export cut short?")
}

macro_rules! shared_sink_methods {
    () => {
        fn refuse(&mut self, problem: Problem) -> Result<()> {
            self.tally.tolerate(problem, self.options)
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
        let mut message = format!(
            "job \"{}\" task \"{}\" is there twice",
            row.job_id, row.task
        );
        if row.line > 0 {
            message += &format!(": first on line {first}, again on line {}", row.line);
        }
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
        if let Some(broken) = node_violation(&row) {
            return self.refuse(located(&broken, place));
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
