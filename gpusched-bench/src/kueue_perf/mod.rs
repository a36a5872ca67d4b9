//! Kueue's own load test, on virtual time.
//!
//! Upstream generates cohorts of ClusterQueues and streams of workloads, lets a scheduler work on
//! them in front of a real API server, and publishes how long that takes and how long each class
//! of workloads waits (`test/performance/scheduler`). The same shapes are generated here.
//!
//! | file | what |
//! |---|---|
//! | `shape` | the shapes, and what is published of them |
//! | `generate` | their objects and workloads |
//! | `replay` | a scheduler that takes no time |

mod generate;
mod replay;
mod shape;

pub use generate::{Arrival, Load};
pub use replay::{Replayed, replay};
pub use shape::{BASELINE, Class, LARGE_SCALE, MILLION, NOMINAL, Published, Shape, TAS, Together};
