//! The best of many GPUs of one board: a pass over two flat columns.
//!
//! The caller keeps occupancies (and, where counters matter, counters) of its GPUs as columns. A
//! score is an entry of a table of 2⁸ or 2¹² bytes, which stays in the first-level cache.

use super::counters::Counters;
use super::geometry::{Geometry, NO_START, Units};
use super::order::StartOrder;
use super::profiles::ProfileRow;

/// In a table of scores: does not fit.
const UNFIT: u8 = u8::MAX;

/// Scores of all occupancies for one profile; the lowest wins.
///
/// ```
/// use gpusched_core::gpu::mig::{board, Geometry, Scores, StartOrder};
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let two = a100.row("2g.10gb").unwrap();
/// let best_fit = Scores::best_fit(&a100, two, StartOrder::Lowest);
/// // Empty, too full, and one with four slots free: the fullest that fits wins.
/// assert_eq!(best_fit.best(&[0, 0b0111_1111, 0b1111_0000]), Some((2, 0)));
/// ```
#[derive(Clone, Debug)]
pub struct Scores {
    profile: ProfileRow,
    scores: Vec<u8>,
    starts: Vec<u8>,
    least: u8,
}

impl Scores {
    /// Free units: the fewest win.
    pub fn best_fit(geometry: &Geometry, profile: ProfileRow, order: StartOrder) -> Scores {
        Scores::by(geometry, profile, order, |taken| {
            geometry.free_units(taken) as u8
        })
    }

    /// Every GPU alike: the first that fits wins.
    pub fn first_fit(geometry: &Geometry, profile: ProfileRow, order: StartOrder) -> Scores {
        Scores::by(geometry, profile, order, |_| 0)
    }

    /// Any score below 255 that depends on the occupancy alone.
    pub fn by(
        geometry: &Geometry,
        profile: ProfileRow,
        order: StartOrder,
        score: impl Fn(Units) -> u8,
    ) -> Scores {
        let starts = geometry.chosen_starts(order, profile).to_vec();
        let scores: Vec<u8> = starts
            .iter()
            .enumerate()
            .map(|(taken, &start)| match start {
                NO_START => UNFIT,
                _ => score(taken as Units),
            })
            .collect();
        Scores {
            profile,
            least: scores.iter().copied().min().unwrap_or(UNFIT),
            scores,
            starts,
        }
    }

    /// The GPU of lowest score, the first on ties, and the start there. O(GPUs), and it stops at
    /// the end of a block that holds the lowest score there can be.
    pub fn best(&self, taken: &[Units]) -> Option<(usize, u8)> {
        self.over(taken, |_, score| score)
    }

    /// [`Scores::best`] where counters matter: `+me` profiles, and boards that count engines.
    pub fn best_within(
        &self,
        geometry: &Geometry,
        taken: &[Units],
        counters: &[Counters],
    ) -> Option<(usize, u8)> {
        let limits = geometry.limits();
        self.over(taken, |gpu, score| {
            if limits.allows(counters[gpu], self.profile) {
                score
            } else {
                UNFIT
            }
        })
    }

    /// Blocks are searched for a new minimum first and for its position only if there is one, so
    /// the inner loop is a load, a look-up and a minimum.
    #[inline]
    fn over(&self, taken: &[Units], score: impl Fn(usize, u8) -> u8) -> Option<(usize, u8)> {
        const BLOCK: usize = 256;
        let mask = self.scores.len() - 1;
        let scores = &self.scores[..=mask];
        let mut best = (UNFIT, 0);
        for (block, occupancies) in taken.chunks(BLOCK).enumerate() {
            let at = |lane: usize, taken: Units| {
                score(block * BLOCK + lane, scores[usize::from(taken) & mask])
            };
            let least = occupancies
                .iter()
                .enumerate()
                .fold(UNFIT, |least, (lane, &taken)| least.min(at(lane, taken)));
            if least < best.0 {
                let mut lanes = occupancies.iter().enumerate();
                let lane = lanes.position(|(lane, &taken)| at(lane, taken) == least)?;
                best = (least, block * BLOCK + lane);
                if least == self.least {
                    break;
                }
            }
        }
        let (least, gpu) = best;
        (least != UNFIT).then(|| (gpu, self.starts[usize::from(taken[gpu])]))
    }
}
