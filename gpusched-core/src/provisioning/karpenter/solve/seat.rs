//! What a node's labels are, or may be, and what a pod that joins leaves of them.

use super::super::{Incompatible, Requirement};
use super::SolveError;
use super::classes::{ClassId, Classes};
use super::hosts::HostId;
use super::spec::Spec;
use super::template::untolerated;
use super::topology::{Scope, Topology, Unmet};
use crate::kube::Taint;
use std::rc::Rc;

/// The labels of one node.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// All but the host name.
    pub(super) class: ClassId,
    /// The host name: one value, or none where a pool asks for another than its node would have.
    pub(super) name: Requirement,
    /// The number of that value.
    pub(super) host: Option<HostId>,
}

/// What a pod leaves of the labels of nodes of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowed {
    pub(super) class: ClassId,
    /// Whether topology had a say, which may be another one next time.
    pub(super) pinned: bool,
}

/// Why a pod cannot join a node.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    Taint(SolveError),
    /// Its wishes contradict the labels.
    Labels(Rc<Incompatible>),
    /// The domains topology leaves contradict the labels.
    Domains(Rc<Incompatible>),
    Topology(Unmet),
    Port(u16),
    /// The node has too little left.
    Room,
    /// No instance type is left, with these labels.
    Types(Narrowed),
    Reserved(&'static str),
}

impl Refusal {
    /// Whether it will never be otherwise: what is left of a node only shrinks.
    pub(super) fn for_good(&self) -> bool {
        match self {
            Refusal::Taint(_) | Refusal::Port(_) | Refusal::Room => true,
            // Another pod may yet define the label, by not wanting some of its values.
            Refusal::Labels(why) => !matches!(**why, Incompatible::Unknown(_)),
            Refusal::Topology(unmet) => unmet.for_good,
            // Another domain may leave other types.
            Refusal::Types(narrowed) => !narrowed.pinned,
            Refusal::Domains(_) | Refusal::Reserved(_) => false,
        }
    }

    /// The refusal of a node that is there, which has one type: it has the room or it has not.
    pub(super) fn in_words(self, topology: &Topology<'_>) -> SolveError {
        match self {
            Refusal::Taint(error) => error,
            Refusal::Labels(why) | Refusal::Domains(why) => {
                SolveError::Incompatible((*why).clone())
            }
            Refusal::Topology(unmet) => topology.error(unmet),
            Refusal::Port(port) => SolveError::HostPort(port),
            Refusal::Room | Refusal::Types(_) => SolveError::Resources,
            Refusal::Reserved(why) => SolveError::Reserved(why),
        }
    }
}

impl Seat {
    /// What a pod leaves of the labels. Checks in order: taints, labels, topology (which may pin
    /// one domain).
    pub(super) fn narrow(
        &self,
        spec: &Spec,
        taints: &[Taint],
        scope: Scope,
        classes: &mut Classes<'_>,
        topology: &Topology<'_>,
    ) -> Result<Narrowed, Refusal> {
        untolerated(taints, &spec.pod.tolerations).map_err(Refusal::Taint)?;
        let class = classes.with(self.class, &self.name, spec);
        let class = class.map_err(Refusal::Labels)?;
        let domains = topology.narrow(spec, classes.requirements(class), self.host, scope);
        match domains.map_err(Refusal::Topology)? {
            None => Ok(Narrowed {
                class,
                pinned: false,
            }),
            Some(domains) => {
                let class = classes.pinned(class, &self.name, domains);
                Ok(Narrowed {
                    class: class.map_err(Refusal::Domains)?,
                    pinned: true,
                })
            }
        }
    }

    /// Takes a pod in: it counts from now on.
    pub(super) fn settle(
        &mut self,
        class: ClassId,
        spec: &Spec,
        taints: &[Taint],
        classes: &Classes<'_>,
        topology: &mut Topology<'_>,
    ) {
        self.class = class;
        let labels = classes.requirements(class);
        topology.record(spec, taints, labels, &self.name, self.host);
    }
}
