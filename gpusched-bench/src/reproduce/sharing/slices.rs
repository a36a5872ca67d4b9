//! Speed on a MIG slice relative to the whole device: proportional, or `a + c/share` from two
//! measured slices.

use super::super::Sheet;
use super::data::{self, ByShare};
use crate::conformance::Unreadable;
use gpusched_core::performance::sharing::fit::{Errors, fit_slices};
use gpusched_core::performance::sharing::slice::Share;
use std::collections::BTreeMap;
use std::path::Path;

/// What a row has to show: the number of points, and the published error.
struct Row {
    from: Option<u32>,
    points: usize,
    published: f64,
}

const fn row(from: Option<u32>, points: usize, published: f64) -> Row {
    Row {
        from,
        points,
        published,
    }
}

const MISO: [Row; 3] = [
    row(None, 113, 36.2),
    row(Some(2), 77, 8.2),
    row(Some(1), 63, 8.2),
];

const PARVA: [Row; 3] = [
    row(None, 323, 39.4),
    row(Some(2), 223, 8.1),
    row(Some(1), 201, 7.0),
];

/// Largest error of the law that passes, in percent.
const TARGET: f64 = 9.0;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section(
        "Speed on a MIG slice, relative to the whole device (error of points not fitted)",
    )?;
    let miso: Vec<ByShare> = data::miso(dir)?.into_values().collect();
    rows(sheet, "MISO training", &miso, &MISO)?;
    let mut parva: BTreeMap<_, ByShare> = BTreeMap::new();
    for row in data::parva(dir)? {
        if row.mps_procs == 1 && row.throughput_req_s > 0.0 {
            let seconds = f64::from(row.batch) / row.throughput_req_s;
            let job = (row.model, row.batch);
            parva.entry(job).or_default().insert(row.gi_slices, seconds);
        }
    }
    let parva: Vec<ByShare> = parva.into_values().collect();
    rows(sheet, "ParvaGPU inference", &parva, &PARVA)
}

fn rows(
    sheet: &mut Sheet<'_>,
    name: &str,
    jobs: &[ByShare],
    rows: &[Row],
) -> Result<(), Unreadable> {
    for row in rows {
        let pairs: Vec<(f64, f64)> = jobs.iter().flat_map(|job| predict(job, row.from)).collect();
        let errors = Errors::of(&pairs);
        let got = format!(
            "{} points: MAPE {:.1} %, median {:.1} %",
            errors.points, errors.mape, errors.median
        );
        let reference = format!("reference: {}, {:.1} %", row.points, row.published);
        match row.from {
            None => {
                let what = format!("{name}, linear in slices");
                let met = errors.points == row.points && same(errors.mape, row.published);
                sheet.target(met, &what, got, reference)?;
            }
            Some(slices) => {
                let what = format!("{name}, a + c/share from {slices}g and 7g");
                let met = errors.points == row.points && errors.mape <= TARGET;
                sheet.target(met, &what, got, format!("{reference}; target ≤ {TARGET} %"))?;
            }
        }
    }
    Ok(())
}

/// Equal as printed.
fn same(got: f64, published: f64) -> bool {
    (got - published).abs() < 0.05 + 1e-9
}

/// Predicted and measured speeds of one job on the slices that were not used.
fn predict(job: &ByShare, from: Option<u32>) -> Vec<(f64, f64)> {
    let Some(&whole) = job.get(&7) else {
        return Vec::new();
    };
    let share = |slices| Share::sevenths(slices).expect("one to seven slices");
    let law = match from {
        None => None,
        Some(slices) => {
            let Some(&time) = job.get(&slices) else {
                return Vec::new();
            };
            match fit_slices(&[(share(slices), time), (Share::WHOLE, whole)]) {
                Ok(law) => Some(law),
                Err(_) => return Vec::new(),
            }
        }
    };
    job.iter()
        .filter(|(slices, _)| **slices != 7 && Some(**slices) != from)
        .map(|(&slices, &time)| {
            let share = share(slices);
            let predicted = law.map_or(share.fraction(), |law| law.speed(share));
            (predicted, whole / time)
        })
        .collect()
}
