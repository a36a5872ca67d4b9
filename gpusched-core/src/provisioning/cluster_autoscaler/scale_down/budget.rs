//! How many machines go at once (`budgets`).

use super::going::Going;
use super::{Candidate, Look};

/// Machines of one group that may go.
struct Bucket {
    group: usize,
    empty: Vec<Candidate>,
    drain: Vec<Candidate>,
}

impl Bucket {
    fn len(&self) -> i64 {
        (self.empty.len() + self.drain.len()) as i64
    }
}

/// Of machines that may go, those that do now. Together with those that are going already they
/// are at most `max-scale-down-parallelism`, of these with pods at most `max-drain-parallelism`.
///
/// Groups that have all nodes or none come first, and go as a whole or not at all; one of them may
/// exceed what is left. Then machines without pods, then those with some, group by group in the
/// order of their first machines.
pub(super) fn crop(batch: &[Candidate], look: &Look<'_>, going: &Going) -> Vec<Candidate> {
    let options = look.options;
    let drained = going.drained().count() as i64;
    let mut parallel = i64::from(options.max_scale_down_parallelism) - going.len() as i64;
    let mut draining = i64::from(options.max_drain_parallelism) - drained;
    let mut chosen = Vec::new();
    let atomic = |group: usize| look.registry.groups[group].zero_or_max;
    let buckets = buckets(batch);
    let (whole, single): (Vec<Bucket>, Vec<Bucket>) =
        buckets.into_iter().partition(|one| atomic(one.group));
    // Groups with some machine without pods before those that only have such with.
    let (some_empty, all_full): (Vec<Bucket>, Vec<Bucket>) =
        whole.into_iter().partition(|one| !one.empty.is_empty());
    let mut may_exceed = true;
    for one in some_empty {
        let drains = one.drain.len() as i64;
        let exceeds = parallel < one.len() || draining < drains;
        if exceeds && (parallel == 0 || drains > 0 && draining == 0 || !may_exceed) {
            break;
        }
        if !is_whole(&one, look) {
            continue;
        }
        parallel -= one.len();
        draining -= drains;
        may_exceed = false;
        chosen.extend(one.empty.into_iter().chain(one.drain));
    }
    draining = draining.min(parallel);
    for one in all_full {
        if draining < one.len() && (draining == 0 || !may_exceed) {
            break;
        }
        if !is_whole(&one, look) {
            continue;
        }
        parallel -= one.len();
        draining -= one.len();
        may_exceed = false;
        chosen.extend(one.drain);
    }
    for one in &single {
        let take = one.empty.len().min(parallel.max(0) as usize);
        parallel -= take as i64;
        chosen.extend(&one.empty[..take]);
    }
    draining = draining.min(parallel);
    for one in &single {
        let take = one.drain.len().min(draining.max(0) as usize);
        draining -= take as i64;
        chosen.extend(&one.drain[..take]);
    }
    chosen
}

/// Whether these are all nodes of the group, or all that have come.
fn is_whole(one: &Bucket, look: &Look<'_>) -> bool {
    let census = &look.census[one.group];
    let come = census.target - census.upcoming - census.late.len() as u32;
    one.len() == i64::from(census.target) || one.len() == i64::from(come)
}

fn buckets(batch: &[Candidate]) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for one in batch {
        let known = buckets.iter().position(|bucket| bucket.group == one.group);
        let at = known.unwrap_or_else(|| {
            buckets.push(Bucket {
                group: one.group,
                empty: Vec::new(),
                drain: Vec::new(),
            });
            buckets.len() - 1
        });
        let bucket = &mut buckets[at];
        match one.empty {
            true => bucket.empty.push(*one),
            false => bucket.drain.push(*one),
        }
    }
    buckets
}
