//! Fabrics as data: the tiers of switches above nodes, for any number of nodes.
//!
//! Nodes fill a fabric in rank order: the first leaf first, the first NVLink domain first.
//! Domains are numbered with as many digits as their level needs, so that the order of names is
//! the order of numbers.

use super::{Fabric, FabricError, Level, Scope};

/// The tiers of a fabric. Leaves are tops of racks (or groups of rail switches), spines join
/// leaves to blocks, the core joins blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FabricShape {
    /// Switches side by side in each leaf: 1 = one top-of-rack switch, 2 = dual, 8 = one per rail.
    pub rails: u8,
    /// Nodes of an NVLink domain that spans nodes; `None` = NVLink ends at the node.
    pub nodes_per_domain: Option<u32>,
    /// Nodes below one leaf.
    pub nodes_per_leaf: u32,
    /// Leaves below one group of spines; `None` = all of them: there is no core.
    pub leaves_per_spine: Option<u32>,
    /// Oversubscription of leaf, spine and core, each at least 1.
    pub oversubscription: [f64; 3],
}

/// One row of the table of fabrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FabricPreset {
    /// What it is called.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its tiers, unless something else is said.
    pub shape: FabricShape,
}

/// What a message pays for each tier of switches it crosses, ns: that of a network link in
/// ASTRA-sim's validated inputs (518bd51, `inputs/network`); that tiers are alike is assumed.
const TIER_NS: f64 = 1000.0;
/// The same for the switch of an NVLink domain (same source).
const NVSWITCH_NS: f64 = 936.25;

const fn shape(
    rails: u8,
    nodes_per_domain: Option<u32>,
    nodes_per_leaf: u32,
    leaves_per_spine: Option<u32>,
    oversubscription: [f64; 3],
) -> FabricShape {
    FabricShape {
        rails,
        nodes_per_domain,
        nodes_per_leaf,
        leaves_per_spine,
        oversubscription,
    }
}

const FREE: [f64; 3] = [1.0; 3];

/// Every fabric the project knows. Spectrum-X, HPN and DCN+ are the templates of aliyun/SimAI
/// cef83f9 (docs/Tutorial.md) in nodes of eight GPUs; the core of HPN (15:1) is assumed from its
/// paper; the scalable unit of 32 nodes is the DGX SuperPOD's (assumed).
#[rustfmt::skip]
pub const FABRICS: &[FabricPreset] = &[
    FabricPreset { name: "leaf-spine", summary: "one switch per rack, all racks below one group of spines",
        shape: shape(1, None, 16, None, FREE) },
    FabricPreset { name: "fat-tree", summary: "racks, blocks of racks, and a core",
        shape: shape(1, None, 16, Some(16), FREE) },
    FabricPreset { name: "rail-optimised", summary: "a switch per network card of a node: units of 32 nodes below spines",
        shape: shape(8, None, 32, None, FREE) },
    FabricPreset { name: "spectrum-x", summary: "rail-optimised units of 64 nodes",
        shape: shape(8, None, 64, None, FREE) },
    FabricPreset { name: "alibaba-hpn", summary: "rail-optimised segments of 128 nodes, 15 to a pod, a core of 15:1",
        shape: shape(16, None, 128, Some(15), [1.0, 15.0, 1.0]) },
    FabricPreset { name: "single-tor", summary: "DCN+: one switch per rack of 8 nodes, no rails",
        shape: shape(1, None, 8, None, FREE) },
    FabricPreset { name: "dual-tor", summary: "DCN+: two switches per rack of 16 nodes, no rails",
        shape: shape(2, None, 16, None, FREE) },
    FabricPreset { name: "nvl72", summary: "NVLink domains of 18 trays of four GPUs, eight to a unit",
        shape: shape(4, Some(18), 144, None, FREE) },
    FabricPreset { name: "nvl36", summary: "NVLink domains of 9 trays of four GPUs, eight to a unit",
        shape: shape(4, Some(9), 72, None, FREE) },
];

/// The fabric called `name`. O(fabrics).
pub fn fabric_preset(name: &str) -> Option<&'static FabricPreset> {
    FABRICS.iter().find(|fabric| fabric.name == name)
}

/// Why tiers make no fabric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// A tier of nothing.
    #[error("{0} is at least 1")]
    Zero(&'static str),
    /// NVLink domains that leaves cut through.
    #[error("a leaf of {leaf} nodes holds no whole number of NVLink domains of {domain} nodes")]
    Domains {
        /// Nodes per leaf.
        leaf: u32,
        /// Nodes per domain.
        domain: u32,
    },
    /// What the tree says.
    #[error(transparent)]
    Fabric(#[from] FabricError),
}

impl FabricShape {
    /// This fabric over `nodes` nodes in rank order. O(nodes × levels × log nodes).
    ///
    /// # Errors
    /// [`ShapeError`].
    ///
    /// ```
    /// use gpusched_core::ids::NodeId;
    /// use gpusched_core::topology::{FabricShape, Scope, fabric_preset};
    /// let shape = FabricShape { nodes_per_leaf: 2, ..fabric_preset("leaf-spine").unwrap().shape };
    /// let fabric = shape.fabric(5).unwrap();
    /// let rack = fabric.level(Scope::Rack).unwrap();
    /// assert_eq!(fabric.domains_of(rack).len(), 3);
    /// assert_eq!(fabric.meets(NodeId(2), NodeId(3)), Some(rack));
    /// ```
    pub fn fabric(&self, nodes: usize) -> Result<Fabric, ShapeError> {
        self.check()?;
        let [leaf, spine, core] = self.oversubscription;
        let mut tiers = Vec::new();
        let nodes_per_leaf = self.nodes_per_leaf as usize;
        if let Some(leaves) = self.leaves_per_spine {
            tiers.push((tier("core", Scope::Zone, core), usize::MAX));
            let block = nodes_per_leaf.saturating_mul(leaves as usize);
            tiers.push((tier("spine", Scope::Block, spine), block));
        } else {
            tiers.push((tier("spine", Scope::Block, spine), usize::MAX));
        }
        tiers.push((tier("leaf", Scope::Rack, leaf), nodes_per_leaf));
        if let Some(domain) = self.nodes_per_domain {
            let level = Level {
                latency_ns: NVSWITCH_NS,
                ..tier("nvlink-domain", Scope::Nvlink, 1.0)
            };
            tiers.push((level, domain as usize));
        }
        let path = |node: usize| {
            let name = |(level, size): &(Level, usize)| {
                let width = nodes.div_ceil(*size).saturating_sub(1).to_string().len();
                format!("{}-{:0width$}", level.name, node / size)
            };
            Some(tiers.iter().map(name).collect())
        };
        let paths: Vec<Option<Vec<String>>> = (0..nodes).map(path).collect();
        let levels = tiers.into_iter().map(|(level, _)| level).collect();
        Ok(Fabric::new(levels, &paths)?.with_rails(self.rails))
    }

    fn check(&self) -> Result<(), ShapeError> {
        let tiers = [
            ("rails", u32::from(self.rails)),
            ("nodes-per-leaf", self.nodes_per_leaf),
            ("nodes-per-domain", self.nodes_per_domain.unwrap_or(1)),
            ("leaves-per-spine", self.leaves_per_spine.unwrap_or(1)),
        ];
        if let Some((name, _)) = tiers.into_iter().find(|(_, size)| *size == 0) {
            return Err(ShapeError::Zero(name));
        }
        match self.nodes_per_domain {
            Some(domain) if !self.nodes_per_leaf.is_multiple_of(domain) => {
                Err(ShapeError::Domains {
                    leaf: self.nodes_per_leaf,
                    domain,
                })
            }
            _ => Ok(()),
        }
    }
}

fn tier(name: &str, scope: Scope, oversubscription: f64) -> Level {
    Level {
        name: name.to_owned(),
        scope,
        oversubscription,
        latency_ns: TIER_NS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NodeId;

    #[test]
    fn domains_of_one_level_are_numbered_in_the_order_of_their_nodes() {
        let shape = FabricShape {
            nodes_per_leaf: 2,
            ..fabric_preset("fat-tree").unwrap().shape
        };
        let fabric = shape.fabric(70).unwrap();
        let ranks: Vec<u32> = fabric.order().iter().map(|node| node.0).collect();
        assert_eq!(ranks, (0..70).collect::<Vec<u32>>());
        let leaf = fabric.level(Scope::Rack).unwrap();
        // 35 leaves of two nodes, 16 leaves to a spine, one core.
        assert_eq!(fabric.domains_of(leaf).len(), 35);
        let spine = fabric.level(Scope::Block).unwrap();
        assert_eq!(fabric.domains_of(spine).len(), 3);
        let of_9 = fabric.domain(NodeId(19), leaf).unwrap();
        assert_eq!(fabric.full_name(of_9), "core-0/spine-0/leaf-09");
    }

    /// 72 GPUs in 18 trays of four; eight such racks below one group of leaves.
    #[test]
    fn nvl72_has_domains_of_18_trays() {
        let fabric = fabric_preset("nvl72").unwrap().shape.fabric(36).unwrap();
        let nvlink = fabric.level(Scope::Nvlink).unwrap();
        assert_eq!(fabric.domains_of(nvlink).len(), 2);
        assert_eq!(fabric.meets(NodeId(0), NodeId(17)), Some(nvlink));
        assert_eq!(
            fabric.meets(NodeId(17), NodeId(18)),
            fabric.level(Scope::Rack)
        );
    }

    #[test]
    fn shapes_that_cannot_be_are_refused() {
        let plain = fabric_preset("leaf-spine").unwrap().shape;
        let refused = |shape: FabricShape| shape.fabric(4).unwrap_err().to_string();
        let nodes_per_leaf = 0;
        assert_eq!(
            refused(FabricShape {
                nodes_per_leaf,
                ..plain
            }),
            "nodes-per-leaf is at least 1"
        );
        let nodes_per_domain = Some(3);
        assert_eq!(
            refused(FabricShape {
                nodes_per_domain,
                ..plain
            }),
            "a leaf of 16 nodes holds no whole number of NVLink domains of 3 nodes"
        );
        let oversubscription = [0.5, 1.0, 1.0];
        assert_eq!(
            refused(FabricShape {
                oversubscription,
                ..plain
            }),
            "level leaf: oversubscription is at least 1"
        );
    }

    #[test]
    fn every_row_makes_a_fabric() {
        for preset in FABRICS {
            let fabric = preset.shape.fabric(300).unwrap();
            assert_eq!(fabric.order().len(), 300, "{}", preset.name);
        }
    }
}
