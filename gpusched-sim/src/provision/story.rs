//! Why one pod goes where it goes, and why one node stays or goes.

use super::what_if::{Home, Planned, WhatIf, home};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use crate::manifest::{StateNode, StatePod};
use gpusched_core::provisioning::controller::MachineId;
use gpusched_core::provisioning::karpenter::disruption::Why;
use gpusched_core::provisioning::karpenter::{Place, SolveError, explain, solve};

/// What is known of what was asked about.
#[derive(Clone, Debug, PartialEq)]
pub enum Story<'s> {
    /// Of a pod.
    Pod(PodStory<'s>),
    /// Of a node.
    Node(NodeStory<'s>),
}

/// What every place says to a pod that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct PodStory<'s> {
    /// The pod.
    pub pod: &'s StatePod,
    /// Whether its preferences had to be given up.
    pub relaxed: bool,
    /// Nodes there are, in the order they are asked.
    pub nodes: Vec<(String, Result<(), SolveError>)>,
    /// Nodes to be made, by number from 0, in the order they are asked.
    pub claims: Vec<(usize, Result<(), SolveError>)>,
    /// Pools that may make another node, in the order they are asked.
    pub pools: Vec<PoolAnswer>,
    /// Where it goes.
    pub home: Home,
}

/// A pool, and that it can make a node for a pod, or why not.
pub type PoolAnswer = (String, Result<(), SolveError>);

/// What each method says to a node, and where its pods would go if it went.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeStory<'s> {
    /// The node.
    pub node: &'s StateNode,
    /// Emptiness, drift and consolidation by itself: what would come in its place, or why it stays.
    pub methods: [(&'static str, Result<Vec<Planned>, Why>); 3],
    /// Where its pods would go if it went.
    pub moves: Vec<(&'s StatePod, Home)>,
}

impl<'s> WhatIf<'s> {
    /// What is known of a pod (`NAMESPACE/NAME`, or the name alone where there is one such) or a
    /// node.
    ///
    /// # Errors
    /// When there is neither, or several pods have the name.
    pub fn story(&self, name: &str) -> Result<Story<'s>> {
        let mut nodes = self.scene.nodes.iter();
        if let Some(index) = nodes.position(|node| node.name == name) {
            return Ok(Story::Node(self.node_story(index)));
        }
        let called = |pod: &&StatePod| pod.key() == name || pod.name == name;
        let found: Vec<usize> = (0..self.scene.pods.len())
            .filter(|one| called(&self.scene.pods[*one]))
            .collect();
        match found.as_slice() {
            [] => Err(self.unknown(name)),
            [pod] => match self.asked.iter().position(|one| one == pod) {
                Some(number) => Ok(Story::Pod(self.pod_story(number))),
                None => Err(self.settled(self.scene.pods[*pod])),
            },
            several => {
                let all: Vec<String> = several
                    .iter()
                    .map(|one| self.scene.pods[*one].key())
                    .collect();
                let problem = Diagnostic::new(format!("several pods are called `{name}`"));
                Err(problem
                    .in_file("--explain")
                    .help(format!("say which: {}", all.join(", "))))
            }
        }
    }

    fn settled(&self, pod: &StatePod) -> Box<Diagnostic> {
        let node = pod.node.as_deref().unwrap_or_default();
        Diagnostic::new(format!(
            "pod {} runs on node {node}: nothing is decided",
            pod.key()
        ))
        .in_file("--explain")
        .help(format!(
            "`--explain {node}` says where it would go if the node went"
        ))
    }

    fn unknown(&self, name: &str) -> Box<Diagnostic> {
        let problem = Diagnostic::new(format!("there is no pod and no node `{name}`"));
        let keys: Vec<String> = self.scene.pods.iter().map(|pod| pod.key()).collect();
        let pods = self.scene.pods.iter().map(|pod| pod.name.as_str());
        let nodes = self.scene.nodes.iter().map(|node| node.name.as_str());
        let names = keys.iter().map(String::as_str).chain(pods).chain(nodes);
        let help = match did_you_mean(name, names) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "write NAMESPACE/NAME of a pod, or the name of a node".to_owned(),
        };
        problem.in_file("--explain").help(help)
    }

    fn pod_story(&self, number: usize) -> PodStory<'s> {
        let explanation = explain(&self.problem, number);
        let name = |node: usize| self.scene.nodes[self.nodes[node]].name.clone();
        let mut story = PodStory {
            pod: self.scene.pods[self.asked[number]],
            relaxed: explanation.relaxed,
            nodes: Vec::new(),
            claims: Vec::new(),
            pools: Vec::new(),
            home: home(&self.solution, number, name),
        };
        for trial in explanation.trials {
            match trial.place {
                Place::Node(node) => story.nodes.push((name(node), trial.answer)),
                Place::Claim(claim) => story.claims.push((claim, trial.answer)),
                Place::Pool(pool) => story.pools.push((pool, trial.answer)),
            }
        }
        story
    }

    fn node_story(&self, index: usize) -> NodeStory<'s> {
        let node = self.scene.nodes[index];
        let outlook = &self.outlook.nodes[&MachineId(index as u32)];
        let method = |name, said: &Result<_, Why>| match said {
            Ok(plan) => (name, Ok(self.replacements(plan))),
            Err(why) => (name, Err(self.named(why))),
        };
        let movable = self.scene.pods_on(node, true);
        let mut pods = self.asked.clone();
        pods.extend(movable.iter().filter(|one| !self.asked.contains(one)));
        let (problem, nodes) = self.scene.problem(&pods, Some(node));
        let solution = solve(&problem);
        let moves = pods
            .iter()
            .enumerate()
            .filter(|(_, of)| movable.contains(of));
        let moves = moves.map(|(pod, of)| {
            let name = |at: usize| self.scene.nodes[nodes[at]].name.clone();
            (self.scene.pods[*of], home(&solution, pod, name))
        });
        NodeStory {
            node,
            methods: [
                method("emptiness", &outlook.empty),
                method("drift", &outlook.drifted),
                method("consolidation", &outlook.underutilized),
            ],
            moves: moves.collect(),
        }
    }
}
