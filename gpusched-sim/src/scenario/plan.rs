//! From a scenario to something that can be replayed: defaults filled in, names checked, files
//! read.

use super::{Machines, Origins, Scenario, paths};
use crate::builtin;
use crate::calibrate::load_profile;
use crate::cloud::is_rented;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::engine::Discipline;
use crate::manifest::scheduler_profile;
use crate::metrics::{InputDigest, Split};
use crate::network::{JobProfiles, NetworkMode};
use crate::replay::{DEFAULT_DEVICE_POLICY, DEFAULT_MIG_PLACEMENT, ReplayOptions};
use crate::sharing::{Risks, SharingMode};
use crate::topology::{self, heed};
use crate::trace::build::{check_possible, load_inventory, load_workload};
use crate::trace::{ReadOptions, ReadReport, ZeroRun, detect, inline};
use crate::virtual_clusters;
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::performance::sharing::calibrate::Profile;
use gpusched_core::placement::device::registry::{device_policies, device_policy};
use gpusched_core::placement::kube_scheduler::{Profile as SchedulerProfile, Release, TieBreak};
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::registry::{PlacementContext, placement, placements};
use gpusched_core::policy::PolicyError;
use gpusched_core::queueing::registry::{queueing, queueings};
use gpusched_core::units::{Span, Time, parse_seconds};
use gpusched_core::workload::{Shape, Workload};
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

/// What a plan is about, read into memory.
#[derive(Debug)]
pub struct Loaded {
    /// The jobs; plans of the same jobs on other machines may share them.
    pub work: Arc<Workload>,
    /// The machines.
    pub inventory: Inventory,
    /// Whether the machines are examples of what may be rented, and no others exist.
    pub rented: bool,
    /// How reading the jobs went.
    pub trace: ReadReport,
    /// How reading the machines went.
    pub cluster: ReadReport,
    /// How reading their wiring went, where that is said apart.
    pub topology: Option<ReadReport>,
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

    /// How traces are read.
    ///
    /// # Errors
    /// As [`Scenario::plan`].
    pub fn read_options(&self, origins: &Origins) -> Result<ReadOptions> {
        let defaults = ReadOptions::default();
        if self.gpus_per_pod == Some(0) {
            let problem = Diagnostic::new("a pod needs room for at least one GPU")
                .help("give the number of GPUs of your largest node, usually 8");
            return Err(origins.blame("gpus-per-pod", problem));
        }
        let zero_run = match &self.zero_run {
            None => defaults.zero_run,
            Some(text) => {
                parse_zero_run(text).map_err(|problem| origins.blame("zero-run", problem))?
            }
        };
        Ok(ReadOptions {
            gpus_per_pod: self.gpus_per_pod.unwrap_or(defaults.gpus_per_pod),
            zero_run,
            lenient: self.lenient.unwrap_or(false),
            gpu_only: self.gpu_only.unwrap_or(false),
            attempts: self.attempts.map_or(defaults.attempts, Into::into),
            swf_procs: self.swf_procs.map_or(defaults.swf_procs, Into::into),
            throughputs: self.throughputs.clone(),
            timezone: self.timezone.clone(),
            queue_only: self.queue_only.clone(),
            limit: self.limit,
            ..defaults
        })
    }

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

    fn network(&self, origins: &Origins) -> Result<(NetworkMode, Arc<JobProfiles>)> {
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

    fn price(
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
    fn configures_scheduler(&self) -> Option<&'static str> {
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
    fn scheduler(&self, origins: &Origins) -> Result<Option<Arc<SchedulerProfile>>> {
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
    fn promises(&self, origins: &Origins) -> Result<Option<PathBuf>> {
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

    fn profile(&self) -> Result<Option<Arc<Profile>>> {
        let Some(path) = &self.profile else {
            return Ok(None);
        };
        let profile = load_profile(&path.display().to_string())?;
        Ok(Some(Arc::new(profile)))
    }

    fn risks(&self, origins: &Origins) -> Result<Risks> {
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
    /// Reads the jobs and the machines, and makes sure that every pod fits some machine, and no
    /// MPS client needs more memory than its part (unless the scenario is lenient: such jobs are
    /// then counted as unschedulable).
    ///
    /// # Errors
    /// Whatever is wrong with the files, located.
    pub fn load(&self) -> Result<Loaded> {
        self.load_with(Plan::read_jobs)
    }

    /// As [`Plan::load`], with jobs that `jobs` gives: those of a plan that reads the same trace
    /// the same way, so that they are in memory once.
    ///
    /// # Errors
    /// As [`Plan::load`].
    pub fn load_with(
        &self,
        jobs: impl FnOnce(&Plan) -> Result<(Arc<Workload>, ReadReport)>,
    ) -> Result<Loaded> {
        // The machines first: they are few, and a slip in them should not cost minutes.
        let nodes = ReadOptions {
            limit: None,
            queue_only: None,
            gpu_only: false,
            ..self.read.clone()
        };
        let (inventory, cluster) = match self.cluster == RENTED {
            true => (self.machines.cloud.samples()?, self.rented_report()),
            false => load_inventory(&self.cluster, &nodes)?,
        };
        let (inventory, topology) = match &self.topology {
            None => (inventory, None),
            Some(source) => {
                let (wired, report) = source.apply(inventory)?;
                (wired, Some(report))
            }
        };
        let (work, mut trace) = jobs(self)?;
        let file = paths::jobs_file(&self.trace);
        let heeded = heed::check(&work, &inventory, &file, self.read.lenient)?;
        trace.notes.extend(heeded);
        let inventory = match &self.virtual_clusters {
            None => inventory,
            Some(path) => {
                let path = path.display().to_string();
                let clusters = virtual_clusters::load(&path, &inventory)?;
                let lenient = self.read.lenient;
                let strangers = virtual_clusters::check(&work, &clusters, &file, lenient)?;
                trace.notes.extend(strangers);
                inventory.with_virtual_clusters(Arc::new(clusters))
            }
        };
        let loaded = Loaded {
            work,
            inventory: self.machines.priced(inventory),
            rented: self.cluster == RENTED || is_rented(&self.machines.policy),
            trace,
            cluster,
            topology,
        };
        self.check_machines(&loaded, &self.machines.policy)?;
        self.check_sharing(&loaded, &self.sharing)?;
        if !self.read.lenient
            && let SharingMode::Mps(replicas) = &self.sharing
        {
            let file = paths::jobs_file(&self.trace);
            replicas.check_memory(&loaded.work, &loaded.inventory, &file)?;
        }
        Ok(loaded)
    }

    /// Reads the jobs alone.
    ///
    /// # Errors
    /// Whatever is wrong with the trace, located.
    pub fn read_jobs(&self) -> Result<(Arc<Workload>, ReadReport)> {
        let (work, report) = load_workload(&self.trace, &self.read)?;
        Ok((Arc::new(work), report))
    }

    /// Makes sure that the machines can be shared so.
    ///
    /// # Errors
    /// What the mode does not go with.
    pub fn check_sharing(&self, loaded: &Loaded, sharing: &SharingMode) -> Result<()> {
        let interpreted = sharing.interpret(&loaded.work, &loaded.inventory, false);
        interpreted.map_err(|problem| match problem.file {
            Some(_) => problem,
            None => problem.in_file(format!("sharing {sharing}")),
        })?;
        Ok(())
    }

    /// Makes sure that every pod, as the trace asks, fits some machine, unless the scenario is
    /// lenient. What another way of sharing has no place for is counted, not refused.
    ///
    /// # Errors
    /// The first job that can never run.
    pub fn check_machines(&self, loaded: &Loaded, provisioning: &str) -> Result<()> {
        if self.read.lenient {
            return Ok(());
        }
        let file = paths::jobs_file(&self.trace);
        // Instances are there once the GPUs are cut.
        let cuts = matches!(self.sharing, SharingMode::Mig(_));
        let concerns = |shape: &Shape| shape.mig.is_none() || !cuts;
        if !is_rented(provisioning) {
            return check_possible(&loaded.work, &loaded.inventory, &file, concerns);
        }
        let samples = self.machines.cloud.samples()?;
        check_possible(&loaded.work, &samples, &file, concerns).map_err(|problem| {
            problem.help(
                "no instance type that may be launched holds it: see `gpusched catalog`, allow more \
                 types in `--cloud`, or `--lenient` to let such jobs wait",
            )
        })
    }

    /// What stands for the report of a node list where there is none.
    fn rented_report(&self) -> ReadReport {
        let cloud = &self.machines.cloud;
        ReadReport {
            path: cloud.catalog.clone(),
            format: "catalogue",
            rows: cloud.types.len() as u64,
            ..ReadReport::default()
        }
    }

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

impl Loaded {
    /// What was replayed, for the summary.
    pub fn inputs(&self) -> Vec<InputDigest> {
        let wiring = self.topology.iter().map(|report| ("topology", report));
        [("jobs", &self.trace), ("nodes", &self.cluster)]
            .into_iter()
            .chain(wiring)
            .map(|(role, report)| InputDigest {
                role: role.to_owned(),
                name: report.path.clone(),
                digest: format!("fnv1a:{:016x}", report.sha256_or_digest),
                format: report.format.to_owned(),
            })
            .collect()
    }
}

/// The machines that come with a trace: a directory may hold `nodes.csv` beside `jobs.csv`.
fn own_cluster(trace: &str) -> Result<String> {
    if builtin::is_builtin(trace) {
        return Ok(trace.to_owned());
    }
    let (_, path) = detect::split_spec(trace)?;
    let holds_nodes = |directory: &Path| {
        let names = ["nodes.csv", "nodes.csv.gz"];
        names.iter().any(|name| directory.join(name).is_file())
    };
    if holds_nodes(Path::new(path)) {
        return Ok(trace.to_owned());
    }
    let help = match Path::new(path).parent() {
        Some(above) if !above.as_os_str().is_empty() && holds_nodes(above) => format!(
            "name the directory, `--trace {}`, to take the machines from its nodes.csv",
            above.display()
        ),
        _ => "say which with `--cluster`, such as `--cluster 16x8:A100-SXM4-80GB` (sixteen \
              machines of eight GPUs) or `--cluster nodes.csv`"
            .to_owned(),
    };
    Err(Diagnostic::new("no machines to replay this trace on").help(help))
}

/// Checks what can be checked without reading anything.
fn check_spec(spec: &str) -> Result<()> {
    if !builtin::is_builtin(spec) {
        return match inline::looks_inline(spec) {
            true => Ok(()),
            false => detect::split_spec(spec).map(|_| ()),
        };
    }
    if spec == builtin::SAMPLE {
        return Ok(());
    }
    Err(
        Diagnostic::new(format!("there is nothing built in called `{spec}`"))
            .help(format!("what is built in is `{}`", builtin::SAMPLE)),
    )
}

/// Checks the name of a queueing policy.
///
/// # Errors
/// When there is none of that name, with the closest that there is.
pub fn check_queueing(name: &str) -> Result<()> {
    match queueing(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a placement policy, or a weighted sum of them.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_placement(name: &str) -> Result<()> {
    let work = Workload::default();
    let inventory = Inventory::new(vec![Node::with_gpus("any", 1, "")])
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let context = PlacementContext {
        work: &work,
        inventory: &inventory,
        seed: 0,
    };
    match placement(name, &context) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a device policy.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_device_policy(name: &str) -> Result<()> {
    match device_policy(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a MIG placement policy.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_mig_placement(name: &str) -> Result<()> {
    match mig_placement(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// A policy name that means nothing, with the closest one that does, of this role or the other.
fn policy_problem(error: &PolicyError) -> Box<Diagnostic> {
    let problem = Diagnostic::new(error.to_string());
    let PolicyError::Unknown { role, name } = error else {
        return problem.help("write a sum such as `pwr:0.2+fgd:0.8`; all: `gpusched policy list`");
    };
    let queueing: Vec<&str> = queueings().map(|info| info.name).collect();
    let placement: Vec<&str> = placements().iter().map(|info| info.name).collect();
    let instances: Vec<&str> = mig_placements().map(|info| info.name).collect();
    let devices: Vec<&str> = device_policies().map(|info| info.name).collect();
    let (own, other, others) = match *role {
        "device" => (devices, "placement", placement),
        _ if devices.contains(&name.as_str()) => (placement, "device-policy", devices),
        "queueing" => (queueing, "placement", placement),
        "MIG placement" => (instances, "placement", placement),
        _ if instances.contains(&name.as_str()) => (placement, "mig-placement", instances),
        _ => (placement, "queueing", queueing),
    };
    let near = |names: &[&'static str]| did_you_mean(name, names.iter().copied());
    let help = match (near(&own), near(&others)) {
        (Some(close), _) if !others.contains(&name.as_str()) => {
            format!("did you mean `{close}`? all: `gpusched policy list`")
        }
        (_, Some(close)) => {
            format!("`{close}` is a {other} policy: did you mean `--{other} {close}`?")
        }
        (_, None) => format!("choose one of: {}", own.join(", ")),
    };
    problem.help(help)
}

fn parse_zero_run(text: &str) -> Result<ZeroRun> {
    let wrong = |message: String| {
        Diagnostic::new(message)
            .help("choose `error`, `drop`, `keep`, or `clamp:SECONDS` such as `clamp:1`")
    };
    match text {
        "error" => return Ok(ZeroRun::Error),
        "drop" => return Ok(ZeroRun::Drop),
        "keep" => return Ok(ZeroRun::Keep),
        _ => {}
    }
    let Some(seconds) = text.strip_prefix("clamp:") else {
        return Err(wrong(format!("`{text}` is no way to treat run times of 0")));
    };
    match parse_seconds(seconds) {
        Ok(micros) if micros > 0 => Ok(ZeroRun::Clamp(Span(micros))),
        Ok(_) => Err(wrong(format!("`{seconds}` is no run time above 0"))),
        Err(error) => Err(wrong(format!("`{seconds}` is {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_treat_run_times_of_0() {
        assert_eq!(parse_zero_run("keep"), Ok(ZeroRun::Keep));
        assert_eq!(
            parse_zero_run("clamp:0.5"),
            Ok(ZeroRun::Clamp(Span(500_000)))
        );
        for text in [
            "", "clamp", "clamp:", "clamp:0", "clamp:-1", "clamp:x", "Keep",
        ] {
            assert!(parse_zero_run(text).is_err(), "{text}");
        }
    }

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

    #[test]
    fn names_of_the_other_role_are_recognised() {
        let problem = check_queueing("best-fit").unwrap_err();
        assert!(problem.help.unwrap().contains("`--placement best-fit`"));
        let problem = check_placement("easy").unwrap_err();
        assert!(problem.help.unwrap().contains("`--queueing easy`"));
    }
}
