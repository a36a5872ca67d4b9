//! Values of a scenario checked one by one: network, prices, kube-scheduler, risks, horizon.

use crate::calibrate::load_profile;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::manifest::scheduler_profile;
use crate::network::{JobProfiles, NetworkMode};
use crate::scenario::{Origins, Scenario};
use crate::sharing::Risks;
use gpusched_core::performance::sharing::calibrate::Profile;
use gpusched_core::placement::kube_scheduler::{Profile as SchedulerProfile, Release, TieBreak};
use gpusched_core::units::{Span, Time};
use std::path::PathBuf;
use std::sync::Arc;

impl Scenario {
    /// Makes sure that what a model of the network asks is said.
    ///
    /// # Errors
    /// It asks what jobs exchange, and no profile says it.
    pub fn check_network(&self, mode: NetworkMode) -> Result<()> {
        if !mode.asks_profiles() || self.job_profile.is_some() {
            return Ok(());
        }
        Err(Diagnostic::new(format!(
            "network `{mode}` asks what jobs exchange, and nothing says it"
        ))
        .help(
            "name a profile for all jobs, such as `--job-profile llm-7b`, a CSV file that says it \
             job by job, or `none`: then nobody slows down",
        ))
    }

    pub(super) fn network(&self, origins: &Origins) -> Result<(NetworkMode, Arc<JobProfiles>)> {
        let mode = match &self.network {
            None => NetworkMode::Ideal,
            Some(text) => {
                NetworkMode::parse(text).map_err(|problem| origins.blame("network", problem))?
            }
        };
        self.check_network(mode)
            .map_err(|problem| origins.blame("network", problem))?;
        let Some(said) = &self.job_profile else {
            return Ok((mode, Arc::default()));
        };
        let profiles = JobProfiles::load(said).map_err(|problem| match problem.file {
            // It stands in the file that was named.
            Some(_) => problem,
            None => origins.blame("job-profile", problem),
        })?;
        Ok((mode, Arc::new(profiles)))
    }

    pub(super) fn price(
        &self,
        key: &'static str,
        price: Option<f64>,
        origins: &Origins,
    ) -> Result<Option<f64>> {
        let unit = match key {
            "licence-price" => "GPU and year",
            _ => "kWh",
        };
        match price {
            Some(price) if !(price >= 0.0 && price.is_finite()) => {
                let problem = Diagnostic::new(format!("a price of {price} cannot be"))
                    .help(format!("give US dollars per {unit}, 0 or more"));
                Err(origins.blame(key, problem))
            }
            price => Ok(price),
        }
    }

    /// The first key that only kube-scheduler has a use for.
    pub(super) fn configures_scheduler(&self) -> Option<&'static str> {
        let keys = [
            ("scheduler-config", self.scheduler_config.is_some()),
            ("scheduler-ties", self.scheduler_ties.is_some()),
        ];
        keys.iter().find(|(_, given)| *given).map(|(key, _)| *key)
    }

    /// Refuses what only kube-scheduler has a use for where it is none of the policies.
    ///
    /// # Errors
    /// As said, put where the key is from.
    pub fn check_scheduler<'p>(
        &self,
        placements: impl IntoIterator<Item = &'p str>,
        origins: &Origins,
    ) -> Result<()> {
        let Some(key) = self.configures_scheduler() else {
            return Ok(());
        };
        let placements: Vec<&str> = placements.into_iter().collect();
        if placements.iter().any(|name| Release::named(name).is_some()) {
            return Ok(());
        }
        let problem = Diagnostic::new(format!(
            "`{key}` means nothing with `placement: {}`",
            placements.join(",")
        ));
        let help = "use `placement: kube-scheduler` or `kube-scheduler-1.35`";
        Err(origins.blame(key, problem).help(help))
    }

    /// The profile of kube-scheduler. Another placement policy has no use for it.
    pub(super) fn scheduler(&self, origins: &Origins) -> Result<Option<Arc<SchedulerProfile>>> {
        if let Some(placement) = self.placement.as_deref() {
            self.check_scheduler([placement], origins)?;
        }
        let names = TieBreak::NAMES;
        if let Some(ties) = self.scheduler_ties.as_deref()
            && !names.contains(&ties)
        {
            let problem = Diagnostic::new(format!("ties cannot end by `{ties}`"));
            let problem = match did_you_mean(ties, names) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("possible: {}", names.join(", "))),
            };
            return Err(origins.blame("scheduler-ties", problem));
        }
        let Some(path) = &self.scheduler_config else {
            return Ok(None);
        };
        scheduler_profile(path).map(|profile| Some(Arc::new(profile)))
    }

    /// The file of virtual clusters. A placement policy other than `hived` has no use for it.
    pub(super) fn promises(&self, origins: &Origins) -> Result<Option<PathBuf>> {
        if self.virtual_clusters.is_some()
            && let Some(placement) = self.placement.as_deref()
            && placement != "hived"
        {
            let problem = Diagnostic::new(format!(
                "`virtual-clusters` means nothing with `placement: {placement}`"
            ));
            let problem = problem.help("use `placement: hived`");
            return Err(origins.blame("virtual-clusters", problem));
        }
        Ok(self.virtual_clusters.clone())
    }

    pub(super) fn profile(&self) -> Result<Option<Arc<Profile>>> {
        let Some(path) = &self.profile else {
            return Ok(None);
        };
        let profile = load_profile(&path.display().to_string())?;
        Ok(Some(Arc::new(profile)))
    }

    pub(super) fn risks(&self, origins: &Origins) -> Result<Risks> {
        let rate = self.fault_rate.unwrap_or(0.0);
        // A pod cannot fault more than once a second on average and still be called running.
        if !(0.0..=3600.0).contains(&rate) {
            let problem = Diagnostic::new(format!("{rate} faults per hour cannot be"))
                .help("give the mean number of fatal faults per hour a pod runs, such as 0.001");
            return Err(origins.blame("fault-rate", problem));
        }
        Ok(Risks {
            overcommit: self.overcommit.unwrap_or(false),
            faults_per_hour: rate,
            seed: self.seed.unwrap_or(0),
        })
    }

    /// When to stop, if that is said.
    ///
    /// # Errors
    /// When it is not ahead.
    pub fn horizon(&self, origins: &Origins) -> Result<Option<Time>> {
        let Some(horizon) = self.horizon else {
            return Ok(None);
        };
        if horizon.0 <= Span::ZERO {
            let problem = Diagnostic::new(format!("a horizon of {} s is not ahead", horizon.0))
                .help("give the seconds of trace time to replay, more than 0");
            return Err(origins.blame("horizon", problem));
        }
        Ok(Some(Time::ZERO + horizon.0))
    }
}
