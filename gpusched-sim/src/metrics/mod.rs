//! What a run was worth: per-job facts, a series over time, and the summary.
//!
//! | file | says |
//! |---|---|
//! | `facts` | what happened to each job of the trace, parts joined |
//! | `summary` | the numbers of a run and their definitions |
//! | `tally` | how they come out of the records |
//! | `cost`, `bill` | what machines cost: the waterfall, and whose the bill is |
//! | `capacity` | offered load and utilisation |
//! | `warm_up` | which jobs count |
//! | `restricted` | means in which the jobs that the close cut off count too |
//! | `groups` | numbers per queue and user |
//! | `quantiles` | exact quantiles |
//! | `mig` | slots of GPUs that MIG cuts: held, wasted, blocked |
//! | `topology` | levels of the network: where gangs ran, what it cost, what was free |
//! | `bins` | what holds over stretches of time, by equal bins |
//! | `occupancy` | how full each node was over time |
//! | `waits` | time waited by reason |
//! | `places` | how the places of jobs were found |
//! | `series` | the state on a regular grid: fragmentation, power |

mod bill;
mod bins;
mod capacity;
mod cost;
mod device_use;
mod facts;
mod groups;
mod mig;
mod occupancy;
mod places;
pub mod quantiles;
mod restricted;
mod series;
mod summary;
mod tally;
mod topology;
mod waits;
mod warm_up;

pub use bill::{Bill, Billed, ByCapacityType, Churn, OwnerCost, Split, bill, job_costs};
pub use bins::Bins;
pub use cost::{CostSummary, Paid, Played, Waterfall, cost};
pub use device_use::{BusyDevices, DeviceUse, device_use};
pub use facts::{JobFacts, SLOWDOWN_BOUND, facts};
pub use mig::{BlockedProfile, MigMeter, MigPeak, MigSummary, PeakGpu};
pub use occupancy::{Occupancy, occupancy};
pub use places::{PlaceLog, PlaceStory};
pub use quantiles::Distribution;
pub use restricted::{RestrictedMeans, RestrictedMethod};
pub use series::{Free, Sample, Sampler};
pub use summary::{
    Estimates, GroupSummary, InputDigest, JobCounts, ModelValue, ReasonShare, SampledMeans,
    SpeedOrigins, Summary, Utilisation, Window,
};
pub use tally::summarise;
pub use topology::{
    LevelUse, Levels, SlowdownBin, TopologySummary, level_of, slowdown, topology_summary,
};
pub use waits::{WaitInterval, WaitLog};
pub use warm_up::{WarmUp, WarmUpSummary};

use gpusched_core::units::{MICROS, MILLI};

/// Seconds of a sum of µs.
fn secs(micros: i128) -> f64 {
    micros as f64 / MICROS as f64
}

/// GPU-hours of a sum of milli-GPU × µs.
fn gpu_hours(held: i128) -> f64 {
    held as f64 / (f64::from(MILLI) * MICROS as f64 * 3600.0)
}
