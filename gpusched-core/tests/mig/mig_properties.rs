//! Every precomputed answer against one worked out on the spot, and what must hold of any history.

use gpusched_core::gpu::mig::{
    BOARDS, Blocked, Counters, Engines, Geometry, Holes, Instance, Media, MigGpu, ProfileRow,
    Rules, Scores, StartOrder, board, visit_layouts,
};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::mig::Choice;
use proptest::prelude::*;
use std::sync::Arc;

/// All boards as published, under an old driver, and with starts of a node's own.
fn geometries() -> Vec<Geometry> {
    let old = Rules {
        four_with_three: false,
    };
    let swept = |name: &str, starts: &[u8]| (name.to_owned(), starts.to_vec());
    let own = [
        ("H100-80GB-PCIe", swept("1g.10gb", &[0, 1, 2, 4, 5, 6, 7])),
        ("A100-40GB", swept("3g.20gb", &[4])),
        ("A30", swept("1g.6gb", &[1, 3])),
        ("RTX-PRO-6000-96GB", swept("2g.48gb", &[6, 3, 3])),
    ];
    let placed = || BOARDS.iter().filter(|board| board.units.is_some());
    let published = placed().map(|board| Geometry::of(board).unwrap());
    let under_old = placed().map(|board| Geometry::with(board, old, &[]).unwrap());
    let with_own = own.into_iter().map(|(name, starts)| {
        Geometry::with(board(name).unwrap(), Rules::default(), &[starts]).unwrap()
    });
    published.chain(under_old).chain(with_own).collect()
}

#[test]
fn every_table_says_what_the_definition_says() {
    for geometry in geometries() {
        let units = geometry.units();
        for taken in 0..geometry.states() as u32 {
            let taken = taken as u16;
            for row in geometry.board().rows() {
                let size = geometry.profile(row).size.unwrap();
                let free = |start: u8| (start..start + size).all(|unit| taken >> unit & 1 == 0);
                let legal = geometry.starts(row);
                let left: Vec<u8> = legal.iter().copied().filter(|&start| free(start)).collect();
                assert_eq!(geometry.placements_left(row, taken), left.len() as u32);
                assert_eq!(geometry.placeable(taken).contains(row), !left.is_empty());
                for start in 0..units {
                    assert_eq!(geometry.fits(row, start, taken), left.contains(&start));
                }
                for order in StartOrder::ALL {
                    let tried = order.arrange(geometry.board(), geometry.profile(row), legal);
                    let first = tried.into_iter().find(|&start| free(start));
                    assert_eq!(geometry.start(order, row, taken), first);
                }
            }
            let free = (0..units).filter(|unit| taken >> unit & 1 == 0).count() as u32;
            assert_eq!(geometry.free_units(taken), free);
            let covers = |row: ProfileRow, start: u8, unit: u8| {
                let mask = geometry.mask(row, start);
                mask & taken == 0 && mask >> unit & 1 == 1
            };
            let usable = (0..units).filter(|&unit| {
                let mut rows = geometry.board().rows();
                rows.any(|row| {
                    geometry
                        .starts(row)
                        .iter()
                        .any(|&start| covers(row, start, unit))
                })
            });
            assert_eq!(geometry.usable_units(taken), usable.count() as u32);
            let holes = Holes::of(&geometry, taken);
            assert_eq!(
                holes.runs.iter().map(|run| u32::from(run.1)).sum::<u32>(),
                free
            );
        }
    }
}

#[test]
fn blocked_placements_are_the_stated_sum() {
    let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
    let blocked = Blocked::new(&a100, a100.base());
    for taken in 0..256u16 {
        let free = a100.free_units(taken);
        let term = |row: ProfileRow| {
            let (size, legal) = (u32::from(a100.size(row)), a100.starts(row).len() as f64);
            let lost = legal - f64::from(a100.placements_left(row, taken));
            if size <= free {
                f64::from(size) * lost / legal
            } else {
                0.0
            }
        };
        let sum: f64 = a100.base().iter().map(term).sum();
        let ours = f64::from(blocked.of(taken)) / f64::from(blocked.scale());
        assert!((sum - ours).abs() < 1e-9, "{taken:b}");
    }
    assert_eq!((blocked.of(0), blocked.of(0xFF)), (0, 0));
}

#[test]
fn counters_bind_only_for_media_engines() {
    for geometry in geometries() {
        let board = geometry.board();
        let whole = board.whole();
        visit_layouts(&geometry, geometry.all(), |layout, _| {
            let sum = |of: fn(ProfileRow, &Geometry) -> Option<u32>| -> Option<u32> {
                layout
                    .iter()
                    .map(|instance| of(instance.profile, &geometry))
                    .sum()
            };
            // What the DRA driver counts besides engines never says no where units say yes.
            let sms = sum(|row, geometry| geometry.profile(row).sms.map(u32::from));
            if let (Some(sms), Some(most)) = (sms, whole.sms) {
                assert!(sms <= u32::from(most), "{} {layout:?}", board.name);
            }
            let mib = sum(|row, geometry| geometry.profile(row).memory_mib);
            if let (Some(mib), Some(most)) = (mib, whole.memory_mib) {
                assert!(mib <= most, "{} {layout:?}", board.name);
            }
            let media = |instance: &&Instance| {
                let media = geometry.profile(instance.profile).media;
                media == Media::Me || media == Media::MeAll
            };
            assert!(layout.iter().filter(media).count() <= 1);
            let slices: u8 = layout
                .iter()
                .map(|i| geometry.profile(i.profile).slices)
                .sum();
            assert!(slices <= board.slices());
        });
    }
}

#[test]
fn engine_capacities_are_the_most_any_profile_owns() {
    let capacity = |name: &str, engine: &str| {
        let geometry = Geometry::of(board(name).unwrap()).unwrap();
        let at = Engines::NAMES
            .iter()
            .position(|name| *name == engine)
            .unwrap();
        geometry.limits().engine_capacity(at)
    };
    assert_eq!(capacity("A100-40GB", "decoders"), Some(5));
    assert_eq!(capacity("H100-80GB-SXM", "copy-engines"), Some(8));
    assert_eq!(capacity("RTX-PRO-6000-96GB", "encoders"), Some(4));
    assert_eq!(capacity("B200-180GB", "decoders"), None);
    assert_eq!(capacity("B300-269GB", "copy-engines"), None);
    assert_eq!(capacity("B300-269GB", "ofa-engines"), Some(1));
}

#[test]
fn the_instance_with_all_media_engines_leaves_them_to_nobody_else() {
    let geometry = Geometry::of(board("RTX-PRO-6000-96GB").unwrap()).unwrap();
    let mut gpu = MigGpu::new(Arc::new(geometry), NodeId(0), 0);
    let row = |name: &str| board("RTX-PRO-6000-96GB").unwrap().by_name(name).unwrap();
    gpu.allocate(row("1g.24gb+me.all"), 0).unwrap();
    let error = gpu.allocate(row("1g.24gb"), 3).unwrap_err();
    assert!(
        error.to_string().starts_with("1g.24gb does not go with"),
        "{error}"
    );
    gpu.allocate(row("1g.24gb-me"), 3).unwrap();
    gpu.allocate(row("2g.48gb-me"), 6).unwrap();
}

proptest! {
    /// Any history of creations and destructions: what is refused changes nothing, instances are
    /// disjoint, and undoing everything leaves the GPU as new.
    #[test]
    fn histories_keep_instances_disjoint_and_undo_to_nothing(
        kind in 0..geometries().len(),
        steps in prop::collection::vec((0..12u8, 0..12u8, any::<bool>()), 0..60),
    ) {
        let geometry = Arc::new(geometries().swap_remove(kind));
        let empty = MigGpu::new(geometry.clone(), NodeId(0), 0);
        let mut gpu = empty.clone();
        for (row, start, create) in steps {
            let row = ProfileRow(row % geometry.board().profiles.len() as u8);
            let before = gpu.clone();
            if create && gpu.allocate(row, start).is_ok() {
                let mut undone = gpu.clone();
                undone.free(start).unwrap();
                prop_assert_eq!(&undone, &before);
            } else if create || gpu.free(start).is_err() {
                prop_assert_eq!(&gpu, &before);
            }
            let mut seen = 0u16;
            for (instance, used) in gpu.instances() {
                let mask = geometry.mask(instance.profile, instance.start);
                prop_assert!(used && seen & mask == 0);
                seen |= mask;
            }
            prop_assert_eq!(seen, gpu.occupancy());
            prop_assert_eq!(gpu.held(), gpu.held_by_used());
        }
        let starts: Vec<u8> = gpu.instances().map(|(instance, _)| instance.start).collect();
        for start in starts {
            gpu.free(start).unwrap();
        }
        prop_assert_eq!(gpu, empty);
    }

    /// The scan finds the first of the best, like a plain search.
    #[test]
    fn the_scan_is_a_plain_search(
        taken in prop::collection::vec((0..256u16, any::<bool>()), 0..700),
        row in 0..7u8,
    ) {
        let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
        let row = ProfileRow(row);
        let me = a100.row("1g.5gb+me").unwrap();
        let busy = a100.limits().add(Counters::default(), me);
        let counters: Vec<Counters> =
            taken.iter().map(|(_, me)| if *me { busy } else { Counters::default() }).collect();
        let taken: Vec<u16> = taken.iter().map(|(taken, _)| *taken).collect();
        let scores = Scores::best_fit(&a100, row, StartOrder::Driver);
        let fits = |gpu: &usize| a100.placeable(taken[*gpu]).contains(row);
        let start = |gpu: usize| (gpu, a100.start(StartOrder::Driver, row, taken[gpu]).unwrap());
        let plain = (0..taken.len()).filter(fits).min_by_key(|&gpu| a100.free_units(taken[gpu]));
        prop_assert_eq!(scores.best(&taken), plain.map(start));
        let within = |gpu: &usize| fits(gpu) && a100.limits().allows(counters[*gpu], row);
        let plain = (0..taken.len()).filter(within).min_by_key(|&gpu| a100.free_units(taken[gpu]));
        prop_assert_eq!(scores.best_within(&a100, &taken, &counters), plain.map(start));
    }
}

#[test]
fn a_start_beyond_any_board_is_an_error() {
    let mut gpu = MigGpu::new(
        Arc::new(Geometry::of(board("A30").unwrap()).unwrap()),
        NodeId(0),
        0,
    );
    for start in [4, 15, 16, 255] {
        let error = gpu.allocate(ProfileRow(0), start).unwrap_err().to_string();
        let expected =
            format!("1g.6gb cannot start at {start} on A30-24GB: legal starts are [0, 1, 2, 3]");
        assert_eq!(error, expected);
        let choice = Choice { gpu: 0, start };
        let applied = choice.apply(std::slice::from_mut(&mut gpu), "1g.6gb");
        assert_eq!(applied.unwrap_err().to_string(), expected);
        assert!(gpu.free(start).is_err());
    }
}

#[test]
fn wrong_overrides_are_refused_with_what_is_legal() {
    let build = |name: &str, profile: &str, start| {
        let starts = [(profile.to_owned(), vec![start])];
        Geometry::with(board(name).unwrap(), Rules::default(), &starts)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        build("A100-40GB", "3g.20gb", 5),
        "3g.20gb cannot start at 5 on A100-40GB: it takes 4 of 8 units"
    );
    assert_eq!(
        build("A30", "3g.20gb", 0),
        "A30-24GB has no profile 3g.20gb; it has 1g.6gb, 1g.6gb+me, 2g.12gb, 2g.12gb+me, 4g.24gb"
    );
    let unknown = Geometry::of(board("RTX-PRO-5000-48GB").unwrap()).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the placements of RTX-PRO-5000-48GB are not known: no listing has been published"
    );
}

/// The most instances of a profile that fit, by trying every set of starts.
fn most(geometry: &Geometry, row: ProfileRow, held: gpusched_core::gpu::mig::Held) -> u32 {
    let starts = geometry.starts(row).iter();
    let next = starts.filter_map(|&start| {
        let profile = row;
        held.with(geometry, Instance { profile, start })
    });
    next.map(|held| 1 + most(geometry, row, held))
        .max()
        .unwrap_or(0)
}

#[test]
fn lowest_starts_pack_most_instances_of_one_profile() {
    for geometry in geometries() {
        let step = if geometry.units() > 8 { 37 } else { 1 };
        for units in (0..geometry.states()).step_by(step) {
            let held = gpusched_core::gpu::mig::Held {
                units: units as u16,
                ..Default::default()
            };
            for row in geometry.board().rows() {
                assert_eq!(geometry.most(row, held), most(&geometry, row, held));
            }
        }
    }
}
