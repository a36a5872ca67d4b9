//! One topology constraint and the pods that count for it, by domain.

use super::super::labels::HOSTNAME;
use super::super::{Operator, Requirement, Requirements, Undefined};
use super::hosts::{HostCounts, HostId, Hosts};
use super::template::untolerated;
use crate::kube::{LabelSelector, Labels, Taint, Toleration};
use std::collections::{BTreeMap, BTreeSet};

/// What a constraint wants of domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// About equally many pods in each.
    Spread,
    /// One that has such pods.
    Affinity,
    /// One that has none.
    AntiAffinity,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Spread => "topology spread",
            Kind::Affinity => "pod affinity",
            Kind::AntiAffinity => "pod anti-affinity",
        }
    }
}

/// What makes two constraints the same. As upstream, `minDomains` does not: the first one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) namespaces: BTreeSet<String>,
    pub(super) selector: Option<LabelSelector>,
    pub(super) max_skew: i64,
    pub(super) nodes: NodeFilter,
}

/// Which nodes a spread counts; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeFilter {
    /// Any one of them must be met; empty = no matter.
    pub(super) requirements: Vec<Requirements>,
    /// The tolerations that must cover a node's taints, if taints matter.
    pub(super) tolerations: Option<Vec<Toleration>>,
}

impl NodeFilter {
    pub(super) fn matches(&self, taints: &[Taint], node: &Requirements) -> bool {
        let affinity = self.requirements.is_empty()
            || self
                .requirements
                .iter()
                .any(|one| one.is_empty() || node.compatible(one, Undefined::Denied).is_ok());
        let tolerated = |tolerations: &Vec<Toleration>| untolerated(taints, tolerations).is_ok();
        affinity && self.tolerations.as_ref().is_none_or(tolerated)
    }

    fn is_everywhere(&self) -> bool {
        let affinity = &self.requirements;
        self.tolerations.is_none()
            && (affinity.is_empty() || affinity.iter().any(Requirements::is_empty))
    }

    fn names_host(&self) -> bool {
        self.requirements
            .iter()
            .any(|one| one.get(HOSTNAME).is_some())
    }
}

/// A constraint and its counts.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) of: Identity,
    /// Whether it is the anti-affinity of others: it binds the pods it selects, and counts those
    /// that state it.
    pub(super) inverse: bool,
    /// Whether its domains are hosts.
    pub(super) of_hosts: bool,
    pub(super) min_domains: Option<u32>,
    /// Counts by domain, unless domains are hosts.
    pub(super) domains: BTreeMap<String, i64>,
    /// Counts by host, if domains are hosts.
    pub(super) hosts: HostCounts,
    /// Domains with pods.
    pub(super) occupied: usize,
    /// Whether it counts on all nodes.
    everywhere: bool,
}

impl Group {
    pub(super) fn new(of: Identity, inverse: bool, min_domains: Option<u32>) -> Group {
        Group {
            of_hosts: of.key == HOSTNAME,
            everywhere: of.nodes.is_everywhere(),
            of,
            inverse,
            min_domains,
            domains: BTreeMap::new(),
            hosts: HostCounts::default(),
            occupied: 0,
        }
    }

    /// Makes a domain known.
    pub(super) fn register(&mut self, domain: &str, hosts: &mut Hosts) {
        if self.of_hosts {
            self.hosts.register(hosts.number(domain));
        } else if !self.domains.contains_key(domain) {
            self.domains.insert(domain.to_owned(), 0);
        }
    }

    /// Counts a pod in a domain.
    pub(super) fn record(&mut self, domain: &str, hosts: &mut Hosts) {
        if self.of_hosts {
            return self.record_host(hosts.number(domain));
        }
        self.register(domain, hosts);
        if let Some(count) = self.domains.get_mut(domain) {
            self.occupied += usize::from(*count == 0);
            *count += 1;
        }
    }

    /// Counts a pod on a host.
    pub(super) fn record_host(&mut self, host: HostId) {
        let count = self.hosts.register(host);
        self.occupied += usize::from(*count == 0);
        *count += 1;
    }

    /// Whether pods on nodes of these labels and taints count; the host name is added where it
    /// matters.
    pub(super) fn counts_on(
        &self,
        taints: &[Taint],
        labels: &Requirements,
        host: &Requirement,
    ) -> bool {
        self.everywhere
            || match self.of.nodes.names_host() {
                false => self.of.nodes.matches(taints, labels),
                true => {
                    let mut named = labels.clone();
                    named.set(HOSTNAME, Some(host.clone()));
                    self.of.nodes.matches(taints, &named)
                }
            }
    }

    /// Whether it selects pods of these labels in this namespace.
    pub(super) fn selects_labels(&self, namespace: &str, labels: &Labels) -> bool {
        let matches = |selector: &LabelSelector| selector.matches(labels);
        self.of.namespaces.contains(namespace) && self.of.selector.as_ref().is_some_and(matches)
    }

    /// The domains a pod may go to: of those its node may still be in (`node`) and, for the count,
    /// those the pod's own wishes allow (`pod`). [`Operator::DoesNotExist`] when there is none.
    /// Not for hosts.
    pub(super) fn allowed(
        &self,
        selects: bool,
        pod: &Requirement,
        node: &Requirement,
    ) -> Requirement {
        match self.of.kind {
            Kind::Spread => self.spread(selects, pod, node),
            Kind::Affinity => self.affinity(selects, pod, node),
            Kind::AntiAffinity => self.empty_domains(pod, node),
        }
    }

    /// Known domains a node may be in, in order of name, with their counts.
    fn domains<'s>(
        &'s self,
        node: &'s Requirement,
    ) -> Box<dyn Iterator<Item = (&'s String, i64)> + 's> {
        match node.operator() {
            Operator::In => {
                let known = |domain| self.domains.get_key_value(domain);
                let found = node.values().iter().filter_map(known);
                Box::new(found.map(|(domain, count)| (domain, *count)))
            }
            _ => {
                let all = self.domains.iter().filter(|(domain, _)| node.has(domain));
                Box::new(all.map(|(domain, count)| (domain, *count)))
            }
        }
    }

    /// One domain: the one with fewest pods among those that stay within the skew; of equal ones
    /// the first by name (upstream: any).
    fn spread(&self, selects: bool, pod: &Requirement, node: &Requirement) -> Requirement {
        let own = i64::from(selects);
        let fewest = self.fewest(pod);
        let within = |count: i64| count + own - fewest <= self.of.max_skew;
        let domains = self.domains(node).filter(|(_, count)| within(*count));
        match domains.min_by_key(|(_, count)| *count) {
            Some((domain, _)) => Requirement::one_of(&self.of.key, &[domain]),
            None => Requirement::none(&self.of.key),
        }
    }

    fn fewest(&self, pod: &Requirement) -> i64 {
        let supported = || self.domains.iter().filter(|(domain, _)| pod.has(domain));
        let too_few = |least: u32| supported().count() < least as usize;
        match self.min_domains.is_some_and(too_few) {
            true => 0,
            false => supported().map(|(_, count)| *count).min().unwrap_or(0),
        }
    }

    /// Every domain with pods; where there is none the pod could go to and it selects itself, it
    /// begins one: the first by name that its node may be in, and the first its wishes allow.
    fn affinity(&self, selects: bool, pod: &Requirement, node: &Requirement) -> Requirement {
        let key = &self.of.key;
        let compatible = || {
            self.domains
                .iter()
                .any(|(domain, count)| *count > 0 && pod.has(domain))
        };
        let begins = || selects && (self.occupied == 0 || !compatible());
        let occupied = self
            .domains(node)
            .filter(|(domain, count)| *count > 0 && pod.has(domain));
        let occupied: Vec<&String> = occupied.map(|(domain, _)| domain).collect();
        if !occupied.is_empty() || !begins() {
            return Requirement::one_of(key, &occupied);
        }
        let both = pod.intersection(node);
        let first = |allowed: &Requirement| self.domains.keys().find(|domain| allowed.has(domain));
        let domains: Vec<&String> = first(&both).into_iter().chain(first(pod)).collect();
        Requirement::one_of(key, &domains)
    }

    /// Every domain without pods.
    fn empty_domains(&self, pod: &Requirement, node: &Requirement) -> Requirement {
        let empty = self
            .domains(node)
            .filter(|(domain, count)| *count == 0 && pod.has(domain));
        let empty: Vec<&String> = empty.map(|(domain, _)| domain).collect();
        Requirement::one_of(&self.of.key, &empty)
    }
}
