//! Policies that rate nodes: the best score wins, the lowest rank on ties.
//!
//! Scores are integers, as in kube-scheduler. A score depends on the node's state and the request
//! only, so it is computed once per (request kind, node state) and kept until the node changes:
//! each kind keeps a cursor into the cluster's change log, and the version of each node it last
//! looked at. Requests that differ only in what no term looks at share a kind.

use super::{Placement, Pod, View};
use crate::cluster::{Ask, Changes, Cluster, Node, NodeView, Spot};
use crate::ids::{NodeId, ShapeId};
use rustc_hash::FxHashMap;

/// A node's rating for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Higher is better; between -2³⁰ and 2³⁰.
    pub value: i32,
    /// The device a shared pod should use, when the score was made for one.
    pub device: Option<u8>,
}

impl Score {
    /// A score without an opinion about the device.
    pub const fn plain(value: i32) -> Score {
        Score {
            value,
            device: None,
        }
    }
}

/// How raw scores become final ones, over the feasible nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    /// Final is raw.
    None,
    /// `(raw - min) * 100 / (max - min)`, integer division; `equal` when all are equal.
    MinMax {
        /// The final score when max = min.
        equal: i32,
    },
}

impl Normalise {
    fn finish(self, value: i32, (low, high): (i32, i32)) -> i64 {
        let (value, low, high) = (i64::from(value), i64::from(low), i64::from(high));
        match self {
            Normalise::None => value,
            Normalise::MinMax { equal } if high == low => i64::from(equal),
            Normalise::MinMax { .. } => (value - low) * 100 / (high - low),
        }
    }
}

/// Rates nodes for pods.
pub trait NodeScore: Send {
    /// The name in scenarios, tables and files.
    fn name(&self) -> &'static str;

    /// Rates a node the pod fits. Must depend on the node's state and the request only.
    fn score(&mut self, node: NodeView<'_>, ask: &Ask) -> Score;

    /// How raw scores are made comparable with those of other terms.
    fn normalise(&self) -> Normalise {
        Normalise::None
    }

    /// Whether the score depends neither on the memory of the request or the node nor on the
    /// limit of pods per node; requests that differ only there then share their scores.
    fn ignores_memory(&self) -> bool {
        false
    }
}

/// A raw score as an integer, cut toward zero. Nodes far larger than any real one stay in range.
#[inline]
pub(super) fn whole_score(score: f64) -> i32 {
    const MOST: f64 = (1 << 30) as f64;
    score.clamp(-MOST, MOST) as i32
}

/// CPU left once `asked` is taken; a node whose CPU was not recorded counts as having none left,
/// so that only its GPUs are rated.
#[inline]
pub(super) fn left_of_cpu(left: i64, asked: i64) -> i64 {
    if left >= Node::UNLIMITED as i64 / 2 {
        0
    } else {
        left - asked
    }
}

/// A placement policy made of one or more weighted ratings.
///
/// The final score is the sum of weight × normalised score; the best wins, the lowest rank on
/// ties. Devices are chosen by the term of largest weight, the first on ties. With a single term
/// neither weight nor normalisation can change who wins (min-max is monotone and gives 100 to the
/// maximum alone), so both are skipped.
///
/// Amortised O(nodes changed) scores and O(nodes) integer compares per pod; memory 9 bytes per
/// node, request kind and term.
pub struct Scored {
    terms: Vec<Term>,
    name: String,
    /// Kind of each shape; [`NO_KIND`] until it is first asked for.
    kind_of: Vec<u32>,
    kinds: FxHashMap<KindKey, u32>,
    /// Room for the nodes of one decision.
    finals: Finals,
}

/// The part of a request that tells kinds apart.
type KindKey = ((i64, i64), (u32, u32, u32), (u64, u32), (u32, u32, u8));

struct Term {
    weight: i64,
    rater: Box<dyn NodeScore>,
    kinds: Vec<Kind>,
}

/// Scores of all nodes for one request kind.
#[derive(Default)]
struct Kind {
    cursor: u64,
    /// By rank; [`INFEASIBLE`] where the pod does not fit.
    values: Vec<i32>,
    /// By rank; [`NO_DEVICE`] when the rater has no opinion.
    devices: Vec<u8>,
    /// By rank: the node version the score is for.
    versions: Vec<u32>,
}

/// Final scores of the feasible nodes, in order of rank.
#[derive(Clone, Debug, Default)]
pub struct Finals {
    /// The feasible nodes.
    pub nodes: Vec<NodeId>,
    /// Their final scores.
    pub scores: Vec<i64>,
}

impl Finals {
    /// The best score, how many nodes have it, and the first of them.
    pub fn best(&self) -> Option<(i64, usize, NodeId)> {
        let most = *self.scores.iter().max()?;
        let first = self.scores.iter().position(|&score| score == most)?;
        let ties = self.scores.iter().filter(|&&score| score == most).count();
        Some((most, ties, self.nodes[first]))
    }
}

const INFEASIBLE: i32 = i32::MIN;
const NO_DEVICE: u8 = u8::MAX;
const NO_KIND: u32 = u32::MAX;
/// No node gets this old.
const NEVER_LOOKED: u32 = u32::MAX;

impl Scored {
    /// A policy of one rating.
    pub fn one(rater: impl NodeScore + 'static) -> Scored {
        let name = rater.name().to_owned();
        Scored::weighted(name, vec![(1, Box::new(rater))])
    }

    /// A weighted sum of ratings, under `name`. Weights are integers (0.2 is 200 of 1000).
    ///
    /// # Panics
    /// When there is no term.
    pub fn weighted(name: impl Into<String>, terms: Vec<(i64, Box<dyn NodeScore>)>) -> Scored {
        assert!(!terms.is_empty(), "a weighted sum needs a term");
        Scored {
            terms: terms
                .into_iter()
                .map(|(weight, rater)| Term {
                    weight,
                    rater,
                    kinds: Vec::new(),
                })
                .collect(),
            name: name.into(),
            kind_of: Vec::new(),
            kinds: FxHashMap::default(),
            finals: Finals::default(),
        }
    }

    /// Whether there is more than one term.
    pub fn is_sum(&self) -> bool {
        self.terms.len() > 1
    }

    /// Final scores of all feasible nodes in order of rank: for explanations and conformance.
    /// A single term is normalised here (and not weighted).
    pub fn finals(&mut self, cluster: &Cluster, shape: ShapeId, finals: &mut Finals) {
        let kind = self.refresh(cluster, shape);
        collect(&self.terms, cluster, shape, kind, finals);
    }

    /// The raw score of each term on a node the pod fits, in the order of the terms.
    pub fn raw(&mut self, cluster: &Cluster, shape: ShapeId, node: NodeId) -> Vec<i32> {
        let kind = self.refresh(cluster, shape);
        let value = |term: &Term| term.kinds[kind].values[node.index()];
        self.terms.iter().map(value).collect()
    }

    /// The devices the pod would get on a node it fits.
    pub fn devices(&mut self, cluster: &Cluster, shape: ShapeId, node: NodeId) -> u64 {
        let kind = self.refresh(cluster, shape);
        self.devices_on(cluster, shape, kind, node)
    }

    fn devices_on(&self, cluster: &Cluster, shape: ShapeId, kind: usize, node: NodeId) -> u64 {
        let lead = self.terms.iter().reduce(|lead, term| {
            if term.weight > lead.weight {
                term
            } else {
                lead
            }
        });
        match lead.map(|lead| lead.kinds[kind].devices[node.index()]) {
            Some(device) if device != NO_DEVICE => 1 << device,
            _ => cluster.node(node).tightest_devices(cluster.ask(shape)),
        }
    }

    /// Brings the scores of a shape's kind up to date and says which kind it is.
    fn refresh(&mut self, cluster: &Cluster, shape: ShapeId) -> usize {
        let ask = self.key_request(cluster.ask(shape));
        let kind = self.kind(&ask, shape);
        for term in &mut self.terms {
            term.refresh(cluster, &ask, kind);
        }
        kind
    }

    /// The request without what no term looks at.
    fn key_request(&self, ask: &Ask) -> Ask {
        let mut ask = *ask;
        if self.terms.iter().all(|term| term.rater.ignores_memory()) {
            ask.mem = 0;
            ask.max_per_node = u32::MAX;
        }
        ask
    }

    fn kind(&mut self, ask: &Ask, shape: ShapeId) -> usize {
        if self.kind_of.len() <= shape.index() {
            self.kind_of.resize(shape.index() + 1, NO_KIND);
        }
        let known = &mut self.kind_of[shape.index()];
        if *known == NO_KIND {
            let key = (
                (ask.cpu, ask.mem),
                (ask.gpus, ask.milli, ask.vram),
                (ask.models, ask.max_per_node),
                ask.wiring_key(),
            );
            let next = self.kinds.len() as u32;
            *known = *self.kinds.entry(key).or_insert(next);
        }
        *known as usize
    }

    fn best(&mut self, cluster: &Cluster, shape: ShapeId, kind: usize) -> Option<NodeId> {
        if let [term] = self.terms.as_slice() {
            let mem = cluster.ask(shape).mem;
            let fits = |node: usize| cluster.node(NodeId(node as u32)).mem() >= mem;
            return first_maximum(&term.kinds[kind].values, fits);
        }
        collect(&self.terms, cluster, shape, kind, &mut self.finals);
        self.finals.best().map(|(_, _, node)| node)
    }
}

/// Position of the first maximum among the nodes that fit. The maximum of all is found by plain
/// integer compares, which the compiler vectorises; only where none of its holders fits (scores
/// are shared between requests of different memory) the rest is searched.
fn first_maximum(values: &[i32], fits: impl Fn(usize) -> bool) -> Option<NodeId> {
    let most = values.iter().copied().max()?;
    if most == INFEASIBLE {
        return None;
    }
    let holders = values
        .iter()
        .enumerate()
        .filter(|(_, value)| **value == most);
    if let Some((node, _)) = holders.into_iter().find(|&(node, _)| fits(node)) {
        return Some(NodeId(node as u32));
    }
    let mut best: Option<(i32, usize)> = None;
    for (node, &value) in values.iter().enumerate() {
        let better = value != INFEASIBLE && best.is_none_or(|(most, _)| value > most);
        if better && fits(node) {
            best = Some((value, node));
        }
    }
    best.map(|(_, node)| NodeId(node as u32))
}

/// Fills `finals` from scores that are up to date. O(nodes × terms).
fn collect(terms: &[Term], cluster: &Cluster, shape: ShapeId, kind: usize, finals: &mut Finals) {
    let mem = cluster.ask(shape).mem;
    finals.nodes.clear();
    let feasible = terms[0].kinds[kind]
        .values
        .iter()
        .enumerate()
        .filter(|(_, value)| **value != INFEASIBLE)
        .map(|(node, _)| NodeId(node as u32))
        .filter(|&node| cluster.node(node).mem() >= mem);
    finals.nodes.extend(feasible);
    finals.scores.clear();
    finals.scores.resize(finals.nodes.len(), 0);
    for term in terms {
        let weight = if terms.len() == 1 { 1 } else { term.weight };
        let values = &term.kinds[kind].values;
        let finish = term.finisher(values, &finals.nodes);
        for (score, node) in finals.scores.iter_mut().zip(&finals.nodes) {
            *score += weight * finish.of(values[node.index()]);
        }
    }
}

/// Turns raw scores of one decision into final ones.
struct Finisher {
    normalise: Normalise,
    range: (i32, i32),
    /// Final scores from the least raw score on, where raw scores lie close together: a division
    /// per node is what a weighted sum would spend most of its time on.
    table: Vec<i64>,
}

impl Finisher {
    #[inline]
    fn of(&self, value: i32) -> i64 {
        match self.table.get(value.wrapping_sub(self.range.0) as usize) {
            Some(&known) => known,
            None => self.normalise.finish(value, self.range),
        }
    }
}

impl Term {
    fn refresh(&mut self, cluster: &Cluster, ask: &Ask, kind: usize) {
        if self.kinds.len() <= kind {
            self.kinds.resize_with(kind + 1, Kind::default);
        }
        let kind = &mut self.kinds[kind];
        let rater = self.rater.as_mut();
        match cluster.changes_since(kind.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    kind.look(rater, cluster, ask, NodeId(node));
                }
            }
            Changes::All => {
                kind.values.resize(cluster.len(), INFEASIBLE);
                kind.devices.resize(cluster.len(), NO_DEVICE);
                kind.versions.resize(cluster.len(), NEVER_LOOKED);
                for node in 0..cluster.len() {
                    kind.look(rater, cluster, ask, NodeId(node as u32));
                }
            }
        }
        kind.cursor = cluster.cursor();
    }

    /// Finds least and greatest raw score of `nodes`, where they are needed to normalise.
    fn finisher(&self, values: &[i32], nodes: &[NodeId]) -> Finisher {
        let normalise = self.rater.normalise();
        if normalise == Normalise::None || nodes.is_empty() {
            return Finisher {
                normalise: Normalise::None,
                range: (0, 0),
                table: Vec::new(),
            };
        }
        let least_and_most = |(least, most): (i32, i32), node: &NodeId| {
            let value = values[node.index()];
            (least.min(value), most.max(value))
        };
        let range = nodes.iter().fold((i32::MAX, i32::MIN), least_and_most);
        let few = i64::from(range.1) - i64::from(range.0) < nodes.len() as i64;
        let table = if few {
            let values = range.0..=range.1;
            values.map(|value| normalise.finish(value, range)).collect()
        } else {
            Vec::new()
        };
        Finisher {
            normalise,
            range,
            table,
        }
    }
}

impl Kind {
    /// Rates a node unless it is still as it was.
    #[inline]
    fn look(&mut self, rater: &mut dyn NodeScore, cluster: &Cluster, ask: &Ask, node: NodeId) {
        let at = node.index();
        let view = cluster.node(node);
        if self.versions[at] == view.version() {
            return;
        }
        self.versions[at] = view.version();
        if !cluster.fits_on(ask, node) {
            self.values[at] = INFEASIBLE;
            return;
        }
        let score = rater.score(view, ask);
        self.values[at] = score.value;
        self.devices[at] = score.device.unwrap_or(NO_DEVICE);
    }
}

impl Placement for Scored {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let cluster = view.cluster();
        let kind = self.refresh(cluster, pod.shape);
        let node = self.best(cluster, pod.shape, kind)?;
        let devices = self.devices_on(cluster, pod.shape, kind, node);
        Some(Spot { node, devices })
    }
}
