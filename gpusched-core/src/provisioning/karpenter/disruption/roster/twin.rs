//! What a [`Roster`] knows, worked out from all machines as the rules have it.

use super::super::candidate::Candidate;
use super::*;
use crate::provisioning::karpenter::disruption::{consolidation, cost, emptiness};

/// Asserts that a roster knows what there is to know.
pub(in super::super) fn agree(scene: &Scene<'_>) {
    let (roster, now) = (scene.roster, scene.view.now);
    for list in [List::Empty, List::Used] {
        let kept: Vec<Candidate> = roster.lineup(scene, list).collect();
        assert_eq!(kept, lineup(scene, list), "{list:?} at {now}");
    }
    assert_eq!(roster.counts(scene), counts(scene), "at {now}");
    assert_eq!(roster.unsettled(now), unsettled(scene), "at {now}");
    let settles = settling(scene).map(|(_, at)| at);
    let boots = scene.view.machines.values().map(|one| one.initialized);
    let next = settles.chain(boots).filter(|at| *at > now).min();
    assert_eq!(roster.wake(), next, "at {now}");
}

fn lineup(scene: &Scene<'_>, list: List) -> Vec<Candidate> {
    let eligible = |id: &MachineId| match list {
        List::Empty => emptiness::eligible(scene, *id),
        List::Used => consolidation::eligible(scene, *id),
    };
    let all = scene.view.machines.keys();
    let mut all: Vec<Candidate> = all.filter_map(|id| eligible(id).ok()).collect();
    let legacy = |one: &Candidate| {
        let machine = &scene.view.machines[&one.machine];
        cost::legacy_cost(machine, scene.pools[one.pool].expire_after, scene.view.now)
    };
    all.sort_by(|one, two| match scene.order {
        Order::V1_14 => two.savings_ratio().total_cmp(&one.savings_ratio()),
        Order::V1_13 => legacy(one).total_cmp(&legacy(two)),
    });
    all
}

fn counts(scene: &Scene<'_>) -> Vec<(u32, u32)> {
    let mut counts = vec![(0, 0); scene.pools.len()];
    for (id, machine) in &scene.view.machines {
        let pool = machine.owner.as_ref().and_then(|owner| scene.pool(owner));
        if let Some(pool) = pool.filter(|_| machine.is_initialized(scene.view.now)) {
            counts[pool].0 += 1;
            counts[pool].1 += u32::from(scene.going.contains(id));
        }
    }
    counts
}

fn settling<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = (MachineId, Time)> + 's {
    scene.view.machines.iter().filter_map(|(id, machine)| {
        let pool = &scene.pools[scene.pool(machine.owner.as_ref()?)?];
        let at = pool.settled(machine)?;
        (at > scene.view.now).then_some((*id, at))
    })
}

fn unsettled(scene: &Scene<'_>) -> BTreeSet<MachineId> {
    let all = settling(scene).map(|(id, _)| id);
    let initialized = |id: &MachineId| scene.view.machines[id].is_initialized(scene.view.now);
    all.filter(initialized).collect()
}
