//! Errors on points the laws have not seen.

use super::situations::{Situations, turn_cost};
use crate::performance::sharing::fit::{
    Errors, Observation, PairForm, fit_homogeneous, fit_slices, folds,
};
use crate::performance::sharing::neighbours::{Vectors, homogeneous_slowdown, mps_slowdown};
use crate::performance::sharing::slice::SliceProfile;
use std::collections::BTreeMap;

const FOLDS: usize = 5;

/// Every index in turn, with all others.
fn leave_one_out<T: Copy>(points: &[T]) -> impl Iterator<Item = (T, Vec<T>)> + '_ {
    (0..points.len()).map(|left_out| {
        let mut rest = points.to_vec();
        (rest.remove(left_out), rest)
    })
}

/// Speeds relative to the largest share measured of the job, which is never left out: the law
/// predicts smaller places from larger ones. A law that cannot tell (no positive time) predicts a
/// standstill, so that it does not go unnoticed.
pub(super) fn slices(situations: &Situations) -> Errors {
    let mut pairs = Vec::new();
    let jobs = situations.slices.iter().map(SliceProfile::table);
    for times in jobs.filter(|times| times.len() > 2) {
        let (largest, base) = times[times.len() - 1];
        for ((share, time), rest) in
            leave_one_out(times).filter(|((share, _), _)| *share != largest)
        {
            let predicted = fit_slices(&rest).map_or(0.0, |law| law.time(share));
            let speed = if predicted > 0.0 {
                base / predicted
            } else {
                0.0
            };
            pairs.push((speed, base / time));
        }
    }
    Errors::of(&pairs)
}

/// All forms, simplest first, in five folds. Both members of a pair are in one fold: each tells
/// much of the other. Too few pairs to leave any out: only the constant, without errors.
pub(super) fn pairs(situations: &Situations, seed: u64) -> Vec<(PairForm, Errors)> {
    let seen = &situations.pairs;
    let mut groups: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let group: Vec<usize> = seen
        .iter()
        .map(|one| {
            let next = groups.len();
            let ends = (one.victim.min(one.neighbour), one.victim.max(one.neighbour));
            *groups.entry(ends).or_insert(next)
        })
        .collect();
    if seen.is_empty() {
        return Vec::new();
    }
    if groups.len() < FOLDS {
        return vec![(PairForm::Constant, Errors::default())];
    }
    let fold = folds(groups.len(), FOLDS, seed);
    let errors = |form| {
        let mut pairs = Vec::new();
        for held in 0..FOLDS {
            let is_held = |index: usize| fold[group[index]] == held;
            let vectors = situations.fit_pairs(form, seed, |index| !is_held(index));
            let held = (0..seen.len()).filter(|&index| is_held(index));
            pairs.extend(held.map(|index| speeds(&seen[index], &vectors)));
        }
        Errors::of(&pairs)
    };
    PairForm::ALL.map(|form| (form, errors(form))).into()
}

fn speeds(one: &Observation, vectors: &[Vectors]) -> (f64, f64) {
    let predicted = 1.0 + vectors[one.victim].felt_from(&vectors[one.neighbour]);
    (1.0 / predicted, 1.0 / one.slowdown)
}

/// Crowds never take part in a fit.
pub(super) fn crowds(situations: &Situations, vectors: Option<&[Vectors]>) -> Errors {
    let Some(vectors) = vectors else {
        return Errors::default();
    };
    let pairs: Vec<(f64, f64)> = situations
        .crowds
        .iter()
        .map(|(job, with, slowdown)| {
            let others = with.iter().map(|&other| &vectors[other]);
            (1.0 / mps_slowdown(&vectors[*job], others), 1.0 / slowdown)
        })
        .collect();
    Errors::of(&pairs)
}

pub(super) fn copies(situations: &Situations) -> Errors {
    let mut pairs = Vec::new();
    for points in &situations.copies {
        for ((clients, slowdown), rest) in leave_one_out(points) {
            if let Ok(u) = fit_homogeneous(&rest) {
                pairs.push((1.0 / homogeneous_slowdown(u, clients), 1.0 / slowdown));
            }
        }
    }
    Errors::of(&pairs)
}

pub(super) fn turns(situations: &Situations) -> Errors {
    let pairs: Vec<(f64, f64)> = leave_one_out(&situations.turns)
        .filter_map(|((clients, slowdown), rest)| {
            let cost = turn_cost(rest.into_iter())?;
            Some((1.0 / (cost * f64::from(clients)), 1.0 / slowdown))
        })
        .collect();
    Errors::of(&pairs)
}
