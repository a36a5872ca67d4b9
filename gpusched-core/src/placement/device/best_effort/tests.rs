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
