//! A cluster of manifests as a solve sees it ([`Problem`]) and as disruption does ([`View`]).

use crate::manifest::{KarpenterState, StateNode, StatePod, StatePodBudget};
use gpusched_core::ids::JobId;
use gpusched_core::kube::{Effect, Resources, Taint};
use gpusched_core::provisioning::controller::{Machine, MachineId, MachinePod, View, ViewPod};
use gpusched_core::provisioning::karpenter::objects::{ExistingNode, PlacedPod, Pod};
use gpusched_core::provisioning::karpenter::{
    PodDisruptionBudget, Problem, Reserved, SolveOptions, is_reschedulable,
};
use gpusched_core::units::{MICROS, Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Pods a node takes when it does not say.
const MAX_PODS: i64 = 110;

/// Where nothing says when anything happened, it is taken to have been a year ago.
const LONG: Time = Time::from_secs(365 * 24 * 3600);

/// The cluster with everything in the order in which Karpenter takes it.
#[derive(Clone, Debug)]
pub(super) struct Scene<'s> {
    pub(super) state: &'s KarpenterState,
    pub(super) now: Time,
    /// By age, then by name.
    pub(super) nodes: Vec<&'s StateNode>,
    /// By age, then by unique id.
    pub(super) pods: Vec<&'s StatePod>,
    /// Pods by node, daemon pods included.
    on: BTreeMap<&'s str, Vec<usize>>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(state: &'s KarpenterState, at: Option<Time>) -> Scene<'s> {
        let mut nodes: Vec<&StateNode> = state.nodes.iter().collect();
        nodes.sort_by_key(|one| (one.created, &one.name));
        let mut pods: Vec<&StatePod> = state.pods.iter().collect();
        pods.sort_by_key(|one| (one.created, &one.uid));
        let mut on: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, pod) in pods.iter().enumerate() {
            if let Some(node) = &pod.node {
                on.entry(node).or_default().push(index);
            }
        }
        let latest = match state.latest {
            Time::ZERO => LONG,
            latest => latest,
        };
        Scene {
            state,
            now: at.unwrap_or(latest),
            nodes,
            pods,
            on,
        }
    }

    /// Pods on a node: all, or only those that have to go elsewhere when it goes.
    pub(super) fn pods_on(&self, node: &StateNode, movable: bool) -> Vec<usize> {
        let there = self
            .on
            .get(node.name.as_str())
            .into_iter()
            .flatten()
            .copied();
        there
            .filter(|one| !movable || !self.pods[*one].daemon)
            .collect()
    }

    /// What pods on a node request, daemon pods or the others, with 1 of `pods` for each.
    fn used(&self, node: &StateNode, daemons: bool) -> Resources {
        let mut used = Resources::new();
        for index in self.pods_on(node, false) {
            let pod = self.pods[index];
            if pod.daemon == daemons {
                for (resource, amount) in &pod.spec.requests {
                    *used.entry(resource.clone()).or_insert(0) += amount;
                }
                *used.entry("pods".into()).or_insert(0) += 1;
            }
        }
        used
    }

    /// When a pod last came to or left a node, as far as is known.
    fn last_event(&self, node: &StateNode) -> Time {
        let came = self
            .pods_on(node, true)
            .into_iter()
            .map(|one| self.pods[one].created);
        let known = node.last_pod_event.or_else(|| came.max());
        known.unwrap_or(node.created).max(node.created)
    }

    /// Whether a node is left alone yet (`consolidateAfter`).
    fn unsettled(&self, node: &StateNode) -> bool {
        let mut pools = self.state.pools.iter();
        let of = pools.find(|one| Some(&one.template.name) == node.pool.as_ref());
        let after = of.and_then(|of| of.disruption.consolidate_after);
        node.initialized && after.is_some_and(|after| self.last_event(node) + after > self.now)
    }

    pub(super) fn options(&self, reserved: Reserved) -> SolveOptions {
        SolveOptions {
            reserved,
            well_known: self.state.well_known.clone(),
            ..SolveOptions::default()
        }
    }

    /// Pods that wait for a node; those of nodes that are going included, but for those that will
    /// not be evicted as far as anybody knows.
    pub(super) fn waiting(&self) -> Vec<usize> {
        let budgets = self.pod_budgets();
        let gone = |index: usize, pod: &StatePod| match &pod.node {
            None => true,
            Some(name) => {
                let mut nodes = self.nodes.iter();
                nodes.any(|one| one.going && one.name == *name)
                    && !pod.daemon
                    && is_reschedulable(&self.view_pod(index), &budgets)
            }
        };
        (0..self.pods.len())
            .filter(|one| gone(*one, self.pods[*one]))
            .collect()
    }

    /// The solve that places these pods with `without` gone; and the node of each of its nodes.
    pub(super) fn problem(
        &self,
        pods: &[usize],
        without: Option<&StateNode>,
    ) -> (Problem, Vec<usize>) {
        let stays = |one: &usize| {
            let node = self.nodes[*one];
            !node.going && without.is_none_or(|gone| gone.name != node.name)
        };
        let nodes: Vec<usize> = (0..self.nodes.len()).filter(stays).collect();
        let moved = |pod: usize| {
            let from = self.pods[pod].node.as_ref();
            without.is_some_and(|gone| from == Some(&gone.name))
        };
        let reserved = match without {
            Some(_) => Reserved::Fallback,
            None => Reserved::Strict,
        };
        let asked = pods.iter().map(|index| Pod {
            name: self.pods[*index].key(),
            uid: self.pods[*index].uid.clone(),
            created: self.pods[*index].created.0.div_euclid(MICROS),
            waiting: !moved(*index),
            spec: self.pods[*index].spec.clone(),
        });
        let existing = nodes.iter().map(|one| {
            let node = self.nodes[*one];
            ExistingNode {
                closed: without.is_some() && self.unsettled(node),
                ..self.existing(node)
            }
        });
        // Pods make no nodes of static pools.
        let pools = self.state.pools.iter();
        let pools = pools.filter(|pool| pool.replicas.is_none());
        let problem = Problem {
            pools: pools.map(|one| one.template.clone()).collect(),
            types: self.state.types.clone(),
            nodes: existing.collect(),
            daemons: self.state.daemons.clone(),
            pods: asked.collect(),
            options: self.options(reserved),
        };
        (problem, nodes)
    }

    fn existing(&self, node: &StateNode) -> ExistingNode {
        let mut taints = node.taints.clone();
        if node.cordoned {
            taints.push(Taint {
                key: "node.kubernetes.io/unschedulable".into(),
                value: String::new(),
                effect: Effect::NoSchedule,
            });
        }
        let daemons = self.used(node, true);
        let mut available = node.allocatable.clone();
        available.entry("pods".into()).or_insert(MAX_PODS);
        subtract(&mut available, &self.used(node, false));
        subtract(&mut available, &daemons);
        let placed = |index: usize| {
            let spec = &self.pods[index].spec;
            PlacedPod {
                namespace: spec.namespace.clone(),
                labels: spec.labels.clone(),
                anti_affinity: spec.anti_affinity.required.clone(),
                host_ports: spec.host_ports.clone(),
            }
        };
        ExistingNode {
            name: node.name.clone(),
            labels: node.labels.clone(),
            taints,
            available,
            capacity: node.capacity.clone(),
            daemons,
            initialized: node.initialized,
            closed: false,
            pods: self.pods_on(node, false).into_iter().map(placed).collect(),
        }
    }

    /// PodDisruptionBudgets as they stand, with pods by number as in [`Scene::view`].
    pub(super) fn pod_budgets(&self) -> Vec<PodDisruptionBudget> {
        let all = self.state.pod_budgets.iter();
        all.map(|one| self.pod_budget(one)).collect()
    }

    fn pod_budget(&self, of: &StatePodBudget) -> PodDisruptionBudget {
        let covers = |pod: &&&StatePod| {
            let labels = &pod.spec.labels;
            let selector = of.selector.as_ref();
            pod.namespace == of.namespace && selector.is_some_and(|one| one.matches(labels))
        };
        let (mut pods, mut healthy) = (0, 0);
        for pod in self.pods.iter().filter(covers) {
            pods += 1;
            healthy += u32::from(pod.node.is_some() && !pod.unready);
        }
        let unready = self.pods.iter().enumerate().filter(|(_, pod)| pod.unready);
        let unready = unready.map(|(index, _)| (JobId(index as u32), 0));
        PodDisruptionBudget {
            namespace: of.namespace.clone(),
            name: of.name.clone(),
            selector: of.selector.clone(),
            allowed: of.allowed.unwrap_or_else(|| of.room(pods, healthy)),
            blocking: of.blocking(),
            exempt: match of.unready_may_go {
                true => unready.collect(),
                false => BTreeSet::new(),
            },
        }
    }

    fn view_pod(&self, index: usize) -> ViewPod {
        let pod = self.pods[index];
        ViewPod {
            job: JobId(index as u32),
            index: 0,
            created: pod.created,
            spec: Arc::new(pod.spec.clone()),
            priority: pod.priority,
            deletion_cost: pod.deletion_cost,
            keep: pod.keep(self.now),
        }
    }

    /// The cluster as disruption sees it: machines are nodes and jobs are pods, by number.
    ///
    /// Disruption keeps room for daemon pods by itself where their DaemonSets are known: what they
    /// use of a node is not taken off it twice.
    pub(super) fn view(&self) -> View {
        let machine = |node: &StateNode| {
            let mut available = node.allocatable.clone();
            subtract(&mut available, &self.used(node, false));
            if self.state.daemons.is_empty() {
                subtract(&mut available, &self.used(node, true));
            }
            let since = self.last_event(node);
            let initialized = match node.initialized {
                true => node.created,
                false => Time::NEVER,
            };
            let pods = self.pods_on(node, true).into_iter();
            Machine {
                name: node.name.clone(),
                owner: node.pool.clone(),
                node_type: node.bought.0,
                offering: node.bought.1,
                labels: node.labels.clone(),
                taints: node.taints.clone(),
                allocatable: node.allocatable.clone(),
                available,
                launched: node.created,
                registered: node.created,
                initialized,
                cordoned: node.cordoned,
                keep: node.keep,
                leaving: node.going.then_some(self.now + Span::from_secs(1)),
                pods: pods
                    .map(|index| MachinePod {
                        pod: self.view_pod(index),
                        since,
                    })
                    .collect(),
                last_pod_event: since,
                version: 0,
            }
        };
        let machines = self.nodes.iter().enumerate();
        let unbound = (0..self.pods.len()).filter(|one| self.pods[*one].node.is_none());
        View {
            now: self.now,
            types: Arc::new(self.state.types.clone()),
            machines: machines
                .map(|(index, node)| (MachineId(index as u32), machine(node)))
                .collect(),
            pending: unbound.map(|one| self.view_pod(one)).collect(),
            version: 1,
            pending_version: 1,
        }
    }
}

fn subtract(from: &mut Resources, used: &Resources) {
    for (resource, amount) in used {
        *from.entry(resource.clone()).or_insert(0) -= amount;
    }
}
