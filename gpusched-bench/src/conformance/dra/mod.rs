//! Suite `dra`: decisions of the allocator of Kubernetes' Dynamic Resource Allocation, and of the
//! CEL environment its selectors are evaluated in.

mod cel;

use super::{Sheet, Unreadable};
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    cel::run(dir, sheet)
}
