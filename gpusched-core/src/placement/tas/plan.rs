//! What a topology request means in a tree: its levels and slices.

use super::counts::Slicing;
use super::failure::Failure;
use super::tree::Tree;
use crate::queueing::kueue::objects::{SliceLayer, TopologyMode, TopologyRequest};

/// A topology request, resolved to levels.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Where the search begins.
    pub(super) level: usize,
    /// All pods in one domain of that level.
    pub(super) required: bool,
    /// Anywhere: the smallest domains first, and never a wider level.
    pub(super) unconstrained: bool,
    pub(super) slicing: Slicing,
    /// All layers, if there are inner ones.
    pub(super) layers: Vec<SliceLayer>,
}

/// The level a request is about: what it names, the widest for slices alone, the narrowest for
/// pods that may be anywhere. `None` when nothing is asked for.
fn level<'t>(tree: &'t Tree, request: &'t TopologyRequest) -> Option<&'t String> {
    match &request.mode {
        TopologyMode::Required(level) | TopologyMode::Preferred(level) => Some(level),
        _ if !request.slices.is_empty() => tree.levels.first(),
        TopologyMode::Unconstrained => tree.levels.last(),
        TopologyMode::SlicesOnly => None,
    }
}

impl Plan {
    /// `request` is `None` where the queue implies one: pods may be anywhere. O(levels · layers).
    pub(super) fn new(tree: &Tree, request: Option<&TopologyRequest>) -> Result<Plan, Failure> {
        let slices = request.map_or(&[][..], |request| &request.slices);
        let size = match slices.first() {
            None => 1,
            Some(layer) if layer.size <= 0 => return Err(Failure::SliceSizeMissing),
            Some(layer) => i64::from(layer.size),
        };
        let name = match request {
            None => tree.levels.last(),
            Some(request) => level(tree, request),
        };
        let name = name.ok_or(Failure::LevelMissing)?;
        let level = tree
            .level(name)
            .ok_or_else(|| Failure::UnknownLevel(name.clone()))?;
        let slice_level = match slices.first() {
            None => tree.lowest(),
            Some(layer) => tree
                .level(&layer.topology)
                .ok_or_else(|| Failure::UnknownSliceLevel(layer.topology.clone()))?,
        };
        if level > slice_level {
            return Err(Failure::SliceAbove {
                slice: tree.levels[slice_level].clone(),
                level: name.clone(),
            });
        }
        let constrained = |request: &TopologyRequest| {
            matches!(
                request.mode,
                TopologyMode::Required(_) | TopologyMode::Preferred(_)
            )
        };
        Ok(Plan {
            level,
            required: request
                .is_some_and(|request| matches!(request.mode, TopologyMode::Required(_))),
            unconstrained: !request.is_some_and(constrained),
            slicing: Slicing {
                size,
                level: slice_level,
                inner: inner(tree, size, slice_level, slices)?,
            },
            layers: match slices.len() {
                0 | 1 => Vec::new(),
                _ => slices.to_vec(),
            },
        })
    }

    /// Whether a tree has every level a request names.
    pub(super) fn possible(tree: &Tree, request: &TopologyRequest) -> bool {
        let has = |name: &String| tree.level(name).is_some();
        level(tree, request).is_some_and(has)
            && request.slices.iter().all(|layer| has(&layer.topology))
    }
}

/// By level, the pods that stay together below the widest slice: an inner layer also holds for the
/// levels between it and the layer around it.
fn inner(tree: &Tree, size: i64, level: usize, slices: &[SliceLayer]) -> Result<Vec<i64>, Failure> {
    let (mut parent, mut above) = (size, level);
    let mut sizes = Vec::new();
    for layer in slices.iter().skip(1) {
        let level = tree
            .level(&layer.topology)
            .ok_or_else(|| Failure::UnknownLayerLevel(layer.topology.clone()))?;
        if level <= above {
            return Err(Failure::LayerNotLower {
                layer: layer.topology.clone(),
                above: tree.levels[above].clone(),
            });
        }
        let size = i64::from(layer.size);
        if size <= 0 || parent % size != 0 {
            return Err(Failure::LayerSize { size, parent });
        }
        sizes.resize(above + 1, 1);
        sizes.resize(level + 1, size);
        (parent, above) = (size, level);
    }
    Ok(sizes)
}
