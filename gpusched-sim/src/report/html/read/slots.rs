//! `mig_holes.csv`: the GPUs that MIG cuts, at the peak.

use super::each_row;
use crate::diagnostic::Result;
use crate::trace::table::{Column, Table};

/// One GPU.
#[derive(Debug)]
pub(in super::super) struct SlotRow {
    pub(in super::super) node: String,
    pub(in super::super) gpu: u32,
    pub(in super::super) board: String,
    /// A character per slot, as the file has it.
    pub(in super::super) slots: String,
    pub(in super::super) instances: String,
}

/// The GPUs that MIG cuts when most slots were in use.
#[derive(Debug, Default)]
pub(in super::super) struct SlotMap {
    /// The instant, s.
    pub(in super::super) at: f64,
    pub(in super::super) gpus: Vec<SlotRow>,
}

pub(super) fn read(mut table: Table) -> Result<SlotMap> {
    let names = ["node", "gpu", "board", "slots", "instances"];
    let mut columns = [Column::ABSENT; 5];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = table.column(name)?;
    }
    let [node, gpu, board, slots, instances] = columns;
    let at = table.column("at_s")?;
    let mut map = SlotMap::default();
    each_row(&mut table, |row| {
        map.at = row.time(at)?.as_secs_f64();
        map.gpus.push(SlotRow {
            node: row.text(node).to_owned(),
            gpu: row.u32(gpu)?,
            board: row.text(board).to_owned(),
            slots: row.text(slots).to_owned(),
            instances: row.text(instances).to_owned(),
        });
        Ok(())
    })?;
    Ok(map)
}
