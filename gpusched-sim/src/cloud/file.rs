//! The shape of the file of `--cloud`.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a replay may rent. Every key is optional; relative paths count from the directory of this
/// file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct CloudFile {
    /// The catalogue: CSV or JSON as `gpusched catalog` prints it, or the `instance_types.json` of
    /// Karpenter's kwok provider (default: built in).
    pub(super) catalog: Option<PathBuf>,
    /// Whose types (default `aws` with the built-in catalogue, else everybody's).
    pub(super) provider: Option<String>,
    /// Types that may be launched: names, in which `*` stands for anything; with `!` before it,
    /// types that may not (default: all with NVIDIA GPUs but those on Arm, `g5g.*`).
    pub(super) instance_types: Option<Vec<String>>,
    /// Zones every type is offered in (default: what the catalogue says).
    pub(super) zones: Option<Vec<String>>,
    /// How types may be bought: `on-demand`, `spot` (default: both, where there is a price).
    pub(super) capacity_types: Option<Vec<String>>,
    /// How machines boot.
    pub(super) boot: Option<BootKeys>,
    /// Seconds pods have to end once they are evicted (default 30).
    pub(super) pod_grace: Option<f64>,
    /// When spot machines can be had (default: always, and they are never taken away).
    pub(super) spot: Option<SpotKeys>,
    /// Jobs that may run on spot capacity (default `trace`: those the trace says); also
    /// `all`, `none`, `preemptible`, `queue=NAME`, `tenant=NAME`, `user=NAME`, `priority<N`,
    /// `priority>N`, with commas between.
    pub(super) spot_for: Option<String>,
    /// Jobs whose pods must not be disrupted (default `none`), named alike.
    pub(super) do_not_disrupt: Option<String>,
    /// Most machines there may be at once.
    pub(super) quotas: Vec<QuotaKeys>,
    /// Karpenter's NodePools (default: one that may launch everything, whose nodes never expire).
    pub(super) node_pools: Vec<PoolKeys>,
    /// Cluster Autoscaler's node groups (default: one per type and way to buy it, of up to 1,000
    /// nodes).
    pub(super) node_groups: Vec<GroupKeys>,
    /// Cluster Autoscaler's `priority` expander: patterns of names of groups by priority, the
    /// highest first.
    pub(super) priorities: BTreeMap<i64, Vec<String>>,
}

/// Stages of a boot, in seconds: a number, or a range such as `40-120` that is drawn from evenly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct BootKeys {
    /// From the call of the provider until the machine runs (default 15).
    pub(super) launch: Option<String>,
    /// Until it has joined the cluster (default 60).
    pub(super) join: Option<String>,
    /// Until its GPUs are published (default 45).
    pub(super) gpu: Option<String>,
    /// Until images have been pulled (default 60).
    pub(super) image: Option<String>,
    /// Share of machines that never join (default 0).
    pub(super) failures: Option<f64>,
}

/// A spot market: a model, or recorded series.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SpotKeys {
    /// Pools, one per type and zone, that are up and away in turn.
    Model(ModelKeys),
    /// Recorded series.
    Trace(TraceKeys),
    /// Recorded prices.
    Prices(PriceKeys),
}

/// How long pools are up and away.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ModelKeys {
    /// How long a pool stays up.
    pub(super) up: LengthKeys,
    /// How long it stays away.
    pub(super) down: LengthKeys,
    /// Machines of a pool while it is up (default 1000).
    pub(super) instances: Option<u32>,
    /// Outages all pools of a zone share, on top.
    pub(super) zone_outages: Option<OutageKeys>,
}

/// Shared outages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OutageKeys {
    /// How long there is none.
    pub(super) up: LengthKeys,
    /// How long one lasts.
    pub(super) down: LengthKeys,
}

/// How lengths of time are drawn, in hours.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum LengthKeys {
    /// Without memory; the mean.
    Exponential {
        /// Hours.
        mean: f64,
    },
    /// Weibull; heavy tails below a shape of 1.
    Weibull {
        /// Hours: the 63rd percentile.
        scale: f64,
        /// Above 0.
        shape: f64,
    },
    /// Pareto.
    Pareto {
        /// Hours: the shortest.
        least: f64,
        /// Above 0.
        alpha: f64,
    },
}

/// Recorded series of how many machines were there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TraceKeys {
    /// CSV of run-length coded series, or one series of JSON.
    pub(super) file: PathBuf,
    /// What a one stands for: `available` or `preempted`. Copies of the same series disagree, so it
    /// has to be said.
    pub(super) polarity: String,
    /// Which series stands for which zone (default: they follow one another in the order of
    /// types and zones, and begin again).
    pub(super) zones: BTreeMap<String, String>,
    /// Machines of a pool for each in the series (default 1000: series of one machine say whether
    /// a pool is there, not how large it is).
    pub(super) scale: Option<u32>,
}

/// Recorded prices: machines run while theirs is at most what one is ready to pay. A type and zone
/// without a price in the file cannot be had as spot.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PriceKeys {
    /// CSV `time_s,instance_type,zone,price` (seconds of the trace, USD per hour), or JSON as
    /// `aws ec2 describe-spot-price-history` prints it.
    pub(super) file: PathBuf,
    /// The instant of the history at which the trace begins: seconds, or a date where the history
    /// has dates (default: 0, or its earliest date).
    pub(super) from: Option<String>,
    /// The most that is paid, as a share of the on-demand price of the same type and zone (default
    /// 1, as AWS has it; without an on-demand price there is no limit).
    pub(super) max_share: Option<f64>,
    /// Machines of a pool while its price is no higher (default 1000).
    pub(super) instances: Option<u32>,
}

/// A quota.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct QuotaKeys {
    /// Instance types, in which `*` stands for anything: each has its own quota.
    pub(super) instance_type: String,
    /// Only in this zone.
    pub(super) zone: Option<String>,
    /// Only bought like this.
    pub(super) capacity_type: Option<String>,
    /// Most machines.
    pub(super) most: u32,
}

/// A NodePool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PoolKeys {
    /// Its name.
    pub(super) name: String,
    /// What its nodes may be.
    #[serde(default)]
    pub(super) requirements: Vec<RequirementKeys>,
    /// The most its nodes may have together: `cpu` in cores, `memory` in GiB, `nvidia.com/gpu`,
    /// `nodes`.
    #[serde(default)]
    pub(super) limits: BTreeMap<String, u64>,
    /// Pools of larger weight go first (default 0).
    #[serde(default)]
    pub(super) weight: u32,
    /// When nodes are disrupted.
    #[serde(default)]
    pub(super) disruption: DisruptionKeys,
}

/// A requirement on a label.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RequirementKeys {
    /// The label.
    pub(super) key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`, `Gte` or `Lte`.
    pub(super) operator: String,
    /// With what.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Fewest different values among the types left.
    #[serde(default)]
    pub(super) min_values: Option<u32>,
}

/// When nodes of a pool are disrupted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct DisruptionKeys {
    /// `WhenEmptyOrUnderutilized` (default), `WhenEmpty` or `Balanced`.
    pub(super) consolidation_policy: Option<String>,
    /// Seconds after a pod came or went, or `Never` (default 0).
    pub(super) consolidate_after: Option<String>,
    /// Hours after which a node is replaced, or `Never` (default 720; jobs that run for longer and
    /// save nothing then begin again and again).
    pub(super) expire_after: Option<String>,
    /// How many nodes may be going at once: a number or a percentage (default `10%`).
    pub(super) budget: Option<String>,
}

/// A node group.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct GroupKeys {
    /// Its name.
    pub(super) name: String,
    /// The type of its nodes.
    pub(super) instance_type: String,
    /// The zone (default: the first the type is offered in).
    #[serde(default)]
    pub(super) zone: Option<String>,
    /// How its nodes are bought (default `on-demand`).
    #[serde(default)]
    pub(super) capacity_type: Option<String>,
    /// Fewest nodes (default 0).
    #[serde(default)]
    pub(super) min: u32,
    /// Most nodes (default 1000).
    #[serde(default = "thousand")]
    pub(super) max: u32,
}

fn thousand() -> u32 {
    1000
}

/// The JSON Schema of the file, as published in `docs/cloud.schema.json`.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(CloudFile).to_value();
    schema["title"] = "gpusched cloud".into();
    crate::scenario::tidy_schema(&mut schema);
    schema
}
