//! The domains of one flavor: which there are, what they are called, which contains which.

use super::filter::LeafNode;
use crate::kube::{Labels, Node, Toleration};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::ops::Range;

/// The node label whose values are node names.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// "There is none", where an index is expected.
pub(super) const NONE: u32 = u32::MAX;

/// A flavor with a topology.
#[derive(Clone, Copy, Debug)]
pub struct FlavorTopology<'a> {
    /// Name of the flavor; flavors are tried in the order of their names.
    pub name: &'a str,
    /// Name of the topology, for messages.
    pub topology: &'a str,
    /// Node label of each level, the widest first.
    pub levels: &'a [String],
    /// Labels its nodes have.
    pub node_labels: &'a Labels,
    /// Tolerations it gives to pods.
    pub tolerations: &'a [Toleration],
}

impl FlavorTopology<'_> {
    /// Whether a node is one of the flavor's: it can take pods, has the flavor's labels, and has a
    /// place at every level.
    fn has(&self, node: &Node) -> bool {
        let value = |key: &str| node.labels.get(key).map_or("", String::as_str);
        !self.levels.is_empty()
            && node.ready
            && !node.unschedulable
            && self
                .node_labels
                .iter()
                .all(|(key, wanted)| value(key) == wanted)
            && self
                .levels
                .iter()
                .all(|level| node.labels.contains_key(level))
    }
}

/// Domains of all levels. They are numbered level by level from the widest; within a level by
/// their label values from the widest level down. So the children of a domain, and its leaves, are
/// a range, and the order of numbers is the order of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) flavor: String,
    pub(super) topology: String,
    pub(super) levels: Vec<String>,
    pub(super) tolerations: Vec<Toleration>,
    /// Whether a leaf is one node.
    pub(super) of_hosts: bool,
    /// First domain of each level; one more entry closes the last level.
    starts: Vec<u32>,
    parents: Vec<u32>,
    children: Vec<Range<u32>>,
    /// The label value of each domain at its own level.
    values: Vec<String>,
    /// Leaf by the name assignments use: the host name, or all values.
    by_name: FxHashMap<Vec<String>, u32>,
    /// What a filter looks at, by leaf; empty unless leaves are nodes.
    pub(super) nodes: Vec<LeafNode>,
}

/// A tree and, by leaf, the nodes that are in it.
pub(super) type Grown<'n> = (Tree, Vec<Vec<&'n Node>>);

impl Tree {
    /// O(nodes · levels · log nodes). `nodes` are in the order of their names: of several nodes
    /// with one host name the first gives the leaf its place.
    pub(super) fn grow<'n>(flavor: &FlavorTopology<'_>, nodes: &[&'n Node]) -> Grown<'n> {
        let of_hosts = flavor.levels.last().is_some_and(|level| level == HOSTNAME);
        let mut places: BTreeMap<Vec<&str>, Vec<&'n Node>> = BTreeMap::new();
        let mut of_host: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
        for &node in nodes.iter().filter(|node| flavor.has(node)) {
            let mut path: Vec<&str> = flavor
                .levels
                .iter()
                .map(|level| node.labels[level].as_str())
                .collect();
            if let (true, Some(&host)) = (of_hosts, path.last()) {
                path = of_host.entry(host).or_insert(path).clone();
            }
            places.entry(path).or_default().push(node);
        }
        let mut tree = Tree {
            flavor: flavor.name.to_owned(),
            topology: flavor.topology.to_owned(),
            levels: flavor.levels.to_vec(),
            tolerations: flavor.tolerations.to_vec(),
            of_hosts,
            starts: vec![0],
            ..Tree::default()
        };
        for level in 0..flavor.levels.len() {
            let mut parent = level.checked_sub(1).map(|above| tree.starts[above]);
            let mut last: Option<&[&str]> = None;
            for path in places.keys() {
                let path = &path[..=level];
                if last == Some(path) {
                    continue;
                }
                let id = tree.values.len() as u32;
                if let Some(parent) = &mut parent {
                    if last.is_some_and(|last| last[..level] != path[..level]) {
                        *parent += 1;
                    }
                    let children = &mut tree.children[*parent as usize];
                    if children.end == 0 {
                        children.start = id;
                    }
                    children.end = id + 1;
                }
                tree.parents.push(parent.unwrap_or(NONE));
                tree.children.push(0..0);
                tree.values.push(path[level].to_owned());
                last = Some(path);
            }
            tree.starts.push(tree.values.len() as u32);
        }
        for (leaf, path) in places.keys().enumerate() {
            let name = match (of_hosts, path.last()) {
                (true, Some(host)) => vec![(*host).to_owned()],
                _ => path.iter().map(|&value| value.to_owned()).collect(),
            };
            tree.by_name.insert(name, leaf as u32);
        }
        let members: Vec<Vec<&Node>> = places.into_values().collect();
        if of_hosts {
            tree.nodes = members.iter().map(|on| LeafNode::of(on[0])).collect();
        }
        (tree, members)
    }

    /// Number of the level with this label.
    pub(super) fn level(&self, label: &str) -> Option<usize> {
        self.levels.iter().position(|level| level == label)
    }

    /// The narrowest level.
    pub(super) fn lowest(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// All domains.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The domains of a level.
    pub(super) fn at(&self, level: usize) -> Range<u32> {
        match self.starts.get(level..level + 2) {
            Some(&[start, end]) => start..end,
            _ => 0..0,
        }
    }

    /// The leaves' numbers, as domains.
    pub(super) fn leaves(&self) -> Range<u32> {
        self.at(self.lowest())
    }

    /// Number of leaves.
    pub(super) fn leaf_count(&self) -> usize {
        self.leaves().len()
    }

    /// Domain of a leaf.
    #[inline]
    pub(super) fn domain(&self, leaf: u32) -> u32 {
        self.leaves().start + leaf
    }

    /// Leaf of a domain of the narrowest level.
    #[inline]
    pub(super) fn leaf(&self, domain: u32) -> u32 {
        domain - self.leaves().start
    }

    /// The domain around a domain; [`NONE`] at the widest level.
    #[inline]
    pub(super) fn parent(&self, domain: u32) -> u32 {
        self.parents[domain as usize]
    }

    /// The domains directly within a domain.
    #[inline]
    pub(super) fn children(&self, domain: u32) -> Range<u32> {
        self.children[domain as usize].clone()
    }

    /// The domain of a level that a leaf is in.
    pub(super) fn around(&self, leaf: u32, level: usize) -> u32 {
        (level..self.lowest()).fold(self.domain(leaf), |domain, _| self.parent(domain))
    }

    /// What is below some neighbouring domains of one level, level by level, they themselves first.
    pub(super) fn below(&self, domains: Range<u32>) -> Vec<Range<u32>> {
        let mut levels = vec![domains];
        while let Some(last) = levels.last().filter(|last| !last.is_empty()) {
            let first = self.children(last.start);
            if first.is_empty() {
                break;
            }
            levels.push(first.start..self.children(last.end - 1).end);
        }
        levels
    }

    /// A leaf by the values an assignment names it with.
    pub(super) fn find(&self, values: &[String]) -> Option<u32> {
        self.by_name.get(values).copied()
    }

    /// Labels of the levels an assignment names: the host name alone, if it is the lowest.
    pub(super) fn named_levels(&self) -> &[String] {
        match self.of_hosts {
            true => &self.levels[self.lowest()..],
            false => &self.levels,
        }
    }

    /// The values an assignment names a leaf with.
    pub(super) fn name(&self, leaf: u32) -> Vec<String> {
        let mut domain = self.domain(leaf);
        let mut values = vec![self.values[domain as usize].clone()];
        if !self.of_hosts {
            while self.parent(domain) != NONE {
                domain = self.parent(domain);
                values.push(self.values[domain as usize].clone());
            }
            values.reverse();
        }
        values
    }

    /// The label value of a domain at its own level.
    pub(super) fn value(&self, domain: u32) -> &str {
        &self.values[domain as usize]
    }
}
