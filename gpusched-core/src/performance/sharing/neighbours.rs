//! How neighbours on one device slow each other down.
//!
//! * **MPS**: every neighbour adds its own amount, `slowdown_i = 1 + Σ_j S_i·P_j`: what job *i*
//!   feels (sensitivity) of what job *j* does (pressure). Jobs of one kind: `1 + u·(p − 1)`.
//! * **Time-slicing**: everybody waits for everybody's turn, and changing turns costs 11 %.
//! * **MIG**: nobody feels anybody. Two exceptions are known and *not* modelled, for want of a
//!   measured law: jobs bound by the host link, which instances share, and a board at its power
//!   limit, which lowers the clock of all.

use super::Speed;
use crate::gpu::sharing::{Evidence, Sourced};
use serde::{Deserialize, Serialize};

/// Most factors a fit uses: on the Gavel pairs a second one halves the error, and no set at hand
/// is large enough to tell a third from noise.
pub const RANK: usize = 2;

/// What one job feels and does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vectors {
    /// What it feels of each kind of pressure.
    pub sensitivity: [f64; RANK],
    /// What it does to others, by kind.
    pub pressure: [f64; RANK],
}

impl Vectors {
    /// A job of which only one number is known: the slowdown `1 + u` beside one of its own kind.
    pub fn homogeneous(u: f64) -> Vectors {
        Vectors {
            sensitivity: [1.0, 0.0],
            pressure: [u, 0.0],
        }
    }

    /// What this job feels of one neighbour; never less than nothing.
    pub fn felt_from(&self, neighbour: &Vectors) -> f64 {
        let products = self.sensitivity.iter().zip(&neighbour.pressure);
        products.map(|(s, p)| s * p).sum::<f64>().max(0.0)
    }
}

/// Slowdown of a job beside `neighbours` under MPS.
///
/// ```
/// use gpusched_core::performance::sharing::neighbours::{mps_slowdown, Vectors};
/// let detector = Vectors::homogeneous(0.432);
/// assert_eq!(mps_slowdown(&detector, [&detector; 4]), 1.0 + 4.0 * 0.432);
/// ```
pub fn mps_slowdown<'a>(job: &Vectors, neighbours: impl IntoIterator<Item = &'a Vectors>) -> f64 {
    neighbours
        .into_iter()
        .fold(1.0, |slowdown, other| slowdown + job.felt_from(other))
}

/// Slowdown of each of `clients` jobs of one kind under MPS, with `u` added by each neighbour.
pub fn homogeneous_slowdown(u: f64, clients: u32) -> f64 {
    1.0 + u * f64::from(clients.saturating_sub(1))
}

/// Clients up to which a `u` fitted on pairs is good for about 7 %; fit on more beyond.
pub const TRUSTED_CLIENTS: Sourced<u32> = Sourced::new(
    3,
    Evidence::Measured,
    "ParvaGPU profiles: from 2 clients, 3 are predicted within 7 %, 4 within 14 %, 5 within 22 %",
);

/// What taking turns costs: the factor on everybody's time as soon as two share a device.
pub const TURN_COST: Sourced<f64> = Sourced::new(
    1.11,
    Evidence::Measured,
    "nos, YOLOS-small on A100-80: 1.1085 / 1.1094 / 1.1099 for 3 / 5 / 7 pods",
);

/// Slowdown of every job on a time-sliced device whose jobs keep it busy for these parts of their
/// time (1 = always). A job alone does not take turns, and nobody is faster than alone.
///
/// ```
/// use gpusched_core::performance::sharing::neighbours::time_slice_slowdown;
/// assert_eq!(time_slice_slowdown(&[1.0]), 1.0);
/// assert_eq!(time_slice_slowdown(&[1.0; 3]), 1.11 * 3.0);
/// ```
pub fn time_slice_slowdown(duties: &[f64]) -> f64 {
    if duties.len() < 2 {
        return 1.0;
    }
    (TURN_COST.value * duties.iter().sum::<f64>()).max(1.0)
}

/// Speed beside neighbours in other MIG instances: that of the instance alone.
pub const MIG_NEIGHBOURS: Sourced<Speed> = Sourced::new(
    Speed::FULL,
    Evidence::Measured,
    "nos, YOLOS-small on 1g.10gb: latency within 1 % for 1, 3, 5 and 7 instances",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_add_up_and_never_help() {
        let quiet = Vectors::default();
        let loud = Vectors {
            sensitivity: [0.5, 1.0],
            pressure: [2.0, 0.25],
        };
        // 0.5·2 + 1·0.25 = 1.25 for each of two.
        assert_eq!(mps_slowdown(&loud, [&loud, &loud, &quiet]), 3.5);
        assert_eq!(mps_slowdown(&quiet, [&loud]), 1.0);
        let helpful = Vectors {
            pressure: [-1.0, 0.0],
            ..loud
        };
        assert_eq!(mps_slowdown(&loud, [&helpful]), 1.0);
    }

    #[test]
    fn one_kind_is_the_special_case() {
        let job = Vectors::homogeneous(0.25);
        assert_eq!(mps_slowdown(&job, [&job; 3]), homogeneous_slowdown(0.25, 4));
        assert_eq!(homogeneous_slowdown(0.25, 1), 1.0);
        assert_eq!(homogeneous_slowdown(0.25, 0), 1.0);
    }

    #[test]
    fn idle_neighbours_cost_no_turns() {
        assert_eq!(time_slice_slowdown(&[]), 1.0);
        assert_eq!(time_slice_slowdown(&[0.2, 0.2]), 1.0);
        assert!((time_slice_slowdown(&[1.0, 0.5]) - 1.665).abs() < 1e-12);
    }
}
