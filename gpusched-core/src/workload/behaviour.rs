//! What is known of how jobs run.

use super::Checkpointing;
use serde::{Deserialize, Serialize};

/// How a job uses its devices when alone, as far as it was measured, and how it survives losing
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Behaviour {
    /// Name of what it runs, under which profiles know it; empty = not known.
    pub class: String,
    /// Part of the time it keeps a device busy, in thousandths; 0 = not known.
    pub duty_milli: u32,
    /// Memory it holds on each device, MiB; 0 = not known.
    pub footprint_mib: u32,
    /// What it saves of its work.
    pub checkpoints: Checkpointing,
}
