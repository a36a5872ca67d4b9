//! Full runs: thousands of pods, every decision and every metric.

use super::super::files::{self, Unreadable};
use super::super::{Difference, FileResult, Sheet};
use super::openb::{Inputs, Trace};
use super::summary::{check_summary, close};
use super::{TypicalRow, check_typical, device_text, draw, policy};
use crate::experiment::{Experiment, Setup, State, run_with};
use gpusched_core::cluster::{Cluster, Spot};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::fragmentation::{CATEGORIES, fragment, fragment_q124, idle};
use gpusched_core::placement::power::Power;
use gpusched_core::placement::registry::{PlacementContext, scored};
use gpusched_core::placement::{Finals, Scored, TypicalConfig};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::rc::Rc;

type Check = Result<(), Difference>;

/// One seed: what all its policy files share.
struct Run {
    setup: Setup,
    names: Vec<String>,
    node_ids: FxHashMap<String, NodeId>,
    power: Power,
}

/// The recorded files of one policy.
struct Vectors {
    rows: Vec<Row>,
    categories: Vec<CategoryRow>,
    scores: Vec<ScoreRow>,
    summary: Value,
    has_power: bool,
}

#[derive(Deserialize)]
struct NodeRank {
    node: String,
}

#[derive(Deserialize)]
struct PodAt {
    pod: String,
}

#[derive(Deserialize)]
struct Row {
    node: String,
    gpus: String,
    feasible: usize,
    best_score: Option<i64>,
    ties: usize,
    used_nodes: u64,
    used_gpus: u64,
    used_gpu_milli: i64,
    arrived_gpu_milli: i64,
    frag_gpu_milli: f64,
    frag_ratio_pct: f64,
    q124_ratio_pct: f64,
    power_cpu_w: Option<f64>,
    power_gpu_w: Option<f64>,
}

#[derive(Deserialize)]
struct CategoryRow {
    seq: usize,
    q1_lack_both: f64,
    q2_lack_gpu: f64,
    q3_satisfied: f64,
    q4_lack_cpu: f64,
    xl_satisfied: f64,
    xr_lack_cpu: f64,
    no_access: f64,
}

#[derive(Deserialize)]
struct ScoreRow {
    seq: usize,
    node: String,
    raw_score: Option<i32>,
    raw_score_1: Option<i32>,
    raw_score_2: Option<i32>,
    final_score: i64,
}

/// All files of one seed.
pub(super) fn run(
    dir: &Path,
    label: &str,
    inputs: &mut Inputs,
    sheet: &mut Sheet<'_>,
) -> Result<(), Unreadable> {
    let files = policy_files(dir)?;
    let trace = trace(dir, &files, inputs)?;
    let run = Run::read(dir, inputs, &trace)?;
    let seed = files::name(dir).trim_start_matches("seed").parse();
    let seed = seed.map_err(|error| Unreadable::file(dir, error))?;
    let check = draw::check(seed, &trace, &run.names, &run.setup.inventory);
    sheet.add(&format!("{label}/draw"), &FileResult::one(check))?;
    let typical = dir.join("typical_pods.csv");
    if typical.is_file() {
        let rows: Vec<TypicalRow> = files::rows(&typical)?;
        let check = check_typical(&rows, run.setup.measure.typical());
        sheet.add(&format!("{label}/typical_pods"), &FileResult::one(check))?;
    }
    for file in &files {
        let name = files::name(file).replace(".csv.gz", "");
        let result = match policy(&name) {
            Some(ours) => FileResult::one(run.replay(&ours, &Vectors::read(file)?)?),
            None => FileResult::not_implemented(),
        };
        sheet.add(&format!("{label}/{name}"), &result)?;
    }
    Ok(())
}

/// The cluster and the pods of a recorded run.
pub(super) fn setup(dir: &Path, inputs: &mut Inputs) -> Result<Setup, Unreadable> {
    let trace = trace(dir, &policy_files(dir)?, inputs)?;
    Ok(Run::read(dir, inputs, &trace)?.setup)
}

fn policy_files(dir: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    files::entries(dir, |name| {
        let stem = name.strip_suffix(".csv.gz");
        stem.is_some_and(|stem| !stem.contains('.') && stem != "nodes" && stem != "pods")
    })
}

fn sibling(file: &Path, ending: &str) -> PathBuf {
    file.with_file_name(files::name(file).replace(".csv.gz", ending))
}

fn summary(file: &Path) -> Result<Value, Unreadable> {
    let path = sibling(file, ".summary.json");
    if path.is_file() {
        files::json(&path)
    } else {
        Ok(Value::Null)
    }
}

impl Vectors {
    fn read(file: &Path) -> Result<Vectors, Unreadable> {
        let rows: Vec<Row> = files::rows(file)?;
        let scores = sibling(file, ".scores.csv.gz");
        Ok(Vectors {
            has_power: rows.first().is_some_and(|row| row.power_cpu_w.is_some()),
            rows,
            categories: files::rows(&sibling(file, ".categories.csv.gz"))?,
            scores: if scores.is_file() {
                files::rows(&scores)?
            } else {
                Vec::new()
            },
            summary: summary(file)?,
        })
    }
}

/// The pod list of a run, which its summaries name.
fn trace(dir: &Path, files: &[PathBuf], inputs: &mut Inputs) -> Result<Rc<Trace>, Unreadable> {
    let Some(file) = files.first() else {
        return Err(Unreadable::file(dir, "no policy files"));
    };
    let summary = summary(file)?;
    let list = summary["workload"].as_str();
    inputs.trace(list.unwrap_or("openb_pod_list_default"))
}

impl Run {
    fn read(dir: &Path, inputs: &Inputs, trace: &Trace) -> Result<Run, Unreadable> {
        let nodes: Vec<NodeRank> = files::rows(&dir.join("nodes.csv.gz"))?;
        let ranked: Vec<String> = nodes.into_iter().map(|row| row.node).collect();
        let inventory = inputs.inventory(&ranked)?;
        let pods: Vec<PodAt> = files::rows(&dir.join("pods.csv.gz"))?;
        let names: Vec<String> = pods.into_iter().map(|row| row.pod).collect();
        let shape = |pod: &String| match trace.shape(pod) {
            Some(shape) => Ok(shape),
            None => Err(Unreadable::file(
                dir,
                format_args!("pod {pod} is not in the pod list"),
            )),
        };
        let pods = names.iter().map(shape).collect::<Result<_, _>>()?;
        Ok(Run {
            node_ids: (0..)
                .map(NodeId)
                .zip(ranked)
                .map(|(id, name)| (name, id))
                .collect(),
            power: Power::new(&inventory),
            setup: Setup::new(trace.work.clone(), inventory, pods),
            names,
        })
    }

    /// Runs a policy (or, for `random`, the recorded places) and compares everything.
    fn replay(&self, policy: &str, vectors: &Vectors) -> Result<Check, Unreadable> {
        let at = || "number of pods".to_owned();
        if let Err(difference) = Difference::check(at, vectors.rows.len(), self.names.len()) {
            return Ok(Err(difference));
        }
        let context = PlacementContext {
            work: &self.setup.work,
            inventory: &self.setup.inventory,
            seed: 0,
        };
        let policy = scored(policy, &context, &TypicalConfig::default())
            .map_err(|error| Unreadable::new(policy, error))?;
        let experiment = Experiment {
            power: vectors.has_power.then_some(&self.power),
            ..self.setup.experiment()
        };
        let mut replay = Replay {
            run: self,
            vectors,
            policy,
            finals: Finals::default(),
            scores_seen: 0,
            categories_seen: 0,
            last: State::default(),
            verdict: Ok(()),
        };
        // Both closures need the replay, one after the other for each pod.
        let shared = std::cell::RefCell::new(&mut replay);
        let result = run_with(
            &experiment,
            |cluster, seq| shared.borrow_mut().place(cluster, seq),
            |_, seq, spot, state| shared.borrow_mut().compare(seq, spot, state),
        );
        Ok(match result {
            Err(_) if replay.verdict.is_err() => replay.verdict,
            Err(fault) => Err(Difference::new("a placement", "one that fits", fault)),
            Ok(cluster) => replay
                .finish()
                .and_then(|state| check_summary(&vectors.summary, &self.setup, &cluster, &state)),
        })
    }
}

struct Replay<'a> {
    run: &'a Run,
    vectors: &'a Vectors,
    /// `None`: the recorded places are replayed.
    policy: Option<Scored>,
    finals: Finals,
    scores_seen: usize,
    categories_seen: usize,
    last: State,
    verdict: Check,
}

impl Replay<'_> {
    /// The last state, if everything recorded was met and equal.
    fn finish(self) -> Result<State, Difference> {
        self.verdict?;
        let at = || "category rows met".to_owned();
        Difference::check(at, self.vectors.categories.len(), self.categories_seen)?;
        let at = || "score rows met".to_owned();
        if self.policy.is_some() {
            Difference::check(at, self.vectors.scores.len(), self.scores_seen)?;
        }
        Ok(self.last)
    }

    fn place(&mut self, cluster: &mut Cluster, seq: usize) -> Option<Spot> {
        let decided = self.decide(cluster, seq);
        decided.unwrap_or_else(|difference| {
            self.verdict = Err(difference);
            None
        })
    }

    /// Where the pod goes, once all that was recorded of the decision is found to be the same.
    fn decide(&mut self, cluster: &mut Cluster, seq: usize) -> Result<Option<Spot>, Difference> {
        let (row, shape) = (&self.vectors.rows[seq], self.run.setup.pods[seq]);
        let at = |what: &str| format!("pod {seq} ({}), {what}", self.run.names[seq]);
        let Some(policy) = &mut self.policy else {
            let feasible = cluster.feasible(shape).len() as usize;
            Difference::check(|| at("feasible"), row.feasible, feasible)?;
            return self
                .recorded(row)
                .map_err(|wrong| Difference::new(at("place"), "a place that can be read", wrong));
        };
        policy.finals(cluster, shape, &mut self.finals);
        if let ([node], false) = (self.finals.nodes.as_slice(), self.vectors.has_power) {
            // A lone node is taken without scoring; FGD's vectors then hold its raw score, those
            // of the PWR fork (the ones with power) a normalised one all the same.
            self.finals.scores = vec![policy.raw(cluster, shape, *node)[0].into()];
        }
        Difference::check(|| at("feasible"), row.feasible, self.finals.nodes.len())?;
        let best = self.finals.best();
        let scale = if self.vectors.has_power && !policy.is_sum() {
            1000
        } else {
            1
        };
        let spot = best.map(|(.., node)| Spot {
            node,
            devices: policy.devices(cluster, shape, node),
        });
        let place = spot.map_or(String::new(), |spot| {
            let node = &self.run.setup.inventory.node(spot.node).name;
            format!("{node} [{}]", device_text(spot.devices))
        });
        let recorded = match (row.node.as_str(), row.gpus.as_str()) {
            ("", "") => String::new(),
            (node, gpus) => format!("{node} [{gpus}]"),
        };
        Difference::check(|| at("node and devices"), recorded, place)?;
        let score = best.map(|(score, ..)| score * scale);
        let text = |score: Option<i64>| score.map_or("none".to_owned(), |score| score.to_string());
        Difference::check(|| at("best score"), text(row.best_score), text(score))?;
        let ties = best.map_or(0, |(_, ties, _)| ties);
        Difference::check(|| at("ties"), row.ties, ties)?;
        self.check_scores(cluster, seq, scale)?;
        Ok(spot)
    }

    fn recorded(&self, row: &Row) -> Result<Option<Spot>, String> {
        if row.node.is_empty() {
            return Ok(None);
        }
        let node = self.run.node_ids.get(&row.node);
        let mut devices = 0;
        for number in row.gpus.split('-').filter(|number| !number.is_empty()) {
            match number.parse::<u32>() {
                Ok(device) if device < 64 => devices |= 1 << device,
                _ => return Err(format!("device {number}")),
            }
        }
        match node {
            Some(&node) => Ok(Some(Spot { node, devices })),
            None => Err(format!("node {}", row.node)),
        }
    }

    /// The sampled scores of every feasible node.
    fn check_scores(&mut self, cluster: &Cluster, seq: usize, scale: i64) -> Check {
        let rest = &self.vectors.scores[self.scores_seen..];
        let length = rest.iter().take_while(|row| row.seq == seq).count();
        if length == 0 {
            return Ok(());
        }
        self.scores_seen += length;
        let at = |what: &str| format!("pod {seq}, {what}");
        Difference::check(|| at("sampled nodes"), length, self.finals.nodes.len())?;
        let Some(policy) = &mut self.policy else {
            return Ok(());
        };
        let shape = self.run.setup.pods[seq];
        let ours = self.finals.nodes.iter().zip(&self.finals.scores);
        for (row, (&node, &score)) in rest.iter().zip(ours) {
            let raw = policy.raw(cluster, shape, node);
            let second = raw.get(1).copied().unwrap_or(0);
            let expected = match (row.raw_score, row.raw_score_1, row.raw_score_2) {
                (Some(raw), ..) => (raw, 0),
                (_, first, second) => (first.unwrap_or(0), second.unwrap_or(0)),
            };
            let text = |node: &str, raw: (i32, i32), last: i64| {
                format!("{node}: raw {} and {}, final {last}", raw.0, raw.1)
            };
            let name = &self.run.setup.inventory.node(node).name;
            Difference::check(
                || at("sampled score"),
                text(&row.node, expected, row.final_score),
                text(name, (raw[0], second), score * scale),
            )?;
        }
        Ok(())
    }

    /// Compares the state after a pod; `true` ends the run.
    fn compare(&mut self, seq: usize, _: Option<Spot>, state: &State) -> bool {
        self.last = *state;
        if self.verdict.is_ok() {
            self.verdict = self.check_state(seq, state);
        }
        self.verdict.is_err()
    }

    fn check_state(&mut self, seq: usize, state: &State) -> Check {
        let row = &self.vectors.rows[seq];
        let at = |what: &str| format!("after pod {seq}, {what}");
        Difference::check(|| at("used_nodes"), row.used_nodes, state.used_nodes)?;
        Difference::check(|| at("used_gpus"), row.used_gpus, state.used_gpus)?;
        Difference::check(
            || at("used_gpu_milli"),
            row.used_gpu_milli,
            state.used_milli,
        )?;
        Difference::check(|| at("arrived"), row.arrived_gpu_milli, state.arrived_milli)?;
        let amounts = &state.fragmentation;
        let ratio = |part: f64| match idle(amounts) {
            0.0 => 0.0,
            idle => 100.0 * part / idle,
        };
        let fragment = fragment(amounts);
        let q124 = fragment_q124(amounts);
        close(|| at("frag_gpu_milli"), row.frag_gpu_milli, fragment, 0.01)?;
        close(
            || at("frag_ratio_pct"),
            row.frag_ratio_pct,
            ratio(fragment),
            0.01,
        )?;
        close(
            || at("q124_ratio_pct"),
            row.q124_ratio_pct,
            ratio(q124),
            0.01,
        )?;
        if let (Some(cpu), Some(gpu)) = (row.power_cpu_w, row.power_gpu_w) {
            Difference::check(|| at("power_cpu_w"), cpu, state.power.0 as f64)?;
            Difference::check(|| at("power_gpu_w"), gpu, state.power.1 as f64)?;
        }
        self.check_categories(seq, state)
    }

    fn check_categories(&mut self, seq: usize, state: &State) -> Check {
        let Some(row) = self.vectors.categories.get(self.categories_seen) else {
            return Ok(());
        };
        if row.seq != seq {
            return Ok(());
        }
        self.categories_seen += 1;
        let expected = [
            row.q1_lack_both,
            row.q2_lack_gpu,
            row.q3_satisfied,
            row.q4_lack_cpu,
            row.xl_satisfied,
            row.xr_lack_cpu,
            row.no_access,
        ];
        for (category, (expected, &got)) in expected.iter().zip(&state.fragmentation).enumerate() {
            let at = || format!("after pod {seq}, {}", CATEGORIES[category]);
            // The file holds four decimals.
            close(at, *expected, got, 5e-5 + 1e-9 * expected.abs())?;
        }
        Ok(())
    }
}
