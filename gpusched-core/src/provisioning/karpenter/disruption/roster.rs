//! What the gate, the order of candidates and budgets need to know of machines, kept while these do
//! not change: a round looks at what changed, and at candidates from the first on.
//!
//! A machine is entered when it comes, and anew when it changes. What becomes of it as time passes
//! is waited for in two queues: it is initialized, and it has been quiet for long enough. From then
//! on it stands in the list of the methods that would take it, in their order. What comes and goes
//! with the rounds themselves (machines that are going, or promised) is left out as lists are read.
//! `twin.rs` comes to the same from all machines.

use super::super::news::News;
use super::super::options::KarpenterOptions;
use super::super::pool::ConsolidationPolicy;
use super::candidate::{Candidate, Scene, offhand, pool_of};
use super::cost::legacy_cost;
use super::{Order, Reason};
use crate::provisioning::controller::{MachineId, View};
use crate::units::Time;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
pub(super) mod twin;

/// The candidates of a method that remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Nodes without pods that matter, for emptiness.
    Empty,
    /// The others, for consolidation.
    Used,
}

/// Less comes first; equal ones by age.
type Turn = (i64, MachineId);

/// See the module.
#[derive(Debug, Default)]
pub(in super::super) struct Roster {
    machines: FxHashMap<MachineId, Standing>,
    /// By pool: how many take pods.
    initialized: Vec<u32>,
    /// When machines come to take pods.
    booting: BTreeSet<(Time, MachineId)>,
    /// When machines will have been quiet for long enough.
    settling: BTreeSet<(Time, MachineId)>,
    lists: [BTreeMap<Turn, Candidate>; 2],
    /// Machines that are going, or promised.
    busy: FxHashSet<MachineId>,
}

/// A machine.
#[derive(Debug)]
struct Standing {
    pool: Option<usize>,
    initialized: Time,
    settled: Option<Time>,
    /// What it is once it has settled.
    candidate: Option<(List, Turn, Candidate)>,
}

impl Roster {
    /// Follows the view. O(log machines) for each machine that changed.
    pub(in super::super) fn note(&mut self, view: &View, options: &KarpenterOptions, news: &News) {
        self.initialized.resize(options.pools.len(), 0);
        for id in news.all() {
            self.strike(id);
        }
        for id in news.there() {
            self.enter(view, options, id);
        }
    }

    /// Time has come to an instant, and these machines are going or promised. O(log machines) for
    /// each machine for which something was due.
    pub(in super::super) fn pass(&mut self, now: Time, busy: impl Iterator<Item = MachineId>) {
        self.busy.clear();
        self.busy.extend(busy);
        let due = |queue: &mut BTreeSet<(Time, MachineId)>| {
            let first = queue.first().filter(|(at, _)| *at <= now).copied();
            first.inspect(|first| {
                queue.remove(first);
            })
        };
        while let Some((_, id)) = due(&mut self.booting) {
            if let Some(pool) = self.machines[&id].pool {
                self.initialized[pool] += 1;
            }
        }
        while let Some((_, id)) = due(&mut self.settling) {
            if let Some((list, turn, one)) = self.machines[&id].candidate {
                self.lists[list as usize].insert(turn, one);
            }
        }
    }

    fn enter(&mut self, view: &View, options: &KarpenterOptions, id: MachineId) {
        let (pools, pod_budgets) = (&options.pools, &options.pod_budgets);
        let machine = &view.machines[&id];
        let owner = machine.owner.as_ref();
        let pool = owner.and_then(|owner| pool_of(pools, owner));
        let settled = pool.and_then(|pool| pools[pool].settled(machine));
        let candidate = offhand(view, pools, pod_budgets, id, Reason::Underutilized).ok();
        let listed = candidate.and_then(|one| {
            let used = pools[one.pool].disruption.policy != ConsolidationPolicy::WhenEmpty;
            let turn = match options.order {
                Order::V1_14 => (!in_order(one.savings_ratio()), id),
                Order::V1_13 => (0, id),
            };
            match one.is_empty() {
                true => Some((List::Empty, turn, one)),
                false => used.then_some((List::Used, turn, one)),
            }
        });
        self.booting.insert((machine.initialized, id));
        self.settling.extend(settled.map(|at| (at, id)));
        let standing = Standing {
            pool,
            initialized: machine.initialized,
            settled,
            candidate: listed,
        };
        self.machines.insert(id, standing);
    }

    fn strike(&mut self, id: MachineId) {
        let Some(one) = self.machines.remove(&id) else {
            return;
        };
        let boots = self.booting.remove(&(one.initialized, id));
        if let Some(pool) = one.pool.filter(|_| !boots) {
            self.initialized[pool] -= 1;
        }
        if let Some(at) = one.settled {
            self.settling.remove(&(at, id));
        }
        if let Some((list, turn, _)) = one.candidate {
            self.lists[list as usize].remove(&turn);
        }
    }

    /// When some machine comes to take pods, or has been quiet for long enough.
    pub(super) fn wake(&self) -> Option<Time> {
        let queues = [&self.booting, &self.settling];
        let first = queues.into_iter().filter_map(|queue| queue.first());
        first.map(|(at, _)| *at).min()
    }

    /// Machines too lately disturbed to take pods that are moved.
    pub(super) fn unsettled(&self, now: Time) -> BTreeSet<MachineId> {
        let settling = self.settling.iter().map(|(_, id)| *id);
        settling
            .filter(|id| self.machines[id].initialized <= now)
            .collect()
    }

    /// By pool: nodes that are initialized, and those of them that are going.
    pub(super) fn counts(&self, scene: &Scene<'_>) -> Vec<(u32, u32)> {
        let mut counts: Vec<_> = self.initialized.iter().map(|nodes| (*nodes, 0)).collect();
        let there = scene.going.iter().filter_map(|id| self.machines.get(id));
        for one in there.filter(|one| one.initialized <= scene.view.now) {
            if let Some(pool) = one.pool {
                counts[pool].1 += 1;
            }
        }
        counts
    }

    /// The candidates of a list: those first that are worth most, or until v1.13 those that cost
    /// least; equal ones by age. O(log machines) for each that is taken; all of them at once in the
    /// order of v1.13, which goes by the age of nodes.
    pub(super) fn lineup<'s>(
        &'s self,
        scene: &Scene<'_>,
        list: List,
    ) -> impl Iterator<Item = Candidate> + use<'s> {
        let all = self.lists[list as usize].values().copied();
        let free = all.filter(|one| !self.busy.contains(&one.machine));
        let (kept, sorted) = match scene.order {
            Order::V1_14 => (Some(free), None),
            Order::V1_13 => (None, Some(by_legacy_cost(scene, free.collect()))),
        };
        let sorted = sorted.into_iter().flatten();
        kept.into_iter().flatten().chain(sorted)
    }
}

fn by_legacy_cost(scene: &Scene<'_>, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let cost = |one: &Candidate| {
        let expire_after = scene.pools[one.pool].expire_after;
        legacy_cost(
            &scene.view.machines[&one.machine],
            expire_after,
            scene.view.now,
        )
    };
    candidates.sort_by_cached_key(|one| in_order(cost(one)));
    candidates
}

/// A number that is as much larger or smaller than others as `f64::total_cmp` says.
fn in_order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_what_they_stand_for() {
        let rising = [f64::NEG_INFINITY, -2.5, -0.0, 0.0, 1e-300, 1.0, 1.5, 1e300];
        for (one, two) in rising.iter().zip(&rising[1..]) {
            assert!(in_order(*one) < in_order(*two), "{one} {two}");
            assert!(!in_order(*one) > !in_order(*two), "{one} {two}");
        }
        assert_eq!(in_order(1.25), in_order(1.25));
    }
}
