//! Policies that rate nodes: the best score wins, the lowest rank on ties.
//!
//! Scores are integers, as in kube-scheduler. A score depends on the node's state and the request
//! only, so it is computed once per (request kind, node state) and kept until the node changes.

use super::{Placement, Pod, View};
use crate::cluster::{Ask, Changes, Cluster, NodeView, Spot};
use crate::ids::{NodeId, ShapeId};

/// A node's rating for a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Higher is better.
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
}

/// A placement policy made of one or more weighted ratings.
///
/// One term alone has weight 1 and its normalisation cannot change who wins (min-max is monotone
/// and gives 100 to the maximum alone), so it is skipped. With several terms the final score is
/// the sum of weight × normalised score; devices are chosen by the term of largest weight, the
/// first on ties.
pub struct Scored {
    terms: Vec<Term>,
    name: String,
}

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
}

const INFEASIBLE: i32 = i32::MIN;
const NO_DEVICE: u8 = u8::MAX;

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
        }
    }

    /// Final scores of all feasible nodes in order of rank, with the raw score of each term: for
    /// explanations and conformance.
    pub fn rank(&mut self, cluster: &Cluster, shape: ShapeId) -> Vec<(NodeId, Vec<i32>, i64)> {
        for term in &mut self.terms {
            term.refresh(cluster, shape);
        }
        let alone = self.terms.len() == 1;
        let ranges: Vec<_> = self.terms.iter().map(|term| term.range(shape)).collect();
        (0..cluster.len())
            .filter(|&node| self.terms[0].kinds[shape.index()].values[node] != INFEASIBLE)
            .map(|node| {
                let raw: Vec<i32> = self
                    .terms
                    .iter()
                    .map(|term| term.kinds[shape.index()].values[node])
                    .collect();
                let total = self
                    .terms
                    .iter()
                    .zip(&ranges)
                    .zip(&raw)
                    .map(|((term, &range), &value)| {
                        let weight = if alone { 1 } else { term.weight };
                        weight * i64::from(term.finish(value, range))
                    })
                    .sum();
                (NodeId(node as u32), raw, total)
            })
            .collect()
    }

    fn best(&mut self, cluster: &Cluster, shape: ShapeId) -> Option<NodeId> {
        for term in &mut self.terms {
            term.refresh(cluster, shape);
        }
        if let [term] = self.terms.as_slice() {
            let values = &term.kinds[shape.index()].values;
            return first_maximum(values).filter(|node| values[node.index()] != INFEASIBLE);
        }
        let ranges: Vec<_> = self.terms.iter().map(|term| term.range(shape)).collect();
        let mut best: Option<(i64, usize)> = None;
        for node in 0..cluster.len() {
            if self.terms[0].kinds[shape.index()].values[node] == INFEASIBLE {
                continue;
            }
            let total = self
                .terms
                .iter()
                .zip(&ranges)
                .map(|(term, &range)| {
                    let value = term.kinds[shape.index()].values[node];
                    term.weight * i64::from(term.finish(value, range))
                })
                .sum();
            if best.is_none_or(|(most, _)| total > most) {
                best = Some((total, node));
            }
        }
        best.map(|(_, node)| NodeId(node as u32))
    }
}

/// Position of the first maximum. Two passes over integers, which the compiler vectorises.
fn first_maximum(values: &[i32]) -> Option<NodeId> {
    let most = values.iter().copied().max()?;
    let at = values.iter().position(|&value| value == most)?;
    Some(NodeId(at as u32))
}

impl Term {
    fn refresh(&mut self, cluster: &Cluster, shape: ShapeId) {
        if self.kinds.len() <= shape.index() {
            self.kinds.resize_with(shape.index() + 1, Kind::default);
        }
        let kind = &mut self.kinds[shape.index()];
        let rater = self.rater.as_mut();
        let ask = cluster.ask(shape);
        match cluster.changes_since(kind.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    kind.look(rater, cluster, ask, NodeId(node));
                }
            }
            Changes::All => {
                kind.values.resize(cluster.len(), INFEASIBLE);
                kind.devices.resize(cluster.len(), NO_DEVICE);
                for node in 0..cluster.len() {
                    kind.look(rater, cluster, ask, NodeId(node as u32));
                }
            }
        }
        kind.cursor = cluster.cursor();
    }

    /// Least and greatest raw score, where they are needed to normalise.
    fn range(&self, shape: ShapeId) -> (i32, i32) {
        if self.rater.normalise() == Normalise::None {
            return (0, 0);
        }
        let feasible = || {
            self.kinds[shape.index()]
                .values
                .iter()
                .copied()
                .filter(|&value| value != INFEASIBLE)
        };
        (feasible().min().unwrap_or(0), feasible().max().unwrap_or(0))
    }

    fn finish(&self, value: i32, (low, high): (i32, i32)) -> i32 {
        match self.rater.normalise() {
            Normalise::None => value,
            Normalise::MinMax { equal } if high == low => equal,
            Normalise::MinMax { .. } => (value - low) * 100 / (high - low),
        }
    }
}

impl Kind {
    #[inline]
    fn look(&mut self, rater: &mut dyn NodeScore, cluster: &Cluster, ask: &Ask, node: NodeId) {
        let at = node.index();
        if !cluster.fits_on(ask, node) {
            self.values[at] = INFEASIBLE;
            return;
        }
        let score = rater.score(cluster.node(node), ask);
        self.values[at] = score.value;
        self.devices[at] = score.device.unwrap_or(NO_DEVICE);
    }
}

impl Placement for Scored {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn choose(&mut self, view: &mut View<'_>, pod: Pod) -> Option<Spot> {
        let node = self.best(view.cluster(), pod.shape)?;
        let lead = self.terms.iter().reduce(|lead, term| {
            if term.weight > lead.weight {
                term
            } else {
                lead
            }
        })?;
        let device = lead.kinds[pod.shape.index()].devices[node.index()];
        let devices = match device {
            NO_DEVICE => view.node(node).tightest_devices(&view.ask(pod.shape)),
            device => 1 << device,
        };
        Some(Spot { node, devices })
    }
}
