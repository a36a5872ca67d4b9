//! What policies are known to decide.

use gpusched_core::gpu::mig::{
    Geometry, Held, Instance, MigGpu, ProfileRow, StartOrder, board, create_in_order,
    create_in_some_order, maximal_multisets,
};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::mig::{Choice, dra_device_name};
use std::sync::Arc;

fn geometry(name: &str) -> Arc<Geometry> {
    Arc::new(Geometry::of(board(name).unwrap()).unwrap())
}

fn gpus(name: &str, nodes: u32, each: u16) -> Vec<MigGpu> {
    let geometry = geometry(name);
    (0..nodes)
        .flat_map(|node| (0..each).map(move |minor| (NodeId(node), minor)))
        .map(|(node, minor)| MigGpu::new(geometry.clone(), node, minor))
        .collect()
}

/// All distinct orders of a multiset given as counts by row.
fn orders(counts: &mut [u8], made: &mut Vec<ProfileRow>, all: &mut Vec<Vec<ProfileRow>>) {
    if counts.iter().all(|&count| count == 0) {
        all.push(made.clone());
    }
    for row in 0..counts.len() {
        if counts[row] > 0 {
            counts[row] -= 1;
            made.push(ProfileRow(row as u8));
            orders(counts, made, all);
            made.pop();
            counts[row] += 1;
        }
    }
}

fn failures(geometry: &Geometry, order: StartOrder, creations: &[Vec<ProfileRow>]) -> usize {
    let fails =
        |rows: &&Vec<ProfileRow>| create_in_order(geometry, Held::default(), order, rows).is_none();
    creations.iter().filter(fails).count()
}

#[test]
fn creation_orders_that_fail() {
    let a100 = geometry("A100-40GB");
    let mut all = Vec::new();
    for mut multiset in maximal_multisets(&a100, a100.base()) {
        orders(&mut multiset, &mut Vec::new(), &mut all);
    }
    assert_eq!(all.len(), 65);
    assert_eq!(failures(&a100, StartOrder::Lowest, &all), 23);
    assert_eq!(failures(&a100, StartOrder::Hami, &all), 17);
    assert_eq!(failures(&a100, StartOrder::Driver, &all), 15);

    let mut counts = a100.board().rows().map(|_| 0).collect::<Vec<u8>>();
    for (name, count) in [("3g.20gb", 1), ("2g.10gb", 1), ("1g.5gb", 2)] {
        counts[a100.row(name).unwrap().index()] = count;
    }
    let mut four = Vec::new();
    orders(&mut counts, &mut Vec::new(), &mut four);
    assert_eq!(four.len(), 12);
    assert_eq!(failures(&a100, StartOrder::Lowest, &four), 3);
    assert_eq!(failures(&a100, StartOrder::Hami, &four), 8);
    assert_eq!(failures(&a100, StartOrder::Driver, &four), 9);
    for order in StartOrder::ALL {
        println!(
            "{order:?}: {}/65, {}/12",
            failures(&a100, order, &all),
            failures(&a100, order, &four)
        );
    }
}

#[test]
fn some_creation_order_works_for_every_legal_multiset() {
    for name in ["A100-40GB", "A30", "RTX-PRO-6000-96GB"] {
        let geometry = geometry(name);
        for multiset in maximal_multisets(&geometry, geometry.all()) {
            let wanted: Vec<ProfileRow> = geometry
                .board()
                .rows()
                .flat_map(|row| std::iter::repeat_n(row, usize::from(multiset[row.index()])))
                .collect();
            let made =
                create_in_some_order(&geometry, Held::default(), StartOrder::Driver, &wanted);
            assert!(made.is_some(), "{name} {multiset:?}");
        }
    }
}

/// Positions and starts a policy gives to requests made one after the other.
fn decisions(policy: &str, gpus: &mut [MigGpu], profiles: &[&str]) -> Vec<Option<(usize, u8)>> {
    let mut policy = mig_placement(policy).unwrap();
    profiles
        .iter()
        .map(|profile| {
            let choice = policy.choose(gpus, profile)?;
            choice.apply(gpus, profile).unwrap();
            Some((choice.gpu, choice.start))
        })
        .collect()
}

#[test]
fn each_policy_follows_its_rule() {
    let asked = ["1g.5gb", "2g.10gb", "3g.20gb"];
    let decide = |policy: &str| {
        let decided = decisions(policy, &mut gpus("A100-40GB", 2, 1), &asked);
        decided.into_iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(decide("lowest-start"), [(0, 0), (0, 2), (0, 4)]);
    assert_eq!(decide("driver-order"), [(0, 6), (0, 4), (0, 0)]);
    assert_eq!(decide("hami"), [(0, 6), (0, 0), (1, 4)]);
    assert_eq!(decide("parvagpu"), [(0, 0), (0, 4), (1, 4)]);
    assert_eq!(decide("best-fit-slots"), [(0, 0), (0, 2), (0, 4)]);
    assert_eq!(decide("das-spread"), [(0, 0), (1, 0), (0, 4)]);
    assert_eq!(decide("dra-name-order"), [(0, 0), (0, 2), (0, 4)]);
    assert_eq!(decide("min-fragmentation"), [(0, 6), (0, 4), (0, 0)]);
}

#[test]
fn nobody_proposes_what_is_not_legal_and_everybody_refuses_what_does_not_fit() {
    for info in mig_placements() {
        let mut fleet = gpus("A100-40GB", 2, 2);
        let mut policy = mig_placement(info.name).unwrap();
        if !policy.creates() {
            for gpu in &mut fleet {
                let whole = gpu.geometry().row("7g.40gb").unwrap();
                gpu.create(whole, 0).unwrap();
            }
        }
        for _ in 0..4 {
            let choice = policy.choose(&fleet, "7g.40gb").unwrap();
            choice.apply(&mut fleet, "7g.40gb").unwrap();
        }
        assert_eq!(policy.choose(&fleet, "7g.40gb"), None, "{}", info.name);
        assert_eq!(policy.choose(&fleet, "1g.5gb"), None, "{}", info.name);
        assert_eq!(policy.choose(&fleet, "1g.99gb"), None, "{}", info.name);
    }
}

#[test]
fn a_pod_with_several_profiles_leaves_the_state_as_it_was() {
    let pod = ["1g.5gb", "1g.5gb", "2g.10gb", "3g.20gb"];
    for info in mig_placements() {
        let mut policy = mig_placement(info.name).unwrap();
        let mut fleet = gpus("A100-40GB", 1, 1);
        let before = fleet.clone();
        let found = policy.choose_all(&mut fleet, &pod);
        assert_eq!(fleet, before, "{}", info.name);
        // Created in the order asked, the driver's own starts leave no room for the 3g.20gb.
        let expected =
            policy.creates() && !["driver-order", "min-fragmentation"].contains(&info.name);
        if info.name != "nos-geometry" && info.name != "min-fragmentation" {
            assert_eq!(found.is_some(), expected, "{}", info.name);
        }
        for (choice, profile) in found.into_iter().flatten().zip(pod) {
            choice.apply(&mut fleet, profile).unwrap();
        }
    }
}

#[test]
fn the_instances_of_a_pod_come_from_one_node() {
    let whole = ["7g.40gb", "7g.40gb"];
    let half = ["3g.20gb", "4g.20gb"];
    for info in mig_placements() {
        let mut policy = mig_placement(info.name).unwrap();
        if !policy.creates() {
            continue;
        }
        let row = geometry("A100-40GB").row("7g.40gb").unwrap();
        assert_eq!(
            policy.choose_all(&mut gpus("A100-40GB", 3, 1), &whole),
            None,
            "{}",
            info.name
        );
        // Node 0 has one GPU left, node 1 both.
        let mut fleet = gpus("A100-40GB", 2, 2);
        fleet[0].allocate(row, 0).unwrap();
        let before = fleet.clone();
        let found = policy.choose_all(&mut fleet, &whole);
        assert_eq!(fleet, before);
        if info.name == "hami" {
            assert_eq!(found, None, "hami puts all instances of a pod on one GPU");
            continue;
        }
        let gpus: Vec<usize> = found.unwrap().iter().map(|choice| choice.gpu).collect();
        assert_eq!(gpus, [2, 3], "{}", info.name);
        let found = policy.choose_all(&mut fleet, &half);
        if let Some(choices) = found {
            assert_eq!(fleet[choices[0].gpu].node(), fleet[choices[1].gpu].node());
        }
    }
}

#[test]
fn hami_backtracks_where_its_order_of_starts_fails() {
    let mut fleet = gpus("A100-40GB", 1, 1);
    let asked = ["1g.5gb", "2g.10gb", "1g.5gb", "3g.20gb"];
    assert_eq!(decisions("hami", &mut fleet.clone(), &asked)[3], None);
    let choices = mig_placement("hami")
        .unwrap()
        .choose_all(&mut fleet, &asked)
        .unwrap();
    let starts: Vec<u8> = choices.iter().map(|choice| choice.start).collect();
    assert_eq!(starts, [3, 0, 2, 4]);
}

#[test]
fn dra_takes_devices_in_order_of_name_as_text() {
    let mut fleet = gpus("A100-40GB", 1, 12);
    let decided = decisions("dra-name-order", &mut fleet, &["7g.40gb"; 12]);
    let minors: Vec<usize> = decided.into_iter().map(|place| place.unwrap().0).collect();
    assert_eq!(minors, [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The order is the order of the full names.
    let mut names: Vec<String> = fleet
        .iter()
        .map(|gpu| {
            let profile = gpu.geometry().row("7g.40gb").unwrap();
            dra_device_name(gpu, Instance { profile, start: 0 }).unwrap()
        })
        .collect();
    names.sort();
    assert_eq!(names[2], "gpu-10-mig-7g40gb-0-0");
    // The quick-start demo: two 1g.5gb, a 2g.10gb and a 3g.20gb on one GPU.
    let demo = ["1g.5gb", "1g.5gb", "2g.10gb", "3g.20gb"];
    let mut one = gpus("A100-40GB", 1, 1);
    let choices = mig_placement("dra-name-order")
        .unwrap()
        .choose_all(&mut one, &demo)
        .unwrap();
    assert_eq!(
        choices.iter().map(|c| c.start).collect::<Vec<_>>(),
        [0, 1, 2, 4]
    );
}

#[test]
fn a_claim_dra_cannot_serve_is_refused_without_trying_every_assignment() {
    let mut node = gpus("A100-40GB", 1, 8);
    // 8 GPUs hold 16 halves; the seventeenth is one too many.
    let mut asked = vec!["1g.5gb"; 8];
    asked.extend(["3g.20gb"; 16]);
    assert_eq!(
        mig_placement("dra-name-order")
            .unwrap()
            .choose_all(&mut node, &asked),
        None
    );
    let fits = &asked[..16];
    assert!(
        mig_placement("dra-name-order")
            .unwrap()
            .choose_all(&mut node, fits)
            .is_some()
    );
}

#[test]
fn the_device_plugin_spreads_or_packs_only_when_it_counts_parents() {
    let standing = || {
        let mut fleet = gpus("A100-40GB", 1, 3);
        for gpu in &mut fleet {
            let single = gpu.geometry().row("1g.5gb").unwrap();
            for start in 0..3 {
                gpu.create(single, start).unwrap();
            }
        }
        fleet[1].take(0).unwrap();
        fleet
    };
    let places = |policy: &str| {
        let decided = decisions(policy, &mut standing(), &["1g.5gb"; 3]);
        decided
            .into_iter()
            .map(|place| place.unwrap().0)
            .collect::<Vec<_>>()
    };
    assert_eq!(places("device-plugin-distributed"), [0, 0, 0]);
    assert_eq!(places("device-plugin-packed"), [0, 0, 0]);
    assert_eq!(places("device-plugin-distributed-parent"), [0, 2, 0]);
    assert_eq!(places("device-plugin-packed-parent"), [1, 1, 0]);
}

#[test]
fn nos_never_deletes_what_is_used_and_destroys_free_instances_in_the_way() {
    let mut fleet = gpus("A100-40GB", 1, 1);
    let row = |name: &str| geometry("A100-40GB").row(name).unwrap();
    // Free 1g.5gb everywhere; one of them, in the lower half, is used.
    for start in 0..7 {
        fleet[0].create(row("1g.5gb"), start).unwrap();
    }
    fleet[0].take(1).unwrap();
    let mut nos = mig_placement("nos-geometry").unwrap();
    let choice = nos.choose(&fleet, "3g.20gb").unwrap();
    assert_eq!(choice, Choice { gpu: 0, start: 4 });
    let applied = choice.apply(&mut fleet, "3g.20gb").unwrap();
    assert_eq!(applied.destroyed.len(), 3);
    assert!(fleet[0].instances().any(|(i, used)| used && i.start == 1));
    // {3g, 3g} would delete the used 1g.5gb.
    assert_eq!(nos.choose(&fleet, "7g.40gb"), None);
    choice.undo(&mut fleet, &applied);
    assert_eq!(fleet[0].occupancy(), 0b0111_1111);
}
