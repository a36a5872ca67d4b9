//! One solve of a cluster as it is, and what disruption would do to each node.

use super::view::Scene;
use crate::manifest::{KarpenterState, StateNode, StatePod};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::CapacityType;
use gpusched_core::provisioning::controller::MachineId;
use gpusched_core::provisioning::karpenter::disruption::{Method, NodeOutlook, Outlook, Plan, Why};
use gpusched_core::provisioning::karpenter::launch::launch;
use gpusched_core::provisioning::karpenter::{
    Karpenter, KarpenterOptions, NewNode, Problem, Reserved, Solution, SolveError, solve,
};
use gpusched_core::units::Time;

/// What Karpenter would do now.
///
/// ```
/// use gpusched_sim::manifest::KarpenterManifests;
/// use gpusched_sim::provision::{Home, WhatIf};
/// let manifests = KarpenterManifests::parse([(
///     "state.yaml",
///     "apiVersion: karpenter.sh/v1
/// kind: NodePool
/// metadata: {name: gpu}
/// spec:
///   template:
///     spec:
///       nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}
///       requirements:
///       - {key: node.kubernetes.io/instance-type, operator: In, values: [g4dn.xlarge, g5.xlarge]}
///       - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
/// ---
/// apiVersion: v1
/// kind: Pod
/// metadata: {name: train}
/// spec:
///   containers:
///   - {name: main, resources: {limits: {nvidia.com/gpu: 1}}}
/// ",
/// )]);
/// let what_if = WhatIf::new(manifests.state(), None);
/// let made = &what_if.planned()[0];
/// assert_eq!(made.choice.as_ref().unwrap().instance_type, "g4dn.xlarge");
/// assert!(matches!(&what_if.homes()[0].1, Home::New(0)));
/// ```
#[derive(Debug)]
pub struct WhatIf<'s> {
    pub(super) scene: Scene<'s>,
    pub(super) problem: Problem,
    /// The pod of each pod of the problem, and the node of each of its nodes.
    pub(super) asked: Vec<usize>,
    pub(super) nodes: Vec<usize>,
    pub(super) solution: Solution,
    /// What static pools miss.
    missing: Vec<NewNode>,
    pub(super) outlook: Outlook,
}

/// A node that would be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its pool.
    pub pool: String,
    /// Namespace and name of the pods it is for.
    pub pods: Vec<String>,
    /// Instance types it may be.
    pub types: usize,
    /// What it would be; `None` if nothing of that can be had.
    pub choice: Option<Choice>,
}

/// What a launch gives: of on-demand capacity the cheapest; of spot the provider has the choice,
/// and this is the cheapest it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The type.
    pub instance_type: String,
    /// The zone.
    pub zone: String,
    /// How it is bought.
    pub capacity_type: CapacityType,
    /// What it costs.
    pub price: Price,
    /// Types and zones the provider is asked for.
    pub options: usize,
}

/// Where a pod goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Home {
    /// To a node that is there.
    Node(String),
    /// To a node that would be made: its number, from 0.
    New(usize),
    /// Nowhere.
    Nowhere(Box<SolveError>),
}

/// What disruption would do to a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeReport<'s> {
    /// The node.
    pub node: &'s StateNode,
    /// What it costs; `None` for one that is in no catalogue.
    pub price: Option<Price>,
    /// Pods that would have to move.
    pub pods: usize,
    /// What it would do.
    pub verdict: Verdict,
}

/// What disruption would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The node goes, and these come in its place.
    Goes {
        /// By which method.
        method: Method,
        /// Nodes that are made first.
        replacements: Vec<Planned>,
    },
    /// The node stays.
    Stays(Why),
}

impl<'s> WhatIf<'s> {
    /// Solves at an instant; without one, at the newest that is known of the cluster. Two solves of
    /// the cluster, and one or two a node.
    pub fn new(state: &'s KarpenterState, at: Option<Time>) -> WhatIf<'s> {
        let scene = Scene::new(state, at);
        let asked = scene.waiting();
        let (problem, nodes) = scene.problem(&asked, None);
        let mut karpenter = Karpenter::new(KarpenterOptions {
            pools: state.pools.clone(),
            daemons: state.daemons.clone(),
            pod_budgets: scene.pod_budgets(),
            solve: scene.options(Reserved::Strict),
            ..KarpenterOptions::default()
        });
        let solution = solve(&problem);
        let placed = solution
            .placed
            .keys()
            .map(|node| MachineId(nodes[*node] as u32));
        karpenter.nominate(&placed.collect::<Vec<_>>(), scene.now);
        let view = scene.view();
        WhatIf {
            solution,
            missing: karpenter.missing_replicas(&view),
            outlook: karpenter.outlook(&view),
            scene,
            problem,
            asked,
            nodes,
        }
    }

    /// The instant it is about.
    pub fn now(&self) -> Time {
        self.scene.now
    }

    /// Nodes that would be made for pods that wait, in the order they were first needed; then those
    /// that static pools miss.
    pub fn planned(&self) -> Vec<Planned> {
        let name = |pod: &usize| self.problem.pods[*pod].name.clone();
        let all = self.solution.claims.iter();
        all.chain(&self.missing)
            .map(|node| Planned {
                pods: node.pods.iter().map(name).collect(),
                ..self.plan(node)
            })
            .collect()
    }

    fn plan(&self, node: &NewNode) -> Planned {
        let known: Vec<&str> = self
            .scene
            .state
            .well_known
            .iter()
            .map(String::as_str)
            .collect();
        let asked = launch(&self.scene.state.types, node, &known);
        let choice = asked.and_then(|asked| {
            let first = asked.options.first()?;
            Some(Choice {
                instance_type: first.node_type.name.clone(),
                zone: first.offering.zone.clone(),
                capacity_type: first.offering.capacity_type,
                price: first.offering.price,
                options: asked.options.len(),
            })
        });
        Planned {
            pool: node.pool.clone(),
            pods: Vec::new(),
            types: node.types.len(),
            choice,
        }
    }

    /// Where every pod that waits goes, in the order of their age.
    pub fn homes(&self) -> Vec<(&'s StatePod, Home)> {
        let asked = self.asked.iter().enumerate();
        asked
            .map(|(pod, of)| {
                let home = home(&self.solution, pod, |node| {
                    self.scene.nodes[self.nodes[node]].name.clone()
                });
                (self.scene.pods[*of], home)
            })
            .collect()
    }

    /// What disruption would do to every node, by itself, oldest first.
    pub fn reports(&self) -> Vec<NodeReport<'s>> {
        let nodes = self.scene.nodes.iter().enumerate();
        nodes
            .map(|(index, node)| NodeReport {
                node,
                price: self.price(node),
                pods: self.scene.pods_on(node, true).len(),
                verdict: self.verdict(MachineId(index as u32)),
            })
            .collect()
    }

    fn price(&self, node: &StateNode) -> Option<Price> {
        let (of, number) = node.bought;
        let offering = &self.scene.state.types[of].offerings[number].offering;
        (node.pool.is_some() && offering.price > Price::FREE).then_some(offering.price)
    }

    fn verdict(&self, id: MachineId) -> Verdict {
        let NodeOutlook {
            empty,
            drifted,
            underutilized,
        } = &self.outlook.nodes[&id];
        let goes = [empty, drifted, underutilized]
            .into_iter()
            .find_map(|one| one.as_ref().ok());
        match (goes, empty, underutilized) {
            (Some(plan), ..) => Verdict::Goes {
                method: plan.method,
                replacements: self.replacements(plan),
            },
            // An empty node is left to emptiness: that is who says why not.
            (None, Err(why), Err(Why::Empty)) | (None, _, Err(why)) => {
                Verdict::Stays(self.named(why))
            }
            (None, _, Ok(plan)) => Verdict::Goes {
                method: plan.method,
                replacements: self.replacements(plan),
            },
        }
    }

    /// What would be done in the next round: by which method, to which nodes, and what comes in
    /// their place.
    pub fn next(&self) -> Option<(Method, Vec<&'s StateNode>, Vec<Planned>)> {
        let plan = self.outlook.next.as_ref()?;
        let nodes = plan.nodes.iter().map(|id| self.scene.nodes[id.0 as usize]);
        Some((plan.method, nodes.collect(), self.replacements(plan)))
    }

    pub(super) fn replacements(&self, plan: &Plan) -> Vec<Planned> {
        plan.replacements.iter().map(|one| self.plan(one)).collect()
    }

    /// The same with the names pods have in the manifests.
    pub(super) fn named(&self, why: &Why) -> Why {
        let pod = |number: &str| {
            let index = number
                .split('-')
                .next()
                .and_then(|job| job.parse::<usize>().ok());
            let known = index.and_then(|index| self.scene.pods.get(index));
            known.map_or_else(|| number.to_owned(), |pod| pod.key())
        };
        match why.clone() {
            Why::PodKept(name) => Why::PodKept(pod(&name)),
            Why::Homeless { pod: name, error } => Why::Homeless {
                pod: pod(&name),
                error,
            },
            Why::Uninitialized { pod: name, node } => Why::Uninitialized {
                pod: pod(&name),
                node,
            },
            other => other,
        }
    }
}

/// Where a pod of a solve goes.
pub(super) fn home(solution: &Solution, pod: usize, node: impl Fn(usize) -> String) -> Home {
    let mut placed = solution.placed.iter();
    if let Some((at, _)) = placed.find(|(_, pods)| pods.contains(&pod)) {
        return Home::Node(node(*at));
    }
    let mut claims = solution.claims.iter();
    match claims.position(|claim| claim.pods.contains(&pod)) {
        Some(number) => Home::New(number),
        None => {
            let error = solution.errors.get(&pod);
            Home::Nowhere(Box::new(error.cloned().unwrap_or(SolveError::NoTemplate)))
        }
    }
}
