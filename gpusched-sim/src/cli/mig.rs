//! `gpusched mig`: boards, their profiles, and whether a layout can be.

use super::args::MigVerb;
use super::failure::Outcome;
use super::terminal;
use gpusched_core::gpu::mig::{
    BOARDS, Board, Geometry, GpuLayout, Holes, Instance, MigConfig, MigStrategy, advertised, board,
};
use gpusched_sim::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_sim::sharing::device_plugin::{self, Sharing};
use gpusched_sim::sharing::mig_parted;
use std::collections::BTreeMap;

/// Most GPUs of a node that are looked at.
const MOST_GPUS: usize = 64;

/// Runs `mig boards`, `mig show` or `mig check`.
pub(crate) fn mig(verb: MigVerb) -> Outcome {
    match verb {
        MigVerb::Boards => terminal::print(&boards()),
        MigVerb::Show { board } => terminal::print(&show(find(&board)?)),
        MigVerb::Check {
            file,
            config,
            board,
            gpus,
            plugin_config,
            strategy,
        } => {
            let geometry = geometry(find(&board)?)?;
            let gpus = count(gpus)?;
            let sharing = match &plugin_config {
                None => None,
                Some(file) => Some(device_plugin::load(file)?),
            };
            let strategy = strategy
                .map(MigStrategy::from)
                .or(sharing.as_ref().map(|config| config.strategy))
                .unwrap_or(MigStrategy::Mixed);
            let node = Node { geometry, gpus };
            let shared = sharing.and_then(|config| config.sharing);
            let text = check(
                &node,
                file.as_deref(),
                config.as_deref(),
                strategy,
                shared.as_ref(),
            )?;
            terminal::print(&text)
        }
    }
}

fn find(name: &str) -> Result<&'static Board> {
    board(name).ok_or_else(|| {
        let names = || BOARDS.iter().map(|board| board.name);
        let all: Vec<&str> = names().collect();
        let help = match did_you_mean(name, names()) {
            Some(near) => format!("did you mean `{near}`? The boards are: {}", all.join(", ")),
            None => format!("the boards are: {}", all.join(", ")),
        };
        Diagnostic::new(format!("`{name}` is no board that MIG can cut"))
            .in_file("--board")
            .help(help)
    })
}

fn geometry(board: &'static Board) -> Result<Geometry> {
    Geometry::of(board).map_err(|error| Diagnostic::new(error.to_string()).in_file("--board"))
}

fn count(gpus: Option<usize>) -> Result<usize> {
    match gpus {
        None => Ok(8),
        Some(gpus @ 1..=MOST_GPUS) => Ok(gpus),
        Some(gpus) => Err(
            Diagnostic::new(format!("a node with {gpus} GPUs cannot be checked"))
                .in_file("--gpus")
                .help(format!("give 1 to {MOST_GPUS}")),
        ),
    }
}

fn boards() -> String {
    let mut text = String::new();
    let width = BOARDS.iter().map(|board| board.name.len()).max();
    for board in BOARDS {
        let profiles: Vec<&str> = board.profiles.iter().map(|profile| profile.name).collect();
        text += &format!(
            "{:width$}  {:<11}  {}\n",
            board.name,
            board.evidence.label(),
            profiles.join(" "),
            width = width.unwrap_or(0)
        );
    }
    text + "\nProfiles and legal starts of one: `gpusched mig show BOARD`\n"
}

fn show(board: &'static Board) -> String {
    let mut text = format!(
        "{}: {} compute slices, {} memory slices; figures: {} ({})\n\n\
         {:<16}{:>4}{:>8}{:>8}{:>10}{:>6}{:>5}  starts\n",
        board.name,
        board.slices(),
        board.mem_slices(),
        board.evidence.label(),
        board.source,
        "profile",
        "id",
        "slices",
        "slots",
        "MiB",
        "SMs",
        "max",
    );
    let known = |value: Option<String>| value.unwrap_or_else(|| "?".into());
    for profile in board.profiles {
        let starts: Vec<String> = profile.starts.iter().map(u8::to_string).collect();
        text += &format!(
            "{:<16}{:>4}{:>8}{:>8}{:>10}{:>6}{:>5}  {}\n",
            profile.name,
            known(profile.smi_id.map(|id| id.to_string())),
            profile.slices,
            known(profile.size.map(|size| size.to_string())),
            known(profile.memory_mib.map(|mib| mib.to_string())),
            known(profile.sms.map(|sms| sms.to_string())),
            profile.max_count,
            if starts.is_empty() {
                "?".into()
            } else {
                starts.join(",")
            },
        );
    }
    text
}

/// A node of equal GPUs.
struct Node {
    geometry: Geometry,
    gpus: usize,
}

fn check(
    node: &Node,
    file: Option<&str>,
    config: Option<&str>,
    strategy: MigStrategy,
    sharing: Option<&Sharing>,
) -> Result<String> {
    let gpus = vec![Some(&node.geometry); node.gpus];
    let Some(path) = file else {
        let built_in = MigConfig::built_in(node.geometry.board());
        let name = config.unwrap_or("all-balanced");
        let layouts = built_in.expand(name, &gpus).map_err(|error| {
            let near = did_you_mean(name, built_in.mig_configs.keys().map(String::as_str));
            let problem = Diagnostic::new(error.to_string()).in_file("--config");
            match near {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => {
                    problem.help("these are the names mig-parted makes; give a file for others")
                }
            }
        })?;
        return Ok(describe(node, name, &layouts, strategy, sharing));
    };
    let file = mig_parted::load(path)?;
    let names: Vec<&str> = match config {
        Some(name) => vec![name],
        None => file.config.mig_configs.keys().map(String::as_str).collect(),
    };
    let mut parts = Vec::new();
    for name in names {
        let layouts = file.expand(name, "(as described)", &gpus)?;
        parts.push(describe(node, name, &layouts, strategy, sharing));
    }
    Ok(parts.join("\n"))
}

fn describe(
    node: &Node,
    name: &str,
    layouts: &[GpuLayout],
    strategy: MigStrategy,
    sharing: Option<&Sharing>,
) -> String {
    let board = node.geometry.board();
    let mut text = format!("{name} on {} × {}\n", node.gpus, board.name);
    let mut first = 0;
    for group in layouts.chunk_by(|one, other| one == other) {
        let last = first + group.len() - 1;
        let numbers = match first == last {
            true => format!("GPU {first}"),
            false => format!("GPUs {first}-{last}"),
        };
        text += &format!("  {numbers:<11} {}\n", picture(&node.geometry, &group[0]));
        first = last + 1;
    }
    let gpus: Vec<_> = layouts
        .iter()
        .map(|layout| (Some(&node.geometry), layout))
        .collect();
    text += &match advertised(strategy, &gpus) {
        Ok(resources) => resources_line(&resources, sharing),
        Err(error) => format!("  advertises  nothing: {error}\n"),
    };
    text
}

/// Slot by slot: who stands where, and what the holes still take.
fn picture(geometry: &Geometry, layout: &GpuLayout) -> String {
    let instances = match layout {
        GpuLayout::Untouched => return "left as it is".into(),
        GpuLayout::Whole => return "whole (MIG mode off)".into(),
        GpuLayout::Mig(instances) => instances,
    };
    let mut slots = vec!["·".to_owned(); usize::from(geometry.units())];
    let mut taken = 0;
    let mut sorted: Vec<&Instance> = instances.iter().collect();
    sorted.sort_by_key(|one| one.start);
    for one in sorted {
        let name = geometry.profile(one.profile).name;
        let from = usize::from(one.start);
        slots[from] = format!("[{name}");
        for slot in &mut slots[from + 1..from + usize::from(geometry.size(one.profile))] {
            *slot = "-".to_owned();
        }
        let end = from + usize::from(geometry.size(one.profile)) - 1;
        slots[end] += "]";
        taken |= geometry.mask(one.profile, one.start);
    }
    let holes = Holes::of(geometry, taken);
    let rest = match (holes.free_units, holes.largest) {
        (0, _) => "full".to_owned(),
        (free, None) => format!("{free} slots free that take nothing"),
        (free, Some(largest)) => {
            let name = geometry.profile(largest).name;
            format!("{free} slots free, room for {name} at most")
        }
    };
    format!("{}   {rest}", slots.join(" "))
}

fn resources_line(resources: &BTreeMap<String, u32>, sharing: Option<&Sharing>) -> String {
    let listed: Vec<String> = resources
        .iter()
        .map(|(name, count)| match sharing {
            None => format!("{name}: {count}"),
            Some(sharing) => {
                let (name, replicas) = sharing.advertised(name);
                format!("{name}: {}", count * replicas)
            }
        })
        .collect();
    match listed.is_empty() {
        true => "  advertises  nothing: no instance stands\n".into(),
        false => format!("  advertises  {}\n", listed.join(", ")),
    }
}
