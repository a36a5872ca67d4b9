//! The laws of GPU sharing against the public measurements they are made for.
//!
//! Data: the folder `colocation` (its README names origins and licences). Every error is of points
//! the fit has not seen.

mod data;
mod miso;
mod nos;
mod pairs;
mod parva;
mod parva_alloc;
mod parva_slo;
mod replay;
mod slices;
mod tables;

use super::Sheet;
use crate::conformance::Unreadable;
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    slices::run(dir, sheet)?;
    nos::run(dir, sheet)?;
    pairs::run(dir, sheet)?;
    miso::run(dir, sheet)?;
    parva::run(dir, sheet)
}
