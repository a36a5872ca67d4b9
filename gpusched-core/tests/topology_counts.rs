//! Counts of domains against counting all nodes anew.

use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::topology::{Fabric, FabricShape, LevelCounts, fabric_preset};
use gpusched_core::workload::Shape;
use proptest::prelude::*;

const NODES: usize = 24;

/// A fabric of uneven racks in which node 5 stands nowhere.
fn fabric() -> Fabric {
    let shape = FabricShape {
        nodes_per_leaf: 5,
        leaves_per_spine: Some(2),
        ..fabric_preset("fat-tree").unwrap().shape
    };
    let even = shape.fabric(NODES).unwrap();
    let name = |node: usize| {
        let path = even.path(NodeId::from(node));
        let names = path.map(|domain| even.domains()[domain.index()].name.clone());
        Some(names.collect()).filter(|_| node != 5)
    };
    let paths: Vec<Option<Vec<String>>> = (0..NODES).map(name).collect();
    Fabric::new(even.levels().to_vec(), &paths).unwrap()
}

fn brute(fabric: &Fabric, cluster: &Cluster) -> Vec<(u32, u32)> {
    let of = |node: &NodeId| match cluster.node(*node) {
        view if view.is_open() => (view.free_devices(), u32::from(view.is_idle())),
        _ => (0, 0),
    };
    let domains = 0..fabric.domains().len() as u32;
    let sums = domains.map(|domain| {
        let nodes = fabric.nodes_of(gpusched_core::topology::DomainId(domain));
        let counts = nodes.iter().map(of);
        counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    sums.collect()
}

#[derive(Clone, Debug)]
enum Step {
    Take(usize, u32),
    Release(usize),
    Open(usize, bool),
    /// Take, and take it back: the log has it, the cluster does not.
    Try(usize),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..NODES, 0..2_u32).prop_map(|(node, shape)| Step::Take(node, shape)),
        3 => any::<usize>().prop_map(Step::Release),
        1 => (0..NODES, any::<bool>()).prop_map(|(node, open)| Step::Open(node, open)),
        1 => (0..NODES).prop_map(Step::Try),
        2 => Just(Step::Look),
    ]
}

fn spot(cluster: &Cluster, node: usize, shape: ShapeId) -> Option<Spot> {
    let view = cluster.node(NodeId::from(node));
    let ask = cluster.ask(shape);
    view.fits(ask).then(|| Spot {
        node: NodeId::from(node),
        devices: view.lowest_devices(ask),
    })
}

proptest! {
    #[test]
    fn counts_equal_counting_anew(steps in prop::collection::vec(step(), 0..200)) {
        let shapes = [Shape::whole_gpus(1), Shape::whole_gpus(4)];
        let nodes = (0..NODES).map(|rank| Node::with_gpus(format!("n{rank:02}"), 8, "T4"));
        let inventory = Inventory::new(nodes.collect()).unwrap();
        let mut cluster = Cluster::new(inventory, &shapes);
        let fabric = fabric();
        let mut counts = LevelCounts::new(&fabric);
        let mut running: Vec<(ShapeId, Spot)> = Vec::new();
        for step in steps.into_iter().chain([Step::Look]) {
            match step {
                Step::Take(node, shape) => {
                    let shape = ShapeId(shape);
                    if let Some(spot) = spot(&cluster, node, shape) {
                        cluster.take(shape, spot).unwrap();
                        running.push((shape, spot));
                    }
                }
                Step::Release(which) if !running.is_empty() => {
                    let (shape, spot) = running.swap_remove(which % running.len());
                    cluster.release(shape, spot);
                }
                Step::Release(_) => {}
                Step::Open(node, open) => cluster.set_open(NodeId::from(node), open),
                Step::Try(node) => {
                    let mark = cluster.begin();
                    if let Some(spot) = spot(&cluster, node, ShapeId(0)) {
                        cluster.take(ShapeId(0), spot).unwrap();
                    }
                    counts.refresh(&fabric, &cluster);
                    cluster.rollback(mark);
                }
                Step::Look => {
                    counts.refresh(&fabric, &cluster);
                    for (domain, expected) in brute(&fabric, &cluster).into_iter().enumerate() {
                        let domain = gpusched_core::topology::DomainId(domain as u32);
                        let found = (counts.free_gpus(domain), counts.free_nodes(domain));
                        prop_assert_eq!(found, expected, "{}", fabric.full_name(domain));
                    }
                    let views = (0..NODES).map(|node| cluster.node(NodeId::from(node)));
                    let open = views.filter(|view| view.is_open());
                    let all = open.fold((0, 0), |(gpus, idle), view| {
                        (gpus + view.free_devices(), idle + u32::from(view.is_idle()))
                    });
                    prop_assert_eq!(counts.in_all(), all);
                }
            }
        }
    }
}
