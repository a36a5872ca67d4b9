//! Nodes that may be disrupted: the gate every method has, and what is known of those it lets in.

use super::super::claims::Claims;
use super::super::pdb::{Held, PodDisruptionBudget, held};
use super::super::pool::{ConsolidationPolicy, Pool};
use super::super::snapshot;
use super::budget::allowed;
use super::cost::{NODE, legacy_cost, reschedule_cost};
use super::{Order, Reason, Why};
use crate::provisioning::Price;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{Machine, MachineId, View};
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// What methods look at.
#[derive(Clone, Copy)]
pub(in super::super) struct Scene<'a> {
    pub(in super::super) view: &'a View,
    pub(in super::super) pools: &'a [Pool],
    pub(in super::super) pod_budgets: &'a [PodDisruptionBudget],
    pub(in super::super) claims: &'a Claims,
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
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Candidate {
    pub(in super::super) machine: MachineId,
    /// Its pool: an index.
    pub(in super::super) pool: usize,
    pub(in super::super) price: Price,
    /// What moving its pods costs, and the node itself.
    pub(in super::super) cost: f64,
    legacy: f64,
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

impl<'a> Scene<'a> {
    /// The gate: what keeps a node from every method. Drift does not mind pods that do not want to
    /// be disturbed where the pool bounds how long draining may take.
    pub(in super::super) fn candidate(
        &self,
        id: MachineId,
        reason: Reason,
    ) -> Result<Candidate, Why> {
        let machine = &self.view.machines[&id];
        let owner = machine.owner.as_ref().ok_or(Why::NotManaged)?;
        if !machine.is_initialized(self.view.now) {
            return Err(Why::NotInitialized);
        }
        if self.going.contains(&id) {
            return Err(Why::Going);
        }
        if let Some(until) = self
            .nominated
            .get(&id)
            .filter(|until| **until > self.view.now)
        {
            return Err(Why::Nominated(*until));
        }
        if machine.keep {
            return Err(Why::NodeKept);
        }
        let pool = self.pool(owner).ok_or_else(|| Why::NoPool(owner.clone()))?;
        let of = &self.pools[pool];
        if of.replicas.is_some() {
            return Err(Why::Static(owner.clone()));
        }
        let bounded = reason == Reason::Drifted && of.termination_grace.is_some();
        let kept = machine.pods.iter().find(|one| one.pod.keep && !bounded);
        if let Some(kept) = kept {
            return Err(Why::PodKept(snapshot::name(&kept.pod)));
        }
        match held(machine, self.pod_budgets).filter(|_| !bounded) {
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
            price: self.view.price(machine),
            cost: reschedule_cost(machine),
            legacy: match self.order {
                Order::V1_13 => legacy_cost(machine, of.expire_after, self.view.now),
                Order::V1_14 => 0.0,
            },
            spot: self.view.offering(machine).capacity_type == CapacityType::Spot,
        })
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

    /// Machines of pools that are consolidated which have not been quiet for long enough, and when
    /// they will have been.
    pub(super) fn settling(&self) -> impl Iterator<Item = (MachineId, Time)> {
        let pools = self.pools.iter();
        let longest = pools.filter_map(|pool| pool.disruption.consolidate_after);
        let now = self.view.now;
        // Most have been for longer than any pool asks for.
        let earliest = longest
            .max()
            .map(|longest| Time(now.0.saturating_sub(longest.0)));
        let lately = move |machine: &Machine| {
            earliest.is_some_and(|earliest| {
                machine.last_pod_event > earliest || machine.initialized > earliest
            })
        };
        let machines = self.view.machines.iter();
        let disturbed = machines.filter(move |(_, machine)| lately(machine));
        disturbed.filter_map(move |(id, machine)| {
            let pool = &self.pools[self.pool(machine.owner.as_ref()?)?];
            let at = pool.settled(machine)?;
            (at > now).then_some((*id, at))
        })
    }

    /// Machines too lately disturbed to take pods that are moved.
    pub(super) fn unsettled(&self) -> BTreeSet<MachineId> {
        let initialized = |id: &MachineId| self.view.machines[id].is_initialized(self.view.now);
        let settling = self.settling().map(|(id, _)| id);
        settling.filter(initialized).collect()
    }

    pub(super) fn pool(&self, name: &str) -> Option<usize> {
        let mut pools = self.pools.iter();
        pools.position(|pool| pool.template.name == name)
    }

    /// Sorts candidates: those first that are worth most. Equal ones by age, the oldest first.
    pub(super) fn sort(&self, candidates: &mut [Candidate]) {
        candidates.sort_by(|one, two| match self.order {
            Order::V1_14 => two.savings_ratio().total_cmp(&one.savings_ratio()),
            Order::V1_13 => one.legacy.total_cmp(&two.legacy),
        });
    }

    /// How many more nodes of each pool may go for a reason: what its budgets allow of the nodes
    /// that are initialized, less those that are going.
    pub(in super::super) fn budgets(&self, reason: Reason) -> Vec<u32> {
        let mut nodes = vec![(0, 0); self.pools.len()];
        for (id, machine) in &self.view.machines {
            let pool = machine.owner.as_ref().and_then(|owner| self.pool(owner));
            let Some(pool) = pool.filter(|_| machine.is_initialized(self.view.now)) else {
                continue;
            };
            nodes[pool].0 += 1;
            nodes[pool].1 += u32::from(self.going.contains(id));
        }
        let now = self.view.now.0.saturating_add(self.epoch);
        let left = self.pools.iter().zip(nodes).map(|(pool, (nodes, going))| {
            let allowed = allowed(&pool.disruption.budgets, nodes, reason, now);
            allowed.unwrap_or(u32::MAX).saturating_sub(going)
        });
        left.collect()
    }
}
