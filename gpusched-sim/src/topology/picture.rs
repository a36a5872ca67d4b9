//! Topologies as text: a board as `nvidia-smi topo -m` prints it, a fabric as a tree.

use gpusched_core::topology::{Board, DomainId, Fabric, LevelId, Path, Topology};
use std::fmt::Write as _;

/// The matrix of a board, with the words of `nvidia-smi topo -m`. Of a network card only the GPU
/// nearest to it is kept: how far it is from the others follows from that.
///
/// ```
/// use gpusched_core::topology::board_preset;
/// let board = board_preset("a100-pcie-pairs").unwrap().build(4).unwrap();
/// let text = gpusched_sim::topology::picture::matrix(&board);
/// assert!(text.contains("GPU0   X     NV12  SYS   SYS"), "{text}");
/// ```
pub fn matrix(board: &Board) -> String {
    let gpus = board.gpus();
    let cards = board.nics().len();
    let mut text = format!("{:<7}", "");
    let names = (0..gpus).map(|gpu| format!("GPU{gpu}"));
    let names: Vec<String> = names
        .chain((0..cards).map(|card| format!("NIC{card}")))
        .collect();
    for name in &names {
        let _ = write!(text, "{name:<6}");
    }
    text += "NUMA\n";
    for (one, name) in names.iter().enumerate() {
        let _ = write!(text, "{name:<7}");
        for other in 0..names.len() {
            let _ = write!(text, "{:<6}", cell(board, one, other));
        }
        let numa = match one.checked_sub(gpus) {
            None => board.numa(one),
            Some(card) => board.nics()[card].numa,
        };
        let _ = writeln!(text, "{numa}");
    }
    text
}

/// What joins two devices; GPUs come before cards.
fn cell(board: &Board, one: usize, other: usize) -> String {
    let gpus = board.gpus();
    let numa = |device: usize| match device.checked_sub(gpus) {
        None => board.numa(device),
        Some(card) => board.nics()[card].numa,
    };
    let same_socket = numa(one) == numa(other);
    match (one.min(other), one.max(other)) {
        (one, other) if one == other => "X".to_owned(),
        (one, other) if other < gpus => {
            let link = board.link(one, other);
            match (link.nvlinks, board.switch()) {
                (links @ 1.., _) => format!("NV{links}"),
                (0, Some(switch)) if switch.links > 0 => format!("NV{}", switch.links),
                (0, Some(_)) => "NVS".to_owned(),
                (0, None) => link.path.map_or("?", Path::name).to_owned(),
            }
        }
        (gpu, card) if gpu < gpus && board.nics()[card - gpus].gpu == Some(gpu as u8) => {
            "PIX".to_owned()
        }
        // A card near one GPU is as far from another as that GPU is; where that is not known, and
        // for cards that serve all alike, the sockets tell.
        (gpu, card) if gpu < gpus => {
            let near = board.nics()[card - gpus].gpu;
            let path = near.and_then(|near| board.link(usize::from(near), gpu).path);
            path.map_or(if same_socket { "NODE" } else { "SYS" }, Path::name)
                .to_owned()
        }
        _ if same_socket => "NODE".to_owned(),
        _ => "SYS".to_owned(),
    }
}

/// What a board is, in one line.
pub fn board_line(board: &Board) -> String {
    let mut text = format!("{}: {} GPUs", board.name(), board.gpus());
    if let Some(switch) = board.switch() {
        let _ = write!(text, ", NVSwitch {} GB/s per GPU", switch.gbps_per_gpu);
        if switch.reduces {
            text += " (reduces)";
        }
    }
    let cards = board.nics();
    match cards.first() {
        None => text += ", no network card known",
        Some(_) if board.nic_gbps() == 0.0 => {
            let _ = write!(text, ", {} network cards", cards.len());
        }
        Some(first) => {
            let _ = write!(
                text,
                ", {} network cards of {} GB/s",
                cards.len(),
                first.gbps
            );
        }
    }
    text
}

/// The levels with their counts, then the tree down to `most` lines. `names` are those of nodes.
pub fn tree(topology: &Topology, names: &[&str], most: usize) -> String {
    let fabric = topology.fabric();
    let mut text = String::new();
    let inside = fabric.order().len();
    let _ = writeln!(text, "{} nodes, {} in the tree", fabric.nodes(), inside);
    for (place, level) in fabric.levels().iter().enumerate() {
        let domains = fabric.domains_of(LevelId(place as u8)).map(DomainId);
        let sizes = domains.map(|domain| fabric.nodes_of(domain).len());
        let (mut count, mut least, mut largest) = (0, usize::MAX, 0);
        for size in sizes {
            (count, least, largest) = (count + 1, least.min(size), largest.max(size));
        }
        let nodes = match least == largest {
            true => format!("{least}"),
            false => format!("{least} to {largest}"),
        };
        let _ = write!(
            text,
            "  {:<8}{count} × {} of {nodes} nodes",
            level.scope.name(),
            level.name
        );
        if level.oversubscription > 1.0 {
            let _ = write!(text, ", {}:1 oversubscribed", level.oversubscription);
        }
        text.push('\n');
    }
    if fabric.rails() > 1 {
        let _ = writeln!(
            text,
            "  {} switches side by side in each lowest domain",
            fabric.rails()
        );
    }
    for board in topology.boards() {
        let _ = writeln!(text, "  board   {}", board_line(board));
    }
    let mut lines = Vec::new();
    let top = fabric.domains_of(LevelId(0));
    if !fabric.levels().is_empty() {
        for domain in top.map(DomainId) {
            branch(fabric, names, domain, 0, &mut lines);
        }
        text.push('\n');
    }
    let hidden = lines.len().saturating_sub(most);
    for line in lines.iter().take(most) {
        text += line;
        text.push('\n');
    }
    if hidden > 0 {
        let _ = writeln!(text, "… and {hidden} domains more (`--all` shows them)");
    }
    text
}

fn branch(
    fabric: &Fabric,
    names: &[&str],
    domain: DomainId,
    depth: usize,
    lines: &mut Vec<String>,
) {
    let this = &fabric.domains()[domain.index()];
    let nodes = fabric.nodes_of(domain);
    let below = fabric.children_of(domain);
    let mut line = format!("{}{}  {} nodes", "  ".repeat(depth), this.name, nodes.len());
    if below.is_empty() {
        let shown = nodes
            .iter()
            .take(4)
            .filter_map(|node| names.get(node.index()).copied());
        let shown: Vec<&str> = shown.collect();
        let rest = if nodes.len() > shown.len() {
            " …"
        } else {
            ""
        };
        let _ = write!(line, ": {}{rest}", shown.join(" "));
    }
    lines.push(line);
    for child in below.map(DomainId) {
        branch(fabric, names, child, depth + 1, lines);
    }
}
