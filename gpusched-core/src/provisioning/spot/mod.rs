//! Spot capacity: when it is there, what it costs, and what to do with it.
//!
//! | file | holds |
//! |---|---|
//! | `availability.rs` | a series of ticks that says how many instances a pool has |
//! | `market.rs`, `trace_market.rs`, `price_market.rs`, `renewal.rs` | what a pool offers at an instant: from a trace, from prices, or drawn |
//! | `deadline.rs` | a job with a deadline on spot and on-demand, tick by tick |
//! | `policies/` | who decides between the two, one file per policy |
//! | `bound.rs` | what no schedule can beat |
//! | `checkpoint.rs` | how often to save |

mod availability;
mod bound;
pub mod checkpoint;
mod deadline;
mod market;
pub mod policies;
mod price_market;
mod renewal;
mod trace_market;

pub(in crate::provisioning) use super::draw::scatter;
pub use availability::{Availability, AvailabilityError, Polarity};
pub use bound::cheapest;
pub use deadline::{Choice, DeadlineJob, DeadlinePolicy, Holding, Moment, Outcome, Prices, replay};
pub use market::{PoolId, PriceSeries, Quote, SpotMarket};
pub use price_market::{PriceMarket, PricePool};
pub use renewal::{Lengths, Renewal, RenewalPool};
pub use trace_market::{TraceMarket, TracePool};
