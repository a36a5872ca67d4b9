//! `gpusched compare`: one trace, many policies, one table.

use super::args::CompareArgs;
use super::compare_statistics::Statistics;
use super::failure::{Failure, Outcome};
use super::interrupt::Interrupt;
use super::out_dir::{self, OutDir};
use super::progress::Progress;
use super::results;
use super::run::{bounds_of, describe, load, replay_one, subject};
use super::terminal::{self, count};
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::registry::placements;
use gpusched_core::queueing::registry::queueings;
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::metrics::Summary;
use gpusched_sim::network::NetworkMode;
use gpusched_sim::replay::{ReplayOptions, RunResult};
use gpusched_sim::report;
use gpusched_sim::scenario::{
    Format, Loaded, Plan, Scenario, all_provisionings, check_mig_placement, check_placement,
    check_provisioning, check_queueing,
};
use gpusched_sim::sharing::SharingMode;
use gpusched_sim::sharing::mig::MigSharing;
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
        out_dir::check_several(out, LIST, &results::FILES)?;
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
    if statistics.is_some() && scenario.out.is_some() {
        let problem = Diagnostic::new("intervals are printed, and nothing is written")
            .help("leave `out` out, or `--resample` and `--blocks`");
        return Err(origins.blame("out", problem).into());
    }
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
    if let Some(statistics) = statistics {
        let how = (threads, format);
        return statistics.print(&plan, &loaded, &trials, how, &interrupt);
    }
    let out = scenario.out.as_deref().map(OutDir::begin).transpose()?;
    if let Some(out) = &out {
        interrupt.draft(out.draft());
    }
    let keep = out.as_ref().map(|out| Keep {
        out,
        scenario: &scenario,
    });
    let summaries = replay_all(&plan, &loaded, &trials, threads, &interrupt, keep)?;
    let (cut, whole): (Vec<Summary>, Vec<Summary>) = summaries
        .into_iter()
        .partition(|summary| summary.interrupted);
    if let (Some(out), false) = (out, whole.is_empty()) {
        out.file(LIST, |to| report::write_summary_csv(to, &whole))?;
        out.publish()?;
    }
    if !whole.is_empty() {
        print(format, &whole)?;
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

/// One run to make.
pub(super) struct Trial {
    queueing: String,
    placement: String,
    sharing: SharingMode,
    mig_placement: String,
    provisioning: String,
    network: NetworkMode,
}

/// Names in the order they first come up.
fn names_once<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut once = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
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

/// Every queueing policy with every placement policy, sharing mode, MIG placement policy,
/// provisioning policy and model of the network, in the order given.
fn product(args: &CompareArgs, plan: &Plan) -> Result<Vec<Trial>> {
    let given = [
        &args.axes.queueing,
        &args.axes.placement,
        &args.axes.sharing,
        &args.axes.mig_placement,
        &args.axes.provisioning,
        &args.axes.network,
    ];
    if given.iter().all(|list| list.is_empty()) {
        return Err(Diagnostic::new("there are no policies to compare").help(
            "name some, such as `--queueing fifo,easy,sjf` or `--placement all`; \
             `gpusched policy list` lists them",
        ));
    }
    let known = queueings().map(|info| info.name);
    let queueing = names(
        "queueing",
        &args.axes.queueing,
        known,
        check_queueing,
        &plan.queueing,
    )?;
    let known = placements().iter().map(|info| info.name);
    let placement = names(
        "placement",
        &args.axes.placement,
        known,
        check_placement,
        &plan.placement,
    )?;
    let sharing = modes(&args.axes.sharing, &plan.sharing)?;
    let known = mig_placements().map(|info| info.name);
    let instances = names(
        "mig-placement",
        &args.axes.mig_placement,
        known,
        check_mig_placement,
        &plan.mig_placement,
    )?;
    let machines = names(
        "provisioning",
        &args.axes.provisioning,
        all_provisionings().map(|info| info.name),
        check_provisioning,
        &plan.machines.policy,
    )?;
    let networks = match &args.axes.network[..] {
        [] => vec![plan.network],
        given => NetworkMode::parse_list(given).map_err(|problem| problem.in_file("--network"))?,
    };
    let ways = ways(&sharing, &instances);
    let mut trials = Vec::new();
    for queueing in &queueing {
        for placement in &placement {
            for (sharing, instances) in &ways {
                for provisioning in &machines {
                    trials.extend(networks.iter().map(|network| Trial {
                        queueing: queueing.clone(),
                        placement: placement.clone(),
                        sharing: (*sharing).clone(),
                        mig_placement: (*instances).to_owned(),
                        provisioning: provisioning.clone(),
                        network: *network,
                    }));
                }
            }
        }
    }
    Ok(trials)
}

/// Sharing modes with the MIG placement policies that make a difference under them: where no
/// instance is placed the first stands for all, and a policy that only uses instances that stand is
/// left out, with a word, where none stands unless it is created.
fn ways<'a>(
    sharing: &'a [SharingMode],
    instances: &'a [String],
) -> Vec<(&'a SharingMode, &'a str)> {
    let mut ways = Vec::new();
    for mode in sharing {
        let creates = |name: &str| mig_placement(name).is_ok_and(|policy| policy.creates());
        let all = instances.iter().map(String::as_str);
        match mode {
            SharingMode::Recorded | SharingMode::Mig(MigSharing::Layout { .. }) => {
                ways.extend(all.map(|name| (mode, name)));
            }
            SharingMode::Mig(_) if instances.len() > 1 => {
                for name in all {
                    match creates(name) {
                        true => ways.push((mode, name)),
                        false => terminal::say(&format!(
                            "Note: left out: {name} under {mode}, where it finds no instance to use"
                        )),
                    }
                }
            }
            _ => ways.extend(all.take(1).map(|name| (mode, name))),
        }
    }
    ways
}

/// The sharing modes given, each once; nothing stands for what the plan says.
fn modes(given: &[String], planned: &SharingMode) -> Result<Vec<SharingMode>> {
    let mut modes = Vec::new();
    for text in given {
        let mode = SharingMode::parse(text.trim()).map_err(|problem| match problem.file {
            Some(_) => problem,
            None => problem.in_file("--sharing"),
        })?;
        if !modes.contains(&mode) {
            modes.push(mode);
        }
    }
    if modes.is_empty() {
        modes.push(planned.clone());
    }
    Ok(modes)
}

/// The names given, each once; `all` stands for all there are, nothing for what the plan says.
fn names(
    flag: &str,
    given: &[String],
    known: impl Iterator<Item = &'static str>,
    check: fn(&str) -> Result<()>,
    planned: &str,
) -> Result<Vec<String>> {
    let given: Vec<String> = match given {
        [] => vec![planned.to_owned()],
        [all] if all == "all" => known.map(str::to_owned).collect(),
        given => given.iter().map(|name| name.trim().to_owned()).collect(),
    };
    let mut names: Vec<String> = Vec::new();
    for name in given {
        check(&name).map_err(|problem| problem.in_file(format!("--{flag}")))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
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

fn replay_all(
    plan: &Plan,
    loaded: &Loaded,
    trials: &[Trial],
    threads: usize,
    interrupt: &Interrupt,
    keep: Option<Keep<'_>>,
) -> Outcome<Vec<Summary>> {
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
            let table = report::compare_table(summaries);
            terminal::print(&format!("{}\n", table.trim_end()))
        }
        Format::Json => terminal::write(|out| report::write_summaries_json(out, summaries)),
        Format::Csv => terminal::write(|out| report::write_summary_csv(out, summaries)),
    }
}
