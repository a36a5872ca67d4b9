//! Traces and clusters, read once and shared by all runs that use them.

use super::Trouble;
use super::machines::is_possible;
use crate::diagnostic::{Diagnostic, Result};
use crate::experiment::{Cell, Experiment, Order};
use crate::metrics::InputDigest;
use crate::scenario::{Loaded, Plan, Scenario};
use crate::trace::ReadReport;
use crate::trace::input::fnv1a_of;
use gpusched_core::workload::Workload;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scenario ready to be replayed: defaults filled in, files read.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) plan: Plan,
    pub(super) loaded: Arc<Loaded>,
    /// All that it was made from, by the names the experiment uses.
    pub(super) inputs: Arc<[InputDigest]>,
}

type Jobs = (Arc<Workload>, ReadReport);

/// What has been read so far.
#[derive(Default)]
pub(super) struct Shelf {
    jobs: BTreeMap<String, Jobs>,
    loaded: BTreeMap<String, (Arc<Loaded>, Arc<[InputDigest]>)>,
}

/// Keys of a scenario that say how jobs are read.
const JOBS: [&str; 10] = [
    "trace",
    "gpus-per-pod",
    "zero-run",
    "lenient",
    "gpu-only",
    "queue-only",
    "limit",
    "attempts",
    "swf-procs",
    "timezone",
];

/// Keys that say, with those, what is replayed and what is checked when it is read.
const REST: [&str; 11] = [
    "throughputs",
    "cluster",
    "topology",
    "gpu-price",
    "sharing",
    "scheduler-config",
    "profile",
    "job-profile",
    "cloud",
    "node-pools",
    "node-groups",
];

/// What a file holds; of a folder, what each of its files holds, in the order of their names.
fn contents(path: &Path) -> std::io::Result<Vec<u8>> {
    if !path.is_dir() {
        return std::fs::read(path);
    }
    let listed = std::fs::read_dir(path)?;
    let mut files: Vec<PathBuf> = listed
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default();
        all.extend_from_slice(name.as_encoded_bytes());
        all.push(0);
        all.extend(std::fs::read(&file)?);
    }
    Ok(all)
}

/// The values of some keys, as one text.
fn key(scenario: &Scenario, keys: &[&str]) -> String {
    let value = serde_json::to_value(scenario).unwrap_or_default();
    let values: Vec<String> = keys.iter().map(|key| value[key].to_string()).collect();
    values.join("\n")
}

impl Shelf {
    /// Makes a cell ready to be replayed under a seed.
    pub(super) fn ready(
        &mut self,
        experiment: &Experiment,
        cell: &Cell,
        seed: u64,
    ) -> Result<Ready, Trouble> {
        let said = cell.with_seed(seed);
        let scenario = said.clone().rebased(&experiment.directory);
        let origins = experiment.origins(cell);
        let plan = scenario.plan(&origins)?;
        let cells = experiment.cells.iter();
        let policies = cells.map(|cell| cell.scenario.provisioning.as_deref());
        plan.machines
            .check(policies.map(|name| name.unwrap_or("static")), &origins)?;
        let kept = key(&said, &JOBS) + "\n" + &key(&said, &REST);
        if let Some((loaded, inputs)) = self.loaded.get(&kept) {
            return Ok(Ready {
                plan,
                loaded: Arc::clone(loaded),
                inputs: Arc::clone(inputs),
            });
        }
        let jobs = key(&said, &JOBS) + "\n" + &key(&said, &["throughputs"]);
        let loaded = plan.load_with(|plan| match self.jobs.get(&jobs) {
            Some(known) => Ok(known.clone()),
            None => {
                let read = plan.read_jobs()?;
                self.jobs.insert(jobs.clone(), read.clone());
                Ok(read)
            }
        })?;
        check(experiment, &loaded, &said)?;
        let inputs = digests(&said, &scenario, &plan, &loaded)?.into();
        let loaded = Arc::new(loaded);
        self.loaded
            .insert(kept, (Arc::clone(&loaded), Arc::clone(&inputs)));
        Ok(Ready {
            plan,
            loaded,
            inputs,
        })
    }

    /// How the traces and clusters were read.
    pub(super) fn reports(&self) -> impl Iterator<Item = &ReadReport> {
        let loaded = self.loaded.values();
        loaded.flat_map(|(loaded, _)| {
            let wiring = loaded.topology.iter();
            [&loaded.cluster]
                .into_iter()
                .chain(wiring)
                .chain([&loaded.trace])
        })
    }
}

/// Refuses what cannot be swept as asked.
fn check(experiment: &Experiment, loaded: &Loaded, scenario: &Scenario) -> Result<()> {
    let shuffled = experiment.keys.machine_order != Order::Recorded;
    if shuffled && !is_possible(&loaded.inventory) {
        let problem = Diagnostic::new(
            "these machines are wired to one another, and cannot stand in another order",
        );
        let help = "leave `machine-order` out, or the topology";
        return Err(experiment.blame("machine-order", problem.help(help)));
    }
    if experiment.keys.arrivals.fill.is_none() {
        return Ok(());
    }
    let asks = |spec: &gpusched_core::workload::Spec| spec.gpu_milli > 0;
    if loaded.inventory.gpus() == 0 || !loaded.work.specs().iter().any(asks) {
        let what = scenario.trace.as_deref().unwrap_or("the trace");
        let problem = Diagnostic::new(format!(
            "{what} cannot fill the cluster: no job asks for a GPU, or there is none"
        ));
        return Err(experiment.blame("fill", problem.help("leave `fill` out")));
    }
    Ok(())
}

/// Everything that was read, under the names the experiment uses, so that the digests of one
/// experiment are the same wherever it stands.
fn digests(
    said: &Scenario,
    scenario: &Scenario,
    plan: &Plan,
    loaded: &Loaded,
) -> Result<Vec<InputDigest>, Trouble> {
    let trace = said.trace.clone().unwrap_or_else(|| plan.trace.clone());
    let cluster = said.cluster.clone().unwrap_or_else(|| trace.clone());
    let mut inputs = loaded.inputs();
    for input in &mut inputs {
        input.name = match input.role.as_str() {
            "jobs" => trace.clone(),
            "nodes" => cluster.clone(),
            _ => said.topology.clone().unwrap_or_default(),
        };
    }
    let files = scenario.side_files().into_iter().zip(said.side_files());
    for ((role, path), (_, name)) in files {
        let bytes = contents(&path).map_err(|error| {
            Diagnostic::new(format!("cannot read this file: {error}"))
                .in_file(path.display().to_string())
                .help("check the path")
        })?;
        inputs.push(InputDigest {
            role: role.to_owned(),
            name: name.display().to_string(),
            digest: format!("fnv1a:{:016x}", fnv1a_of(&bytes)),
            format: role.to_owned(),
        });
    }
    Ok(inputs)
}
