//! What limits a combination besides units: small counters, checked all at once.
//!
//! Eight counters of seven bits share a `u64`. Adding what an instance needs and the distance of
//! each capacity from 127 sets the top bit of exactly those counters that would overflow, so one
//! addition and one mask decide all eight.

use super::geometry::Rules;
use super::profiles::{Board, Engines, ProfileRow};

/// What the instances of a GPU use of each counter, a byte per counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Counters(pub u64);

/// The counters of a board: capacity, and what each profile needs.
///
/// | counter | capacity | why |
/// |---|---|---|
/// | engines (copy, decoders, encoders, jpeg, ofa) | the most any profile owns | how the DRA driver publishes them (KEP-4815): an instance consumes its engines |
/// | media extensions | 1 | at most one `+me` or `+me.all` per board (MIG user guide) |
/// | compute slices | 7 or 4 | implied by the published starts; a node's own starts need not imply it |
/// | 4g beside 3g | – | forbidden before driver R510: a 4g weighs 2, a 3g 1, and 2 is the most |
///
/// An engine is not counted on a board where a profile's published count is unknown, or where the
/// counts cannot be consumption: the guide gives every B200 row one decoder, the whole board
/// included, and yet seven 1g instances fit.
#[derive(Clone, Debug)]
pub struct Limits {
    need: Vec<u64>,
    slack: u64,
    capacity: [u8; COUNTERS],
}

const COUNTERS: usize = 8;
const EXTENSIONS: usize = 5;
const SLICES: usize = 6;
const FOUR_THREE: usize = 7;
const TOP_BITS: u64 = 0x8080_8080_8080_8080;
const UNLIMITED: u8 = 0x7F;

impl Limits {
    pub(super) fn of(board: &Board, rules: Rules) -> Limits {
        let mut limits = Limits {
            need: vec![0; board.profiles.len()],
            slack: 0,
            capacity: [UNLIMITED; COUNTERS],
        };
        for engine in 0..Engines::NAMES.len() {
            limits.count_engine(board, engine);
        }
        limits.count(EXTENSIONS, 1, board, |row| {
            u8::from(board.profile(row).media.takes_extensions())
        });
        limits.count(SLICES, board.slices(), board, |row| {
            board.profile(row).slices
        });
        if !rules.four_with_three && board.slices() == 7 {
            limits.count(FOUR_THREE, 2, board, |row| {
                match board.profile(row).slices {
                    4 => 2,
                    3 => 1,
                    _ => 0,
                }
            });
        }
        for (at, capacity) in limits.capacity.iter().enumerate() {
            limits.slack |= u64::from(UNLIMITED - capacity) << (8 * at);
        }
        limits
    }

    fn count_engine(&mut self, board: &Board, engine: usize) {
        let counts: Option<Vec<u8>> = board
            .profiles
            .iter()
            .map(|profile| profile.engines.counts()[engine])
            .collect();
        let Some(counts) = counts else {
            return;
        };
        let capacity = counts.iter().copied().max().unwrap_or(0);
        let consumed = counts
            .iter()
            .zip(board.profiles)
            .all(|(count, profile)| count * profile.max_count <= capacity);
        if consumed {
            self.count(engine, capacity, board, |row| counts[row.index()]);
        }
    }

    fn count(&mut self, at: usize, capacity: u8, board: &Board, need: impl Fn(ProfileRow) -> u8) {
        self.capacity[at] = capacity;
        for row in board.rows() {
            self.need[row.index()] |= u64::from(need(row)) << (8 * at);
        }
    }

    /// Whether an instance of `row` may join what uses `used`. O(1).
    #[inline]
    pub fn allows(&self, used: Counters, row: ProfileRow) -> bool {
        (used.0 + self.need[row.index()] + self.slack) & TOP_BITS == 0
    }

    /// Usage after an instance of `row` was created. Only after [`Limits::allows`].
    #[inline]
    pub fn add(&self, used: Counters, row: ProfileRow) -> Counters {
        Counters(used.0 + self.need[row.index()])
    }

    /// Usage after an instance of `row` was destroyed.
    #[inline]
    pub fn remove(&self, used: Counters, row: ProfileRow) -> Counters {
        Counters(used.0 - self.need[row.index()])
    }

    /// Capacity of an engine, by its position in [`Engines::NAMES`]; `None` when it is not counted.
    pub fn engine_capacity(&self, engine: usize) -> Option<u8> {
        (engine < EXTENSIONS && self.capacity[engine] != UNLIMITED).then(|| self.capacity[engine])
    }
}
