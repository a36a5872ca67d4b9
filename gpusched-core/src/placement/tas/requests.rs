//! What a pod asks of a leaf, on dense resource ids.

use crate::kube::{Node, Resources};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// The resource every pod takes one of.
const PODS: &str = "pods";

/// What one pod requests, by its number in a [`Forest`](super::Forest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestsId(pub(super) u32);

/// Amounts by resource id, in the order of ids.
type Amounts = Box<[(u16, i64)]>;

/// What one pod requests.
#[derive(Clone, Debug)]
pub(super) struct PodRequests {
    /// As asked for, plus the pod itself.
    pub(super) named: Resources,
    /// Nothing at all was asked for.
    nothing: bool,
    /// Something is asked for that no node has: it fits nowhere.
    nowhere: bool,
    amounts: Amounts,
    with_pod: Amounts,
}

impl PodRequests {
    /// Pods (itself counted) that fit into what is free.
    #[inline]
    pub(super) fn pods_in(&self, free: &[i64]) -> i64 {
        match self.nowhere {
            true => 0,
            false => count(free, &self.with_pod),
        }
    }

    /// The same after one pod of another kind went first.
    pub(super) fn pods_in_beside(&self, free: &[i64], other: &PodRequests) -> i64 {
        if self.nowhere {
            return 0;
        }
        let mut taken = other.with_pod.iter().peekable();
        let left = self.with_pod.iter().map(|&(resource, each)| {
            while taken.next_if(|(before, _)| *before < resource).is_some() {}
            let gone = taken.peek().filter(|(other, _)| *other == resource);
            let gone = gone.map_or(0, |(_, amount)| *amount);
            (free[usize::from(resource)].wrapping_sub(gone), each)
        });
        count_of(left)
    }

    /// Times what was asked for fits into what is free, the pod itself not counted. Nothing fits
    /// zero times, as upstream has it.
    pub(super) fn times_in(&self, free: &[i64]) -> i64 {
        match self.nowhere || self.nothing {
            true => 0,
            false => count(free, &self.amounts),
        }
    }

    /// The first resource, by name, that is short of one pod.
    pub(super) fn short_of<'t>(&'t self, free: &[i64], table: &RequestTable) -> Option<&'t str> {
        let short = |(name, each): (&'t String, &i64)| {
            let free = table.resource(name).map_or(0, |resource| free[resource]);
            (*each != 0 && free < *each).then_some(name.as_str())
        };
        self.named.iter().find_map(short)
    }

    /// Takes `pods` pods (negative: gives them back) off what is free. Arithmetic wraps, so that
    /// taking and giving back is exact whatever the amounts.
    #[inline]
    pub(super) fn take(&self, free: &mut [i64], pods: i64) {
        for &(resource, each) in &*self.with_pod {
            let free = &mut free[usize::from(resource)];
            *free = free.wrapping_sub(each.wrapping_mul(pods));
        }
    }
}

fn count(free: &[i64], amounts: &[(u16, i64)]) -> i64 {
    count_of(
        amounts
            .iter()
            .map(|&(resource, each)| (free[usize::from(resource)], each)),
    )
}

/// How many times all amounts fit. What is overdrawn fits zero times.
#[inline]
fn count_of(amounts: impl Iterator<Item = (i64, i64)>) -> i64 {
    let mut least = i64::from(i32::MAX);
    for (free, each) in amounts {
        // A product is cheaper than a quotient, and most resources do not bind.
        if each.checked_mul(least).is_some_and(|all| free >= all) {
            continue;
        }
        least = least.min(free.wrapping_div(each)).max(0);
        if least == 0 {
            break;
        }
    }
    least
}

/// Resources of the nodes, and the requests seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestTable {
    /// In the order of names, so that ids compare as names do.
    names: Vec<String>,
    requests: Vec<PodRequests>,
    known: FxHashMap<Vec<(String, i64)>, RequestsId>,
}

impl RequestTable {
    pub(super) fn new(nodes: &[&Node]) -> Self {
        let mut names: BTreeSet<&str> = nodes
            .iter()
            .flat_map(|node| node.allocatable.keys().map(String::as_str))
            .collect();
        names.insert(PODS);
        // More names than ids: what has none counts as absent from every node.
        let names = names.into_iter().take(usize::from(u16::MAX));
        RequestTable {
            names: names.map(str::to_owned).collect(),
            ..RequestTable::default()
        }
    }

    /// Number of resources.
    pub(super) fn width(&self) -> usize {
        self.names.len()
    }

    /// Id of a resource.
    pub(super) fn resource(&self, name: &str) -> Option<usize> {
        self.names
            .binary_search_by(|one| one.as_str().cmp(name))
            .ok()
    }

    /// Names of the resources, by id.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn get(&self, id: RequestsId) -> &PodRequests {
        &self.requests[id.0 as usize]
    }

    /// The id of requests, which are remembered.
    pub(super) fn intern(&mut self, asked: &Resources) -> RequestsId {
        let key: Vec<(String, i64)> = asked.iter().map(|(name, by)| (name.clone(), *by)).collect();
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let id = RequestsId(self.requests.len() as u32);
        let mut named = asked.clone();
        let pods = named.entry(PODS.to_owned()).or_default();
        *pods = pods.saturating_add(1);
        self.requests.push(PodRequests {
            nothing: asked.is_empty(),
            nowhere: named
                .iter()
                .any(|(name, &by)| by != 0 && self.resource(name).is_none()),
            amounts: self.dense(asked),
            with_pod: self.dense(&named),
            named,
        });
        self.known.insert(key, id);
        id
    }

    fn dense(&self, named: &Resources) -> Amounts {
        named
            .iter()
            .filter(|(_, by)| **by != 0)
            .filter_map(|(name, &by)| Some((self.resource(name)? as u16, by)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scarcest_resource_counts() {
        assert_eq!(count(&[10, 7, 0], &[(0, 3), (1, 3)]), 2);
        assert_eq!(count(&[10, -7], &[(0, 3), (1, 3)]), 0);
        assert_eq!(count(&[10], &[]), i64::from(i32::MAX));
        assert_eq!(count(&[i64::MAX], &[(0, 1)]), i64::from(i32::MAX));
        assert_eq!(count(&[i64::MAX], &[(0, i64::MAX)]), 1);
    }
}
