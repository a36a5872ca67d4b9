//! `jobs.csv`: what happened to every job.

use super::super::shape::Top;
use super::{Nodes, each_row};
use crate::diagnostic::Result;
use crate::trace::fields::{FieldResult, Problem};
use crate::trace::table::{Column, Row, Table};
use gpusched_core::queueing::Reason;
use gpusched_core::units::Span;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Jobs of a run that may be drawn one by one: those that held most GPU time.
const TRACKS: usize = 6000;

/// Jobs listed for their long waits.
const LONGEST_WAITS: usize = 20;

/// What the page needs of the jobs of a run.
#[derive(Debug, Default)]
pub(in super::super) struct JobTable {
    /// Rows.
    pub(in super::super) jobs: u64,
    /// Waits of the jobs that started, s, ascending.
    pub(in super::super) waits: Vec<f64>,
    /// Completion times of the jobs that finished, s, ascending.
    pub(in super::super) jcts: Vec<f64>,
    /// Bounded slowdowns of the jobs that finished, ascending.
    pub(in super::super) slowdowns: Vec<f64>,
    /// Jobs that came and could run, whatever became of them.
    pub(in super::super) came: u64,
    /// GPU-seconds held by all.
    pub(in super::super) gpu_s: f64,
    /// Those that held most GPU time, most first.
    pub(in super::super) tracks: Vec<JobTrack>,
    /// Those that waited longest, longest first.
    pub(in super::super) longest: Vec<LongWait>,
    /// Bounded slowdowns by user: jobs finished and their sum.
    pub(in super::super) users: BTreeMap<String, (u64, f64)>,
    /// The same by queue.
    pub(in super::super) queues: BTreeMap<String, (u64, f64)>,
}

/// A job that can be drawn.
#[derive(Clone, Debug)]
pub(in super::super) struct JobTrack {
    pub(in super::super) name: String,
    pub(in super::super) queue: String,
    pub(in super::super) outcome: String,
    /// Seconds.
    pub(in super::super) submit: f64,
    pub(in super::super) wait: f64,
    pub(in super::super) start: f64,
    pub(in super::super) end: f64,
    /// Mean GPUs it held while it ran.
    pub(in super::super) gpus: f64,
    pub(in super::super) gpu_s: f64,
    /// Whether it waited again between its start and its end, or ran in parts: then it did not hold
    /// its places all the time.
    pub(in super::super) broken: bool,
    pub(in super::super) bars: Vec<Bar>,
    /// As the file has them.
    pub(in super::super) places: String,
}

/// GPUs of a node that lie side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Bar {
    /// Among the GPUs of all nodes, in order.
    pub(in super::super) lane: u32,
    pub(in super::super) lanes: u32,
}

/// A job that waited long, and what for.
#[derive(Clone, Debug)]
pub(in super::super) struct LongWait {
    pub(in super::super) name: String,
    pub(in super::super) queue: String,
    pub(in super::super) user: String,
    pub(in super::super) outcome: String,
    pub(in super::super) submit: f64,
    pub(in super::super) wait: f64,
    pub(in super::super) gpus: f64,
    /// Seconds by reason, in the order of [`Reason::ALL`]; empty where the file does not say.
    pub(in super::super) reasons: Vec<f64>,
}

struct Columns {
    job: Column,
    queue: Column,
    user: Column,
    submit: Column,
    start: Column,
    wait: Column,
    run: Column,
    jct: Column,
    slowdown: Column,
    gpu_s: Column,
    nodes: Column,
    outcome: Column,
    reasons: Vec<Column>,
}

impl Columns {
    fn of(table: &Table) -> Result<Columns> {
        let reasons =
            Reason::ALL.map(|reason| table.optional(&format!("wait_{}_s", reason.name())));
        Ok(Columns {
            job: table.column("job")?,
            queue: table.column("queue")?,
            user: table.column("user")?,
            submit: table.column("submit_s")?,
            start: table.column("start_s")?,
            wait: table.column("wait_s")?,
            run: table.column("run_s")?,
            jct: table.column("jct_s")?,
            slowdown: table.column("bounded_slowdown")?,
            gpu_s: table.column("gpu_s")?,
            nodes: table.column("nodes")?,
            outcome: table.column("outcome")?,
            reasons: reasons
                .into_iter()
                .filter(|column| column.present())
                .collect(),
        })
    }
}

pub(super) fn read(mut table: Table, nodes: Option<&Nodes>) -> Result<JobTable> {
    let columns = Columns::of(&table)?;
    let mut jobs = JobTable::default();
    let mut tracks = Top::new(TRACKS);
    let mut longest = Top::new(LONGEST_WAITS);
    each_row(&mut table, |row| {
        add(&columns, row, &mut jobs, &mut tracks, &mut longest)
    })?;
    for values in [&mut jobs.waits, &mut jobs.jcts, &mut jobs.slowdowns] {
        values.sort_unstable_by(f64::total_cmp);
    }
    jobs.longest = longest.into_sorted();
    jobs.tracks = tracks.into_sorted();
    if let Some(nodes) = nodes {
        let lanes = lanes(nodes);
        for track in &mut jobs.tracks {
            track.bars = bars(&track.places, &lanes);
        }
    }
    Ok(jobs)
}

fn seconds(row: Row<'_>, column: Column) -> FieldResult<Option<f64>> {
    Ok(row.optional_span(column)?.map(Span::as_secs_f64))
}

fn add(
    columns: &Columns,
    row: Row<'_>,
    jobs: &mut JobTable,
    tracks: &mut Top<JobTrack>,
    longest: &mut Top<LongWait>,
) -> Result<(), Problem> {
    let outcome = row.text(columns.outcome);
    let submit = row.time(columns.submit)?.as_secs_f64();
    let (start, wait) = (seconds(row, columns.start)?, seconds(row, columns.wait)?);
    let (run, jct) = (seconds(row, columns.run)?, seconds(row, columns.jct)?);
    let slowdown = row.optional_f64(columns.slowdown)?;
    let gpu_s = row.optional_f64(columns.gpu_s)?.unwrap_or(0.0);
    jobs.jobs += 1;
    jobs.gpu_s += gpu_s;
    jobs.came += u64::from(!matches!(outcome, "unschedulable" | "not-arrived"));
    if start.is_some() {
        jobs.waits.extend(wait);
    }
    jobs.jcts.extend(jct);
    jobs.slowdowns.extend(slowdown);
    if let Some(slowdown) = slowdown {
        for (groups, column) in [
            (&mut jobs.queues, columns.queue),
            (&mut jobs.users, columns.user),
        ] {
            let name = row.text(column);
            if !groups.contains_key(name) {
                groups.insert(name.to_owned(), (0, 0.0));
            }
            if let Some((count, sum)) = groups.get_mut(name) {
                *count += 1;
                *sum += slowdown;
            }
        }
    }
    let gpus = match run {
        Some(run) if run > 0.0 => gpu_s / run,
        _ => 0.0,
    };
    if let Some(wait) = wait.filter(|&wait| wait > 0.0)
        && longest.wants(wait)
    {
        let reasons = columns.reasons.iter();
        let reasons = reasons.map(|&column| Ok(seconds(row, column)?.unwrap_or(0.0)));
        longest.push(
            wait,
            LongWait {
                name: row.text(columns.job).to_owned(),
                queue: row.text(columns.queue).to_owned(),
                user: row.text(columns.user).to_owned(),
                outcome: outcome.to_owned(),
                reasons: reasons.collect::<FieldResult<_>>()?,
                submit,
                wait,
                gpus,
            },
        );
    }
    if let (Some(start), Some(wait), Some(run)) = (start, wait, run)
        && gpu_s > 0.0
        && tracks.wants(gpu_s)
    {
        tracks.push(
            gpu_s,
            JobTrack {
                name: row.text(columns.job).to_owned(),
                queue: row.text(columns.queue).to_owned(),
                outcome: outcome.to_owned(),
                submit,
                wait,
                start,
                // What it waited again is in its wait.
                end: submit + wait + run,
                gpus,
                gpu_s,
                // A millionth of a second is the grain of the file.
                broken: submit + wait > start + 2e-6,
                bars: Vec::new(),
                places: row.text(columns.nodes).to_owned(),
            },
        );
    }
    Ok(())
}

/// By node name: its first lane, and how many it has.
type Lanes<'a> = FxHashMap<&'a str, (u32, u32)>;

fn lanes(nodes: &Nodes) -> Lanes<'_> {
    let mut first = 0;
    let pairs = nodes.names.iter().zip(&nodes.gpus);
    pairs
        .map(|(name, &gpus)| {
            let own = (name.as_str(), (first, gpus));
            first += gpus;
            own
        })
        .collect()
}

/// `n01[0-3,6];n02[1:4]`: devices of nodes, and slots of MIG instances on them. What is on no known
/// GPU is left out.
fn bars(places: &str, lanes: &Lanes<'_>) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for place in places.split(';') {
        let Some((node, devices)) = place
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once('['))
        else {
            continue;
        };
        let Some(&(first, gpus)) = lanes.get(node) else {
            continue;
        };
        for item in devices.split(',') {
            let device = item.split(':').next().unwrap_or(item);
            let (from, to) = device.split_once('-').unwrap_or((device, device));
            let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) else {
                continue;
            };
            if from > to || to >= gpus {
                continue;
            }
            let bar = Bar {
                lane: first + from,
                lanes: to - from + 1,
            };
            // Two instances on one GPU are one bar.
            if !bars.contains(&bar) {
                bars.push(bar);
            }
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::input::Source;
    use crate::trace::table::Split;

    /// `a` waited 5 s of 15 again after it had begun; `b` never started; `c` ran at once.
    #[test]
    fn jobs_are_read_with_what_became_of_them() {
        let text = "\
job,queue,user,submit_s,start_s,finish_s,wait_s,run_s,jct_s,bounded_slowdown,gpu_s,nodes,outcome,wait_capacity_s
a,q,u,0,10,45,15,30,45,1.5,60,n[0-1],completed,15
b,q,u,5,,,40,,,,0,,waiting,40
c,r,u,20,20,30,0,10,10,1,10,n[3],completed,0
d,r,u,20,,,,,,,0,,unschedulable,0
";
        let nodes = Nodes {
            names: vec!["n".into()],
            gpus: vec![4],
            ..Nodes::default()
        };
        let input = Source::from_bytes("jobs.csv", text.as_bytes())
            .open()
            .unwrap();
        let table = Table::with_header(input, Split::Comma).unwrap();
        let jobs = read(table, Some(&nodes)).unwrap();
        assert_eq!((jobs.jobs, jobs.came, jobs.gpu_s), (4, 3, 70.0));
        assert_eq!(jobs.waits, [0.0, 15.0], "those that started");
        assert_eq!(
            (&jobs.jcts[..], &jobs.slowdowns[..]),
            (&[10.0, 45.0][..], &[1.0, 1.5][..])
        );
        let tracks = jobs.tracks.iter();
        let tracks = tracks.map(|track| {
            (
                track.name.as_str(),
                track.start,
                track.end,
                track.gpus,
                track.broken,
            )
        });
        let tracks: Vec<_> = tracks.collect();
        assert_eq!(
            tracks,
            [("a", 10.0, 45.0, 2.0, true), ("c", 20.0, 30.0, 1.0, false)]
        );
        assert_eq!(jobs.tracks[0].bars, [Bar { lane: 0, lanes: 2 }]);
        let longest: Vec<_> = jobs
            .longest
            .iter()
            .map(|wait| (wait.name.as_str(), wait.wait))
            .collect();
        assert_eq!(longest, [("b", 40.0), ("a", 15.0)]);
        assert_eq!(jobs.queues["q"], (1, 1.5));
        assert_eq!(jobs.users["u"], (2, 2.5));
    }

    #[test]
    fn places_become_lanes() {
        let nodes = Nodes {
            names: vec!["a".into(), "b[x]".into()],
            gpus: vec![4, 8],
            ..Nodes::default()
        };
        let lanes = lanes(&nodes);
        let of = |text| {
            let bars = bars(text, &lanes).into_iter();
            bars.map(|bar| (bar.lane, bar.lanes)).collect::<Vec<_>>()
        };
        assert_eq!(of("a[0-3];b[x][0,6-7]"), [(0, 4), (4, 1), (10, 2)]);
        assert_eq!(of("a[1:0,1:4,2]"), [(1, 1), (2, 1)]);
        assert_eq!(of("cpu;gone[0];a[9]"), []);
        assert_eq!(of(""), []);
    }
}
