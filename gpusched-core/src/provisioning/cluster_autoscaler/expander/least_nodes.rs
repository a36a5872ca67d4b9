//! `least-nodes`: the group that needs fewest nodes.

use super::Expansion;

/// The nodes it would add.
pub(super) fn nodes(option: &Expansion<'_>) -> f64 {
    f64::from(option.nodes)
}
