//! The graph as flat arrays.
//!
//! Nodes whose cards end at the same leaves are in one rack; leaves that spines join are in one
//! block, spines that cores join in one zone. Nodes whose GPUs end at one NVSwitch that is in no
//! host share an NVLink domain. A domain is called by the first name of its highest
//! switches, a leaf of rails without its `rail0`. Oversubscription is
//! what goes into the switches of a domain over what goes out of them, the worst of the level, and
//! at least 1.

use super::{CableKind, Element, Finding, TopoGraph, VertexId};
use crate::topology::{Board, Fabric, Level, Scope, Topology};
use petgraph::unionfind::UnionFind;
use petgraph::visit::EdgeRef;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What a graph comes to.
#[derive(Clone, Debug)]
pub struct Flattened {
    /// The hosts, in the order of their first vertex; nodes of `topology` have these ranks.
    pub hosts: Vec<String>,
    /// Their wiring.
    pub topology: Topology,
}

/// The groups of vertices at each level: what is joined at it or below.
struct Groups {
    /// Leaves joined by sharing hosts.
    racks: UnionFind<u32>,
    /// And by spines.
    blocks: UnionFind<u32>,
    /// And by cores.
    zones: UnionFind<u32>,
}

impl TopoGraph {
    /// Checks the graph and flattens it. O(hosts × (vertices + cables)).
    ///
    /// # Errors
    /// Everything [`TopoGraph::lint`] finds.
    pub fn flatten(&self) -> Result<Flattened, Vec<Finding>> {
        let findings = self.lint();
        if !findings.is_empty() {
            return Err(findings);
        }
        let hosts = self.hosts();
        let mut members: FxHashMap<&str, Vec<VertexId>> = FxHashMap::default();
        for (id, vertex) in self.vertices() {
            if let Some(host) = &vertex.host {
                members.entry(host).or_default().push(id);
            }
        }
        let fabric = self.fabric(&hosts, &members);
        let mut boards: Vec<Arc<Board>> = Vec::new();
        let board_of = hosts.iter().map(|host| {
            let board = self.board(&members[host])?;
            let known = boards.iter().rposition(|other| **other == board);
            Some(known.unwrap_or_else(|| {
                boards.push(Arc::new(board));
                boards.len() - 1
            }) as u32)
        });
        let board_of = board_of.collect();
        Ok(Flattened {
            topology: Topology::new(fabric, boards, board_of),
            hosts: hosts.into_iter().map(str::to_owned).collect(),
        })
    }

    fn fabric(&self, hosts: &[&str], members: &FxHashMap<&str, Vec<VertexId>>) -> Fabric {
        let leaves: Vec<Vec<VertexId>> = hosts
            .iter()
            .map(|host| self.ends(&members[host], Element::is_network))
            .collect();
        let domains: Vec<Vec<VertexId>> = hosts
            .iter()
            .map(|host| {
                self.ends(&members[host], |end| {
                    matches!(end, Element::NvSwitch { .. })
                })
            })
            .collect();
        let groups = self.groups(&leaves);
        let levels = self.levels(&groups, domains.iter().any(|ends| !ends.is_empty()));
        let scopes: Vec<Scope> = levels.iter().map(|level| level.scope).collect();
        let rails = leaves.iter().map(Vec::len).max().unwrap_or(1);
        let names = [&groups.racks, &groups.blocks, &groups.zones].map(|group| self.names(group));
        let path = |host: usize| {
            let leaf = leaves[host].first();
            let domain = domains[host].first();
            if leaf.is_none() && domain.is_none() {
                return None;
            }
            let alone = || hosts[host].to_owned();
            let name = |scope: &Scope| {
                let (group, names) = match scope {
                    Scope::Nvlink | Scope::Node => {
                        return domain.map_or_else(alone, |id| self.0[*id].name.clone());
                    }
                    Scope::Rack => (&groups.racks, &names[0]),
                    Scope::Block => (&groups.blocks, &names[1]),
                    Scope::Zone => (&groups.zones, &names[2]),
                };
                leaf.map_or_else(alone, |id| names[&group.find(id.index() as u32)].clone())
            };
            Some(scopes.iter().map(name).collect())
        };
        let paths: Vec<Option<Vec<String>>> = (0..hosts.len()).map(path).collect();
        let fabric = Fabric::new(levels, &paths).expect("levels far to near, a name at each");
        fabric.with_rails(rails.min(255) as u8)
    }

    /// What stands outside the host at the end of its cables, by name.
    fn ends(&self, members: &[VertexId], wanted: impl Fn(Element) -> bool) -> Vec<VertexId> {
        let mut ends: Vec<VertexId> = members
            .iter()
            .flat_map(|id| self.around(*id))
            .filter(|(_, vertex, _)| vertex.host.is_none() && wanted(vertex.element))
            .map(|(id, ..)| id)
            .collect();
        ends.sort_unstable_by_key(|id| &self.0[*id].name);
        ends.dedup();
        ends
    }

    fn groups(&self, leaves: &[Vec<VertexId>]) -> Groups {
        let mut racks = UnionFind::new(self.0.node_count());
        for leaves in leaves {
            for pair in leaves.windows(2) {
                racks.union(pair[0].index() as u32, pair[1].index() as u32);
            }
        }
        let joined = |mut groups: UnionFind<u32>, with: &dyn Fn(Element) -> bool| {
            for edge in self.0.edge_references() {
                let (one, other) = (edge.source(), edge.target());
                let ends = [one, other].map(|id| self.0[id].element);
                if ends.iter().all(|end| end.is_network()) && ends.into_iter().any(with) {
                    groups.union(one.index() as u32, other.index() as u32);
                }
            }
            groups
        };
        let spine = |end: Element| end == Element::Spine;
        let leaf_to_spine = |end: Element| matches!(end, Element::Leaf { .. });
        let blocks = joined(racks.clone(), &leaf_to_spine);
        let core = |end: Element| spine(end) || end == Element::Core;
        let zones = joined(blocks.clone(), &core);
        Groups {
            racks,
            blocks,
            zones,
        }
    }

    /// By group: the name it goes by, which is the first of its highest switches.
    fn names(&self, groups: &UnionFind<u32>) -> FxHashMap<u32, String> {
        let height = |element: Element| match element {
            Element::Leaf { .. } => 1,
            Element::Spine => 2,
            Element::Core => 3,
            _ => 0,
        };
        let mut best: FxHashMap<u32, VertexId> = FxHashMap::default();
        for (id, vertex) in self.vertices() {
            if !vertex.element.is_network() {
                continue;
            }
            let first = best.entry(groups.find(id.index() as u32)).or_insert(id);
            let known = &self.0[*first];
            let higher = height(vertex.element).cmp(&height(known.element));
            if higher.then(known.name.cmp(&vertex.name)).is_gt() {
                *first = id;
            }
        }
        let named = best.into_iter();
        named
            .map(|(group, id)| {
                let name = &self.0[id].name;
                let plain = match name.strip_suffix("rail0") {
                    Some(plain) => plain.trim_end_matches(['/', '-', '.']),
                    None => name,
                };
                (group, plain.to_owned())
            })
            .collect()
    }

    fn levels(&self, groups: &Groups, nvlink: bool) -> Vec<Level> {
        let has = |wanted: fn(Element) -> bool| {
            let mut vertices = self.0.node_weights();
            vertices.any(|vertex| wanted(vertex.element))
        };
        let level = |name: &str, scope, tier: fn(Element) -> bool, groups: &UnionFind<u32>| Level {
            name: name.to_owned(),
            scope,
            oversubscription: self.oversubscription(tier, groups),
            latency_ns: self.latency(tier),
        };
        let leaf: fn(Element) -> bool = |element| matches!(element, Element::Leaf { .. });
        let spine: fn(Element) -> bool = |element| element == Element::Spine;
        let core: fn(Element) -> bool = |element| element == Element::Core;
        let mut levels = Vec::new();
        if has(core) {
            levels.push(level("core", Scope::Zone, core, &groups.zones));
        }
        if has(spine) {
            levels.push(level("spine", Scope::Block, spine, &groups.blocks));
        }
        if has(leaf) {
            levels.push(level("leaf", Scope::Rack, leaf, &groups.racks));
        }
        if nvlink {
            let switch: fn(Element) -> bool = |element| matches!(element, Element::NvSwitch { .. });
            levels.push(Level {
                name: "nvlink-domain".to_owned(),
                scope: Scope::Nvlink,
                oversubscription: 1.0,
                latency_ns: self.latency(switch),
            });
        }
        levels
    }

    /// Into the switches of a tier over out of them, the worst group of it.
    fn oversubscription(&self, tier: fn(Element) -> bool, groups: &UnionFind<u32>) -> f64 {
        let rank = |element: Element| match element {
            Element::Leaf { .. } => 1,
            Element::Spine => 2,
            Element::Core => 3,
            _ => 0,
        };
        // Ordered, so that sums of floats come out the same each time.
        let mut flows: std::collections::BTreeMap<u32, (f64, f64)> = Default::default();
        for (id, vertex) in self.vertices().filter(|(_, vertex)| tier(vertex.element)) {
            let flow = flows.entry(groups.find(id.index() as u32)).or_default();
            for (_, other, cable) in self.around(id) {
                match rank(other.element).cmp(&rank(vertex.element)) {
                    std::cmp::Ordering::Less => flow.0 += cable.total(),
                    std::cmp::Ordering::Greater => flow.1 += cable.total(),
                    std::cmp::Ordering::Equal => {}
                }
            }
        }
        let ratios = flows.values().filter(|(_, out)| *out > 0.0);
        ratios.map(|(into, out)| into / out).fold(1.0, f64::max)
    }

    /// The longest latency of a cable from below into a tier.
    fn latency(&self, tier: fn(Element) -> bool) -> f64 {
        let cables = self
            .cables()
            .filter(|(one, other, cable)| match cable.kind {
                CableKind::Network => {
                    tier(one.element) != tier(other.element)
                        && !reaches_above(one.element, other.element, tier)
                }
                CableKind::NvLink => tier(one.element) || tier(other.element),
                CableKind::Pcie | CableKind::Socket => false,
            });
        cables
            .map(|(.., cable)| cable.latency_ns)
            .fold(0.0, f64::max)
    }
}

/// Whether a cable of a tier goes up from it.
fn reaches_above(one: Element, other: Element, tier: fn(Element) -> bool) -> bool {
    let far = match tier(one) {
        true => other,
        false => one,
    };
    let near = match tier(one) {
        true => one,
        false => other,
    };
    match near {
        Element::Leaf { .. } => matches!(far, Element::Spine),
        Element::Spine => matches!(far, Element::Core),
        _ => false,
    }
}
