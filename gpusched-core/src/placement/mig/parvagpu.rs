//! `parvagpu`: ParvaGPU's allocator.
//!
//! The first GPU with room, at its own order of starts. Several instances go largest first; those
//! of one pod stay on one node, which ParvaGPU itself does not ask for.
//!
//! Source: MunQ-Lee/ParvaGPU_SC24 (SC 2024, arXiv 2409.14447). The multisets and numbers
//! of GPUs of its six published maps are feasible on hardware; on 32 of the 46 GPUs in them starts
//! overlap, so that column is no reference.

use super::{Choice, MigPlacement, first_fit, on_one_node, one_by_one};
use crate::gpu::mig::{MigGpu, MigName, StartOrder};
use std::cmp::Reverse;

/// Large to small, first GPU, [`StartOrder::Parvagpu`]. O(GPUs) per instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parvagpu;

impl MigPlacement for Parvagpu {
    fn name(&self) -> &'static str {
        "parvagpu"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        first_fit(gpus, profile, StartOrder::Parvagpu)
    }

    fn choose_all(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        let slices = |name: &str| name.parse::<MigName>().map_or(0, |name| name.slices);
        let mut asked: Vec<usize> = (0..profiles.len()).collect();
        asked.sort_by_key(|&at| Reverse(slices(profiles[at])));
        let sorted: Vec<&str> = asked.iter().map(|&at| profiles[at]).collect();
        let first = self.choose(gpus, sorted.first()?)?;
        let found = on_one_node(gpus, first, |gpus| {
            one_by_one(&sorted, gpus, |gpus, profile| self.choose(gpus, profile))
        })?;
        let mut choices = found.clone();
        for (&at, choice) in asked.iter().zip(found) {
            choices[at] = choice;
        }
        Some(choices)
    }
}
