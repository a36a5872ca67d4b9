//! `min-fragmentation`: the place that blocks the fewest placements of what could still come.
//!
//! The measure is [`Blocked`] over the board's base profiles: the sum, over profiles that fit the
//! number of free slots, of size × blocked placements / placements. It is our own unweighted
//! definition; MFI (arXiv 2511.18906) works on the same idea and its formula was not found. A mix
//! of small instances is served worse by it than by `best-fit-slots`.

use super::{Choice, MigPlacement, Rows};
use crate::gpu::mig::{Blocked, Geometry, MigGpu, ProfileRow};
use std::sync::Arc;

/// Least increase of the measure; ties to fewer free units, then the first GPU, then the lowest
/// start. O(GPUs × starts).
#[derive(Clone, Debug, Default)]
pub struct MinFragmentation {
    /// One table per geometry met so far; there are as many as kinds of GPU.
    tables: Vec<(Arc<Geometry>, Blocked)>,
}

/// Increase, free units, and where.
type Rated = ((i64, u32), Choice);

impl MinFragmentation {
    fn table(&mut self, geometry: &Arc<Geometry>) -> usize {
        let known = |(other, _): &(Arc<Geometry>, Blocked)| Arc::ptr_eq(other, geometry);
        self.tables.iter().position(known).unwrap_or_else(|| {
            let blocked = Blocked::new(geometry, geometry.base());
            self.tables.push((geometry.clone(), blocked));
            self.tables.len() - 1
        })
    }

    /// The best place on one GPU.
    fn rate(&mut self, gpu: usize, state: &MigGpu, row: ProfileRow) -> Option<Rated> {
        let geometry = state.geometry();
        let taken = state.occupancy();
        if !state.has_room(row) {
            return None;
        }
        let table = self.table(geometry);
        let blocked = &self.tables[table].1;
        let before = i64::from(blocked.of(taken));
        let free = geometry.free_starts(row, taken);
        let starts = geometry
            .starts(row)
            .iter()
            .filter(|&&start| free >> start & 1 == 1);
        starts
            .map(|&start| {
                let after = i64::from(blocked.of(taken | geometry.mask(row, start)));
                let key = (after - before, geometry.free_units(taken));
                (key, Choice { gpu, start })
            })
            .min_by_key(|(key, _)| *key)
    }
}

impl MigPlacement for MinFragmentation {
    fn name(&self) -> &'static str {
        "min-fragmentation"
    }

    fn choose(&mut self, gpus: &[MigGpu], profile: &str) -> Option<Choice> {
        let mut rows = Rows::of(profile);
        let mut best: Option<Rated> = None;
        for (gpu, state) in gpus.iter().enumerate() {
            let Some(row) = rows.on(state) else { continue };
            let Some(rated) = self.rate(gpu, state, row) else {
                continue;
            };
            if best.is_none_or(|(least, _)| rated.0 < least) {
                best = Some(rated);
            }
        }
        best.map(|(_, choice)| choice)
    }
}
