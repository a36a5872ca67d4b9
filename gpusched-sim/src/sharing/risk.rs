//! What sharing risks: memory without a wall, and faults that reach neighbours.

use super::SharingMode;
use crate::diagnostic::{Diagnostic, Result};
use crate::trace::generate::{Purpose, Stream};
use gpusched_core::cluster::Inventory;
use gpusched_core::hazard::{Hazard, SharedDevice};
use gpusched_core::ids::JobId;
use gpusched_core::units::Span;
use gpusched_core::workload::Workload;

/// Microseconds of an hour.
const HOUR: f64 = 3.6e9;

/// What may go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Risks {
    /// Under time-slicing: pods are let in without a look at device memory, and the one that
    /// finds too little left dies. Otherwise what pods ask for is reserved.
    pub overcommit: bool,
    /// Fatal faults per hour a pod runs. Under MPS a fault ends every client on the device.
    pub faults_per_hour: f64,
    /// Seed of the faults.
    pub seed: u64,
}

impl Risks {
    /// Whether what is asked for means anything with one of these ways of sharing.
    ///
    /// # Errors
    /// When memory is to be overcommitted and nobody takes turns: everywhere else pods have a part
    /// of the memory of their own, or all of it.
    pub fn check<'m>(self, modes: impl IntoIterator<Item = &'m SharingMode>) -> Result<()> {
        let takes_turns = |mode: &SharingMode| matches!(mode, SharingMode::TimeSlice(_));
        let modes: Vec<&SharingMode> = modes.into_iter().collect();
        if !self.overcommit || modes.iter().any(|mode| takes_turns(mode)) {
            return Ok(());
        }
        let names: Vec<String> = modes.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        let problem = format!("overcommitted memory means nothing with sharing {names}");
        Err(Diagnostic::new(problem).help(
            "only under time-slicing pods share memory without walls: say `--sharing timeslice:N`, \
             or leave overcommit out",
        ))
    }

    /// What ends jobs before their time. A fault is drawn once per job, from a stream of its own:
    /// changing a policy or a way of sharing leaves it where it was.
    pub(crate) fn hazard(
        self,
        mode: &SharingMode,
        recorded: &Workload,
        inventory: &Inventory,
    ) -> Option<Box<dyn Hazard>> {
        let unwalled = self.overcommit && matches!(mode, SharingMode::TimeSlice(_));
        let faulty = self.faults_per_hour > 0.0;
        if !unwalled && !faulty {
            return None;
        }
        let mut hazard = SharedDevice::new();
        if unwalled {
            let shapes = recorded.shapes().iter();
            let asked = shapes.map(|shape| shape.gpu_mem_mib).collect();
            hazard = hazard.without_memory_walls(inventory, asked);
            let known = |job| recorded.behaviour(JobId::from(job));
            let held = |job| known(job).map_or(0, |known| known.footprint_mib);
            if recorded
                .behaviours()
                .iter()
                .any(|one| one.footprint_mib > 0)
            {
                hazard = hazard.with_footprints((0..recorded.len()).map(held).collect());
            }
        }
        if faulty {
            let jobs = (0..recorded.len()).map(|job| self.fault(recorded, JobId(job as u32)));
            hazard = hazard.with_faults(jobs.collect(), matches!(mode, SharingMode::Mps(_)));
        }
        Some(Box::new(hazard))
    }

    /// Time from the start of a job to its fault: exponential, at the rate of all its pods.
    fn fault(self, work: &Workload, job: JobId) -> Span {
        let pods = f64::from(work.spec(work.job(job).spec).pods);
        let unit = Stream::new(self.seed, Purpose::Fault, u64::from(job.0)).unit();
        let micros = -libm::log(unit) / (self.faults_per_hour * pods) * HOUR;
        match micros < 1e15 {
            true => Span(micros as i64),
            false => Span::FOREVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Fate;
    use crate::replay::{ReplayOptions, replay};
    use gpusched_core::cluster::Node;
    use gpusched_core::hazard::Mishap;
    use gpusched_core::units::Time;
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    /// Fates of jobs of 1000 s that each ask for half a T4 (15,360 MiB) and this much of its
    /// memory, all at 0, on one GPU.
    fn fates(mode: &str, risks: Risks, memory: &[u32]) -> Vec<Fate> {
        let mut builder = WorkloadBuilder::new();
        for (number, &gpu_mem_mib) in memory.iter().enumerate() {
            let shape = Shape {
                gpu_milli: 500,
                gpu_mem_mib,
                ..Shape::whole_gpus(1)
            };
            let (name, run) = (format!("j{number}"), Span::from_secs(1000));
            let draft = JobDraft::new(&name, Time::ZERO, run, shape);
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let inventory = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
        let options = ReplayOptions {
            sharing: SharingMode::parse(mode).unwrap(),
            risks,
            ..ReplayOptions::default()
        };
        let result = replay(&work, &inventory, &options).unwrap();
        let jobs = (0..memory.len() as u32).map(|job| result.records.fate(JobId(job)));
        let fates: Vec<Fate> = jobs.collect();
        let failed = |fate: &&Fate| matches!(fate, Fate::Failed(_));
        let count = fates.iter().filter(failed).count() as u64;
        assert_eq!(result.summary.jobs.failed, count);
        fates
    }

    #[test]
    fn without_a_wall_the_last_to_allocate_runs_out_of_memory() {
        let open = Risks {
            overcommit: true,
            ..Risks::default()
        };
        let died = Fate::Failed(Mishap::OutOfMemory);
        let memory = [10_000, 10_000, 5_000];
        assert_eq!(
            fates("timeslice:4", open, &memory),
            [Fate::Done, died, Fate::Done]
        );
        // Refused while it does not fit, it runs later.
        assert_eq!(
            fates("timeslice:4", Risks::default(), &memory),
            [Fate::Done; 3]
        );
        // MPS gives each client a part of its own: nobody can overcommit.
        assert_eq!(fates("mps:2", open, &[7_680, 7_680]), [Fate::Done; 2]);
    }

    #[test]
    fn a_fault_takes_the_neighbours_along_under_mps_only() {
        let often = Risks {
            faults_per_hour: 60.0,
            seed: 3,
            ..Risks::default()
        };
        let mps = fates("mps:3", often, &[0, 0, 0]);
        let turns = fates("timeslice:3", often, &[0, 0, 0]);
        let count = |fates: &[Fate], mishap| {
            fates
                .iter()
                .filter(|&&fate| fate == Fate::Failed(mishap))
                .count()
        };
        assert_eq!(count(&mps, Mishap::Fault), 1);
        assert_eq!(count(&mps, Mishap::NeighbourFault), 2);
        assert_eq!(count(&turns, Mishap::NeighbourFault), 0);
        assert_eq!(count(&turns, Mishap::Fault), 3);
    }

    #[test]
    fn faults_come_at_their_rate() {
        let mut builder = WorkloadBuilder::new();
        for job in 0..4000 {
            let name = format!("j{job}");
            let draft = JobDraft::new(&name, Time::ZERO, Span(1), Shape::whole_gpus(1));
            builder.push(&draft).unwrap();
        }
        let work = builder.finish().unwrap();
        let risks = Risks {
            faults_per_hour: 0.5,
            ..Risks::default()
        };
        let sum: f64 = (0..4000)
            .map(|job| risks.fault(&work, JobId(job)).as_secs_f64() / 3600.0)
            .sum();
        // A mean of 2 h, known to 1.6 % from 4000 draws.
        assert!((sum / 4000.0 - 2.0).abs() < 0.1, "{sum}");
    }
}
