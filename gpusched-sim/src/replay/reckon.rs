//! What a replay cost, and whose the bill is.

use super::{Costs, ReplayOptions};
use crate::bounds::cost::of_work;
use crate::cloud::is_rented;
use crate::metrics::{CostSummary, Paid, Played, SampledMeans, bill, cost, job_costs};
use crate::sharing::SharingMode;
use gpusched_core::units::Time;

/// Adds up what machines and energy cost; nothing where nothing has a price and all machines are
/// there all the time.
pub(super) fn reckon(
    played: Played<'_>,
    options: &ReplayOptions,
    until: Time,
    sampled: &SampledMeans,
) -> (Option<CostSummary>, Option<Costs>) {
    let Played {
        work,
        inventory,
        records,
        ..
    } = played;
    let priced = inventory.nodes().iter().any(|node| node.price.is_some());
    let evicted = !records.nobody_was_evicted();
    if !priced && !evicted && options.provisioning == "static" {
        return (None, None);
    }
    let paid = Paid::of(work, inventory, records, options.billing, until);
    let provisioning = options.provisioning.clone();
    let mut sums = cost(played, provisioning, &paid, sampled.frag_ratio);
    sums.energy_usd = options.energy_price.map(|price| price * sampled.energy_kwh);
    if sums.usd.is_none() {
        return (Some(sums), None);
    }
    if options.sharing == SharingMode::Recorded
        && !is_rented(&options.provisioning)
        && !inventory.has_mig()
    {
        let ran = |job| records.held(job).min(work.job(job).run);
        sums.bound_usd = Some(of_work(work, inventory, ran).as_usd());
    }
    let (lives, window, split) = (&paid.lives, paid.window, options.cost_split);
    let by_job = job_costs(work, inventory, records, lives, window, split);
    let shared = bill(work, inventory, records, lives, window, split, &by_job);
    sums.bill = Some(shared);
    (Some(sums), Some(Costs { paid, by_job }))
}
