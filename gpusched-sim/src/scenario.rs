//! What is replayed, and against which policies: the one description of a run.
//!
//! A [`Scenario`] comes from a YAML file, from flags of the command, or from both; every key of
//! the file is a flag of the same name. Nothing in it has to be there: what is left open is
//! filled in by [`Scenario::plan`].
//!
//! When a file and flags describe a run together, flags that say *what to try* (policies, sharing,
//! seed, discipline, horizon) and where results go win over the file. Flags that say *what is replayed*
//! (trace, cluster, how they are read) may add to the file but not contradict it: a file whose
//! trace was quietly replaced would describe another experiment.
//!
//! ```
//! use gpusched_sim::scenario::Scenario;
//! let (scenario, origins) = Scenario::parse("my.yaml", "queueing: easy\nseed: 7\n")?;
//! let plan = scenario.plan(&origins)?;
//! assert_eq!((plan.queueing.as_str(), plan.seed), ("easy", 7));
//! assert_eq!(plan.trace, "builtin:sample");
//!
//! let wrong = Scenario::parse("my.yaml", "queuing: easy\n").unwrap_err();
//! assert!(wrong.help.as_deref().unwrap().contains("queueing"));
//! # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
//! ```

mod paths;
mod plan;
mod provisioning;
mod yaml;

pub use paths::jobs_file;
pub use plan::{
    Loaded, Plan, check_device_policy, check_mig_placement, check_placement, check_queueing,
};
pub use provisioning::{Machines, all_provisionings, check_provisioning};
pub use yaml::Origins;

use crate::diagnostic::{Diagnostic, Result};
use crate::engine::Discipline;
use crate::kueue::replay::{ControlPlane, Fidelity};
use crate::metrics::{Split, WarmUp};
use crate::trace::{Attempts, SwfProcs};
use gpusched_core::placement::device::registry::device_policies;
use gpusched_core::placement::mig::registry::mig_placements;
use gpusched_core::placement::registry::placements;
use gpusched_core::queueing::registry::queueings;
use gpusched_core::units::{Span, parse_seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::path::PathBuf;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One header line, then one line per result.
    Csv,
    /// For a pull request: tables of GitHub's Markdown.
    Markdown,
}

/// Which attempts of a job make up its run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptsKey {
    /// All of them, added up.
    Sum,
    /// The last one.
    Last,
    /// The first one.
    First,
}

impl From<AttemptsKey> for Attempts {
    fn from(key: AttemptsKey) -> Attempts {
        match key {
            AttemptsKey::Sum => Attempts::Sum,
            AttemptsKey::Last => Attempts::Last,
            AttemptsKey::First => Attempts::First,
        }
    }
}

/// What a processor of the Standard Workload Format stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SwfProcsKey {
    /// A GPU.
    Gpu,
    /// A CPU core.
    Cpu,
}

impl From<SwfProcsKey> for SwfProcs {
    fn from(key: SwfProcsKey) -> SwfProcs {
        match key {
            SwfProcsKey::Gpu => SwfProcs::Gpu,
            SwfProcsKey::Cpu => SwfProcs::Cpu,
        }
    }
}

/// How much of the machinery around Kueue's decisions takes time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FidelityKey {
    /// Nothing: waits are those of the policy alone.
    #[default]
    Ideal,
    /// The scheduler, the API server and the pods that have to leave.
    ControlPlane,
}

impl From<FidelityKey> for Fidelity {
    fn from(key: FidelityKey) -> Fidelity {
        match key {
            FidelityKey::Ideal => Fidelity::Ideal,
            FidelityKey::ControlPlane => Fidelity::ControlPlane(ControlPlane::default()),
        }
    }
}

/// A length of time in seconds, exact to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Span);

impl std::str::FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seconds, String> {
        parse_seconds(text)
            .map(|micros| Seconds(Span(micros)))
            .map_err(|error| error.to_string())
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.0 % gpusched_core::units::MICROS == 0 {
            serializer.serialize_i64(self.0.0 / gpusched_core::units::MICROS)
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        // As text, so that decimals stay exact.
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error| serde::de::Error::custom(format!("`{text}` is {error}")))
    }
}

impl JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0 })
    }
}

/// Declares the keys once: the struct, and which of them flags may change.
macro_rules! scenario {
    ($($(#[$doc:meta])* $rule:ident $field:ident: $type:ty = $key:literal,)*) => {
        /// A gpusched scenario. Every key is optional and is a flag of `gpusched run` too.
        /// Relative paths count from the directory of the scenario file.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub struct Scenario {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl Scenario {
            /// The keys, in the order they are written.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// The keys that have a value.
            fn present(&self) -> Vec<&'static str> {
                let mut keys = Vec::new();
                $(if self.$field.is_some() { keys.push($key); })*
                keys
            }

            /// This scenario with what `flags` say, by the rules of the module.
            ///
            /// # Errors
            /// When a flag contradicts what the file says is replayed.
            pub fn with_flags(mut self, flags: Scenario, origins: &mut Origins) -> Result<Scenario> {
                $(if let Some(value) = flags.$field {
                    if Rule::$rule == Rule::Adds
                        && self.$field.as_ref().is_some_and(|mine| *mine != value)
                    {
                        return Err(conflict($key, origins));
                    }
                    self.$field = Some(value);
                    origins.set_by_flag($key);
                })*
                Ok(self)
            }
        }

        /// Keys of a scenario with the values to try: every combination is a run. The first key
        /// varies slowest.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
        pub struct Axes {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<Vec<$type>>,)*
        }

        impl Axes {
            /// The keys that are axes, each with the number of its values.
            pub fn lengths(&self) -> Vec<(&'static str, usize)> {
                let mut lengths = Vec::new();
                $(if let Some(values) = &self.$field { lengths.push(($key, values.len())); })*
                lengths
            }

            /// Puts value number `index` of the axis `key` into a scenario; nothing where there
            /// is no such value.
            pub fn put(&self, key: &str, index: usize, scenario: &mut Scenario) {
                $(if key == $key
                    && let Some(value) = self.$field.as_ref().and_then(|values| values.get(index))
                {
                    scenario.$field = Some(value.clone());
                })*
            }
        }
    };
}

/// What a flag does to the key of a file.
#[derive(PartialEq, Eq)]
enum Rule {
    /// It may only say what the file leaves open.
    Adds,
    /// It wins.
    Wins,
}

scenario! {
    /// The jobs, as `FORMAT:PATH` or a path whose format is detected; `builtin:sample` is the
    /// built-in sample, which is also the default.
    Adds trace: String = "trace",
    /// The machines: `FORMAT:PATH`, a path, or an inline list such as `16x8:A100-SXM4-80GB+4x2:T4`.
    /// By default the machines that come with the trace.
    Adds cluster: String = "cluster",
    /// How the machines are wired, where the node list does not say it: `FILE.yaml`, `slurm:FILE`
    /// (topology.conf), `lingjun:FILE`, `nodes:PATH` (Kubernetes Nodes) or
    /// `preset:NAME[,PARAM=VALUE…]` such as `preset:leaf-spine,nodes-per-leaf=32`. Machines take
    /// the places of their names, or all take places in rank order.
    Adds topology: String = "topology",
    /// With `placement: hived`: YAML file that says which queue is promised which cells (racks,
    /// nodes, GPUs); jobs of priority 0 and above get what their queue is promised, those below 0
    /// what is idle.
    Adds virtual_clusters: PathBuf = "virtual-clusters",
    /// The queueing policy: who starts next (default `fifo`); `kueue` replays against the queues
    /// and quotas of `manifests`.
    Wins queueing: String = "queueing",
    /// With `queueing: kueue`: folder of manifests, or one file, that says what the cluster is.
    Adds manifests: PathBuf = "manifests",
    /// With `queueing: kueue`: CSV with the columns `queue` (what the trace says) and `local_queue`
    /// (`NAMESPACE/NAME`); by default queues of the trace are names of LocalQueues.
    Adds queue_map: PathBuf = "queue-map",
    /// With `queueing: kueue`: what takes time besides the work (default `ideal`).
    Wins fidelity: FidelityKey = "fidelity",
    /// With `queueing: kueue`: from admission until all pods are ready and work begins: seconds,
    /// or several such as `30@9,never` (nine of ten after 30 s, one never); `waitForPodsReady` of
    /// the manifests applies (default `0`).
    Wins pods_ready_delay: String = "pods-ready-delay",
    /// The placement policy: on which machine (default `best-fit`).
    Wins placement: String = "placement",
    /// The device policy: which devices of a node a pod of whole GPUs gets (default `index`).
    Wins device_policy: String = "device-policy",
    /// With `placement: kube-scheduler`: its KubeSchedulerConfiguration (default: that of 1.36).
    Wins scheduler_config: PathBuf = "scheduler-config",
    /// With `placement: kube-scheduler`: which of equally good nodes it takes: `heap` (as 1.36),
    /// `uniform` (by lot, as 1.35) or `first` (default: as its release).
    Wins scheduler_ties: String = "scheduler-ties",
    /// The MIG placement policy: on which GPU and at which slot an instance goes (default
    /// `best-fit-slots`).
    Wins mig_placement: String = "mig-placement",
    /// Which machines exist: `static` (default: those of the cluster, all the time), `reactive`
    /// (they are launched for jobs that wait and given back when they idle; the cluster says which
    /// there may be), or a controller that rents them from a catalogue: `karpenter`, or with the order
    /// of its older releases `karpenter:v1.13`, `cluster-autoscaler` or, with another expander,
    /// `cluster-autoscaler:price`, and `oracle`, whose bill is the least there can be.
    Wins provisioning: String = "provisioning",
    /// Where machines are rented: a file that says which types, how they boot, when spot machines
    /// are there, and how controllers group them (default: the built-in prices of AWS).
    Wins cloud: PathBuf = "cloud",
    /// With `provisioning: karpenter`: folder of manifests, or one file, with NodePools, EC2NodeClasses
    /// and NodeOverlays, which go before the pools of `cloud`.
    Wins node_pools: PathBuf = "node-pools",
    /// With `provisioning: cluster-autoscaler`: folder or file with its node groups, its Deployment
    /// (for the flags) and the ConfigMap of its priority expander, which go before the groups of
    /// `cloud`.
    Wins node_groups: PathBuf = "node-groups",
    /// Where machines are rented: jobs whose pods must not be disrupted (`karpenter.sh/do-not-disrupt`,
    /// `safe-to-evict: "false"`), named as in `spot-for` (default: those `cloud` says, else none).
    Wins do_not_disrupt_for: String = "do-not-disrupt-for",
    /// Where machines are rented: jobs that may run on spot capacity: `trace` (default: those the
    /// trace says), `all`, `none`, `preemptible`, `queue=NAME`, `tenant=NAME`, `user=NAME`,
    /// `priority<N`, `priority>N`, with commas between.
    Wins spot_for: String = "spot-for",
    /// Where machines are rented: share of all jobs that may run on spot capacity besides, drawn
    /// by seed and job (default 0).
    Wins spot_share: f64 = "spot-share",
    /// With `provisioning: reactive`: seconds from the launch of a machine until it takes pods
    /// (default 180, assumed); where machines are rented, in place of the stages of `cloud`.
    Wins boot: Seconds = "boot",
    /// With `provisioning: reactive`: seconds a machine may idle before it is given back (default
    /// 600).
    Wins idle_timeout: Seconds = "idle-timeout",
    /// USD per GPU and hour of machines that have no price of their own (`price_od_h` of the node
    /// list).
    Wins gpu_price: f64 = "gpu-price",
    /// How GPUs are shared: `recorded` (default: as the trace says), `exclusive`, `mps:N` or
    /// `timeslice:N`, with N replicas of each device, `mig:LAYOUT` such as `mig:all-balanced`,
    /// `mig:dynamic` or `mig:batched`.
    Wins sharing: String = "sharing",
    /// What the network costs jobs on several GPUs: `ideal` (default: nothing), `level`, `flow`,
    /// `gavel`, `blox` or `across:F`; `level:rack=2,block=4` also says what is lost above racks and
    /// blocks, where the topology does not.
    Wins network: String = "network",
    /// What jobs exchange, for `level` and `flow`: a profile such as `llm-70b:tp=8,pp=4` for all of
    /// them, or a CSV file with the columns `queue,group,class,profile`.
    Wins job_profile: String = "job-profile",
    /// Under time-slicing: let pods in without a look at device memory; the one that finds too
    /// little left dies (default: what pods ask for is reserved).
    Wins overcommit: bool = "overcommit",
    /// Fatal faults per hour a pod runs; under MPS one ends every client of the device (default 0).
    Wins fault_rate: f64 = "fault-rate",
    /// Price of software licences, USD per GPU and year (vGPU and AI Enterprise are licensed so).
    Wins licence_price: f64 = "licence-price",
    /// Price of energy, USD per kWh, for the modelled power of the machines.
    Wins energy_price: f64 = "energy-price",
    /// How the price of a machine is shared between its GPUs, cores and memory in the costs of jobs:
    /// `gpu` (default: GPUs are all of it) or `opencost` (by the list prices OpenCost compares with).
    Wins cost_split: Split = "cost-split",
    /// Profile written by `gpusched calibrate`: measured speeds go before the laws of sharing.
    Wins profile: PathBuf = "profile",
    /// Seed of faults, of placement policies that draw lots and of `pods-ready-delay` (default 0).
    Wins seed: u64 = "seed",
    /// What happens first when several things happen at one instant (default `batched`).
    Wins discipline: Discipline = "discipline",
    /// Stop after this many seconds of the trace, counted from its time 0.
    Wins horizon: Seconds = "horizon",
    /// Jobs submitted before this run as all others do, and are in no mean or quantile of waits,
    /// completion times and slowdowns: seconds after the first submission, or `mser-5` (where the
    /// waits become steady; of runs that are compared, the longest). By default all jobs count.
    Wins warm_up: WarmUp = "warm-up",
    /// Directory the results are written to.
    Wins out: PathBuf = "out",
    /// How results are printed (default `table`).
    Wins format: Format = "format",
    /// GPUs of the largest pod, where a format gives only a job's total (default 8).
    Adds gpus_per_pod: u32 = "gpus-per-pod",
    /// What to do with run times of 0: `error` (default), `drop`, `keep` or `clamp:SECONDS`.
    Adds zero_run: String = "zero-run",
    /// Leave unusable rows out and count them, and let jobs wait that can never run.
    Adds lenient: bool = "lenient",
    /// Leave jobs without a GPU out.
    Adds gpu_only: bool = "gpu-only",
    /// Leave jobs of other queues out.
    Adds queue_only: String = "queue-only",
    /// Read this many rows only.
    Adds limit: u64 = "limit",
    /// Which attempts of a job count (format `philly-json`; default `sum`).
    Adds attempts: AttemptsKey = "attempts",
    /// What a processor is (format `swf`; default `cpu`).
    Adds swf_procs: SwfProcsKey = "swf-procs",
    /// Throughput table (format `gavel`).
    Adds throughputs: PathBuf = "throughputs",
    /// IANA zone of times without an offset, such as `America/Los_Angeles`.
    Adds timezone: String = "timezone",
}

impl Scenario {
    /// This scenario with its relative paths, which count from `directory`, counted from the
    /// working directory.
    pub(crate) fn rebased(mut self, directory: &std::path::Path) -> Scenario {
        paths::rebase(&mut self, directory);
        self
    }

    /// The files, by key, that are neither the trace, nor the cluster, nor its wiring: what is
    /// replayed follows from them too.
    pub(crate) fn side_files(&self) -> Vec<(&'static str, PathBuf)> {
        paths::side_files(self)
    }
}

fn conflict(key: &'static str, origins: &Origins) -> Box<Diagnostic> {
    let problem = Diagnostic::new(format!("`--{key}` contradicts `{key}` of the scenario"));
    origins.blame(key, problem).help(format!(
        "flags may change policies, sharing, fidelity, seed, discipline, horizon, out and format, not \
         what is replayed: leave `--{key}` out, or take `{key}` out of the scenario"
    ))
}

/// The JSON Schema of a scenario, as published in `docs/scenario.schema.json`.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Scenario).to_value();
    schema["title"] = "gpusched scenario".into();
    let placements = placements().iter().map(|policy| policy.name);
    let placements: Vec<&str> = placements.chain(["pwr:0.2+fgd:0.8"]).collect();
    let queueings = queueings().map(|policy| policy.name);
    let queueings: Vec<&str> = queueings.chain(["kueue"]).collect();
    schema["properties"]["queueing"]["examples"] = queueings.into();
    schema["properties"]["placement"]["examples"] = placements.into();
    let devices: Vec<&str> = device_policies().map(|policy| policy.name).collect();
    schema["properties"]["device-policy"]["examples"] = devices.into();
    let instances: Vec<&str> = mig_placements().map(|policy| policy.name).collect();
    schema["properties"]["mig-placement"]["examples"] = instances.into();
    tidy_schema(&mut schema);
    schema
}

/// Takes out what Rust put in: keys that may be left out need not allow `null` too, and line
/// breaks of the source mean nothing.
pub(crate) fn tidy_schema(schema: &mut serde_json::Value) {
    use serde_json::Value;
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(tidy_schema);
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.retain(|key, value| key != "default" || !value.is_null());
            let null = serde_json::json!({ "type": "null" });
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".into(), one);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|choice| *choice != null);
                if let [Value::Object(one)] = choices.as_slice() {
                    let one = one.clone();
                    map.remove("anyOf");
                    map.extend(one);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy_schema),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_written_as_it_is_listed() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        let keys: Vec<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(keys, Scenario::KEYS);
    }

    #[test]
    fn flags_win_over_policies_and_add_to_the_input_but_never_contradict_it() {
        let file = "trace: builtin:sample\nqueueing: fifo\n";
        let (scenario, mut origins) = Scenario::parse("s.yaml", file).unwrap();
        let flags = Scenario {
            queueing: Some("easy".into()),
            limit: Some(3),
            ..Scenario::default()
        };
        let both = scenario.clone().with_flags(flags, &mut origins).unwrap();
        assert_eq!(both.queueing.as_deref(), Some("easy"));
        assert_eq!(both.limit, Some(3));

        let flags = Scenario {
            trace: Some("other.csv".into()),
            ..Scenario::default()
        };
        let problem = scenario.with_flags(flags, &mut origins).unwrap_err();
        assert_eq!((problem.line, problem.column), (1, 8));
    }

    #[test]
    fn seconds_stay_exact() {
        let (scenario, _) = Scenario::parse("s.yaml", "horizon: 0.1\n").unwrap();
        assert_eq!(scenario.horizon, Some(Seconds(Span(100_000))));
        let text = serde_saphyr::to_string(&scenario).unwrap();
        assert_eq!(text, "horizon: 0.1\n");
    }
}
