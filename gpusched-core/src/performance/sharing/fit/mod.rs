//! Fitting the laws to measurements.
//!
//! Least squares throughout, in a written order of operations and with seeded draws, so that the
//! same measurements give the same bits. Errors are taken of *speeds* (of throughput), because
//! that is what decides when a job ends.

mod errors;
mod folds;
mod linear;
mod pairs;

pub use errors::Errors;
pub use folds::folds;
pub use linear::{fit_homogeneous, fit_slices};
pub use pairs::{Observation, PairForm, PairLaw, fit_pairs};

/// Why a law cannot be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The law has two unknowns.
    #[error("measurements on at least two different shares are needed")]
    TooFewShares,
    /// The law has one unknown.
    #[error("a measurement beside at least one neighbour is needed")]
    NoNeighbours,
    /// Times and slowdowns are positive numbers.
    #[error("a measurement is not a positive number")]
    NotPositive,
    /// The best line through the times is not positive on the whole device.
    #[error("the measurements contradict each other: the best law has no positive time")]
    NoLaw,
}
