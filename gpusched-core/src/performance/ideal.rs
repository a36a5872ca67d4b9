//! `ideal`: every place is as good as the one the trace was recorded on.

use super::Performance;

/// Full speed, always.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ideal;

impl Performance for Ideal {
    fn name(&self) -> String {
        "ideal".into()
    }
}
