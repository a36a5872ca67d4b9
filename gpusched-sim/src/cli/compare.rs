//! `gpusched compare`: one trace, many policies, one table.

use super::args::CompareArgs;
use super::compare_statistics::Statistics;
use super::compare_trials::{Trial, names_once, product};
use super::compare_warm_up::{Found, agree};
use super::failure::{Failure, Outcome};
use super::interrupt::Interrupt;
use super::out_dir::{self, OutDir};
use super::progress::Progress;
use super::results;
use super::run::{bounds_of, describe, load, replay_one, subject};
use super::terminal::{self, count};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::metrics::Summary;
use gpusched_sim::network::NetworkMode;
use gpusched_sim::replay::{ReplayOptions, RunResult};
use gpusched_sim::report::{self, Intervals, Layout};
use gpusched_sim::scenario::{Format, Loaded, Plan, Scenario};
use gpusched_sim::sharing::SharingMode;
use rayon::prelude::*;
use std::path::Path;

/// More runs than this at once are taken for a slip.
const MOST_THREADS: usize = 1024;

/// The file that lists the runs of a directory of results.
const LIST: &str = "compare.csv";

/// Runs the verb.
pub(crate) fn compare(args: CompareArgs) -> Outcome {
    let (mut scenario, origins) = describe(args.scenario.as_deref(), args.flags())?;
    if !args.axes.network.is_empty() {
        // Each run has its own from the list; that of the file is none of them.
        scenario.network = None;
    }
    let mut plan = scenario.plan(&origins)?;
    if let Some(out) = &scenario.out {
        out_dir::check_several(out, &[LIST, Intervals::FILE], &results::FILES)?;
    }
    let trials = product(&args, &plan)?;
    for trial in &trials {
        let sound = scenario.check_network(trial.network);
        sound.map_err(|problem| problem.in_file("--network"))?;
    }
    let placements = names_once(trials.iter().map(|trial| trial.placement.as_str()));
    scenario.check_scheduler(placements, &origins)?;
    let policies = trials.iter().map(|trial| trial.provisioning.as_str());
    if let Some(first) = trials.first() {
        plan.machines.policy.clone_from(&first.provisioning);
    }
    plan.machines.check(policies, &origins)?;
    let sound = plan.risks.check(trials.iter().map(|trial| &trial.sharing));
    sound.map_err(|problem| origins.blame("overcommit", problem))?;
    let cuts = |trial: &Trial| matches!(trial.sharing, SharingMode::Mig(_));
    if let (Some(first), true) = (trials.first(), trials.iter().all(cuts)) {
        // Jobs may ask for instances: under every mode there will be some.
        plan.sharing = first.sharing.clone();
    }
    let threads = threads(args.threads)?;
    let statistics = Statistics::of(&args)?;
    let interrupt = Interrupt::watch();
    let loaded = load(&plan, &origins)?;
    for trial in &trials {
        plan.check_sharing(&loaded, &trial.sharing)?;
        plan.check_machines(&loaded, &trial.provisioning)?;
    }
    terminal::say(&format!(
        "Replaying {} with {}.",
        subject(&loaded),
        count(trials.len() as u64, "combination") + " of policies"
    ));
    let format = scenario.format.unwrap_or_default();
    let warm_up = agree(&mut plan, &loaded, &trials, threads, &interrupt)?;
    let lot = Lot {
        plan: &plan,
        loaded: &loaded,
        trials: &trials,
        threads,
        interrupt: &interrupt,
        warm_up: warm_up.as_ref(),
    };
    let statistics = statistics.map(|statistics| statistics.of_all(&lot));
    let statistics = statistics.transpose()?;
    if let (Some(found), None) = (&statistics, &scenario.out) {
        return print_intervals(format, found);
    }
    let out = scenario.out.as_deref().map(OutDir::begin).transpose()?;
    if let Some(out) = &out {
        interrupt.draft(out.draft());
    }
    let keep = out.as_ref().map(|out| Keep {
        out,
        scenario: &scenario,
    });
    let summaries = replay_all(&lot, keep)?;
    let (cut, whole): (Vec<Summary>, Vec<Summary>) = summaries
        .into_iter()
        .partition(|summary| summary.interrupted);
    if let (Some(out), false) = (out, whole.is_empty()) {
        out.file(LIST, |to| report::write_summary_csv(to, &whole))?;
        if let Some(found) = &statistics {
            out.file(Intervals::FILE, |to| found.write_stored(to))?;
        }
        out.publish()?;
    }
    match &statistics {
        Some(found) => print_intervals(format, found)?,
        None if !whole.is_empty() => print(format, &whole)?,
        None => {}
    }
    if let (Some(place), false) = (&scenario.out, whole.is_empty()) {
        terminal::say(&format!(
            "Results are in {0}; `gpusched report {0} -o report.html` shows them.",
            place.display()
        ));
    }
    finish(&cut)
}

/// The end of a comparison that may have been cut short. Runs that were are left out: they end at
/// different moments, and would compare as if one policy had less to do than another.
fn finish(cut: &[Summary]) -> Outcome {
    if cut.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = cut.iter().map(Summary::label).collect();
    terminal::say(&format!(
        "Interrupted: what is shown is valid; left out are {}.",
        names.join(", ")
    ));
    Err(Failure::Told(1))
}

/// What is replayed.
#[derive(Clone, Copy)]
pub(super) struct Lot<'a> {
    pub(super) plan: &'a Plan,
    pub(super) loaded: &'a Loaded,
    pub(super) trials: &'a [Trial],
    pub(super) threads: usize,
    pub(super) interrupt: &'a Interrupt,
    /// What to say of the warm-up, where it was found in all runs together.
    pub(super) warm_up: Option<&'a Found>,
}

/// Where the files of each run go.
#[derive(Clone, Copy)]
struct Keep<'a> {
    out: &'a OutDir,
    scenario: &'a Scenario,
}

impl Keep<'_> {
    /// Writes the files of a run into a folder of its own, named after its place in the order of
    /// runs and its label.
    fn write(
        self,
        folder: &str,
        trial: &Trial,
        plan: &Plan,
        loaded: &Loaded,
        result: &RunResult,
    ) -> Outcome {
        let plan = Plan {
            queueing: trial.queueing.clone(),
            placement: trial.placement.clone(),
            sharing: trial.sharing.clone(),
            mig_placement: trial.mig_placement.clone(),
            network: trial.network,
            ..plan.clone()
        };
        let scenario = Scenario {
            mig_placement: Some(trial.mig_placement.clone()),
            provisioning: Some(trial.provisioning.clone()),
            network: (trial.network != NetworkMode::Ideal).then(|| trial.network.to_string()),
            ..self.scenario.clone()
        };
        let place = self.scenario.out.as_deref().unwrap_or(Path::new(""));
        let effective = scenario.effective(&plan, &place.join(folder));
        results::write(self.out, folder, &effective, &plan, loaded, result)
    }
}

/// `02-easy-best-fit` for the second of ten runs or more.
fn folder(at: usize, of: usize, label: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || "._+".contains(c) {
        true => c,
        false => '-',
    };
    let digits = of.to_string().len();
    let label: String = label.chars().map(plain).collect();
    format!("{:0digits$}-{label}", at + 1)
}

/// How many threads were asked for; 0 = one per processor.
pub(super) fn threads(given: Option<usize>) -> Result<usize> {
    most_threads("--threads", given)
}

/// The same, by another flag.
pub(super) fn most_threads(flag: &str, given: Option<usize>) -> Result<usize> {
    match given {
        None => Ok(0),
        Some(threads @ 1..=MOST_THREADS) => Ok(threads),
        Some(threads) => Err(Diagnostic::new(format!("{threads} threads cannot be used"))
            .in_file(flag)
            .help(format!(
                "give a number from 1 to {MOST_THREADS}, or leave it out"
            ))),
    }
}

/// Starts so many threads.
pub(super) fn pool(threads: usize) -> Outcome<rayon::ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| {
        Failure::Run(
            Diagnostic::new(format!("cannot start threads: {error}")).help("try `--threads 1`"),
        )
    })
}

/// How a combination of policies is replayed.
pub(super) fn options(plan: &Plan, trial: &Trial, interrupt: &Interrupt) -> ReplayOptions {
    ReplayOptions {
        queueing: trial.queueing.clone(),
        placement: trial.placement.clone(),
        sharing: trial.sharing.clone(),
        mig_placement: trial.mig_placement.clone(),
        provisioning: trial.provisioning.clone(),
        network: trial.network,
        stop: Some(interrupt.stop.clone()),
        ..plan.replay_options()
    }
}

fn replay_all(lot: &Lot<'_>, keep: Option<Keep<'_>>) -> Outcome<Vec<Summary>> {
    let Lot {
        plan,
        loaded,
        trials,
        threads,
        interrupt,
        warm_up,
    } = *lot;
    let pool = pool(threads)?;
    let progress = Progress::runs(loaded.work.len(), trials.len());
    interrupt.replaying();
    let shared = trials
        .iter()
        .any(|trial| trial.sharing != SharingMode::Recorded);
    let policies = trials.iter();
    let policies = policies.map(|trial| (&trial.sharing, trial.provisioning.as_str()));
    let bounds = bounds_of(loaded, policies);
    pool.install(|| {
        trials
            .par_iter()
            .enumerate()
            .map(|(at, trial)| {
                let options = ReplayOptions {
                    device_use: shared,
                    keep_series: keep.is_some(),
                    keep_waits: keep.is_some(),
                    keep_places: keep.is_some(),
                    progress: Some(progress.counter(at)),
                    ..options(plan, trial, interrupt)
                };
                let mut result = replay_one(&loaded.work, &loaded.inventory, &options)?;
                result.summary.inputs = loaded.inputs();
                result.summary.bounds = bounds;
                if let Some(found) = warm_up {
                    found.tell(&mut result.summary);
                }
                if let (Some(keep), false) = (keep, result.interrupted) {
                    let folder = folder(at, trials.len(), &result.summary.label());
                    keep.write(&folder, trial, plan, loaded, &result)?;
                }
                Ok(result.summary)
            })
            .collect()
    })
}

fn print(format: Format, summaries: &[Summary]) -> Outcome {
    match format {
        Format::Table => {
            let table = report::compare_table(summaries, Layout::Plain);
            terminal::print(&format!("{}\n", table.trim_end()))
        }
        Format::Markdown => {
            terminal::print_text(&report::compare_table(summaries, Layout::Markdown))
        }
        Format::Json => terminal::write(|out| report::write_summaries_json(out, summaries)),
        Format::Csv => terminal::write(|out| report::write_summary_csv(out, summaries)),
    }
}

fn print_intervals(format: Format, found: &Intervals) -> Outcome {
    match format {
        Format::Table => terminal::print(&found.table(Layout::Plain)),
        Format::Markdown => terminal::print(&found.table(Layout::Markdown)),
        Format::Json => terminal::write(|out| found.write_json(out)),
        Format::Csv => terminal::write(|out| found.write_csv(out)),
    }
}
