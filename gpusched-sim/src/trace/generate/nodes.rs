//! The cluster a preset is made for.

use super::preset::Preset;
use crate::trace::row::NodeRow;

/// The nodes of `preset`'s cluster, named by model and number; empty when it has none.
///
/// ```
/// use gpusched_sim::trace::generate::{nodes, preset};
/// let cluster = nodes(preset("sample")?);
/// assert!(cluster.iter().any(|node| node.gpu_model == "T4"));
/// # Ok::<(), Box<gpusched_sim::diagnostic::Diagnostic>>(())
/// ```
pub fn nodes(preset: &Preset) -> Vec<NodeRow> {
    let mut rows = Vec::new();
    for group in preset.cluster {
        let pool = if group.model.is_empty() {
            "gpu".to_owned()
        } else {
            group.model.to_lowercase()
        };
        for _ in 0..group.nodes {
            rows.push(NodeRow {
                node: format!("n{:04}-{pool}", rows.len() + 1),
                pool: pool.clone(),
                gpu_model: group.model.to_owned(),
                gpu: group.gpus,
                cpu_milli: group.cpu_milli,
                mem_mib: group.mem_mib,
                ..NodeRow::default()
            });
        }
    }
    rows
}
