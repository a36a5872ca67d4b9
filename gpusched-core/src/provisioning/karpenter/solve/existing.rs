//! A node that is there, or on its way: who can join it.

use super::super::labels::HOSTNAME;
use super::super::objects::{ExistingNode, HostPort};
use super::super::{Requirement, Requirements, Undefined};
use super::Problem;
use super::amounts::{Amounts, Units, fits};
use super::classes::Classes;
use super::seat::{Narrowed, Refusal, Seat};
use super::spec::{Spec, strict};
use super::template::{one_pod, untolerated};
use super::topology::{Scope, Topology};

/// A node and what is left of it.
pub(super) struct Existing<'p> {
    /// Which one of the problem's it is.
    pub(super) index: usize,
    pub(super) node: &'p ExistingNode,
    pub(super) pods: Vec<usize>,
    seat: Seat,
    remaining: Amounts,
    ports: Vec<HostPort>,
}

/// The nodes of a problem that take pods: those initialized first, then by name.
pub(super) fn all<'p>(
    problem: &'p Problem,
    units: &Units,
    classes: &mut Classes<'_>,
    topology: &mut Topology<'_>,
) -> Vec<Existing<'p>> {
    let mut order: Vec<usize> = (0..problem.nodes.len()).collect();
    order.sort_by_key(|index| {
        let node = &problem.nodes[*index];
        (!node.initialized, &node.name)
    });
    let mut all = Vec::new();
    for index in order {
        let one = Existing::new(index, problem, units, classes, topology);
        if let Some(host) = one.seat.host {
            topology.make_host(host);
        }
        all.push(one);
    }
    all
}

impl<'p> Existing<'p> {
    fn new(
        index: usize,
        problem: &'p Problem,
        units: &Units,
        classes: &mut Classes<'_>,
        topology: &mut Topology<'_>,
    ) -> Existing<'p> {
        let node = &problem.nodes[index];
        let mut labels = Requirements::of_labels(&node.labels);
        let own = || Requirement::one_of(HOSTNAME, &[&node.name]);
        let name = labels.get(HOSTNAME).cloned().unwrap_or_else(own);
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
        labels.set(HOSTNAME, None);
        let mut remaining = units.dense(&node.available);
        for (left, (due, there)) in remaining.iter_mut().zip(due.iter().zip(&there)) {
            *left = left.saturating_sub((due - there).max(0));
        }
        Existing {
            index,
            node,
            pods: Vec::new(),
            seat: Seat {
                host: name
                    .values()
                    .first()
                    .map(|name| topology.hosts.number(name)),
                class: classes.intern(None, labels),
                name,
            },
            remaining,
            ports: node
                .pods
                .iter()
                .flat_map(|pod| pod.host_ports.iter().cloned())
                .collect(),
        }
    }

    /// What a pod would leave of the node's labels. Checks in order: ports, room, taints, labels
    /// (none may be undefined: the node has those it has), topology.
    pub(super) fn check(
        &self,
        spec: &Spec,
        classes: &mut Classes<'_>,
        topology: &Topology<'_>,
    ) -> Result<Narrowed, Refusal> {
        let conflicts = |one: &&HostPort| self.ports.iter().any(|other| one.conflicts(other));
        if let Some(taken) = spec.pod.host_ports.iter().find(conflicts) {
            return Err(Refusal::Port(taken.port));
        }
        if !fits(&spec.amounts, &self.remaining) {
            return Err(Refusal::Room);
        }
        let taints = &self.node.taints;
        self.seat
            .narrow(spec, taints, Scope::All, classes, topology)
    }

    /// Adds a pod if it can be added.
    pub(super) fn try_add(
        &mut self,
        pod: usize,
        spec: &Spec,
        classes: &mut Classes<'_>,
        topology: &mut Topology<'_>,
    ) -> Result<(), Refusal> {
        let narrowed = self.check(spec, classes, topology)?;
        let taints = &self.node.taints;
        self.seat
            .settle(narrowed.class, spec, taints, classes, topology);
        for (left, want) in self.remaining.iter_mut().zip(&spec.amounts) {
            *left -= want;
        }
        self.ports.extend(spec.pod.host_ports.iter().cloned());
        self.pods.push(pod);
        Ok(())
    }
}
