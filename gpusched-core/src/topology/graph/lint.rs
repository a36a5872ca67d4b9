//! What no wiring can be like.

use super::{Cable, CableKind, Element, TopoGraph, Vertex, VertexId};
use petgraph::unionfind::UnionFind;
use petgraph::visit::EdgeRef;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// One thing that is wrong: the rule, the element, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// Name of the vertex or host it is about.
    pub element: String,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// How to mend it.
    pub help: &'static str,
}

type Found = Vec<Finding>;

fn finding(rule: &'static str, element: &str, message: String, help: &'static str) -> Finding {
    Finding {
        rule,
        element: element.to_owned(),
        message,
        help,
    }
}

impl TopoGraph {
    /// Everything that is wrong, by rule and then in the order vertices and cables were added.
    /// O(vertices + cables), and the logarithms of sorting.
    pub fn lint(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        self.unique_names(&mut found);
        self.one_by_one(&mut found);
        self.twice(&mut found);
        self.numbers(&mut found);
        self.nvlinks(&mut found);
        self.leaves(&mut found);
        self.switches(&mut found);
        // What has loose ends for another reason need not be told that it has loose ends.
        if found.is_empty() {
            self.connected(&mut found);
        }
        found
    }

    fn unique_names(&self, found: &mut Found) {
        let mut seen = FxHashSet::default();
        for (_, vertex) in self.vertices() {
            if !seen.insert(vertex.name.as_str()) {
                found.push(finding(
                    "name-twice",
                    &vertex.name,
                    format!("two elements are called {}", vertex.name),
                    "give every element its own name",
                ));
            }
        }
    }

    /// Rules a cable breaks on its own.
    fn one_by_one(&self, found: &mut Found) {
        for (one, other, cable) in self.cables() {
            let name = &one.name;
            let pair = format!("{} and {}", one.name, other.name);
            if one.name == other.name {
                found.push(finding(
                    "to-itself",
                    name,
                    format!("{name} is joined to itself"),
                    "a cable has two ends: name the other one",
                ));
                continue;
            }
            let bandwidth = cable.gbps.is_finite() && cable.gbps >= 0.0;
            if !bandwidth || cable.count == 0 {
                found.push(finding(
                    "bandwidth",
                    name,
                    format!(
                        "{} cables of {} GB/s between {pair} cannot be",
                        cable.count, cable.gbps
                    ),
                    "give at least one cable, and 0 or more GB/s in one direction",
                ));
            }
            if !(cable.latency_ns.is_finite() && cable.latency_ns >= 0.0) {
                found.push(finding(
                    "latency",
                    name,
                    format!(
                        "a latency of {} ns between {pair} cannot be",
                        cable.latency_ns
                    ),
                    "give 0 or more",
                ));
            }
            if !fits(one.element, other.element, cable.kind) {
                found.push(finding(
                    "wrong-ends",
                    name,
                    format!(
                        "{} joins a {} and a {} ({pair})",
                        cable.kind.name(),
                        one.element.name(),
                        other.element.name()
                    ),
                    "NVLink joins GPUs and NVSwitches; PCIe what is inside a node; the network \
                     cards to leaves, leaves to spines, spines to cores",
                ));
            } else if between(one, other) {
                found.push(finding(
                    "between-hosts",
                    name,
                    format!(
                        "{} joins {pair}, which are in different nodes",
                        cable.kind.name()
                    ),
                    "nodes are joined by network cards and leaves, or by an NVSwitch in no node",
                ));
            }
        }
    }

    fn twice(&self, found: &mut Found) {
        let mut seen: FxHashMap<(u32, u32, u8), &Cable> = FxHashMap::default();
        for edge in self.0.edge_references() {
            let ends = [edge.source(), edge.target()].map(|end| end.index() as u32);
            let cable = edge.weight();
            let key = (ends[0].min(ends[1]), ends[0].max(ends[1]), cable.kind as u8);
            let Some(first) = seen.insert(key, cable) else {
                continue;
            };
            let (one, other) = (&self.0[edge.source()].name, &self.0[edge.target()].name);
            let (rule, message, help) = match first == cable {
                true => (
                    "link-twice",
                    format!("the link between {one} and {other} stands twice"),
                    "write it once, with the number of cables as its count",
                ),
                false => (
                    "asymmetric",
                    format!(
                        "{one} and {other} are joined by {} × {} GB/s one way and {} × {} GB/s \
                         the other",
                        first.count, first.gbps, cable.count, cable.gbps
                    ),
                    "links are the same in both directions: write one of the two",
                ),
            };
            found.push(finding(rule, one, message, help));
        }
    }

    /// GPUs and cards of a host are numbered from 0, without holes.
    fn numbers(&self, found: &mut Found) {
        let mut of: BTreeMap<(&str, &'static str), Vec<u8>> = BTreeMap::new();
        for (_, vertex) in self.vertices() {
            let Some(host) = &vertex.host else {
                let inside = !vertex.element.is_network()
                    && !matches!(vertex.element, Element::NvSwitch { .. });
                if inside {
                    found.push(finding(
                        "no-host",
                        &vertex.name,
                        format!("{} {} is in no node", vertex.element.name(), vertex.name),
                        "only switches stand between nodes: say which node it is in",
                    ));
                }
                continue;
            };
            match vertex.element {
                Element::Gpu { index, .. } => of.entry((host, "GPU")).or_default().push(index),
                Element::Nic { index, gbps } => {
                    of.entry((host, "network card")).or_default().push(index);
                    if !(gbps.is_finite() && gbps >= 0.0) {
                        found.push(finding(
                            "bandwidth",
                            &vertex.name,
                            format!("network card {} of {gbps} GB/s cannot be", vertex.name),
                            "give 0 or more GB/s in one direction",
                        ));
                    }
                }
                element if element.is_network() => found.push(finding(
                    "switch-in-host",
                    &vertex.name,
                    format!("{} {} is in node {host}", element.name(), vertex.name),
                    "switches of the network stand between nodes",
                )),
                _ => {}
            }
        }
        for ((host, what), mut numbers) in of {
            numbers.sort_unstable();
            let wrong = numbers
                .iter()
                .zip(0..)
                .find(|(number, place)| **number != *place);
            if let Some((number, place)) = wrong {
                found.push(finding(
                    "numbers",
                    host,
                    format!("node {host}: {what} {number} stands where {what} {place} should"),
                    "number the devices of a node from 0, without holes and none twice",
                ));
            } else if what == "GPU" && numbers.len() > 64 {
                found.push(finding(
                    "gpu-count",
                    host,
                    format!("node {host} has {} GPUs", numbers.len()),
                    "a node has at most 64",
                ));
            }
        }
    }

    fn nvlinks(&self, found: &mut Found) {
        // By host: GPUs with a switch and without, and the switches.
        let mut switched: BTreeMap<&str, (u32, Vec<&str>, FxHashSet<VertexId>)> = BTreeMap::new();
        for (id, vertex) in self.vertices() {
            let (Element::Gpu { most_nvlinks, .. }, Some(host)) = (vertex.element, &vertex.host)
            else {
                continue;
            };
            let links = self
                .around(id)
                .filter(|(.., cable)| cable.kind == CableKind::NvLink);
            let mut count = 0;
            let of_host = switched.entry(host).or_default();
            let mut ends_at_switch = false;
            for (end, other, cable) in links {
                count += u32::from(cable.count);
                if matches!(other.element, Element::NvSwitch { .. }) {
                    ends_at_switch = true;
                    if other.host.is_none() {
                        of_host.2.insert(end);
                    }
                }
            }
            match ends_at_switch {
                true => of_host.0 += 1,
                false => of_host.1.push(&vertex.name),
            }
            if most_nvlinks > 0 && count > u32::from(most_nvlinks) {
                found.push(finding(
                    "nvlink-degree",
                    &vertex.name,
                    format!(
                        "{} has {count} NVLinks, and the GPU has {most_nvlinks}",
                        vertex.name
                    ),
                    "take links away, or correct the number the GPU has",
                ));
            }
        }
        for (host, (with, without, domains)) in switched {
            if let (1.., Some(first)) = (with, without.first()) {
                found.push(finding(
                    "half-switched",
                    first,
                    format!(
                        "{first} is not joined to the NVSwitch other GPUs of node {host} end at"
                    ),
                    "join every GPU of a node to its NVSwitch, or none",
                ));
            }
            if domains.len() > 1 {
                found.push(finding(
                    "two-nvlink-domains",
                    host,
                    format!(
                        "GPUs of node {host} are in {} NVLink domains",
                        domains.len()
                    ),
                    "a node is in one NVLink domain",
                ));
            }
        }
    }

    /// Every node below one leaf per rail, and nodes that share one share all.
    fn leaves(&self, found: &mut Found) {
        let mut cards: BTreeMap<&str, Vec<(&Vertex, Vec<VertexId>)>> = BTreeMap::new();
        for (id, vertex) in self.vertices() {
            let (Element::Nic { .. }, Some(host)) = (vertex.element, &vertex.host) else {
                continue;
            };
            let ends = self
                .around(id)
                .filter(|(_, other, _)| other.element.is_network());
            let ends = ends.map(|(end, ..)| end).collect();
            cards.entry(host).or_default().push((vertex, ends));
        }
        let networked = cards.values().flatten().any(|(_, ends)| !ends.is_empty());
        if !networked {
            return;
        }
        let mut first_of: FxHashMap<VertexId, (&str, Vec<VertexId>)> = FxHashMap::default();
        for (host, cards) in &cards {
            let mut rails: BTreeMap<u8, VertexId> = BTreeMap::new();
            for (card, ends) in cards {
                if ends.is_empty() {
                    found.push(finding(
                        "unplugged",
                        &card.name,
                        format!("network card {} ends at no leaf", card.name),
                        "join it to a leaf, or leave it out",
                    ));
                }
                for end in ends {
                    let Element::Leaf { rail } = self.0[*end].element else {
                        continue;
                    };
                    let other = *rails.entry(rail).or_insert(*end);
                    if other != *end {
                        found.push(finding(
                            "two-leaves",
                            host,
                            format!(
                                "node {host} is below two leaves of rail {rail}: {} and {}",
                                self.0[other].name, self.0[*end].name
                            ),
                            "a node is below one leaf of each rail: give leaves that stand side \
                             by side different rails",
                        ));
                    }
                }
            }
            let mut leaves: Vec<VertexId> = rails.into_values().collect();
            leaves.sort_unstable();
            for leaf in &leaves {
                let (other, theirs) = first_of.entry(*leaf).or_insert((*host, leaves.clone()));
                if *theirs != leaves {
                    let name = &self.0[*leaf].name;
                    found.push(finding(
                        "leaves-shared",
                        name,
                        format!("leaf {name} serves {other} and {host}, whose other leaves differ"),
                        "nodes that share a leaf share the leaves of all rails",
                    ));
                    break;
                }
            }
        }
    }

    /// Switches of the network join something above to something below.
    fn switches(&self, found: &mut Found) {
        for (id, vertex) in self.vertices() {
            let below: fn(Element) -> bool = match vertex.element {
                Element::Leaf { .. } => |element| matches!(element, Element::Nic { .. }),
                Element::Spine => |element| matches!(element, Element::Leaf { .. }),
                Element::Core => |element| matches!(element, Element::Spine | Element::Core),
                _ => continue,
            };
            if !self.around(id).any(|(_, other, _)| below(other.element)) {
                let what = vertex.element.name();
                found.push(finding(
                    "nothing-below",
                    &vertex.name,
                    format!("nothing is below {what} {}", vertex.name),
                    "join it to what it serves, or leave it out",
                ));
            }
        }
    }

    /// Everything hangs together: the devices of a node, and all nodes where there is a network.
    fn connected(&self, found: &mut Found) {
        let mut groups = UnionFind::new(self.0.node_count());
        for edge in self.0.edge_references() {
            groups.union(edge.source().index() as u32, edge.target().index() as u32);
        }
        let networked = self
            .0
            .node_weights()
            .any(|vertex| vertex.element.is_network());
        // The first vertex is taken to be where it should hang.
        let mut home: FxHashMap<Option<&str>, u32> = FxHashMap::default();
        let mut told = FxHashSet::default();
        for (id, vertex) in self.vertices() {
            let key = match networked {
                true => None,
                false => vertex.host.as_deref(),
            };
            let group = groups.find(id.index() as u32);
            let first = *home.entry(key).or_insert(group);
            if first != group && told.insert(group) {
                found.push(finding(
                    "disconnected",
                    &vertex.name,
                    format!(
                        "{} {} and what hangs on it are not joined to the rest",
                        vertex.element.name(),
                        vertex.name
                    ),
                    "join it to the rest, directly or through others",
                ));
            }
        }
    }
}

/// Whether a cable of this kind may join the two.
fn fits(one: Element, other: Element, kind: CableKind) -> bool {
    use Element::{Core, Gpu, HostBridge, Leaf, Nic, Numa, NvSwitch, PcieSwitch, Spine};
    let inside = |element| {
        matches!(
            element,
            Gpu { .. } | PcieSwitch | HostBridge | Numa { .. } | Nic { .. }
        )
    };
    let either = |rule: fn(Element, Element) -> bool| rule(one, other) || rule(other, one);
    match kind {
        CableKind::NvLink => either(|one, other| {
            matches!(one, Gpu { .. }) && matches!(other, Gpu { .. } | NvSwitch { .. })
        }),
        CableKind::Pcie => inside(one) && inside(other),
        CableKind::Socket => {
            either(|one, other| matches!(one, Numa { .. }) && matches!(other, Numa { .. }))
        }
        CableKind::Network => either(|one, other| {
            matches!(
                (one, other),
                (Nic { .. }, Leaf { .. }) | (Leaf { .. }, Spine) | (Spine, Core) | (Core, Core)
            )
        }),
    }
}

/// Both ends are in nodes, and in different ones.
fn between(one: &Vertex, other: &Vertex) -> bool {
    one.host.is_some() && other.host.is_some() && one.host != other.host
}
