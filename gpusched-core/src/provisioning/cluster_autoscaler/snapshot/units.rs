//! Resources as dense vectors, and pods of one kind: worked out once.

use super::neighbours;
use crate::kube::{Operator, Resources};
use crate::provisioning::karpenter::labels::HOSTNAME;
use crate::provisioning::karpenter::objects::PodSpec;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Pods of equal specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct Kind(pub(super) u32);

/// What there is to know about a kind of pods.
#[derive(Debug)]
pub(super) struct OfKind {
    pub(super) spec: Arc<PodSpec>,
    /// What it requests, by resource; the pod itself is 1 of `pods`.
    pub(super) amounts: Vec<(usize, i64)>,
    /// Whether it asks for nodes by name, so that like nodes are not alike to it.
    pub(super) by_name: bool,
    /// Whether it minds which pods are where.
    pub(super) neighbours: bool,
}

/// All kinds, and which resource stands where.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    pub(super) all: Vec<OfKind>,
    resources: BTreeMap<String, usize>,
    of_pointer: FxHashMap<usize, Kind>,
    of_requests: BTreeMap<Resources, Vec<Kind>>,
    /// Keeps every spec that is known by its address alive, so that the address stays its own.
    held: Vec<Arc<PodSpec>>,
}

impl Kinds {
    /// The kind of a spec. O(1) for one seen before; else a search among those that request the
    /// same.
    pub(super) fn of(&mut self, spec: &Arc<PodSpec>) -> Kind {
        let address = Arc::as_ptr(spec) as usize;
        if let Some(known) = self.of_pointer.get(&address) {
            return *known;
        }
        let same = self.of_requests.get(&spec.requests);
        let equal = |kind: &&Kind| *self.all[kind.0 as usize].spec == **spec;
        let known = same.and_then(|same| same.iter().find(equal)).copied();
        let kind = known.unwrap_or_else(|| self.add(spec));
        self.of_pointer.insert(address, kind);
        self.held.push(spec.clone());
        kind
    }

    fn add(&mut self, spec: &Arc<PodSpec>) -> Kind {
        let kind = Kind(self.all.len() as u32);
        let own = spec.requests.iter().filter(|(name, _)| *name != "pods");
        let own: Vec<(&str, i64)> = own.map(|(name, amount)| (name.as_str(), *amount)).collect();
        let mut amounts: Vec<(usize, i64)> = [("pods", 1)]
            .into_iter()
            .chain(own)
            .filter(|(_, amount)| *amount > 0)
            .map(|(name, amount)| (self.index(name), amount))
            .collect();
        amounts.sort_unstable();
        self.all.push(OfKind {
            by_name: asks_by_name(spec),
            neighbours: neighbours::minds(spec),
            spec: spec.clone(),
            amounts,
        });
        let same = self.of_requests.entry(spec.requests.clone()).or_default();
        same.push(kind);
        kind
    }

    /// Where a resource stands; it is given a place if it has none.
    pub(super) fn index(&mut self, name: &str) -> usize {
        if let Some(known) = self.resources.get(name) {
            return *known;
        }
        let next = self.resources.len();
        self.resources.insert(name.to_owned(), next);
        next
    }

    /// How many resources pods have asked for so far: what [`Kinds::dense`] makes grows with it.
    pub(super) fn resources(&self) -> usize {
        self.resources.len()
    }

    /// Amounts of the resources that some pod asks for; what is not named is 0.
    pub(super) fn dense(&self, amounts: &Resources) -> Vec<i64> {
        let mut dense = vec![0; self.resources.len()];
        for (name, at) in &self.resources {
            dense[*at] = amounts.get(name).copied().unwrap_or(0);
        }
        dense
    }

    /// The name of a resource.
    pub(super) fn resource(&self, at: usize) -> String {
        let mut named = self.resources.iter().filter(|(_, index)| **index == at);
        named
            .next()
            .map(|(name, _)| name.clone())
            .unwrap_or_default()
    }
}

fn asks_by_name(spec: &PodSpec) -> bool {
    let mut terms = spec.node_affinity.required.iter().flatten();
    spec.node_selector.contains_key(HOSTNAME)
        || terms.any(|term| {
            let names_host = |one: &crate::kube::Requirement| {
                one.key == HOSTNAME && one.operator != Operator::Exists
            };
            !term.match_fields.is_empty() || term.match_expressions.iter().any(names_host)
        })
}
