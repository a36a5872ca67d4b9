//! What machines there are: the immutable description.

use crate::gpu::model;
use crate::ids::{ModelId, NodeId};
use crate::units::Time;
use rustc_hash::FxHashMap;

/// GPUs one node may have: device sets are bit masks.
pub(super) const MAX_GPUS: u32 = 64;

/// Distinct (GPU model, memory) pairs one inventory may have: acceptable models are bit masks.
pub(super) const MAX_MODELS: usize = 64;

/// One machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique name.
    pub name: String,
    /// GPU model; empty for a CPU node.
    pub gpu_model: String,
    /// Model of the CPU where known (`Intel-Xeon-8163`); it matters to power only.
    pub cpu_model: String,
    /// GPUs, at most 64.
    pub gpus: u32,
    /// Memory per GPU, MiB; 0 = not known, then it limits nothing.
    pub gpu_mem_mib: u32,
    /// CPU, milli-cores; [`Node::UNLIMITED`] = it limits nothing.
    pub cpu_milli: u64,
    /// Memory, MiB; [`Node::UNLIMITED`] = it limits nothing.
    pub mem_mib: u64,
    /// Takes new pods from this instant on.
    pub from: Time,
    /// Takes no new pods from this instant on; what runs then runs to its end.
    pub to: Time,
}

impl Node {
    /// Capacity of a resource that was not recorded.
    pub const UNLIMITED: u64 = 1 << 60;

    /// A node with `gpus` devices of `gpu_model` and nothing else that limits. Device memory
    /// comes from the catalogue.
    pub fn with_gpus(name: impl Into<String>, gpus: u32, gpu_model: impl Into<String>) -> Node {
        let gpu_model = gpu_model.into();
        Node {
            name: name.into(),
            gpu_mem_mib: model::find(&gpu_model).map_or(0, |known| known.mem_mib),
            gpu_model,
            cpu_model: String::new(),
            gpus,
            cpu_milli: Node::UNLIMITED,
            mem_mib: Node::UNLIMITED,
            from: Time::ZERO,
            to: Time::NEVER,
        }
    }
}

/// Why an inventory was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// Two nodes of one name.
    #[error("node {0} stands twice: node names must be unique")]
    Duplicate(String),
    /// A node with more devices than a device mask holds.
    #[error("node {node} has {gpus} GPUs: a node has at most {MAX_GPUS}")]
    TooManyGpus {
        /// The node.
        node: String,
        /// Its GPUs.
        gpus: u32,
    },
    /// More models than a model mask holds.
    #[error("more than {MAX_MODELS} different GPU models in one cluster")]
    TooManyModels,
    /// No nodes.
    #[error("the cluster has no nodes")]
    Empty,
    /// A node that leaves before it comes.
    #[error("node {0} ends before it begins: to_s must be after from_s")]
    Interval(String),
}

/// All machines, in rank order: position is the tie-break of every placement policy.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node};
/// let nodes = (0..4).map(|i| Node::with_gpus(format!("n{i}"), 8, "T4")).collect();
/// let inventory = Inventory::new(nodes).unwrap();
/// assert_eq!(inventory.gpus(), 32);
/// ```
#[derive(Clone, Debug)]
pub struct Inventory {
    nodes: Vec<Node>,
    models: Vec<(String, u32)>,
    model_of: Vec<ModelId>,
}

impl Inventory {
    /// Checks the nodes and numbers their GPU models in order of first appearance.
    ///
    /// # Errors
    /// [`InventoryError`]: duplicate names, too many GPUs in a node or models in all, none at all.
    pub fn new(nodes: Vec<Node>) -> Result<Inventory, InventoryError> {
        if nodes.is_empty() {
            return Err(InventoryError::Empty);
        }
        let mut names = rustc_hash::FxHashSet::default();
        let mut models: Vec<(String, u32)> = Vec::new();
        let mut ids: FxHashMap<(String, u32), ModelId> = FxHashMap::default();
        let mut model_of = Vec::with_capacity(nodes.len());
        for node in &nodes {
            if !names.insert(node.name.as_str()) {
                return Err(InventoryError::Duplicate(node.name.clone()));
            }
            if node.gpus > MAX_GPUS {
                return Err(InventoryError::TooManyGpus {
                    node: node.name.clone(),
                    gpus: node.gpus,
                });
            }
            if node.to <= node.from {
                return Err(InventoryError::Interval(node.name.clone()));
            }
            let key = (node.gpu_model.clone(), node.gpu_mem_mib);
            let id = match ids.get(&key) {
                Some(&id) => id,
                None if models.len() == MAX_MODELS => return Err(InventoryError::TooManyModels),
                None => {
                    let id = ModelId::from(models.len());
                    models.push(key.clone());
                    ids.insert(key, id);
                    id
                }
            };
            model_of.push(id);
        }
        Ok(Inventory {
            nodes,
            models,
            model_of,
        })
    }

    /// The machines, in rank order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// One machine.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Distinct GPU models: name and memory per device (MiB), by [`ModelId`].
    pub fn models(&self) -> &[(String, u32)] {
        &self.models
    }

    /// The GPU model of a node.
    pub fn model_of(&self, id: NodeId) -> ModelId {
        self.model_of[id.index()]
    }

    /// GPUs in all.
    pub fn gpus(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(node.gpus)).sum()
    }
}
