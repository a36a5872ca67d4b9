//! From a scenario to something that can be replayed: defaults filled in, names checked, files
//! read.

mod load;
mod names;
mod reading;
mod values;

pub use load::Loaded;
pub use names::{check_device_policy, check_mig_placement, check_placement, check_queueing};

use super::{Machines, Origins, Scenario, paths};
use crate::builtin;
use crate::cloud::is_rented;
use crate::diagnostic::Result;
use crate::engine::Discipline;
use crate::metrics::Split;
use crate::network::{JobProfiles, NetworkMode};
use crate::replay::{DEFAULT_DEVICE_POLICY, DEFAULT_MIG_PLACEMENT, ReplayOptions};
use crate::sharing::{Risks, SharingMode};
use crate::topology;
use crate::trace::ReadOptions;
use gpusched_core::performance::sharing::calibrate::Profile;
use gpusched_core::placement::kube_scheduler::Profile as SchedulerProfile;
use gpusched_core::units::Time;
use reading::{check_spec, own_cluster};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// In the place of a cluster: machines are rented, and there are no others.
const RENTED: &str = "rented";

/// A scenario in which nothing is open any more.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The jobs.
    pub trace: String,
    /// The machines.
    pub cluster: String,
    /// How the machines are wired, where that is said apart.
    pub topology: Option<topology::Source>,
    /// Who is promised which cells.
    pub virtual_clusters: Option<PathBuf>,
    /// The queueing policy.
    pub queueing: String,
    /// The placement policy.
    pub placement: String,
    /// The device policy.
    pub device_policy: String,
    /// The profile of `kube-scheduler`, if one is given.
    pub scheduler: Option<Arc<SchedulerProfile>>,
    /// How its ties end, if that is said.
    pub scheduler_ties: Option<String>,
    /// Which machines exist, and what they cost.
    pub machines: Machines,
    /// The MIG placement policy.
    pub mig_placement: String,
    /// How GPUs are shared.
    pub sharing: SharingMode,
    /// What the network costs.
    pub network: NetworkMode,
    /// What jobs exchange.
    pub job_profiles: Arc<JobProfiles>,
    /// What may go wrong where GPUs are shared.
    pub risks: Risks,
    /// Software licences, USD per GPU and year.
    pub licence_price: Option<f64>,
    /// Energy, USD per kWh.
    pub energy_price: Option<f64>,
    /// How the price of a machine is shared between its parts.
    pub cost_split: Split,
    /// Measurements of one's own.
    pub profile: Option<Arc<Profile>>,
    /// Seed of placement policies that draw lots.
    pub seed: u64,
    /// Order of simultaneous events.
    pub discipline: Discipline,
    /// When to stop.
    pub horizon: Option<Time>,
    /// How both files are read.
    pub read: ReadOptions,
}

impl Scenario {
    /// The defaults filled in and every value checked. Files are not read yet.
    ///
    /// # Errors
    /// At the first value that cannot be, put where `origins` says it came from.
    pub fn plan(&self, origins: &Origins) -> Result<Plan> {
        let trace = self.trace.clone().unwrap_or_else(|| builtin::SAMPLE.into());
        let cluster = match &self.cluster {
            Some(cluster) => cluster.clone(),
            None => match own_cluster(&trace) {
                Ok(cluster) => cluster,
                Err(_) if self.provisioning.as_deref().is_some_and(is_rented) => RENTED.into(),
                Err(problem) => return Err(origins.blame("trace", problem)),
            },
        };
        let specs = [("trace", &trace), ("cluster", &cluster)];
        for (key, spec) in specs.into_iter().filter(|(_, spec)| *spec != RENTED) {
            check_spec(spec).map_err(|problem| origins.blame(key, problem))?;
        }
        let topology = self.topology.as_deref().map(topology::Source::parse);
        let topology = topology
            .transpose()
            .map_err(|problem| origins.blame("topology", problem))?;
        let queueing = self.queueing.clone().unwrap_or_else(|| "fifo".into());
        check_queueing(&queueing).map_err(|problem| origins.blame("queueing", problem))?;
        let configured = match self.configures_scheduler() {
            Some(_) => "kube-scheduler",
            None => "best-fit",
        };
        let placement = self.placement.clone().unwrap_or_else(|| configured.into());
        check_placement(&placement).map_err(|problem| origins.blame("placement", problem))?;
        let device_policy = match &self.device_policy {
            None => DEFAULT_DEVICE_POLICY.to_owned(),
            Some(name) => {
                check_device_policy(name)
                    .map_err(|problem| origins.blame("device-policy", problem))?;
                name.clone()
            }
        };
        let mig_placement = match &self.mig_placement {
            None => DEFAULT_MIG_PLACEMENT.to_owned(),
            Some(name) => {
                check_mig_placement(name)
                    .map_err(|problem| origins.blame("mig-placement", problem))?;
                name.clone()
            }
        };
        let sharing = match &self.sharing {
            None => SharingMode::default(),
            Some(text) => {
                SharingMode::parse(text).map_err(|problem| match problem.file {
                    // It stands in a file the mode names.
                    Some(_) => problem,
                    None => origins.blame("sharing", problem),
                })?
            }
        };
        let (network, job_profiles) = self.network(origins)?;
        Ok(Plan {
            trace,
            cluster,
            topology,
            virtual_clusters: self.promises(origins)?,
            queueing,
            placement,
            device_policy,
            mig_placement,
            sharing,
            network,
            job_profiles,
            machines: self.machines(origins)?,
            risks: self.risks(origins)?,
            licence_price: self.price("licence-price", self.licence_price, origins)?,
            energy_price: self.price("energy-price", self.energy_price, origins)?,
            cost_split: self.cost_split.unwrap_or_default(),
            profile: self.profile()?,
            scheduler: self.scheduler(origins)?,
            scheduler_ties: self.scheduler_ties.clone(),
            seed: self.seed.unwrap_or(0),
            discipline: self.discipline.unwrap_or_default(),
            horizon: self.horizon(origins)?,
            read: self.read_options(origins)?,
        })
    }

    /// This scenario with nothing left open, as it is stored in the directory of its results:
    /// paths count from there, and where and how results are written is left out, so that equal
    /// experiments give equal files.
    pub fn effective(&self, plan: &Plan, directory: &Path) -> Scenario {
        let effective = Scenario {
            trace: Some(plan.trace.clone()),
            cluster: Some(plan.cluster.clone()),
            queueing: Some(plan.queueing.clone()),
            placement: Some(plan.placement.clone()),
            device_policy: Some(plan.device_policy.clone())
                .filter(|_| self.device_policy.is_some()),
            mig_placement: Some(plan.mig_placement.clone())
                .filter(|_| self.mig_placement.is_some()),
            sharing: Some(plan.sharing.to_string()),
            seed: Some(plan.seed),
            discipline: Some(plan.discipline),
            ..self.clone()
        };
        effective.stored(directory)
    }

    /// This scenario as it is stored in the directory of its results, with what it leaves open
    /// left open: paths count from there, and where and how results are written is left out.
    pub fn stored(self, directory: &Path) -> Scenario {
        let mut stored = Scenario {
            out: None,
            format: None,
            ..self
        };
        paths::relative_to(&mut stored, directory);
        stored
    }
}

impl Plan {
    /// How to replay it, keeping nothing but the summary.
    pub fn replay_options(&self) -> ReplayOptions {
        ReplayOptions {
            queueing: self.queueing.clone(),
            placement: self.placement.clone(),
            device_policy: self.device_policy.clone(),
            provisioning: self.machines.policy.clone(),
            provisioning_options: self.machines.options,
            cloud: Some(self.machines.cloud.clone()),
            mig_placement: self.mig_placement.clone(),
            seed: self.seed,
            discipline: self.discipline,
            sharing: self.sharing.clone(),
            network: self.network,
            job_profiles: self.job_profiles.clone(),
            risks: self.risks,
            licence_price: self.licence_price,
            energy_price: self.energy_price,
            cost_split: self.cost_split,
            profile: self.profile.clone(),
            scheduler: self.scheduler.clone(),
            scheduler_ties: self.scheduler_ties.clone(),
            horizon: self.horizon,
            ..ReplayOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_the_sample_with_the_defaults() {
        let nothing = Scenario::default();
        let plan = nothing.plan(&Origins::default()).unwrap();
        assert_eq!(plan.cluster, builtin::SAMPLE);
        assert_eq!(
            (plan.queueing.as_str(), plan.placement.as_str()),
            ("fifo", "best-fit")
        );
        let stored = nothing.effective(&plan, Path::new("out"));
        assert_eq!(
            stored.plan(&Origins::default()).unwrap().trace,
            builtin::SAMPLE
        );
        assert!(stored.out.is_none() && stored.format.is_none());
    }
}
