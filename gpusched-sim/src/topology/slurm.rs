//! Slurm's topology.conf, as topology/tree and topology/block read it, and topology.yaml.
//!
//! A tree of switches becomes levels by height: leaf switches are racks, those above them blocks,
//! all higher ones zones. Where branches differ in height, a switch stands alone at the levels it
//! does not have. Blocks become blocks, and each larger block size runs of as many blocks in the
//! order of the file, aligned (Slurm 24.11 and 284c3b9; documentation of topology.conf).

mod conf;
mod yaml;

use super::hostlist::expand;
use super::{Place, Places};
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::topology::{Level, Scope};
use rustc_hash::FxHashMap;

/// A switch of a tree: what it joins, and where it is said.
struct Switch<'a> {
    name: String,
    nodes: Vec<String>,
    children: Vec<String>,
    at: Spot<'a>,
}

/// A block, and where it is said.
struct Block<'a> {
    name: String,
    nodes: Vec<String>,
    at: Spot<'a>,
}

/// A place of the file, to point at.
#[derive(Clone, Copy)]
struct Spot<'a> {
    file: &'a str,
    line: u64,
    source: &'a str,
}

/// What a file describes.
enum Described<'a> {
    Tree(Vec<Switch<'a>>),
    Blocks(Vec<Block<'a>>, Vec<u32>, Spot<'a>),
}

impl Spot<'_> {
    fn blame(&self, message: impl Into<String>, help: &str) -> Box<Diagnostic> {
        Diagnostic::new(message)
            .at(self.file, self.line, 0)
            .source_line(self.source)
            .help(help)
    }

    fn hosts(&self, list: &str) -> Result<Vec<String>> {
        expand(list)
            .map_err(|problem| self.blame(problem, "write hosts such as gpu[001-016],gpu20"))
    }
}

/// Reads a file: topology.yaml where its first line says so, else topology.conf.
///
/// # Errors
/// At the first line that is not understood, or that contradicts another.
pub fn parse(file: &str, text: &str) -> Result<Places> {
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    let described = match first {
        Some(line) if line.starts_with("- ") || line == "---" => yaml::read(file, text)?,
        _ => conf::read(file, text)?,
    };
    match described {
        Described::Tree(switches) => tree(file, &switches),
        Described::Blocks(blocks, sizes, at) => block(file, &blocks, &sizes, at),
    }
}

fn level(name: String, scope: Scope) -> Level {
    Level {
        name,
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    }
}

fn places(file: &str, levels: Vec<Level>, places: Vec<Place>) -> Places {
    Places {
        file: file.to_owned(),
        levels,
        rails: 1,
        places,
    }
}

/// Every node once; which switch or block says it.
struct Once<'a>(FxHashMap<&'a str, &'a str>);

impl<'a> Once<'a> {
    fn new() -> Once<'a> {
        Once(FxHashMap::default())
    }

    fn add(&mut self, node: &'a str, of: &'a str, at: &Spot<'_>) -> Result<()> {
        match self.0.insert(node, of) {
            None => Ok(()),
            Some(other) => Err(at.blame(
                format!("node {node} is below {other} and below {of}"),
                "a node is below one leaf switch, or in one block: take it out of one of the two",
            )),
        }
    }
}

fn tree(file: &str, switches: &[Switch<'_>]) -> Result<Places> {
    let mut by_name: FxHashMap<&str, usize> = FxHashMap::default();
    for (index, switch) in switches.iter().enumerate() {
        if by_name.insert(&switch.name, index).is_some() {
            let message = format!("switch {} stands twice", switch.name);
            return Err(switch.at.blame(message, "give every switch its own name"));
        }
    }
    let mut parent: Vec<Option<usize>> = vec![None; switches.len()];
    for (index, switch) in switches.iter().enumerate() {
        for child in &switch.children {
            let Some(&below) = by_name.get(child.as_str()) else {
                let message = format!("switch {} joins {child}, which is not there", switch.name);
                return Err(switch.at.blame(message, "add a line SwitchName= for it"));
            };
            if let Some(other) = parent[below].replace(index) {
                let message = format!(
                    "switch {child} is below {} and below {}",
                    switches[other].name, switch.name
                );
                return Err(switch.at.blame(message, "a switch is below one other"));
            }
        }
    }
    let above = |leaf: usize| -> Result<Vec<usize>> {
        let mut chain = vec![leaf];
        while let Some(next) = parent[chain[chain.len() - 1]] {
            chain.push(next);
            if chain.len() > switches.len() {
                let switch = &switches[leaf];
                let message = format!("switch {} is below itself", switch.name);
                return Err(switch
                    .at
                    .blame(message, "switches make a tree: break the ring"));
            }
        }
        Ok(chain)
    };
    let mut chains = Vec::with_capacity(switches.len());
    for index in 0..switches.len() {
        chains.push(above(index)?);
    }
    let leaves = || (0..switches.len()).filter(|&index| !switches[index].nodes.is_empty());
    let depth = leaves().map(|leaf| chains[leaf].len()).max().unwrap_or(0);
    if depth > 16 {
        return Err(
            Diagnostic::new(format!("{depth} levels of switches are too many"))
                .in_file(file)
                .help("a topology has at most 16 levels"),
        );
    }
    let mut once = Once::new();
    let mut seats = Vec::new();
    for leaf in leaves() {
        let switch = &switches[leaf];
        let chain = &chains[leaf];
        // Roots are at the top; a short branch repeats its leaf.
        let path: Vec<String> = (0..depth)
            .map(|level| {
                let place = chain.len().checked_sub(level + 1);
                switches[place.map_or(leaf, |place| chain[place])]
                    .name
                    .clone()
            })
            .collect();
        for node in &switch.nodes {
            once.add(node, &switch.name, &switch.at)?;
            seats.push(Place {
                name: node.clone(),
                path: path.clone(),
                board: None,
                line: switch.at.line,
            });
        }
    }
    let levels = (0..depth)
        .rev()
        .map(|height| {
            let scope = [Scope::Rack, Scope::Block, Scope::Zone][height.min(2)];
            level(format!("switch-{height}"), scope)
        })
        .collect();
    Ok(places(file, levels, seats))
}

fn block(file: &str, blocks: &[Block<'_>], sizes: &[u32], at: Spot<'_>) -> Result<Places> {
    let base = match sizes.first() {
        Some(&base) => base,
        // Slurm's default: the smallest block there is.
        None => blocks
            .iter()
            .map(|block| block.nodes.len())
            .min()
            .unwrap_or(1) as u32,
    };
    let mut runs = vec![1];
    for &size in sizes.iter().skip(1) {
        let runs_of = size / base.max(1);
        if base == 0 || size % base != 0 || !runs_of.is_power_of_two() || runs_of < 2 {
            return Err(at.blame(
                format!("block size {size} is not 2, 4, 8 … times the base size {base}"),
                "write BlockSizes=BASE,LARGER…, each a power of two times the first",
            ));
        }
        runs.push(runs_of as usize);
    }
    runs.sort_unstable_by(|one, other| other.cmp(one));
    runs.dedup();
    let mut once = Once::new();
    let mut seats = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if block.nodes.len() < base as usize {
            return Err(block.at.blame(
                format!(
                    "block {} has {} nodes, and the base size is {base}",
                    block.name,
                    block.nodes.len()
                ),
                "a block has at least as many nodes as the base size",
            ));
        }
        if blocks[..index].iter().any(|other| other.name == block.name) {
            let message = format!("block {} stands twice", block.name);
            return Err(block.at.blame(message, "give every block its own name"));
        }
        let path: Vec<String> = runs
            .iter()
            .map(|&run| match run {
                1 => block.name.clone(),
                run => {
                    let first = index / run * run;
                    let last = (first + run).min(blocks.len()) - 1;
                    format!("{}..{}", blocks[first].name, blocks[last].name)
                }
            })
            .collect();
        for node in &block.nodes {
            once.add(node, &block.name, &block.at)?;
            seats.push(Place {
                name: node.clone(),
                path: path.clone(),
                board: None,
                line: block.at.line,
            });
        }
    }
    let levels = runs
        .iter()
        .map(|&run| match run {
            1 => level("block".into(), Scope::Block),
            run => level(
                format!("block-{}", run as u64 * u64::from(base)),
                Scope::Zone,
            ),
        })
        .collect();
    Ok(places(file, levels, seats))
}
