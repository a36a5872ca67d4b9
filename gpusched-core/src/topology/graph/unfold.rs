//! Flat arrays as a graph again: to be drawn, and to be written down.
//!
//! Devices with the same nearest path are put behind one switch, bridge or NUMA node. Switches of
//! a domain that stand side by side are one vertex, but for leaves, of which there is one per rail.
//! Levels above the second are cores over cores. Flattening the graph gives back boards and domains
//! of a topology with at most three levels of switches, where paths between GPUs nest as they do on
//! real boards.

use super::{Cable, CableKind, Element, TopoGraph, Vertex, VertexId};
use crate::ids::NodeId;
use crate::topology::{Board, DomainId, LevelId, Nic, Path, Scope, Topology};

/// The graph of a topology whose nodes are called `names`, in rank order. O(vertices + cables).
///
/// # Panics
/// When there are fewer names than nodes.
///
/// ```
/// use gpusched_core::topology::{Topology, board_for_model, fabric_preset, graph};
/// let fabric = fabric_preset("rail-optimised").unwrap().shape.fabric(2).unwrap();
/// let board = board_for_model("H100-SXM5-80GB", 8).unwrap();
/// let topology = Topology::new(fabric, vec![board.into()], vec![Some(0); 2]);
/// let graph = graph::unfold(&topology, &["a", "b"]);
/// let again = graph.flatten().unwrap().topology;
/// assert_eq!(again.fabric().rails(), 8);
/// assert_eq!(again.boards()[0].link(0, 1), topology.boards()[0].link(0, 1));
/// ```
pub fn unfold(topology: &Topology, names: &[&str]) -> TopoGraph {
    let mut graph = TopoGraph::default();
    let switches = network(topology, &mut graph);
    for (rank, name) in names.iter().enumerate().take(topology.fabric().nodes()) {
        let node = NodeId::from(rank);
        let board = topology.board(node).map(AsRef::as_ref);
        let Devices { gpus, cards } = graph.host(name, board, None);
        let mut host = Host {
            graph: &mut graph,
            name,
        };
        if let Some(board) = topology.board(node) {
            host.switched(topology, node, board, &gpus, &switches);
        }
        host.plug(topology, node, &cards, &switches);
    }
    graph
}

/// The devices of a host, by number.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// GPUs.
    pub gpus: Vec<VertexId>,
    /// Network cards; one of unknown rate where none is known.
    pub cards: Vec<VertexId>,
}

impl TopoGraph {
    /// Adds a host with its devices, joined inside as on `board`; nothing of it is joined to what
    /// stands between hosts, its NVLink switch included. `most_nvlinks` is what a GPU of it can
    /// have; `None` = what it has.
    pub fn host(&mut self, name: &str, board: Option<&Board>, most_nvlinks: Option<u8>) -> Devices {
        let mut host = Host { graph: self, name };
        match board {
            Some(board) => host.devices(board, most_nvlinks),
            None => {
                let (index, gbps) = (0, 0.0);
                Devices {
                    gpus: Vec::new(),
                    cards: vec![host.add("nic0".into(), Element::Nic { index, gbps })],
                }
            }
        }
    }
}

/// The vertices of each domain: its switches.
type Switches = Vec<Vec<VertexId>>;

fn network(topology: &Topology, graph: &mut TopoGraph) -> Switches {
    let fabric = topology.fabric();
    let depth = fabric.levels().len();
    let nvlink = fabric
        .level(Scope::Nvlink)
        .map(|level| usize::from(level.0));
    // The lowest level that is no NVLink domain has the leaves.
    let leaf = (0..depth).rev().find(|level| Some(*level) != nvlink);
    let mut switches: Switches = Vec::new();
    for (index, domain) in fabric.domains().iter().enumerate() {
        let name = fabric.full_name(DomainId(index as u32));
        let level = usize::from(domain.level.0);
        let mut add = |name: String, element| {
            let host = None;
            graph.add(Vertex {
                name,
                host,
                element,
            })
        };
        switches.push(if Some(level) == nvlink {
            let first = fabric.nodes_of(DomainId(index as u32)).first();
            let board = first.and_then(|node| topology.board(*node));
            let reduces = board
                .and_then(|board| board.switch())
                .is_some_and(|switch| switch.reduces);
            vec![add(name, Element::NvSwitch { reduces })]
        } else if Some(level) == leaf {
            let nodes = fabric.nodes_of(DomainId(index as u32));
            let cards = nodes.iter().map(|node| cards(topology, *node)).max();
            let rails = usize::from(fabric.rails()).min(cards.unwrap_or(1));
            match rails {
                1 => vec![add(name, Element::Leaf { rail: 0 })],
                rails => (0..rails as u8)
                    .map(|rail| add(format!("{name}/rail{rail}"), Element::Leaf { rail }))
                    .collect(),
            }
        } else if leaf == Some(level + 1) {
            vec![add(name, Element::Spine)]
        } else {
            vec![add(name, Element::Core)]
        });
    }
    for (index, domain) in fabric.domains().iter().enumerate() {
        let Some(parent) = domain.parent else {
            continue;
        };
        let level = usize::from(domain.level.0);
        if Some(level) == nvlink {
            continue;
        }
        let nodes = fabric.nodes_of(DomainId(index as u32));
        let own = |node: &NodeId| topology.board(*node).map_or(0.0, |board| board.nic_gbps());
        let into: f64 = nodes.iter().map(own).sum();
        // What a level loses is lost for those above it too.
        let crossed = fabric.levels()[level..].iter();
        let lost: f64 = crossed
            .filter(|level| level.scope != Scope::Nvlink)
            .map(|level| level.oversubscription)
            .product();
        let side = switches[index].len() as f64;
        let cable = Cable {
            latency_ns: fabric.levels()[level - 1].latency_ns,
            shared: true,
            ..Cable::new(CableKind::Network, into / lost / side)
        };
        for one in switches[index].clone() {
            graph.join(one, switches[parent.index()][0], cable);
        }
    }
    switches
}

/// One host being drawn.
struct Host<'a> {
    graph: &'a mut TopoGraph,
    name: &'a str,
}

impl Host<'_> {
    fn add(&mut self, what: String, element: Element) -> VertexId {
        self.graph.add(Vertex {
            name: format!("{}/{what}", self.name),
            host: Some(self.name.to_owned()),
            element,
        })
    }

    /// The devices and what hangs them together.
    fn devices(&mut self, board: &Board, most_nvlinks: Option<u8>) -> Devices {
        let count = board.gpus();
        let most = |gpu| most_nvlinks.unwrap_or(board.nvlinks_of(gpu).min(255) as u8);
        let gpus: Vec<VertexId> = (0..count)
            .map(|gpu| {
                let (index, most_nvlinks) = (gpu as u8, most(gpu));
                self.add(
                    format!("gpu{gpu}"),
                    Element::Gpu {
                        index,
                        most_nvlinks,
                    },
                )
            })
            .collect();
        let pcie = Cable::new(CableKind::Pcie, inside(board));
        let sockets = (0..count).map(|gpu| board.numa(gpu));
        let sockets = sockets.chain(board.nics().iter().map(|nic| nic.numa));
        let last = sockets.max().unwrap_or(0);
        let numa: Vec<VertexId> = (0..=last)
            .map(|index| self.add(format!("numa{index}"), Element::Numa { index }))
            .collect();
        let across = Cable {
            shared: true,
            ..Cable::new(CableKind::Socket, across(board))
        };
        for pair in numa.windows(2) {
            self.graph.join(pair[0], pair[1], across);
        }
        // From the far group to the near one; each is hung on the one around it.
        let within = |near: Path| {
            move |one: usize, other: usize| {
                let path = board.link(one, other).path;
                one == other || path.is_some_and(|path| path <= near)
            }
        };
        let mut near_switch: Vec<VertexId> = Vec::with_capacity(count);
        let (phb, pxb, pix) = (within(Path::Phb), within(Path::Pxb), within(Path::Pix));
        let mut bridges: Vec<VertexId> = Vec::new();
        let mut upper: Vec<VertexId> = Vec::new();
        let first = |near: &dyn Fn(usize, usize) -> bool, gpu: usize| {
            (0..gpu).find(|&other| near(gpu, other))
        };
        for gpu in 0..count {
            let bridge = match first(&phb, gpu) {
                Some(other) => bridges[other],
                None => {
                    let bridge = self.add(format!("bridge{gpu}"), Element::HostBridge);
                    self.graph
                        .join(bridge, numa[usize::from(board.numa(gpu))], pcie);
                    bridge
                }
            };
            bridges.push(bridge);
            let alone = (0..count).all(|other| pix(gpu, other) == pxb(gpu, other));
            let above = match first(&pxb, gpu) {
                Some(other) => upper[other],
                None if alone => bridge,
                None => {
                    let above = self.add(format!("switches{gpu}"), Element::PcieSwitch);
                    self.graph.join(above, bridge, pcie);
                    above
                }
            };
            upper.push(above);
            let switch = match first(&pix, gpu) {
                Some(other) => near_switch[other],
                None => {
                    let switch = self.add(format!("switch{gpu}"), Element::PcieSwitch);
                    self.graph.join(switch, above, pcie);
                    switch
                }
            };
            near_switch.push(switch);
            self.graph.join(gpus[gpu], switch, pcie);
        }
        self.nvlinks(board, &gpus);
        let cards: Vec<VertexId> = nics(Some(board))
            .iter()
            .enumerate()
            .map(|(card, nic)| {
                let (index, gbps) = (card as u8, nic.gbps);
                let id = self.add(format!("nic{card}"), Element::Nic { index, gbps });
                let bus = Cable::new(CableKind::Pcie, 0.0);
                match nic.gpu.and_then(|gpu| near_switch.get(usize::from(gpu))) {
                    Some(switch) => self.graph.join(id, *switch, bus),
                    None => self.graph.join(id, numa[usize::from(nic.numa)], bus),
                }
                id
            })
            .collect();
        Devices { gpus, cards }
    }

    /// NVLinks from GPU to GPU.
    fn nvlinks(&mut self, board: &Board, gpus: &[VertexId]) {
        for one in 0..gpus.len() {
            for other in one + 1..gpus.len() {
                let link = board.link(one, other);
                if link.nvlinks > 0 {
                    let cable = Cable {
                        count: u16::from(link.nvlinks),
                        ..Cable::new(CableKind::NvLink, link.gbps / f64::from(link.nvlinks))
                    };
                    self.graph.join(gpus[one], gpus[other], cable);
                }
            }
        }
    }

    /// Joins GPUs to the switch they all end at, in the node or in its NVLink domain.
    fn switched(
        &mut self,
        topology: &Topology,
        node: NodeId,
        board: &Board,
        gpus: &[VertexId],
        switches: &Switches,
    ) {
        let Some(switch) = board.switch() else { return };
        let fabric = topology.fabric();
        let nvlink = fabric.level(Scope::Nvlink);
        let domain = nvlink.and_then(|level| fabric.domain(node, level));
        let (end, latency_ns) = match (domain, nvlink) {
            (Some(domain), Some(level)) => {
                let level = &fabric.levels()[usize::from(level.0)];
                (switches[domain.index()][0], level.latency_ns)
            }
            _ => {
                let reduces = switch.reduces;
                let inside = self.add("nvswitch".into(), Element::NvSwitch { reduces });
                (inside, 0.0)
            }
        };
        let count = u16::from(switch.links).max(1);
        let cable = Cable {
            count,
            latency_ns,
            ..Cable::new(CableKind::NvLink, switch.gbps_per_gpu / f64::from(count))
        };
        for gpu in gpus {
            self.graph.join(*gpu, end, cable);
        }
    }

    /// Joins network cards to leaves.
    fn plug(&mut self, topology: &Topology, node: NodeId, cards: &[VertexId], switches: &Switches) {
        let fabric = topology.fabric();
        let nvlink = fabric.level(Scope::Nvlink);
        let levels = (0..fabric.levels().len() as u8).rev().map(LevelId);
        let Some(leaf) = levels.into_iter().find(|level| Some(*level) != nvlink) else {
            return;
        };
        let Some(domain) = fabric.domain(node, leaf) else {
            return;
        };
        let nics = nics(topology.board(node).map(AsRef::as_ref));
        let leaves = &switches[domain.index()];
        for (card, (id, nic)) in cards.iter().zip(nics).enumerate() {
            let cable = Cable {
                latency_ns: fabric.levels()[usize::from(leaf.0)].latency_ns,
                ..Cable::new(CableKind::Network, nic.gbps)
            };
            self.graph.join(*id, leaves[card % leaves.len()], cable);
        }
    }
}

/// The network cards of a board; one of unknown rate where none is known.
fn nics(board: Option<&Board>) -> &[Nic] {
    const UNKNOWN: &[Nic] = &[Nic {
        gbps: 0.0,
        numa: 0,
        gpu: None,
    }];
    match board.map(Board::nics) {
        None | Some([]) => UNKNOWN,
        Some(nics) => nics,
    }
}

/// Network cards of a node, at least 1.
fn cards(topology: &Topology, node: NodeId) -> usize {
    nics(topology.board(node).map(AsRef::as_ref)).len()
}

/// The pairs of a board, and how they are joined.
fn pairs(board: &Board) -> impl Iterator<Item = crate::topology::Link> + '_ {
    let pairs = (0..board.gpus()).flat_map(|one| (0..one).map(move |other| (one, other)));
    pairs.map(|(one, other)| board.link(one, other))
}

/// PCIe inside a socket where NVLink does not hide it, GB/s; 0 = not known.
fn inside(board: &Board) -> f64 {
    let hidden = board.switch().is_some();
    let plain = pairs(board).filter(|link| link.nvlinks == 0 && link.path < Some(Path::Sys));
    plain
        .filter(|_| !hidden)
        .map(|link| link.gbps)
        .fold(0.0, f64::max)
}

/// Between sockets, the same.
fn across(board: &Board) -> f64 {
    let hidden = board.switch().is_some();
    let plain = pairs(board).filter(|link| link.nvlinks == 0 && link.path == Some(Path::Sys));
    plain
        .filter(|_| !hidden)
        .map(|link| link.gbps)
        .fold(0.0, f64::max)
}
