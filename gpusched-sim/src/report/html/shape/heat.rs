//! How full nodes were, few enough to draw.

use super::super::encode::bytes;
use super::super::read::Nodes;
use serde::Serialize;

/// A cell of a node that was not there.
const ABSENT: u8 = 255;

/// Cells tell shares in steps of 1/250.
const FULL: f64 = 250.0;

/// The share of GPUs held, by rows of nodes and columns of time.
#[derive(Debug, Serialize)]
pub(in super::super) struct Heat {
    /// First and last node of each row, GPUs, mean share over the run.
    pub(in super::super) rows: Vec<(String, String, u32, f64)>,
    /// Seconds at which columns begin, and the last one ends.
    pub(in super::super) edges: Vec<f64>,
    /// Row by row, a byte per cell, as base64.
    pub(in super::super) cells: String,
}

/// At most `most` rows: neighbours in the node list share a row where there are more nodes, which
/// then shows the share held of all their GPUs.
pub(in super::super) fn heat(nodes: &Nodes, closed: f64, most: usize) -> Heat {
    let per_row = nodes.names.len().div_ceil(most.max(1)).max(1);
    let mut edges = nodes.starts.clone();
    edges.push(closed);
    let spans: Vec<f64> = edges.windows(2).map(|two| two[1] - two[0]).collect();
    let mut rows = Vec::new();
    let mut cells = Vec::new();
    for first in (0..nodes.names.len()).step_by(per_row) {
        let last = (first + per_row).min(nodes.names.len()) - 1;
        let (mut held, mut there) = (0.0, 0.0);
        for (bin, span) in spans.iter().enumerate() {
            let (mut of_bin, mut gpus) = (0.0, 0.0);
            for node in first..=last {
                if let Some(here) = nodes.held[node][bin] {
                    of_bin += here;
                    gpus += f64::from(nodes.gpus[node]);
                }
            }
            held += of_bin * span;
            there += gpus * span;
            cells.push(match gpus > 0.0 {
                true => (of_bin / gpus * FULL).round().min(FULL) as u8,
                false => ABSENT,
            });
        }
        rows.push((
            nodes.names[first].clone(),
            nodes.names[last].clone(),
            nodes.gpus[first..=last].iter().sum(),
            if there > 0.0 { held / there } else { 0.0 },
        ));
    }
    Heat {
        rows,
        edges,
        cells: bytes(&cells),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Nodes {
        Nodes {
            names: ["a", "b", "c"].map(String::from).to_vec(),
            gpus: vec![2, 2, 4],
            starts: vec![0.0, 10.0],
            held: vec![
                vec![Some(2.0), Some(0.0)],
                vec![Some(0.0), None],
                vec![Some(1.0), Some(4.0)],
            ],
        }
    }

    #[test]
    fn a_row_per_node_where_there_is_room() {
        let heat = heat(&nodes(), 20.0, 3);
        assert_eq!(heat.edges, [0.0, 10.0, 20.0]);
        assert_eq!(heat.cells, bytes(&[250, 0, 0, 255, 63, 250]));
        assert_eq!(heat.rows[2], ("c".into(), "c".into(), 4, 0.625));
    }

    #[test]
    fn neighbours_share_a_row_weighted_by_their_gpus() {
        let heat = heat(&nodes(), 20.0, 2);
        // Half of four GPUs; then only `a` is there, and idle.
        assert_eq!(heat.cells, bytes(&[125, 0, 63, 250]));
        assert_eq!(heat.rows[0], ("a".into(), "b".into(), 4, 2.0 / 6.0));
    }
}
