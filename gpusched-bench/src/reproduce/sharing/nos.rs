//! Copies of one workload: three ways of sharing (nos), and how far a pair predicts a crowd
//! (ParvaGPU).

use super::super::Sheet;
use super::data::{self, NosRow};
use crate::conformance::Unreadable;
use gpusched_core::performance::sharing::fit::{Errors, fit_homogeneous};
use gpusched_core::performance::sharing::neighbours::{homogeneous_slowdown, time_slice_slowdown};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest error that passes, in percent.
const TARGET: f64 = 2.0;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("Pods of one kind on one GPU (nos: YOLOS-small, A100-80)")?;
    let rows = data::nos(dir)?;
    let mps = slowdowns(&rows, "mps");
    let us: Vec<f64> = mps
        .iter()
        .filter_map(|point| fit_homogeneous(&[*point]).ok())
        .collect();
    let fitted = us.iter().map(|u| format!("{u:.3}")).collect::<Vec<_>>();
    sheet.figure(
        "MPS, u from 3 / 5 / 7 pods alone",
        fitted.join(" / "),
        "reference: 0.432 / 0.435 / 0.439",
    )?;
    let u = us.first().copied().unwrap_or(f64::NAN);
    let rest: Vec<_> = mps.iter().skip(1).copied().collect();
    row(sheet, "MPS, 1 + u(p − 1), u from 3 pods", &rest, |pods| {
        homogeneous_slowdown(u, pods)
    })?;
    let turns = slowdowns(&rows, "time-slicing");
    row(sheet, "time-slicing, 1.11 · pods", &turns, |pods| {
        time_slice_slowdown(&vec![1.0; pods as usize])
    })?;
    let mig = slowdowns(&rows, "mig-1g.10gb");
    row(sheet, "MIG, neighbours do not matter", &mig, |_| 1.0)?;
    crowds(dir, sheet)
}

/// MAPE of three to five processes predicted from two; in the reference 6.6, 13.6 and 22 %. No
/// target: they say up to how many clients a pair is enough.
fn crowds(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section("Processes of one model in one MIG slice (ParvaGPU), u from 2 processes")?;
    let mut services: BTreeMap<_, BTreeMap<u32, f64>> = BTreeMap::new();
    let rows = data::parva(dir)?.into_iter();
    for row in rows.filter(|row| row.throughput_req_s > 0.0) {
        let service = (row.model, row.gi_slices, row.batch);
        let by_count = services.entry(service).or_default();
        by_count.insert(row.mps_procs, row.throughput_req_s);
    }
    for (clients, reference) in [(3, "6.6"), (4, "13.6"), (5, "22")] {
        let predict = |by_count: &BTreeMap<u32, f64>| {
            let slowdown = |count| Some(by_count.get(&1)? / by_count.get(&count)?);
            let u = fit_homogeneous(&[(2, slowdown(2)?)]).ok()?;
            let predicted = 1.0 / homogeneous_slowdown(u, clients);
            Some((predicted, 1.0 / slowdown(clients)?))
        };
        let errors = Errors::of(&services.values().filter_map(predict).collect::<Vec<_>>());
        let what = format!("MPS, {clients} processes");
        let got = format!(
            "{} points: MAPE {:.1} %, median {:.1} %",
            errors.points, errors.mape, errors.median
        );
        sheet.figure(&what, got, format_args!("reference: {reference} %"))?;
    }
    Ok(())
}

/// Slowdown relative to one pod, by number of pods above one.
fn slowdowns(rows: &[NosRow], mode: &str) -> Vec<(u32, f64)> {
    let of_mode = || rows.iter().filter(|row| row.mode == mode);
    let Some(alone) = of_mode().find(|row| row.pods == 1) else {
        return Vec::new();
    };
    of_mode()
        .filter(|row| row.pods > 1)
        .map(|row| (row.pods, row.mean_inference_s / alone.mean_inference_s))
        .collect()
}

fn row(
    sheet: &mut Sheet<'_>,
    what: &str,
    measured: &[(u32, f64)],
    law: impl Fn(u32) -> f64,
) -> Result<(), Unreadable> {
    let errors = measured
        .iter()
        .map(|&(pods, slowdown)| 100.0 * (law(pods) / slowdown - 1.0).abs());
    let worst = errors.fold(0.0, f64::max);
    let met = !measured.is_empty() && worst <= TARGET;
    let got = format!("{} points: worst {worst:.2} %", measured.len());
    sheet.target(met, what, got, format!("target ≤ {TARGET} %"))
}
