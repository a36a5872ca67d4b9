use super::super::Sheet;
use crate::conformance::Unreadable;
use std::path::Path;

pub(super) fn run(_dir: &Path, _sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    Ok(())
}
