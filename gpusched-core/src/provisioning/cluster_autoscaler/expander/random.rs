//! `random`: one of the groups that are left.

use super::{Filtered, Setting};
use rand::Rng;
use rand_pcg::Pcg64;

/// Tells these draws from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"autoscaler/draws");

/// One option, drawn uniformly (upstream: from the clock's seed). The draw is keyed by seed and by
/// what tells it from others, so nothing else shifts it.
pub(super) fn filter(left: &[usize], setting: &Setting<'_>) -> Filtered {
    let rated = left.iter().map(|at| (*at, None)).collect();
    if left.len() <= 1 {
        return (rated, left.to_vec());
    }
    let key = u128::from(setting.seed) << 64 | u128::from(setting.draw);
    let bits = Pcg64::new(key, PURPOSE).next_u64();
    let drawn = (u128::from(bits) * left.len() as u128) >> 64;
    (rated, vec![left[drawn as usize]])
}
