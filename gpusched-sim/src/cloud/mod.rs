//! What a replay may rent: instance types, where and how they are offered, how they boot, and who
//! may be put on what.
//!
//! | file | holds |
//! |---|---|
//! | `file.rs`, `read.rs` | the file of `--cloud`: its shape, and what it means |
//! | `groups.rs` | its pools and node groups |
//! | `market.rs` | when spot machines can be had and when they are taken away |
//! | `jobs.rs` | which jobs a rule is about |
//! | `policies.rs` | the controllers of nodes, by name |
//! | `own.rs` | manifests of a controller's own in the place of pools and groups |
//!
//! Machines of every type have a block of places in the inventory of the replay, closed until
//! somebody launches one. Blocks are long enough at first for the largest job, and for what all jobs
//! would hold at once at most; when one is full the replay is made again with that block four times
//! as long. What is decided does not depend on how long blocks are.

mod file;
mod groups;
mod jobs;
mod market;
mod own;
mod policies;
mod prices;
mod read;

pub use file::schema;
pub use jobs::JobRule;
pub use market::Market;
pub use policies::{check_rented, is_rented, rented_policies};

use crate::catalog;
use crate::diagnostic::{Diagnostic, Result};
use crate::engine::EngineError;
use crate::replay::{ReplayError, ReplayOptions, RunResult, replay_on};
use gpusched_core::cluster::{Cluster, Inventory, Node};
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType};
use gpusched_core::provisioning::controlled::{
    self, Boot, Controlled, REPLICAS, Stage, Terms, machine,
};
use gpusched_core::provisioning::karpenter::Requirements;
use gpusched_core::provisioning::karpenter::objects::NodeType;
use gpusched_core::provisioning::oracle::{Rate, bound};
use gpusched_core::provisioning::{Lifetime, Money};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{Spec, Workload};
use policies::Groups;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Fewest places of a type to begin with.
const FEWEST: u32 = 16;

/// Most places of a type to begin with for the sake of what jobs hold at once.
const LIKELY: u64 = 2048;

/// Most places of a type: more machines than this are taken for a slip of the policy.
const MOST: u32 = 1 << 18;

/// See the module.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// Where the types come from, as it was named.
    pub catalog: String,
    /// Types that may be launched.
    pub types: Vec<InstanceType>,
    /// How machines boot; the seed is that of the replay.
    pub boot: Boot,
    /// How long pods have to end once they are evicted.
    pub pod_grace: Span,
    /// Most machines by type and offering.
    pub quotas: BTreeMap<(usize, usize), u32>,
    /// The spot market.
    pub market: Market,
    /// Jobs that may run on spot capacity.
    pub spot_for: JobRule,
    /// Share of all jobs that may besides, drawn by seed and job.
    pub spot_share: f64,
    /// Jobs whose pods must not be disrupted.
    pub keep_for: JobRule,
    /// What of manifests has no say in a replay, a line each.
    pub notes: Vec<String>,
    groups: Groups,
    /// By type: its labels as manifests have them; none = those of the catalogue.
    described: Vec<Requirements>,
    /// By the name of a controller: what it sees in the place of this.
    own: BTreeMap<&'static str, Arc<Cloud>>,
}

impl Default for Cloud {
    /// The built-in prices of AWS in one region: all types with NVIDIA GPUs on x86; spot that is
    /// never out; jobs that the trace says may run on spot; every job may be disrupted.
    fn default() -> Self {
        read::read(file::CloudFile::default(), "builtin:cloud", "").unwrap_or_else(|problem| {
            // The built-in catalogue is tested.
            unreachable!("{}", problem.message)
        })
    }
}

impl Cloud {
    /// Reads a file of `--cloud`.
    ///
    /// # Errors
    /// A located problem of the file, or of a file it names.
    pub fn load(path: &Path) -> Result<Cloud> {
        let name = path.display().to_string();
        let text = crate::yaml::read(&name, "description of a cloud")?;
        read::load(&name, &text)
    }

    /// Parts GPUs are published in: thousandths where somebody asks for a share of one.
    fn replicas(work: &Workload) -> i64 {
        match work.shapes().iter().any(|shape| shape.is_share()) {
            true => REPLICAS,
            false => 1,
        }
    }

    /// One machine of each type, all there at once: what a pod must fit to be served at all.
    pub fn samples(&self) -> Result<Inventory> {
        self.inventory(&vec![1; self.types.len()])
    }

    /// The inventory with so many places of each type.
    fn inventory(&self, places: &[u32]) -> Result<Inventory> {
        let mut nodes: Vec<Node> = Vec::new();
        for (number, (of, &count)) in self.types.iter().zip(places).enumerate() {
            let one = machine(of, "");
            // A type comes once for every class of nodes.
            let before = self.types[..number].iter();
            let name = match before.filter(|other| other.name == of.name).count() {
                0 => of.name.clone(),
                copy => format!("{}+{copy}", of.name),
            };
            nodes.extend((0..count).map(|index| Node {
                name: format!("{name}-{index}"),
                ..one.clone()
            }));
        }
        Inventory::new(nodes).map_err(|error| Diagnostic::new(error.to_string()))
    }

    /// Places for the largest job on machines of any one type; and, up to a limit, for twice the GPUs
    /// that are wanted at once at most: machines boot, drain, and are not always full.
    fn places(&self, work: &Workload) -> Result<Vec<u32>> {
        let cluster = Cluster::new(self.samples()?, work.shapes());
        let need = |node: NodeId, spec: &Spec| -> u64 {
            let per_set = spec.pod_sets.iter().map(|set| {
                let room = cluster.room_on(cluster.ask(set.shape), node);
                u64::from(set.count).div_ceil(u64::from(room.max(1)))
            });
            per_set.sum()
        };
        let wanted = 2 * peak_milli(work).div_ceil(1000);
        let of_type = |index: usize| {
            let all = work
                .specs()
                .iter()
                .map(|spec| need(NodeId::from(index), spec));
            let gpus = cluster.inventory().node(NodeId::from(index)).gpus;
            let likely = match gpus {
                0 => 0,
                gpus => wanted.div_ceil(u64::from(gpus)).min(LIKELY),
            };
            let most = all.max().unwrap_or(0).max(likely).max(u64::from(FEWEST));
            u32::try_from(most).unwrap_or(MOST).min(MOST)
        };
        Ok((0..self.types.len()).map(of_type).collect())
    }

    /// Which jobs may run on spot capacity.
    pub fn spot_jobs(&self, work: &Workload, seed: u64) -> Vec<bool> {
        self.spot_for.of(work, self.spot_share, seed)
    }

    /// The policy of that name over the places of `inventory`.
    fn controlled(
        &self,
        work: &Workload,
        inventory: &Inventory,
        places: &[u32],
        options: &ReplayOptions,
    ) -> Result<Controlled> {
        let replicas = Cloud::replicas(work);
        let types: Arc<Vec<NodeType>> = Arc::new(self.seen(replicas));
        let name = options.provisioning.as_str();
        let controller = policies::controller(self, name, &types, replicas, options.seed)?;
        let instant = |boot: Boot| Boot {
            launch: Stage::of_secs(0),
            join: Stage::of_secs(0),
            gpu: Stage::of_secs(0),
            image: Stage::of_secs(0),
            failures_milli: 0,
            ..boot
        };
        let oracle = name == policies::ORACLE;
        let boot = Boot {
            seed: options.seed,
            ..self.boot
        };
        let cloud = controlled::Cloud {
            types,
            terms: self
                .types
                .iter()
                .map(|of| Terms::of_cloud(&of.cloud))
                .collect(),
            places: places.to_vec(),
            quotas: if oracle {
                BTreeMap::new()
            } else {
                self.quotas.clone()
            },
            pod_grace: self.pod_grace,
            replicas,
            boot: if oracle { instant(boot) } else { boot },
            spot: match oracle {
                true => None,
                false => self.market.open(&self.types, options.seed),
            },
            spot_ok: self.spot_jobs(work, options.seed),
            keep: self.keep_for.of(work, 0.0, options.seed),
        };
        Ok(Controlled::new(controller, cloud, inventory))
    }

    /// Replays `work` on machines that the policy named in `options` launches.
    ///
    /// # Errors
    /// As [`crate::replay::replay`].
    pub(crate) fn replay(
        &self,
        work: &Workload,
        options: &ReplayOptions,
    ) -> Result<RunResult, ReplayError> {
        self.of(&options.provisioning).replay_here(work, options)
    }

    fn replay_here(
        &self,
        work: &Workload,
        options: &ReplayOptions,
    ) -> Result<RunResult, ReplayError> {
        let mut places = self.places(work).map_err(ReplayError::Sharing)?;
        let work = &work.on_spot(&self.spot_jobs(work, options.seed));
        loop {
            let inventory = self.inventory(&places).map_err(ReplayError::Sharing)?;
            let policy = |work: &Workload, inventory: &Inventory| {
                let policy = self.controlled(work, inventory, &places, options);
                policy.map_err(ReplayError::Sharing)
            };
            match replay_on(work, &inventory, options, Some(&policy)) {
                Err(ReplayError::Engine(EngineError::Full { block })) if places[block] < MOST => {
                    places[block] *= 4;
                }
                result => {
                    return result.map(|mut result| {
                        self.account(work, &inventory, &mut result, options);
                        result.machines = Some(Arc::new(inventory));
                        result
                    });
                }
            }
        }
    }

    /// Adds to the bill of a run what it would be at least, and puts what there was at most in the
    /// place of what places there are.
    fn account(
        &self,
        work: &Workload,
        inventory: &Inventory,
        result: &mut RunResult,
        options: &ReplayOptions,
    ) {
        let (nodes, gpus) = peak(inventory, result.records.lifetimes().unwrap_or(&[]));
        let summary = &mut result.summary;
        (summary.nodes, summary.capacity_gpus) = (nodes, gpus);
        summary.offered_load = None;
        summary.offered_load_by_model.clear();
        let Some(cost) = &mut summary.cost else {
            return;
        };
        let ran = |job: JobId| result.records.held(job).min(work.job(job).run);
        let Ok(bound) = self.bound(work, options.seed, ran) else {
            return;
        };
        cost.bound_usd = Some(bound.as_usd());
        if options.provisioning == policies::ORACLE {
            cost.usd = cost.bound_usd;
            cost.usd_per_useful_gpu_hour = cost
                .usd
                .filter(|_| cost.gpu_hours.useful > 0.0)
                .map(|usd| usd / cost.gpu_hours.useful);
        }
    }

    /// The least that work costs here: see [`bound`].
    ///
    /// # Errors
    /// When the types cannot stand in one inventory.
    pub fn bound(&self, work: &Workload, seed: u64, ran: impl Fn(JobId) -> Span) -> Result<Money> {
        let cluster = Cluster::new(self.samples()?, work.shapes());
        let rates: Vec<Rate> = self
            .types
            .iter()
            .enumerate()
            .filter_map(|(index, of)| {
                let lowest = |spot: bool| {
                    let offers = of.offerings.iter();
                    let offers =
                        offers.filter(|one| spot || one.capacity_type != CapacityType::Spot);
                    offers.map(|one| one.price).min()
                };
                Some(Rate {
                    node: NodeId::from(index),
                    price: lowest(true)?,
                    steady: lowest(false),
                })
            })
            .collect();
        let spot = self.spot_jobs(work, seed);
        Ok(bound(work, &cluster, &rates, |job| spot[job.index()], ran))
    }
}

/// Most GPUs, in thousandths, that jobs would hold at once if each began when it is submitted.
/// O(jobs · log jobs).
fn peak_milli(work: &Workload) -> u64 {
    let mut events: Vec<(Time, i64)> = Vec::with_capacity(2 * work.len());
    for index in 0..work.len() {
        let job = work.job(JobId::from(index));
        let sets = work.spec(job.spec).pod_sets.iter();
        let each = sets.map(|set| {
            let pod = work.shape(set.shape).total_milli() as i64;
            pod.saturating_mul(i64::from(set.count))
        });
        let milli = each.fold(0, i64::saturating_add);
        events.push((job.submit, milli));
        events.push((job.submit + job.run, -milli));
    }
    // Who ends at an instant ends before anybody begins.
    events.sort_unstable();
    let (mut now, mut most) = (0_i64, 0);
    for (_, milli) in events {
        now = now.saturating_add(milli);
        most = most.max(now);
    }
    most as u64
}

/// Most machines there were at once, and most GPUs.
fn peak(inventory: &Inventory, lives: &[Lifetime]) -> (u64, u64) {
    let mut events: Vec<(Time, i64, i64)> = Vec::new();
    for life in lives {
        let gpus = i64::from(inventory.node(life.node).gpus);
        events.push((life.launched, 1, gpus));
        events.extend(life.gone.map(|gone| (gone, -1, -gpus)));
    }
    // Who goes at an instant goes before anybody comes.
    events.sort_unstable();
    let (mut now, mut most) = ((0, 0), (0, 0));
    for (_, nodes, gpus) in events {
        now = (now.0 + nodes, now.1 + gpus);
        most = (most.0.max(now.0), most.1.max(now.1));
    }
    (most.0 as u64, most.1 as u64)
}

#[cfg(test)]
mod tests;
