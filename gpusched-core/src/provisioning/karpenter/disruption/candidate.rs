//! Nodes that may be disrupted: the gate every method has, and what is known of those it lets in.

use super::super::claims::Claims;
use super::super::pdb::{Held, PodDisruptionBudget, held};
use super::super::pool::{ConsolidationPolicy, Pool};
use super::super::snapshot;
use super::budget::allowed;
use super::cost::{NODE, reschedule_cost};
use super::roster::Roster;
use super::{Order, Reason, Why};
use crate::provisioning::Price;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{MachineId, View};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// What methods look at.
#[derive(Clone, Copy)]
pub(in super::super) struct Scene<'a> {
    pub(in super::super) view: &'a View,
    pub(in super::super) pools: &'a [Pool],
    pub(in super::super) pod_budgets: &'a [PodDisruptionBudget],
    pub(in super::super) claims: &'a Claims,
    pub(in super::super) roster: &'a Roster,
    /// Machines that are going, or about to be.
    pub(in super::super) going: &'a BTreeSet<MachineId>,
    /// Until when machines are promised to pods.
    pub(in super::super) nominated: &'a BTreeMap<MachineId, Time>,
    /// Microseconds since 1970 at the start of the view's time.
    pub(in super::super) epoch: i64,
    pub(in super::super) order: Order,
    pub(in super::super) spot_to_spot: bool,
    /// Whether it is to be known why not: no rule is left out because another says no already.
    pub(in super::super) explain: bool,
}

/// A node that may be disrupted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Candidate {
    pub(in super::super) machine: MachineId,
    /// Its pool: an index.
    pub(in super::super) pool: usize,
    pub(in super::super) price: Price,
    /// What moving its pods costs, and the node itself.
    pub(in super::super) cost: f64,
    pub(in super::super) spot: bool,
}

impl Candidate {
    /// Whether no pod on it costs anything to move; since v1.14 it need not be without pods.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.cost <= NODE
    }

    /// What disrupting it saves for what that costs.
    pub(super) fn savings_ratio(&self) -> f64 {
        self.price.0 as f64 / self.cost
    }
}

/// The index of a pool.
pub(super) fn pool_of(pools: &[Pool], name: &str) -> Option<usize> {
    pools.iter().position(|pool| pool.template.name == name)
}

/// The part of the gate that does not change while a machine and the pools do not. Drift does not
/// mind pods that do not want to be disturbed where the pool bounds how long draining may take.
pub(super) fn offhand(
    view: &View,
    pools: &[Pool],
    pod_budgets: &[PodDisruptionBudget],
    id: MachineId,
    reason: Reason,
) -> Result<Candidate, Why> {
    let machine = &view.machines[&id];
    let owner = machine.owner.as_ref().ok_or(Why::NotManaged)?;
    if machine.keep {
        return Err(Why::NodeKept);
    }
    let pool = pool_of(pools, owner).ok_or_else(|| Why::NoPool(owner.clone()))?;
    if pools[pool].replicas.is_some() {
        return Err(Why::Static(owner.clone()));
    }
    let bounded = reason == Reason::Drifted && pools[pool].termination_grace.is_some();
    let kept = machine.pods.iter().find(|one| one.pod.keep && !bounded);
    if let Some(kept) = kept {
        return Err(Why::PodKept(snapshot::name(&kept.pod)));
    }
    match held(machine, pod_budgets).filter(|_| !bounded) {
        None => {}
        Some(Held::By(budget)) => return Err(Why::PodBudget(budget.key())),
        Some(Held::BySeveral(all)) => {
            let names: Vec<String> = all.iter().map(|one| one.key()).collect();
            return Err(Why::PodBudgets(names.join(", ")));
        }
    }
    Ok(Candidate {
        machine: id,
        pool,
        price: view.price(machine),
        cost: reschedule_cost(machine),
        spot: view.offering(machine).capacity_type == CapacityType::Spot,
    })
}

impl<'a> Scene<'a> {
    /// The gate: what keeps a node from every method.
    pub(in super::super) fn candidate(
        &self,
        id: MachineId,
        reason: Reason,
    ) -> Result<Candidate, Why> {
        let machine = &self.view.machines[&id];
        if machine.owner.is_none() {
            return Err(Why::NotManaged);
        }
        if !machine.is_initialized(self.view.now) {
            return Err(Why::NotInitialized);
        }
        self.at_leisure(id)?;
        offhand(self.view, self.pools, self.pod_budgets, id, reason)
    }

    /// The part of the gate that changes from round to round.
    pub(super) fn at_leisure(&self, id: MachineId) -> Result<(), Why> {
        if self.going.contains(&id) {
            return Err(Why::Going);
        }
        match self.nominated.get(&id) {
            Some(until) if *until > self.view.now => Err(Why::Nominated(*until)),
            _ => Ok(()),
        }
    }

    /// What keeps a candidate from being consolidated, its pods aside.
    pub(super) fn consolidatable(&self, one: &Candidate, empty: bool) -> Result<(), Why> {
        let pool = &self.pools[one.pool];
        let name = || pool.template.name.clone();
        let only_empty = pool.disruption.policy == ConsolidationPolicy::WhenEmpty;
        if pool.disruption.consolidate_after.is_none() {
            return Err(Why::Disabled(name()));
        }
        if !empty && only_empty {
            return Err(Why::NotEmpty(name()));
        }
        match pool.settled(&self.view.machines[&one.machine]) {
            Some(at) if at > self.view.now => Err(Why::TooSoon(at)),
            _ => Ok(()),
        }
    }

    /// The index of a pool.
    pub(super) fn pool(&self, name: &str) -> Option<usize> {
        pool_of(self.pools, name)
    }

    /// How many more nodes of each pool may go for a reason: what its budgets allow of the nodes
    /// that are initialized, less those that are going.
    pub(in super::super) fn budgets(&self, reason: Reason) -> Vec<u32> {
        let now = self.view.now.0.saturating_add(self.epoch);
        let nodes = self.roster.counts(self);
        let left = self.pools.iter().zip(nodes).map(|(pool, (nodes, going))| {
            let allowed = allowed(&pool.disruption.budgets, nodes, reason, now);
            allowed.unwrap_or(u32::MAX).saturating_sub(going)
        });
        left.collect()
    }
}
