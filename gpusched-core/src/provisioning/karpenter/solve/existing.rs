//! A node that is there, or on its way: who can join it.

use super::super::labels::HOSTNAME;
use super::super::objects::{ExistingNode, HostPort};
use super::super::{Requirement, Requirements, Undefined};
use super::amounts::{Amounts, Units, fits};
use super::spec::{Spec, strict};
use super::template::{one_pod, untolerated};
use super::topology::Topology;
use super::{Problem, SolveError};

/// A node and what is left of it.
pub(super) struct Existing<'p> {
    /// Which one of the problem's it is.
    pub(super) index: usize,
    pub(super) node: &'p ExistingNode,
    pub(super) pods: Vec<usize>,
    requirements: Requirements,
    remaining: Amounts,
    ports: Vec<HostPort>,
}

/// The nodes of a problem that take pods: those initialized first, then by name.
pub(super) fn all<'p>(
    problem: &'p Problem,
    units: &Units,
    topology: &mut Topology<'_>,
) -> Vec<Existing<'p>> {
    let mut order: Vec<usize> = (0..problem.nodes.len()).collect();
    order.sort_by_key(|index| {
        let node = &problem.nodes[*index];
        (!node.initialized, &node.name)
    });
    let of = |index: &usize| Existing::new(*index, problem, units);
    let all: Vec<Existing<'p>> = order.iter().map(of).collect();
    for one in &all {
        let hostname = one.requirements.get(HOSTNAME);
        let hostname = hostname.and_then(|hostname| hostname.values().first());
        topology.register(hostname.map(String::as_str));
    }
    all
}

impl<'p> Existing<'p> {
    fn new(index: usize, problem: &'p Problem, units: &Units) -> Existing<'p> {
        let node = &problem.nodes[index];
        let labels = Requirements::of_labels(&node.labels);
        let mut requirements = labels.clone();
        if requirements.get(HOSTNAME).is_none() {
            requirements.add(Requirement::one_of(HOSTNAME, &[&node.name]));
        }
        // What daemon sets have not put there yet has to stay free for them.
        let mut due = units.dense(&Default::default());
        for daemon in &problem.daemons {
            let runs = untolerated(&node.taints, &daemon.tolerations).is_ok()
                && labels
                    .compatible(&strict(daemon), Undefined::Denied)
                    .is_ok();
            if runs {
                super::amounts::add(&mut due, &units.dense(&one_pod(daemon)));
            }
        }
        let there = units.dense(&node.daemons);
        let mut remaining = units.dense(&node.available);
        for (left, (due, there)) in remaining.iter_mut().zip(due.iter().zip(&there)) {
            *left = left.saturating_sub((due - there).max(0));
        }
        Existing {
            index,
            node,
            pods: Vec::new(),
            requirements,
            remaining,
            ports: node
                .pods
                .iter()
                .flat_map(|pod| pod.host_ports.iter().cloned())
                .collect(),
        }
    }

    /// Adds a pod if it can be added. Checks in order: taints, ports, room, labels (none may be
    /// undefined: the node has those it has), topology.
    pub(super) fn try_add(
        &mut self,
        pod: usize,
        spec: &Spec,
        topology: &mut Topology<'_>,
    ) -> Result<(), SolveError> {
        let taints = &self.node.taints;
        untolerated(taints, &spec.pod.tolerations)?;
        let conflicts = |one: &&HostPort| self.ports.iter().any(|other| one.conflicts(other));
        if let Some(taken) = spec.pod.host_ports.iter().find(conflicts) {
            return Err(SolveError::HostPort(taken.port));
        }
        if !fits(&spec.amounts, &self.remaining) {
            return Err(SolveError::Resources);
        }
        self.requirements
            .compatible(&spec.requirements, Undefined::Denied)
            .map_err(SolveError::Incompatible)?;
        let mut wanted = self.requirements.intersection(&spec.requirements);
        let pinned = topology
            .narrow(spec, taints, &wanted)
            .map_err(|(error, _)| error)?;
        if let Some(pinned) = pinned {
            wanted
                .compatible(&pinned, Undefined::Denied)
                .map_err(SolveError::Incompatible)?;
            wanted.extend(pinned.iter().cloned());
        }
        topology.record(spec, taints, &wanted);
        for (left, want) in self.remaining.iter_mut().zip(&spec.amounts) {
            *left -= want;
        }
        self.requirements = wanted;
        self.ports.extend(spec.pod.host_ports.iter().cloned());
        self.pods.push(pod);
        Ok(())
    }
}
