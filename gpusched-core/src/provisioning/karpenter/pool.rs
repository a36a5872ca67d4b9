//! Pools as Karpenter's controller needs them: what their nodes may be, and when nodes go.

use super::disruption::Budget;
use super::objects::NodePool;
use crate::provisioning::controller::Machine;
use crate::units::{Span, Time};

/// A NodePool: the template of its nodes, and when nodes are disrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What its nodes may be.
    pub template: NodePool,
    /// How many nodes it has, whoever waits (`replicas`, behind the gate `StaticCapacity`): such a
    /// pool makes none for pods, and its nodes are not consolidated. `None` = as many as pods need.
    pub replicas: Option<u32>,
    /// How old a node may get before it is deleted (`expireAfter`); `None` = as old as it likes.
    pub expire_after: Option<Span>,
    /// How long draining a node may take, whatever pods ask for (`terminationGracePeriod`);
    /// `None` = as long as it takes.
    pub termination_grace: Option<Span>,
    /// When nodes are disrupted.
    pub disruption: Disruption,
}

impl Pool {
    /// When a machine of it has been quiet for long enough to be consolidated; `None` = never.
    pub(super) fn settled(&self, machine: &Machine) -> Option<Time> {
        let after = self.disruption.consolidate_after?;
        Some(machine.last_pod_event.max(machine.initialized) + after)
    }
}

impl From<NodePool> for Pool {
    /// A pool with the defaults of its API: nodes expire after 30 days.
    fn from(template: NodePool) -> Pool {
        Pool {
            template,
            replicas: None,
            expire_after: Some(Span::from_secs(720 * 3600)),
            termination_grace: None,
            disruption: Disruption::default(),
        }
    }
}

/// When nodes of a pool are disrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disruption {
    /// Which nodes are consolidated.
    pub policy: ConsolidationPolicy,
    /// How long after a pod came or went a node is left alone; `None` = it is never consolidated.
    pub consolidate_after: Option<Span>,
    /// How many nodes may be going at once; without any there is no limit.
    pub budgets: Vec<Budget>,
}

impl Default for Disruption {
    fn default() -> Disruption {
        Disruption {
            policy: ConsolidationPolicy::WhenEmptyOrUnderutilized,
            consolidate_after: Some(Span::ZERO),
            budgets: vec![Budget::DEFAULT],
        }
    }
}

/// Which nodes are consolidated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsolidationPolicy {
    /// Those without pods that matter.
    WhenEmpty,
    /// Those, and nodes whose pods would do with fewer or cheaper ones.
    WhenEmptyOrUnderutilized,
    /// As [`ConsolidationPolicy::WhenEmptyOrUnderutilized`], where what is saved is worth the pods
    /// that have to move.
    Balanced,
}

impl ConsolidationPolicy {
    /// Karpenter's name for it.
    pub fn name(self) -> &'static str {
        match self {
            ConsolidationPolicy::WhenEmpty => "WhenEmpty",
            ConsolidationPolicy::WhenEmptyOrUnderutilized => "WhenEmptyOrUnderutilized",
            ConsolidationPolicy::Balanced => "Balanced",
        }
    }

    /// The policy of that name.
    pub fn named(name: &str) -> Option<ConsolidationPolicy> {
        [
            ConsolidationPolicy::WhenEmpty,
            ConsolidationPolicy::WhenEmptyOrUnderutilized,
            ConsolidationPolicy::Balanced,
        ]
        .into_iter()
        .find(|one| one.name() == name)
    }
}
