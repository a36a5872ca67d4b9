//! What pods ask of nodes, as the scheduler sums it.

use super::strategy::{ScoredResource, Share};
use crate::kube::{Container, PodSpec, Resources, pod_requests};

/// What a container counts where spreading is scored and it asks for none: milli-cores, bytes.
const DEFAULTS: [(&str, i64); 2] = [("cpu", 100), ("memory", 200 << 20)];

/// What a pod asks for, in the three ways the plugins count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodResources {
    /// The effective request: the filter and BalancedAllocation.
    pub requests: Resources,
    /// The same with defaults for containers that ask for no cpu or memory: what the pod adds to
    /// the node it is on.
    pub non_zero: Resources,
    /// The same without pod-level requests: what NodeResourcesFit scores.
    pub scored: Resources,
}

impl PodResources {
    /// Sums up a pod. O(containers · resources).
    pub fn new(pod: &PodSpec) -> PodResources {
        let mut padded = pod.clone();
        let containers = padded.containers.iter_mut();
        for Container { requests, .. } in containers.chain(&mut padded.init_containers) {
            for (name, amount) in DEFAULTS {
                let asked = requests.entry(name.to_owned()).or_insert(amount);
                if *asked == 0 {
                    *asked = amount;
                }
            }
        }
        let non_zero = pod_requests(&padded);
        padded.resources.clear();
        PodResources {
            requests: pod_requests(pod),
            non_zero,
            scored: pod_requests(&padded),
        }
    }

    /// Whether it asks for none of the resources, so that their balance does not matter to it.
    pub fn asks_for_none(&self, resources: &[ScoredResource]) -> bool {
        let amount = |one: &ScoredResource| self.requests.get(&one.name).copied().unwrap_or(0);
        resources.iter().all(|resource| amount(resource) == 0)
    }
}

/// What a node has, and what its pods hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeResources {
    /// What pods can have.
    pub allocatable: Resources,
    /// What they have.
    pub requested: Resources,
    /// The same with defaults for containers that ask for no cpu or memory.
    pub non_zero: Resources,
    /// How many there are.
    pub pods: i64,
}

impl NodeResources {
    /// Puts a pod on the node.
    pub fn add(&mut self, pod: &PodResources) {
        let sums = [
            (&mut self.requested, &pod.requests),
            (&mut self.non_zero, &pod.non_zero),
        ];
        for (sum, more) in sums {
            for (name, amount) in more {
                *sum.entry(name.clone()).or_default() += amount;
            }
        }
        self.pods += 1;
    }

    /// Shares as NodeResourcesFit scores them, the pod included.
    pub fn scored(&self, pod: &PodResources, resources: &[ScoredResource]) -> Vec<Share> {
        self.shares(&pod.scored, resources, |name| match name {
            "cpu" | "memory" => &self.non_zero,
            _ => &self.requested,
        })
    }

    /// Shares as BalancedAllocation sees them: before the pod, and with it.
    pub fn balance(
        &self,
        pod: &PodResources,
        resources: &[ScoredResource],
    ) -> (Vec<Share>, Vec<Share>) {
        let after = self.shares(&pod.requests, resources, |_| &self.requested);
        let mut before = Vec::with_capacity(after.len());
        let named = (resources.iter()).filter(|one| self.counts(&pod.requests, &one.name));
        for (share, resource) in after.iter().zip(named) {
            let asked = pod.requests.get(&resource.name).copied().unwrap_or(0);
            before.push(Share {
                requested: share.requested - asked,
                ..*share
            });
        }
        (before, after)
    }

    /// Whether a resource counts: the node has some, and of extended resources (those with a
    /// domain) the pod asks for some.
    fn counts(&self, asked: &Resources, name: &str) -> bool {
        let amount = |of: &Resources| of.get(name).copied().unwrap_or(0);
        amount(&self.allocatable) > 0 && (!name.contains('/') || amount(asked) > 0)
    }

    fn shares<'s>(
        &'s self,
        asked: &Resources,
        resources: &[ScoredResource],
        used: impl Fn(&str) -> &'s Resources,
    ) -> Vec<Share> {
        let amount = |of: &Resources, name: &str| of.get(name).copied().unwrap_or(0);
        resources
            .iter()
            .filter(|resource| self.counts(asked, &resource.name))
            .map(|ScoredResource { name, weight }| Share {
                capacity: amount(&self.allocatable, name),
                requested: amount(used(name), name) + amount(asked, name),
                weight: if *weight == 0 { 1 } else { *weight },
            })
            .collect()
    }
}
