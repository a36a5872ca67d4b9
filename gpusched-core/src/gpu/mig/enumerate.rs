//! All states a GPU can be in: for proofs, for exhaustive policies, and to print.
//!
//! A state is a set of instances. Each is visited once: instances are added in one fixed order of
//! placements.

use super::counters::Counters;
use super::geometry::{Geometry, Instance, ProfileSet, Units};
use std::collections::BTreeMap;

/// A state: the instances of one GPU, in the order of the board's table, then by start.
pub type Layout = Vec<Instance>;

/// How many instances of each profile, by row.
pub type Multiset = Vec<u8>;

/// Counts of [`enumerate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Placed states, the empty one included.
    pub placed: usize,
    /// Placed states nothing can be added to.
    pub maximal: usize,
    /// Multisets of maximal placed states.
    pub maximal_multisets: usize,
    /// Multisets of all placed states, the empty one included.
    pub multisets: usize,
}

/// Visits every state made of profiles of `set`, with whether it is maximal within `set`.
///
/// ```
/// use gpusched_core::gpu::mig::{board, visit_layouts, Geometry};
/// let a30 = Geometry::of(board("A30").unwrap()).unwrap();
/// let mut maximal = 0;
/// visit_layouts(&a30, a30.base(), |_, full| maximal += usize::from(full));
/// assert_eq!(maximal, 5);
/// ```
pub fn visit_layouts(
    geometry: &Geometry,
    set: ProfileSet,
    mut visit: impl FnMut(&[Instance], bool),
) {
    let placements: Layout = set
        .iter()
        .flat_map(|profile| {
            let starts = geometry.starts(profile).iter();
            starts.map(move |&start| Instance { profile, start })
        })
        .collect();
    let mut walk = Walk {
        geometry,
        set,
        placements,
        layout: Vec::new(),
    };
    walk.from(0, 0, Counters::default(), &mut visit);
}

struct Walk<'g> {
    geometry: &'g Geometry,
    set: ProfileSet,
    placements: Layout,
    layout: Layout,
}

impl Walk<'_> {
    fn from(
        &mut self,
        next: usize,
        taken: Units,
        counters: Counters,
        visit: &mut impl FnMut(&[Instance], bool),
    ) {
        let more = self.geometry.creatable(taken, counters).0 & self.set.0;
        visit(&self.layout, more == 0);
        for at in next..self.placements.len() {
            let Instance { profile, start } = self.placements[at];
            let limits = self.geometry.limits();
            if !self.geometry.fits(profile, start, taken) || !limits.allows(counters, profile) {
                continue;
            }
            let mask = self.geometry.mask(profile, start);
            let counters = limits.add(counters, profile);
            self.layout.push(self.placements[at]);
            self.from(at + 1, taken | mask, counters, visit);
            self.layout.pop();
        }
    }
}

/// The multiset of a layout.
pub fn multiset(geometry: &Geometry, layout: &[Instance]) -> Multiset {
    let mut counts = vec![0; geometry.board().profiles.len()];
    for instance in layout {
        counts[instance.profile.index()] += 1;
    }
    counts
}

/// Counts states, maximal states and their multisets.
pub fn enumerate(geometry: &Geometry, set: ProfileSet) -> Totals {
    let mut multisets: BTreeMap<Multiset, bool> = BTreeMap::new();
    let (mut placed, mut maximal) = (0, 0);
    visit_layouts(geometry, set, |layout, full| {
        placed += 1;
        maximal += usize::from(full);
        *multisets.entry(multiset(geometry, layout)).or_default() |= full;
    });
    Totals {
        placed,
        maximal,
        maximal_multisets: multisets.values().filter(|full| **full).count(),
        multisets: multisets.len(),
    }
}

/// Multisets of maximal states, largest profiles first (the whole board leads).
pub fn maximal_multisets(geometry: &Geometry, set: ProfileSet) -> Vec<Multiset> {
    let mut found: BTreeMap<Multiset, ()> = BTreeMap::new();
    visit_layouts(geometry, set, |layout, full| {
        if full {
            found.insert(multiset(geometry, layout), ());
        }
    });
    let mut all: Vec<Multiset> = found.into_keys().collect();
    all.sort_by(|a, b| b.iter().rev().cmp(a.iter().rev()));
    all
}
