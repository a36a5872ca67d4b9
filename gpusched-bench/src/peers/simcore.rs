//! simcore, the engine of DSLab, driving the decisions of the bare loop.

use super::work::Work;
use super::{Outcome, Setup};
use gpusched_sim::diagnostic::Diagnostic;

#[cfg(not(feature = "peers"))]
pub(super) fn run(_: &Work, _: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    let how = "simcore: not in this build (`cargo run --features peers`)";
    Ok(Outcome::Absent(how.into()))
}

#[cfg(feature = "peers")]
pub(super) fn run(work: &Work, setup: &Setup) -> Result<Outcome, Box<Diagnostic>> {
    let (seconds, starts) = crate::speed::least_core_seconds(
        setup.runs,
        || work.jobs.clone(),
        |jobs| engine::starts(jobs, work.procs, work.case.discipline()),
    );
    Ok(Outcome::Ran(super::Run {
        version: "simcore, decisions of the bare loop".into(),
        seconds,
        starts: starts.into_iter().map(Some).collect(),
    }))
}

#[cfg(feature = "peers")]
mod engine {
    use crate::speed::bare_easy::{Discipline, Pool, RigidJob};
    use serde::Serialize;
    use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Serialize)]
    struct Arrival {
        job: usize,
    }

    #[derive(Clone, Serialize)]
    struct End {
        job: usize,
    }

    #[derive(Clone, Serialize)]
    struct Pass {}

    struct Scheduler {
        context: SimulationContext,
        jobs: Vec<RigidJob>,
        pool: Pool,
        starts: Vec<i64>,
        /// A pass of this instant is already on its way.
        told: bool,
    }

    impl Scheduler {
        /// Whole µs below 2^53 are exact in simcore's doubles, and so are their sums.
        fn now(&self) -> i64 {
            self.context.time() as i64
        }

        /// All jobs that arrive together, then the next one later.
        fn arrive(&mut self, mut job: usize) {
            let now = self.now();
            while self.jobs.get(job).is_some_and(|next| next.submit == now) {
                self.pool.arrive(job);
                job += 1;
            }
            if let Some(next) = self.jobs.get(job) {
                let delay = (next.submit - now) as f64;
                self.context.emit_self(Arrival { job }, delay);
            }
        }

        /// The pass is the youngest event of its instant, so simcore handles it last.
        fn tell(&mut self) {
            if !std::mem::replace(&mut self.told, true) {
                self.context.emit_self_now(Pass {});
            }
        }
    }

    impl EventHandler for Scheduler {
        fn on(&mut self, event: Event) {
            let now = self.now();
            cast!(match event.data {
                Arrival { job } => {
                    self.arrive(job);
                    self.tell();
                }
                End { job } => {
                    self.pool.end(&self.jobs, job, self.starts[job]);
                    self.tell();
                }
                Pass {} => {
                    self.told = false;
                    self.pool.pass(&self.jobs, now, |job| {
                        self.starts[job] = now;
                        let run = self.jobs[job].run as f64;
                        self.context.emit_self(End { job }, run);
                    });
                }
            });
        }
    }

    pub(super) fn starts(jobs: Vec<RigidJob>, procs: u32, discipline: Discipline) -> Vec<i64> {
        let mut simulation = Simulation::new(0);
        let context = simulation.create_context("scheduler");
        if let Some(first) = jobs.first() {
            context.emit_self(Arrival { job: 0 }, first.submit as f64);
        }
        let scheduler = Rc::new(RefCell::new(Scheduler {
            context,
            pool: Pool::new(discipline, procs),
            starts: vec![-1; jobs.len()],
            jobs,
            told: false,
        }));
        simulation.add_handler("scheduler", scheduler.clone());
        simulation.step_until_no_events();
        std::mem::take(&mut scheduler.borrow_mut().starts)
    }
}
