//! Expanders: of all groups that could grow, which does (`expander/` at 1.36.1).
//!
//! Each is a filter. They are asked in turn until one option is left; of several at the end one is
//! drawn. Scores are computed in floating point, operation by operation as upstream does, because
//! options whose scores are equal there have to be equal here.

mod least_nodes;
mod least_waste;
mod most_pods;
mod price;
mod priority;
mod random;

pub use price::PodPrices;
pub use priority::{Priorities, PrioritiesError};

use crate::kube::Resources;
use crate::provisioning::Price;
use std::fmt;

/// A filter of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expander {
    /// Least CPU and memory left over; GPUs do not count.
    LeastWaste,
    /// Most pods helped.
    MostPods,
    /// Fewest nodes added.
    LeastNodes,
    /// Best price for what the pods are worth, and nodes that suit the size of the cluster.
    Price,
    /// Groups whose ids match the patterns of highest priority.
    Priority,
    /// Any.
    Random,
}

impl Expander {
    /// All there are.
    pub const ALL: [Expander; 6] = [
        Expander::LeastWaste,
        Expander::MostPods,
        Expander::LeastNodes,
        Expander::Price,
        Expander::Priority,
        Expander::Random,
    ];

    /// Its value of the flag `expander`.
    pub fn name(self) -> &'static str {
        match self {
            Expander::LeastWaste => "least-waste",
            Expander::MostPods => "most-pods",
            Expander::LeastNodes => "least-nodes",
            Expander::Price => "price",
            Expander::Priority => "priority",
            Expander::Random => "random",
        }
    }

    /// The expander of that name.
    pub fn named(name: &str) -> Option<Expander> {
        Expander::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Expander {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A group that could grow, and what that would do.
#[derive(Clone, Copy, Debug)]
pub struct Expansion<'a> {
    /// The group's id.
    pub group: &'a str,
    /// Nodes it would add.
    pub nodes: u32,
    /// Pods that would find a place: what one requests, and how many in a row do.
    pub pods: &'a [(&'a Resources, u32)],
    /// What a node has.
    pub capacity: &'a Resources,
    /// What a node costs.
    pub price: Price,
    /// Whether it has GPUs.
    pub gpu: bool,
}

/// What the choice depends on besides the options.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Nodes in the cluster.
    pub cluster_nodes: usize,
    /// For `priority`.
    pub priorities: &'a Priorities,
    /// For `price`.
    pub pod_prices: PodPrices,
    /// The key of random draws.
    pub seed: u64,
    /// What tells this draw from others under the same key.
    pub draw: u64,
}

/// What one expander made of the options.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which one.
    pub expander: Expander,
    /// By option that was left: its index, and what it is worth, if the expander rates at all.
    pub scores: Vec<(usize, Option<f64>)>,
    /// The options it leaves.
    pub kept: Vec<usize>,
}

/// Asks expanders in turn, and draws if need be; says which option it is, and what each expander
/// made of them. `None` only where there are no options. O(expanders × options × pods).
///
/// ```
/// use gpusched_core::provisioning::cluster_autoscaler::expander::*;
/// use gpusched_core::provisioning::Price;
/// let pod = [("cpu".to_owned(), 1000), ("memory".to_owned(), 1 << 30)].into();
/// let node = |cpu, memory| [("cpu".to_owned(), cpu), ("memory".to_owned(), memory)].into();
/// let (small, large) = (node(2000, 2 << 30), node(8000, 8 << 30));
/// let pods = [(&pod, 4)];
/// let option = |group, nodes, capacity| Expansion {
///     group, nodes, capacity, pods: &pods, price: Price::FREE, gpu: false,
/// };
/// // Four such pods fill two small nodes, and half of a large one.
/// let options = [option("large", 1, &large), option("small", 2, &small)];
/// let setting = Setting {
///     cluster_nodes: 3, priorities: &Priorities::default(),
///     pod_prices: PodPrices::default(), seed: 0, draw: 0,
/// };
/// let (chosen, _) = choose(&[Expander::LeastWaste], &options, &setting);
/// assert_eq!(chosen, Some(1));
/// let (chosen, _) = choose(&[Expander::LeastNodes], &options, &setting);
/// assert_eq!(chosen, Some(0));
/// ```
pub fn choose(
    chain: &[Expander],
    options: &[Expansion<'_>],
    setting: &Setting<'_>,
) -> (Option<usize>, Vec<Step>) {
    let mut left: Vec<usize> = (0..options.len()).collect();
    let mut steps = Vec::new();
    // The last resort is a draw, as if `random` ended every chain.
    for expander in chain.iter().copied().chain([Expander::Random]) {
        let step = expander.filter(options, &left, setting);
        left.clone_from(&step.kept);
        steps.push(step);
        if left.len() <= 1 {
            break;
        }
    }
    (left.first().copied(), steps)
}

impl Expander {
    fn filter(self, options: &[Expansion<'_>], left: &[usize], setting: &Setting<'_>) -> Step {
        let rated = |rate: &dyn Fn(&Expansion<'_>) -> f64| {
            let rate = |at: &usize| (*at, rate(&options[*at]));
            left.iter().map(rate).collect::<Vec<(usize, f64)>>()
        };
        let (scores, kept) = match self {
            Expander::LeastWaste => least(rated(&least_waste::waste)),
            Expander::MostPods => least(rated(&most_pods::missing)),
            Expander::LeastNodes => least(rated(&least_nodes::nodes)),
            Expander::Price => least(rated(&|one| price::score(one, setting))),
            Expander::Priority => priority::filter(options, left, setting.priorities),
            Expander::Random => random::filter(left, setting),
        };
        Step {
            expander: self,
            scores,
            kept,
        }
    }
}

/// Options with what they are worth, and those that are left.
type Filtered = (Vec<(usize, Option<f64>)>, Vec<usize>);

/// The options of least score. A score that is no number is neither less than another nor equal to
/// it, so the first option keeps its place if its score is none.
fn least(scores: Vec<(usize, f64)>) -> Filtered {
    let mut best = f64::NAN;
    let mut kept: Vec<usize> = Vec::new();
    for &(at, score) in &scores {
        if kept.is_empty() || score < best {
            best = score;
            kept = vec![at];
        } else if score == best {
            kept.push(at);
        }
    }
    let scores = scores.into_iter().map(|(at, score)| (at, Some(score)));
    (scores.collect(), kept)
}

#[cfg(test)]
mod tests;
