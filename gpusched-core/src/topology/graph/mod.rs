//! The authored form of a topology: every device, switch and cable, as a graph.
//!
//! | file | what |
//! |---|---|
//! | `flatten` | the graph as the flat arrays decisions are made on |
//! | `boards` | the devices of one host in it |
//! | `unfold` | flat arrays as a graph again, to be drawn |
//! | `lint` | what no wiring can be like |
//!
//! Nothing searches this graph while jobs are placed: it is written, checked, flattened and drawn.

mod boards;
mod flatten;
mod lint;
mod unfold;

pub use flatten::Flattened;
pub use lint::Finding;
pub use unfold::{Devices, unfold};

use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;
use serde::Serialize;

/// What a vertex is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Element {
    /// A GPU: its number in the node, and the most NVLinks it can have (0 = not known).
    Gpu {
        /// Number in the node.
        index: u8,
        /// Most NVLinks.
        most_nvlinks: u8,
    },
    /// A switch for NVLink. Without a host it joins the nodes of an NVLink domain.
    NvSwitch {
        /// It can reduce.
        reduces: bool,
    },
    /// A PCIe switch.
    PcieSwitch,
    /// A PCIe host bridge.
    HostBridge,
    /// A NUMA node.
    Numa {
        /// Number in the node.
        index: u8,
    },
    /// A network card: its number in the node, and its line rate, GB/s in one direction.
    Nic {
        /// Number in the node.
        index: u8,
        /// Line rate.
        gbps: f64,
    },
    /// A leaf switch: top of a rack, or of one rail of it.
    Leaf {
        /// Which rail; 0 where there is one.
        rail: u8,
    },
    /// A spine switch, or a group of them.
    Spine,
    /// A core switch, or a group of them.
    Core,
}

impl Element {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Element::Gpu { .. } => "GPU",
            Element::NvSwitch { .. } => "NVSwitch",
            Element::PcieSwitch => "PCIe switch",
            Element::HostBridge => "host bridge",
            Element::Numa { .. } => "NUMA node",
            Element::Nic { .. } => "network card",
            Element::Leaf { .. } => "leaf",
            Element::Spine => "spine",
            Element::Core => "core",
        }
    }

    /// It is a switch of the network.
    const fn is_network(self) -> bool {
        matches!(self, Element::Leaf { .. } | Element::Spine | Element::Core)
    }
}

/// A vertex.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vertex {
    /// Unique name.
    pub name: String,
    /// The node it is in; `None` for what stands between nodes.
    pub host: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub element: Element,
}

/// What a cable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CableKind {
    /// NVLink or xGMI.
    NvLink,
    /// PCIe, and what hangs together inside a socket.
    Pcie,
    /// Between sockets.
    Socket,
    /// The network.
    Network,
}

impl CableKind {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            CableKind::NvLink => "NVLink",
            CableKind::Pcie => "PCIe",
            CableKind::Socket => "socket",
            CableKind::Network => "network",
        }
    }
}

/// Equal cables between two vertices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cable {
    /// What they are.
    pub kind: CableKind,
    /// How many (at least 1).
    pub count: u16,
    /// What each carries, GB/s in one direction; 0 = not known.
    pub gbps: f64,
    /// What a message pays for it, ns.
    pub latency_ns: f64,
    /// Several devices use it at once.
    pub shared: bool,
}

impl Cable {
    /// One cable that nobody shares.
    pub const fn new(kind: CableKind, gbps: f64) -> Cable {
        Cable {
            kind,
            count: 1,
            gbps,
            latency_ns: 0.0,
            shared: false,
        }
    }

    /// What all of them carry, GB/s.
    pub fn total(&self) -> f64 {
        f64::from(self.count) * self.gbps
    }
}

/// A vertex of a [`TopoGraph`].
pub type VertexId = NodeIndex<u32>;

/// A topology as its author wrote it.
///
/// ```
/// use gpusched_core::topology::graph::{Cable, CableKind, Element, TopoGraph, Vertex};
/// let mut graph = TopoGraph::default();
/// let gpu = |index| Vertex {
///     name: format!("n0/gpu{index}"),
///     host: Some("n0".into()),
///     element: Element::Gpu { index, most_nvlinks: 12 },
/// };
/// let (one, other) = (graph.add(gpu(0)), graph.add(gpu(1)));
/// graph.join(one, other, Cable { count: 12, ..Cable::new(CableKind::NvLink, 25.0) });
/// let flat = graph.flatten().unwrap();
/// assert_eq!(flat.hosts, ["n0"]);
/// assert_eq!(flat.topology.boards()[0].link(0, 1).gbps, 300.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TopoGraph(UnGraph<Vertex, Cable, u32>);

impl TopoGraph {
    /// Adds a vertex.
    pub fn add(&mut self, vertex: Vertex) -> VertexId {
        self.0.add_node(vertex)
    }

    /// Joins two vertices. What cannot be joined so is found by [`TopoGraph::lint`].
    pub fn join(&mut self, one: VertexId, other: VertexId, cable: Cable) {
        self.0.add_edge(one, other, cable);
    }

    /// The vertices, in the order they were added.
    pub fn vertices(&self) -> impl Iterator<Item = (VertexId, &Vertex)> {
        self.0.node_indices().zip(self.0.node_weights())
    }

    /// The cables: both ends, and what they are.
    pub fn cables(&self) -> impl Iterator<Item = (&Vertex, &Vertex, &Cable)> {
        let edges = self.0.edge_references();
        edges.map(|edge| {
            (
                &self.0[edge.source()],
                &self.0[edge.target()],
                edge.weight(),
            )
        })
    }

    /// The hosts, in the order of their first vertex.
    pub fn hosts(&self) -> Vec<&str> {
        let mut seen = rustc_hash::FxHashSet::default();
        let hosts = self
            .0
            .node_weights()
            .filter_map(|vertex| vertex.host.as_deref());
        hosts.filter(|host| seen.insert(*host)).collect()
    }

    /// What a vertex is joined to, and by what.
    fn around(&self, id: VertexId) -> impl Iterator<Item = (VertexId, &Vertex, &Cable)> {
        self.0.edges(id).map(move |edge| {
            let other = match edge.source() == id {
                true => edge.target(),
                false => edge.source(),
            };
            (other, &self.0[other], edge.weight())
        })
    }
}

#[cfg(test)]
mod tests;
