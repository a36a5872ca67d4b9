//! Counts of states, by the tables and by an independent brute force.

use gpusched_core::gpu::mig::{
    BOARDS, Geometry, Multiset, ProfileSet, Rules, Totals, board, enumerate, maximal_multisets,
};
use std::collections::BTreeSet;

const SEVEN: [&str; 5] = ["1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"];

fn totals(placed: usize, maximal: usize, maximal_multisets: usize, multisets: usize) -> Totals {
    Totals {
        placed,
        maximal,
        maximal_multisets,
        multisets,
    }
}

fn a100() -> Geometry {
    Geometry::of(board("A100-40GB").unwrap()).unwrap()
}

#[test]
fn seven_slice_boards_have_the_published_19_maximal_layouts() {
    let geometry = a100();
    let base = geometry.set(&SEVEN).unwrap();
    assert_eq!(base, geometry.base());
    assert_eq!(enumerate(&geometry, base), totals(298, 19, 14, 38));
    let wide = ProfileSet(base.0 | geometry.set(&["1g.10gb"]).unwrap().0);
    assert_eq!(enumerate(&geometry, wide), totals(723, 78, 38, 78));
    assert_eq!(
        enumerate(&geometry, geometry.all()),
        totals(2319, 239, 64, 128)
    );
}

#[test]
fn drivers_before_r510_have_18() {
    let old = Rules {
        four_with_three: false,
    };
    let geometry = Geometry::with(board("A100-40GB").unwrap(), old, &[]).unwrap();
    let found = enumerate(&geometry, geometry.base());
    assert_eq!(
        (found.placed, found.maximal, found.maximal_multisets),
        (297, 18, 13)
    );
}

#[test]
fn boards_of_four_slices() {
    let a30 = Geometry::of(board("A30").unwrap()).unwrap();
    assert_eq!(enumerate(&a30, a30.base()), totals(26, 5, 4, 10));
    assert_eq!(enumerate(&a30, a30.all()), totals(76, 17, 8, 20));
    let rtx = Geometry::of(board("RTX-PRO-6000-96GB").unwrap()).unwrap();
    assert_eq!(enumerate(&rtx, rtx.base()), totals(26, 5, 4, 10));
}

#[test]
fn the_fourteen_maximal_multisets_are_the_listed_ones() {
    let geometry = a100();
    let slices: Vec<String> = maximal_multisets(&geometry, geometry.base())
        .iter()
        .map(|multiset| written(&geometry, multiset))
        .collect();
    let listed = [
        "7", "43", "421", "4111", "33", "322", "3211", "321", "31111", "3111", "2221", "22111",
        "211111", "1111111",
    ];
    let listed: BTreeSet<_> = listed.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(slices.len(), 14);
    assert_eq!(slices.into_iter().collect::<BTreeSet<_>>(), listed);
}

fn written(geometry: &Geometry, multiset: &Multiset) -> String {
    let rows = geometry.board().rows().collect::<Vec<_>>();
    rows.iter()
        .rev()
        .flat_map(|row| {
            let slices = geometry.profile(*row).slices.to_string();
            std::iter::repeat_n(slices, usize::from(multiset[row.index()]))
        })
        .collect()
}

#[test]
fn every_seven_slice_board_has_one_geometry() {
    let expected = enumerate(&a100(), a100().all());
    for board in BOARDS.iter().filter(|board| board.slices() == 7) {
        let geometry = Geometry::of(board).unwrap();
        assert_eq!(
            enumerate(&geometry, geometry.all()),
            expected,
            "{}",
            board.name
        );
    }
}

/// Counts by walking the units of the board from the left: at each unit nothing starts, or one
/// legal instance does. Shares no code with the tables; rules are checked on the finished state.
fn brute(board_name: &str, only: &[&str], media_rules: bool) -> Totals {
    let board = board(board_name).unwrap();
    let profiles: Vec<usize> = (0..board.profiles.len())
        .filter(|&at| only.is_empty() || only.contains(&board.profiles[at].name))
        .collect();
    let mut states: Vec<Vec<(usize, u8)>> = Vec::new();
    let units = board.units.unwrap();
    let mut stack = vec![(0u8, Vec::new())];
    while let Some((unit, state)) = stack.pop() {
        if unit >= units {
            states.push(state);
            continue;
        }
        stack.push((unit + 1, state.clone()));
        for &at in &profiles {
            let profile = &board.profiles[at];
            if profile.starts.contains(&unit) {
                let mut longer = state.clone();
                longer.push((at, unit));
                stack.push((unit + profile.size.unwrap(), longer));
            }
        }
    }
    states.retain(|state| !media_rules || media_legal(board, state));
    let all: BTreeSet<Vec<(usize, u8)>> = states.into_iter().map(sorted).collect();
    let grows = |state: &Vec<(usize, u8)>| {
        profiles.iter().any(|&at| {
            board.profiles[at].starts.iter().any(|&start| {
                let mut longer = state.clone();
                longer.push((at, start));
                all.contains(&sorted(longer)) && !state.contains(&(at, start))
            })
        })
    };
    let kinds = |state: &Vec<(usize, u8)>| -> Vec<usize> {
        let mut kinds: Vec<usize> = state.iter().map(|(at, _)| *at).collect();
        kinds.sort_unstable();
        kinds
    };
    let maximal: Vec<_> = all.iter().filter(|state| !grows(state)).collect();
    totals(
        all.len(),
        maximal.len(),
        maximal
            .iter()
            .map(|state| kinds(state))
            .collect::<BTreeSet<_>>()
            .len(),
        all.iter().map(kinds).collect::<BTreeSet<_>>().len(),
    )
}

fn sorted(mut state: Vec<(usize, u8)>) -> Vec<(usize, u8)> {
    state.sort_unstable();
    state
}

/// One instance with media extensions, and no more engines than the board has.
fn media_legal(board: &gpusched_core::gpu::mig::Board, state: &[(usize, u8)]) -> bool {
    let profile = |&(at, _): &(usize, u8)| &board.profiles[at];
    let extensions = state
        .iter()
        .map(profile)
        .filter(|p| p.media.takes_extensions());
    let decoders = state.iter().map(profile).filter_map(|p| p.engines.nvdec);
    let most = board.whole().engines.nvdec.unwrap_or(u8::MAX);
    // On B200 the published decoder counts are no consumption: see `Limits`.
    let counted =
        board.profiles[0].engines.nvdec.unwrap_or(0) * board.profiles[0].max_count <= most;
    extensions.count() <= 1 && (!counted || decoders.sum::<u8>() <= most)
}

#[test]
fn the_tables_agree_with_brute_force_on_every_board() {
    assert_eq!(brute("A100-40GB", &SEVEN, false), totals(298, 19, 14, 38));
    for board in BOARDS.iter().filter(|board| board.units.is_some()) {
        let geometry = Geometry::of(board).unwrap();
        let found = enumerate(&geometry, geometry.all());
        assert_eq!(found, brute(board.name, &[], true), "{}", board.name);
        println!("{}: {found:?}", board.name);
    }
}
