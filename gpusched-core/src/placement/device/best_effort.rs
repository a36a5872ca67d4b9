//! `best-effort`: the set of the best partition of all free devices.

use super::{DevicePolicy, Request, Wiring};
use crate::policy::PolicyInfo;
use std::ops::ControlFlow;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "best-effort",
    summary: "the best set of the best partition of all free devices",
    rule: "All free devices, filled up with empty places to a multiple of the number wanted, are \
           cut into sets of that number; a set holds all empty places or none. A partition scores \
           what its sets score, a set what its pairs score. Only partitions with a full set that \
           holds all required devices count. The first partition of the highest score in \
           upstream's order, and in it the first full set of the highest score that holds the \
           required devices. A single device is the first one free. More than 20 free devices: no \
           preference (upstream would look at 654 million partitions of 20).",
    source: "NVIDIA/go-gpuallocator 876e7b7, gpuallocator/besteffort_policy.go",
};

/// Free devices that are still partitioned.
const MOST: usize = 20;

/// What upstream does besides its own rule, in two rare cases. Off unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// The set with the empty places may be returned where nothing is required.
    pub empty_places: bool,
    /// Partitions under construction share memory: with seven sets or more, the last sets of the
    /// best partition are those of a later one.
    pub shared_memory: bool,
}

/// go-gpuallocator's best-effort policy.
///
/// Upstream lists every partition (16 devices in pairs: two million). Here the best score of what
/// is left is computed once for every subset of the devices, and the first best partition is read
/// off it set by set: the sets before are equal, so the first set that still leads to the best
/// score begins the first best partition. Time O(subsets reached × sets within them), at most
/// O(2ⁿ × C(n, size)); memory 4 × 2ⁿ bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct BestEffort {
    /// What to do as upstream does against its own rule.
    pub quirks: Quirks,
}

/// What best-effort came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The devices; empty = no preference.
    pub devices: Vec<u8>,
    /// Empty places returned behind them.
    pub empty: usize,
    /// Score of the best partition; `None` when no partition counts.
    pub partition: Option<i32>,
}

impl BestEffort {
    /// The choice, with what led to it.
    pub fn decide(&self, wiring: &Wiring, request: &Request<'_>) -> Decision {
        let Request {
            available,
            required,
            size,
        } = *request;
        if !request.makes_sense() || available.len() > MOST {
            return Decision::default();
        }
        let place = |device: &u8| available.iter().position(|free| free == device);
        let Some(required) = required.iter().map(place).collect::<Option<Vec<usize>>>() else {
            return Decision::default();
        };
        let partitions = Partitions {
            wiring,
            available,
            required: required.iter().fold(0, |mask, place| mask | 1 << place),
            size,
            empty: (size - available.len() % size) % size,
        };
        let Some((mut sets, score)) = partitions.first_best() else {
            return Decision::default();
        };
        if self.quirks.shared_memory && size > 1 {
            partitions.overwrite(&mut sets);
        }
        let holds = |set: &&Set| {
            set.members & partitions.required == partitions.required
                && (self.quirks.empty_places || !set.padded)
        };
        let mut best: Option<&Set> = None;
        for set in sets.iter().filter(holds) {
            if best.is_none_or(|best| set.score > best.score) {
                best = Some(set);
            }
        }
        best.map_or_else(Decision::default, |set| Decision {
            devices: partitions.devices(set.members),
            empty: if set.padded { partitions.empty } else { 0 },
            partition: Some(score),
        })
    }
}

impl DevicePolicy for BestEffort {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, wiring: &Wiring, request: &Request<'_>) -> Vec<u8> {
        self.decide(wiring, request).devices
    }
}

/// A set of a partition; members are positions in the list of free devices.
#[derive(Clone, Copy, Debug)]
struct Set {
    members: u32,
    /// It holds the empty places.
    padded: bool,
    score: i32,
}

/// Not computed yet.
const UNKNOWN: i32 = i32::MIN;
/// No partition of it counts. Far from overflow, and never the best of anything.
const IMPOSSIBLE: i32 = i32::MIN / 2;

/// All partitions of one request.
struct Partitions<'a> {
    wiring: &'a Wiring,
    available: &'a [u8],
    /// Positions of the required devices.
    required: u32,
    size: usize,
    /// Empty places.
    empty: usize,
}

impl Partitions<'_> {
    fn devices(&self, members: u32) -> Vec<u8> {
        let places = (0..self.available.len()).filter(|place| members >> place & 1 == 1);
        places.map(|place| self.available[place]).collect()
    }

    fn pair(&self, one: u32, other: u32) -> i32 {
        let device = |place: u32| usize::from(self.available[place as usize]);
        self.wiring.pair(device(one), device(other))
    }

    /// The first partition of the highest score, and that score.
    fn first_best(&self) -> Option<(Vec<Set>, i32)> {
        if self.size == 1 {
            // One partition per device, of score 0.
            let first = (0..self.available.len() as u32).map(|place| 1 << place);
            let members = first
                .into_iter()
                .find(|members| members & self.required == self.required)?;
            let set = Set {
                members,
                padded: false,
                score: 0,
            };
            return Some((vec![set], 0));
        }
        let all = u32::MAX >> (32 - self.available.len());
        let mut known = vec![UNKNOWN; 1 << self.available.len()];
        known[0] = 0;
        let score = self.best(&mut known, all);
        if score < 0 {
            return None;
        }
        let mut sets = Vec::new();
        let mut left = all;
        while left != 0 {
            let target = known[left as usize];
            let first = self.each_set(left, &mut |set| {
                // Everything within reach of the best is known.
                match set.score + known[(left & !set.members) as usize] == target {
                    true => ControlFlow::Break(set),
                    false => ControlFlow::Continue(()),
                }
            });
            let ControlFlow::Break(set) = first else {
                return None;
            };
            sets.push(set);
            left &= !set.members;
        }
        Some((sets, score))
    }

    /// The highest score of a partition of what is left; negative when none counts.
    fn best(&self, known: &mut [i32], left: u32) -> i32 {
        if known[left as usize] != UNKNOWN {
            return known[left as usize];
        }
        let mut best = IMPOSSIBLE;
        let _ = self.each_set(left, &mut |set| {
            let rest = self.best(known, left & !set.members);
            best = best.max(set.score + rest);
            ControlFlow::<()>::Continue(())
        });
        // The score of a set does not make possible what is not.
        known[left as usize] = if best < 0 { IMPOSSIBLE } else { best };
        known[left as usize]
    }

    /// Hands out the sets that hold the first device left, in upstream's order: the others in
    /// ascending combinations, the empty places behind all devices. Sets that tear the required
    /// devices apart, or hold them beside empty places, are left out.
    fn each_set<B>(
        &self,
        left: u32,
        each: &mut impl FnMut(Set) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let first = left & left.wrapping_neg();
        let start = Set {
            members: first,
            padded: false,
            score: 0,
        };
        // The empty places are still there when what is left does not divide without them.
        let padded = left.count_ones() as usize % self.size != 0;
        self.extend(left & !first, start, padded, each)
    }

    fn extend<B>(
        &self,
        rest: u32,
        set: Set,
        padded: bool,
        each: &mut impl FnMut(Set) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let held = set.members.count_ones() as usize;
        if held == self.size {
            let required = set.members & self.required;
            return match required == 0 || required == self.required {
                true => each(set),
                false => ControlFlow::Continue(()),
            };
        }
        let mut later = rest;
        while later != 0 {
            let place = later.trailing_zeros();
            later &= later - 1;
            let mut more = Set {
                members: set.members | 1 << place,
                ..set
            };
            let mut members = set.members;
            while members != 0 {
                more.score += self.pair(members.trailing_zeros(), place);
                members &= members - 1;
            }
            self.extend(later, more, padded, each)?;
        }
        if padded && held + self.empty == self.size && set.members & self.required == 0 {
            return each(Set {
                padded: true,
                ..set
            });
        }
        ControlFlow::Continue(())
    }

    /// What sharing memory makes of the best partition: the array it stands in was made for its
    /// first `own` sets, and every later partition that begins with them wrote its other sets
    /// there. The last of these takes the last combination at every step.
    fn overwrite(&self, sets: &mut Vec<Set>) {
        let own = own_sets(sets.len());
        sets.truncate(own);
        let all = u32::MAX >> (32 - self.available.len());
        let mut left = sets.iter().fold(all, |left, set| left & !set.members);
        while left != 0 {
            let padded = left.count_ones() as usize % self.size != 0;
            let others = self.size - 1 - if padded { self.empty } else { 0 };
            let mut members = left & left.wrapping_neg();
            let mut rest = left & !members;
            for _ in 0..others {
                let last = 1 << (31 - rest.leading_zeros());
                members |= last;
                rest &= !last;
            }
            let score = self.wiring.set(&self.devices(members));
            sets.push(Set {
                members,
                padded,
                score,
            });
            left &= !members;
        }
    }
}

/// How many of the first of `sets` sets stand in an array that no other prefix shares. Arrays grow
/// to 1, 2, 4, 8, … places when they are full.
fn own_sets(sets: usize) -> usize {
    let (mut own, mut places) = (0, 0);
    for length in 0..sets {
        if length == places {
            places = (2 * places).max(1);
            own = length + 1;
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Board, Link, Path};
    use proptest::prelude::*;

    /// All partitions listed as upstream lists them, arrays and all.
    struct Listing<'a> {
        wiring: &'a Wiring,
        size: usize,
        empty: usize,
        arrays: Vec<Vec<Vec<Option<u8>>>>,
        required: &'a [u8],
        best: Option<(i32, usize, usize)>,
        /// A copy of the best partition as it was when it was found.
        copied: Vec<Vec<Option<u8>>>,
    }

    type Slice = (usize, usize, usize);

    impl Listing<'_> {
        fn append(&mut self, (array, length, places): Slice, set: Vec<Option<u8>>) -> Slice {
            let (array, places) = if length == places {
                let copy = self.arrays[array][..length].to_vec();
                self.arrays.push(copy);
                (self.arrays.len() - 1, (2 * places).max(1))
            } else {
                (array, places)
            };
            match self.arrays[array].get_mut(length) {
                Some(slot) => *slot = set,
                None => self.arrays[array].push(set),
            }
            (array, length + 1, places)
        }

        fn score(&self, set: &[Option<u8>]) -> i32 {
            self.wiring
                .set(&set.iter().flatten().copied().collect::<Vec<u8>>())
        }

        fn holds(&self, set: &[Option<u8>]) -> bool {
            self.required
                .iter()
                .all(|device| set.contains(&Some(*device)))
        }

        fn walk(&mut self, left: &[Option<u8>], made: Slice) {
            if left.len() == self.size {
                let (array, length, _) = self.append(made, left.to_vec());
                let sets = &self.arrays[array][..length];
                let full = |set: &Vec<Option<u8>>| self.holds(set) && !set.contains(&None);
                if !sets.iter().any(full) {
                    return;
                }
                let score: i32 = sets.iter().map(|set| self.score(set)).sum();
                if self.best.is_none_or(|(best, ..)| score > best) {
                    self.copied = sets.to_vec();
                    self.best = Some((score, array, length));
                }
                return;
            }
            let rest = &left[1..];
            for combination in combinations(rest.len(), self.size - 1) {
                let others = combination.iter().map(|&at| rest[at]);
                let set: Vec<_> = [left[0]].into_iter().chain(others).collect();
                let empty = set.iter().filter(|one| one.is_none()).count();
                if empty != 0 && empty != self.empty {
                    continue;
                }
                let remains = (0..rest.len()).filter(|at| !combination.contains(at));
                let remains: Vec<_> = remains.map(|at| rest[at]).collect();
                let made = self.append(made, set);
                self.walk(&remains, made);
            }
        }

        fn pick(&self, sets: &[Vec<Option<u8>>], with_empty: bool) -> (Vec<u8>, usize) {
            let mut best: Option<&Vec<Option<u8>>> = None;
            for set in sets {
                let allowed = self.holds(set) && (with_empty || !set.contains(&None));
                if allowed && best.is_none_or(|best| self.score(set) > self.score(best)) {
                    best = Some(set);
                }
            }
            let Some(best) = best else {
                return (Vec::new(), 0);
            };
            let empty = best.iter().filter(|one| one.is_none()).count();
            (best.iter().flatten().copied().collect(), empty)
        }
    }

    fn combinations(of: usize, size: usize) -> Vec<Vec<usize>> {
        match (of, size) {
            (_, 0) => vec![Vec::new()],
            (0, _) => Vec::new(),
            _ => {
                let mut all: Vec<Vec<usize>> = combinations(of - 1, size - 1)
                    .into_iter()
                    .map(|mut rest| {
                        rest.iter_mut().for_each(|at| *at += 1);
                        rest.insert(0, 0);
                        rest
                    })
                    .collect();
                all.extend(combinations(of - 1, size).into_iter().map(|mut rest| {
                    rest.iter_mut().for_each(|at| *at += 1);
                    rest
                }));
                all
            }
        }
    }

    fn listed(wiring: &Wiring, request: &Request<'_>, quirks: Quirks) -> (Vec<u8>, usize) {
        let Request {
            available,
            required,
            size,
        } = *request;
        let empty = (size - available.len() % size) % size;
        let mut all: Vec<Option<u8>> = available.iter().copied().map(Some).collect();
        all.extend(vec![None; empty]);
        let mut listing = Listing {
            wiring,
            size,
            empty,
            arrays: vec![Vec::new()],
            required,
            best: None,
            copied: Vec::new(),
        };
        listing.walk(&all, (0, 0, 0));
        let Some((_, array, length)) = listing.best else {
            return (Vec::new(), 0);
        };
        let sets = match quirks.shared_memory {
            true => &listing.arrays[array][..length],
            false => &listing.copied[..],
        };
        listing.pick(sets, quirks.empty_places)
    }

    fn wiring(gpus: usize, draws: &[u8]) -> Wiring {
        let mut links = vec![
            Link {
                nvlinks: 0,
                path: Some(Path::Sys),
                gbps: 1.0
            };
            gpus * gpus
        ];
        for one in 0..gpus {
            for other in 0..one {
                let draw = draws[(one * (one - 1) / 2 + other) % draws.len()];
                let link = Link {
                    nvlinks: draw % 3,
                    path: [Some(Path::Sys), Some(Path::Phb), None][usize::from(draw / 3 % 3)],
                    gbps: 1.0,
                };
                links[one * gpus + other] = link;
                links[other * gpus + one] = link;
            }
        }
        Wiring::of(&Board::new("drawn", links, vec![0; gpus], None, Vec::new()).unwrap())
    }

    fn check(wiring: &Wiring, request: &Request<'_>) {
        for (empty_places, shared_memory) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let quirks = Quirks {
                empty_places,
                shared_memory,
            };
            let got = BestEffort { quirks }.decide(wiring, request);
            let wanted = listed(wiring, request, quirks);
            assert_eq!((got.devices, got.empty), wanted, "{request:?} {quirks:?}");
        }
    }

    proptest! {
        #[test]
        fn the_choice_is_that_of_a_list_of_all_partitions(
            draws in prop::collection::vec(0u8..9, 28),
            shuffle in Just((0..8u8).collect::<Vec<_>>()).prop_shuffle(),
            free in 1usize..9,
            size in 2usize..9,
            required in 0usize..4,
        ) {
            prop_assume!(free >= size && required <= size);
            let available = &shuffle[..free];
            let request = Request { available, required: &available[free - required..], size };
            check(&wiring(8, &draws), &request);
        }
    }

    #[test]
    fn pairs_of_fourteen_show_the_shared_memory() {
        let draws: Vec<u8> = (0..91u32).map(|at| (at * at % 31 % 9) as u8).collect();
        let available: Vec<u8> = (0..14).collect();
        let request = Request {
            available: &available,
            required: &[],
            size: 2,
        };
        check(&wiring(14, &draws), &request);
    }

    #[test]
    fn an_array_is_ones_own_up_to_the_set_that_made_it_grow() {
        // Grown when it held 0, 1, 2, 4 and 8 sets.
        let own: Vec<usize> = (1..=10).map(own_sets).collect();
        assert_eq!(own, [1, 2, 3, 3, 5, 5, 5, 5, 9, 9]);
    }
}
