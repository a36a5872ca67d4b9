//! `nos-geometry`: the dynamic MIG partitioning of nos, which thinks in whole geometries.
//!
//! A free instance of the profile is used where it stands. Otherwise the first GPU is taken for
//! which one of the *known geometries* of its board keeps all used instances and offers more of
//! the profile; of several, the one that offers most, then the first of the list ([`nos_plan`]).
//! A GPU where used instances stand in the way is passed over.
//!
//! Source: nebuly-ai/nos 12e0a72, `pkg/gpu/mig`.

use super::{Choice, MigPlacement, Rows};
use crate::gpu::mig::MigGpu;
use crate::gpu::mig::repartition::nos_plan;

/// Uses what stands, or changes the geometry of the first GPU that can offer it. O(GPUs).
#[derive(Clone, Copy, Debug, Default)]
pub struct NosGeometry;

impl MigPlacement for NosGeometry {
    fn name(&self) -> &'static str {
        "nos-geometry"
    }

    fn sees_standing(&self) -> bool {
        true
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let mut rows = Rows::of(profile);
        let standing = gpus.iter().enumerate().find_map(|(gpu, state)| {
            let start = state.free_instance(rows.on(state)?)?;
            Some(Choice { gpu, start })
        });
        standing.or_else(|| {
            gpus.iter().enumerate().find_map(|(gpu, state)| {
                let row = rows.on(state)?;
                let taken = state.held_by_used().units;
                let plan = nos_plan(state, &[(row, 1)])?;
                let new = plan.iter().find(|instance| {
                    let mask = state.geometry().mask(row, instance.start);
                    instance.profile == row && mask & taken == 0
                })?;
                Some(Choice {
                    gpu,
                    start: new.start,
                })
            })
        })
    }
}
