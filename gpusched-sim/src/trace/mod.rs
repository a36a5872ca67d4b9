//! Traces: the canonical rows and the formats they are read from and written to.
//!
//! Every format is read by one importer in [`mod@formats`] that turns records into [`JobRow`]s or
//! [`NodeRow`]s. What holds for all formats (validation, lenience, filters, the policy for
//! zero run times, the limit) is done once, in [`sink`], between the importer and the caller.

pub mod build;
pub mod detect;
pub mod fields;
pub mod formats;
pub mod generate;
pub mod inline;
pub mod input;
pub mod meta;
pub mod problems;
pub mod resample;
pub mod row;
mod rules;
pub mod sink;
pub mod stamp;
pub mod table;
pub mod write;

use crate::diagnostic::Result;
use gpusched_core::units::{MAX_MICROS, Span};
use input::Source;
pub use meta::Meta;
pub use problems::Problems;
use row::{JobRow, NodeRow};
use sink::{JobSink, NodeSink};
use std::path::PathBuf;
pub use write::{JobsWriter, write_jobs, write_nodes};

/// The run time of a job that does not end within any trace: 2^53 µs.
pub const ENDLESS: Span = Span(MAX_MICROS);

/// What to do with a job whose run time is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroRun {
    /// Refuse the trace.
    #[default]
    Error,
    /// Leave the row out and count it.
    Drop,
    /// Give it this run time.
    Clamp(Span),
    /// Keep it: it completes in the instant it starts.
    Keep,
}

/// Which attempts of a job make up its run time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attempts {
    /// All of them, added up.
    #[default]
    Sum,
    /// The last one.
    Last,
    /// The first one.
    First,
}

/// What a processor of the Standard Workload Format stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SwfProcs {
    /// A GPU.
    Gpu,
    /// A CPU core.
    #[default]
    Cpu,
}

/// How a trace is read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// GPUs of the largest pod a job is split into, where a format only gives a total.
    pub gpus_per_pod: u32,
    /// What to do with run times of 0.
    pub zero_run: ZeroRun,
    /// Leave unusable rows out and count them, instead of refusing the trace.
    pub lenient: bool,
    /// Leave rows without a GPU out.
    pub gpu_only: bool,
    /// Which attempts count (`philly-json`).
    pub attempts: Attempts,
    /// What a processor is (`swf`).
    pub swf_procs: SwfProcs,
    /// Throughput table (`gavel`).
    pub throughputs: Option<PathBuf>,
    /// IANA zone of times without an offset, such as `America/Los_Angeles`. `None` = the clock
    /// on the wall is taken as it is: an hour repeated at the end of summer time overlaps itself.
    pub timezone: Option<String>,
    /// Leave rows of other queues out.
    pub queue_only: Option<String>,
    /// Stop after this many rows have been handed over.
    pub limit: Option<u64>,
    /// Put problems with single rows here and go on, whatever `lenient` says.
    pub problems: Option<Problems>,
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions {
            gpus_per_pod: 8,
            zero_run: ZeroRun::default(),
            lenient: false,
            gpu_only: false,
            attempts: Attempts::default(),
            swf_procs: SwfProcs::default(),
            throughputs: None,
            timezone: None,
            queue_only: None,
            limit: None,
            problems: None,
        }
    }
}

/// What was read, and what was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadReport {
    /// Name of the format.
    pub format: &'static str,
    /// What was read, as the user named it.
    pub path: String,
    /// Rows handed over.
    pub rows: u64,
    /// Rows left out, by reason.
    pub jobs_dropped: Vec<(String, u64)>,
    /// What a reader of results should know about the data.
    pub notes: Vec<String>,
    /// What the trace says about itself.
    pub meta: Meta,
    /// FNV-1a digest of the decompressed bytes that were read (all files, in reading order).
    pub sha256_or_digest: u64,
}

/// A format, for listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatInfo {
    /// Name, as in `NAME:PATH`.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// What it can be read into: `jobs`, `nodes`, or `jobs and nodes`.
    pub reads: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
}

/// All formats.
pub fn formats() -> &'static [FormatInfo] {
    &formats::ALL
}

/// Reads jobs from `spec`, which is `FORMAT:PATH` or `PATH` (`-` is standard input), and hands
/// every row that passes the rules to `each`.
///
/// Without a format the first line decides; standard input is then held in memory.
///
/// # Errors
/// What is wrong with the first unusable row (unless `options.lenient`), with the file, or with
/// the spec; and whatever `each` returns.
///
/// ```no_run
/// use gpusched_sim::trace::{ReadOptions, read_jobs};
/// let mut gpus = 0;
/// let report = read_jobs("itp:cluster01.csv", &ReadOptions::default(), &mut |row| {
///     gpus += row.gpu * row.count;
///     Ok(())
/// })?;
/// println!("{} jobs ask for {gpus} GPUs", report.rows);
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
pub fn read_jobs(
    spec: &str,
    options: &ReadOptions,
    each: &mut dyn FnMut(JobRow) -> Result<()>,
) -> Result<ReadReport> {
    if let Some(sample) = crate::builtin::jobs(spec) {
        return read_jobs_from(sample, Some("v1"), options, each);
    }
    let (format, path) = detect::split_spec(spec)?;
    read_jobs_from(Source::new(path), format, options, each)
}

/// As [`read_jobs`], from a source and the name of a format (`None` = detect it).
///
/// # Errors
/// As [`read_jobs`].
pub fn read_jobs_from(
    source: Source,
    format: Option<&'static str>,
    options: &ReadOptions,
    each: &mut dyn FnMut(JobRow) -> Result<()>,
) -> Result<ReadReport> {
    let (format, source) = match format {
        Some(format) => (format, source),
        None => {
            let source = source.replayable()?;
            (detect::jobs(&source)?, source)
        }
    };
    let path = source.name().to_string();
    let mut sink = JobSink::new(options, each);
    formats::read_jobs(format, source, &mut sink)?;
    Ok(sink.report(format, path))
}

/// Reads machines from `spec`: `FORMAT:PATH`, `PATH`, or an inline cluster such as
/// `16x8:A100+4x2:T4:64:256` (see [`inline`]).
///
/// # Errors
/// As [`read_jobs`].
pub fn read_nodes(
    spec: &str,
    options: &ReadOptions,
    each: &mut dyn FnMut(NodeRow) -> Result<()>,
) -> Result<ReadReport> {
    if let Some(sample) = crate::builtin::nodes(spec) {
        return read_nodes_from(sample, Some("v1"), options, each);
    }
    if inline::looks_inline(spec) && !std::path::Path::new(spec).exists() {
        let mut sink = NodeSink::new(options, each);
        inline::read(spec, &mut sink)?;
        return Ok(sink.report("inline", spec.to_string()));
    }
    let (format, path) = detect::split_spec(spec)?;
    read_nodes_from(Source::new(path), format, options, each)
}

/// As [`read_nodes`], from a source and the name of a format (`None` = detect it).
///
/// # Errors
/// As [`read_jobs`].
pub fn read_nodes_from(
    source: Source,
    format: Option<&'static str>,
    options: &ReadOptions,
    each: &mut dyn FnMut(NodeRow) -> Result<()>,
) -> Result<ReadReport> {
    let (format, source) = match format {
        Some(format) => (format, source),
        None => {
            let source = source.replayable()?;
            (detect::nodes(&source)?, source)
        }
    };
    let path = source.name().to_string();
    let mut sink = NodeSink::new(options, each);
    formats::read_nodes(format, source, &mut sink)?;
    Ok(sink.report(format, path))
}
