//! `dra-name-order` against the real structured allocator of Kubernetes, on partitionable MIG
//! devices: what a GPU publishes, which device is chosen, and that whatever the allocator ever
//! gave out is legal here.
//!
//! Compared are pods whose requests ask for a number of instances of a profile by name and nothing
//! else. Of other pods the outcome is taken over, so that later steps see the state they saw.
//! Steps whose outcome depends on a known upstream bug are taken over too.

use flate2::read::MultiGzDecoder;
use gpusched_core::gpu::mig::{BOARDS, Board, Engines, Geometry, Instance, MigGpu, ProfileRow};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::mig::{Choice, DraNameOrder, MigPlacement, dra_device_name};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// GPUs of each node.
type Cluster = BTreeMap<String, Vec<MigGpu>>;

fn lines(path: &Path) -> Vec<Value> {
    let bytes = std::fs::read(path).expect("readable vectors");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut unpacked = MultiGzDecoder::new(bytes.as_slice());
        unpacked.read_to_string(&mut text).expect("gzipped text");
    } else {
        text = String::from_utf8(bytes).expect("text");
    }
    let parse = |line: &str| serde_json::from_str(line).expect("a JSON line");
    text.lines().map(parse).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Name and counters of a published MIG device: engines, SMs, and memory slices taken.
type Published = BTreeMap<String, (Vec<String>, BTreeSet<usize>)>;

fn published(slice: &Value) -> BTreeMap<u16, Published> {
    let mut gpus: BTreeMap<u16, Published> = BTreeMap::new();
    for device in list(&slice["spec"]["devices"]) {
        let name = text(&device["name"]);
        let Some((minor, _)) = name["gpu-".len()..].split_once("-mig-") else {
            continue;
        };
        let counters = &device["consumesCounters"][0]["counters"];
        let count = |name: &str| text(&counters[name]["value"]).to_owned();
        let mut counts: Vec<String> = Engines::NAMES.iter().map(|name| count(name)).collect();
        counts.push(count("multiprocessors"));
        counts.push(count("memory"));
        let slot = |at: &usize| !counters[format!("memory-slice-{at}")].is_null();
        let slots = (0..12).filter(slot).collect();
        let minor = minor.parse().expect("a number");
        gpus.entry(minor)
            .or_default()
            .insert(name.to_owned(), (counts, slots));
    }
    gpus
}

/// What the DRA driver would publish for a GPU of `board`.
fn ours(geometry: &Arc<Geometry>, minor: u16) -> Published {
    let gpu = MigGpu::new(geometry.clone(), NodeId(0), minor);
    let mut devices = Published::new();
    for profile in geometry.board().rows() {
        let facts = geometry.profile(profile);
        let mut counts: Vec<String> = facts
            .engines
            .counts()
            .iter()
            .map(|count| count.map_or("?".into(), |count| count.to_string()))
            .collect();
        counts.push(facts.sms.map_or("?".into(), |sms| sms.to_string()));
        counts.push(
            facts
                .memory_mib
                .map_or("?".into(), |mib| format!("{mib}Mi")),
        );
        for &start in geometry.starts(profile) {
            let name = dra_device_name(&gpu, Instance { profile, start }).expect("a known id");
            let mask = geometry.mask(profile, start);
            let slots = (0..12).filter(|slot| mask >> slot & 1 == 1).collect();
            devices.insert(name, (counts.clone(), slots));
        }
    }
    devices
}

fn board_of(devices: &Published, minor: u16) -> &'static Board {
    let geometries = BOARDS.iter().filter_map(|board| Geometry::of(board).ok());
    geometries
        .map(Arc::new)
        .find(|geometry| ours(geometry, minor) == *devices)
        .map(|geometry| geometry.board())
        .unwrap_or_else(|| panic!("no board publishes {devices:?}"))
}

fn cluster(value: &Value, boards: &mut BTreeMap<&'static str, usize>) -> Cluster {
    let mut cluster = Cluster::new();
    for slice in list(&value["resourceSlices"]) {
        for (minor, devices) in published(slice) {
            let board = board_of(&devices, minor);
            *boards.entry(board.name).or_default() += 1;
            let node = text(&slice["spec"]["nodeName"]).to_owned();
            let geometry = Arc::new(Geometry::of(board).expect("known placements"));
            let gpus = cluster.entry(node).or_default();
            gpus.push(MigGpu::new(geometry, NodeId(0), minor));
        }
    }
    for gpus in cluster.values_mut() {
        gpus.sort_by_key(MigGpu::minor);
    }
    cluster
}

/// The profiles a pod asks for, when it asks in the plain way.
fn plain(step: &Value) -> Option<Vec<String>> {
    let mut profiles = Vec::new();
    for claim in list(&step["claims"]) {
        let devices = &claim["spec"]["devices"];
        if list(&devices["constraints"]).next().is_some() {
            return None;
        }
        for request in list(&devices["requests"]) {
            let exactly = &request["exactly"];
            let plain = exactly["deviceClassName"] == "mig.nvidia.com"
                && exactly["allocationMode"] == "ExactCount"
                && exactly["adminAccess"] != true;
            let selectors: Vec<&Value> = list(&exactly["selectors"]).collect();
            let [selector] = selectors[..] else {
                return None;
            };
            let profile = text(&selector["cel"]["expression"])
                .strip_prefix("device.attributes[\"gpu.nvidia.com\"].profile == \"")?
                .strip_suffix('"')?;
            if !plain || profile.contains('"') {
                return None;
            }
            let count = exactly["count"].as_u64().unwrap_or(1);
            profiles.extend((0..count).map(|_| profile.to_owned()));
        }
    }
    Some(profiles)
}

/// The GPU of a device name, and its instance; a full GPU is the instance that is the board.
fn place(gpus: &[MigGpu], device: &str) -> (usize, ProfileRow, u8) {
    let parts: Vec<&str> = device.split('-').collect();
    let number = |at: usize| parts[at].parse::<u8>().expect("a number");
    let minor = u16::from(number(1));
    let gpu = gpus
        .iter()
        .position(|gpu| gpu.minor() == minor)
        .expect("a known GPU");
    let board = gpus[gpu].board();
    let last = parts.len() - 1;
    let (id, start) = if last > 1 {
        (number(last - 1), number(last))
    } else {
        (0, 0)
    };
    (gpu, board.by_id(id).expect("a known profile id"), start)
}

struct Replay {
    cluster: Cluster,
    /// Node, GPU and start of what each claim holds.
    claims: BTreeMap<String, Vec<(String, usize, u8)>>,
    compared: usize,
}

impl Replay {
    /// Device names the policy chooses on a node, or `None`.
    fn decide(&mut self, node: &str, profiles: &[String]) -> Option<Vec<String>> {
        let gpus = self.cluster.get_mut(node).expect("a known node");
        let asked: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let choices = DraNameOrder.choose_all(gpus, &asked)?;
        let name = |(choice, profile): (Choice, &String)| {
            let gpu = &gpus[choice.gpu];
            let profile = gpu.board().by_name(profile).expect("chosen by name");
            let start = choice.start;
            dra_device_name(gpu, Instance { profile, start }).expect("a known id")
        };
        Some(choices.into_iter().zip(profiles).map(name).collect())
    }

    fn compare(&mut self, step: &Value, profiles: &[String], id: &str) {
        let expected = &step["expected"];
        for node in list(&expected["perNode"]) {
            let name = text(&node["node"]);
            let decided = self.decide(name, profiles);
            assert_eq!(
                decided.is_some(),
                node["outcome"] == "fit",
                "{id} {name} {profiles:?}"
            );
            let theirs: Vec<&str> = if expected["node"] == *name {
                let results =
                    list(&expected["allocations"]).flat_map(|a| list(&a["devices"]["results"]));
                results.map(|result| text(&result["device"])).collect()
            } else {
                let full = list(&node["devices"]).map(|device| text(&device[2]));
                full.map(|path| path.rsplit('/').next().expect("a name"))
                    .collect()
            };
            assert_eq!(
                decided.unwrap_or_default(),
                theirs,
                "{id} {name} {profiles:?}"
            );
            self.compared += 1;
        }
    }

    /// Takes over what the real allocator decided.
    fn follow(&mut self, step: &Value, id: &str) {
        let expected = &step["expected"];
        for (claim, allocation) in list(&step["claims"]).zip(list(&expected["allocations"])) {
            let mut held = Vec::new();
            for result in list(&allocation["devices"]["results"]) {
                if result["adminAccess"] == true {
                    continue;
                }
                let node = text(&result["pool"]).to_owned();
                let gpus = self.cluster.get_mut(&node).expect("pools are nodes");
                let (gpu, row, start) = place(gpus, text(&result["device"]));
                let legal = gpus[gpu].allocate(row, start);
                legal.unwrap_or_else(|error| panic!("{id} {result}: {error}"));
                held.push((node, gpu, start));
            }
            self.claims
                .insert(text(&claim["metadata"]["name"]).to_owned(), held);
        }
    }

    fn release(&mut self, step: &Value) {
        for name in list(&step["claimNames"]) {
            for (node, gpu, start) in self.claims.remove(text(name)).into_iter().flatten() {
                let gpus = self.cluster.get_mut(&node).expect("a known node");
                gpus[gpu]
                    .free(start)
                    .expect("what was allocated can be freed");
            }
        }
    }

    /// Replays a scenario up to the first taint that keeps pods away.
    fn run(&mut self, scenario: &Value) {
        let id = text(&scenario["id"]);
        for step in list(&scenario["steps"]) {
            match text(&step["op"]) {
                "allocate" => {
                    let bugs = list(&step["expected"]["bugs"]).next().is_some();
                    if let Some(profiles) = plain(step).filter(|_| !bugs) {
                        self.compare(step, &profiles, id);
                    }
                    self.follow(step, id);
                }
                "release" => self.release(step),
                _ if list(&step["taints"]).any(|taint| taint["effect"] != "None") => return,
                _ => {}
            }
        }
    }
}

#[test]
fn the_real_allocator_chooses_the_same_devices() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/dra/random");
    if !shared.is_dir() {
        // Straight to standard error: what the test harness captures, nobody sees.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared not present");
        return;
    }
    let mut boards = BTreeMap::new();
    let of_kind = |value: &&Value| value["kind"] == "dynamic-mig";
    let clusters: BTreeMap<String, Cluster> = lines(&shared.join("clusters.jsonl"))
        .iter()
        .filter(of_kind)
        .map(|value| (text(&value["id"]).to_owned(), cluster(value, &mut boards)))
        .collect();
    let (mut scenarios, mut compared) = (0, 0);
    for scenario in lines(&shared.join("scenarios.jsonl.gz")) {
        let on = scenario["features"]["PartitionableDevices"] == true;
        let Some(cluster) = clusters.get(text(&scenario["cluster"])).filter(|_| on) else {
            continue;
        };
        let mut replay = Replay {
            cluster: cluster.clone(),
            claims: BTreeMap::new(),
            compared: 0,
        };
        replay.run(&scenario);
        scenarios += 1;
        compared += replay.compared;
    }
    println!("published devices agree on {boards:?}");
    println!("{compared} decisions on nodes agree, in {scenarios} scenarios");
    assert!(boards.len() >= 5 && compared > 300);
}
