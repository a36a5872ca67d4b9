//! Who counts where, hosts being domains like any other.

use super::super::super::group::{Group, Identity, Kind};
use super::super::super::hosts::Hosts;
use super::super::super::spec::Spec;
use super::super::super::stated;
use super::super::super::template::untolerated;
use super::super::super::universe::Universe;
use super::super::*;
use std::collections::BTreeSet;

pub(super) struct Topology<'p> {
    problem: &'p Problem,
    universe: Universe<'p>,
    groups: Vec<Group>,
    hosts: BTreeSet<String>,
    /// Groups of hosts count by name here, so no host has a number.
    none: Hosts,
}

impl<'p> Topology<'p> {
    pub(super) fn new(problem: &'p Problem) -> Topology<'p> {
        let mut topology = Topology {
            problem,
            universe: Universe::new(problem),
            groups: Vec::new(),
            hosts: BTreeSet::new(),
            none: Hosts::default(),
        };
        for node in &problem.nodes {
            for pod in &node.pods {
                for of in stated::inverse(&pod.anti_affinity, &pod.namespace) {
                    let domain = node.labels.get(&of.key);
                    let group = topology.group(of, true, None, &PodSpec::default());
                    if let Some(domain) = domain {
                        topology.groups[group].record(domain, &mut topology.none);
                    }
                }
            }
        }
        topology
    }

    pub(super) fn own(&mut self, spec: &Spec) {
        let pod = &spec.pod;
        for of in stated::inverse(&pod.anti_affinity.required, &pod.namespace) {
            self.group(of, true, None, &PodSpec::default());
        }
        for (of, least) in stated::constraints(pod, self.problem.options.respect_preferences) {
            self.group(of, false, least, pod);
        }
    }

    fn find(&self, of: &Identity, inverse: bool) -> Option<usize> {
        let mut groups = self.groups.iter();
        groups.position(|group| group.inverse == inverse && group.of == *of)
    }

    fn group(&mut self, of: Identity, inverse: bool, least: Option<u32>, pod: &PodSpec) -> usize {
        if let Some(known) = self.find(&of, inverse) {
            return known;
        }
        let mut group = Group::new(of, inverse, least);
        group.of_hosts = false;
        let honors = group.of.nodes.tolerations.is_some();
        for (domain, taints) in self.universe.of(&group.of.key) {
            let open = |taints: &&[Taint]| untolerated(taints, &pod.tolerations).is_ok();
            if !honors || taints.iter().any(open) {
                group.register(domain, &mut self.none);
            }
        }
        if group.of.key == HOSTNAME {
            self.hosts
                .iter()
                .for_each(|host| group.register(host, &mut self.none));
        }
        let nodes = self.problem.nodes.iter().filter(|_| !inverse);
        for node in nodes {
            let labels = Requirements::of_labels(&node.labels);
            if !group.of.nodes.matches(&node.taints, &labels) {
                continue;
            }
            let label = node.labels.get(&group.of.key);
            label
                .into_iter()
                .for_each(|label| group.register(label, &mut self.none));
            let host = (group.of.key == HOSTNAME).then_some(&node.name);
            for pod in &node.pods {
                let counts = match group.of.selector {
                    None => group.of.namespaces.contains(&pod.namespace),
                    Some(_) => group.selects_labels(&pod.namespace, &pod.labels),
                };
                if let Some(domain) = label.or(host).filter(|_| counts) {
                    group.record(domain, &mut self.none);
                }
            }
        }
        self.groups.push(group);
        self.groups.len() - 1
    }

    pub(super) fn register(&mut self, node: &Requirements) {
        if let Some(host) = node.get(HOSTNAME).and_then(|one| one.values().first()) {
            self.hosts.insert(host.clone());
            for group in self
                .groups
                .iter_mut()
                .filter(|group| group.of.key == HOSTNAME)
            {
                group.register(host, &mut self.none);
            }
        }
    }

    pub(super) fn narrow(
        &self,
        spec: &Spec,
        node: &Requirements,
    ) -> Result<Requirements, SolveError> {
        let pod = &spec.pod;
        let selects = |group: &Group| group.selects_labels(&pod.namespace, &pod.labels);
        let stated = stated::constraints(pod, self.problem.options.respect_preferences);
        let stated = stated.iter().filter_map(|(of, _)| self.find(of, false));
        let inverse = self
            .groups
            .iter()
            .filter(|group| group.inverse && selects(group));
        let mut pinned = Requirements::default();
        for group in stated.map(|index| &self.groups[index]).chain(inverse) {
            let key = &group.of.key;
            let any = Requirement::any(key);
            let of_pod = spec.strict.get(key).unwrap_or(&any);
            let of_node = node.get(key).unwrap_or(&any);
            let allowed = allowed(group, selects(group), of_pod, of_node);
            if allowed.operator() == Operator::DoesNotExist {
                return Err(SolveError::Topology {
                    kind: group.of.kind.name(),
                    key: key.clone(),
                });
            }
            pinned.add(allowed);
        }
        Ok(pinned)
    }

    pub(super) fn record(&mut self, spec: &Spec, taints: &[Taint], node: &Requirements) {
        let pod = &spec.pod;
        let stated = stated::inverse(&pod.anti_affinity.required, &pod.namespace);
        let stated = Vec::from_iter(stated);
        for group in &mut self.groups {
            let counts = match group.inverse {
                true => stated.contains(&group.of),
                false => {
                    group.selects_labels(&pod.namespace, &pod.labels)
                        && group.of.nodes.matches(taints, node)
                }
            };
            let Some(domains) = node.get(&group.of.key).filter(|_| counts) else {
                continue;
            };
            let settled = !domains.is_complement() && domains.values().len() == 1;
            if settled || group.of.kind == Kind::AntiAffinity {
                let domains = domains.values().iter();
                domains.for_each(|domain| group.record(domain, &mut self.none));
            }
        }
    }
}

/// What a group leaves of the domains of a node. A host that nobody knows has no pods, and because
/// one can always be made, the fewest pods any host has is 0.
fn allowed(group: &Group, selects: bool, pod: &Requirement, node: &Requirement) -> Requirement {
    let (Some(host), true) = (node.values().first(), group.of.key == HOSTNAME) else {
        return group.allowed(selects, pod, node);
    };
    let count = group.domains.get(host).copied().unwrap_or(0);
    let occupied = |(domain, count): (&String, &i64)| *count > 0 && pod.has(domain);
    let begins = || selects && !group.domains.iter().any(occupied);
    let open = match group.of.kind {
        Kind::Spread => count + i64::from(selects) <= group.of.max_skew,
        Kind::AntiAffinity => count == 0,
        Kind::Affinity => pod.has(host) && (count > 0 || begins()),
    };
    match open {
        true => Requirement::one_of(&group.of.key, &[host]),
        false => Requirement::none(&group.of.key),
    }
}
