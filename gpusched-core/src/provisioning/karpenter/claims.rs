//! NodeClaims: what a planned node asks the provider for, until it is a machine.

use super::labels::{NODEPOOL, WELL_KNOWN};
use super::launch::{Allocation, launch};
use super::objects::NodeType;
use super::pool::Pool;
use super::{NewNode, Requirement};
use crate::kube::{Labels, Taint};
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Launch, MachineId};
use crate::provisioning::spot::scatter;
use crate::units::Span;
use rand::Rng;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tells these draws from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"karpenter/launch");

/// What a pool's nodes are made from: a node whose pool no longer says the same has drifted.
/// Requirements are compared with the node's labels instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    labels: Labels,
    taints: Vec<Taint>,
    expire_after: Option<Span>,
    termination_grace: Option<Span>,
}

impl Template {
    pub(super) fn of(pool: &Pool) -> Template {
        Template {
            labels: pool.template.labels.clone(),
            taints: pool.template.taints.clone(),
            expire_after: pool.expire_after,
            termination_grace: pool.termination_grace,
        }
    }
}

/// Launches that have not come to an end, and machines that came of them.
#[derive(Debug, Default)]
pub(super) struct Claims {
    next: u64,
    waiting: BTreeMap<u64, Arc<Template>>,
    made: BTreeMap<MachineId, Arc<Template>>,
}

/// How launches choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    /// On spot; other capacity is always the cheapest.
    pub(super) spot: Allocation,
    pub(super) well_known: &'a [&'a str],
    pub(super) seed: u64,
}

impl Claims {
    /// What to launch for a planned node; `None` when nothing it may be can be had.
    pub(super) fn plan(
        &mut self,
        node: &NewNode,
        pool: &Pool,
        types: &[NodeType],
        choice: Choice<'_>,
    ) -> Option<Launch> {
        let asked = launch(types, node, choice.well_known)?;
        let ticket = self.next;
        let mut options = asked.options.clone();
        if asked.capacity_type == CapacityType::Spot {
            // There is no public measure of depth: every pool is as deep.
            let chosen = asked.choose(choice.spot, |_| 1.0, unit(choice.seed, ticket));
            let first = options.iter().position(|one| Some(*one) == chosen);
            options[..=first.unwrap_or(0)].rotate_right(1);
        }
        let index = |one: &super::launch::LaunchOption<'_>| {
            let of = node
                .types
                .iter()
                .find(|of| std::ptr::eq(&types[**of], one.node_type))?;
            let mut offers = one.node_type.offerings.iter();
            let number = offers.position(|offer| std::ptr::eq(&offer.offering, one.offering))?;
            Some((*of, number))
        };
        self.next += 1;
        self.waiting.insert(ticket, Arc::new(Template::of(pool)));
        Some(Launch {
            ticket,
            owner: pool.template.name.clone(),
            options: options.iter().filter_map(index).collect(),
            labels: labels(node, pool, choice.well_known),
            taints: pool.template.taints.clone(),
        })
    }

    /// Whether a launch has neither become a machine nor failed.
    pub(super) fn outstanding(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A launch became a machine.
    pub(super) fn launched(&mut self, ticket: u64, machine: MachineId) {
        if let Some(template) = self.waiting.remove(&ticket) {
            self.made.insert(machine, template);
        }
    }

    /// Nothing came of a launch.
    pub(super) fn failed(&mut self, ticket: u64) {
        self.waiting.remove(&ticket);
    }

    /// What a machine was made from; `None` = by someone else.
    pub(super) fn template(&self, machine: MachineId) -> Option<&Template> {
        self.made.get(&machine).map(Arc::as_ref)
    }

    pub(super) fn forget(&mut self, machine: MachineId) {
        self.made.remove(&machine);
    }
}

/// Uniform in (0, 1), by seed and launch.
fn unit(seed: u64, ticket: u64) -> f64 {
    let key = scatter(seed ^ scatter(ticket));
    let mut stream = Pcg64::new(PURPOSE ^ u128::from(key), u128::from(ticket));
    ((stream.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

/// Labels of a node beyond those of its type and offering: its pool, the pool's labels, and one
/// value for every label of the user's own that is asked for.
fn labels(node: &NewNode, pool: &Pool, well_known: &[&str]) -> Labels {
    let mut labels: Labels = [(NODEPOOL.to_owned(), pool.template.name.clone())].into();
    for one in node.requirements.iter() {
        let known = WELL_KNOWN.contains(&one.key()) || well_known.contains(&one.key());
        let started = one.key().starts_with("karpenter.sh/");
        if !known
            && !started
            && let Some(value) = any(one)
        {
            labels.insert(one.key().to_owned(), value);
        }
    }
    labels.extend(pool.template.labels.clone());
    labels
}

/// A value that a requirement allows: the first listed, or the least number. Upstream draws one.
fn any(requirement: &Requirement) -> Option<String> {
    if !requirement.is_complement() {
        return requirement.values().first().cloned();
    }
    let from = requirement.bounds().0.unwrap_or(0).max(0);
    let mut numbers = from..=from.saturating_add(requirement.values().len() as i64);
    numbers.find_map(|number| {
        let value = number.to_string();
        requirement.has(&value).then_some(value)
    })
}
