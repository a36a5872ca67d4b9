//! `best-fit`: the device that leaves least over.
//!
//! Smaller devices come first, so that large ones stay for those who need them; among equal ones
//! that which stands where least is left. In parts per million, each the mean over its dimensions:
//!
//! * a device that draws on counters is as large as the part of the counters it takes; what is
//!   left is the part of the same counters that stays,
//! * a share has no size of its own; what is left is the part of the capacities that stays,
//! * any other device is as large as its capacities beside the largest among the candidates, and
//!   nothing stays.

use super::super::consumable;
use super::super::trial::Trial;
use std::collections::BTreeMap;

const MILLION: i128 = 1_000_000;

/// How large a device is, and how much it leaves where it stands.
pub(super) type Waste = (i128, i128);

/// Sorts candidates for an ask. O(candidates · dimensions).
pub(super) fn sort(trial: &mut Trial<'_, '_>, ask: usize, order: &mut [u32]) {
    let wastes = wastes(trial, ask, order);
    order.sort_by_key(|position| (wastes[position], *position));
}

/// The waste of each candidate.
pub(super) fn wastes(trial: &mut Trial<'_, '_>, ask: usize, order: &[u32]) -> BTreeMap<u32, Waste> {
    let mut largest: BTreeMap<&str, i128> = BTreeMap::new();
    for &position in order {
        for (name, capacity) in &trial.device(position as usize).capacity {
            let most = largest.entry(name).or_default();
            *most = capacity.value.nanos().max(*most);
        }
    }
    let waste = |&position: &u32| (position, waste(trial, ask, position as usize, &largest));
    order.iter().map(waste).collect()
}

fn waste(
    trial: &mut Trial<'_, '_>,
    ask: usize,
    position: usize,
    largest: &BTreeMap<&str, i128>,
) -> Waste {
    let device = trial.device(position);
    if let Some(others) = trial.taken_of_shared(position) {
        let asked = trial.given.problem.asks[ask].capacity();
        let stays = device.capacity.iter().map(|(name, capacity)| {
            let own = asked.and_then(|asked| asked.get(name)).copied();
            let taken = consumable::taken(own, capacity).nanos();
            let left = capacity.value.nanos() - others.of(name) - taken;
            part(left, capacity.value.nanos())
        });
        return (0, mean(stays));
    }
    let counters = trial.counters(position);
    if !counters.is_empty() {
        let size = counters.iter().map(|one| part(one.takes, one.limit));
        let stays = counters
            .iter()
            .map(|one| part(one.left - one.takes, one.limit));
        return (mean(size), mean(stays));
    }
    let size = device.capacity.iter().map(|(name, capacity)| {
        let most = largest.get(name.as_str()).copied().unwrap_or_default();
        part(capacity.value.nanos(), most)
    });
    (mean(size), 0)
}

/// `amount` of `whole`, in parts per million; of nothing it is nothing.
pub(super) fn part(amount: i128, whole: i128) -> i128 {
    match whole {
        0 => 0,
        whole => amount.saturating_mul(MILLION) / whole,
    }
}

pub(super) fn mean(parts: impl Iterator<Item = i128>) -> i128 {
    let (sum, count) = parts.fold((0i128, 0i128), |(sum, count), part| (sum + part, count + 1));
    if count == 0 { 0 } else { sum / count }
}
