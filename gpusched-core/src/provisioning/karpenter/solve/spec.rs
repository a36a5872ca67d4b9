//! A pod's wishes, worked out once for all pods that want the same.

use super::super::labels::HOSTNAME;
use super::super::objects::PodSpec;
use super::super::{Operator, Requirement, Requirements};
use super::amounts::{Amounts, Units};
use super::relax::relax;
use super::template::one_pod;
use crate::kube::NodeSelectorTerm;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A [`Spec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpecId(usize);

/// A pod's wishes and what follows from them.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) id: usize,
    pub(super) pod: Rc<PodSpec>,
    /// What it requests, itself included.
    pub(super) amounts: Amounts,
    /// What it asks of nodes, its heaviest preference included.
    pub(super) requirements: Rc<Requirements>,
    /// Whether it asks anything of host names.
    pub(super) names_host: bool,
    /// What it must have.
    pub(super) strict: Requirements,
}

/// All wishes there are, relaxed ones included.
pub(super) struct Specs {
    all: Vec<Spec>,
    ids: FxHashMap<Rc<PodSpec>, SpecId>,
    /// What each becomes next, as far as somebody asked.
    next: Vec<Option<Option<SpecId>>>,
    respect: bool,
    units: Rc<Units>,
}

impl Specs {
    pub(super) fn new(respect: bool, units: Rc<Units>) -> Specs {
        Specs {
            all: Vec::new(),
            ids: FxHashMap::default(),
            next: Vec::new(),
            respect,
            units,
        }
    }

    pub(super) fn get(&self, id: SpecId) -> &Spec {
        &self.all[id.0]
    }

    /// The wishes of a pod.
    pub(super) fn intern(&mut self, pod: &PodSpec) -> SpecId {
        // Replicas come in a row.
        let last = self.all.last().filter(|last| *last.pod == *pod);
        if let Some(last) = last {
            return SpecId(last.id);
        }
        if let Some(known) = self.ids.get(pod) {
            return *known;
        }
        let id = SpecId(self.all.len());
        let spec = self.work_out(pod);
        self.ids.insert(Rc::clone(&spec.pod), id);
        self.all.push(spec);
        self.next.push(None);
        id
    }

    /// The same with one preference less, if there is one left.
    pub(super) fn relaxed(&mut self, id: SpecId, tolerate_prefer: bool) -> Option<SpecId> {
        if let Some(next) = self.next[id.0] {
            return next;
        }
        let mut pod = (*self.all[id.0].pod).clone();
        let next = relax(&mut pod, tolerate_prefer).then(|| self.intern(&pod));
        self.next[id.0] = Some(next);
        next
    }

    fn work_out(&self, pod: &PodSpec) -> Spec {
        let strict = strict(pod);
        let mut requirements = strict.clone();
        if self.respect
            && let Some(heaviest) = heaviest(&pod.node_affinity.preferred, |one| one.weight)
        {
            requirements.extend(expressions(&pod.node_affinity.preferred[heaviest].term));
        }
        Spec {
            id: self.all.len(),
            pod: Rc::new(pod.clone()),
            amounts: self.units.dense(&one_pod(pod)),
            names_host: requirements.get(HOSTNAME).is_some(),
            requirements: Rc::new(requirements),
            strict,
        }
    }
}

/// The first of largest weight.
pub(super) fn heaviest<T>(all: &[T], weight: impl Fn(&T) -> i32) -> Option<usize> {
    let best = all.iter().map(&weight).max()?;
    all.iter().position(|one| weight(one) == best)
}

/// What a pod must have: its selector and the first of the required terms, the others being tried
/// when that fails.
pub(super) fn strict(pod: &PodSpec) -> Requirements {
    let mut requirements = Requirements::of_labels(&pod.node_selector);
    let first = pod
        .node_affinity
        .required
        .as_ref()
        .and_then(|terms| terms.first());
    requirements.extend(first.into_iter().flat_map(expressions));
    requirements
}

/// What a pod's selector and any one of its required terms ask for.
pub(in super::super) fn alternatives(pod: &PodSpec) -> Vec<Requirements> {
    let base = Requirements::of_labels(&pod.node_selector);
    match &pod.node_affinity.required {
        None => vec![base],
        Some(terms) => {
            let with = |term: &NodeSelectorTerm| {
                let mut one = base.clone();
                one.extend(expressions(term));
                one
            };
            terms.iter().map(with).collect()
        }
    }
}

/// A term as requirements. A bound that is no integer, which the API server would have refused,
/// allows nothing.
fn expressions(term: &NodeSelectorTerm) -> impl Iterator<Item = Requirement> + '_ {
    term.match_expressions.iter().map(|one| {
        Requirement::new(&one.key, Operator::from(one.operator), &one.values)
            .unwrap_or_else(|_| Requirement::none(&one.key))
    })
}
