//! The same few numbers per queue and per user.

use super::facts::{JobFacts, facts};
use super::quantiles::quantile;
use super::summary::GroupSummary;
use super::{gpu_hours, secs};
use crate::engine::Records;
use gpusched_core::units::Time;
use gpusched_core::workload::{Owner, Workload};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Groups shown one by one.
const SHOWN: usize = 20;

/// What the jobs of one owner add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnerTally {
    jobs: u64,
    started: u64,
    wait: i128,
    held: i128,
}

impl OwnerTally {
    #[inline]
    pub(super) fn add(&mut self, job: &JobFacts, counts_for_times: bool) {
        self.jobs += 1;
        self.held += job.held;
        if let Some(wait) = job.wait().filter(|_| counts_for_times) {
            self.started += 1;
            self.wait += i128::from(wait.0);
        }
    }

    fn join(&mut self, other: &OwnerTally) {
        self.jobs += other.jobs;
        self.started += other.started;
        self.wait += other.wait;
        self.held += other.held;
    }
}

/// Joins owners into groups of one name; waits are of the jobs that come from `from` on; `buffer` is
/// scratch space for the quantiles. O(jobs).
pub(super) fn groups(
    work: &Workload,
    records: &Records,
    owners: &[OwnerTally],
    name: fn(&Owner) -> &str,
    from: Option<Time>,
    buffer: &mut Vec<u64>,
) -> Vec<GroupSummary> {
    let (mut shown, group_of) = rank(work, owners, name);
    let quantiles = waits_p95(work, records, &shown, &group_of, from, buffer);
    shown
        .drain(..)
        .zip(quantiles)
        .map(|((name, tally), p95)| GroupSummary {
            name,
            jobs: tally.jobs,
            gpu_hours: gpu_hours(tally.held),
            mean_wait_s: (tally.started > 0).then(|| secs(tally.wait) / tally.started as f64),
            p95_wait_s: p95.map(|wait| secs(i128::from(wait))),
        })
        .collect()
}

type Named = (String, OwnerTally);

/// The groups in the order they are shown, and the position of each owner's group.
fn rank(
    work: &Workload,
    owners: &[OwnerTally],
    name: fn(&Owner) -> &str,
) -> (Vec<Named>, Vec<usize>) {
    let mut by_name: BTreeMap<&str, OwnerTally> = BTreeMap::new();
    for (owner, tally) in work.owners().iter().zip(owners) {
        by_name.entry(name(owner)).or_default().join(tally);
    }
    let mut ranked: Vec<(&str, OwnerTally)> = by_name.into_iter().collect();
    ranked.retain(|(_, tally)| tally.jobs > 0);
    ranked.sort_by_key(|&(name, tally)| (Reverse(tally.held), name));
    let position: BTreeMap<&str, usize> = ranked
        .iter()
        .enumerate()
        .map(|(at, &(name, _))| (name, at.min(SHOWN)))
        .collect();
    let group_of = work
        .owners()
        .iter()
        .map(|owner| position.get(name(owner)).copied().unwrap_or(0))
        .collect();
    let mut shown: Vec<Named> = ranked
        .iter()
        .take(SHOWN)
        .map(|&(name, tally)| (name.to_owned(), tally))
        .collect();
    if ranked.len() > SHOWN {
        let mut others = OwnerTally::default();
        for (_, tally) in &ranked[SHOWN..] {
            others.join(tally);
        }
        shown.push(("(others)".into(), others));
    }
    (shown, group_of)
}

/// 95th percentile of the waits of each group. The buffer is cut into one stretch per group.
fn waits_p95(
    work: &Workload,
    records: &Records,
    shown: &[Named],
    group_of: &[usize],
    from: Option<Time>,
    buffer: &mut Vec<u64>,
) -> Vec<Option<u64>> {
    let mut ends: Vec<usize> = Vec::with_capacity(shown.len());
    let mut total = 0;
    for (_, tally) in shown {
        ends.push(total);
        total += tally.started as usize;
    }
    buffer.clear();
    buffer.resize(total, 0);
    for job in facts(work, records).filter(|job| from.is_none_or(|from| job.submit >= from)) {
        if let Some(wait) = job.wait() {
            let end = &mut ends[group_of[work.job(job.job()).owner.index()]];
            buffer[*end] = wait.0 as u64;
            *end += 1;
        }
    }
    let mut start = 0;
    ends.into_iter()
        .map(|end| quantile(&mut buffer[std::mem::replace(&mut start, end)..end], 95))
        .collect()
}
