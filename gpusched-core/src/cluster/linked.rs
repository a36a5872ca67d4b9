//! Devices that are linked to one another as fast as a pod asks.
//!
//! A pod that asks for NVLink bandwidth fits where free devices of the number it wants have that
//! bandwidth to one another, every one to every other: a clique of the graph of fast pairs. Boards
//! have few devices and few kinds of links, so cliques are searched for by bit masks. Where nothing
//! is known of the links, several devices are never linked well enough.

use super::ask::ANY_LINK;
use super::{Ask, Cluster, Inventory};
use crate::ids::NodeId;
use crate::topology::Board;
use crate::workload::Shape;

/// Fast pairs under one bandwidth asked for.
#[derive(Clone, Debug)]
pub(super) struct Links {
    gbps: u32,
    /// By node: its graph; 0 = no pairs are known.
    graph_of: Vec<u32>,
    /// By graph and device: the devices it is linked to well enough.
    graphs: Vec<Vec<u64>>,
}

/// Notes what each request asks of links. O(boards × devices² + nodes × boards) per bandwidth.
pub(super) fn survey(inventory: &Inventory, shapes: &[Shape], asks: &mut [Ask]) -> Vec<Links> {
    let mut all: Vec<Links> = Vec::new();
    for (shape, ask) in shapes.iter().zip(asks) {
        if shape.nvlink_gbps == 0 || ask.gpus < 2 || !ask.is_whole() {
            continue;
        }
        let known = all.iter().position(|links| links.gbps == shape.nvlink_gbps);
        ask.links = known.unwrap_or_else(|| {
            all.push(Links::new(inventory, shape.nvlink_gbps));
            all.len() - 1
        }) as u32;
    }
    all
}

impl Links {
    fn new(inventory: &Inventory, gbps: u32) -> Links {
        let mut graphs = vec![Vec::new()];
        let mut graph_of = vec![0; inventory.nodes().len()];
        if let Some(topology) = inventory.topology() {
            graphs.extend(topology.boards().iter().map(|board| graph(board, gbps)));
            for (node, graph) in graph_of.iter_mut().enumerate() {
                let board = topology.board(NodeId::from(node));
                let same = |other: &std::sync::Arc<Board>| {
                    board.is_some_and(|board| std::sync::Arc::ptr_eq(board, other))
                };
                let place = topology.boards().iter().position(same);
                *graph = place.map_or(0, |place| place as u32 + 1);
            }
        }
        Links {
            gbps,
            graph_of,
            graphs,
        }
    }

    fn graph(&self, node: NodeId) -> &[u64] {
        &self.graphs[self.graph_of[node.index()] as usize]
    }
}

/// By device: those it is linked to well enough.
fn graph(board: &Board, gbps: u32) -> Vec<u64> {
    let through_switch = board.switch().map_or(0.0, |switch| switch.gbps_per_gpu);
    let fast = |one: usize, other: usize| {
        let link = board.link(one, other);
        let straight = if link.nvlinks > 0 { link.gbps } else { 0.0 };
        straight.max(through_switch) >= f64::from(gbps)
    };
    let gpus = board.gpus();
    let row = |one: usize| {
        let others = (0..gpus).filter(|&other| other != one && fast(one, other));
        others.fold(0u64, |row, other| row | 1 << other)
    };
    (0..gpus).map(row).collect()
}

/// Hands out the cliques of `wanted` devices that hold `held`, lowest numbers first; `each` says
/// when to stop. `rest` are the devices above those held that are linked to all of them.
fn cliques(
    graph: &[u64],
    held: u64,
    rest: u64,
    wanted: u32,
    each: &mut impl FnMut(u64) -> bool,
) -> bool {
    if wanted == 0 {
        return each(held);
    }
    let mut later = rest;
    while later.count_ones() >= wanted {
        let device = later.trailing_zeros();
        later &= later - 1;
        let linked = graph.get(device as usize).copied().unwrap_or(0);
        if cliques(graph, held | 1 << device, later & linked, wanted - 1, each) {
            return true;
        }
    }
    false
}

/// Most cliques of `wanted` devices that can be cut out of `free` side by side. Exponential in the
/// devices that are linked to some but not all others; those of a board are few.
fn most(graph: &[u64], free: u64, wanted: u32) -> u32 {
    let bound = free.count_ones() / wanted;
    if bound == 0 {
        return 0;
    }
    let first = free & free.wrapping_neg();
    let linked = graph
        .get(first.trailing_zeros() as usize)
        .copied()
        .unwrap_or(0);
    let mut best = 0;
    cliques(graph, first, free & linked, wanted - 1, &mut |clique| {
        best = best.max(1 + most(graph, free & !clique, wanted));
        best == bound
    });
    if best < bound {
        best = best.max(most(graph, free & !first, wanted));
    }
    best
}

impl Cluster {
    fn links_of(&self, ask: &Ask, node: NodeId) -> Option<&[u64]> {
        match ask.links {
            ANY_LINK => None,
            links => Some(self.links[links as usize].graph(node)),
        }
    }

    /// Whether some of the free devices are linked as asked.
    #[inline]
    pub(super) fn links_fit(&self, ask: &Ask, node: NodeId, free: u64) -> bool {
        ask.links == ANY_LINK || self.lowest_clique(ask, node, free)
    }

    #[inline(never)]
    fn lowest_clique(&self, ask: &Ask, node: NodeId, free: u64) -> bool {
        let graph = self.links_of(ask, node).unwrap_or(&[]);
        cliques(graph, 0, free, ask.gpus, &mut |_| true)
    }

    /// How many such pods the free devices serve side by side.
    pub(super) fn linked_room(&self, ask: &Ask, node: NodeId, free: u64) -> u32 {
        match self.links_of(ask, node) {
            None => free.count_ones() / ask.gpus,
            Some(graph) => most(graph, free, ask.gpus),
        }
    }

    /// Whether these devices are linked as asked.
    pub(super) fn linked(&self, ask: &Ask, node: NodeId, devices: u64) -> bool {
        match self.links_of(ask, node) {
            None => true,
            Some(graph) => cliques(graph, 0, devices, ask.gpus, &mut |_| true),
        }
    }

    /// As [`Cluster::linked`], and no other devices would leave room for more such pods.
    pub(super) fn links_well(&self, ask: &Ask, node: NodeId, free: u64, devices: u64) -> bool {
        let Some(graph) = self.links_of(ask, node) else {
            return true;
        };
        self.linked(ask, node, devices)
            && most(graph, free & !devices, ask.gpus) + 1 == most(graph, free, ask.gpus)
    }

    /// The lowest-numbered devices that are linked as asked and leave room for as many more such
    /// pods as can be; `None` where nothing is asked of links.
    pub(super) fn lowest_linked(&self, ask: &Ask, node: NodeId, free: u64) -> Option<u64> {
        let graph = self.links_of(ask, node)?;
        let left = most(graph, free, ask.gpus).saturating_sub(1);
        let mut found = 0;
        cliques(graph, 0, free, ask.gpus, &mut |clique| {
            let good = most(graph, free & !clique, ask.gpus) == left;
            if good {
                found = clique;
            }
            good
        });
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pairs of two GPUs bridged: 0-1, 2-3.
    const BRIDGED: [u64; 4] = [0b0010, 0b0001, 0b1000, 0b0100];

    #[test]
    fn pairs_are_cut_out_where_the_bridges_are() {
        assert_eq!(most(&BRIDGED, 0b1111, 2), 2);
        assert_eq!(most(&BRIDGED, 0b0110, 2), 0);
        assert_eq!(most(&BRIDGED, 0b1110, 2), 1);
        assert_eq!(most(&BRIDGED, 0b1111, 3), 0);
    }

    #[test]
    fn a_path_of_four_gives_two_pairs_although_the_middle_one_comes_first() {
        // 2-0-1-3: taking 0-1 first would leave 2 and 3 alone.
        let path = [0b0110, 0b1001, 0b0001, 0b0010];
        assert_eq!(most(&path, 0b1111, 2), 2);
    }

    proptest! {
        /// Every way to take sets one after the other, tried out.
        #[test]
        fn most_is_what_trying_everything_finds(
            pairs in prop::collection::vec(any::<bool>(), 21),
            free in 0u64..128,
            wanted in 2u32..4,
        ) {
            let mut graph = vec![0u64; 7];
            let mut draws = pairs.into_iter();
            for one in 0..7usize {
                for other in 0..one {
                    if draws.next() == Some(true) {
                        graph[one] |= 1 << other;
                        graph[other] |= 1 << one;
                    }
                }
            }
            fn all(graph: &[u64], free: u64, wanted: u32) -> u32 {
                let is_clique = |set: u64| {
                    (0..7).all(|one| set >> one & 1 == 0 || set & !(1 << one) & !graph[one] == 0)
                };
                (1..128u64)
                    .filter(|&set| {
                        set & !free == 0 && set.count_ones() == wanted && is_clique(set)
                    })
                    .map(|set| 1 + all(graph, free & !set, wanted))
                    .max()
                    .unwrap_or(0)
            }
            prop_assert_eq!(most(&graph, free, wanted), all(&graph, free, wanted));
        }
    }
}
