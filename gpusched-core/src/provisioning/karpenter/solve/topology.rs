//! Spread, affinity and anti-affinity: which constraints a pod is under, and who counts where.
//!
//! A constraint that several pods state is one group. A pod is under the groups it states, and
//! under the anti-affinity of others that selects it (*inverse* groups, which count the pods that
//! state it). Once a pod is placed, it counts in every group that selects it.

use super::super::objects::PodSpec;
use super::super::{Operator, Requirement, Requirements};
use super::group::{Group, Identity, Kind};
use super::hosts::{HostId, Hosts};
use super::spec::Spec;
use super::stated;
use super::template::untolerated;
use super::universe::Universe;
use super::{Problem, SolveError};
use crate::kube::Taint;

/// All groups.
pub(super) struct Topology<'p> {
    problem: &'p Problem,
    universe: Universe<'p>,
    groups: Vec<Group>,
    /// What groups are to a spec, by spec.
    roles: Vec<Option<Roles>>,
    pub(super) hosts: Hosts,
}

/// What groups are to a spec.
#[derive(Clone, Debug, Default)]
struct Roles {
    /// Groups it is under, and whether each selects it: those it states, then inverse ones.
    under: Vec<(usize, bool)>,
    /// Inverse groups it states.
    inverse: Vec<usize>,
    /// Groups it counts in.
    counted: Vec<usize>,
    /// How many groups have been looked at.
    seen: usize,
}

/// Which constraints to look at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    All,
    /// Those on hosts.
    Hosts,
    /// Those on anything else: nodes of one class share the answer.
    Others,
}

/// A constraint that leaves a node no domain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unmet {
    group: usize,
    /// Whether it never will again: counts of a host only grow, and its fewest pods are always 0.
    pub(super) for_good: bool,
}

impl<'p> Topology<'p> {
    /// With the anti-affinity of the pods that are placed already.
    pub(super) fn new(problem: &'p Problem) -> Topology<'p> {
        let mut topology = Topology {
            problem,
            universe: Universe::new(problem),
            groups: Vec::new(),
            roles: Vec::new(),
            hosts: Hosts::default(),
        };
        for node in &problem.nodes {
            for pod in &node.pods {
                for identity in stated::inverse(&pod.anti_affinity, &pod.namespace) {
                    let domain = node.labels.get(&identity.key);
                    let group = topology.inverse(identity);
                    if let Some(domain) = domain {
                        topology.groups[group].record(domain, &mut topology.hosts);
                    }
                }
            }
        }
        topology
    }

    /// Makes the groups a spec states, counting the pods that are placed already.
    pub(super) fn own(&mut self, spec: &Spec) {
        if self.roles.len() <= spec.id {
            self.roles.resize(spec.id + 1, None);
        }
        if self.roles[spec.id].is_none() {
            self.roles[spec.id] = Some(self.state(&spec.pod));
        }
    }

    fn state(&mut self, pod: &PodSpec) -> Roles {
        let respect = self.problem.options.respect_preferences;
        let inverse = stated::inverse(&pod.anti_affinity.required, &pod.namespace);
        let inverse = inverse.map(|identity| self.inverse(identity)).collect();
        let under = stated::constraints(pod, respect).into_iter();
        Roles {
            under: under
                .map(|(of, least)| self.direct(of, least, pod))
                .collect(),
            inverse,
            ..Roles::default()
        }
    }

    /// The group of a constraint a pod states, and whether it selects the pod.
    fn direct(&mut self, of: Identity, min_domains: Option<u32>, pod: &PodSpec) -> (usize, bool) {
        let index = self.find(&of, false).unwrap_or_else(|| {
            let mut group = Group::new(of, false, min_domains);
            self.know_domains(&mut group, pod);
            self.count(&mut group);
            self.groups.push(group);
            self.groups.len() - 1
        });
        let selects = self.groups[index].selects_labels(&pod.namespace, &pod.labels);
        (index, selects)
    }

    fn inverse(&mut self, of: Identity) -> usize {
        self.find(&of, true).unwrap_or_else(|| {
            let mut group = Group::new(of, true, None);
            self.know_domains(&mut group, &PodSpec::default());
            self.groups.push(group);
            self.groups.len() - 1
        })
    }

    fn find(&self, of: &Identity, inverse: bool) -> Option<usize> {
        let same = |group: &Group| group.inverse == inverse && group.of == *of;
        self.groups.iter().position(same)
    }

    /// The domains nodes could be made in, without those behind taints the pod does not tolerate
    /// if the group cares.
    fn know_domains(&mut self, group: &mut Group, pod: &PodSpec) {
        let honors = group.of.nodes.tolerations.is_some();
        for (domain, taints) in self.universe.of(&group.of.key) {
            let mut open = taints
                .iter()
                .map(|taints| untolerated(taints, &pod.tolerations).is_ok());
            if !honors || open.any(|open| open) {
                group.register(domain, &mut self.hosts);
            }
        }
        if group.of_hosts {
            for host in self.hosts.made() {
                group.hosts.register(host);
            }
        }
    }

    /// Counts the pods that are placed already. As upstream, a term without a selector selects no
    /// pod to be placed but counts every pod that is.
    fn count(&mut self, group: &mut Group) {
        for node in &self.problem.nodes {
            let labels = Requirements::of_labels(&node.labels);
            if !group.of.nodes.matches(&node.taints, &labels) {
                continue;
            }
            let label = node.labels.get(&group.of.key);
            if let Some(domain) = label {
                group.register(domain, &mut self.hosts);
            }
            let host = group.of_hosts.then_some(&node.name);
            let Some(domain) = label.or(host) else {
                continue;
            };
            let counts = |namespace: &str, labels| match group.of.selector {
                None => group.of.namespaces.contains(namespace),
                Some(_) => group.selects_labels(namespace, labels),
            };
            let pods = node.pods.iter();
            let selected = pods.filter(|pod| counts(&pod.namespace, &pod.labels));
            for _ in 0..selected.count() {
                group.record(domain, &mut self.hosts);
            }
        }
    }

    /// Notes that a node of that host name is there or planned.
    pub(super) fn make_host(&mut self, host: HostId) {
        if self.hosts.make(host) {
            for group in self.groups.iter_mut().filter(|group| group.of_hosts) {
                group.hosts.register(host);
            }
        }
    }

    /// Looks at groups that have come up since a spec was last looked at.
    pub(super) fn catch_up(&mut self, spec: &Spec) {
        let Some(roles) = self.roles.get_mut(spec.id).and_then(Option::as_mut) else {
            return;
        };
        for index in roles.seen..self.groups.len() {
            let group = &self.groups[index];
            if group.selects_labels(&spec.pod.namespace, &spec.pod.labels) {
                match group.inverse {
                    true => roles.under.push((index, true)),
                    false => roles.counted.push(index),
                }
            }
        }
        roles.seen = self.groups.len();
    }

    fn roles(&self, spec: &Spec) -> Option<&Roles> {
        self.roles.get(spec.id).and_then(Option::as_ref)
    }

    /// Whether a spec is under a constraint on hosts.
    pub(super) fn minds_hosts(&self, spec: &Spec) -> bool {
        let under = self.roles(spec).map_or(&[][..], |roles| &roles.under);
        under.iter().any(|(group, _)| self.groups[*group].of_hosts)
    }

    /// What the groups a pod is under leave of the domains of a node other than its host name,
    /// which is one or, if its pool asks for another, none; `None` when they leave all as it is.
    ///
    /// # Errors
    /// The first group that leaves nothing.
    pub(super) fn narrow(
        &self,
        spec: &Spec,
        node: &Requirements,
        host: Option<HostId>,
        scope: Scope,
    ) -> Result<Option<Requirements>, Unmet> {
        let mut pinned: Option<Requirements> = None;
        let under = self.roles(spec).map_or(&[][..], |roles| &roles.under);
        for &(index, selects) in under {
            let group = &self.groups[index];
            if scope != Scope::All && group.of_hosts != (scope == Scope::Hosts) {
                continue;
            }
            let key = &group.of.key;
            let of_pod = spec.strict.get(key);
            let unmet = Unmet {
                group: index,
                for_good: group.of_hosts && group.of.kind != Kind::Affinity,
            };
            let allowed = match (group.of_hosts, host) {
                (true, Some(host)) => match group.allows_host(selects, of_pod, host, &self.hosts) {
                    true => continue,
                    false => return Err(unmet),
                },
                (true, None) => group.allowed_without_host(selects, of_pod, &self.hosts),
                (false, _) => {
                    let any = Requirement::any(key);
                    group.allowed(
                        selects,
                        of_pod.unwrap_or(&any),
                        node.get(key).unwrap_or(&any),
                    )
                }
            };
            if allowed.operator() == Operator::DoesNotExist {
                return Err(unmet);
            }
            pinned.get_or_insert_default().add(allowed);
        }
        Ok(pinned)
    }

    /// A constraint that is not met, in words.
    pub(super) fn error(&self, unmet: Unmet) -> SolveError {
        let of = &self.groups[unmet.group].of;
        SolveError::Topology {
            kind: of.kind.name(),
            key: of.key.clone(),
        }
    }

    /// Counts a pod that has been placed on a node of these labels and this host name. Spread and
    /// affinity count it where its domain is settled; anti-affinity wherever it may come to be.
    pub(super) fn record(
        &mut self,
        spec: &Spec,
        taints: &[Taint],
        node: &Requirements,
        name: &Requirement,
        host: Option<HostId>,
    ) {
        let Some(roles) = self.roles.get(spec.id).and_then(Option::as_ref) else {
            return;
        };
        for &index in roles.counted.iter().chain(&roles.inverse) {
            let group = &mut self.groups[index];
            if !group.inverse && !group.counts_on(taints, node, name) {
                continue;
            }
            if group.of_hosts {
                host.into_iter().for_each(|host| group.record_host(host));
                continue;
            }
            let Some(domains) = node.get(&group.of.key) else {
                continue;
            };
            let settled = !domains.is_complement() && domains.values().len() == 1;
            if settled || group.of.kind == Kind::AntiAffinity {
                for domain in domains.values() {
                    group.record(domain, &mut self.hosts);
                }
            }
        }
    }
}
