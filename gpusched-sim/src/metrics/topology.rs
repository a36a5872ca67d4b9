//! Where gangs ran in the tree of the network, what it cost them, and what was free where.
//!
//! Levels are named as the fabric names them, near to far: `node`, then its levels from the lowest
//! up, then `cluster` for jobs that only meet above the top.

use super::facts::{JobFacts, facts};
use super::quantiles::{Distribution, four_quantiles};
use super::series::{Free, Sample};
use super::{gpu_hours, secs};
use crate::engine::{Fate, Records};
use gpusched_core::cluster::{Inventory, Spot};
use gpusched_core::topology::{Fabric, LevelId, Scope};
use gpusched_core::units::{MICROS, MILLI, Time};
use gpusched_core::workload::Workload;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Jobs that ran at a level, and what was free there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LevelUse {
    /// The level: that of the smallest domain that held a job whole.
    pub level: String,
    /// Started jobs of two or more GPUs.
    pub jobs: u64,
    /// GPU-hours they held up to the close.
    pub gpu_hours: f64,
    /// Mean of the free whole GPUs of the domain that had most: the largest gang that would have
    /// fitted inside one. Over the samples, weighted with time.
    pub largest_gang: f64,
    /// Free whole GPUs outside that domain ÷ all free ones, 0 to 1, over the samples likewise.
    pub fragmented: f64,
}

/// Finished jobs whose slowdown lies in a range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlowdownBin {
    /// From here, inclusive, up to the next bin.
    pub from: f64,
    /// Jobs.
    pub jobs: u64,
}

/// What the network was worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopologySummary {
    /// How it is modelled ([`crate::network::NetworkMode`]).
    pub network: String,
    /// What jobs exchange, where the model asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_profile: Option<String>,
    /// Near to far.
    pub levels: Vec<LevelUse>,
    /// Run time ÷ recorded run time of the finished jobs of two or more GPUs: what the network cost,
    /// and neighbours where devices are shared.
    pub slowdown: Option<Distribution>,
    /// The same as a histogram.
    pub slowdown_histogram: Vec<SlowdownBin>,
    /// GPU-hours held by jobs on more than one leaf: the lowest level above NVLink domains, or
    /// nodes where the fabric has no levels.
    pub cross_leaf_gpu_hours: f64,
}

/// Where bins begin.
const BINS: [f64; 8] = [1.0, 1.05, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0];

/// The levels of a fabric, and where the places of jobs meet.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    fabric: Option<&'a Fabric>,
}

impl<'a> Levels<'a> {
    /// Of these machines.
    pub fn new(inventory: &'a Inventory) -> Levels<'a> {
        let fabric = inventory.topology().map(|topology| topology.fabric());
        Levels {
            fabric: fabric.filter(|fabric| !fabric.levels().is_empty()),
        }
    }

    /// Whether there are any above nodes.
    pub fn any(self) -> bool {
        self.fabric.is_some()
    }

    /// Their names, near to far.
    pub fn names(self) -> Vec<String> {
        let levels = self.fabric.map_or(&[][..], Fabric::levels).iter().rev();
        let names = levels.map(|level| level.name.clone());
        let ends = |name: &str| std::iter::once(name.to_owned());
        ends("node").chain(names).chain(ends("cluster")).collect()
    }

    /// The place in [`Levels::names`] of the level at which these meet; `None` without GPUs.
    pub fn meet(self, spots: &[Spot]) -> Option<usize> {
        let mut held = spots.iter().filter(|spot| spot.devices != 0);
        let first = held.next()?.node;
        let depth = self.fabric.map_or(0, |fabric| fabric.levels().len());
        let far = |spot: &Spot| match self.fabric {
            _ if spot.node == first => 0,
            None => 1,
            Some(fabric) => match fabric.meets(first, spot.node) {
                Some(LevelId(level)) => depth - usize::from(level),
                None => depth + 1,
            },
        };
        Some(held.map(far).max().unwrap_or(0))
    }

    /// The place of the leaf level.
    fn leaf(self) -> usize {
        let Some(fabric) = self.fabric else { return 0 };
        let above = |scope: &Scope| *scope > Scope::Nvlink;
        let mut levels = fabric.levels().iter().rev().map(|level| level.scope);
        levels
            .position(|scope| above(&scope))
            .map_or(0, |place| place + 1)
    }
}

/// Fills the summary in; `None` when there is nothing to say: no fabric, and a network that costs
/// nothing.
pub fn topology_summary(
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    samples: &[Sample],
    labels: TopologySummary,
) -> Option<TopologySummary> {
    let levels = Levels::new(inventory);
    if !levels.any() && labels.network == "ideal" {
        return None;
    }
    let names = levels.names();
    let mut held = vec![0i128; names.len()];
    let mut jobs = vec![0u64; names.len()];
    let mut slowdowns = Vec::new();
    for job in facts(work, records) {
        if let Some(level) = level_of(work, records, levels, &job) {
            held[level] += job.held;
            jobs[level] += 1;
            slowdowns.extend(slowdown(&job).map(|slowdown| (slowdown, job.held)));
        }
    }
    let free = mean_free(samples, records.closed_at());
    let rows = names
        .into_iter()
        .enumerate()
        .map(|(place, level)| LevelUse {
            level,
            jobs: jobs[place],
            gpu_hours: gpu_hours(held[place]),
            largest_gang: free.get(place).map_or(0.0, |free| free.0),
            fragmented: free.get(place).map_or(0.0, |free| free.1),
        });
    let count = |bin: usize| {
        let to = BINS.get(bin + 1).copied().unwrap_or(f64::INFINITY);
        let inside = |slowdown: f64| (BINS[bin]..to).contains(&slowdown);
        slowdowns.iter().filter(|(own, _)| inside(*own)).count() as u64
    };
    let bins = BINS.iter().enumerate().map(|(bin, &from)| SlowdownBin {
        from,
        jobs: count(bin),
    });
    Some(TopologySummary {
        levels: rows.collect(),
        slowdown_histogram: bins.collect(),
        slowdown: spread(&slowdowns),
        cross_leaf_gpu_hours: gpu_hours(held[levels.leaf() + 1..].iter().sum()),
        ..labels
    })
}

/// The level at which a started job of two or more GPUs ran: of its parts, the farthest.
pub fn level_of(
    work: &Workload,
    records: &Records,
    levels: Levels<'_>,
    job: &JobFacts,
) -> Option<usize> {
    let gpus: u64 = job.part_ids().map(|part| work.gpu_milli(part)).sum();
    if gpus < 2 * u64::from(MILLI) {
        return None;
    }
    let part = |part| {
        let pods = work.spec(work.job(part).spec).pods;
        levels.meet(records.places(part, pods))
    };
    job.part_ids().filter_map(part).max()
}

/// Run time over recorded run time of a job that finished in one part; at least 1.
pub fn slowdown(job: &JobFacts) -> Option<f64> {
    if job.fate != Fate::Done || job.parts.len() != 1 || job.alone.0 == 0 {
        return None;
    }
    let run = job.run()?.0 - job.setup.0;
    Some((run as f64 / job.alone.0 as f64).max(1.0))
}

fn spread(slowdowns: &[(f64, i128)]) -> Option<Distribution> {
    let mut bits: Vec<u64> = slowdowns.iter().map(|(own, _)| own.to_bits()).collect();
    let [p50, p95, p99, max] = four_quantiles(&mut bits)?.map(f64::from_bits);
    let sum: f64 = slowdowns.iter().map(|(own, _)| own).sum();
    let weights: i128 = slowdowns.iter().map(|(_, held)| held).sum();
    let weighted: f64 = slowdowns.iter().map(|(own, held)| own * *held as f64).sum();
    Some(Distribution {
        jobs: slowdowns.len() as u64,
        mean: sum / slowdowns.len() as f64,
        p50,
        p95,
        p99,
        max,
        gpu_hour_weighted_mean: (weights > 0).then(|| weighted / weights as f64),
    })
}

/// Mean of the largest gang and of the share of free GPUs outside it, by level.
fn mean_free(samples: &[Sample], end: Time) -> Vec<(f64, f64)> {
    let levels = samples.first().map_or(0, |sample| sample.free.levels());
    let mut sums = vec![(0i128, 0i128); levels];
    let (mut span, mut all) = (0i128, 0i128);
    for (at, sample) in samples.iter().enumerate() {
        let until = samples.get(at + 1).map_or(end, |next| next.t);
        let time = i128::from((until - sample.t).0.max(0));
        let total = i128::from(sample.free.largest(levels - 1));
        span += time;
        all += total * time;
        for (level, sum) in sums.iter_mut().enumerate() {
            let largest = i128::from(sample.free.largest(level));
            sum.0 += largest * time;
            sum.1 += (total - largest) * time;
        }
    }
    let seconds = secs(span);
    let mean = |part: i128, whole: f64| match whole > 0.0 {
        true => part as f64 / MICROS as f64 / whole,
        false => 0.0,
    };
    let means = sums.into_iter();
    means
        .map(|(largest, outside)| (mean(largest, seconds), mean(outside, secs(all))))
        .collect()
}

/// Free whole GPUs in the domain that has most, by level, near to far; the last is all of them.
/// `by_node` has those of each node in rank order.
pub(super) fn free(levels: Levels<'_>, by_node: &[u32], sums: &mut Vec<u32>) -> Free {
    let mut free = Free::default();
    let Some(fabric) = levels.fabric else {
        return free;
    };
    free.push(by_node.iter().copied().max().unwrap_or(0));
    sums.clear();
    sums.resize(fabric.domains().len(), 0);
    for (node, &gpus) in by_node.iter().enumerate() {
        if gpus > 0 {
            for domain in fabric.path(gpusched_core::ids::NodeId::from(node)) {
                sums[domain.index()] += gpus;
            }
        }
    }
    for level in (0..fabric.levels().len() as u8).rev().map(LevelId) {
        let domains = fabric.domains_of(level);
        let own = &sums[domains.start as usize..domains.end as usize];
        free.push(own.iter().copied().max().unwrap_or(0));
    }
    free.push(by_node.iter().sum());
    free
}
