//! topology.yaml (Slurm 25.05 on): a list of named topologies, each a tree or blocks.

use super::{Block, Described, Spot, Switch};
use crate::diagnostic::{Diagnostic, Result};
use crate::yaml::File;
use serde::Deserialize;

const SHAPE: &str = "write a list of `topology: NAME` with `tree:` or `block:` below each";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    topology: String,
    #[serde(default)]
    cluster_default: bool,
    tree: Option<Tree>,
    block: Option<Blocks>,
    #[serde(default)]
    flat: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    switches: Vec<TreeSwitch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeSwitch {
    switch: String,
    nodes: Option<String>,
    children: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blocks {
    #[serde(default)]
    block_sizes: Vec<u32>,
    blocks: Vec<OneBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneBlock {
    block: String,
    nodes: String,
}

/// Reads the default topology, or the only one.
pub(super) fn read<'a>(file: &'a str, text: &'a str) -> Result<Described<'a>> {
    let document = File {
        name: file,
        text,
        shape: SHAPE,
    };
    let entries: Vec<Entry> = document.parse()?;
    let default = entries.iter().position(|entry| entry.cluster_default);
    let chosen = default.unwrap_or(0);
    let Some(entry) = entries.into_iter().nth(chosen) else {
        return Err(Diagnostic::new("there is no topology here")
            .in_file(file)
            .help(SHAPE));
    };
    // The line that says a name, to point at.
    let spot = |name: &str| {
        let mut lines = text.lines().enumerate();
        let found = lines.find(|(_, line)| line.split([' ', '"', ',']).any(|word| word == name));
        let (number, source) = found.unwrap_or((0, text.lines().next().unwrap_or_default()));
        let line = number as u64 + 1;
        Spot { file, line, source }
    };
    match (entry.tree, entry.block) {
        (Some(tree), None) => {
            let mut switches = Vec::new();
            for TreeSwitch {
                switch,
                nodes,
                children,
            } in tree.switches
            {
                let at = spot(&switch);
                let hosts = |list: Option<String>| match list {
                    None => Ok(Vec::new()),
                    Some(list) => at.hosts(&list),
                };
                let (nodes, children) = (hosts(nodes)?, hosts(children)?);
                switches.push(Switch {
                    name: switch,
                    nodes,
                    children,
                    at,
                });
            }
            Ok(Described::Tree(switches))
        }
        (None, Some(described)) => {
            let mut blocks = Vec::new();
            for OneBlock { block, nodes } in described.blocks {
                let at = spot(&block);
                let nodes = at.hosts(&nodes)?;
                blocks.push(Block {
                    name: block,
                    nodes,
                    at,
                });
            }
            Ok(Described::Blocks(
                blocks,
                described.block_sizes,
                spot("block_sizes:"),
            ))
        }
        _ => {
            let at = spot(&entry.topology);
            let message = match entry.flat {
                true => format!(
                    "topology {} is flat: it says nothing of nodes",
                    entry.topology
                ),
                false => format!("topology {} is neither a tree nor blocks", entry.topology),
            };
            Err(at.blame(message, SHAPE))
        }
    }
}
