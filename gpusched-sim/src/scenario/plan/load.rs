//! A plan's files read into memory, and checked against each other.

use super::{Plan, RENTED};
use crate::cloud::is_rented;
use crate::diagnostic::Result;
use crate::metrics::InputDigest;
use crate::scenario::paths;
use crate::sharing::SharingMode;
use crate::topology::heed;
use crate::trace::build::{check_possible, load_inventory, load_workload};
use crate::trace::{ReadOptions, ReadReport};
use crate::virtual_clusters;
use gpusched_core::cluster::Inventory;
use gpusched_core::workload::{Shape, Workload};
use std::sync::Arc;

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
