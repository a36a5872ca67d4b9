//! What is free in each domain, kept up to date by looking only at nodes that changed.
//!
//! Invariant: after [`LevelSums::refresh`] the sum of a domain is the sum of what its nodes
//! measure now. Each node's last measure is kept; a node that changed takes the difference up its
//! path. As every reader of the change log ([`crate::cluster`]), it keeps a cursor and looks at
//! all nodes when it fell too far behind. Changes that were rolled back stand in the log too and
//! are looked at for nothing, never wrongly.

use super::{DomainId, Fabric};
use crate::cluster::{Changes, Cluster, NodeView};
use crate::ids::NodeId;

/// Sums over the nodes of each domain, of `K` numbers that a node measures.
///
/// An update costs the path of each changed node: O(changed nodes × levels).
#[derive(Clone, Debug)]
pub struct LevelSums<const K: usize> {
    cursor: u64,
    of_node: Vec<[u32; K]>,
    of_domain: Vec<[u32; K]>,
    in_all: [u32; K],
}

impl<const K: usize> LevelSums<K> {
    /// Sums of a fabric nobody has looked at yet.
    pub fn new(fabric: &Fabric) -> LevelSums<K> {
        LevelSums {
            cursor: 0,
            of_node: vec![[0; K]; fabric.nodes()],
            of_domain: vec![[0; K]; fabric.domains().len()],
            in_all: [0; K],
        }
    }

    /// Brings the sums up to date. `measure` must depend on the node's state alone.
    pub fn refresh(
        &mut self,
        fabric: &Fabric,
        cluster: &Cluster,
        mut measure: impl FnMut(NodeView<'_>) -> [u32; K],
    ) {
        let now = cluster.cursor();
        if self.cursor == now {
            return;
        }
        let changes = cluster.changes_since(self.cursor);
        let mut look = |node: NodeId| self.put(fabric, node, measure(cluster.node(node)));
        match changes {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    look(NodeId(node));
                }
            }
            Changes::All => (0..cluster.len()).map(NodeId::from).for_each(look),
        }
        self.cursor = now;
    }

    /// Sets what a node measures.
    fn put(&mut self, fabric: &Fabric, node: NodeId, new: [u32; K]) {
        let old = std::mem::replace(&mut self.of_node[node.index()], new);
        if old == new {
            return;
        }
        let change = |sums: &mut [u32; K]| {
            for (sum, (old, new)) in sums.iter_mut().zip(old.iter().zip(new)) {
                *sum = *sum - old + new;
            }
        };
        change(&mut self.in_all);
        for domain in fabric.path(node) {
            change(&mut self.of_domain[domain.index()]);
        }
    }

    /// The sums of a domain.
    #[inline]
    pub fn domain(&self, domain: DomainId) -> [u32; K] {
        self.of_domain[domain.index()]
    }

    /// What a node measured when it last changed.
    #[inline]
    pub fn node(&self, node: NodeId) -> [u32; K] {
        self.of_node[node.index()]
    }

    /// The sums of all nodes, those outside the tree included.
    pub fn in_all(&self) -> [u32; K] {
        self.in_all
    }
}

/// Free GPUs and free nodes of each domain.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node};
/// use gpusched_core::topology::{DomainId, LevelCounts, fabric_preset};
/// let nodes = (0..32).map(|rank| Node::with_gpus(format!("n{rank:02}"), 8, "T4")).collect();
/// let cluster = Cluster::new(Inventory::new(nodes).unwrap(), &[]);
/// let fabric = fabric_preset("leaf-spine").unwrap().shape.fabric(32).unwrap();
/// let mut counts = LevelCounts::new(&fabric);
/// counts.refresh(&fabric, &cluster);
/// // The first domain is the spine over all, the next one the first leaf of sixteen nodes.
/// assert_eq!((counts.free_gpus(DomainId(0)), counts.free_nodes(DomainId(1))), (256, 16));
/// ```
#[derive(Clone, Debug)]
pub struct LevelCounts(LevelSums<2>);

impl LevelCounts {
    /// Counts of a fabric nobody has looked at yet.
    pub fn new(fabric: &Fabric) -> LevelCounts {
        LevelCounts(LevelSums::new(fabric))
    }

    /// Brings the counts up to date. O(changed nodes × levels).
    pub fn refresh(&mut self, fabric: &Fabric, cluster: &Cluster) {
        self.0.refresh(fabric, cluster, measure);
    }

    /// GPUs nobody uses, on nodes that take pods.
    #[inline]
    pub fn free_gpus(&self, domain: DomainId) -> u32 {
        self.0.domain(domain)[0]
    }

    /// Nodes that take pods and on which nothing runs.
    #[inline]
    pub fn free_nodes(&self, domain: DomainId) -> u32 {
        self.0.domain(domain)[1]
    }

    /// GPUs of a node nobody uses; 0 while it takes no pods.
    #[inline]
    pub fn free_on(&self, node: NodeId) -> u32 {
        self.0.node(node)[0]
    }

    /// GPUs nobody uses and nodes on which nothing runs, those outside the tree included.
    pub fn in_all(&self) -> (u32, u32) {
        let [gpus, nodes] = self.0.in_all();
        (gpus, nodes)
    }
}

fn measure(node: NodeView<'_>) -> [u32; 2] {
    match node.is_open() {
        true => [node.free_devices(), u32::from(node.is_idle())],
        false => [0, 0],
    }
}
