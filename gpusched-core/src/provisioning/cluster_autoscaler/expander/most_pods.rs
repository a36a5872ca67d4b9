//! `most-pods`: the group that helps most pods.

use super::Expansion;

/// Minus the pods that would find a place.
pub(super) fn missing(option: &Expansion<'_>) -> f64 {
    let pods = option.pods.iter().map(|(_, count)| f64::from(*count));
    -pods.sum::<f64>()
}
