//! `lowest-start`: the first GPU with room, at the lowest free legal start.

use super::{Choice, MigPlacement, first_fit};
use crate::gpu::mig::{MigGpu, StartOrder};

/// First GPU, [`StartOrder::Lowest`]. O(GPUs).
#[derive(Clone, Copy, Debug, Default)]
pub struct LowestStart;

impl MigPlacement for LowestStart {
    fn name(&self) -> &'static str {
        "lowest-start"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        first_fit(gpus, profile, StartOrder::Lowest)
    }
}
