//! Host names as numbers, and what topology leaves of single hosts.

use super::super::Requirement;
use super::group::{Group, Kind};
use rustc_hash::FxHashMap;

/// A host name, by number.
pub(super) type HostId = usize;

/// All host names anybody has mentioned.
#[derive(Clone, Default)]
pub(super) struct Hosts {
    numbers: FxHashMap<String, HostId>,
    names: Vec<String>,
    /// Whether a node of that name is there or planned.
    made: Vec<bool>,
}

impl Hosts {
    pub(super) fn number(&mut self, name: &str) -> HostId {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.made.push(false);
        self.names.len() - 1
    }

    pub(super) fn name(&self, host: HostId) -> &str {
        &self.names[host]
    }

    /// Notes that a node of that name is there or planned; whether that is news.
    pub(super) fn make(&mut self, host: HostId) -> bool {
        !std::mem::replace(&mut self.made[host], true)
    }

    /// Hosts that are there or planned.
    pub(super) fn made(&self) -> impl Iterator<Item = HostId> {
        (0..self.made.len()).filter(|host| self.made[*host])
    }
}

/// Pods that count for a constraint, by host; `None`: it does not know the host.
#[derive(Clone, Debug, Default)]
pub(super) struct HostCounts(Vec<Option<i64>>);

impl HostCounts {
    /// Makes a host known.
    pub(super) fn register(&mut self, host: HostId) -> &mut i64 {
        if self.0.len() <= host {
            self.0.resize(host + 1, None);
        }
        self.0[host].get_or_insert(0)
    }

    fn of(&self, host: HostId) -> i64 {
        self.0.get(host).copied().flatten().unwrap_or(0)
    }

    fn known(&self) -> impl Iterator<Item = (HostId, i64)> {
        let all = self.0.iter().enumerate();
        all.filter_map(|(host, count)| Some((host, (*count)?)))
    }
}

impl Group {
    /// Whether a pod may go to a host; `pod` is what the pod's own wishes say of host names.
    ///
    /// A host may always be made, so the fewest pods any host has is 0.
    pub(super) fn allows_host(
        &self,
        selects: bool,
        pod: Option<&Requirement>,
        host: HostId,
        hosts: &Hosts,
    ) -> bool {
        let count = self.hosts.of(host);
        let has = |host: HostId| pod.is_none_or(|pod| pod.has(hosts.name(host)));
        match self.of.kind {
            Kind::Spread => count + i64::from(selects) <= self.of.max_skew,
            Kind::AntiAffinity => count == 0,
            Kind::Affinity => has(host) && (count > 0 || self.begins_host(selects, pod, hosts)),
        }
    }

    /// Whether a pod with affinity to hosts begins one: it selects itself, and no host it could go
    /// to has such pods.
    fn begins_host(&self, selects: bool, pod: Option<&Requirement>, hosts: &Hosts) -> bool {
        let has = |host: HostId| pod.is_none_or(|pod| pod.has(hosts.name(host)));
        let occupied = || {
            self.hosts
                .known()
                .any(|(host, count)| count > 0 && has(host))
        };
        selects && (self.occupied == 0 || !occupied())
    }

    /// What is left of the host name of a node that can have none, its pool asking for another:
    /// the host where affinity would begin, which is not this one, or nothing.
    pub(super) fn allowed_without_host(
        &self,
        selects: bool,
        pod: Option<&Requirement>,
        hosts: &Hosts,
    ) -> Requirement {
        let key = &self.of.key;
        if self.of.kind != Kind::Affinity || !self.begins_host(selects, pod, hosts) {
            return Requirement::none(key);
        }
        let names = self.hosts.known().map(|(host, _)| hosts.name(host));
        let first = names
            .filter(|name| pod.is_none_or(|pod| pod.has(name)))
            .min();
        Requirement::one_of(key, &Vec::from_iter(first))
    }
}
