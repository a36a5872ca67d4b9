//! The efficiency table of SimAI, which nothing here is fitted to.

use super::super::Sheet;
use super::data;
use super::platforms::platforms;
use crate::conformance::Unreadable;
use gpusched_core::performance::collective::{Collective, Group, Law};
use gpusched_core::performance::sharing::fit::Errors;
use std::path::Path;

/// Compares the share of the bandwidth of endless messages that is reached, on nodes of eight H100:
/// the table does not say on which nodes it holds (assumed).
pub(super) fn run(dir: &Path, law: &Law, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section(
        "Share of bandwidth reached at a size, beside SimAI's table for cards (not fitted)",
    )?;
    let rows = data::simai(dir)?;
    let nodes = platforms()
        .into_iter()
        .find(|platform| platform.name.starts_with("64 GPU IB"));
    let Some(example) = nodes else {
        return Ok(());
    };
    for nodes in [2, 4, 8, 16, 32, 64, 128] {
        let pairs: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| row.table == "nic")
            .filter_map(|row| {
                let columns = [row.n2, row.n4, row.n8, row.n16, row.n32, row.n64, row.n128];
                let seen = columns[f64::from(nodes).log2() as usize - 1]?;
                let group = Group {
                    gpus: 8 * nodes,
                    islands: nodes,
                    ..example.group
                };
                let what = Collective::AllReduce;
                let reached = law.bus_bandwidth(&group, what, row.bytes, None);
                Some((reached / law.peak(&group, what, None), seen))
            })
            .collect();
        let errors = Errors::of(&pairs);
        let got = format!("{} sizes: median {:.0} %", errors.points, errors.median);
        sheet.figure(&format!("{nodes} nodes, 16 MiB to 16 GiB"), got, "")?;
    }
    Ok(())
}
