//! Statistics of replays: what may be concluded from several of them, and from one.
//!
//! A replay is deterministic: an interval needs a source of randomness (seeds, resampled traces,
//! blocks of one trace), and every function here says which one it stands on. All of them are pure;
//! draws come from a generator keyed by a seed.
//!
//! | file | holds |
//! |---|---|
//! | `t.rs` | Student's t on paired differences; the smallest effect so many pairs can show |
//! | `bootstrap.rs` | the BCa bootstrap, widened for few clusters |
//! | `clusters.rs` | means over jobs that depend on each other: days, weeks, users drawn as wholes |
//! | `wilcoxon.rs` | the signed-rank test, exact, ties included |
//! | `holm.rs` | p values of several comparisons |
//! | `survival.rs` | Kaplan–Meier, restricted means: jobs that the horizon cut off |
//! | `warmup.rs` | MSER-5: where the steady state begins |
//! | `ranking.rs` | how sure the order of policies is |
//! | `drawn.rs` | policies that replayed traces drawn from one trace |
//! | `paired.rs` | all of it for policies that ran the same seeds |

mod bootstrap;
mod clusters;
pub mod drawn;
mod holm;
pub mod paired;
mod ranking;
mod survival;
mod t;
mod warmup;
mod wilcoxon;

#[cfg(test)]
mod coverage;

pub use bootstrap::{Bootstrap, bca};
pub use clusters::Clusters;
pub use holm::holm;
pub use ranking::{Stability, stability};
pub use survival::{Curve, Observed, RestrictedMean};
pub use t::{minimal_effect, paired_t};
pub use warmup::{BATCH, Warmup, mser5};
pub use wilcoxon::{SignedRank, signed_rank};

/// An estimate and the interval that holds the truth with a stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies in it, ends included.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Whether it says on which side of `value` the truth is.
    pub fn excludes(&self, value: f64) -> bool {
        !self.holds(value)
    }
}

/// The arithmetic mean; of nothing, not a number.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The unbiased standard deviation of a sample of two or more.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}
