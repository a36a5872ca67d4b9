//! More work than the cluster can do.

use super::{Capacity, Schedule};
use gpusched_core::units::{MICROS, Span, Time};
use std::collections::BTreeMap;

/// The work that arrived within a window of time.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadWindow {
    /// The model; empty = all of them.
    pub model: String,
    /// Where the window begins.
    pub from: Time,
    /// GPU time that arrived ÷ GPU time there is; above 1 the queue must grow.
    pub load: f64,
}

/// A window.
const DAY: Span = Span(86_400 * MICROS);

/// The load that arrived on each day from the first submission on, and over all of it (with
/// `from` = the first submission, first of each model). Jobs whose length is not known (no end, no
/// run time) count nothing; a last day that is not whole is left out of
/// the days, models nobody runs on altogether. O(jobs).
pub fn offered_load(schedule: &Schedule, capacity: &Capacity) -> Vec<LoadWindow> {
    let submits = || schedule.entries.iter().map(|entry| entry.submit);
    let (Some(first), Some(last)) = (submits().min(), submits().max()) else {
        return Vec::new();
    };
    let models = capacity
        .models
        .iter()
        .map(|(name, gpus)| (name.as_str(), *gpus));
    let mut windows = Vec::new();
    for (model, gpus) in std::iter::once(("", capacity.total)).chain(models) {
        if gpus <= 0 || last <= first {
            continue;
        }
        let mut days: BTreeMap<i64, i128> = BTreeMap::new();
        let mut total = 0_i128;
        for entry in &schedule.entries {
            let (Some(start), Some(end)) = (entry.start.or(Some(entry.submit)), entry.end) else {
                continue;
            };
            if !model.is_empty() && entry.model != model {
                continue;
            }
            let work = i128::from(entry.milli) * i128::from((end - start).0.max(0));
            total += work;
            *days.entry((entry.submit - first).0 / DAY.0).or_default() += work;
        }
        if total == 0 {
            continue;
        }
        let window = |from: Time, work: i128, length: Span| LoadWindow {
            model: model.to_owned(),
            from,
            load: work as f64 / (gpus as f64 * length.0 as f64),
        };
        windows.push(window(first, total, last - first));
        let whole = (last - first).0 / DAY.0;
        let days = days.into_iter().filter(|(day, _)| *day < whole);
        windows.extend(days.map(|(day, work)| window(first + Span(day * DAY.0), work, DAY)));
    }
    windows
}
