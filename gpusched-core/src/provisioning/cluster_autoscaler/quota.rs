//! Limits on what the cluster may have in total.

use super::gpu;
use crate::kube::{Labels, Resources};
use std::fmt;

/// What a limit counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limited {
    /// Cores, in thousandths (`cores-total`).
    Cpu,
    /// Memory in bytes (`memory-total`).
    Memory,
    /// GPUs of a type: the value of the provider's GPU label (`gpu-total`).
    Gpu(String),
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limited::Cpu => f.write_str("cpu"),
            Limited::Memory => f.write_str("memory"),
            Limited::Gpu(of) => write!(f, "GPUs of type {of}"),
        }
    }
}

/// A limit on what all nodes have together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceLimit {
    /// What it counts.
    pub of: Limited,
    /// Scale-down goes no lower.
    pub min: i64,
    /// Scale-up goes no higher.
    pub max: i64,
}

impl ResourceLimit {
    /// Upstream's: 320,000 cores and 6,400,000 GiB.
    pub fn defaults() -> Vec<ResourceLimit> {
        let up_to = |of, max| ResourceLimit { of, min: 0, max };
        vec![
            up_to(Limited::Cpu, 320_000 * 1000),
            up_to(Limited::Memory, 6_400_000 << 30),
        ]
    }
}

/// What is left until the limits are reached, upwards or downwards.
#[derive(Clone, Debug)]
pub(super) struct Quota<'o> {
    left: Vec<(&'o Limited, i64)>,
    gpu_label: &'o str,
}

/// What a node counts for: labels and capacity.
pub(super) type Counted<'n> = (&'n Labels, &'n Resources);

impl<'o> Quota<'o> {
    /// What may be added to these nodes.
    pub(super) fn upwards<'n>(
        limits: &'o [ResourceLimit],
        gpu_label: &'o str,
        nodes: impl Iterator<Item = Counted<'n>> + Clone,
    ) -> Quota<'o> {
        let left = limits.iter().map(|limit| {
            let has = nodes.clone().map(|node| amount(&limit.of, node, gpu_label));
            let has = has.fold(0, i64::saturating_add);
            (&limit.of, limit.max.saturating_sub(has).max(0))
        });
        let left = left.collect();
        Quota { left, gpu_label }
    }

    /// What these nodes can lose.
    pub(super) fn downwards<'n>(
        limits: &'o [ResourceLimit],
        gpu_label: &'o str,
        nodes: impl Iterator<Item = Counted<'n>> + Clone,
    ) -> Quota<'o> {
        let left = limits.iter().filter(|limit| limit.min > 0).map(|limit| {
            let has = nodes.clone().map(|node| amount(&limit.of, node, gpu_label));
            let has = has.fold(0, i64::saturating_add);
            (&limit.of, has.saturating_sub(limit.min).max(0))
        });
        let left = left.collect();
        Quota { left, gpu_label }
    }

    /// How many of `count` such nodes the limits allow, and which limits allow no more.
    pub(super) fn allowed(&self, node: Counted<'_>, count: u32) -> (u32, Vec<Limited>) {
        let mut allowed = count;
        let mut reached = Vec::new();
        for (of, left) in &self.left {
            let each = amount(of, node, self.gpu_label);
            if each > 0 && *left < each.saturating_mul(count.into()) {
                allowed = allowed.min((left / each) as u32);
                reached.push((*of).clone());
            }
        }
        (allowed, reached)
    }

    /// Counts such nodes against the limits.
    pub(super) fn consume(&mut self, node: Counted<'_>, count: u32) {
        for (of, left) in &mut self.left {
            let all = amount(of, node, self.gpu_label).saturating_mul(count.into());
            *left = left.saturating_sub(all).max(0);
        }
    }
}

fn amount(of: &Limited, (labels, capacity): Counted<'_>, gpu_label: &str) -> i64 {
    let named = |name: &str| capacity.get(name).copied().unwrap_or(0);
    match of {
        Limited::Cpu => named("cpu"),
        Limited::Memory => named("memory"),
        Limited::Gpu(wanted) if labels.get(gpu_label) == Some(wanted) => {
            gpu::resource(labels, capacity, gpu_label).map_or(0, named)
        }
        Limited::Gpu(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(cpu: i64, gpus: i64) -> (Labels, Resources) {
        let capacity = [("cpu".into(), cpu), ("nvidia.com/gpu".into(), gpus)].into();
        ([("gpu".into(), "h100".into())].into(), capacity)
    }

    #[test]
    fn the_tightest_limit_says_how_many_nodes_may_be_added() {
        let limits = [
            ResourceLimit {
                of: Limited::Cpu,
                min: 0,
                max: 100_000,
            },
            ResourceLimit {
                of: Limited::Gpu("h100".into()),
                min: 0,
                max: 20,
            },
            ResourceLimit {
                of: Limited::Gpu("t4".into()),
                min: 0,
                max: 0,
            },
        ];
        let (labels, capacity) = node(10_000, 8);
        let there = [(&labels, &capacity)];
        let mut quota = Quota::upwards(&limits, "gpu", there.into_iter());
        // 90 of 100 cores are left: nine nodes; 12 of 20 GPUs: one node.
        let h100 = Limited::Gpu("h100".into());
        assert_eq!(quota.allowed(there[0], 1), (1, vec![]));
        assert_eq!(quota.allowed(there[0], 9), (1, vec![h100.clone()]));
        assert_eq!(
            quota.allowed(there[0], 10),
            (1, vec![Limited::Cpu, h100.clone()])
        );
        quota.consume(there[0], 1);
        assert_eq!(quota.allowed(there[0], 1), (0, vec![h100]));
    }

    #[test]
    fn a_limit_that_is_exceeded_already_allows_nothing() {
        let limits = [ResourceLimit {
            of: Limited::Cpu,
            min: 5000,
            max: 5000,
        }];
        let (labels, capacity) = node(10_000, 0);
        let there = [(&labels, &capacity)];
        let up = Quota::upwards(&limits, "gpu", there.into_iter());
        assert_eq!(up.allowed(there[0], 3).0, 0);
        // 10 cores may become 5: no node of ten may go.
        let down = Quota::downwards(&limits, "gpu", there.into_iter());
        assert_eq!(down.allowed(there[0], 1).0, 0);
    }
}
