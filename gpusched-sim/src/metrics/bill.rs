//! The bill line by line: what each machine cost, and whose that was.
//!
//! What a machine cost is shared out by the part of it a pod held, for as long as it held it; what
//! nobody held stays over as idle. The parts of a machine weigh as a [`Split`] says.

use super::facts::stretches;
use crate::engine::Records;
use gpusched_core::cluster::{Inventory, Node, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::{Billing, Ending, Lifetime};
use gpusched_core::units::{MILLI, Time};
use gpusched_core::workload::{Shape, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the price of a machine is shared between its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// All of it is its GPUs': CPU pods on it are free. A machine without GPUs is its CPU.
    #[default]
    Gpu,
    /// By the list prices OpenCost compares parts with: 0.95 USD per GPU, 0.031611 per core and
    /// 0.004237 per GiB, each an hour (`configs/default.json` at 5f65333). With few GPUs among
    /// many cores most of a GPU machine counts as CPU and memory then.
    Opencost,
}

impl Split {
    /// What the GPUs, the cores and the memory of a machine make up of its price; together 1.
    ///
    /// ```
    /// use gpusched_core::cluster::Node;
    /// use gpusched_sim::metrics::Split;
    /// let p5 = Node { cpu_milli: 192_000, mem_mib: 2 << 20, ..Node::with_gpus("p5", 8, "H100-SXM5-80GB") };
    /// let [gpus, cpu, memory] = Split::Opencost.weights(&p5);
    /// assert!((gpus - 0.340).abs() < 0.001 && cpu > 0.26 && memory > 0.38);
    /// assert_eq!(Split::Gpu.weights(&p5), [1.0, 0.0, 0.0]);
    /// ```
    pub fn weights(self, node: &Node) -> [f64; 3] {
        let known = |amount: u64| {
            if amount < Node::UNLIMITED {
                amount as f64
            } else {
                0.0
            }
        };
        let (cores, gib) = (known(node.cpu_milli) / 1000.0, known(node.mem_mib) / 1024.0);
        let gpus = f64::from(node.gpus);
        match self {
            Split::Gpu if node.gpus > 0 => [1.0, 0.0, 0.0],
            Split::Gpu => [0.0, 1.0, 0.0],
            Split::Opencost => {
                let parts = [gpus * 0.95, cores * 0.031611, gib * 0.004237];
                let all: f64 = parts.iter().sum();
                match all > 0.0 {
                    true => parts.map(|part| part / all),
                    false => [1.0, 0.0, 0.0],
                }
            }
        }
    }

    /// What part of a machine a pod holds.
    fn part(self, node: &Node, shape: &Shape) -> f64 {
        let share = |want: f64, have: f64| {
            if have > 0.0 {
                (want / have).min(1.0)
            } else {
                0.0
            }
        };
        let known = |amount: u64| {
            if amount < Node::UNLIMITED {
                amount as f64
            } else {
                0.0
            }
        };
        let [gpus, cpu, memory] = self.weights(node);
        let milli = f64::from(node.gpus) * f64::from(MILLI);
        gpus * share(shape.total_milli() as f64, milli)
            + cpu * share(shape.cpu_milli as f64, known(node.cpu_milli))
            + memory * share(shape.mem_mib as f64, known(node.mem_mib))
    }
}

/// Machines bought in one way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ByCapacityType {
    /// `reserved`, `spot`, `on-demand`, or `own` for machines of the inventory.
    pub capacity_type: String,
    /// Machines launched.
    pub launches: u64,
    /// Hours they existed.
    pub node_hours: f64,
    /// What they cost, USD.
    pub usd: f64,
}

/// What a queue or a tenant cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OwnerCost {
    /// Its name.
    pub name: String,
    /// GPU-hours its jobs held.
    pub gpu_hours: f64,
    /// Its part of the bill, USD.
    pub usd: f64,
}

/// How machines ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Churn {
    /// Given back, by reason.
    pub given_back: BTreeMap<String, u64>,
    /// Told by the provider that they would be taken away, drained before that or not.
    pub interrupted: u64,
    /// Taken away by the provider.
    pub taken: u64,
    /// Never joined.
    pub never_joined: u64,
}

/// The bill, shared out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bill {
    /// How the price of a machine is shared between its parts.
    pub split: Split,
    /// By the way machines were bought.
    pub by_capacity_type: Vec<ByCapacityType>,
    /// By queue; jobs without one under an empty name.
    pub by_queue: Vec<OwnerCost>,
    /// By tenant.
    pub by_tenant: Vec<OwnerCost>,
    /// What nobody held, USD.
    pub idle_usd: f64,
    /// How machines ended.
    pub churn: Churn,
}

/// What the window of a bill is, and how own machines are billed.
#[derive(Clone, Copy, Debug)]
pub struct Billed {
    /// The first submission.
    pub from: Time,
    /// The last end of anything that ran.
    pub until: Time,
    /// How the time of machines of the inventory is rounded.
    pub billing: Billing,
}

/// The lives of machines, found by place and instant.
struct Lives<'a> {
    /// By node: its lives (indices) in order of launch.
    of_node: Vec<Vec<u32>>,
    all: &'a [Lifetime],
    /// By life: what it cost per µs it existed, USD.
    rates: Vec<f64>,
}

impl<'a> Lives<'a> {
    fn new(inventory: &Inventory, all: &'a [Lifetime], window: Billed) -> Lives<'a> {
        let mut of_node = vec![Vec::new(); inventory.nodes().len()];
        let rate = |life: &Lifetime| {
            let (start, end) = life.within(window.from, window.until);
            let price = inventory.node(life.node).price;
            let cost = life.cost(price, window.billing, window.from, window.until);
            let usd = cost.map_or(0.0, |cost| cost.as_usd());
            if end > start {
                usd / (end - start).0 as f64
            } else {
                0.0
            }
        };
        for (index, life) in all.iter().enumerate() {
            of_node[life.node.index()].push(index as u32);
        }
        Lives {
            of_node,
            rates: all.iter().map(rate).collect(),
            all,
        }
    }

    /// The cost per µs of the machine that was at a place.
    fn rate(&self, spot: &Spot, at: Time) -> f64 {
        let lives = &self.of_node[spot.node.index()];
        let next = lives.partition_point(|&life| self.all[life as usize].launched <= at);
        match next.checked_sub(1) {
            Some(last) => self.rates[lives[last] as usize],
            None => 0.0,
        }
    }
}

/// What each schedulable job cost, USD. O(pods × log(lives of a place)).
pub fn job_costs(
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    lives: &[Lifetime],
    window: Billed,
    split: Split,
) -> Vec<f64> {
    let lives = Lives::new(inventory, lives, window);
    let cost = |job: JobId, places: &[Spot], start: Time, end: Time| -> f64 {
        let mut spots = places.iter();
        let mut sum = 0.0;
        for set in &work.spec(work.job(job).spec).pod_sets {
            let shape = work.shape(set.shape);
            for spot in spots.by_ref().take(set.count as usize) {
                let part = split.part(inventory.node(spot.node), shape);
                sum += part * lives.rate(spot, start) * (end - start).0 as f64;
            }
        }
        sum
    };
    let of_job = |index: usize| {
        let job = JobId::from(index);
        let pods = work.spec(work.job(job).spec).pods;
        let mut sum = 0.0;
        for attempt in records.attempts(job) {
            let places = records.places_of(attempt, pods);
            sum += cost(job, places, attempt.start, attempt.end);
        }
        if let Some(start) = records.start(job) {
            let end = records.end_of(job).unwrap_or(records.closed_at());
            sum += cost(job, records.places(job, pods), start, end);
        }
        sum
    };
    (0..work.len()).map(of_job).collect()
}

/// The bill shared out; `usd` is all of it, `by_job` is of [`job_costs`].
pub fn bill(
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    lives: &[Lifetime],
    window: Billed,
    split: Split,
    by_job: &[f64],
) -> Bill {
    let mut ways: BTreeMap<&str, ByCapacityType> = BTreeMap::new();
    let mut churn = Churn::default();
    let mut all = 0.0;
    for life in lives {
        let way = life
            .bought
            .as_ref()
            .map_or("own", |one| one.capacity_type.name());
        let line = ways.entry(way).or_default();
        let (start, end) = life.within(window.from, window.until);
        let price = inventory.node(life.node).price;
        let cost = life.cost(price, window.billing, window.from, window.until);
        let usd = cost.map_or(0.0, |cost| cost.as_usd());
        all += usd;
        line.launches += 1;
        line.node_hours += (end - start).as_secs_f64() / 3600.0;
        line.usd += usd;
        let noticed = life.bought.as_ref().and_then(|one| one.noticed);
        churn.interrupted += u64::from(noticed.is_some_and(|at| at <= window.until));
        let ended = life.gone.is_some_and(|gone| gone <= window.until);
        match life.bought.as_ref().filter(|_| ended).map(|one| one.ending) {
            Some(Ending::GivenBack(reason)) => {
                *churn.given_back.entry(reason.to_owned()).or_default() += 1;
            }
            Some(Ending::Interrupted) => churn.taken += 1,
            Some(Ending::NeverJoined) => churn.never_joined += 1,
            Some(Ending::There) | None => {}
        }
    }
    let shared = |name: fn(&gpusched_core::workload::Owner) -> &String| {
        let mut owners: BTreeMap<&str, OwnerCost> = BTreeMap::new();
        for (index, usd) in by_job.iter().enumerate() {
            let job = JobId::from(index);
            let owner = owners.entry(name(work.owner(job))).or_default();
            let held: i64 = stretches(records, job)
                .map(|(start, end)| (end - start).0)
                .sum();
            owner.gpu_hours += work.gpu_milli(job) as f64 * held as f64 / (1000.0 * 3600e6);
            owner.usd += usd;
        }
        let named = owners.into_iter().map(|(name, cost)| OwnerCost {
            name: name.to_owned(),
            ..cost
        });
        named.collect::<Vec<_>>()
    };
    Bill {
        split,
        by_capacity_type: ways
            .into_iter()
            .map(|(way, line)| ByCapacityType {
                capacity_type: way.to_owned(),
                ..line
            })
            .collect(),
        by_queue: shared(|owner| &owner.queue),
        by_tenant: shared(|owner| &owner.tenant),
        idle_usd: all - by_job.iter().sum::<f64>(),
        churn,
    }
}
