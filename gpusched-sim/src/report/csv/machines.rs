//! `machines.csv`: the machines that were rented; `costs.csv`: what each job cost.

use super::fields::Row;
use crate::metrics::facts;
use crate::replay::Costs;
use gpusched_core::cluster::Inventory;
use gpusched_core::provisioning::Ending;
use gpusched_core::provisioning::catalog::InstanceType;
use gpusched_core::units::Time;
use gpusched_core::workload::Workload;
use std::io::{self, Write};

/// `machines.csv`: one row per machine that was rented, in order of launch. `node` is the place it
/// took, by which `jobs.csv` names it; places are taken again. `usd_h` is the price it was launched
/// at, `usd` what it cost in the window of the bill.
///
/// # Errors
/// What the writer reports.
pub fn write_machines_csv(
    out: &mut dyn Write,
    costs: &Costs,
    inventory: &Inventory,
    types: &[InstanceType],
) -> io::Result<()> {
    let mut row = Row::new(out);
    row.header(&[
        "machine",
        "node",
        "instance_type",
        "zone",
        "capacity_type",
        "launched_s",
        "ready_s",
        "gone_s",
        "ending",
        "usd_h",
        "usd",
    ])?;
    let window = costs.paid.window;
    for (index, life) in costs.paid.lives.iter().enumerate() {
        let Some(bought) = &life.bought else { continue };
        row.show(index)?;
        row.text(&inventory.node(life.node).name)?;
        row.text(&types[bought.node_type].name)?;
        row.text(&bought.zone)?;
        row.text(bought.capacity_type.name())?;
        row.secs(life.launched.0)?;
        for at in [life.ready, life.gone] {
            match at.filter(|at| *at < Time::NEVER) {
                Some(at) => row.secs(at.0)?,
                None => row.text("")?,
            }
        }
        row.text(match bought.ending {
            Ending::There => "",
            Ending::GivenBack(reason) => reason,
            Ending::Interrupted => "interrupted",
            Ending::NeverJoined => "never joined",
        })?;
        row.show(bought.prices.at(life.launched).0)?;
        let cost = life.cost(None, window.billing, window.from, window.until);
        row.show(format_args!(
            "{:.6}",
            cost.map_or(0.0, |cost| cost.as_usd())
        ))?;
        row.end()?;
    }
    row.finish()
}

/// `costs.csv`: one row per job of the trace, in arrival order: GPU-hours it held, and its part of
/// the bill.
///
/// # Errors
/// What the writer reports.
pub fn write_costs_csv(
    out: &mut dyn Write,
    work: &Workload,
    result: &crate::replay::RunResult,
    costs: &Costs,
) -> io::Result<()> {
    let mut row = Row::new(out);
    row.header(&["job", "queue", "tenant", "gpu_h", "usd"])?;
    for job in facts(work, &result.records) {
        let owner = work.owner(job.job());
        row.text(&work.name(job.job()))?;
        row.text(&owner.queue)?;
        row.text(&owner.tenant)?;
        row.show(format_args!("{:.6}", job.held as f64 / (1000.0 * 3600e6)))?;
        let parts = job.part_ids().map(|part| costs.by_job[part.index()]);
        row.show(format_args!("{:.6}", parts.sum::<f64>()))?;
        row.end()?;
    }
    row.finish()
}
