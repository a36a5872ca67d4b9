//! The level law of collectives against published measurements.
//!
//! Data: the folder with `allreduce_busbw.csv`, `placement_slowdown_gavel.csv` and
//! `simai_efficiency_ratio.csv`. The split into fitted and predicted curves is by platform and
//! written in `platforms`. It was chosen with the data at hand, so it is stated but not blind.

mod busbw;
mod data;
mod fit;
mod gavel;
mod platforms;
mod simai;

use super::Sheet;
use crate::conformance::Unreadable;
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    let law = busbw::run(dir, sheet)?;
    simai::run(dir, &law, sheet)?;
    gavel::run(dir, &law, sheet)
}
