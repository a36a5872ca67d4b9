//! `hami`: the allocator of HAMi from version 2.10 on.
//!
//! One instance: the first GPU with room; profiles named `1g.` and `3g.` take the highest free
//! start, others the lowest. Several instances of a pod go to one GPU: profiles with the fewest
//! legal placements first, then the larger, then in the order asked, backtracking over starts.
//! What is allocated stays where it is.
//!
//! Source: Project-HAMi/HAMi 4707fb0, `pkg/device/nvidia/mig_topology.go`. Which GPU it prefers is
//! HAMi's node and device scoring, not part of this rule: here, the first.

use super::{Choice, MigPlacement, first_fit};
use crate::gpu::mig::{MigGpu, ProfileRow, StartOrder, search};
use std::cmp::Reverse;

/// Highest start first for 1g and 3g; backtracking for pods. O(GPUs), times the search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hami;

impl MigPlacement for Hami {
    fn name(&self) -> &'static str {
        "hami"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        first_fit(gpus, profile, StartOrder::Hami)
    }

    fn choose_all(&mut self, gpus: &mut [MigGpu], profiles: &[&str]) -> Option<Vec<Choice>> {
        profiles.first()?;
        gpus.iter()
            .enumerate()
            .find_map(|(gpu, state)| on_one(state, gpu, profiles))
    }
}

fn on_one(state: &MigGpu, gpu: usize, profiles: &[&str]) -> Option<Vec<Choice>> {
    let geometry = state.geometry();
    let rows: Vec<ProfileRow> = profiles
        .iter()
        .map(|name| state.board().by_name(name))
        .collect::<Option<_>>()?;
    let mut asked: Vec<usize> = (0..rows.len()).collect();
    asked.sort_by_key(|&at| {
        (
            geometry.starts(rows[at]).len(),
            Reverse(geometry.size(rows[at])),
        )
    });
    let wanted: Vec<ProfileRow> = asked.iter().map(|&at| rows[at]).collect();
    let found = search(geometry, state.held(), StartOrder::Hami, &wanted)?;
    let mut choices = vec![Choice { gpu, start: 0 }; rows.len()];
    for (&at, instance) in asked.iter().zip(&found) {
        choices[at].start = instance.start;
    }
    Some(choices)
}
