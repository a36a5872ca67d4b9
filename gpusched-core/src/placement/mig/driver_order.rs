//! `driver-order`: the first GPU with room, at the start the driver would choose by itself.

use super::{Choice, MigPlacement, first_fit};
use crate::gpu::mig::{MigGpu, StartOrder};

/// First GPU, [`StartOrder::Driver`]. O(GPUs).
#[derive(Clone, Copy, Debug, Default)]
pub struct DriverOrder;

impl MigPlacement for DriverOrder {
    fn name(&self) -> &'static str {
        "driver-order"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        first_fit(gpus, profile, StartOrder::Driver)
    }
}
