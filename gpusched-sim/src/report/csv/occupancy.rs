//! `occupancy.csv`: how full each node was over time.

use super::fields::Row;
use crate::metrics::Occupancy;
use gpusched_core::cluster::Inventory;
use std::io::{self, Write};

/// `occupancy.csv`: one row per node in rank order, one column per bin.
///
/// After `node`, `gpu_model` and `gpus`, each column is named with the second at which its bin
/// begins and holds the mean number of GPUs held there until the next column begins, the last one
/// until the close of the run; it is empty where the node did not exist.
///
/// # Errors
/// What the writer reports.
pub fn write_occupancy_csv(
    out: &mut dyn Write,
    occupancy: &Occupancy,
    inventory: &Inventory,
) -> io::Result<()> {
    let mut row = Row::new(out);
    ["node", "gpu_model", "gpus"]
        .iter()
        .try_for_each(|name| row.text(name))?;
    let bins = occupancy.edges.len().saturating_sub(1);
    let mut starts = occupancy.edges.iter().take(bins);
    starts.try_for_each(|start| row.secs(start.0))?;
    row.end()?;
    for (node, held) in inventory.nodes().iter().zip(&occupancy.held_milli) {
        row.text(&node.name)?;
        row.text(&node.gpu_model)?;
        row.show(node.gpus)?;
        for milli in held {
            match milli {
                Some(milli) => row.decimal(i128::from(*milli), 3)?,
                None => row.text("")?,
            }
        }
        row.end()?;
    }
    row.finish()
}
