//! `best-fit-slots`: the GPU with the fewest free slots that still has room.
//!
//! Very hard to beat: of the policies here only the blocked-placements measure passes it, and only
//! on mixes of large instances.

use super::{Choice, MigPlacement, Rows, start_on};
use crate::gpu::mig::{MigGpu, StartOrder};

/// Fewest free units, the first GPU on ties, at the start `order` chooses. O(GPUs).
#[derive(Clone, Copy, Debug)]
pub struct BestFitSlots {
    /// Order of starts on the chosen GPU.
    pub order: StartOrder,
}

impl Default for BestFitSlots {
    fn default() -> BestFitSlots {
        BestFitSlots {
            order: StartOrder::Lowest,
        }
    }
}

impl MigPlacement for BestFitSlots {
    fn name(&self) -> &'static str {
        "best-fit-slots"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let mut rows = Rows::of(profile);
        let mut best: Option<(u32, Choice)> = None;
        for (gpu, state) in gpus.iter().enumerate() {
            let free = state.geometry().free_units(state.occupancy());
            if best.is_some_and(|(least, _)| free >= least) {
                continue;
            }
            let start = rows
                .on(state)
                .and_then(|row| start_on(state, row, self.order));
            if let Some(start) = start {
                best = Some((free, Choice { gpu, start }));
            }
        }
        best.map(|(_, choice)| choice)
    }
}
