//! GPUs that MIG cuts inside a cluster: what fits, what a start costs, and that everything taken
//! back is as it was.

use gpusched_core::cluster::{Cluster, Inventory, InventoryError, MigMode, Node, Setup, Spot};
use gpusched_core::gpu::mig::{Geometry, Instance, MigConfig, MigGpu, board};
use gpusched_core::ids::{JobId, NodeId, ShapeId};
use gpusched_core::placement::mig::registry::mig_placement;
use gpusched_core::placement::{FirstFit, Trial, WithMig};
use gpusched_core::queueing::Reason;
use gpusched_core::workload::{Locality, PodSet, Shape, Spec};
use proptest::prelude::*;

/// A layout mig-parted has for the board.
fn layout(model: &str, gpus: usize, name: &str) -> MigMode {
    let board = board(model).unwrap();
    let geometry = Geometry::of(board).unwrap();
    let file = MigConfig::built_in(board);
    MigMode::Layout(file.expand(name, &vec![Some(&geometry); gpus]).unwrap())
}

fn node(name: &str, gpus: u32, model: &str, mig: MigMode) -> Node {
    Node {
        mig,
        ..Node::with_gpus(name, gpus, model)
    }
}

/// What pods ask for in these tests.
fn shapes() -> Vec<Shape> {
    let share = |gpu_milli| Shape {
        gpu_milli,
        ..Shape::whole_gpus(1)
    };
    vec![
        Shape::mig_instances("1g.5gb", 1, 142),
        Shape::mig_instances("2g.10gb", 1, 285),
        Shape::mig_instances("3g.20gb", 1, 428),
        Shape::mig_instances("1g.5gb+me", 1, 142),
        Shape::mig_instances("3g.20gb", 2, 428),
        Shape::mig_instances("2g.12gb", 2, 500),
        Shape::mig_instances("7g.40gb", 1, 1000),
        Shape::whole_gpus(1),
        Shape::whole_gpus(2),
        share(300),
        Shape::default(),
    ]
}

const ONE: ShapeId = ShapeId(0);
const THREE: ShapeId = ShapeId(2);
const TWO_THREES: ShapeId = ShapeId(4);
const WHOLE: ShapeId = ShapeId(7);

fn a100(gpus: u32, mig: MigMode) -> Cluster {
    let nodes = vec![node("n", gpus, "A100-SXM4-40GB", mig)];
    Cluster::new(Inventory::new(nodes).unwrap(), &shapes())
}

/// Bit of an instance on an eight-slot board.
fn at(gpu: u32, start: u32) -> Spot {
    Spot {
        node: NodeId(0),
        devices: 1 << (8 * gpu + start),
    }
}

fn spec(shape: ShapeId, count: u32) -> Spec {
    let set = PodSet {
        name: "main".into(),
        shape,
        count,
        locality: Locality::default(),
    };
    Spec {
        pod_sets: vec![set],
        pods: count,
        gpu_milli: 0,
        first_line: 0,
    }
}

#[test]
fn a_cut_device_is_no_device() {
    let mut cluster = a100(2, layout("A100-SXM4-40GB", 2, "all-balanced"));
    let view = cluster.node(NodeId(0));
    assert_eq!((view.free_devices(), view.gpu_left()), (0, 0));
    assert_eq!((view.idle_devices(), view.mig_left()), (2, 2000));
    assert_eq!(cluster.free_milli(), 0);
    assert!(cluster.feasible(WHOLE).is_empty());
    // all-balanced is 3g, 2g and two 1g: one 3g a GPU.
    assert_eq!((cluster.room(THREE), cluster.room(TWO_THREES)), (2, 1));
}

#[test]
fn under_a_layout_only_what_stands_is_used() {
    let mut cluster = a100(1, layout("A100-SXM4-40GB", 1, "all-3g.20gb"));
    for start in [0, 4] {
        cluster.take(THREE, at(0, start)).unwrap();
    }
    assert!(cluster.take(THREE, at(0, 0)).is_err());
    cluster.release(THREE, at(0, 4));
    // A 1g is legal at 4 on hardware, but none stands there.
    assert!(cluster.take(ONE, at(0, 4)).is_err());
    assert!(cluster.feasible(ONE).is_empty());
    let setups = cluster.setups(THREE, at(0, 0));
    assert_eq!(setups, [(0, Setup::default())]);
}

#[test]
fn what_a_start_takes_is_known() {
    let mut cluster = a100(1, MigMode::OnDemand);
    let setup = |created, destroyed, toggled| Setup {
        created,
        destroyed,
        toggled,
    };
    cluster.take(ONE, at(0, 0)).unwrap();
    assert_eq!(cluster.setups(ONE, at(0, 0)), [(0, setup(1, 0, true))]);
    cluster.take(ONE, at(0, 1)).unwrap();
    assert_eq!(cluster.setups(ONE, at(0, 1)), [(0, setup(1, 0, false))]);
    cluster.release(ONE, at(0, 1));
    // What stands is used again at no cost.
    cluster.take(ONE, at(0, 1)).unwrap();
    assert_eq!(cluster.setups(ONE, at(0, 1)), [(0, setup(0, 0, false))]);
    cluster.release(ONE, at(0, 0));
    cluster.release(ONE, at(0, 1));
    // Two free instances stand in the way.
    cluster.take(THREE, at(0, 0)).unwrap();
    assert_eq!(cluster.setups(THREE, at(0, 0)), [(0, setup(1, 2, false))]);
    cluster.release(THREE, at(0, 0));
    let device = Spot {
        node: NodeId(0),
        devices: 1,
    };
    cluster.take(WHOLE, device).unwrap();
    assert_eq!(cluster.setups(WHOLE, device), [(0, setup(0, 1, true))]);
    assert!(cluster.mig_is_whole(0) && cluster.feasible(ONE).is_empty());
}

#[test]
fn an_engine_that_a_free_instance_holds_is_freed() {
    let me = ShapeId(3);
    let mut cluster = a100(1, MigMode::OnDemand);
    cluster.take(me, at(0, 0)).unwrap();
    cluster.take(ONE, at(0, 1)).unwrap();
    // One `+me` a board.
    assert!(cluster.take(me, at(0, 2)).is_err());
    cluster.release(me, at(0, 0));
    cluster.take(me, at(0, 2)).unwrap();
    assert_eq!(cluster.setups(me, at(0, 2))[0].1.destroyed, 1);
}

#[test]
fn waits_tell_holes_from_want() {
    let mut cluster = a100(1, MigMode::OnDemand);
    for start in [3, 5] {
        cluster.take(ONE, at(0, start)).unwrap();
    }
    // Six slots are free and no 3g has a legal start.
    assert_eq!(cluster.why_not(&spec(THREE, 1)), Reason::Fragmentation);
    for start in [0, 1, 2, 4, 6] {
        cluster.take(ONE, at(0, start)).unwrap();
    }
    // Slot 7 is free, but nothing can ever use it alone.
    assert_eq!(cluster.why_not(&spec(ONE, 1)), Reason::Capacity);
    // Nobody here has a profile of an A30.
    assert_eq!(cluster.why_not(&spec(ShapeId(5), 1)), Reason::Model);
}

#[test]
fn a_gang_that_does_not_fit_leaves_no_trace() {
    let mut cluster = a100(1, MigMode::OnDemand);
    // Free instances stand about, one in the way of a 3g at 0.
    for start in [1, 6] {
        cluster.take(ONE, at(0, start)).unwrap();
    }
    cluster.release(ONE, at(0, 1));
    cluster.release(ONE, at(0, 6));
    let (before, standing) = (cluster.clone(), cluster.mig_standing().to_vec());
    for (shape, count) in [(THREE, 3), (TWO_THREES, 2)] {
        let instances = mig_placement("lowest-start").unwrap();
        let mut policy = WithMig::new(Box::new(FirstFit), instances);
        let (gang, mut spots) = (spec(shape, count), Vec::new());
        let trial = Trial::new(&mut cluster, &gang, JobId(0), &mut spots);
        assert_eq!(trial.run(&mut policy), Ok(false));
        assert!(cluster.same_free(&before) && spots.is_empty());
        assert_eq!(cluster.mig_standing(), standing);
    }
}

#[test]
fn nodes_that_cannot_be_cut_so_are_refused() {
    let refused = |node: Node| Inventory::new(vec![node]).unwrap_err();
    let t4 = refused(node("n", 1, "T4", MigMode::OnDemand));
    assert!(matches!(t4, InventoryError::NotMig { .. }), "{t4}");
    let many = refused(node("n", 9, "A100-SXM4-40GB", MigMode::OnDemand));
    assert!(matches!(many, InventoryError::TooManyMig { .. }), "{many}");
    let unknown = refused(node("n", 1, "RTX-PRO-5000-48GB", MigMode::OnDemand));
    assert!(
        matches!(unknown, InventoryError::Geometry { .. }),
        "{unknown}"
    );
    let foreign = layout("A30", 1, "all-1g.6gb");
    let overlap = refused(node("n", 0, "A100-SXM4-40GB", foreign));
    assert!(
        matches!(overlap, InventoryError::Layout { .. }),
        "{overlap}"
    );
}

#[test]
fn places_of_the_widest_board_fit_eight_bits() {
    let quarter = Shape::mig_instances("1g.24gb", 4, 250);
    let nodes = vec![node(
        "n",
        8,
        "RTX-PRO-6000-Blackwell-Server",
        MigMode::OnDemand,
    )];
    let inventory = Inventory::new(nodes).unwrap();
    let mut cluster = Cluster::new(inventory.clone(), &[quarter]);
    for _ in 0..8 {
        let devices = cluster.node(NodeId(0)).lowest_devices(cluster.ask(ONE));
        let spot = Spot {
            node: NodeId(0),
            devices,
        };
        cluster.take(ONE, spot).unwrap();
        let starts: Vec<u8> = inventory.instances(spot).map(|(_, start)| start).collect();
        assert_eq!(starts, [0, 3, 6, 9]);
    }
    assert!(cluster.feasible(ONE).is_empty());
}

/// A mixed cluster: every mode, three boards, and one without MIG.
fn mixed() -> Cluster {
    let nodes = vec![
        node("dynamic", 2, "A100-SXM4-40GB", MigMode::OnDemand),
        node(
            "cut",
            2,
            "A100-SXM4-40GB",
            layout("A100-SXM4-40GB", 1, "all-balanced"),
        ),
        node("a30", 1, "A30", layout("A30", 1, "all-2g.12gb")),
        node("plain", 2, "T4", MigMode::Off),
        node("batched", 1, "A100-SXM4-40GB", MigMode::Batched),
    ];
    Cluster::new(Inventory::new(nodes).unwrap(), &shapes())
}

/// Instances in use, as a machine would see them.
fn in_use(gpus: &[MigGpu]) -> Vec<Vec<Instance>> {
    let used = |gpu: &MigGpu| {
        let used = gpu.instances().filter(|(_, used)| *used);
        used.map(|(instance, _)| instance).collect()
    };
    gpus.iter().map(used).collect()
}

/// Takes or releases something; `false` when there is nothing to do.
fn act(cluster: &mut Cluster, held: &mut Vec<(ShapeId, Spot)>, (kind, pick): (u8, u32)) -> bool {
    let release = pick % 3 == 0 && !held.is_empty();
    if release {
        let (shape, spot) = held.swap_remove(pick as usize % held.len());
        cluster.release(shape, spot);
        return true;
    }
    let shape = ShapeId(u32::from(kind) % shapes().len() as u32);
    let nodes: Vec<NodeId> = cluster.feasible(shape).iter().collect();
    if nodes.is_empty() {
        return false;
    }
    let node = nodes[pick as usize % nodes.len()];
    let devices = cluster.node(node).lowest_devices(cluster.ask(shape));
    let spot = Spot { node, devices };
    cluster.take(shape, spot).expect("it was said to fit");
    held.push((shape, spot));
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn undo_is_exact_and_both_lists_agree(
        before in prop::collection::vec((0u8..11, 0u32..1000), 0..30),
        inside in prop::collection::vec((0u8..11, 0u32..1000), 0..30),
    ) {
        let (mut cluster, mut held) = (mixed(), Vec::new());
        let empty = cluster.clone();
        for step in before {
            act(&mut cluster, &mut held, step);
            // What policies see is what is in use on the machines, whatever else stands there.
            prop_assert_eq!(in_use(cluster.mig_gpus()), in_use(cluster.mig_standing()));
        }
        let (then, standing) = (cluster.clone(), cluster.mig_standing().to_vec());
        let mark = cluster.begin();
        let mut inner = held.clone();
        for step in inside {
            act(&mut cluster, &mut inner, step);
        }
        cluster.rollback(mark);
        prop_assert!(cluster.same_free(&then));
        prop_assert_eq!(cluster.mig_standing(), standing);
        // What fits is what fitted: indexes followed.
        for shape in 0..shapes().len() as u32 {
            let fits: Vec<NodeId> = cluster.feasible(ShapeId(shape)).iter().collect();
            let fitted: Vec<NodeId> = then.clone().feasible(ShapeId(shape)).iter().collect();
            prop_assert_eq!(fits, fitted);
        }
        for (shape, spot) in held {
            cluster.release(shape, spot);
        }
        prop_assert!(cluster.same_free(&empty));
    }
}
