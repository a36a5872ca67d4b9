//! Topology-aware scheduling in the shapes of Kueue's own micro-benchmarks: placing a workload on
//! 2,500 nodes, and the search for victims on a full cluster of 1,000.

use gpusched_core::kube::{Labels, Node, Resources};
use gpusched_core::placement::tas::{
    Ask, FlavorTopology, Forest, Found, HOSTNAME, Options, PodSet, Rules, Usage,
};
use gpusched_core::queueing::kueue::objects::{
    TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest,
};

const GIB: i64 = 1 << 30;

fn resources(amounts: &[(&str, i64)]) -> Resources {
    let owned = |(name, amount): &(&str, i64)| ((*name).to_owned(), *amount);
    amounts.iter().map(owned).collect()
}

fn node(name: String, labels: &[(&str, String)], allocatable: Resources) -> Node {
    let labels = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()));
    Node {
        labels: labels
            .chain([(HOSTNAME.to_owned(), name.clone())])
            .collect(),
        name,
        allocatable,
        ready: true,
        ..Node::default()
    }
}

fn forest(levels: &[&str], nodes: &[Node], rules: Rules) -> Forest {
    let levels: Vec<String> = levels.iter().map(|&level| level.to_owned()).collect();
    let flavor = FlavorTopology {
        name: "tas-flavor",
        topology: "default",
        levels: &levels,
        node_labels: &Labels::new(),
        tolerations: &[],
    };
    Forest::new(&[flavor], nodes, &[], rules)
}

/// Blocks of 16 racks of 16 nodes, and a pod set that nearly fills a block.
pub struct Placing {
    forest: Forest,
    asks: Vec<Ask>,
    filler: Vec<Usage>,
}

impl Placing {
    /// `level` is preferred; with `leader`, one pod of most of a node goes with the others.
    ///
    /// # Panics
    /// When the request does not fit.
    pub fn new(nodes: usize, level: &str, leader: bool, balanced: bool) -> Self {
        let machine = |index: usize| {
            let labels = [
                ("block", format!("block-{}", index / 256)),
                ("rack", format!("rack-{}", index / 16)),
            ];
            let allocatable = resources(&[("cpu", 96_000), ("memory", 384 * GIB), ("pods", 110)]);
            node(format!("node-{index}"), &labels, allocatable)
        };
        let machines: Vec<Node> = (0..nodes).map(machine).collect();
        let rules = Rules {
            balanced_placement: balanced,
            ..Rules::default()
        };
        let mut forest = forest(&["block", "rack", HOSTNAME], &machines, rules);
        let tree = forest.tree("tas-flavor").expect("it was planted");
        let request = TopologyRequest {
            mode: TopologyMode::Preferred(level.to_owned()),
            ..TopologyRequest::default()
        };
        let pod_set = |number, count, requests| PodSet {
            topology: Some(&request),
            group: Some("group"),
            ..PodSet::new(number, count, requests)
        };
        let (worker, lead) = (resources(&[("cpu", 8_000)]), resources(&[("cpu", 72_000)]));
        let count = nodes.min(256) as i32 * 9;
        let mut asks = vec![forest.ask(tree, &pod_set(0, count, &worker))];
        if leader {
            asks.push(forest.ask(tree, &pod_set(1, 1, &lead)));
        }
        // One pod everywhere, so that the counts can be made to change.
        let requests = forest.requests(&worker);
        let filler = (0..nodes).map(|index| {
            let assignment = TopologyAssignment {
                levels: Vec::new(),
                domains: vec![TopologyDomain {
                    values: vec![format!("node-{index}")],
                    count: 1,
                }],
            };
            forest.usage_by_name(tree, &assignment, requests)
        });
        let filler = filler.collect();
        let mut placing = Placing {
            forest,
            asks,
            filler,
        };
        assert!(
            placing
                .warm()
                .iter()
                .all(|one| one.outcome.failure().is_none())
        );
        placing
    }

    /// Asks again while nothing changes.
    pub fn warm(&mut self) -> Vec<Found> {
        self.forest.find(&self.asks, Options::default())
    }

    /// Asks after every node has changed: everything is counted afresh.
    pub fn cold(&mut self) -> Vec<Found> {
        let trial = self.forest.begin();
        for usage in &self.filler {
            self.forest.add_usage(usage);
        }
        let found = self.warm();
        self.forest.rollback(trial);
        found
    }
}

/// A full cluster of 1,000 nodes with 30 resources, and a pod set of 200 half-node pods, confined
/// to an eighth of the nodes, that needs victims.
pub(super) struct Full {
    pub(super) nodes: Vec<Node>,
    /// What each pod of a workload asks for, and where they are; in the order they were placed:
    /// first fit, until one does not fit.
    pub(super) held: Vec<(Resources, Vec<TopologyDomain>)>,
    /// What a pod of the pod set asks for.
    pub(super) requests: Resources,
    /// The nodes it is confined to.
    pub(super) selector: Labels,
}

impl Full {
    /// Pods of the pod set.
    pub(super) const PODS: i32 = 200;
    const NODES: usize = 1000;
    const SIDE: usize = 31;

    pub(super) fn new() -> Full {
        let others: Vec<String> = (2..30)
            .map(|index| format!("example.com/res-{index}"))
            .collect();
        let with_others = |each: i64, rest: &[(&str, i64)]| {
            let mut all = resources(rest);
            all.extend(others.iter().map(|name| (name.clone(), each)));
            all
        };
        let machine = |index: usize| {
            let block = (index + 1) / Full::SIDE;
            let labels = [
                ("block", format!("b-{block}")),
                ("node-group", format!("group-{}", block % 8 + 1)),
            ];
            let own = [("cpu", 10_000), ("memory", 100 * GIB), ("pods", 110)];
            node(format!("node-{index}"), &labels, with_others(10, &own))
        };
        let (mut free, mut held) = (vec![(10i64, 100i64); Full::NODES], Vec::new());
        'fill: for number in 1.. {
            let (cpu, memory) = (number % 10 + 1, number % 100 + 1);
            let mut left = (number * 10) % Full::SIDE as i64 + 1;
            let mut domains = Vec::new();
            for (index, free) in free.iter_mut().enumerate() {
                let count = left.min(free.0 / cpu).min(free.1 / memory);
                *free = (free.0 - count * cpu, free.1 - count * memory);
                left -= count;
                if count > 0 {
                    domains.push(TopologyDomain {
                        values: vec![format!("node-{index}")],
                        count: count as i32,
                    });
                }
            }
            if left > 0 {
                break 'fill;
            }
            let own = [("cpu", cpu * 1000), ("memory", memory * GIB)];
            held.push((with_others(cpu, &own), domains));
        }
        Full {
            nodes: (0..Full::NODES).map(machine).collect(),
            held,
            requests: with_others(5, &[("cpu", 5_000), ("memory", 50 * GIB)]),
            selector: Labels::from([("node-group".to_owned(), "group-1".to_owned())]),
        }
    }
}

/// The search for victims in a full cluster.
pub struct Preempting {
    forest: Forest,
    ask: Vec<Ask>,
    /// In the order they are tried.
    victims: Vec<Usage>,
}

impl Default for Preempting {
    fn default() -> Self {
        let full = Full::new();
        let mut forest = forest(&["block", HOSTNAME], &full.nodes, Rules::default());
        let tree = forest.tree("tas-flavor").expect("it was planted");
        let mut victims = Vec::new();
        for (requests, domains) in full.held {
            let requests = forest.requests(&requests);
            let assignment = TopologyAssignment {
                levels: Vec::new(),
                domains,
            };
            let usage = forest.usage_by_name(tree, &assignment, requests);
            forest.admit(&usage);
            victims.push(usage);
        }
        let request = TopologyRequest {
            mode: TopologyMode::Unconstrained,
            ..TopologyRequest::default()
        };
        let ask = forest.ask(
            tree,
            &PodSet {
                topology: Some(&request),
                selector: Some(&full.selector),
                ..PodSet::new(0, Full::PODS, &full.requests)
            },
        );
        Preempting {
            forest,
            ask: vec![ask],
            victims,
        }
    }
}

impl Preempting {
    /// Takes victims until the pod set fits, gives back those it does not need, and says how many
    /// were left and how often it was asked whether it fits.
    ///
    /// # Panics
    /// When the pod set does not fit without all of them.
    pub fn search(&mut self) -> (usize, usize) {
        let Preempting {
            forest,
            ask,
            victims,
        } = self;
        let trial = forest.begin();
        let mut asked = 0;
        let mut fits = |forest: &mut Forest| {
            asked += 1;
            forest.fits_somewhere(ask, Options::default())
        };
        let mut taken: Vec<&Usage> = Vec::new();
        for victim in victims.iter() {
            forest.remove_usage(victim);
            taken.push(victim);
            if fits(forest) {
                break;
            }
        }
        assert!(fits(forest), "it fits an empty cluster");
        for at in (0..taken.len().saturating_sub(1)).rev() {
            forest.add_usage(taken[at]);
            if fits(forest) {
                taken.swap_remove(at);
            } else {
                forest.remove_usage(taken[at]);
            }
        }
        let found = forest.find(ask, Options::default());
        assert!(found[0].outcome.assignment().is_some());
        forest.rollback(trial);
        (taken.len(), asked)
    }
}
