//! `das-spread`: the Dynamic Accelerator Slicer (instaslice).
//!
//! Nodes are rated by their share of free slots and the emptiest wins; on the node, the first GPU
//! with room, at its first listed start that is free.
//!
//! Source: openshift/instaslice-operator 9f4fc07, node score 100 · free slots / total slots.
//! It knows instances of 1, 2, 4 and 8 slots only, so it never places one on an RTX PRO 6000; and
//! it spreads over devices, which costs acceptance of large instances.

use super::{Choice, MigPlacement, Rows, start_on};
use crate::gpu::mig::{MigGpu, StartOrder};
use crate::ids::NodeId;

/// Emptiest node, then first fit. O(GPUs).
#[derive(Clone, Copy, Debug, Default)]
pub struct DasSpread;

#[derive(Clone, Copy)]
struct NodeRating {
    free: u32,
    units: u32,
    first: Option<Choice>,
}

impl NodeRating {
    /// 0 to 100, rounded down as an integer division is.
    fn score(&self) -> u32 {
        100 * self.free / self.units.max(1)
    }
}

impl MigPlacement for DasSpread {
    fn name(&self) -> &'static str {
        "das-spread"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let mut rows = Rows::of(profile);
        let mut nodes: Vec<(NodeId, NodeRating)> = Vec::new();
        for (gpu, state) in gpus.iter().enumerate() {
            if nodes.last().is_none_or(|(node, _)| *node != state.node()) {
                let empty = NodeRating {
                    free: 0,
                    units: 0,
                    first: None,
                };
                nodes.push((state.node(), empty));
            }
            let Some((_, rating)) = nodes.last_mut() else {
                continue;
            };
            rating.free += state.geometry().free_units(state.occupancy());
            rating.units += u32::from(state.geometry().units());
            if rating.first.is_none() {
                rating.first = rows
                    .on(state)
                    .filter(|&row| state.geometry().size(row).is_power_of_two())
                    .and_then(|row| start_on(state, row, StartOrder::Lowest))
                    .map(|start| Choice { gpu, start });
            }
        }
        let mut best: Option<NodeRating> = None;
        for (_, rating) in nodes.iter().filter(|(_, rating)| rating.first.is_some()) {
            if best.is_none_or(|best| rating.score() > best.score()) {
                best = Some(*rating);
            }
        }
        best?.first
    }
}
