//! Where a wanted set of instances can stand next to what is there.

use super::counters::Counters;
use super::geometry::{Geometry, Instance, Units};
use super::order::StartOrder;
use super::profiles::ProfileRow;

/// What a GPU already holds: units and counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// Units taken.
    pub units: Units,
    /// Counters in use.
    pub counters: Counters,
}

impl Held {
    /// The state after `instance` was created, or `None` when it does not fit. O(1).
    #[inline]
    pub fn with(self, geometry: &Geometry, instance: Instance) -> Option<Held> {
        let Instance { profile, start } = instance;
        let fits = geometry.fits(profile, start, self.units)
            && geometry.limits().allows(self.counters, profile);
        fits.then(|| Held {
            units: self.units | geometry.mask(profile, start),
            counters: geometry.limits().add(self.counters, profile),
        })
    }

    /// What a list of instances holds together, or `None` when they cannot stand together.
    pub fn of(geometry: &Geometry, instances: &[Instance]) -> Option<Held> {
        instances
            .iter()
            .try_fold(Held::default(), |held, &instance| {
                held.with(geometry, instance)
            })
    }
}

/// Creates `wanted` in the order given, each at the first free start of `order`, as a driver does
/// when it is given no placements. `None` as soon as one does not fit.
///
/// ```
/// use gpusched_core::gpu::mig::{board, create_in_order, Geometry, Held, StartOrder};
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let ids = |ids: &[u8]| ids.iter().map(|&id| a100.board().by_id(id).unwrap()).collect::<Vec<_>>();
/// // NVIDIA's guide: `-cgi 19,19,14,9` fails and `-cgi 9,19,14,19` works.
/// let create = |wanted: &[u8]| {
///     create_in_order(&a100, Held::default(), StartOrder::Driver, &ids(wanted))
/// };
/// assert!(create(&[19, 19, 14, 9]).is_none());
/// assert!(create(&[9, 19, 14, 19]).is_some());
/// ```
pub fn create_in_order(
    geometry: &Geometry,
    held: Held,
    order: StartOrder,
    wanted: &[ProfileRow],
) -> Option<Vec<Instance>> {
    let mut held = held;
    let mut made = Vec::with_capacity(wanted.len());
    for &profile in wanted {
        let start = geometry.start(order, profile, held.units)?;
        let instance = Instance { profile, start };
        held = held.with(geometry, instance)?;
        made.push(instance);
    }
    Some(made)
}

/// The first creation order of `wanted` that works, creating as [`create_in_order`] does.
///
/// mig-parted (bd7160f) clears a GPU and tries permutations until one succeeds. Which permutation
/// it meets first is not specified; here they are tried in lexicographic order, profiles later in
/// the board's table (larger ones) first.
pub fn create_in_some_order(
    geometry: &Geometry,
    held: Held,
    order: StartOrder,
    wanted: &[ProfileRow],
) -> Option<Vec<Instance>> {
    let mut counts = vec![0u8; geometry.board().profiles.len()];
    for profile in wanted {
        counts[profile.index()] += 1;
    }
    let mut made = Vec::with_capacity(wanted.len());
    permute(geometry, held, order, &mut counts, &mut made).then_some(made)
}

fn permute(
    geometry: &Geometry,
    held: Held,
    order: StartOrder,
    counts: &mut [u8],
    made: &mut Vec<Instance>,
) -> bool {
    if counts.iter().all(|&count| count == 0) {
        return true;
    }
    for row in (0..counts.len()).rev() {
        if counts[row] == 0 {
            continue;
        }
        let profile = ProfileRow(row as u8);
        let Some(start) = geometry.start(order, profile, held.units) else {
            return false; // Nothing created later makes room for it.
        };
        let instance = Instance { profile, start };
        let Some(next) = held.with(geometry, instance) else {
            return false;
        };
        counts[row] -= 1;
        made.push(instance);
        if permute(geometry, next, order, counts, made) {
            return true;
        }
        made.pop();
        counts[row] += 1;
    }
    false
}

/// Finds places for all of `wanted` by backtracking: profiles in the order given, starts in
/// `order`. The result is in the order of `wanted`.
pub fn search(
    geometry: &Geometry,
    held: Held,
    order: StartOrder,
    wanted: &[ProfileRow],
) -> Option<Vec<Instance>> {
    let Some((&profile, rest)) = wanted.split_first() else {
        return Some(Vec::new());
    };
    for start in geometry.ordered_starts(order, profile) {
        let instance = Instance { profile, start };
        let Some(next) = held.with(geometry, instance) else {
            continue;
        };
        if let Some(mut found) = search(geometry, next, order, rest) {
            found.insert(0, instance);
            return Some(found);
        }
    }
    None
}
