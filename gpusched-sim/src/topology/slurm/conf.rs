//! topology.conf: lines of `Key=Value`, whose keys know no case.

use super::{Block, Described, Spot, Switch};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};

const KEYS: [&str; 7] = [
    "SwitchName",
    "Switches",
    "Nodes",
    "LinkSpeed",
    "BlockName",
    "BlockSizes",
    "Comment",
];

/// Reads the lines; which of the two plugins they are for shows in the first key.
pub(super) fn read<'a>(file: &'a str, text: &'a str) -> Result<Described<'a>> {
    let mut switches = Vec::new();
    let mut blocks = Vec::new();
    let mut sizes: Option<(Vec<u32>, Spot<'a>)> = None;
    for (number, whole) in text.lines().enumerate() {
        let at = Spot {
            file,
            line: number as u64 + 1,
            source: whole,
        };
        let line = whole.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if line.ends_with('\\') {
            return Err(at.blame(
                "lines that go on are not read",
                "write the whole entry on one line, with ranges such as n[0-15]",
            ));
        }
        let fields = fields(line, &at)?;
        let find = |key: &str| {
            let found = fields
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(key));
            found.map(|(_, value)| *value)
        };
        if let Some(name) = find("SwitchName") {
            let (nodes, children) = (find("Nodes"), find("Switches"));
            if nodes.is_some() == children.is_some() {
                return Err(at.blame(
                    format!("switch {name} joins neither nodes nor switches, or both"),
                    "write Nodes= for a leaf switch, Switches= for one above",
                ));
            }
            switches.push(Switch {
                name: name.to_owned(),
                nodes: nodes.map_or(Ok(Vec::new()), |list| at.hosts(list))?,
                children: children.map_or(Ok(Vec::new()), |list| at.hosts(list))?,
                at,
            });
        } else if let Some(name) = find("BlockName") {
            let Some(nodes) = find("Nodes") else {
                return Err(at.blame(
                    format!("block {name} has no nodes"),
                    "write Nodes= after it",
                ));
            };
            let nodes = at.hosts(nodes)?;
            let name = name.to_owned();
            blocks.push(Block { name, nodes, at });
        } else if let Some(list) = find("BlockSizes") {
            let parsed: Option<Vec<u32>> = list
                .split(',')
                .map(|size| size.trim().parse().ok().filter(|size| *size > 0))
                .collect();
            let parsed = parsed.ok_or_else(|| {
                at.blame(
                    format!("`{list}` are no block sizes"),
                    "write BlockSizes=18,36,72",
                )
            })?;
            sizes = Some((parsed, at));
        } else {
            return Err(at.blame(
                "this line describes neither a switch nor a block",
                "lines begin with SwitchName=, BlockName= or BlockSizes=",
            ));
        }
    }
    match (switches.first(), blocks.first()) {
        (Some(_), Some(block)) => Err(block.at.blame(
            "switches and blocks stand in one file",
            "topology/tree and topology/block are different plugins: keep one of them",
        )),
        (Some(_), None) => Ok(Described::Tree(switches)),
        (None, Some(block)) => {
            let (sizes, at) = sizes.unwrap_or((Vec::new(), block.at));
            Ok(Described::Blocks(blocks, sizes, at))
        }
        (None, None) => Err(Diagnostic::new("there is no switch and no block here")
            .in_file(file)
            .help("lines begin with SwitchName=, BlockName= or BlockSizes=")),
    }
}

fn fields<'a>(line: &'a str, at: &Spot<'_>) -> Result<Vec<(&'a str, &'a str)>> {
    let mut fields = Vec::new();
    for word in line.split_whitespace() {
        let Some((key, value)) = word.split_once('=') else {
            return Err(at.blame(
                format!("`{word}` sets nothing"),
                "write Key=Value, without blanks",
            ));
        };
        if !KEYS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            let help = match did_you_mean(key, KEYS) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the keys are: {}", KEYS.join(", ")),
            };
            return Err(at.blame(format!("the key {key} is not known"), &help));
        }
        fields.push((key, value));
    }
    Ok(fields)
}
