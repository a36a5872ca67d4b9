//! The cluster against a twin without indexes, masks or undo log.

use crate::worlds::{device_mem, inventory, shape};
use gpusched_core::cluster::{Cluster, Inventory, Mark, Node, Spot};
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::units::MILLI;
use gpusched_core::workload::Shape;
use proptest::prelude::*;

/// One step; numbers pick among what is possible.
#[derive(Clone, Debug)]
enum Step {
    Take {
        shape: usize,
        node: usize,
        devices: u64,
    },
    Release(usize),
    Begin,
    Commit,
    Rollback,
    Open {
        node: usize,
        open: bool,
    },
    Ask(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0usize..1000;
    prop_oneof![
        8 => (index(), index(), any::<u64>())
            .prop_map(|(shape, node, devices)| Step::Take { shape, node, devices }),
        4 => index().prop_map(Step::Release),
        2 => Just(Step::Begin),
        1 => Just(Step::Commit),
        1 => Just(Step::Rollback),
        1 => (index(), any::<bool>()).prop_map(|(node, open)| Step::Open { node, open }),
        2 => index().prop_map(Step::Ask),
    ]
}

/// One node as a list of what is left.
#[derive(Clone, Debug, PartialEq)]
struct TwinNode {
    cpu: u64,
    mem: u64,
    milli: Vec<u32>,
    vram: Vec<u32>,
    open: bool,
}

#[derive(Clone, Debug)]
struct Twin {
    nodes: Vec<TwinNode>,
    pods: Vec<(ShapeId, Spot)>,
}

impl Twin {
    fn new(inventory: &Inventory) -> Twin {
        let nodes = inventory.nodes().iter().map(|node| TwinNode {
            cpu: node.cpu_milli,
            mem: node.mem_mib,
            milli: vec![MILLI; node.gpus as usize],
            vram: vec![device_mem(node); node.gpus as usize],
            open: true,
        });
        Twin {
            nodes: nodes.collect(),
            pods: Vec::new(),
        }
    }

    /// Devices that could serve one GPU of the request.
    fn usable(&self, node: &Node, at: usize, shape: &Shape) -> u64 {
        if !shape.accepts(&node.gpu_model) || device_mem(node) < shape.gpu_mem_mib {
            return 0;
        }
        let twin = &self.nodes[at];
        (0..twin.milli.len())
            .filter(|&device| {
                let vram = !shape.is_share() || twin.vram[device] >= shape.gpu_mem_mib;
                twin.milli[device] >= shape.gpu_milli && vram
            })
            .fold(0, |mask, device| mask | 1 << device)
    }

    fn fits(&self, inventory: &Inventory, at: usize, shape: &Shape) -> bool {
        let twin = &self.nodes[at];
        let devices = self.usable(&inventory.nodes()[at], at, shape).count_ones();
        twin.open
            && twin.cpu >= shape.cpu_milli
            && twin.mem >= shape.mem_mib
            && devices >= shape.gpus
    }

    /// Pods that fit, found by putting in one after the other.
    fn room(&self, inventory: &Inventory, at: usize, shape: &Shape) -> u64 {
        let limit = match shape.max_per_node {
            0 => u64::MAX,
            limit => u64::from(limit),
        };
        let mut twin = self.clone();
        let mut room = 0;
        while room < limit && twin.fits(inventory, at, shape) {
            let mut devices = 0u64;
            let usable = twin.usable(&inventory.nodes()[at], at, shape);
            for device in (0..64).filter(|device| usable >> device & 1 == 1) {
                if devices.count_ones() < shape.gpus {
                    devices |= 1 << device;
                }
            }
            let spot = Spot {
                node: NodeId::from(at),
                devices,
            };
            twin.put(shape, spot, false);
            room += 1;
        }
        room
    }

    fn put(&mut self, shape: &Shape, spot: Spot, back: bool) {
        let node = &mut self.nodes[spot.node.index()];
        let change = |have: &mut u32, by: u32| {
            *have = if back { *have + by } else { *have - by };
        };
        for device in spot.device_list() {
            change(&mut node.milli[device as usize], shape.gpu_milli);
            if shape.is_share() {
                change(&mut node.vram[device as usize], shape.gpu_mem_mib);
            }
        }
        if back {
            node.cpu += shape.cpu_milli;
            node.mem += shape.mem_mib;
        } else {
            node.cpu -= shape.cpu_milli;
            node.mem -= shape.mem_mib;
        }
    }
}

/// Cluster and twin, driven together.
struct Pair {
    inventory: Inventory,
    shapes: Vec<Shape>,
    cluster: Cluster,
    twin: Twin,
    /// Open transactions, each with both states before it.
    open: Vec<(Mark, Cluster, Twin)>,
}

impl Pair {
    fn new(inventory: Inventory, shapes: Vec<Shape>) -> Pair {
        Pair {
            cluster: Cluster::new(inventory.clone(), &shapes),
            twin: Twin::new(&inventory),
            open: Vec::new(),
            inventory,
            shapes,
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let nodes = self.inventory.nodes().len();
        match *step {
            Step::Take {
                shape,
                node,
                devices,
            } => self.take(shape, node % nodes, devices)?,
            Step::Release(pod) if !self.twin.pods.is_empty() => {
                let at = pod % self.twin.pods.len();
                let (shape, spot) = self.twin.pods.swap_remove(at);
                self.cluster.release(shape, spot);
                self.twin.put(&self.shapes[shape.index()], spot, true);
            }
            Step::Begin => {
                let before = (self.cluster.clone(), self.twin.clone());
                self.open.push((self.cluster.begin(), before.0, before.1));
            }
            Step::Commit => {
                if let Some((mark, ..)) = self.open.pop() {
                    self.cluster.commit(mark);
                }
            }
            Step::Rollback => {
                if let Some((mark, before, twin)) = self.open.pop() {
                    self.cluster.rollback(mark);
                    prop_assert!(self.cluster.same_free(&before));
                    self.twin = twin;
                }
            }
            Step::Open { node, open } if self.open.is_empty() => {
                let node = node % nodes;
                self.cluster.set_open(NodeId::from(node), open);
                self.twin.nodes[node].open = open;
            }
            Step::Ask(shape) => self.compare(shape % self.shapes.len())?,
            Step::Release(_) | Step::Open { .. } => {}
        }
        Ok(())
    }

    /// Proposes a place, right or wrong; the twin knows whether it may be accepted.
    fn take(&mut self, shape: usize, node: usize, devices: u64) -> Result<(), TestCaseError> {
        let shape_id = ShapeId::from(shape % self.shapes.len());
        let shape = &self.shapes[shape_id.index()];
        let usable = self.twin.usable(&self.inventory.nodes()[node], node, shape);
        // Half of the proposals are cut down to what is likely to be right.
        let devices = match devices % 2 {
            0 if shape.gpus == 0 => 0,
            0 => {
                let ask = *self.cluster.ask(shape_id);
                self.cluster.node(NodeId::from(node)).lowest_devices(&ask)
            }
            _ => devices >> 32 & 0b1_1111,
        };
        let spot = Spot {
            node: NodeId::from(node),
            devices,
        };
        let right = self.twin.fits(&self.inventory, node, shape)
            && devices.count_ones() == shape.gpus
            && devices & !usable == 0;
        let taken = self.cluster.take(shape_id, spot);
        prop_assert_eq!(taken.is_ok(), right, "{:?} {:?} {:?}", taken, spot, shape);
        if right {
            self.twin.put(shape, spot, false);
            self.twin.pods.push((shape_id, spot));
        }
        Ok(())
    }

    fn compare(&mut self, shape: usize) -> Result<(), TestCaseError> {
        let (id, shape) = (ShapeId::from(shape), &self.shapes[shape]);
        let nodes = 0..self.inventory.nodes().len();
        let fitting: Vec<usize> = nodes
            .clone()
            .filter(|&node| self.twin.fits(&self.inventory, node, shape))
            .collect();
        let feasible: Vec<usize> = self
            .cluster
            .feasible(id)
            .iter()
            .map(NodeId::index)
            .collect();
        prop_assert_eq!(&feasible, &fitting);
        prop_assert_eq!(self.cluster.feasible(id).len() as usize, fitting.len());
        let bounded = |node| self.twin.room(&self.inventory, node, shape);
        // A pod that takes nothing has room without end; the twin would never finish.
        let takes = shape.gpus > 0 || shape.max_per_node > 0;
        if takes {
            let room: u64 = nodes.map(bounded).sum();
            prop_assert_eq!(self.cluster.room(id), room);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), TestCaseError> {
        while !self.open.is_empty() {
            self.step(&Step::Rollback)?;
        }
        (0..self.shapes.len()).try_for_each(|shape| self.compare(shape))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_cluster_agrees_with_its_twin(
        inventory in inventory(),
        shapes in prop::collection::vec(shape(), 1..5),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut pair = Pair::new(inventory, shapes);
        for step in &steps {
            pair.step(step)?;
        }
        pair.finish()?;
    }
}
