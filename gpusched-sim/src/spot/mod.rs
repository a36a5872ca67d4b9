//! Spot traces from files: when instances of a pool were there.
//!
//! | file | reads |
//! |---|---|
//! | `series.rs` | a CSV of run-length coded series, one per row |
//! | `json.rs` | one series as SkyPilot publishes it: `{"metadata": {"gap_seconds": …}, "data": […]}` |
//! | `summary.rs` | a CSV of statistics per series, to check the other two against |
//! | `prices.rs` | recorded prices: our CSV, or what AWS exports |
//! | `deadline.rs` | a job with a deadline on such series, under every policy |
//! | `fleet.rs` | nodes that were added and removed: Bamboo's CSV and Parcae's JSON lines |
//!
//! Which way round ones are is for the caller to say ([`Polarity`]): the files do not, and the
//! published copies disagree. A summary is the one thing that can tell.
//!
//! [`Polarity`]: gpusched_core::provisioning::spot::Polarity

mod deadline;
mod fleet;
mod json;
mod prices;
mod series;
mod summary;

pub use deadline::{DeadlineQuestion, PolicyRow, SeriesAnswer, deadline};
pub use fleet::{Fleet, read_bamboo, read_parcae};
pub use json::read_json;
pub use prices::{PriceHistory, read_price_export, read_prices};
pub use series::{Series, read_series};
pub use summary::{Statistics, read_summary};
