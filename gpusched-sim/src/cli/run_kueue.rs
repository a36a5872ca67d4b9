//! `gpusched run --queueing kueue`: one trace against the queues and quotas of a cluster.

use super::failure::{Failure, Outcome};
use super::out_dir::{self, OutDir};
use super::terminal::{self, count};
use super::{kueue, progress};
use gpusched_sim::diagnostic::{Diagnostic, Result};
use gpusched_sim::kueue::csv;
use gpusched_sim::kueue::jobs::load_jobs;
use gpusched_sim::kueue::queue_map::QueueMap;
use gpusched_sim::kueue::replay::{self, Fidelity, Options, ReadyDelay, replay};
use gpusched_sim::kueue::summary::Summary;
use gpusched_sim::kueue::table::summary_table;
use gpusched_sim::scenario::{Format, Origins, Scenario};
use std::path::Path;

/// The files of a directory of results.
const FILES: [&str; 4] = [
    "summary.json",
    "workloads.csv",
    "queues.csv",
    "scenario.yaml",
];

/// Most samples of `queues.csv`.
const SAMPLES: usize = 512;

/// Whether the scenario asks for Kueue.
///
/// # Errors
/// When it says something that only has a meaning with the other.
pub(super) fn is_meant(scenario: &Scenario, origins: &Origins) -> Result<bool> {
    let is_kueue = scenario.queueing.as_deref() == Some("kueue");
    let only_kueue = [
        ("manifests", scenario.manifests.is_some()),
        ("queue-map", scenario.queue_map.is_some()),
        ("fidelity", scenario.fidelity.is_some()),
        ("pods-ready-delay", scenario.pods_ready_delay.is_some()),
    ];
    let never_kueue = [
        ("cluster", scenario.cluster.is_some()),
        ("topology", scenario.topology.is_some()),
        ("placement", scenario.placement.is_some()),
        ("device-policy", scenario.device_policy.is_some()),
        ("scheduler-config", scenario.scheduler_config.is_some()),
        ("virtual-clusters", scenario.virtual_clusters.is_some()),
        ("scheduler-ties", scenario.scheduler_ties.is_some()),
        ("mig-placement", scenario.mig_placement.is_some()),
        ("provisioning", scenario.provisioning.is_some()),
        ("boot", scenario.boot.is_some()),
        ("cloud", scenario.cloud.is_some()),
        ("node-pools", scenario.node_pools.is_some()),
        ("node-groups", scenario.node_groups.is_some()),
        ("do-not-disrupt-for", scenario.do_not_disrupt_for.is_some()),
        ("spot-for", scenario.spot_for.is_some()),
        ("spot-share", scenario.spot_share.is_some()),
        ("idle-timeout", scenario.idle_timeout.is_some()),
        ("gpu-price", scenario.gpu_price.is_some()),
        ("sharing", scenario.sharing.is_some()),
        ("network", scenario.network.is_some()),
        ("job-profile", scenario.job_profile.is_some()),
        ("overcommit", scenario.overcommit.is_some()),
        ("fault-rate", scenario.fault_rate.is_some()),
        ("licence-price", scenario.licence_price.is_some()),
        ("energy-price", scenario.energy_price.is_some()),
        ("cost-split", scenario.cost_split.is_some()),
        ("profile", scenario.profile.is_some()),
        ("warm-up", scenario.warm_up.is_some()),
        (
            "seed",
            scenario.seed.is_some() && scenario.pods_ready_delay.is_none(),
        ),
        ("discipline", scenario.discipline.is_some()),
    ];
    let strangers: &[(&str, bool)] = match is_kueue {
        true => &never_kueue,
        false => &only_kueue,
    };
    let Some((key, _)) = strangers.iter().find(|(_, given)| *given) else {
        return Ok(is_kueue);
    };
    let (problem, help) = match is_kueue {
        true => (
            format!("`{key}` means nothing with `queueing: kueue`"),
            "leave it out: quotas and flavors of the manifests decide",
        ),
        false => (
            format!("`{key}` means nothing without `queueing: kueue`"),
            "say `--queueing kueue`, or leave it out",
        ),
    };
    Err(origins.blame(key, Diagnostic::new(problem)).help(help))
}

/// Runs the verb.
pub(super) fn run(scenario: &Scenario, origins: &Origins) -> Outcome {
    let Some(manifests) = &scenario.manifests else {
        let problem = Diagnostic::new("Kueue needs to know the queues and quotas");
        let problem = origins.blame("queueing", problem);
        let help = "name a folder of manifests with `--manifests DIR`, such as what \
                    `kubectl get clusterqueues,cohorts,resourceflavors,localqueues -A -o yaml` prints";
        return Err(problem.help(help).into());
    };
    let horizon = scenario.horizon(origins)?;
    let delay = scenario.pods_ready_delay.as_deref();
    let ready: Result<ReadyDelay> = delay.map_or(Ok(ReadyDelay::default()), str::parse);
    let ready = ready.map_err(|problem| origins.blame("pods-ready-delay", problem))?;
    let options = scenario.read_options(origins)?;
    if let Some(out) = &scenario.out {
        out_dir::check(out, &FILES)?;
    }
    let manifests = kueue::read(manifests)?;
    let objects = manifests.objects();
    let map = match &scenario.queue_map {
        None => QueueMap::by_name(&objects.local_queues),
        Some(path) => QueueMap::read(path, &objects.local_queues)?,
    };
    let trace = scenario.trace.clone();
    let trace = trace.unwrap_or_else(|| gpusched_sim::builtin::SAMPLE.to_owned());
    let spinner = progress::reading(&trace);
    let loaded = load_jobs(&trace, &options, &map, &objects.workload_priority_classes);
    spinner.finish_and_clear();
    let (jobs, report) = loaded?;
    terminal::say_notes(&report);
    terminal::say(&format!(
        "Replaying {} of {} with Kueue through {}.",
        count(jobs.len() as u64, "job"),
        report.path,
        count(objects.cluster_queues.len() as u64, "ClusterQueue"),
    ));
    let options = Options {
        fidelity: Fidelity::from(scenario.fidelity.unwrap_or_default()),
        horizon,
        samples: if scenario.out.is_some() { SAMPLES } else { 0 },
        ready,
        seed: scenario.seed.unwrap_or(0),
        ..Options::default()
    };
    let gates = manifests.gates();
    let outcome = replay(objects, manifests.configuration(), gates, jobs, &options);
    let mut summary = Summary::of(&outcome, &options.fidelity);
    summary.pods_ready_delay = (!options.ready.is_none()).then(|| options.ready.to_string());
    if let Some(place) = &scenario.out {
        save(place, scenario, &summary, &outcome)?;
    }
    print(scenario.format.unwrap_or_default(), &summary, &outcome)?;
    if let Some(place) = &scenario.out {
        terminal::say(&format!("Results are in {}.", place.display()));
    }
    Ok(())
}

fn save(
    place: &Path,
    scenario: &Scenario,
    summary: &Summary,
    outcome: &replay::Outcome,
) -> Outcome {
    let out = OutDir::begin(place)?;
    let stored = serde_saphyr::to_string(&scenario.clone().stored(place)).map_err(|error| {
        Failure::Run(Diagnostic::new(format!(
            "cannot write the scenario: {error}"
        )))
    })?;
    out.file("summary.json", |to| json(to, summary))?;
    out.file("workloads.csv", |to| csv::write_workloads(to, outcome))?;
    out.file("queues.csv", |to| csv::write_queues(to, outcome))?;
    out.file("scenario.yaml", |to| to.write_all(stored.as_bytes()))?;
    out.publish()
}

fn json(to: &mut dyn std::io::Write, summary: &Summary) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, summary)?;
    to.write_all(b"\n")
}

fn print(format: Format, summary: &Summary, outcome: &replay::Outcome) -> Outcome {
    match format {
        Format::Table => terminal::print_text(&summary_table(summary)),
        // Its tables differ in their columns; as they stand they can be read there too.
        Format::Markdown => terminal::print_text(&format!("```\n{}```\n", summary_table(summary))),
        Format::Json => terminal::write(|out| json(out, summary)),
        Format::Csv => terminal::write(|out| csv::write_workloads(out, outcome)),
    }
}
