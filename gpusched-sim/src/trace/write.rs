//! Writing trace v1.
//!
//! A cell that holds the default is written empty, and a column that is empty in every row is
//! not written at all, so that files stay small and equal rows give equal bytes.

use super::formats::v1::{CENSORED, GANGS, OUTCOMES, SHARE_MODES, TOPO_LEVELS, TOPO_MODES};
use super::row::{JobRow, NodeRow, ShareMode, UTIL_COLUMNS};
use gpusched_core::units::Span;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};

/// A column: its name, whether it is always there, and how a cell is written (nothing when it
/// holds the default).
struct Column<T> {
    name: &'static str,
    required: bool,
    cell: fn(&T, &mut String),
}

const fn required<T>(name: &'static str, cell: fn(&T, &mut String)) -> Column<T> {
    Column {
        name,
        required: true,
        cell,
    }
}

const fn column<T>(name: &'static str, cell: fn(&T, &mut String)) -> Column<T> {
    Column {
        name,
        required: false,
        cell,
    }
}

fn put(out: &mut String, value: impl Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

fn put_unless<V: Display + PartialEq>(out: &mut String, value: V, default: V) {
    if value != default {
        put(out, value);
    }
}

fn put_some(out: &mut String, value: Option<impl Display>) {
    if let Some(value) = value {
        put(out, value);
    }
}

fn put_flag(out: &mut String, value: bool, default: bool) {
    if value != default {
        out.push(if value { '1' } else { '0' });
    }
}

fn put_choice<T: Copy + PartialEq>(out: &mut String, value: T, default: T, names: &[(&str, T)]) {
    if value != default
        && let Some((name, _)) = names.iter().find(|(_, named)| *named == value)
    {
        out.push_str(name);
    }
}

fn put_deadlines(row: &JobRow, out: &mut String) {
    if let [(at, _)] = row.deadlines.as_slice() {
        return put(out, at);
    }
    for (index, (at, value)) in row.deadlines.iter().enumerate() {
        let separator = if index == 0 { "" } else { "|" };
        put(out, format_args!("{separator}{at}:{value}"));
    }
}

fn put_value(row: &JobRow, out: &mut String) {
    if let [(_, value)] = row.deadlines.as_slice() {
        put_unless(out, *value, 1.0);
    }
}

fn put_run(row: &JobRow, out: &mut String) {
    let unknown = row.run == Span::ZERO && row.work_steps.is_some() && row.profile.is_some();
    if !unknown {
        put(out, row.run);
    }
}

/// How a device is shared when the column is empty.
pub(crate) fn default_share(gpu_milli: u32) -> ShareMode {
    if gpu_milli == 1000 {
        ShareMode::Exclusive
    } else {
        ShareMode::Any
    }
}

const JOB_COLUMNS: &[Column<JobRow>] = &[
    required("job_id", |row, out| out.push_str(&row.job_id)),
    column("task", |row, out| {
        put_unless(out, row.task.as_str(), "main");
    }),
    column("count", |row, out| put_unless(out, row.count, 1)),
    column("min_count", |row, out| put_some(out, row.min_count)),
    column("max_count", |row, out| put_some(out, row.max_count)),
    column("gang", |row, out| {
        put_choice(out, row.gang, Default::default(), &GANGS);
    }),
    required("submit_s", |row, out| put(out, row.submit)),
    required("run_s", put_run),
    column("work_steps", |row, out| put_some(out, row.work_steps)),
    column("profile", |row, out| put_some(out, row.profile.as_ref())),
    column("ref_gpu", |row, out| put_some(out, row.ref_gpu.as_ref())),
    column("estimate_s", |row, out| put_some(out, row.estimate)),
    column("limit_s", |row, out| put_some(out, row.limit)),
    column("deadline_s", put_deadlines),
    column("value", put_value),
    column("gpu", |row, out| put_unless(out, row.gpu, 0)),
    column("gpu_milli", |row, out| put_unless(out, row.gpu_milli, 1000)),
    column("gpu_mem_mib", |row, out| {
        put_unless(out, row.gpu_mem_mib, 0);
    }),
    column("mig_profile", |row, out| {
        put_some(out, row.mig_profile.as_ref());
    }),
    column("mig_count", |row, out| put_unless(out, row.mig_count, 0)),
    column("share_mode", |row, out| {
        put_choice(
            out,
            row.share_mode,
            default_share(row.gpu_milli),
            &SHARE_MODES,
        );
    }),
    column("gpu_models", |row, out| {
        let models = row.gpu_models.iter().enumerate();
        let fresh = models.filter(|(at, model)| !row.gpu_models[..*at].contains(model));
        let names: Vec<&str> = fresh.map(|(_, model)| model.as_str()).collect();
        out.push_str(&names.join("|"));
    }),
    column("gpu_not", |row, out| out.push_str(&row.gpu_not.join("|"))),
    column("cc_min", |row, out| put_unless(out, row.cc_min, 0.0)),
    column("nvlink_gbps_min", |row, out| {
        put_unless(out, row.nvlink_gbps_min, 0.0);
    }),
    column("rdma", |row, out| put_unless(out, row.rdma, 0)),
    column("cpu_milli", |row, out| put_unless(out, row.cpu_milli, 0)),
    column("mem_mib", |row, out| put_unless(out, row.mem_mib, 0)),
    column("disk_mib", |row, out| put_unless(out, row.disk_mib, 0)),
    column("priority", |row, out| put_unless(out, row.priority, 0)),
    column("priority_class", |row, out| {
        put_some(out, row.priority_class.as_ref());
    }),
    column("queue", |row, out| out.push_str(&row.queue)),
    column("user", |row, out| out.push_str(&row.user)),
    column("tenant", |row, out| out.push_str(&row.tenant)),
    column("group", |row, out| out.push_str(&row.group)),
    column("preemptible", |row, out| {
        put_flag(out, row.preemptible, true);
    }),
    column("spot_ok", |row, out| put_flag(out, row.spot_ok, false)),
    column("ckpt_s", |row, out| put_some(out, row.ckpt)),
    column("ckpt_cost_s", |row, out| {
        put_unless(out, row.ckpt_cost, Span::ZERO);
    }),
    column("restart_s", |row, out| {
        put_unless(out, row.restart, Span::ZERO);
    }),
    column("topo_mode", |row, out| {
        put_choice(out, row.topo_mode, Default::default(), &TOPO_MODES);
    }),
    column("topo_level", |row, out| {
        put_choice(
            out,
            row.topo_level,
            None,
            &TOPO_LEVELS.map(|(name, level)| (name, Some(level))),
        );
    }),
    column("slice_size", |row, out| put_some(out, row.slice_size)),
    column("max_per_node", |row, out| {
        put_unless(out, row.max_per_node, 0);
    }),
    column("outcome", |row, out| {
        put_choice(out, row.outcome, Default::default(), &OUTCOMES);
    }),
    column("fail_at_s", |row, out| put_some(out, row.fail_at)),
    column("censored", |row, out| {
        put_choice(out, row.censored, Default::default(), &CENSORED);
    }),
    column("obs_start_s", |row, out| put_some(out, row.obs_start)),
    column("obs_end_s", |row, out| put_some(out, row.obs_end)),
    column("obs_nodes", |row, out| {
        put_some(out, row.obs_nodes.as_ref());
    }),
    column("attempts", |row, out| put_some(out, row.attempts)),
    column(UTIL_COLUMNS[0], |row, out| put_some(out, row.util[0])),
    column(UTIL_COLUMNS[1], |row, out| put_some(out, row.util[1])),
    column(UTIL_COLUMNS[2], |row, out| put_some(out, row.util[2])),
    column(UTIL_COLUMNS[3], |row, out| put_some(out, row.util[3])),
    column(UTIL_COLUMNS[4], |row, out| put_some(out, row.util[4])),
    column("util_profile", |row, out| {
        put_some(out, row.util_profile.as_ref());
    }),
];

const NODE_COLUMNS: &[Column<NodeRow>] = &[
    required("node", |row, out| out.push_str(&row.node)),
    column("pool", |row, out| out.push_str(&row.pool)),
    column("gpu_model", |row, out| out.push_str(&row.gpu_model)),
    required("gpu", |row, out| put(out, row.gpu)),
    column("gpu_mem_mib", |row, out| put_some(out, row.gpu_mem_mib)),
    column("mig_capable", |row, out| {
        put_flag(out, row.mig_capable, false);
    }),
    column("mig_layout", |row, out| out.push_str(&row.mig_layout)),
    column("share_replicas", |row, out| {
        put_unless(out, row.share_replicas, 0);
    }),
    column("cpu_milli", |row, out| put_some(out, row.cpu_milli)),
    column("mem_mib", |row, out| put_some(out, row.mem_mib)),
    column("nvlink_domain", |row, out| out.push_str(&row.nvlink_domain)),
    column("nvlink_gbps", |row, out| {
        put_unless(out, row.nvlink_gbps, 0.0);
    }),
    column("nic_count", |row, out| put_unless(out, row.nic_count, 0)),
    column("nic_gbps", |row, out| put_unless(out, row.nic_gbps, 0.0)),
    column("zone", |row, out| out.push_str(&row.zone)),
    column("block", |row, out| out.push_str(&row.block)),
    column("rack", |row, out| out.push_str(&row.rack)),
    column("labels", |row, out| out.push_str(&row.labels)),
    column("taints", |row, out| out.push_str(&row.taints)),
    column("spot", |row, out| put_flag(out, row.spot, false)),
    column("price_od_h", |row, out| put_some(out, row.price_od_h)),
    column("price_spot_h", |row, out| put_some(out, row.price_spot_h)),
    column("from_s", |row, out| put_some(out, row.from)),
    column("to_s", |row, out| put_some(out, row.to)),
    column("variability", |row, out| {
        let each = row.variability.iter();
        let each: Vec<String> = each
            .map(|slowdown| (f64::from(*slowdown) / 1000.0).to_string())
            .collect();
        out.push_str(&each.join(";"));
    }),
];

/// Writes `jobs.csv`: the required columns, those that differ from their default in at least
/// one row, and the private ones.
///
/// # Errors
/// When writing fails.
///
/// ```
/// use gpusched_core::units::{Span, Time};
/// use gpusched_sim::trace::{row::JobRow, write_jobs};
/// let mut row = JobRow::new("a", Time::ZERO, Span::from_secs(90));
/// row.gpu = 8;
/// let mut out = Vec::new();
/// write_jobs(&mut out, &[row])?;
/// assert_eq!(out, b"job_id,submit_s,run_s,gpu\na,0,90,8\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_jobs(out: &mut dyn Write, rows: &[JobRow]) -> io::Result<()> {
    write_table(JobsWriter::default(), out, rows)
}

/// Writes `nodes.csv`, as [`write_jobs`].
///
/// # Errors
/// When writing fails.
pub fn write_nodes(out: &mut dyn Write, rows: &[NodeRow]) -> io::Result<()> {
    let writer = TableWriter::new(NODE_COLUMNS, |row: &NodeRow| &row.private);
    write_table(writer, out, rows)
}

fn write_table<T>(mut writer: TableWriter<T>, out: &mut dyn Write, rows: &[T]) -> io::Result<()> {
    for row in rows {
        writer.look(row);
    }
    writer.header(out)?;
    rows.iter().try_for_each(|row| writer.row(out, row))
}

/// Writes `jobs.csv` row by row, for traces that should not be held in memory. Which columns are
/// written depends on all rows, so each has to be shown twice.
///
/// ```
/// use gpusched_core::units::{Span, Time};
/// use gpusched_sim::trace::{JobsWriter, row::JobRow};
/// let row = JobRow::new("a", Time::ZERO, Span::from_secs(90));
/// let mut writer = JobsWriter::default();
/// writer.look(&row);
/// let mut out = Vec::new();
/// writer.header(&mut out)?;
/// writer.row(&mut out, &row)?;
/// assert_eq!(out, b"job_id,submit_s,run_s\na,0,90\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub type JobsWriter = TableWriter<JobRow>;

impl Default for JobsWriter {
    fn default() -> JobsWriter {
        TableWriter::new(JOB_COLUMNS, |row| &row.private)
    }
}

/// Writes a table of which each row is shown twice: [`TableWriter::look`], then
/// [`TableWriter::row`].
pub struct TableWriter<T: 'static> {
    columns: &'static [Column<T>],
    private: fn(&T) -> &[(String, String)],
    /// By column: whether some row has something in it.
    used: Vec<bool>,
    /// Private columns, in order of first appearance.
    extra: Vec<String>,
    cells: Vec<String>,
    line: String,
}

impl<T> TableWriter<T> {
    fn new(
        columns: &'static [Column<T>],
        private: fn(&T) -> &[(String, String)],
    ) -> TableWriter<T> {
        TableWriter {
            columns,
            private,
            used: columns.iter().map(|column| column.required).collect(),
            extra: Vec::new(),
            cells: vec![String::new(); columns.len()],
            line: String::new(),
        }
    }

    /// Notes which columns a row needs.
    pub fn look(&mut self, row: &T) {
        let cell = &mut self.line;
        for (column, used) in self.columns.iter().zip(&mut self.used) {
            if !*used {
                cell.clear();
                (column.cell)(row, cell);
                *used = !cell.is_empty();
            }
        }
        for (name, _) in (self.private)(row) {
            if !self.extra.contains(name) {
                self.extra.push(name.clone());
            }
        }
    }

    /// Writes the names of the columns that some row needs.
    ///
    /// # Errors
    /// When writing fails.
    pub fn header(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let names = self
            .columns
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| **used)
            .map(|(column, _)| column.name)
            .chain(self.extra.iter().map(String::as_str));
        write_line(out, &mut self.line, names)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When writing fails.
    pub fn row(&mut self, out: &mut dyn Write, row: &T) -> io::Result<()> {
        let columns = self.columns.iter().zip(&self.used).zip(&mut self.cells);
        for ((column, used), cell) in columns {
            cell.clear();
            if *used {
                (column.cell)(row, cell);
            }
        }
        let private = (self.private)(row);
        let extras = self.extra.iter().map(|name| {
            let found = private.iter().find(|(own, _)| own == name);
            found.map_or("", |(_, value)| value.as_str())
        });
        let cells = self.cells.iter().zip(&self.used);
        let cells = cells
            .filter(|(_, used)| **used)
            .map(|(cell, _)| cell.as_str());
        write_line(out, &mut self.line, cells.chain(extras))
    }
}

fn write_line<'a>(
    out: &mut dyn Write,
    line: &mut String,
    cells: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    line.clear();
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push('\n');
    out.write_all(line.as_bytes())
}
