//! The keys of a topology file.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) boards: BTreeMap<String, BoardEntry>,
    #[serde(default)]
    pub(super) switches: Vec<SwitchEntry>,
    #[serde(default)]
    pub(super) cables: Vec<CableEntry>,
    pub(super) nodes: Vec<NodeEntry>,
    #[serde(default)]
    pub(super) oversubscription: Oversubscription,
}

/// What levels lose, where it is known better than from cables.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oversubscription {
    pub(super) leaf: Option<f64>,
    pub(super) spine: Option<f64>,
    pub(super) core: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BoardEntry {
    /// A known board to start from.
    pub(super) preset: Option<String>,
    pub(super) gpus: Option<u32>,
    /// NUMA node of each GPU.
    pub(super) numa: Option<Vec<u8>>,
    /// NVLinks of each pair, the full matrix.
    pub(super) nvlinks: Option<Vec<Vec<u8>>>,
    /// What one NVLink carries, GB/s in one direction.
    pub(super) nvlink_gbps: Option<f64>,
    /// Most NVLinks a GPU has.
    pub(super) most_nvlinks: Option<u8>,
    /// Paths of each pair, the full matrix.
    pub(super) paths: Option<Vec<Vec<String>>>,
    /// What PCIe carries, GB/s in one direction.
    pub(super) pcie_gbps: Option<f64>,
    pub(super) switch: Option<SwitchOf>,
    pub(super) nics: Option<Nics>,
}

/// A switch all GPUs of a board end at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchOf {
    /// NVLinks of each GPU.
    pub(super) links: u8,
    /// Bandwidth of each GPU, GB/s in one direction.
    pub(super) gbps: f64,
    #[serde(default)]
    pub(super) reduces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nics {
    pub(super) count: u32,
    /// Each, GB/s in one direction.
    pub(super) gbps: f64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Leaf,
    Spine,
    Core,
    Nvswitch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchEntry {
    pub(super) name: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) rail: u8,
    #[serde(default)]
    pub(super) reduces: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CableEntry {
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default = "one")]
    pub(super) count: u16,
    /// Each, GB/s in one direction; 0 = not known.
    #[serde(default)]
    pub(super) gbps: f64,
    #[serde(default)]
    pub(super) latency_ns: f64,
}

fn one() -> u16 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NodeEntry {
    pub(super) name: String,
    /// A board of this file, or a known one.
    pub(super) board: Option<String>,
    #[serde(default)]
    pub(super) leaf: Leaves,
    /// The switch of its NVLink domain.
    pub(super) nvswitch: Option<String>,
    /// Of the cables to the leaves.
    #[serde(default)]
    pub(super) latency_ns: f64,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

/// One leaf, or one per rail.
#[derive(Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Leaves {
    #[default]
    None,
    One(String),
    Rails(Vec<String>),
}

impl Leaves {
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Leaves::None => Vec::new(),
            Leaves::One(name) => vec![name.clone()],
            Leaves::Rails(names) => names.clone(),
        }
    }
}
