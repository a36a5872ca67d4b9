//! What nodes offer: their boards, their layouts, and the profiles of each model.

use super::{MOST_GPUS, MigMode};
use crate::cluster::{InventoryError, Node};
use crate::gpu::mig::{
    BOARDS, Geometry, GpuLayout, Held, Media, ProfileRow, ProfileSet, board_of_model,
};
use crate::ids::ModelId;
use crate::units::MILLI;
use crate::workload::Shape;
use std::sync::Arc;

/// The profiles the nodes of one model can offer.
pub(in crate::cluster) type Offer = ProfileSet;

type Survey = (Vec<Option<Arc<Geometry>>>, Vec<Offer>);

/// Checks how the nodes are cut, and collects what each model offers.
pub(in crate::cluster) fn survey(
    nodes: &[Node],
    models: &[(String, u32)],
    model_of: &[ModelId],
) -> Result<Survey, InventoryError> {
    let mut geometries: Vec<Option<Arc<Geometry>>> = vec![None; models.len()];
    let mut offers = vec![ProfileSet::default(); models.len()];
    for (node, model) in nodes.iter().zip(model_of) {
        if node.mig == MigMode::Off {
            continue;
        }
        if node.gpus > MOST_GPUS {
            return Err(InventoryError::TooManyMig {
                node: node.name.clone(),
                gpus: node.gpus,
            });
        }
        let geometry = match &geometries[model.index()] {
            Some(known) => known.clone(),
            None => Arc::new(geometry_of(node)?),
        };
        let offered = match &node.mig {
            MigMode::Layout(layouts) => check_layouts(node, &geometry, layouts)?,
            MigMode::Batched => geometry.base(),
            _ => plain(&geometry),
        };
        offers[model.index()].0 |= offered.0;
        geometries[model.index()] = Some(geometry);
    }
    Ok((geometries, offers))
}

fn geometry_of(node: &Node) -> Result<Geometry, InventoryError> {
    let board = board_of_model(&node.gpu_model, node.gpu_mem_mib);
    let board = board.ok_or_else(|| {
        let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
        InventoryError::NotMig {
            node: node.name.clone(),
            model: match node.gpu_model.as_str() {
                "" => "a GPU without a model".into(),
                model => model.into(),
            },
            known: format!("the boards are {}", names.join(", ")),
        }
    })?;
    Geometry::of(board).map_err(|cause| InventoryError::Geometry {
        node: node.name.clone(),
        cause,
    })
}

/// Profiles without media attributes that have a legal start.
fn plain(geometry: &Geometry) -> ProfileSet {
    let rows = geometry.board().rows();
    ProfileSet::of(rows.filter(|&row| {
        geometry.profile(row).media == Media::Plain && !geometry.starts(row).is_empty()
    }))
}

fn check_layouts(
    node: &Node,
    geometry: &Geometry,
    layouts: &[GpuLayout],
) -> Result<ProfileSet, InventoryError> {
    let problem = |gpu: usize, problem: String| InventoryError::Layout {
        node: node.name.clone(),
        gpu,
        problem,
    };
    if layouts.len() > node.gpus as usize {
        return Err(problem(
            layouts.len() - 1,
            format!(
                "there is a layout for it, but the node has {} GPUs",
                node.gpus
            ),
        ));
    }
    let mut offered = ProfileSet::default();
    for (gpu, layout) in layouts.iter().enumerate() {
        if Held::of(geometry, layout.instances()).is_none() {
            return Err(problem(
                gpu,
                format!(
                    "the instances of its layout cannot stand together on {}",
                    geometry.board().name
                ),
            ));
        }
        let rows = layout.instances().iter().map(|instance| instance.profile);
        offered.0 |= ProfileSet::of(rows).0;
    }
    Ok(offered)
}

/// See [`Inventory::smallest_profile`].
pub(in crate::cluster) fn smallest(
    geometry: &Geometry,
    offer: Offer,
    device_mib: u32,
    shape: &Shape,
) -> Option<ProfileRow> {
    let board = geometry.board();
    let enough = |row: &ProfileRow| {
        let profile = board.profile(*row);
        let nominal = || match device_mib {
            0 => u32::MAX,
            mib => mib / u32::from(board.mem_slices()) * u32::from(profile.mem_slices),
        };
        u32::from(profile.slices) * MILLI >= shape.gpu_milli * u32::from(board.slices())
            && profile.memory_mib.unwrap_or_else(nominal) >= shape.gpu_mem_mib
    };
    offer.iter().filter(enough).min_by_key(|&row| {
        let profile = board.profile(row);
        let attributes = profile.media != Media::Plain;
        (geometry.size(row), profile.slices, attributes, row)
    })
}
