//! `gpusched sweep`: every run of an experiment.

use super::args::{SweepArgs, SweepFormatArg};
use super::compare::most_threads;
use super::failure::{Failure, Outcome};
use super::interrupt::Interrupt;
use super::terminal::{self, count};
use gpusched_sim::experiment::Experiment;
use gpusched_sim::report::Layout;
use gpusched_sim::sweep::{self, Manifest, Shard, Sweep, Trouble};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Runs the verb.
pub(crate) fn sweep(args: &SweepArgs) -> Outcome {
    let experiment = Experiment::load(&args.experiment)?;
    let Some(out) = &args.out else {
        let names = sweep::possible_columns(&experiment);
        return terminal::print(&format!("{}\n", names.join("\n")));
    };
    let threads = most_threads("--jobs", args.jobs)?;
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let interrupt = Interrupt::watch();
    let sweep = Sweep::prepare(experiment).map_err(failure)?;
    for note in &sweep.notes {
        terminal::say(&format!("Note: {note}"));
    }
    let part = shard.part(sweep.runs.len());
    announce(&sweep, shard, part.len());
    let bar = bar(part.len());
    interrupt.replaying();
    let whole = sweep::sweep(&sweep, shard, threads, out, &interrupt.stop, &|| bar.inc(1));
    bar.finish_and_clear();
    if !whole.map_err(failure)? {
        terminal::say("Interrupted: what was finished is kept; the same command goes on with it.");
        return Err(Failure::Told(1));
    }
    let rows = rows(out)?;
    let manifest = Manifest::of(&sweep, shard);
    let layout = match args.format {
        None | Some(SweepFormatArg::Table) => Layout::Plain,
        Some(SweepFormatArg::Markdown) => Layout::Markdown,
    };
    let table = sweep::table(&manifest, &sweep.columns, part, &rows, layout);
    let contrasts = match shard {
        Shard::WHOLE => sweep::sweep_contrasts(&manifest, &sweep.columns, &rows),
        _ => Vec::new(),
    };
    let contrasts = sweep::contrasts_table(&sweep.columns, &contrasts, layout);
    terminal::print_text(&format!("{table}\n{contrasts}"))?;
    let all = sweep.runs.len();
    terminal::say(&match shard {
        Shard::WHOLE => format!("Means over seeds; the results are in {}.", out.display()),
        _ => format!(
            "Shard {shard} of {} is in {}; `gpusched merge` joins the shards.",
            count(all as u64, "run"),
            out.display()
        ),
    });
    Ok(())
}

fn announce(sweep: &Sweep, shard: Shard, runs: usize) {
    let part = match shard {
        Shard::WHOLE => String::new(),
        _ => format!(", shard {shard}"),
    };
    terminal::say(&format!(
        "{}: {} of {} with {}{part}.",
        sweep.experiment.name(),
        count(runs as u64, "run"),
        count(sweep.experiment.cells.len() as u64, "combination"),
        count(sweep.experiment.seeds.len() as u64, "seed"),
    ));
}

/// The table that was written, without the digests.
fn rows(out: &Path) -> Outcome<Vec<Vec<String>>> {
    let (_, rows) =
        sweep::read_rows(&out.join("summary.csv")).map_err(|error| Failure::stdout(&error))?;
    Ok(rows.into_iter().map(|row| row[1..].to_vec()).collect())
}

/// Runs that are done, when a person watches.
fn bar(runs: usize) -> ProgressBar {
    if !terminal::watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(runs as u64);
    let style = "{bar:30} {percent}%  {human_pos} of {human_len} runs  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// What the user gave is one thing, what went wrong another.
pub(super) fn failure(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Input(problem) => Failure::Input(problem),
        Trouble::Run(problem) => Failure::Run(problem),
    }
}
