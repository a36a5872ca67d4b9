//! `min-fragmentation`: the device that leaves most of the others possible.
//!
//! A device that draws on counters makes others impossible. What is lost by taking it is the sum
//! of the sizes of all devices that could be had before and cannot after, each as large as the
//! part of its counters it takes (in parts per million): a place for a large instance weighs as
//! much as the small ones it could hold. The device with the least loss is tried first; ties go as
//! under `best-fit`.

use super::super::trial::{Counter, Trial};
use super::best_fit::{mean, part, wastes};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Sorts candidates for an ask. O(candidates · devices on the same counters · counters of one).
pub(super) fn sort(trial: &mut Trial<'_, '_>, ask: usize, order: &mut [u32]) {
    let wastes = wastes(trial, ask, order);
    let losses = losses(trial, order);
    order.sort_by_key(|position| (losses[position], wastes[position], *position));
}

fn losses(trial: &mut Trial<'_, '_>, order: &[u32]) -> BTreeMap<u32, i128> {
    // Devices that can be had now, with what they draw on, and who draws on a counter.
    let mut possible: Vec<(u32, Vec<Counter>)> = Vec::new();
    let mut on: FxHashMap<(u32, u32), Vec<usize>> = FxHashMap::default();
    for position in 0..trial.view().candidates.len() {
        let counters = trial.counters(position);
        let fits = counters.iter().all(|one| one.left >= one.takes);
        if counters.is_empty() || !fits || !trial.is_free(position) {
            continue;
        }
        for one in &counters {
            on.entry(one.id).or_default().push(possible.len());
        }
        possible.push((position as u32, counters));
    }
    let lost = |&position: &u32| {
        let mine = possible.binary_search_by_key(&position, |(position, _)| *position);
        let Ok(mine) = mine.map(|at| &possible[at].1) else {
            return (position, 0);
        };
        let mut touched: Vec<usize> = mine.iter().flat_map(|one| &on[&one.id]).copied().collect();
        touched.sort_unstable();
        touched.dedup();
        let ends = |&&at: &&usize| {
            let (other, counters) = &possible[at];
            let exceeds = |one: &Counter| {
                let same = mine.iter().filter(|taken| taken.id == one.id);
                one.left - same.map(|taken| taken.takes).sum::<i128>() < one.takes
            };
            *other != position && counters.iter().any(exceeds)
        };
        let size = |&at: &usize| mean(possible[at].1.iter().map(|one| part(one.takes, one.limit)));
        (position, touched.iter().filter(ends).map(size).sum())
    };
    order.iter().map(lost).collect()
}
