//! Spread, affinity and anti-affinity: which constraints a pod is under, and who counts where.
//!
//! A constraint that several pods state is one group. A pod is under the groups it states, and
//! under the anti-affinity of others that selects it (*inverse* groups, which count the pods that
//! state it). Once a pod is placed, it counts in every group that selects it.

use super::super::labels::HOSTNAME;
use super::super::objects::{PodSpec, PodTerm};
use super::super::{Operator, Requirement, Requirements};
use super::group::{Group, Identity, Kind, NodeFilter};
use super::spec::{Spec, alternatives};
use super::template::untolerated;
use super::{Problem, SolveError};
use crate::kube::Taint;
use std::collections::{BTreeMap, BTreeSet};

/// Domains by label, each with the taints of the pools that can make nodes in it.
type Universe<'p> = BTreeMap<String, BTreeMap<String, Vec<&'p [Taint]>>>;

/// All groups.
pub(super) struct Topology<'p> {
    problem: &'p Problem,
    universe: Universe<'p>,
    groups: Vec<Group>,
    inverse: Vec<Group>,
    /// Groups a spec states, by spec.
    stated: Vec<Option<Stated>>,
    /// Host names of nodes that are there or planned.
    hosts: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Stated {
    groups: Vec<usize>,
    inverse: Vec<usize>,
}

impl<'p> Topology<'p> {
    /// With the anti-affinity of the pods that are placed already.
    pub(super) fn new(problem: &'p Problem) -> Topology<'p> {
        let mut topology = Topology {
            problem,
            universe: universe(problem),
            groups: Vec::new(),
            inverse: Vec::new(),
            stated: Vec::new(),
            hosts: BTreeSet::new(),
        };
        for node in &problem.nodes {
            for pod in &node.pods {
                for term in &pod.anti_affinity {
                    let identity = of_term(Kind::AntiAffinity, term, &pod.namespace);
                    let group = topology.inverse_group(identity);
                    if let Some(domain) = node.labels.get(&term.key) {
                        topology.inverse[group].record(domain);
                    }
                }
            }
        }
        topology
    }

    /// Makes the groups a spec states, counting the pods that are placed already.
    pub(super) fn own(&mut self, spec: &Spec) {
        if self.stated.len() <= spec.id {
            self.stated.resize(spec.id + 1, None);
        }
        if self.stated[spec.id].is_some() {
            return;
        }
        let pod = &spec.pod;
        let respect = self.problem.options.respect_preferences;
        let mut stated = Stated::default();
        for term in &pod.anti_affinity.required {
            let identity = of_term(Kind::AntiAffinity, term, &pod.namespace);
            stated.inverse.push(self.inverse_group(identity));
        }
        for spread in pod.spread.iter().filter(|one| respect || !one.soft) {
            let identity = Identity {
                kind: Kind::Spread,
                key: spread.key.clone(),
                namespaces: [pod.namespace.clone()].into(),
                selector: spread.selector.clone(),
                max_skew: spread.max_skew,
                nodes: NodeFilter {
                    requirements: match spread.honor_affinity {
                        true => alternatives(pod),
                        false => Vec::new(),
                    },
                    tolerations: spread.honor_taints.then(|| pod.tolerations.clone()),
                },
            };
            stated
                .groups
                .push(self.group(identity, spread.min_domains, pod));
        }
        for (kind, terms) in [
            (Kind::Affinity, &pod.affinity),
            (Kind::AntiAffinity, &pod.anti_affinity),
        ] {
            let preferred = terms
                .preferred
                .iter()
                .filter(|_| respect)
                .map(|(_, term)| term);
            for term in terms.required.iter().chain(preferred) {
                let identity = of_term(kind, term, &pod.namespace);
                stated.groups.push(self.group(identity, None, pod));
            }
        }
        self.stated[spec.id] = Some(stated);
    }

    fn group(&mut self, of: Identity, min_domains: Option<u32>, pod: &PodSpec) -> usize {
        if let Some(known) = self.groups.iter().position(|group| group.of == of) {
            return known;
        }
        let mut group = Group::new(of, min_domains);
        self.know_domains(&mut group, pod);
        self.count(&mut group);
        self.groups.push(group);
        self.groups.len() - 1
    }

    fn inverse_group(&mut self, of: Identity) -> usize {
        if let Some(known) = self.inverse.iter().position(|group| group.of == of) {
            return known;
        }
        let mut group = Group::new(of, None);
        self.know_domains(&mut group, &PodSpec::default());
        self.inverse.push(group);
        self.inverse.len() - 1
    }

    /// The domains nodes could be made in, without those behind taints the pod does not tolerate
    /// if the group cares.
    fn know_domains(&self, group: &mut Group, pod: &PodSpec) {
        let honors = group.of.nodes.tolerations.is_some();
        for (domain, taints) in self.universe.get(&group.of.key).into_iter().flatten() {
            let mut open = taints
                .iter()
                .map(|taints| untolerated(taints, &pod.tolerations).is_ok());
            if !honors || open.any(|open| open) {
                group.register(domain);
            }
        }
        if group.of.key == HOSTNAME {
            for host in &self.hosts {
                group.register(host);
            }
        }
    }

    /// Counts the pods that are placed already. As upstream, a term without a selector selects no
    /// pod to be placed but counts every pod that is.
    fn count(&self, group: &mut Group) {
        for node in &self.problem.nodes {
            let labels = Requirements::of_labels(&node.labels);
            if !group.of.nodes.matches(&node.taints, &labels) {
                continue;
            }
            let label = node.labels.get(&group.of.key);
            if let Some(domain) = label {
                group.register(domain);
            }
            let host = (group.of.key == HOSTNAME).then_some(&node.name);
            let Some(domain) = label.or(host) else {
                continue;
            };
            let counts = |namespace: &str, labels| match group.of.selector {
                None => group.of.namespaces.contains(namespace),
                Some(_) => group.selects_labels(namespace, labels),
            };
            let pods = node.pods.iter();
            let selected = pods
                .filter(|pod| counts(&pod.namespace, &pod.labels))
                .count();
            for _ in 0..selected {
                group.record(domain);
            }
        }
    }

    /// Makes a host known.
    pub(super) fn register(&mut self, host: Option<&str>) {
        let Some(host) = host else { return };
        if !self.hosts.insert(host.to_owned()) {
            return;
        }
        for group in self.groups.iter_mut().chain(&mut self.inverse) {
            if group.of.key == HOSTNAME {
                group.register(host);
            }
        }
    }

    /// What the groups a pod is under leave of the domains of a node; `None` when it is under none.
    ///
    /// # Errors
    /// The first group that leaves nothing, and whether it never will again: counts of a host only
    /// grow, and it is always the fewest that a host may have.
    pub(super) fn narrow(
        &mut self,
        spec: &Spec,
        taints: &[Taint],
        node: &Requirements,
    ) -> Result<Option<Requirements>, (SolveError, bool)> {
        let mut pinned = None;
        let stated = self.stated.get(spec.id).and_then(Option::as_ref);
        let groups = stated.map_or(&[][..], |stated| &stated.groups);
        for &index in groups {
            let group = &mut self.groups[index];
            pin(group, spec, node, &mut pinned)?;
        }
        for group in &mut self.inverse {
            if group.selects(spec.id, &spec.pod) && group.of.nodes.matches(taints, node) {
                pin(group, spec, node, &mut pinned)?;
            }
        }
        Ok(pinned)
    }

    /// Counts a pod that has been placed on a node of these requirements. Spread and affinity count
    /// it where its domain is settled; anti-affinity wherever it may come to be.
    pub(super) fn record(&mut self, spec: &Spec, taints: &[Taint], node: &Requirements) {
        for group in &mut self.groups {
            if !group.selects(spec.id, &spec.pod) || !group.of.nodes.matches(taints, node) {
                continue;
            }
            let Some(domains) = node.get(&group.of.key) else {
                continue;
            };
            let settled = !domains.is_complement() && domains.values().len() == 1;
            if settled || group.of.kind == Kind::AntiAffinity {
                domains
                    .values()
                    .iter()
                    .for_each(|domain| group.record(domain));
            }
        }
        let stated = self.stated.get(spec.id).and_then(Option::as_ref);
        let inverse = stated.map_or(&[][..], |stated| &stated.inverse);
        for &index in inverse {
            let group = &mut self.inverse[index];
            if let Some(domains) = node.get(&group.of.key) {
                domains
                    .values()
                    .iter()
                    .for_each(|domain| group.record(domain));
            }
        }
    }
}

/// Adds what a group allows to what others do.
fn pin(
    group: &mut Group,
    spec: &Spec,
    node: &Requirements,
    pinned: &mut Option<Requirements>,
) -> Result<(), (SolveError, bool)> {
    let key = group.of.key.clone();
    let any = || Requirement::any(&key);
    let of_pod = spec.strict.get(&key).cloned().unwrap_or_else(any);
    let of_node = node.get(&key).cloned().unwrap_or_else(any);
    let selects = group.selects(spec.id, &spec.pod);
    let allowed = group.allowed(selects, &of_pod, &of_node);
    if allowed.operator() == Operator::DoesNotExist {
        let kind = group.of.kind;
        let for_good = key == HOSTNAME && kind != Kind::Affinity;
        let kind = kind.name();
        return Err((SolveError::Topology { kind, key }, for_good));
    }
    pinned.get_or_insert_default().add(allowed);
    Ok(())
}

fn of_term(kind: Kind, term: &PodTerm, namespace: &str) -> Identity {
    let listed: BTreeSet<String> = term.namespaces.iter().cloned().collect();
    Identity {
        kind,
        key: term.key.clone(),
        namespaces: match listed.is_empty() {
            true => [namespace.to_owned()].into(),
            false => listed,
        },
        selector: term.selector.clone(),
        max_skew: i64::MAX,
        nodes: NodeFilter::default(),
    }
}

/// Domains nodes could be made in: values of labels that pools and types together allow, and those
/// pools list. Where some pool makes nodes without taints in a domain, only that pool matters.
fn universe(problem: &Problem) -> Universe<'_> {
    let mut universe = Universe::new();
    let mut insert = |requirement: &Requirement, taints| {
        let domains = universe.entry(requirement.key().to_owned()).or_default();
        for value in requirement.values() {
            let known: &mut Vec<&[Taint]> = domains.entry(value.clone()).or_default();
            if <[Taint]>::is_empty(taints) {
                *known = vec![taints];
            } else if known.first().is_none_or(|first| !first.is_empty()) {
                known.push(taints);
            }
        }
    };
    for pool in &problem.pools {
        let mut of_pool = pool.requirements.clone();
        of_pool.extend(Requirements::of_labels(&pool.labels).iter().cloned());
        for of in &problem.types {
            let both = of_pool.intersection(&of.requirements);
            both.iter().for_each(|one| insert(one, &pool.taints));
        }
        let listed = of_pool.iter().filter(|one| one.operator() == Operator::In);
        listed.for_each(|one| insert(one, &pool.taints));
    }
    universe
}
