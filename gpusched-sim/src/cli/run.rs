//! `gpusched run`: one trace, one cluster, one pair of policies.

use super::args::RunArgs;
use super::failure::{Failure, Outcome};
use super::interrupt::Interrupt;
use super::out_dir::{self, OutDir};
use super::progress::{self, Progress};
use super::results;
use super::run_kueue;
use super::terminal::{self, count};
use gpusched_core::cluster::Inventory;
use gpusched_core::workload::Workload;
use gpusched_sim::bounds::{Bounds, bounds};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::replay::{ReplayError, ReplayOptions, RunResult, replay};
use gpusched_sim::report::{self, Layout};
use gpusched_sim::scenario::{Format, Loaded, Origins, Plan, Scenario};
use gpusched_sim::sharing::SharingMode;
use std::path::Path;

/// Runs the verb.
pub(crate) fn run(args: RunArgs) -> Outcome {
    let (scenario, origins) = describe(args.scenario.as_deref(), args.flags())?;
    if run_kueue::is_meant(&scenario, &origins)? {
        return run_kueue::run(&scenario, &origins);
    }
    let plan = scenario.plan(&origins)?;
    let policies = std::iter::once(plan.machines.policy.as_str());
    plan.machines.check(policies, &origins)?;
    let sound = plan.risks.check([&plan.sharing]);
    sound.map_err(|problem| origins.blame("overcommit", problem))?;
    if let Some(out) = &scenario.out {
        out_dir::check(out, &results::FILES)?;
    }
    let interrupt = Interrupt::watch();
    let loaded = load(&plan, &origins)?;
    let out = scenario.out.as_deref().map(OutDir::begin).transpose()?;
    if let Some(out) = &out {
        interrupt.draft(out.draft());
    }
    announce(&plan, &loaded);

    let keep = out.is_some();
    let progress = Progress::runs(loaded.work.len(), 1);
    let options = ReplayOptions {
        keep_series: keep,
        keep_waits: keep,
        keep_places: keep,
        stop: Some(interrupt.stop.clone()),
        progress: Some(progress.counter(0)),
        ..plan.replay_options()
    };
    interrupt.replaying();
    let mut result = replay_one(&loaded.work, &loaded.inventory, &options)?;
    drop(progress);
    result.summary.inputs = loaded.inputs();
    result.summary.bounds = bounds_of(&loaded, [(&plan.sharing, plan.machines.policy.as_str())]);

    if let (Some(out), Some(place)) = (out, &scenario.out) {
        let effective = scenario.effective(&plan, place);
        results::write(&out, "", &effective, &plan, &loaded, &result)?;
        out.publish()?;
    }
    print(scenario.format.unwrap_or_default(), &result)?;
    if let Some(place) = &scenario.out {
        terminal::say(&format!(
            "Results are in {0}; `gpusched explain {0} JOB` tells the story of a job.",
            place.display()
        ));
    }
    finish(result.interrupted)
}

/// What no schedule can beat, where all runs do the recorded work on the same machines.
pub(super) fn bounds_of<'p>(
    loaded: &Loaded,
    runs: impl IntoIterator<Item = (&'p SharingMode, &'p str)>,
) -> Option<Bounds> {
    let plain = |(sharing, provisioning): (&SharingMode, &str)| {
        *sharing == SharingMode::Recorded && provisioning == "static"
    };
    let plain = runs.into_iter().all(plain) && !loaded.inventory.has_mig();
    plain
        .then(|| bounds(&loaded.work, &loaded.inventory))
        .flatten()
}

/// What is to be run: the scenario, if there is one, and what the flags say.
pub(crate) fn describe(file: Option<&Path>, flags: Scenario) -> Result<(Scenario, Origins)> {
    let Some(path) = file else {
        let origins = Origins::flags(&flags);
        return Ok((flags, origins));
    };
    refuse_trace(path)?;
    let (scenario, mut origins) = Scenario::load(path)?;
    let scenario = scenario.with_flags(flags, &mut origins)?;
    Ok((scenario, origins))
}

/// A trace in the place of a scenario is a likely slip; say so before YAML trips over it.
fn refuse_trace(path: &Path) -> Result<()> {
    let name = path.display().to_string();
    let tail = name.trim_end_matches(".gz");
    let like_a_trace = [".csv", ".swf", ".trace", ".tsv"]
        .iter()
        .any(|end| tail.ends_with(end));
    if path.is_dir() || like_a_trace || name == "-" {
        return Err(
            Diagnostic::new("this is a trace, but a scenario is wanted here")
                .in_file(&name)
                .help(format!("did you mean `--trace {name}`?")),
        );
    }
    Ok(())
}

/// Reads the trace and the cluster, and passes on what the readers have to say.
pub(crate) fn load(plan: &Plan, origins: &Origins) -> Result<Loaded> {
    let spinner = progress::reading(&plan.trace);
    let loaded = plan.load();
    spinner.finish_and_clear();
    let loaded = loaded?;
    terminal::say_notes(&loaded.cluster);
    loaded.topology.iter().for_each(terminal::say_notes);
    terminal::say_notes(&loaded.trace);
    let first = loaded.work.jobs().first().map(|job| job.submit);
    if let (Some(horizon), Some(first)) = (plan.horizon, first)
        && horizon < first
    {
        let problem = Diagnostic::new(format!(
            "the horizon of {horizon} s is before the first job comes, at {first} s"
        ));
        return Err(origins
            .blame("horizon", problem)
            .help("seconds count from time 0 of the trace; `gpusched trace info` shows its span"));
    }
    Ok(loaded)
}

fn announce(plan: &Plan, loaded: &Loaded) {
    terminal::say(&format!(
        "Replaying {} with {} queueing and {} placement.",
        subject(loaded),
        plan.queueing,
        plan.placement
    ));
}

/// `4,000 jobs of builtin:sample on 352 GPUs in 44 machines`.
pub(crate) fn subject(loaded: &Loaded) -> String {
    let name = loaded.trace.path.trim_end_matches("/jobs.csv");
    let jobs = count(loaded.work.trace_jobs() as u64, "job");
    if loaded.rented {
        return format!("{jobs} of {name} on rented machines");
    }
    format!(
        "{jobs} of {name} on {} in {}",
        count(loaded.inventory.gpus(), "GPU"),
        count(loaded.inventory.nodes().len() as u64, "machine"),
    )
}

/// Replays, and says whose fault it was when that fails.
pub(crate) fn replay_one(
    work: &Workload,
    inventory: &Inventory,
    options: &ReplayOptions,
) -> Outcome<RunResult> {
    replay(work, inventory, options).map_err(|error| match error {
        ReplayError::Policy(error) => Failure::Input(
            Diagnostic::new(error.to_string()).help("`gpusched policy list` lists them all"),
        ),
        ReplayError::Sharing(problem) => Failure::Input(problem),
        ReplayError::Engine(error) => Failure::Run(
            Diagnostic::new(error.to_string())
                .help("this is a bug in the policy, not in your input: please report it"),
        ),
    })
}

fn print(format: Format, result: &RunResult) -> Outcome {
    let summary = &result.summary;
    match format {
        Format::Table => {
            let table = report::summary_table(summary);
            terminal::print(&format!("{}\n", table.trim_end()))
        }
        Format::Markdown => {
            let table = report::compare_table(std::slice::from_ref(summary), Layout::Markdown);
            terminal::print_text(&table)
        }
        Format::Json => terminal::write(|out| report::write_summary_json(out, summary)),
        Format::Csv => {
            terminal::write(|out| report::write_summary_csv(out, std::slice::from_ref(summary)))
        }
    }
}

/// The end of a run that may have been cut short.
fn finish(interrupted: bool) -> Outcome {
    if !interrupted {
        return Ok(());
    }
    terminal::say(
        "Interrupted: these results are valid up to that moment; what had not ended by then is \
         counted as running, waiting or not arrived.",
    );
    Err(Failure::Told(1))
}
