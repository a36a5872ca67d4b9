//! `price`: the group whose money is best spent, on nodes that suit the size of the cluster.

use super::{Expansion, Setting};
use crate::kube::Resources;

/// What a pod would cost on a machine made for it, in USD per hour of what it requests. Upstream
/// asks the cloud; the defaults are those of its price model for Google Cloud, the one provider of
/// GPUs that has one (AWS offers none, so there the real program refuses this expander).
///
/// Source: `cloudprovider/gce/gce_price_info.go` at 1.36.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PodPrices {
    /// A core.
    pub cpu: f64,
    /// A GiB of memory.
    pub memory_gib: f64,
    /// A GPU of NVIDIA.
    pub gpu: f64,
}

impl Default for PodPrices {
    fn default() -> PodPrices {
        PodPrices {
            cpu: 0.033174,
            memory_gib: 0.004446,
            gpu: 0.700,
        }
    }
}

impl PodPrices {
    fn of(&self, requests: &Resources) -> f64 {
        let amount = |name: &str| requests.get(name).copied().unwrap_or(0) as f64;
        let base = amount("cpu") / 1000.0 * self.cpu;
        let base = base + amount("memory") / (1u64 << 30) as f64 * self.memory_gib;
        base + amount("nvidia.com/gpu") * self.gpu
    }
}

/// CPU of the node a cluster of that many nodes prefers, in milli-cores: it doubles with every
/// threefold growth.
fn preferred_cpu(nodes: usize) -> f64 {
    let cores = match nodes {
        0..=2 => 1.0,
        3..=6 => 2.0,
        7..=20 => 4.0,
        21..=60 => 8.0,
        61..=200 => 16.0,
        _ => 32.0,
    };
    cores * 1000.0
}

/// What stands in for unfitness on nodes with GPUs: they are only for pods that need them, and
/// their size is not to be preferred or not.
const GPU_UNFITNESS: f64 = 1000.0;

/// unfitness' × (nodes' price + s) / (pods' price + s) for an hour, where s is the price of a pod of
/// half a core and 500 MiB, unfitness is how many times larger or smaller than the preferred node
/// a node is, and unfitness' = (unfitness − 1) · (1 − tanh((nodes − 1) / 15)) + 1 lets it count for
/// less the more nodes there are to be. Less is better.
///
/// The doubling for groups that do not exist yet has no counterpart: all groups do.
pub(super) fn score(option: &Expansion<'_>, setting: &Setting<'_>) -> f64 {
    let prices = setting.pod_prices;
    let stabilizer: Resources = [("cpu".into(), 500), ("memory".into(), 500 << 20)].into();
    let stabilizer = prices.of(&stabilizer);
    let nodes = option.price.as_usd() * f64::from(option.nodes);
    let mut pods = 0.0;
    for (requests, count) in option.pods {
        let one = prices.of(requests);
        // Added one by one, as upstream: a product would round otherwise.
        for _ in 0..*count {
            pods += one;
        }
    }
    let spent = (nodes + stabilizer) / (pods + stabilizer);
    unfitness(option, setting.cluster_nodes) * spent
}

fn unfitness(option: &Expansion<'_>, cluster_nodes: usize) -> f64 {
    if option.gpu {
        return GPU_UNFITNESS;
    }
    let preferred = preferred_cpu(cluster_nodes);
    let cpu = option.capacity.get("cpu").copied().unwrap_or(0) as f64;
    let unfitness = f64::max(preferred / cpu, cpu / preferred);
    let further = (f64::from(option.nodes) - 1.0) / 15.0;
    (unfitness - 1.0) * (1.0 - libm::tanh(further)) + 1.0
}
