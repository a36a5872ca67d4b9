//! `gpusched compare --resample` and `--blocks`: how sure the differences between policies are.

use super::args::CompareArgs;
use super::compare::{Lot, options, pool};
use super::failure::{Failure, Outcome};
use super::progress::Progress;
use super::run::replay_one;
use super::terminal::{self, count};
use gpusched_core::units::Span;
use gpusched_core::workload::{Workload, WorkloadError};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::metrics::{Summary, WarmUp, facts};
use gpusched_sim::replay::RunResult;
use gpusched_sim::report::{self, Intervals, JobTimes};
use gpusched_sim::stats::Bootstrap;
use gpusched_sim::trace::resample::{Resample, Unit, pieces};
use rayon::prelude::*;

/// Confidence of intervals.
const LEVEL: f64 = 0.95;

/// More draws than this are taken for a slip.
const MOST_DRAWS: u64 = 10_000;

/// What was asked for.
pub(super) struct Statistics<'a> {
    way: Way,
    baseline: Option<&'a str>,
}

enum Way {
    /// Traces drawn from the trace are replayed, so many.
    Resample(Unit, u64),
    /// Jobs are compared in pairs, by blocks.
    Blocks(Unit),
}

impl<'a> Statistics<'a> {
    /// What the flags ask for; `None` = the plain table.
    pub(super) fn of(args: &'a CompareArgs) -> Result<Option<Statistics<'a>>> {
        let way = match (&args.resample, &args.blocks) {
            (Some(text), _) => draws(text)?,
            (None, Some(text)) => Way::Blocks(unit(text, "--blocks")?),
            (None, None) if args.baseline.is_some() => {
                return Err(
                    Diagnostic::new("a baseline is for comparisons with intervals")
                        .in_file("--baseline")
                        .help("say `--resample days` or `--blocks days` too"),
                );
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Statistics {
            way,
            baseline: args.baseline.as_deref(),
        }))
    }

    /// Replays and compares.
    pub(super) fn of_all(&self, lot: &Lot<'_>) -> Outcome<Intervals> {
        match self.way {
            Way::Resample(unit, draws) => self.resampled(lot, unit, draws),
            Way::Blocks(unit) => self.blocked(lot, unit),
        }
    }

    fn resampled(&self, lot: &Lot<'_>, unit: Unit, draws: u64) -> Outcome<Intervals> {
        let work = &lot.loaded.work;
        let cut = Resample::new(work, unit);
        let cut = cut.map_err(|problem| problem.in_file("--resample"))?;
        if cut.left_out() > 0 {
            let jobs = count(cut.left_out() as u64, "job");
            terminal::say(&format!(
                "Note: left out: {jobs} after the last whole one of {unit}"
            ));
        }
        // The trace itself first: its whole pieces, each once.
        let made = |draw: usize| match draw.checked_sub(1) {
            None => cut.whole(work),
            Some(draw) => cut.draw(work, lot.plan.seed, draw as u64),
        };
        let runs = replay(lot, draws as usize + 1, made, |_, run| run.summary)?;
        let base = self.base(&runs)?;
        let drawn: Vec<Vec<Summary>> = runs.iter().map(|of| of[1..].to_vec()).collect();
        let found = report::drawn_of((unit.name(), cut.len()), &runs, &drawn, base, LEVEL);
        Ok(Intervals::Resample(found))
    }

    fn blocked(&self, lot: &Lot<'_>, unit: Unit) -> Outcome<Intervals> {
        let work = &lot.loaded.work;
        let runs = replay(
            lot,
            1,
            |_| Ok(Workload::clone(work)),
            |work, run| {
                let times = times(work, &run, lot.plan.warm_up);
                (run.summary, times)
            },
        )?;
        let (summaries, times): (Vec<Vec<Summary>>, Vec<JobTimes>) = runs
            .into_iter()
            .flatten()
            .map(|(summary, times)| (vec![summary], times))
            .unzip();
        let base = self.base(&summaries)?;
        let blocks = pieces(work, unit);
        let bootstrap = Bootstrap {
            seed: lot.plan.seed,
            ..Bootstrap::default()
        };
        let found = report::blocks_of(unit.name(), &blocks, &times, base, LEVEL, bootstrap);
        Ok(Intervals::Blocks(found))
    }

    /// The policy the others are compared with: the first unless one is named.
    fn base(&self, runs: &[Vec<Summary>]) -> Outcome<usize> {
        let Some(wanted) = self.baseline else {
            return Ok(0);
        };
        let labels: Vec<String> = runs
            .iter()
            .filter_map(|of| of.first().map(Summary::label))
            .collect();
        let at = labels.iter().position(|label| label == wanted);
        at.ok_or_else(|| {
            let problem = Diagnostic::new(format!("`{wanted}` is not among what is compared"));
            let help = format!("name one of: {}", labels.join(", "));
            Failure::Input(problem.in_file("--baseline").help(help))
        })
    }
}

/// What `kept` makes of every run, by policy, then by trace; `made` makes the traces.
fn replay<T: Send>(
    lot: &Lot<'_>,
    traces: usize,
    made: impl Fn(usize) -> Result<Workload, WorkloadError> + Sync,
    kept: impl Fn(&Workload, RunResult) -> T + Sync,
) -> Outcome<Vec<Vec<T>>> {
    let pairs: Vec<(usize, usize)> = (0..lot.trials.len())
        .flat_map(|trial| (0..traces).map(move |trace| (trial, trace)))
        .collect();
    let progress = Progress::runs(lot.loaded.work.len(), pairs.len());
    lot.interrupt.replaying();
    let runs: Outcome<Vec<Option<T>>> = pool(lot.threads)?.install(|| {
        let each = pairs.par_iter().enumerate();
        each.map(|(at, &(trial, trace))| {
            let work = made(trace).map_err(|error| {
                let problem = Diagnostic::new(error.to_string()).in_file("--resample");
                problem.help("draw from a shorter trace, such as with `--limit`")
            })?;
            let mut options = options(lot.plan, &lot.trials[trial], lot.interrupt);
            options.progress = Some(progress.counter(at));
            let run = replay_one(&work, &lot.loaded.inventory, &options)?;
            Ok((!run.interrupted).then(|| kept(&work, run)))
        })
        .collect()
    });
    drop(progress);
    let runs: Option<Vec<T>> = runs?.into_iter().collect();
    let Some(runs) = runs else {
        // What was cut short would compare as if there had been less to do.
        terminal::say("Interrupted: some runs are missing, so nothing is said of them.");
        return Err(Failure::Told(1));
    };
    let mut runs = runs.into_iter();
    Ok((0..lot.trials.len())
        .map(|_| runs.by_ref().take(traces).collect())
        .collect())
}

/// Waits and completion times of the jobs of the trace.
fn times(work: &Workload, run: &RunResult, warm_up: Option<WarmUp>) -> JobTimes {
    let end = warm_up.and_then(|warm_up| warm_up.end(work, &run.records));
    let mut times = JobTimes {
        policy: run.summary.label(),
        ..JobTimes::default()
    };
    for job in facts(work, &run.records) {
        let counts = end.is_none_or(|end| job.submit >= end);
        let seconds = |span: Option<Span>| span.filter(|_| counts).map(|span| span.as_secs_f64());
        times.wait.push(seconds(job.wait()));
        times.jct.push(seconds(job.jct()));
    }
    times
}

/// Reads `UNIT` or `UNIT:N`; 50 draws unless said.
fn draws(text: &str) -> Result<Way> {
    let (name, number) = text.split_once(':').unwrap_or((text, "50"));
    let unit = unit(name, "--resample")?;
    match number.parse() {
        Ok(draws @ 2..=MOST_DRAWS) => Ok(Way::Resample(unit, draws)),
        _ => Err(Diagnostic::new(format!("`{number}` is no number of draws"))
            .in_file("--resample")
            .help(format!("give 2 to {MOST_DRAWS}, such as `{unit}:50`"))),
    }
}

fn unit(name: &str, flag: &str) -> Result<Unit> {
    Unit::named(name).ok_or_else(|| {
        let names = ["days", "weeks", "users"];
        let help = match did_you_mean(name, names) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("give one of: {}", names.join(", ")),
        };
        Diagnostic::new(format!("`{name}` cannot be drawn"))
            .in_file(flag)
            .help(help)
    })
}
