//! The devices of one host, from the cables between them.

use super::{CableKind, Element, TopoGraph, VertexId};
use crate::topology::{Board, Link, Nic, Path, Switch};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// How one device is reached from another over PCIe.
#[derive(Clone, Copy)]
struct Way {
    switches: u32,
    bridges: u32,
    numa: u32,
    sockets: u32,
    /// The narrowest part whose bandwidth is known, GB/s.
    gbps: f64,
}

/// How everything around a device is reached. Looked up, never iterated where order matters.
type Ways = FxHashMap<VertexId, Way>;

impl Way {
    const START: Way = Way {
        switches: 0,
        bridges: 0,
        numa: 0,
        sockets: 0,
        gbps: f64::INFINITY,
    };

    fn path(self) -> Path {
        match self {
            Way { sockets: 1.., .. } => Path::Sys,
            Way { numa: 1.., .. } => Path::Node,
            Way { bridges: 1.., .. } => Path::Phb,
            Way { switches: 2.., .. } => Path::Pxb,
            Way { switches: 1, .. } => Path::Pix,
            _ => Path::Board,
        }
    }

    fn gbps(self) -> f64 {
        match self.gbps.is_finite() {
            true => self.gbps,
            false => 0.0,
        }
    }
}

impl TopoGraph {
    /// The board of a host whose vertices are `members`; `None` = it has no GPUs. Numbers are
    /// known to be right.
    pub(super) fn board(&self, members: &[VertexId]) -> Option<Board> {
        let mut gpus: Vec<(u8, VertexId)> = Vec::new();
        let mut cards: Vec<(u8, f64, VertexId)> = Vec::new();
        for &id in members {
            match self.0[id].element {
                Element::Gpu { index, .. } => gpus.push((index, id)),
                Element::Nic { index, gbps } => cards.push((index, gbps, id)),
                _ => {}
            }
        }
        gpus.sort_unstable_by_key(|(index, _)| *index);
        cards.sort_unstable_by_key(|(index, ..)| *index);
        let ways: Vec<Ways> = gpus.iter().map(|(_, id)| self.ways(*id)).collect();
        let switch = self.switch(&gpus);
        let link = |one: usize, other: usize| {
            if one == other {
                return Link {
                    nvlinks: 0,
                    path: Some(Path::Board),
                    gbps: 0.0,
                };
            }
            let way = ways[one].get(&gpus[other].1).copied();
            let direct = self.around(gpus[one].1);
            let direct = direct
                .filter(|(id, _, cable)| *id == gpus[other].1 && cable.kind == CableKind::NvLink);
            let (count, gbps) = direct.fold((0, 0.0), |(count, gbps), (.., cable)| {
                (count + cable.count, gbps + cable.total())
            });
            let switched = switch.map_or(0.0, |switch| switch.gbps_per_gpu);
            Link {
                nvlinks: count.min(255) as u8,
                path: way.map(Way::path),
                gbps: gbps.max(switched).max(way.map_or(0.0, Way::gbps)),
            }
        };
        let all = 0..gpus.len();
        let links = all
            .clone()
            .flat_map(|one| all.clone().map(move |other| (one, other)));
        let links = links.map(|(one, other)| link(one, other)).collect();
        let numa = gpus.iter().map(|(_, id)| self.numa(*id)).collect();
        let known = cards.iter().filter(|(_, gbps, _)| *gbps > 0.0);
        let near: Vec<(f64, VertexId, Vec<u8>)> = known
            .map(|&(_, gbps, id)| (gbps, id, nearest(&self.ways(id), &gpus)))
            .collect();
        let nics = near
            .iter()
            .enumerate()
            .map(|(card, (gbps, id, near_gpus))| Nic {
                gbps: *gbps,
                numa: self.numa(*id),
                gpu: {
                    let alike = |cards: &[(f64, VertexId, Vec<u8>)]| {
                        cards.iter().filter(|(.., gpus)| gpus == near_gpus).count()
                    };
                    own(near_gpus, alike(&near[..card]), alike(&near))
                },
            });
        let name = "unnamed";
        Board::new(name, links, numa, switch, nics.collect()).ok()
    }

    /// The switch all GPUs end at.
    fn switch(&self, gpus: &[(u8, VertexId)]) -> Option<Switch> {
        let of = |id: VertexId| {
            let mut found: Option<Switch> = None;
            for (_, vertex, cable) in self.around(id) {
                if let Element::NvSwitch { reduces } = vertex.element {
                    let mut switch = found.unwrap_or(Switch {
                        links: 0,
                        gbps_per_gpu: 0.0,
                        reduces,
                    });
                    switch.links = switch.links.saturating_add(cable.count.min(255) as u8);
                    switch.gbps_per_gpu += cable.total();
                    found = Some(switch);
                }
            }
            found
        };
        let mut switches = gpus.iter().map(|(_, id)| of(*id));
        let first = switches.next()??;
        switches.try_fold(first, |least, switch| {
            let switch = switch?;
            Some(match switch.gbps_per_gpu < least.gbps_per_gpu {
                true => switch,
                false => least,
            })
        })
    }

    /// How everything in the host is reached from a device without passing another device: the
    /// way with the fewest cables. O(vertices + cables of the host).
    fn ways(&self, from: VertexId) -> Ways {
        let mut ways = Ways::default();
        ways.insert(from, Way::START);
        let mut next = VecDeque::from([(from, Way::START)]);
        while let Some((id, way)) = next.pop_front() {
            for (other, vertex, cable) in self.around(id) {
                let socket = cable.kind == CableKind::Socket;
                if ways.contains_key(&other) || !(socket || cable.kind == CableKind::Pcie) {
                    continue;
                }
                let mut way = way;
                way.sockets += u32::from(socket);
                if cable.gbps > 0.0 {
                    way.gbps = way.gbps.min(cable.total());
                }
                let through = match vertex.element {
                    Element::PcieSwitch => &mut way.switches,
                    Element::HostBridge => &mut way.bridges,
                    Element::Numa { .. } => &mut way.numa,
                    // A device is the end of a way.
                    _ => {
                        ways.insert(other, way);
                        continue;
                    }
                };
                *through += 1;
                ways.insert(other, way);
                next.push_back((other, way));
            }
        }
        ways
    }

    /// The NUMA node a device hangs on; 0 where none is known.
    fn numa(&self, id: VertexId) -> u8 {
        let near = self.ways(id).into_iter();
        let near = near.filter_map(|(other, way)| match self.0[other].element {
            Element::Numa { index } => Some((way.sockets, index)),
            _ => None,
        });
        near.min().map_or(0, |(_, index)| index)
    }
}

/// The GPUs that a card shares PCIe switches with, those nearest to it.
fn nearest(ways: &Ways, gpus: &[(u8, VertexId)]) -> Vec<u8> {
    let paths = gpus.iter().filter_map(|(index, id)| {
        let path = ways.get(id)?.path();
        (path <= Path::Pxb).then_some((path, *index))
    });
    let paths: Vec<(Path, u8)> = paths.collect();
    let best = paths.iter().map(|(path, _)| *path).min();
    let best = paths.iter().filter(|(path, _)| Some(*path) == best);
    best.map(|(_, gpu)| *gpu).collect()
}

/// Cards behind the same switches as some GPUs are dealt out to them in order, where there are
/// enough: the `place`-th of `cards`.
fn own(gpus: &[u8], place: usize, cards: usize) -> Option<u8> {
    match cards >= gpus.len() {
        true => gpus.get(place * gpus.len() / cards).copied(),
        false => None,
    }
}
