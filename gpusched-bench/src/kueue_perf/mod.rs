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
//! | `summary` | what upstream's recorder and checker make of a run |

mod generate;
mod shape;
mod summary;

pub use generate::{Arrival, Load};
pub use shape::{BASELINE, Class, LARGE_SCALE, MILLION, NOMINAL, Published, Shape, TAS, Together};
pub use summary::Summary;

use gpusched_core::queueing::kueue::{Configuration, Gates};
use gpusched_sim::kueue::replay::{Fidelity, Job, Options, replay};

impl Load {
    /// The workloads as jobs of a replay.
    pub fn jobs(&self) -> Vec<Job> {
        let job = |arrival: &Arrival| Job {
            workload: self.workload(arrival),
            arrival: arrival.at,
            run: Some(self.class(arrival).runtime),
        };
        self.arrivals.iter().map(job).collect()
    }

    /// Replays jobs of this load, with the defaults of Kueue.
    pub fn replay(&self, jobs: Vec<Job>, fidelity: Fidelity) -> Summary {
        let configuration = Configuration::default();
        let options = Options {
            fidelity,
            ..Options::default()
        };
        let outcome = replay(&self.objects, &configuration, Gates::MAIN, jobs, &options);
        Summary::new(self, &outcome)
    }
}
