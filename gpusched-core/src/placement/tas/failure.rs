//! Why pods found no place.

use super::filter::Exclusions;
use std::fmt;

/// Slices of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFit {
    /// Label of the level.
    pub level: String,
    /// Slices that fit into the best domain.
    pub fit: i64,
    /// Slices asked for.
    pub of: i64,
}

/// Why there is no topology assignment. The text is Kueue's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Slices without a size.
    #[error("slice topology requested, but slice size not provided")]
    SliceSizeMissing,
    /// The request names no level and is not implied.
    #[error("topology level not specified")]
    LevelMissing,
    /// The topology has no such level.
    #[error("no requested topology level: {0}")]
    UnknownLevel(String),
    /// The topology has no such level for slices.
    #[error("no requested topology level for slices: {0}")]
    UnknownSliceLevel(String),
    /// Slices would be wider than what holds them.
    #[error("podset slice topology {slice} is above the podset topology {level}")]
    SliceAbove {
        /// Level of the slices.
        slice: String,
        /// Level of the pod set.
        level: String,
    },
    /// The topology has no such level for an inner slice.
    #[error("no requested topology level for additional slice layer: {0}")]
    UnknownLayerLevel(String),
    /// An inner slice is not narrower than the one around it.
    #[error("additional slice layer topology {layer} must be at a lower level than {above}")]
    LayerNotLower {
        /// Level of the inner slice.
        layer: String,
        /// Level of the slice around it.
        above: String,
    },
    /// A slice cannot be made of inner slices.
    #[error("additional slice layer size {size} must evenly divide parent layer size {parent}")]
    LayerSize {
        /// Pods of the inner slice.
        size: i64,
        /// Pods of the slice around it.
        parent: i64,
    },
    /// The topology has no domains.
    #[error("no topology domains at level: {0}")]
    NoDomains(String),
    /// Too little room.
    #[error("{}", shortage(.topology, *.fit, *.of, *.slices, .excluded))]
    DoesNotFit {
        /// Name of the topology.
        topology: String,
        /// Pods or slices that fit.
        fit: i64,
        /// Pods or slices asked for.
        of: i64,
        /// Slices of more than one pod are counted.
        slices: bool,
        /// Nodes that could not be used.
        excluded: Box<Exclusions>,
    },
    /// Too little room for slices within slices.
    #[error("{}", layered(.topology, .layers, .excluded))]
    LayersDoNotFit {
        /// Name of the topology.
        topology: String,
        /// The widest slices first.
        layers: Vec<LayerFit>,
        /// Nodes that could not be used.
        excluded: Box<Exclusions>,
    },
    /// The assignment to repair names a domain that is gone.
    #[error(
        "Cannot replace the node, because the existing topologyAssignment is invalid, as it contains the stale domain {0}"
    )]
    Stale(String),
    /// There is nothing to put in the place of the failed node.
    #[error("cannot find replacement assignment for unhealthy node: {0}")]
    NoReplacement(String),
}

fn shortage(topology: &str, fit: i64, of: i64, slices: bool, excluded: &Exclusions) -> String {
    let unit = if slices { "slice" } else { "pod" };
    match fit {
        0 => format!("topology {topology:?} doesn't allow to fit any of {of} {unit}(s){excluded}"),
        _ => format!(
            "topology {topology:?} allows to fit only {fit} out of {of} {unit}(s){excluded}"
        ),
    }
}

fn layered(topology: &str, layers: &[LayerFit], excluded: &Exclusions) -> String {
    let each: String = layers
        .iter()
        .map(|LayerFit { level, fit, of }| format!("; {fit}/{of} slice(s) fit on level {level}"))
        .collect();
    format!("topology {topology:?} doesn't allow to fit{each}{excluded}")
}

/// The end of a message: nothing when nothing was excluded.
impl fmt::Display for Exclusions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = [
            ("nodeSelector", self.selector),
            ("affinity", self.affinity),
            ("topologyDomain", self.domain),
        ];
        let plain = plain
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(why, count)| format!("{why}: {count}"));
        let quoted = |kind: &'static str| {
            move |(name, count): (&String, &usize)| format!("{kind} {name:?}: {count}")
        };
        let mut all: Vec<String> = plain
            .chain(self.taints.iter().map(quoted("taint")))
            .chain(self.resources.iter().map(quoted("resource")))
            .collect();
        if all.is_empty() {
            return Ok(());
        }
        all.sort();
        write!(
            f,
            ". Total nodes: {}; excluded: {}",
            self.nodes,
            all.join(", ")
        )
    }
}
