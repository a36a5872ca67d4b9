//! What `provision what-if` prints for people.

use super::super::terminal::count;
use super::what_if::{instant, reason};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::karpenter::SolveError;
use gpusched_core::provisioning::karpenter::disruption::Method;
use gpusched_core::provisioning::karpenter::labels::{CAPACITY_TYPE, INSTANCE_TYPE, ZONE};
use gpusched_core::units::Time;
use gpusched_sim::manifest::KarpenterState;
use gpusched_sim::provision::{
    Home, NodeReport, NodeStory, Planned, PodStory, Story, Verdict, WhatIf,
};

/// The whole answer.
pub(super) fn table(what_if: &WhatIf<'_>, state: &KarpenterState, asked_at: bool) -> String {
    let (planned, homes) = (what_if.planned(), what_if.homes());
    let mut text = format!("Karpenter v1.14.1, {}\n", when(what_if, state, asked_at));
    let dated = match &state.dated {
        Some((from, to)) if from == to => format!(", prices of {from}"),
        Some((from, to)) => format!(", prices of {from} to {to}"),
        None => String::new(),
    };
    let overlaid = if state.overlaid {
        ", changed by NodeOverlays"
    } else {
        ""
    };
    text += &format!("Instance types of {}{dated}{overlaid}\n", state.catalog);
    text += &format!(
        "{}, {}, {} to place\n",
        count(state.pools.len() as u64, "NodePool"),
        count(state.nodes.len() as u64, "node"),
        count(homes.len() as u64, "pod"),
    );
    text += "\nNODES TO MAKE\n";
    text += &match planned.is_empty() {
        true => "  none\n".to_owned(),
        false => made(&planned),
    };
    text += "\nPODS THAT WAIT\n";
    if homes.is_empty() {
        text += "  none\n";
    }
    for (pod, home) in &homes {
        text += &format!("  {} -> {}\n", pod.key(), destination(home));
    }
    text += "\nDISRUPTION\n  now: ";
    text += &match what_if.next() {
        None => "nothing\n".to_owned(),
        Some((method, nodes, replacements)) => {
            let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
            format!("{}\n", action(method, &names.join(", "), &replacements))
        }
    };
    let reports = what_if.reports();
    if !reports.is_empty() {
        text += "\n  each node by itself:\n";
        text += &nodes(&reports);
    }
    text
}

fn when(what_if: &WhatIf<'_>, state: &KarpenterState, asked_at: bool) -> String {
    match (asked_at, state.latest) {
        (true, _) => format!("as of {}", instant(what_if.now())),
        (false, Time::ZERO) => {
            "at no particular time: the manifests tell none, and everything is taken to be old"
                .into()
        }
        (false, _) => format!(
            "as of {}, the newest instant the manifests tell (--at says another)",
            instant(what_if.now())
        ),
    }
}

/// Left-aligned columns, but for numbers, which end in the same place.
pub(super) fn columns(rows: &[Vec<String>], right: &[usize]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            line += &match right.contains(&column) {
                true => format!("  {cell:>width$}"),
                false => format!("  {cell:<width$}"),
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn made(planned: &[Planned]) -> String {
    let head = [
        "node",
        "NodePool",
        "instance type",
        "zone",
        "bought",
        "USD/h",
        "pods",
        "types",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (number, one) in planned.iter().enumerate() {
        let [of, zone, way, price] = match &one.choice {
            Some(choice) => [
                choice.instance_type.clone(),
                choice.zone.clone(),
                choice.capacity_type.to_string(),
                usd(choice.price),
            ],
            None => [
                "nothing to be had".into(),
                "-".into(),
                "-".into(),
                "-".into(),
            ],
        };
        let (pods, types) = (one.pods.len().to_string(), one.types.to_string());
        rows.push(vec![
            new(number),
            one.pool.clone(),
            of,
            zone,
            way,
            price,
            pods,
            types,
        ]);
    }
    let total: Price = planned
        .iter()
        .filter_map(|one| one.choice.as_ref())
        .map(|one| one.price)
        .sum();
    columns(&rows, &[5, 6, 7]) + &format!("  together {} USD/h\n", usd(total))
}

fn nodes(reports: &[NodeReport<'_>]) -> String {
    let head = [
        "node",
        "NodePool",
        "instance type",
        "zone",
        "bought",
        "USD/h",
        "pods",
        "",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in reports {
        let label = |key: &str| {
            one.node
                .labels
                .get(key)
                .map_or("-", String::as_str)
                .to_owned()
        };
        let verdict = match &one.verdict {
            Verdict::Goes {
                method,
                replacements,
            } => action(*method, "", replacements),
            Verdict::Stays(why) => format!("stays: {}", reason(why)),
        };
        let said = one.node.drifted.as_ref();
        let drifted = said.map_or(String::new(), |why| {
            format!(" (its NodeClaim says Drifted: {why})")
        });
        rows.push(vec![
            one.node.name.clone(),
            one.node.pool.clone().unwrap_or_else(|| "-".into()),
            label(INSTANCE_TYPE),
            label(ZONE),
            label(CAPACITY_TYPE),
            one.price.map_or_else(|| "-".into(), usd),
            one.pods.to_string(),
            verdict + &drifted,
        ]);
    }
    columns(&rows, &[5, 6])
}

fn usd(price: Price) -> String {
    format!("{:.4}", price.as_usd())
}

/// What a node that is to be made is called.
pub(super) fn new(number: usize) -> String {
    format!("new-{}", number + 1)
}

fn destination(home: &Home) -> String {
    match home {
        Home::Node(node) => node.clone(),
        Home::New(number) => new(*number),
        Home::Nowhere(error) => format!("nowhere{}", explained(error)),
    }
}

/// Why not; what several pools say each on its own line.
fn explained(error: &SolveError) -> String {
    match error {
        SolveError::Pools(all) => {
            let lines = all
                .iter()
                .map(|(pool, error)| format!("\n      NodePool {pool}: {error}"));
            lines.collect()
        }
        other => format!(": {other}"),
    }
}

fn action(method: Method, nodes: &str, replacements: &[Planned]) -> String {
    let by = method_name(method);
    let nodes = if nodes.is_empty() {
        String::new()
    } else {
        format!(" {nodes}")
    };
    match replacements {
        [] => format!("delete{nodes} ({by})"),
        some => {
            let by_what: Vec<String> = some.iter().map(bought).collect();
            format!("replace{nodes} by {} ({by})", by_what.join(" and "))
        }
    }
}

fn bought(one: &Planned) -> String {
    match &one.choice {
        Some(choice) => format!(
            "{} {} in {} at {} USD/h",
            choice.capacity_type,
            choice.instance_type,
            choice.zone,
            usd(choice.price)
        ),
        None => format!("a node of {} that cannot be had", one.pool),
    }
}

/// A method in Karpenter's words.
pub(super) fn method_name(method: Method) -> &'static str {
    match method {
        Method::Emptiness => "emptiness",
        Method::Drift => "drift",
        Method::MultiNode => "multi-node consolidation",
        Method::SingleNode => "single-node consolidation",
    }
}

/// What is known of what was asked about.
pub(super) fn story(story: &Story<'_>) -> String {
    match story {
        Story::Pod(story) => pod(story),
        Story::Node(story) => node(story),
    }
}

fn said(answer: &Result<(), SolveError>) -> String {
    match answer {
        Ok(()) => "takes it".into(),
        Err(error) => format!("no: {error}"),
    }
}

fn pod(story: &PodStory<'_>) -> String {
    let mut text = format!("Pod {} -> ", story.pod.key());
    text += &match &story.home {
        Home::Nowhere(_) => "nowhere".to_owned(),
        home => destination(home),
    };
    text += "\nIt goes to the first that takes it, in this order; said when it was last tried";
    text += if story.relaxed {
        ", with preferences given up.\n"
    } else {
        ".\n"
    };
    let sections: [(&str, Vec<(String, String)>); 3] = [
        (
            "nodes there are",
            story
                .nodes
                .iter()
                .map(|(name, answer)| (name.clone(), said(answer)))
                .collect(),
        ),
        (
            "nodes to be made already, fewest pods first",
            story
                .claims
                .iter()
                .map(|(number, answer)| (new(*number), said(answer)))
                .collect(),
        ),
        (
            "NodePools, for a new node",
            story
                .pools
                .iter()
                .map(|(pool, answer)| (pool.clone(), said(answer)))
                .collect(),
        ),
    ];
    for (title, lines) in sections {
        text += &format!("\n{title}:\n");
        if lines.is_empty() {
            text += "  none\n";
        }
        for (name, answer) in lines {
            text += &format!("  {name}: {answer}\n");
        }
    }
    text
}

fn node(story: &NodeStory<'_>) -> String {
    let mut text = format!(
        "Node {}\n\nwhat would become of it by itself:\n",
        story.node.name
    );
    for (method, answer) in &story.methods {
        text += &match answer {
            Ok(replacements) if replacements.is_empty() => format!("  {method}: it goes\n"),
            Ok(replacements) => {
                let by: Vec<String> = replacements.iter().map(bought).collect();
                format!("  {method}: it is replaced by {}\n", by.join(" and "))
            }
            Err(why) => format!("  {method}: it stays: {}\n", reason(why)),
        };
    }
    text += "\nwhere its pods would go if it went:\n";
    if story.moves.is_empty() {
        text += "  it has none that would have to move\n";
    }
    for (pod, home) in &story.moves {
        text += &format!("  {} -> {}\n", pod.key(), destination(home));
    }
    text
}
