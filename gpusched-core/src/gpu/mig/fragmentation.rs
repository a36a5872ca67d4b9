//! What holes cost: which placements are blocked although there would be room.

use super::geometry::{Geometry, ProfileSet, Units};
use super::profiles::ProfileRow;

/// The holes of one GPU, for explanations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holes {
    /// Free units.
    pub free_units: u32,
    /// Runs of free units: first unit and length.
    pub runs: Vec<(u8, u8)>,
    /// Placements left, by row.
    pub placements_left: Vec<u32>,
    /// Profiles that would fit the number of free units and have no placement left.
    pub blocked: ProfileSet,
    /// The profile of most units that still fits; of equals, the one of most compute slices.
    pub largest: Option<ProfileRow>,
}

impl Holes {
    /// The holes of a GPU whose units `taken` are in use.
    ///
    /// ```
    /// use gpusched_core::gpu::mig::{board, Geometry, Holes};
    /// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
    /// // One 1g.5gb at slot 3 and one at slot 5: six slots are free, and no 3g.20gb fits.
    /// let holes = Holes::of(&a100, 0b0010_1000);
    /// assert_eq!(holes.runs, [(0, 3), (4, 1), (6, 2)]);
    /// assert!(holes.blocked.contains(a100.row("3g.20gb").unwrap()));
    /// assert_eq!(holes.largest, Some(a100.row("2g.10gb").unwrap()));
    /// ```
    pub fn of(geometry: &Geometry, taken: Units) -> Holes {
        let free_units = geometry.free_units(taken);
        let rows = || geometry.board().rows();
        let placeable = geometry.placeable(taken);
        let blocked = rows()
            .filter(|&row| u32::from(geometry.size(row)) <= free_units && !placeable.contains(row));
        Holes {
            free_units,
            runs: runs(geometry.units(), taken),
            placements_left: rows()
                .map(|row| geometry.placements_left(row, taken))
                .collect(),
            blocked: ProfileSet::of(blocked),
            largest: placeable
                .iter()
                .max_by_key(|&row| (geometry.size(row), geometry.profile(row).slices)),
        }
    }
}

fn runs(units: u8, taken: Units) -> Vec<(u8, u8)> {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for unit in (0..units).filter(|unit| taken >> unit & 1 == 0) {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == unit => *length += 1,
            _ => runs.push((unit, 1)),
        }
    }
    runs
}

/// The blocked-placements measure of every occupancy, as integers.
///
/// For an occupancy: the sum, over the profiles of a set whose size is at most the number of free
/// units, of size × blocked placements / placements. Own definition, in the spirit of MFI
/// (Zambianco et al., arXiv 2511.18906), whose exact formula was not found. Values are multiplied
/// by the least common multiple of the placement counts, so that they stay exact.
#[derive(Clone, Debug)]
pub struct Blocked {
    scale: u32,
    values: Vec<u32>,
}

impl Blocked {
    /// Builds the table over the profiles of `set`.
    pub fn new(geometry: &Geometry, set: ProfileSet) -> Blocked {
        let legal = |row: ProfileRow| geometry.starts(row).len() as u32;
        let rows: Vec<ProfileRow> = set.iter().filter(|&row| legal(row) > 0).collect();
        let scale = rows.iter().fold(1, |scale, &row| lcm(scale, legal(row)));
        let value = |taken: Units| -> u32 {
            let free = geometry.free_units(taken);
            rows.iter()
                .filter(|&&row| u32::from(geometry.size(row)) <= free)
                .map(|&row| {
                    let blocked = legal(row) - geometry.placements_left(row, taken);
                    u32::from(geometry.size(row)) * blocked * (scale / legal(row))
                })
                .sum()
        };
        Blocked {
            scale,
            values: (0..geometry.states())
                .map(|taken| value(taken as Units))
                .collect(),
        }
    }

    /// The value of an occupancy times [`Blocked::scale`]. O(1).
    #[inline]
    pub fn of(&self, taken: Units) -> u32 {
        self.values[usize::from(taken)]
    }

    /// What values are multiplied by.
    pub fn scale(&self) -> u32 {
        self.scale
    }
}

fn lcm(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
