//! `--sharing mig:…`: the same trace on GPUs that MIG cuts.
//!
//! | mode | GPUs | who changes them |
//! |---|---|---|
//! | `mig:LAYOUT` | cut as a mig-parted configuration of that name says (`all-balanced`, `all-1g.5gb` …) | nobody |
//! | `mig:dynamic` | cut when a pod is placed; whole while no instance on them is used | every start, at a cost |
//! | `mig:batched` | one instance of the whole board each, at first | nos: a window of 60 s, or 10 s of quiet |
//!
//! A pod that asks for one device, or a share of one, gets one instance: on each board the smallest
//! profile offered whose compute share and usable memory are at least what it asks for. It runs as
//! recorded (assumed: what a pod asks for is what it needs). Where no profile of an acceptable
//! model is large enough it keeps asking for a device; so do pods of several devices, which need
//! GPUs that are not cut. Boards without MIG stay as they are, and take only pods that accept no
//! board with it. A request for a profile by name is taken as it is.

use super::mig_parted::{self, MigParted};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::{Inventory, MigMode, Node};
use gpusched_core::gpu::mig::repartition::nos_geometries;
use gpusched_core::gpu::mig::{
    BOARDS, Board, Geometry, GpuLayout, LayoutError, MigConfig, board_of_model,
};
use gpusched_core::ids::ModelId;
use gpusched_core::workload::{MigRequest, Shape, ShareWay, Workload};
use std::fmt;
use std::sync::Arc;

/// How MIG cuts the GPUs that it can cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigSharing {
    /// By a configuration that stays.
    Layout {
        /// Its name.
        name: String,
        /// The file it stands in; `None` = those mig-parted builds in for each board.
        file: Option<Arc<MigParted>>,
    },
    /// When a pod is placed.
    Dynamic,
    /// By the partitioner of nos, batch by batch.
    Batched,
}

impl MigSharing {
    /// Reads what follows `mig:`.
    pub(super) fn parse(text: &str) -> Result<MigSharing> {
        match text {
            "dynamic" => return Ok(MigSharing::Dynamic),
            "batched" => return Ok(MigSharing::Batched),
            _ => {}
        }
        if let Some((path, name)) = text.split_once('#') {
            let file = mig_parted::load(path)?;
            file.has(name)?;
            return Ok(MigSharing::Layout {
                name: name.to_owned(),
                file: Some(Arc::new(file)),
            });
        }
        let known: Vec<String> = BOARDS
            .iter()
            .flat_map(|board| MigConfig::built_in(board).mig_configs.into_keys())
            .collect();
        if known.iter().any(|name| name == text) {
            return Ok(MigSharing::Layout {
                name: text.to_owned(),
                file: None,
            });
        }
        let names = known.iter().map(String::as_str);
        let help = match did_you_mean(text, names.chain(["dynamic", "batched"])) {
            Some(near) => format!("did you mean `mig:{near}`?"),
            None => "write `mig:dynamic`, `mig:batched`, or a layout of mig-parted such as \
                     `mig:all-balanced` or `mig:all-1g.5gb`; `mig:FILE#NAME` for one of your own"
                .to_owned(),
        };
        Err(Diagnostic::new(format!("`mig:{text}` is no way to cut GPUs")).help(help))
    }

    /// The name of who changes GPUs, as in the table of repartitioners.
    pub fn repartition(&self) -> &'static str {
        match self {
            MigSharing::Layout { .. } => "static",
            MigSharing::Dynamic => "on-demand",
            MigSharing::Batched => "batched",
        }
    }

    /// The machines cut this way.
    ///
    /// # Errors
    /// When no GPU can be cut, when a board does not know the layout or cannot hold it, when nos
    /// does not know a board, or a node has more GPUs than can be cut.
    pub fn cut(&self, inventory: &Inventory) -> Result<Inventory> {
        let modes: Vec<MigMode> = inventory
            .nodes()
            .iter()
            .map(|node| self.mode(node))
            .collect::<Result<_>>()?;
        if modes.iter().all(|mode| *mode == MigMode::Off) {
            let models = inventory.models().iter().map(|(name, _)| name.as_str());
            let models: Vec<&str> = models.filter(|name| !name.is_empty()).collect();
            return Err(Diagnostic::new(format!(
                "`--sharing mig:{self}` needs GPUs that MIG can cut, and this cluster has none"
            ))
            .help(format!(
                "its models are: {}; MIG cuts {}",
                match models.is_empty() {
                    true => "none named".to_owned(),
                    false => models.join(", "),
                },
                boards()
            )));
        }
        inventory
            .recut(modes)
            .map_err(|error| Diagnostic::new(error.to_string()).help(HELP))
    }

    fn mode(&self, node: &Node) -> Result<MigMode> {
        let board = board_of_model(&node.gpu_model, node.gpu_mem_mib);
        let Some(board) = board.filter(|_| node.gpus > 0) else {
            return Ok(MigMode::Off);
        };
        match self {
            MigSharing::Layout {
                name,
                file: Some(file),
            } => {
                let geometry = Geometry::of(board)
                    .map_err(|error| Diagnostic::new(format!("node {}: {error}", node.name)))?;
                let gpus = vec![Some(&geometry); node.gpus as usize];
                let layouts = file.expand(name, &node.name, &gpus)?;
                Ok(MigMode::Layout(layouts))
            }
            MigSharing::Layout { name, file: None } => layout(board, node.gpus, name, None)
                .map_err(|error| {
                    let problem = format!("node {} ({}): {error}", node.name, board.name);
                    Diagnostic::new(problem).help(
                        "name a layout every board of the cluster has, such as \
                         `mig:all-balanced`, or cut nodes one by one with mig_layout in nodes.csv",
                    )
                }),
            MigSharing::Dynamic => Ok(MigMode::OnDemand),
            MigSharing::Batched if nos_geometries(board).is_empty() => Err(Diagnostic::new(
                format!("node {}: nos knows no way to cut {}", node.name, board.name),
            )
            .help("use `mig:dynamic` or a layout")),
            MigSharing::Batched => Ok(MigMode::Batched),
        }
    }
}

/// How to mend what [`Inventory`] finds wrong with cut nodes.
pub(crate) const HELP: &str = "MIG cuts at most eight GPUs a node: give such nodes fewer GPUs, or \
                               leave MIG to others";

/// The boards MIG can cut.
pub(crate) fn boards() -> String {
    let names: Vec<_> = BOARDS.iter().map(|board| board.name).collect();
    names.join(", ")
}

/// A node of `gpus` GPUs cut as the configuration `name` says, from a file or as built in.
pub(crate) fn layout(
    board: &'static Board,
    gpus: u32,
    name: &str,
    file: Option<&MigConfig>,
) -> Result<MigMode, LayoutError> {
    let geometry = Geometry::of(board).map_err(|source| LayoutError::Profile {
        config: name.to_owned(),
        gpu: 0,
        source,
    })?;
    let built_in;
    let file = match file {
        Some(file) => file,
        None => {
            built_in = MigConfig::built_in(board);
            &built_in
        }
    };
    let layouts: Vec<GpuLayout> = file.expand(name, &vec![Some(&geometry); gpus as usize])?;
    Ok(MigMode::Layout(layouts))
}

/// The jobs as they ask for instances of these machines. Shapes keep their ids.
pub(super) fn reinterpret(work: &Workload, inventory: &Inventory) -> Workload {
    let models = inventory.models().len();
    work.reshaped(|shape| {
        let one_device = shape.gpus == 1 && shape.mig.is_none() && shape.allows(ShareWay::Mig);
        let mut models = (0..models).map(ModelId::from);
        match one_device && models.any(|at| inventory.smallest_profile(at, shape).is_some()) {
            true => Shape {
                mig: Some(MigRequest::AtLeast),
                ..shape.clone()
            },
            false => shape.clone(),
        }
    })
}

impl fmt::Display for MigSharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MigSharing::Layout { name, file: None } => f.write_str(name),
            MigSharing::Layout {
                name,
                file: Some(file),
            } => write!(f, "{}#{name}", file.path()),
            MigSharing::Dynamic => f.write_str("dynamic"),
            MigSharing::Batched => f.write_str("batched"),
        }
    }
}
