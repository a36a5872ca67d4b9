//! Suite `device_plugin`: NVIDIA's go-gpuallocator and the device plugin's choice among replicas.
//!
//! One topology (all its pair scores), one request to a policy, and one choice among replicas are
//! one vector each. Best-effort is compared as it is, with what upstream does against its own rule;
//! where sharing memory changed upstream's answer, the answer of the rule is compared as well.

use super::files::{self, Unreadable};
use super::{Difference, FileResult, Sheet};
use gpusched_core::placement::device::registry::device_policy;
use gpusched_core::placement::device::replicas::{ReplicaPolicy, SharedGpu, TooFew, pick};
use gpusched_core::placement::device::{BestEffort, Quirks, Request, Wiring};
use gpusched_core::topology::{Board, Link, Path as DevicePath};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let file = dir.join("topologies.jsonl");
    let mut wirings = BTreeMap::new();
    let mut scores = FileResult::default();
    for topology in files::json_lines::<Topology>(&file)? {
        let wiring = topology
            .wiring()
            .map_err(|why| Unreadable::file(&file, format!("{}: {why}", topology.topology)))?;
        scores.count(topology.check(&wiring));
        wirings.insert(topology.topology, wiring);
    }
    sheet.add(&files::name(&file), &scores)?;
    for file in files::entries(dir, |name| {
        name.ends_with(".jsonl") && (name.starts_with("policy_") || name.starts_with("best_effort"))
    })? {
        let mut result = FileResult::default();
        for vector in files::json_lines::<Vector>(&file)? {
            let wiring = wirings.get(&vector.topology).ok_or_else(|| {
                Unreadable::file(&file, format!("{}: no such topology", vector.id))
            })?;
            match device_policy(&vector.policy) {
                Ok(_) => result.count(vector.check(wiring)),
                Err(_) => result.tally.not_implemented += 1,
            }
        }
        sheet.add(&files::name(&file), &result)?;
    }
    for file in files::entries(dir, |name| name.starts_with("shared_replicas"))? {
        let mut result = FileResult::default();
        for vector in files::json_lines::<Replicas>(&file)? {
            result.count(vector.check());
        }
        sheet.add(&files::name(&file), &result)?;
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Topology {
    topology: String,
    gpus: usize,
    links: Vec<(usize, usize, String)>,
    pair_score: Vec<Vec<i32>>,
}

impl Topology {
    fn wiring(&self) -> Result<Wiring, String> {
        let mut links = vec![
            Link {
                nvlinks: 0,
                path: None,
                gbps: 0.0,
            };
            self.gpus * self.gpus
        ];
        for (one, other, kind) in &self.links {
            if *one.max(other) >= self.gpus {
                return Err(format!("a link to GPU {}", one.max(other)));
            }
            for at in [one * self.gpus + other, other * self.gpus + one] {
                add(&mut links[at], kind)?;
            }
        }
        let numa = vec![0; self.gpus];
        let board = Board::new(self.topology.as_str(), links, numa, None, Vec::new());
        Ok(Wiring::of(&board.map_err(|error| error.to_string())?))
    }

    fn check(&self, wiring: &Wiring) -> Result<(), Difference> {
        for (one, row) in self.pair_score.iter().enumerate() {
            for (other, &score) in row.iter().enumerate() {
                let at = || format!("{}: score of GPUs {one} and {other}", self.topology);
                Difference::check(at, score, wiring.pair(one, other))?;
            }
        }
        Ok(())
    }
}

/// Adds what a vector says of a pair to its link.
fn add(link: &mut Link, kind: &str) -> Result<(), String> {
    let path = match kind {
        "CrossCPU" => DevicePath::Sys,
        "SameCPU" => DevicePath::Node,
        "HostBridge" => DevicePath::Phb,
        "MultiSwitch" => DevicePath::Pxb,
        "SingleSwitch" => DevicePath::Pix,
        "SameBoard" => DevicePath::Board,
        _ => {
            let count = kind.strip_prefix("NVLink").map(str::parse);
            link.nvlinks = count
                .and_then(Result::ok)
                .ok_or_else(|| format!("no link is a `{kind}`"))?;
            return Ok(());
        }
    };
    link.path = Some(path);
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    id: String,
    topology: String,
    policy: String,
    available: Vec<u8>,
    required: Vec<u8>,
    size: i64,
    result: Vec<Option<u8>>,
    set_score: i32,
    best_partition_score: Option<i32>,
    result_without_aliasing: Option<Vec<Option<u8>>>,
}

impl Vector {
    fn check(&self, wiring: &Wiring) -> Result<(), Difference> {
        let request = Request {
            available: &self.available,
            required: &self.required,
            // Less than nothing is asked for now and then.
            size: usize::try_from(self.size).unwrap_or(0),
        };
        let (got, partition) = self.decide(wiring, &request, true)?;
        self.compare("result", &self.result, &got)?;
        let devices: Vec<u8> = got.iter().flatten().copied().collect();
        let at = || format!("{}: score of the set", self.id);
        Difference::check(at, self.set_score, wiring.set(&devices))?;
        if let Some(expected) = self.best_partition_score {
            let at = || format!("{}: score of the best partition", self.id);
            let got = partition.map_or("none".to_owned(), |score| score.to_string());
            Difference::check(at, expected.to_string(), got)?;
        }
        if let Some(expected) = &self.result_without_aliasing {
            let (got, _) = self.decide(wiring, &request, false)?;
            self.compare("result without aliasing", expected, &got)?;
        }
        Ok(())
    }

    /// What the policy chooses, and the score of best-effort's partition.
    fn decide(
        &self,
        wiring: &Wiring,
        request: &Request<'_>,
        shared_memory: bool,
    ) -> Result<(Vec<Option<u8>>, Option<i32>), Difference> {
        let policy = device_policy(&self.policy)
            .map_err(|error| Difference::new(self.id.as_str(), &self.policy, error))?;
        if policy.name() != "best-effort" {
            let chosen = policy.choose(wiring, request);
            return Ok((chosen.into_iter().map(Some).collect(), None));
        }
        let quirks = Quirks {
            empty_places: true,
            shared_memory,
        };
        let decision = BestEffort { quirks }.decide(wiring, request);
        let mut chosen: Vec<Option<u8>> = decision.devices.into_iter().map(Some).collect();
        chosen.extend(vec![None; decision.empty]);
        Ok((chosen, decision.partition))
    }

    fn compare(
        &self,
        what: &str,
        expected: &[Option<u8>],
        got: &[Option<u8>],
    ) -> Result<(), Difference> {
        let at = || format!("{}: {what} of {}", self.id, self.policy);
        Difference::check(at, text(expected), text(got))
    }
}

fn text(devices: &[Option<u8>]) -> String {
    let texts = devices
        .iter()
        .map(|device| device.map_or("null".to_owned(), |device| device.to_string()));
    texts.collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replicas {
    id: String,
    policy: String,
    replicas_per_gpu: BTreeMap<String, u32>,
    available: Vec<String>,
    required: Vec<String>,
    size: usize,
    outcome: String,
    #[serde(default)]
    error_text: String,
    #[serde(default)]
    picks_by_allocated_before: Vec<(i64, i64)>,
    #[serde(default)]
    observed_counts_per_gpu: Vec<BTreeMap<String, u32>>,
    unique: bool,
}

impl Replicas {
    fn check(&self) -> Result<(), Difference> {
        let policy = match self.policy.as_str() {
            "distributed" => ReplicaPolicy::Distributed,
            "packed" => ReplicaPolicy::Packed,
            other => return Err(Difference::new(self.id.as_str(), "a policy", other)),
        };
        let of = |ids: &[String], gpu: &str| -> Vec<u32> {
            let parts = ids.iter().filter_map(|id| id.split_once("::"));
            let own = parts.filter(|(of, _)| *of == gpu);
            own.filter_map(|(_, replica)| replica.parse().ok())
                .collect()
        };
        let names: Vec<&String> = self.replicas_per_gpu.keys().collect();
        let gpus: Vec<SharedGpu> = self
            .replicas_per_gpu
            .iter()
            .map(|(gpu, &replicas)| SharedGpu {
                replicas,
                free: of(&self.available, gpu),
                required: of(&self.required, gpu),
            })
            .collect();
        let at = |what: &str| format!("{}: {what}", self.id);
        let picks = match pick(policy, &gpus, self.size) {
            Err(error @ TooFew) => {
                Difference::check(|| at("outcome"), self.outcome.as_str(), "error")?;
                return Difference::check(
                    || at("error"),
                    self.error_text.clone(),
                    error.to_string(),
                );
            }
            Ok(picks) => picks,
        };
        Difference::check(|| at("outcome"), self.outcome.as_str(), "ok")?;
        let picked = |gpu: usize| picks.iter().filter(|(of, _)| *of == gpu).count() as i64;
        let mut by_allocated: Vec<(i64, i64)> = Vec::new();
        for (number, gpu) in gpus.iter().enumerate() {
            let free = gpu.free.len() as i64 - gpu.required.len() as i64;
            if free > 0 {
                by_allocated.push((i64::from(gpu.replicas) - free, picked(number)));
            }
        }
        by_allocated.sort_unstable();
        Difference::check(
            || at("picks by replicas allocated before"),
            format!("{:?}", self.picks_by_allocated_before),
            format!("{by_allocated:?}"),
        )?;
        if let (true, [observed, ..]) = (self.unique, &self.observed_counts_per_gpu[..]) {
            let counts = (0..gpus.len()).filter(|&gpu| picked(gpu) > 0);
            let got: BTreeMap<&String, i64> = counts.map(|gpu| (names[gpu], picked(gpu))).collect();
            Difference::check(
                || at("picks per GPU"),
                format!("{observed:?}"),
                format!("{got:?}"),
            )?;
        }
        Ok(())
    }
}
