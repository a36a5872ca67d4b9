//! What machines there are: the immutable description.

use super::VirtualClusters;
use super::mig::{self, MigMode};
use crate::gpu::mig::{Geometry, GeometryError, ProfileRow};
use crate::gpu::model;
use crate::ids::{ModelId, NodeId};
use crate::provisioning::Price;
use crate::topology::Topology;
use crate::units::Time;
use crate::workload::Shape;
use rustc_hash::FxHashMap;
use std::sync::Arc;

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
    /// How its GPUs are cut.
    pub mig: MigMode,
    /// What it costs, where that is known.
    pub price: Option<Price>,
    /// By GPU, in thousandths: how many times as long as recorded a job takes on it, because chips of
    /// one model differ; empty = not known, then 1000 each.
    pub variability: Vec<u32>,
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
            mig: MigMode::Off,
            price: None,
            variability: Vec::new(),
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
    /// Slowdowns of more or fewer GPUs than there are, or one that is 0.
    #[error("node {0}: give one slowdown above 0 for each of its GPUs")]
    Variability(String),
    /// MIG on GPUs that cannot be cut.
    #[error("node {node}: MIG needs a GPU that can be cut, and {model} is none; {known}")]
    NotMig {
        /// The node.
        node: String,
        /// Its GPU model.
        model: String,
        /// The boards that can.
        known: String,
    },
    /// A board nobody has published the placements of.
    #[error("node {node}: {cause}")]
    Geometry {
        /// The node.
        node: String,
        /// What is not known.
        cause: GeometryError,
    },
    /// More GPUs than places of instances can be written down for.
    #[error(
        "node {node} has {gpus} GPUs: MIG is understood on nodes of at most {} GPUs",
        mig::MOST_GPUS
    )]
    TooManyMig {
        /// The node.
        node: String,
        /// Its GPUs.
        gpus: u32,
    },
    /// A layout that cannot stand on a GPU.
    #[error("node {node}, GPU {gpu}: {problem}")]
    Layout {
        /// The node.
        node: String,
        /// The GPU.
        gpu: usize,
        /// What is wrong, and what is legal.
        problem: String,
    },
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
    /// By model: the geometry of its board, where some node of the model is cut.
    geometries: Vec<Option<Arc<Geometry>>>,
    /// By model: the profiles its nodes can offer.
    offers: Vec<mig::Offer>,
    topology: Option<Arc<Topology>>,
    virtual_clusters: Option<Arc<VirtualClusters>>,
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
            let slowdowns = &node.variability;
            let per_gpu = slowdowns.is_empty() || slowdowns.len() == node.gpus as usize;
            if !per_gpu || slowdowns.contains(&0) {
                return Err(InventoryError::Variability(node.name.clone()));
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
        let (geometries, offers) = mig::survey(&nodes, &models, &model_of)?;
        Ok(Inventory {
            nodes,
            models,
            model_of,
            geometries,
            offers,
            topology: None,
            virtual_clusters: None,
        })
    }

    /// The same machines, wired as `topology` says.
    ///
    /// # Panics
    /// When it is of another number of nodes.
    #[must_use]
    pub fn with_topology(self, topology: Arc<Topology>) -> Inventory {
        assert_eq!(topology.fabric().nodes(), self.nodes.len());
        Inventory {
            topology: Some(topology),
            ..self
        }
    }

    /// How the machines are wired, if anything is known of it.
    pub fn topology(&self) -> Option<&Arc<Topology>> {
        self.topology.as_ref()
    }

    /// The same machines, of which cells are promised to virtual clusters.
    #[must_use]
    pub fn with_virtual_clusters(self, clusters: Arc<VirtualClusters>) -> Inventory {
        Inventory {
            virtual_clusters: Some(clusters),
            ..self
        }
    }

    /// Who is promised which cells, if anybody is.
    pub fn virtual_clusters(&self) -> Option<&Arc<VirtualClusters>> {
        self.virtual_clusters.as_ref()
    }

    /// The same machines, cut anew: one mode per node, in rank order.
    ///
    /// # Errors
    /// [`InventoryError`] where a node cannot be cut so.
    pub fn recut(
        &self,
        modes: impl IntoIterator<Item = MigMode>,
    ) -> Result<Inventory, InventoryError> {
        let nodes = self.nodes.iter().zip(modes).map(|(node, mig)| Node {
            mig,
            ..node.clone()
        });
        let recut = Inventory::new(nodes.collect())?;
        Ok(Inventory {
            topology: self.topology.clone(),
            virtual_clusters: self.virtual_clusters.clone(),
            ..recut
        })
    }

    /// The same machines, those without a price at what `price` says.
    #[must_use]
    pub fn priced(mut self, price: impl Fn(&Node) -> Option<Price>) -> Inventory {
        for node in &mut self.nodes {
            node.price = node.price.or_else(|| price(node));
        }
        self
    }

    /// Whether GPUs of some node are cut.
    pub fn has_mig(&self) -> bool {
        self.geometries.iter().any(Option::is_some)
    }

    /// What fits where on the GPUs of a model, where some node of it is cut.
    pub fn geometry(&self, model: ModelId) -> Option<&Arc<Geometry>> {
        self.geometries[model.index()].as_ref()
    }

    /// The smallest profile the nodes of a model offer whose compute share and usable memory are
    /// at least what `shape` asks of a device: fewest placement units, then fewest compute slices.
    /// Under a layout the profiles of the layout are offered, else those of the board without
    /// media attributes. Memory that no listing gave is taken as the eighths of the device's.
    ///
    /// ```
    /// use gpusched_core::cluster::{Inventory, MigMode, Node};
    /// use gpusched_core::ids::ModelId;
    /// use gpusched_core::workload::Shape;
    /// let node = Node { mig: MigMode::OnDemand, ..Node::with_gpus("a", 1, "A100-SXM4-40GB") };
    /// let inventory = Inventory::new(vec![node]).unwrap();
    /// let name = |gpu_milli, gpu_mem_mib| {
    ///     let shape = Shape { gpu_milli, gpu_mem_mib, ..Shape::whole_gpus(1) };
    ///     let row = inventory.smallest_profile(ModelId(0), &shape)?;
    ///     Some(inventory.geometry(ModelId(0))?.profile(row).name)
    /// };
    /// assert_eq!(name(142, 0), Some("1g.5gb"));
    /// assert_eq!(name(143, 0), Some("2g.10gb"));
    /// // A half of 40 GB is more than 3g.20gb has: usable memory is less than the name says.
    /// assert_eq!(name(100, 20_480), Some("7g.40gb"));
    /// assert_eq!(name(1000, 40_960), None);
    /// ```
    pub fn smallest_profile(&self, model: ModelId, shape: &Shape) -> Option<ProfileRow> {
        let geometry = self.geometry(model)?;
        let (name, mem) = &self.models[model.index()];
        if !shape.accepts(name) {
            return None;
        }
        mig::smallest(geometry, self.offers[model.index()], *mem, shape)
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
