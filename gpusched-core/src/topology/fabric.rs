//! Nodes in a tree of domains, as flat arrays.

use crate::ids::NodeId;
use serde::{Deserialize, Serialize};

/// How far devices are from one another, near to far: the words of traces and requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One machine.
    Node,
    /// One NVLink domain.
    Nvlink,
    /// One rack: the nodes below one leaf switch, or one group of rail switches.
    Rack,
    /// One block: the racks below one group of spine switches.
    Block,
    /// One zone.
    Zone,
}

impl Scope {
    /// All of them, near to far.
    pub const ALL: [Scope; 5] = [
        Scope::Node,
        Scope::Nvlink,
        Scope::Rack,
        Scope::Block,
        Scope::Zone,
    ];

    /// The name used in files and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Node => "node",
            Scope::Nvlink => "nvlink",
            Scope::Rack => "rack",
            Scope::Block => "block",
            Scope::Zone => "zone",
        }
    }
}

/// Position of a level in [`Fabric::levels`]: 0 is the top, the farthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelId(pub u8);

/// What a scope means in a fabric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// One node.
    Node,
    /// One domain of this level.
    Level(LevelId),
}

/// A domain of some level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u32);

impl DomainId {
    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A level of the tree above nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// What it is called: a node label (`topology.kubernetes.io/rack`) or a word of its author.
    pub name: String,
    /// Which of the words of traces and requests it is.
    pub scope: Scope,
    /// Bandwidth into a domain of this level over bandwidth out of it; 1 = none is lost.
    pub oversubscription: f64,
    /// What a message pays for crossing a domain of this level, ns.
    pub latency_ns: f64,
}

/// A domain: nodes that are near one another at some level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its own name, unique among the children of its parent.
    pub name: String,
    /// Its level.
    pub level: LevelId,
    /// The domain around it; `None` at the top level.
    pub parent: Option<DomainId>,
    /// First and one past the last of its nodes in [`Fabric::order`].
    span: (u32, u32),
    /// First and one past the last of its children (domains of the next level).
    children: (u32, u32),
}

/// Why nodes make no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FabricError {
    /// Levels that are not written from far to near.
    #[error("level {near} stands above level {far}: levels are written from far to near")]
    Order {
        /// The level above.
        near: String,
        /// The level below.
        far: String,
    },
    /// A level named twice.
    #[error("level {0} stands twice")]
    Twice(String),
    /// More levels than anybody has.
    #[error("a fabric has at most 16 levels")]
    TooMany,
    /// Oversubscription below one, or no number.
    #[error("level {0}: oversubscription is at least 1")]
    Oversubscription(String),
    /// A node whose path does not have one name per level.
    #[error("node {node} names {found} domains, and there are {levels} levels")]
    Path {
        /// Rank of the node.
        node: usize,
        /// Names it has.
        found: usize,
        /// Levels there are.
        levels: usize,
    },
}

/// Nodes in a tree of domains. Domains are numbered level by level from the top, within a level in
/// the order of their names from the top down; so the children of a domain are neighbours.
///
/// ```
/// use gpusched_core::ids::NodeId;
/// use gpusched_core::topology::{Fabric, Level, LevelId, Scope};
/// let level = |name: &str, scope| Level {
///     name: name.into(),
///     scope,
///     oversubscription: 1.0,
///     latency_ns: 0.0,
/// };
/// let levels = vec![level("block", Scope::Block), level("rack", Scope::Rack)];
/// let path = |block: &str, rack: &str| Some(vec![block.to_owned(), rack.to_owned()]);
/// let paths = [path("b1", "r1"), path("b1", "r2"), path("b2", "r1"), None];
/// let fabric = Fabric::new(levels, &paths).unwrap();
/// assert_eq!(fabric.domains().len(), 2 + 3);
/// assert_eq!(fabric.meets(NodeId(0), NodeId(1)), Some(LevelId(0)));
/// assert_eq!(fabric.meets(NodeId(0), NodeId(2)), None);
/// assert_eq!(fabric.domain(NodeId(3), LevelId(0)), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fabric {
    levels: Vec<Level>,
    domains: Vec<Domain>,
    /// Nodes in the tree, domain by domain, by rank within the lowest domain.
    order: Vec<NodeId>,
    /// Node-major: the domain of a node at each level.
    of: Vec<Option<DomainId>>,
    nodes: usize,
    rails: u8,
}

impl Fabric {
    /// Nodes that nothing is known of: no levels, no domains.
    pub fn flat(nodes: usize) -> Fabric {
        Fabric {
            levels: Vec::new(),
            domains: Vec::new(),
            order: Vec::new(),
            of: Vec::new(),
            nodes,
            rails: 1,
        }
    }

    /// The tree of the domains that nodes name: `paths` has one entry per node in rank order, from
    /// the top level down; `None` = the node stands outside the tree. Domains are the same when
    /// the whole path down to them is. O(nodes × levels × log nodes).
    ///
    /// # Errors
    /// [`FabricError`]: levels out of order, named twice or too many, paths of another length.
    pub fn new(levels: Vec<Level>, paths: &[Option<Vec<String>>]) -> Result<Fabric, FabricError> {
        check(&levels)?;
        let depth = levels.len();
        let mut ranked: Vec<(&[String], NodeId)> = Vec::with_capacity(paths.len());
        for (node, path) in paths.iter().enumerate() {
            let Some(path) = path else { continue };
            if path.len() != depth {
                return Err(FabricError::Path {
                    node,
                    found: path.len(),
                    levels: depth,
                });
            }
            ranked.push((path, NodeId::from(node)));
        }
        ranked.sort();
        let mut domains: Vec<Domain> = Vec::new();
        let mut of = vec![None; paths.len() * depth];
        // Level by level: a run of equal prefixes is a domain.
        for level in 0..depth {
            let mut from = 0;
            while from < ranked.len() {
                let prefix = &ranked[from].0[..=level];
                let run = ranked[from..].partition_point(|(path, _)| &path[..=level] <= prefix);
                let id = DomainId(domains.len() as u32);
                let parent = match level {
                    0 => None,
                    _ => of[ranked[from].1.index() * depth + level - 1],
                };
                domains.push(Domain {
                    name: prefix[level].clone(),
                    level: LevelId(level as u8),
                    parent,
                    span: (from as u32, (from + run) as u32),
                    children: (0, 0),
                });
                if let Some(parent) = parent {
                    let around = &mut domains[parent.index()].children;
                    if around.1 == 0 {
                        around.0 = id.0;
                    }
                    around.1 = id.0 + 1;
                }
                for (_, node) in &ranked[from..from + run] {
                    of[node.index() * depth + level] = Some(id);
                }
                from += run;
            }
        }
        Ok(Fabric {
            levels,
            domains,
            order: ranked.into_iter().map(|(_, node)| node).collect(),
            of,
            nodes: paths.len(),
            rails: 1,
        })
    }

    /// The same tree, in which each lowest domain has `rails` switches side by side (at least 1):
    /// network card `i` of a node ends at switch `i mod rails`. 1 is a single top-of-rack switch,
    /// 2 a dual one, one per network card is rail-optimised.
    #[must_use]
    pub fn with_rails(self, rails: u8) -> Fabric {
        Fabric {
            rails: rails.max(1),
            ..self
        }
    }

    /// The same tree, in which levels of a scope have this oversubscription.
    ///
    /// # Errors
    /// [`FabricError::Oversubscription`] when it is below 1 or no number.
    pub fn with_oversubscription(
        mut self,
        scope: Scope,
        factor: f64,
    ) -> Result<Fabric, FabricError> {
        for level in &mut self.levels {
            if level.scope == scope {
                level.oversubscription = factor;
            }
        }
        check(&self.levels)?;
        Ok(self)
    }

    /// Switches side by side in each lowest domain.
    pub fn rails(&self) -> u8 {
        self.rails
    }

    /// Number of nodes, those outside the tree included.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// The levels above nodes, far to near.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The level of a scope, if there is one. [`Scope::Node`] is none: a node is no domain.
    pub fn level(&self, scope: Scope) -> Option<LevelId> {
        let place = self.levels.iter().position(|level| level.scope == scope)?;
        Some(LevelId(place as u8))
    }

    /// All domains, level by level from the top.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// What `scope` means here: a level, or the node itself. NVLink without a level of its own
    /// ends at the node. `None` = nothing here is called that.
    pub fn within(&self, scope: Scope) -> Option<Within> {
        match (scope, self.level(scope)) {
            (Scope::Node, _) | (Scope::Nvlink, None) => Some(Within::Node),
            (_, level) => level.map(Within::Level),
        }
    }

    /// The domains of a level.
    pub fn domains_of(&self, level: LevelId) -> std::ops::Range<u32> {
        let first = self.domains.partition_point(|domain| domain.level < level);
        let end = self.domains.partition_point(|domain| domain.level <= level);
        first as u32..end as u32
    }

    /// The domain of a node at a level; `None` = it stands outside the tree.
    #[inline]
    pub fn domain(&self, node: NodeId, level: LevelId) -> Option<DomainId> {
        let depth = self.levels.len();
        self.of
            .get(node.index() * depth + usize::from(level.0))
            .copied()
            .flatten()
    }

    /// The domains of a node, top level first; empty = it stands outside the tree.
    #[inline]
    pub fn path(&self, node: NodeId) -> impl Iterator<Item = DomainId> + '_ {
        let depth = self.levels.len();
        let from = node.index() * depth;
        self.of[from..from + depth]
            .iter()
            .map_while(|domain| *domain)
    }

    /// All nodes in the tree, domain by domain.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// The nodes of a domain.
    pub fn nodes_of(&self, domain: DomainId) -> &[NodeId] {
        let (first, end) = self.domains[domain.index()].span;
        &self.order[first as usize..end as usize]
    }

    /// The domains of the next level within a domain; none at the lowest level.
    pub fn children_of(&self, domain: DomainId) -> std::ops::Range<u32> {
        let (first, end) = self.domains[domain.index()].children;
        first..end
    }

    /// The nearest level at which two nodes are in one domain; `None` = they only meet above the
    /// top, or one stands outside the tree. A node meets itself at the lowest level.
    #[inline]
    pub fn meets(&self, one: NodeId, other: NodeId) -> Option<LevelId> {
        let depth = self.levels.len();
        (0..depth as u8).rev().map(LevelId).find(|&level| {
            let domain = self.domain(one, level);
            domain.is_some() && domain == self.domain(other, level)
        })
    }

    /// The name of a domain from the top down, joined by `/`.
    pub fn full_name(&self, domain: DomainId) -> String {
        let this = &self.domains[domain.index()];
        match this.parent {
            Some(parent) => format!("{}/{}", self.full_name(parent), this.name),
            None => this.name.clone(),
        }
    }
}

fn check(levels: &[Level]) -> Result<(), FabricError> {
    if levels.len() > 16 {
        return Err(FabricError::TooMany);
    }
    for pair in levels.windows(2) {
        if pair[0].scope < pair[1].scope {
            return Err(FabricError::Order {
                near: pair[0].name.clone(),
                far: pair[1].name.clone(),
            });
        }
    }
    for (index, level) in levels.iter().enumerate() {
        if levels[..index].iter().any(|other| other.name == level.name) {
            return Err(FabricError::Twice(level.name.clone()));
        }
        if level.oversubscription.is_nan() || level.oversubscription < 1.0 {
            return Err(FabricError::Oversubscription(level.name.clone()));
        }
    }
    Ok(())
}
