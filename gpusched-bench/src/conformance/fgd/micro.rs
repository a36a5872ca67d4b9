//! Micro scenarios: a handful of nodes in a given state, rated for single pods.

use super::super::files::{self, Unreadable};
use super::super::{Difference, FileResult};
use super::{TypicalRow, check_typical, device_text, policy, shape};
use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::placement::fragmentation::{Fragmentation, fragment};
use gpusched_core::placement::power::Power;
use gpusched_core::placement::registry::{PlacementContext, scored};
use gpusched_core::placement::{Finals, TypicalConfig, TypicalPods};
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct Scenario {
    #[serde(default)]
    scenario: u64,
    workload: Vec<Kind>,
    typical_config: Config,
    typical_pods: Vec<TypicalRow>,
    nodes: Vec<NodeState>,
    probes: Vec<Probe>,
}

#[derive(Deserialize)]
struct Kind {
    #[serde(flatten)]
    pod: PodRequest,
    count: u32,
}

#[derive(Deserialize)]
struct PodRequest {
    cpu_milli: u64,
    memory_mib: u64,
    num_gpu: u32,
    gpu_milli: u32,
    gpu_spec: String,
}

#[derive(Deserialize)]
struct Config {
    gpu_res_weight: f64,
    increase_step: u32,
    involve_cpu_pods: bool,
    popularity_threshold_pct: u32,
}

#[derive(Deserialize)]
struct NodeState {
    name: String,
    cpu_milli_left: u64,
    cpu_milli_total: u64,
    #[serde(default)]
    cpu_model: String,
    frag: [f64; 7],
    frag_total: f64,
    gpu_milli_left: Vec<u32>,
    gpu_model: String,
    gpu_pod_classes: BTreeMap<String, u32>,
    memory_mib_left: u64,
    power_cpu_w: Option<f64>,
    power_gpu_w: Option<f64>,
}

#[derive(Deserialize)]
struct Probe {
    pod: PodRequest,
    feasible: Vec<String>,
    policies: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    raw: BTreeMap<String, i32>,
    #[serde(default)]
    normalized: Option<BTreeMap<String, i64>>,
    #[serde(default)]
    gpus: BTreeMap<String, String>,
    winner: String,
}

type Check = Result<(), Difference>;

pub(super) fn run(file: &Path) -> Result<FileResult, Unreadable> {
    let mut result = FileResult::default();
    for mut scenario in files::json_lines::<Scenario>(file)? {
        // Ties go to the lowest name here.
        scenario.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let number = scenario.scenario;
        let stage = Stage::set(&scenario)
            .map_err(|why| Unreadable::file(file, format_args!("scenario {number}: {why}")))?;
        result.count(stage.check_measures(&scenario));
        for (index, probe) in scenario.probes.iter().enumerate() {
            match stage.check_probe(&scenario, index, probe)? {
                Some(check) => result.count(check),
                None => result.tally.not_implemented += 1,
            }
        }
    }
    Ok(result)
}

/// A scenario brought about: the nodes hold filler pods that leave exactly what it says.
struct Stage {
    work: Workload,
    typical: TypicalConfig,
    cluster: Cluster,
    /// Shape of the first probe; the others follow.
    first_probe: usize,
}

impl Stage {
    fn set(scenario: &Scenario) -> Result<Stage, String> {
        let nodes = scenario.nodes.iter().map(NodeState::machine).collect();
        let inventory = Inventory::new(nodes).map_err(|error| error.to_string())?;
        let mut shapes = Vec::new();
        let mut fillers = Vec::new();
        for (index, node) in scenario.nodes.iter().enumerate() {
            for (shape, devices) in node.residents()? {
                let spot = Spot {
                    node: NodeId::from(index),
                    devices,
                };
                fillers.push((ShapeId::from(shapes.len()), spot));
                shapes.push(shape);
            }
        }
        let first_probe = shapes.len();
        shapes.extend(scenario.probes.iter().map(|probe| probe.pod.shape()));
        let mut cluster = Cluster::new(inventory, &shapes);
        for (shape, spot) in fillers {
            cluster
                .take(shape, spot)
                .map_err(|error| error.to_string())?;
        }
        let config = &scenario.typical_config;
        Ok(Stage {
            work: workload(&scenario.workload)?,
            typical: TypicalConfig {
                threshold_pct: config.popularity_threshold_pct,
                increase_step: config.increase_step,
                gpu_res_weight: config.gpu_res_weight,
                involve_cpu_pods: config.involve_cpu_pods,
            },
            cluster,
            first_probe,
        })
    }

    /// The target workload, and fragmentation and power of every node, to the last bit.
    fn check_measures(&self, scenario: &Scenario) -> Check {
        let typical = TypicalPods::from_workload(&self.work, &self.typical);
        check_typical(&scenario.typical_pods, &typical)?;
        let measure = Fragmentation::new(typical, self.cluster.inventory());
        let power = Power::new(self.cluster.inventory());
        for (index, expected) in scenario.nodes.iter().enumerate() {
            let at = |what: &str| {
                let (number, name) = (scenario.scenario, &expected.name);
                format!("scenario {number}, node {name}, {what}")
            };
            let node = self.cluster.node(NodeId::from(index));
            let amounts = measure.node(node);
            let text = |amounts: &[f64; 7]| format!("{amounts:?}");
            Difference::check(|| at("frag"), text(&expected.frag), text(&amounts))?;
            Difference::check(|| at("frag_total"), expected.frag_total, fragment(&amounts))?;
            if let Some(watts) = expected.power_cpu_w {
                Difference::check(|| at("power_cpu_w"), watts, power.cpu(node) as f64)?;
            }
            if let Some(watts) = expected.power_gpu_w {
                Difference::check(|| at("power_gpu_w"), watts, power.gpu(node) as f64)?;
            }
        }
        Ok(())
    }

    /// One pod under all policies; `None` when one of them is not there.
    fn check_probe(
        &self,
        scenario: &Scenario,
        index: usize,
        probe: &Probe,
    ) -> Result<Option<Check>, Unreadable> {
        let context = PlacementContext {
            work: &self.work,
            inventory: self.cluster.inventory(),
            seed: 0,
        };
        for (name, expected) in &probe.policies {
            let Some(ours) = policy(name) else {
                return Ok(None);
            };
            let made = scored(&ours, &context, &self.typical)
                .map_err(|error| Unreadable::new(name, error))?;
            let Some(mut made) = made else {
                return Ok(None);
            };
            let at = format!("scenario {}, probe {index}, {name}", scenario.scenario);
            let shape = ShapeId::from(self.first_probe + index);
            let got = rate(&mut made, &self.cluster, shape);
            if let Err(difference) = got.check(&at, &probe.feasible, expected) {
                return Ok(Some(Err(difference)));
            }
        }
        Ok(Some(Ok(())))
    }
}

/// How a policy rates the nodes for a pod.
struct Rated {
    raw: BTreeMap<String, i32>,
    normalized: BTreeMap<String, i64>,
    gpus: BTreeMap<String, String>,
    winner: String,
}

fn rate(policy: &mut gpusched_core::placement::Scored, cluster: &Cluster, shape: ShapeId) -> Rated {
    let mut finals = Finals::default();
    policy.finals(cluster, shape, &mut finals);
    let name = |node: NodeId| cluster.inventory().node(node).name.clone();
    let nodes = || finals.nodes.iter().copied();
    Rated {
        normalized: nodes()
            .map(name)
            .zip(finals.scores.iter().copied())
            .collect(),
        gpus: nodes()
            .map(|node| {
                (
                    name(node),
                    device_text(policy.devices(cluster, shape, node)),
                )
            })
            .filter(|(_, devices)| !devices.is_empty())
            .collect(),
        raw: nodes()
            .map(|node| (name(node), policy.raw(cluster, shape, node)[0]))
            .collect(),
        winner: finals.best().map_or(String::new(), |(.., node)| name(node)),
    }
}

impl Rated {
    fn check(&self, at: &str, feasible: &[String], expected: &Expected) -> Check {
        let what = |what: &str| format!("{at}, {what}");
        let mut feasible = feasible.to_vec();
        feasible.sort();
        let ours: Vec<&String> = self.raw.keys().collect();
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        Difference::check(|| what("feasible"), text(&feasible), text(&ours))?;
        Difference::check(|| what("raw"), text(&expected.raw), text(&self.raw))?;
        if let Some(normalized) = &expected.normalized {
            let ours = text(&self.normalized);
            Difference::check(|| what("normalized"), text(normalized), ours)?;
        }
        let reserved: BTreeMap<_, _> = expected
            .gpus
            .iter()
            .filter(|(_, devices)| !devices.is_empty())
            .collect();
        Difference::check(|| what("gpus"), text(&reserved), text(&self.gpus))?;
        let winner = self.winner.clone();
        Difference::check(|| what("winner"), expected.winner.clone(), winner)
    }
}

impl PodRequest {
    fn shape(&self) -> Shape {
        shape(
            self.cpu_milli,
            self.memory_mib,
            self.num_gpu,
            self.gpu_milli,
            &self.gpu_spec,
        )
    }
}

fn workload(kinds: &[Kind]) -> Result<Workload, String> {
    let mut builder = WorkloadBuilder::new();
    for (index, kind) in kinds.iter().enumerate() {
        let name = index.to_string();
        let job = JobDraft {
            count: kind.count,
            ..JobDraft::new(&name, Time::ZERO, Span::from_secs(1), kind.pod.shape())
        };
        builder.push(&job).map_err(|error| error.to_string())?;
    }
    builder.finish().map_err(|error| error.to_string())
}

impl NodeState {
    fn machine(&self) -> Node {
        let gpus = self.gpu_milli_left.len() as u32;
        Node {
            cpu_milli: self.cpu_milli_total,
            mem_mib: self.memory_mib_left,
            cpu_model: self.cpu_model.clone(),
            ..Node::with_gpus(&self.name, gpus, &self.gpu_model)
        }
    }

    /// Pods that leave the node as described: one for the CPU, one per whole-GPU pod of each
    /// class on used-up devices, and shared ones on what else is used.
    fn residents(&self) -> Result<Vec<(Shape, u64)>, String> {
        let wrong = |why: &str| format!("node {}: {why}", self.name);
        let mut pods = Vec::new();
        let cpu_used = self.cpu_milli_total.checked_sub(self.cpu_milli_left);
        let host = Shape {
            cpu_milli: cpu_used.ok_or_else(|| wrong("more CPU left than there is"))?,
            ..Shape::default()
        };
        pods.push((host, 0));
        let left = &self.gpu_milli_left;
        let mut used_up = (0..left.len()).filter(|&device| left[device] == 0);
        for (class, &count) in self
            .gpu_pod_classes
            .iter()
            .filter(|(name, _)| *name != SHARE)
        {
            let gpus = class
                .strip_suffix("-gpu")
                .and_then(|gpus| gpus.parse::<u32>().ok());
            let gpus = gpus.ok_or_else(|| wrong("a class that is no number of GPUs"))?;
            for _ in 0..count {
                let devices: Vec<usize> = used_up.by_ref().take(gpus as usize).collect();
                if devices.len() < gpus as usize {
                    return Err(wrong("fewer devices used up than whole-GPU pods need"));
                }
                let mask = devices.iter().fold(0, |mask, device| mask | 1 << device);
                pods.push((Shape::whole_gpus(gpus), mask));
            }
        }
        let partly = (0..left.len()).filter(|&device| (1..MILLI).contains(&left[device]));
        let shared: Vec<usize> = used_up.chain(partly).collect();
        if shared.is_empty() == self.gpu_pod_classes.contains_key(SHARE) {
            return Err(wrong("devices in use and resident classes do not agree"));
        }
        for device in shared {
            pods.extend(shares(left[device]).map(|shape| (shape, 1 << device)));
        }
        Ok(pods)
    }
}

const SHARE: &str = "share-gpu";

/// Shared pods that leave `left` of a device; each is less than the whole.
fn shares(left: u32) -> impl Iterator<Item = Shape> {
    let used = MILLI.saturating_sub(left);
    [used / 2, used - used / 2]
        .into_iter()
        .filter(|&milli| milli > 0)
        .map(|gpu_milli| Shape {
            gpu_milli,
            ..Shape::whole_gpus(1)
        })
}
