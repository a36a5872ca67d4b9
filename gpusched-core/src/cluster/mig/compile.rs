//! Requests for instances, compiled against one inventory.

use crate::cluster::Inventory;
use crate::gpu::mig::ProfileRow;
use crate::ids::ModelId;
use crate::workload::{MigRequest, Shape};

/// A request for instances, compiled against one inventory.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    /// By model: the row on its board.
    pub(super) rows: Vec<Option<ProfileRow>>,
    /// The profile names asked for, each with the models it is asked of.
    pub(super) names: Vec<(&'static str, u64)>,
}

pub(super) fn compile(shape: &Shape, request: &MigRequest, inventory: &Inventory) -> Compiled {
    let mut names: Vec<(&'static str, u64)> = Vec::new();
    let rows = inventory
        .models()
        .iter()
        .enumerate()
        .map(|(at, (model, _))| {
            let id = ModelId::from(at);
            let geometry = inventory.geometry(id)?;
            let row = match request {
                MigRequest::Profile(name) => geometry.board().by_name(name),
                MigRequest::AtLeast => inventory.smallest_profile(id, shape),
            };
            let row = row.filter(|_| shape.accepts(model))?;
            let name = geometry.profile(row).name;
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, models)) => *models |= 1 << at,
                None => names.push((name, 1 << at)),
            }
            Some(row)
        });
    let rows = rows.collect();
    Compiled { rows, names }
}
