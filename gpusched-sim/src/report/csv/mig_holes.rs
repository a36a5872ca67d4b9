//! `mig_holes.csv`: the GPUs that MIG cuts when most slots were in use.

use super::fields::Row;
use crate::metrics::MigPeak;
use gpusched_core::cluster::Inventory;
use std::io::{self, Write};

const COLUMNS: [&str; 9] = [
    "at_s",
    "node",
    "gpu",
    "board",
    "slots",
    "free",
    "lost",
    "largest",
    "instances",
];

/// `mig_holes.csv`: one row per GPU, in order of node and number.
///
/// * `slots` has a character per slot: the slices of the instance in use there, `W` where the whole
///   device is in use, `.` where it is free, `x` where it is free and no legal placement can use it.
/// * `free` and `lost` (the `x`) count slots; `largest` is the largest profile that still fits.
/// * `instances` lists those in use with their first slots: `3g.20gb@4;1g.5gb@0`.
///
/// # Errors
/// What the writer reports.
pub fn write_mig_holes_csv(
    out: &mut dyn Write,
    peak: &MigPeak,
    inventory: &Inventory,
) -> io::Result<()> {
    let mut row = Row::new(out);
    COLUMNS.iter().try_for_each(|name| row.text(name))?;
    row.end()?;
    for peak_gpu in &peak.gpus {
        let (gpu, holes, map) = (&peak_gpu.gpu, peak_gpu.holes(), peak_gpu.map());
        let name = |profile| gpu.geometry().profile(profile).name;
        let instances: Vec<String> = match peak_gpu.whole {
            true => Vec::new(),
            false => gpu
                .instances()
                .map(|(instance, _)| format!("{}@{}", name(instance.profile), instance.start))
                .collect(),
        };
        row.secs(peak.at.0)?;
        row.text(&inventory.node(gpu.node()).name)?;
        row.show(gpu.minor())?;
        row.text(gpu.board().name)?;
        row.text(&map)?;
        row.show(holes.free_units)?;
        row.show(map.matches('x').count())?;
        row.text(holes.largest.map_or("", name))?;
        row.text(&instances.join(";"))?;
        row.end()?;
    }
    row.finish()
}
