//! Suite `dra`: decisions of the structured allocator of Kubernetes 1.36, from its own tables and
//! from random clusters, and of its selectors.
//!
//! As deployed (`Quirks::KUBE`) everything must be as recorded: devices in their order, what
//! results say, errors by kind, and the number of search steps. With the quirks mended
//! (`Quirks::NONE`) devices must be those of a copy of the program in which they were corrected.

mod cel;
mod random;
mod read;
mod tables;

use super::{Sheet, Unreadable};
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    tables::allocator(&dir.join("tables/allocator.jsonl"), sheet)?;
    tables::quirks(&dir.join("tables/quirks.jsonl"), sheet)?;
    random::run(&dir.join("random"), sheet)?;
    cel::run(dir, sheet)
}
