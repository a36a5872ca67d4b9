//! `occupancy.csv`: nodes, and how full they were.

use super::each_row;
use crate::diagnostic::Result;
use crate::trace::table::Table;

/// The nodes of a cluster, and the GPUs held there by bin of time.
#[derive(Debug, Default)]
pub(in super::super) struct Nodes {
    pub(in super::super) names: Vec<String>,
    pub(in super::super) gpus: Vec<u32>,
    /// When each bin begins, s.
    pub(in super::super) starts: Vec<f64>,
    /// By node, then bin; `None` where the node was not there.
    pub(in super::super) held: Vec<Vec<Option<f64>>>,
}

pub(super) fn read(mut table: Table) -> Result<Nodes> {
    let (node, gpus) = (table.column("node")?, table.column("gpus")?);
    let names: Vec<String> = table.columns().to_vec();
    let bins: Vec<(f64, _)> = names
        .iter()
        .filter_map(|name| Some((name.parse().ok()?, table.optional(name))))
        .collect();
    let mut nodes = Nodes {
        starts: bins.iter().map(|(start, _)| *start).collect(),
        ..Nodes::default()
    };
    each_row(&mut table, |row| {
        let of_node = row.u32(gpus)?;
        // A node without GPUs has none that could be held.
        if of_node == 0 {
            return Ok(());
        }
        nodes.names.push(row.text(node).to_owned());
        nodes.gpus.push(of_node);
        let held = bins.iter().map(|(_, column)| row.optional_f64(*column));
        nodes.held.push(held.collect::<Result<_, _>>()?);
        Ok(())
    })?;
    Ok(nodes)
}
