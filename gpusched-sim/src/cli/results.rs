//! The files of a run.

use super::failure::{Failure, Outcome};
use super::out_dir::OutDir;
use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::metrics::occupancy;
use gpusched_sim::replay::RunResult;
use gpusched_sim::report;
use gpusched_sim::scenario::{Loaded, Plan, Scenario};

/// Their names.
pub(crate) const FILES: [&str; 10] = [
    "summary.json",
    "jobs.csv",
    "series.csv",
    "waits.csv",
    "places.csv",
    "occupancy.csv",
    "mig_holes.csv",
    "machines.csv",
    "costs.csv",
    "scenario.yaml",
];

/// Writes them into a folder of a directory of results; `""` is the directory itself.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn write(
    out: &OutDir,
    folder: &str,
    effective: &Scenario,
    plan: &Plan,
    loaded: &Loaded,
    result: &RunResult,
) -> Outcome {
    let overcommit = plan.risks.overcommit;
    let machines = result.machines.as_deref().unwrap_or(&loaded.inventory);
    let (work, inventory) = plan.sharing.interpret(&loaded.work, machines, overcommit)?;
    let (work, inventory) = (work.as_ref(), inventory.as_ref());
    let scenario = serde_saphyr::to_string(effective).map_err(|error| {
        Failure::Run(Diagnostic::new(format!(
            "cannot write the scenario: {error}"
        )))
    })?;
    let name = |file: &str| match folder {
        "" => file.to_owned(),
        folder => format!("{folder}/{file}"),
    };
    out.file(&name("summary.json"), |to| {
        report::write_summary_json(to, &result.summary)
    })?;
    out.file(&name("jobs.csv"), |to| {
        report::write_jobs_csv(to, work, result, inventory)
    })?;
    out.file(&name("series.csv"), |to| {
        report::write_series_csv(to, &result.series, result.summary.topology.as_ref())
    })?;
    out.file(&name("waits.csv"), |to| {
        report::write_waits_csv(to, work, &result.waits)
    })?;
    if !result.places.is_empty() {
        out.file(&name("places.csv"), |to| {
            report::write_places_csv(to, work, &result.places)
        })?;
    }
    out.file(&name("occupancy.csv"), |to| {
        let occupancy = occupancy(work, inventory, &result.records);
        report::write_occupancy_csv(to, &occupancy, inventory)
    })?;
    if let Some(peak) = &result.mig_peak {
        out.file(&name("mig_holes.csv"), |to| {
            report::write_mig_holes_csv(to, peak, inventory)
        })?;
    }
    if let Some(costs) = &result.costs {
        out.file(&name("costs.csv"), |to| {
            report::write_costs_csv(to, work, result, costs)
        })?;
        if result.machines.is_some() {
            let types = &plan.machines.cloud.of(&plan.machines.policy).types;
            out.file(&name("machines.csv"), |to| {
                report::write_machines_csv(to, costs, inventory, types)
            })?;
        }
    }
    out.file(&name("scenario.yaml"), |to| {
        to.write_all(scenario.as_bytes())
    })
}
