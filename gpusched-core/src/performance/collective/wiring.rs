//! From the places of a job to the groups the law is asked about.

use super::rings::{best_gpus, ring_gbps};
use super::{Group, Wire};
use crate::cluster::{Inventory, Spot};
use crate::ids::NodeId;
use crate::topology::{Board, LevelId, Link, Nic, Scope, Topology, board_for_model};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a board of which nothing is known gets: PCIe of the fourth generation and one card of
/// 100 Gb/s (both assumed).
const UNKNOWN_PCIE_GBPS: f64 = 24.0;
const UNKNOWN_NIC_GBPS: f64 = 12.5;

/// One rank of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its node; `None` in a packing that was only thought of.
    pub node: Option<NodeId>,
    /// Which of the job's nodes it is on.
    machine: u32,
    /// Which of the job's islands it is on.
    island: u32,
    /// Which GPU of the node it has.
    pub gpu: u8,
    board: u32,
}

/// A topology as the law of collectives looks at it.
///
/// Ranks are numbered in the order of the tree ([`crate::topology::Fabric::order`]), on a node by
/// GPU number: whoever starts a job is assumed to number its ranks by where they are, as rank-based
/// ordering of Kueue and Slurm's block distribution do.
#[derive(Clone, Debug)]
pub struct Wiring {
    topology: Arc<Topology>,
    boards: Vec<Arc<Board>>,
    /// By node.
    board_of: Vec<u32>,
    /// Place of a node in the order of the tree, by node.
    place_of: Vec<u32>,
    nvlink: Option<LevelId>,
    /// Nodes of the largest NVLink domain; 1 without any.
    island_nodes: u32,
    /// By level: what is lost on the way up to where nodes meet there; last, above the top.
    lost: Vec<f64>,
    /// By level, likewise: what crossing costs, µs.
    crossing_us: Vec<f64>,
    rings: FxHashMap<(u32, u64), f64>,
}

impl Wiring {
    /// A node whose board is not known is taken for the usual machine of its GPU model, or for a
    /// box of PCIe cards. O(nodes × levels).
    ///
    /// # Panics
    /// When the topology is that of other machines.
    pub fn new(inventory: &Inventory, topology: Arc<Topology>) -> Wiring {
        let fabric = topology.fabric();
        assert_eq!(fabric.nodes(), inventory.nodes().len());
        let mut boards = topology.boards().to_vec();
        let mut guessed: FxHashMap<(&str, u32), u32> = FxHashMap::default();
        let mut board_of = Vec::with_capacity(fabric.nodes());
        for (rank, node) in inventory.nodes().iter().enumerate() {
            let given = topology.board(NodeId::from(rank)).and_then(|board| {
                let same = |other: &Arc<Board>| Arc::ptr_eq(other, board);
                Some(topology.boards().iter().position(same)? as u32)
            });
            board_of.push(given.unwrap_or_else(|| {
                let key = (node.gpu_model.as_str(), node.gpus);
                *guessed.entry(key).or_insert_with(|| {
                    let board = board_for_model(key.0, key.1);
                    boards.push(Arc::new(board.unwrap_or_else(|| unknown(key.1))));
                    boards.len() as u32 - 1
                })
            }));
        }
        let mut place_of: Vec<u32> = (0..fabric.nodes() as u32)
            .map(|node| fabric.order().len() as u32 + node)
            .collect();
        for (place, node) in fabric.order().iter().enumerate() {
            place_of[node.index()] = place as u32;
        }
        let nvlink = fabric.level(Scope::Nvlink);
        let sizes = nvlink.map(|level| {
            let domains = fabric.domains_of(level);
            let size = |domain| fabric.nodes_of(crate::topology::DomainId(domain)).len();
            domains.map(size).max().unwrap_or(1)
        });
        let levels = fabric.levels();
        let lost = (0..=levels.len()).map(|meet| {
            let below = levels
                .iter()
                .skip(if meet == levels.len() { 0 } else { meet + 1 });
            below.map(|level| level.oversubscription).product()
        });
        let crossing_us = (0..=levels.len()).map(|meet| {
            let (from, own) = match levels.get(meet) {
                Some(level) => (meet + 1, level.latency_ns),
                None => (0, 0.0),
            };
            let up: f64 = levels[from..].iter().map(|level| level.latency_ns).sum();
            (own + 2.0 * up) / 1000.0
        });
        Wiring {
            lost: lost.collect(),
            crossing_us: crossing_us.collect(),
            boards,
            board_of,
            place_of,
            nvlink,
            island_nodes: sizes.unwrap_or(1) as u32,
            topology,
            rings: FxHashMap::default(),
        }
    }

    /// The same wiring with nothing lost on the way up: for a model that says itself who is in
    /// whose way.
    #[must_use]
    pub fn uncontended(mut self) -> Wiring {
        self.lost.fill(1.0);
        self
    }

    /// The topology.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// The ranks on these places, numbered as said above. O(ranks log ranks).
    pub fn seats(&self, spots: &[Spot]) -> Vec<Seat> {
        let mut seats: Vec<Seat> = spots
            .iter()
            .flat_map(|spot| {
                let (machine, board) = (
                    self.place_of[spot.node.index()],
                    self.board_of[spot.node.index()],
                );
                let island = self.island(spot.node).unwrap_or(u32::MAX - machine);
                spot.device_list().map(move |gpu| Seat {
                    node: Some(spot.node),
                    machine,
                    island,
                    gpu: gpu as u8,
                    board,
                })
            })
            .collect();
        seats.sort_unstable_by_key(|seat| (seat.machine, seat.gpu));
        seats
    }

    /// Whether NVLink joins two nodes.
    pub fn same_island(&self, one: NodeId, other: NodeId) -> bool {
        let island = self.island(one);
        island.is_some() && island == self.island(other)
    }

    fn island(&self, node: NodeId) -> Option<u32> {
        Some(self.topology.fabric().domain(node, self.nvlink?)?.0)
    }

    /// As many ranks on machines like that of the first of `seats`, as near to one another as pods
    /// of `per_pod` GPUs can be: whole pods on as few nodes as hold them, evenly, on the GPUs that
    /// are joined best, in as few NVLink domains of full size, all below one lowest switch.
    pub fn packed(&self, seats: &[Seat], per_pod: u32) -> Vec<Seat> {
        let Some(first) = seats.first() else {
            return Vec::new();
        };
        let board = &self.boards[first.board as usize];
        let (ranks, size) = (seats.len() as u32, board.gpus() as u32);
        let per_pod = per_pod.clamp(1, size);
        let pods = ranks.div_ceil(per_pod);
        let nodes = pods.div_ceil(size / per_pod);
        let mut packed = Vec::with_capacity(seats.len());
        let mut left = ranks;
        for machine in 0..nodes {
            let share = pods / nodes + u32::from(machine < pods % nodes);
            let count = (share * per_pod).min(left);
            left -= count;
            let mask = best_gpus(board, count);
            packed.extend(
                (0..64u8)
                    .filter(|gpu| mask >> gpu & 1 == 1)
                    .map(|gpu| Seat {
                        node: None,
                        machine,
                        island: machine / self.island_nodes,
                        gpu,
                        board: first.board,
                    }),
            );
        }
        packed
    }

    /// Which kind of machine a rank is on.
    pub(in crate::performance) fn board(&self, seat: &Seat) -> u32 {
        seat.board
    }

    /// Line rate of all cards of a node, GB/s.
    pub fn node_gbps(&self, node: NodeId) -> f64 {
        card_gbps(&self.boards[self.board_of[node.index()] as usize], u64::MAX)
    }

    /// Where all of these meet; `None` = on one node, `Some(None)` = above the top.
    pub fn meets(&self, seats: &[Seat]) -> Option<Option<LevelId>> {
        let fabric = self.topology.fabric();
        let mut farthest: Option<Option<LevelId>> = None;
        for pair in seats.windows(2) {
            let (Some(one), Some(other)) = (pair[0].node, pair[1].node) else {
                continue;
            };
            if one != other {
                let level = fabric.meets(one, other);
                farthest = Some(match farthest {
                    None => level,
                    Some(before) => before.min(level),
                });
            }
        }
        farthest
    }

    /// The group of these ranks, which must be in the order of [`Wiring::seats`]. O(ranks), and
    /// the search for rings once per set of GPUs of a board.
    pub fn group(&mut self, seats: &[Seat]) -> Group {
        let mut group = Group {
            gpus: seats.len() as u32,
            islands: 0,
            thinnest: u32::MAX,
            per_node: 0,
            wire: Wire {
                ring_gbps: f64::INFINITY,
                gpu_gbps: f64::INFINITY,
                reduces: true,
                spans_nodes: false,
            },
            nic_gbps: f64::INFINITY,
            oversubscription: 1.0,
            crossing_us: 0.0,
        };
        for island in seats.chunk_by(|one, other| one.island == other.island) {
            let mut cards = 0.0;
            for node in island.chunk_by(|one, other| one.machine == other.machine) {
                let mask = node.iter().fold(0u64, |mask, seat| mask | 1 << seat.gpu);
                let board = &self.boards[node[0].board as usize];
                group.per_node = group.per_node.max(node.len() as u32);
                group.wire.spans_nodes |= node.len() < island.len();
                group.wire.reduces &= board.switch().is_some_and(|switch| switch.reduces);
                group.wire.gpu_gbps = group.wire.gpu_gbps.min(gpu_gbps(board));
                let rate = match (node.len() < island.len(), board.switch()) {
                    (true, Some(switch)) => switch.gbps_per_gpu,
                    _ => *self
                        .rings
                        .entry((node[0].board, mask))
                        .or_insert_with(|| ring_gbps(board, mask)),
                };
                group.wire.ring_gbps = group.wire.ring_gbps.min(rate);
                cards += card_gbps(board, mask);
            }
            group.islands += 1;
            group.thinnest = group.thinnest.min(island.len() as u32);
            group.nic_gbps = group.nic_gbps.min(cards);
        }
        if group.islands > 1 {
            let top = self.lost.len() - 1;
            let meet = match self.meets(seats) {
                // Thought of: below one lowest switch.
                None => top.saturating_sub(1),
                Some(level) => level.map_or(top, |level| usize::from(level.0)),
            };
            group.oversubscription = self.lost[meet];
            group.crossing_us = self.crossing_us[meet];
        }
        group
    }
}

/// A box of PCIe cards.
fn unknown(gpus: u32) -> Board {
    let link = Link {
        nvlinks: 0,
        path: None,
        gbps: UNKNOWN_PCIE_GBPS,
    };
    let gpus = gpus.clamp(1, 64) as usize;
    Board::new(
        "unknown",
        vec![link; gpus * gpus],
        vec![0; gpus],
        None,
        Vec::new(),
    )
    .expect("1 to 64 GPUs, all alike")
}

/// Line rate of one GPU into its board.
fn gpu_gbps(board: &Board) -> f64 {
    if let Some(switch) = board.switch() {
        return switch.gbps_per_gpu;
    }
    let links = (1..board.gpus()).map(|other| board.link(0, other));
    let (own, best) = links.fold((0.0, 0.0_f64), |(own, best), link| {
        let nvlink = if link.nvlinks > 0 { link.gbps } else { 0.0 };
        (own + nvlink, best.max(link.gbps))
    });
    best.max(own)
}

/// Line rate of the cards that GPUs of a node can use: their own, and those that serve all.
fn card_gbps(board: &Board, mask: u64) -> f64 {
    if board.nics().is_empty() {
        return UNKNOWN_NIC_GBPS;
    }
    let used = |nic: &&Nic| nic.gpu.is_none_or(|gpu| mask >> gpu & 1 == 1);
    let own: f64 = board.nics().iter().filter(used).map(|nic| nic.gbps).sum();
    match own > 0.0 {
        true => own,
        // Cards of other GPUs only: one of them is lent.
        false => board
            .nics()
            .iter()
            .map(|nic| nic.gbps)
            .fold(f64::INFINITY, f64::min),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Node;
    use crate::topology::{Fabric, Level, Switch};

    /// Boards of `gpus` GPUs on a switch of 450 GB/s, a card of 50 GB/s each.
    fn hgx(gpus: u8) -> Board {
        let link = Link {
            nvlinks: 0,
            path: None,
            gbps: 450.0,
        };
        let switch = Switch {
            links: 18,
            gbps_per_gpu: 450.0,
            reduces: true,
        };
        let card = |gpu| Nic {
            gbps: 50.0,
            numa: 0,
            gpu: Some(gpu),
        };
        let count = usize::from(gpus);
        let (links, cards) = (vec![link; count * count], (0..gpus).map(card).collect());
        Board::new("hgx", links, vec![0; count], Some(switch), cards).unwrap()
    }

    fn wiring(levels: &[(Scope, f64, f64)], paths: &[&str], gpus: u8) -> Wiring {
        let levels = levels
            .iter()
            .map(|&(scope, oversubscription, latency_ns)| Level {
                name: scope.name().into(),
                scope,
                oversubscription,
                latency_ns,
            });
        let path = |path: &&str| Some(path.split('/').map(str::to_owned).collect());
        let paths: Vec<Option<Vec<String>>> = paths.iter().map(path).collect();
        let fabric = Fabric::new(levels.collect(), &paths).unwrap();
        let nodes =
            (0..paths.len()).map(|node| Node::with_gpus(node.to_string(), u32::from(gpus), "H100"));
        let inventory = Inventory::new(nodes.collect()).unwrap();
        let board_of = vec![Some(0); paths.len()];
        let topology = Topology::new(fabric, vec![Arc::new(hgx(gpus))], board_of);
        Wiring::new(&inventory, Arc::new(topology))
    }

    /// Two blocks of two racks of one or two nodes; 2:1 above racks, 3:1 above blocks.
    fn blocks() -> Wiring {
        let levels = [(Scope::Block, 3.0, 500.0), (Scope::Rack, 2.0, 250.0)];
        wiring(&levels, &["b1/r1", "b1/r2", "b2/r1", "b1/r1"], 8)
    }

    fn spots(masks: &[(u32, u64)]) -> Vec<Spot> {
        let spot = |&(node, devices): &(u32, u64)| Spot {
            node: NodeId(node),
            devices,
        };
        masks.iter().map(spot).collect()
    }

    fn group(wiring: &mut Wiring, masks: &[(u32, u64)]) -> Group {
        let seats = wiring.seats(&spots(masks));
        wiring.group(&seats)
    }

    #[test]
    fn what_is_lost_adds_up_to_where_the_group_meets() {
        let mut wiring = blocks();
        let mut at = |other| {
            let group = group(&mut wiring, &[(0, 0xff), (other, 0xff)]);
            (group.oversubscription, group.crossing_us)
        };
        assert_eq!(at(3), (1.0, 0.25), "in one rack: through its switch");
        assert_eq!(at(1), (2.0, 1.0), "out of a rack: rack, block, rack");
        assert_eq!(
            at(2),
            (6.0, 1.5),
            "out of a block: rack, block and down again"
        );
    }

    #[test]
    fn the_thinnest_island_names_gpus_and_cards() {
        let mut wiring = blocks();
        let uneven = group(&mut wiring, &[(0, 0xff), (3, 0b11), (3, 0b100)]);
        assert_eq!((uneven.gpus, uneven.islands, uneven.thinnest), (11, 2, 3));
        assert_eq!((uneven.per_node, uneven.nic_gbps), (8, 150.0));
        let alone = group(&mut wiring, &[(1, 0b1111)]);
        assert_eq!((alone.islands, alone.oversubscription), (1, 1.0));
        assert_eq!(alone.wire.ring_gbps, 450.0);
    }

    #[test]
    fn nodes_of_an_nvlink_domain_are_one_island() {
        let levels = [(Scope::Rack, 4.0, 0.0), (Scope::Nvlink, 1.0, 0.0)];
        let mut wiring = wiring(&levels, &["r/a", "r/a", "r/b", "s/c"], 4);
        let inside = group(&mut wiring, &[(0, 0xf), (1, 0xf)]);
        assert_eq!(
            (inside.islands, inside.thinnest, inside.per_node),
            (1, 8, 4)
        );
        assert!(inside.wire.spans_nodes && inside.nic_gbps == 400.0);
        let across = group(&mut wiring, &[(0, 0xf), (1, 0xf), (2, 0xf)]);
        assert_eq!(
            (across.islands, across.thinnest, across.nic_gbps),
            (2, 4, 200.0)
        );
        assert_eq!(across.oversubscription, 1.0);
        assert_eq!(group(&mut wiring, &[(0, 1), (3, 1)]).oversubscription, 4.0);
    }

    #[test]
    fn packed_is_few_nodes_filled_evenly_with_whole_pods() {
        let mut wiring = blocks();
        let seats = wiring.seats(&spots(&[(0, 0b111), (1, 0b111), (2, 0b111)]));
        // Nine ranks by threes: two pods fit a node, so two nodes, of six and three.
        let packed = wiring.packed(&seats, 3);
        let group = wiring.group(&packed);
        assert_eq!((group.gpus, group.islands, group.thinnest), (9, 2, 3));
        assert_eq!((group.oversubscription, group.crossing_us), (1.0, 0.25));
        let whole = wiring.packed(&seats, 1);
        assert_eq!(wiring.group(&whole).thinnest, 4);
    }

    #[test]
    fn a_board_nobody_described_is_a_box_of_pcie_cards() {
        let inventory = Inventory::new(vec![Node::with_gpus("n", 4, "something")]).unwrap();
        let topology = Topology::new(Fabric::flat(1), Vec::new(), vec![None]);
        let mut wiring = Wiring::new(&inventory, Arc::new(topology));
        let group = group(&mut wiring, &[(0, 0xf)]);
        assert_eq!(group.wire.ring_gbps, UNKNOWN_PCIE_GBPS);
        assert_eq!(group.nic_gbps, UNKNOWN_NIC_GBPS);
        assert!(!group.wire.reduces);
    }
}
