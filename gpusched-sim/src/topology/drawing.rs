//! A topology's graph for other programs: DOT (Graphviz) and JSON.

use gpusched_core::topology::graph::{CableKind, Element, TopoGraph};
use rustc_hash::FxHashMap;
use std::fmt::Write as _;

/// The graph in DOT: nodes are boxes around their devices.
pub fn dot(graph: &TopoGraph) -> String {
    let mut text = String::from("graph topology {\n  node [shape=box, fontsize=10];\n");
    let mut members: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for (_, vertex) in graph.vertices() {
        if let Some(host) = &vertex.host {
            members.entry(host).or_default().push(&vertex.name);
        }
    }
    for (number, host) in graph.hosts().into_iter().enumerate() {
        let _ = writeln!(
            text,
            "  subgraph cluster_{number} {{\n    label={};",
            quoted(host)
        );
        for name in &members[host] {
            let _ = writeln!(text, "    {};", quoted(name));
        }
        text += "  }\n";
    }
    for (_, vertex) in graph.vertices().filter(|(_, vertex)| vertex.host.is_none()) {
        let shape = match vertex.element {
            Element::NvSwitch { .. } => "hexagon",
            _ => "ellipse",
        };
        let _ = writeln!(text, "  {} [shape={shape}];", quoted(&vertex.name));
    }
    for (one, other, cable) in graph.cables() {
        let label = match (cable.kind, cable.gbps > 0.0) {
            (CableKind::NvLink, _) => format!("NV{}", cable.count),
            (_, true) => format!("{:.4} GB/s", cable.total()).replace(".0000", ""),
            (_, false) => String::new(),
        };
        let _ = writeln!(
            text,
            "  {} -- {} [label={}];",
            quoted(&one.name),
            quoted(&other.name),
            quoted(&label)
        );
    }
    text + "}\n"
}

/// The graph as one JSON document: `vertices` and `cables`, which name their ends.
pub fn json(graph: &TopoGraph) -> serde_json::Value {
    let vertices: Vec<_> = graph.vertices().map(|(_, vertex)| vertex).collect();
    let cables: Vec<_> = graph
        .cables()
        .map(|(one, other, cable)| {
            serde_json::json!({
                "from": one.name, "to": other.name, "kind": cable.kind, "count": cable.count,
                "gbps": cable.gbps, "latency_ns": cable.latency_ns, "shared": cable.shared,
            })
        })
        .collect();
    serde_json::json!({ "vertices": vertices, "cables": cables })
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', " ")
    )
}
