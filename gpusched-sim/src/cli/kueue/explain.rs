//! `gpusched kueue explain`: the quota trees.

use super::super::args::{FormatArg, KueueExplainArgs};
use super::super::failure::Outcome;
use super::super::terminal;
use super::read;
use super::tree::{Line, Node, nodes};
use gpusched_core::kube::Quantity;
use gpusched_core::queueing::kueue::Amount;
use serde_json::{Value, json};

/// Names of the numbers of a line, in order.
const COLUMNS: [&str; 7] = [
    "nominal",
    "borrowing limit",
    "lending limit",
    "used",
    "borrowed",
    "lent",
    "available",
];

/// Runs the verb.
pub(super) fn explain(args: &KueueExplainArgs) -> Outcome {
    let manifests = read(&args.input.manifests)?;
    let nodes = nodes(&manifests);
    match args.format.unwrap_or(FormatArg::Table) {
        FormatArg::Table => terminal::print_text(&table(&nodes)),
        FormatArg::Json => {
            let nodes: Vec<Value> = nodes.iter().map(node_json).collect();
            terminal::print(&format!("{:#}\n", Value::Array(nodes)))
        }
        FormatArg::Csv => terminal::print_text(&csv(&nodes)),
    }
}

/// The numbers of a line as Kubernetes writes them; empty where there is no limit.
fn numbers(line: &Line) -> [String; 7] {
    let text = |amount: Amount| match amount.is_unlimited() {
        true => "unlimited".to_owned(),
        false => Quantity::of_resource(&line.resource, amount.0).to_string(),
    };
    let limit = |limit: Option<Amount>| limit.map(text).unwrap_or_default();
    [
        text(line.nominal),
        limit(line.borrowing_limit),
        limit(line.lending_limit),
        text(line.used),
        text(line.borrowed),
        text(line.lent),
        text(line.available),
    ]
}

fn kind(node: &Node) -> &'static str {
    match node.is_cohort {
        true => "Cohort",
        false => "ClusterQueue",
    }
}

/// For people: a tree of headings with the numbers below each.
fn table(nodes: &[Node]) -> String {
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        for line in &node.lines {
            let mut row = vec![format!("{} {}", line.resource, line.flavor)];
            row.extend(numbers(line).map(|text| match text.as_str() {
                "" => "-".to_owned(),
                _ => text,
            }));
            rows.push((at, row));
        }
    }
    let headings = COLUMNS.iter().map(|name| name.to_string());
    let header: Vec<String> = std::iter::once("resource, flavor".to_owned())
        .chain(headings)
        .collect();
    let indent = |at: usize| 2 * nodes[at].depth + 2;
    let first = rows.iter().map(|(at, row)| indent(*at) + width(&row[0]));
    let first = first.chain([width(&header[0])]).max().unwrap_or_default();
    let widths: Vec<usize> = (1..header.len())
        .map(|column| {
            let cells = rows.iter().map(|(_, row)| width(&row[column]));
            cells.chain([width(&header[column])]).max().unwrap_or(0)
        })
        .collect();
    let line = |indent: usize, row: &[String]| {
        let mut text = format!("{:indent$}{:2$}", "", row[0], first - indent);
        for (cell, width) in row[1..].iter().zip(&widths) {
            text += &format!("  {cell:>width$}");
        }
        text + "\n"
    };
    let mut text = line(0, &header);
    let mut rows = rows.iter().peekable();
    for (at, node) in nodes.iter().enumerate() {
        let indent_node = 2 * node.depth;
        text += &format!("{:indent_node$}{} {}\n", "", kind(node), node.name);
        for why in &node.inactive {
            text += &format!("{:indent_node$}  inactive ({}): {why}\n", "", why.reason);
        }
        while let Some((_, row)) = rows.next_if(|(of, _)| *of == at) {
            text += &line(indent(at), row);
        }
    }
    text
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn csv(nodes: &[Node]) -> String {
    let mut text = "kind,name,depth,flavor,resource,nominal,borrowing_limit,lending_limit,used,borrowed,lent,available\n".to_owned();
    for node in nodes {
        for line in &node.lines {
            let start = [
                kind(node),
                &node.name,
                &node.depth.to_string(),
                &line.flavor,
                &line.resource,
            ]
            .join(",");
            text += &format!("{start},{}\n", numbers(line).join(","));
        }
    }
    text
}

fn node_json(node: &Node) -> Value {
    let lines = node.lines.iter().map(|line| {
        let mut fields = json!({"flavor": line.flavor, "resource": line.resource});
        for (name, value) in COLUMNS.iter().zip(numbers(line)) {
            fields[name.replace(' ', "_")] = match value.as_str() {
                "" => Value::Null,
                _ => Value::String(value),
            };
        }
        fields
    });
    json!({
        "kind": kind(node),
        "name": node.name,
        "depth": node.depth,
        "inactive": node.inactive.iter().map(|why| why.reason.to_string()).collect::<Vec<_>>(),
        "quota": lines.collect::<Vec<_>>(),
    })
}
