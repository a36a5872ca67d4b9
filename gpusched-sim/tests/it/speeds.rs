//! Jobs whose speed changes with their neighbours: the engine against arithmetic, and against a
//! twin that integrates speed over time.

use gpusched_core::cluster::{Cluster, Inventory, Node, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::performance::sharing::{Speed, Work};
use gpusched_core::performance::{NeighbourLaw, Neighbours};
use gpusched_core::placement::FirstFit;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};
use gpusched_sim::engine::{Discipline, Engine, Observer, Records, Roles};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Submit and run time in microseconds, share in milli-GPU (1000 = a device of its own).
type Plain = (i64, i64, u32);

fn workload(jobs: &[Plain]) -> Workload {
    let mut builder = WorkloadBuilder::numbered();
    for &(submit, run, milli) in jobs {
        let shape = Shape {
            gpu_milli: milli,
            ..Shape::whole_gpus(1)
        };
        let draft = JobDraft {
            estimate: Some(Span(run)),
            ..JobDraft::new("", Time(submit), Span(run), shape)
        };
        builder.push(&draft).unwrap();
    }
    builder.finish().unwrap()
}

fn replay<O: Observer>(
    work: &Workload,
    gpus: u32,
    law: NeighbourLaw,
    policy: &str,
    discipline: Discipline,
    observer: O,
) -> (Records, O) {
    let inventory = Inventory::new(vec![Node::with_gpus("n", gpus, "T4")]).unwrap();
    let cluster = Cluster::new(inventory, work.shapes());
    let mut roles = Roles::new(queueing(policy).unwrap(), Box::new(FirstFit), &cluster);
    roles.performance = Box::new(Neighbours::saturating(law, work));
    let mut engine = Engine::observed(work, cluster, roles, discipline, observer);
    engine.run().unwrap();
    engine.finish()
}

/// Speed of each of a number of saturating pods.
fn of_equals(law: NeighbourLaw, pods: usize) -> Speed {
    law.speed(1000, 1000 * pods as u32, pods)
}

fn ends(jobs: &[Plain], law: NeighbourLaw) -> Vec<i64> {
    let work = workload(jobs);
    let (records, ()) = replay(&work, 1, law, "fifo", Discipline::Batched, ());
    (0..jobs.len())
        .map(|job| records.end_of(JobId(job as u32)).unwrap().0)
        .collect()
}

#[test]
fn two_that_take_turns_need_2_22_times_as_long() {
    // Both do 1/2.22 of full speed from 0 on: 100 s of work take 222 s. The nearest speed to
    // 1/2.22 is a hair below it, so the first microsecond that suffices is the one after.
    let second = 1_000_000;
    let jobs = [(0, 100 * second, 500), (0, 100 * second, 500)];
    let got = ends(&jobs, NeighbourLaw::TIME_SLICING);
    assert_eq!(got, [222 * second + 1; 2]);
}

#[test]
fn a_job_speeds_up_when_its_neighbour_leaves_and_slows_down_when_one_comes() {
    // Alone until 50, then half of it is left at 1/2: done at 150. By then the other has done 50
    // of 100; alone again it ends at 200.
    let law = NeighbourLaw::Mps { u: 1.0 };
    assert_eq!(ends(&[(0, 100, 500), (50, 100, 500)], law), [150, 200]);
}

#[test]
fn whole_devices_feel_nobody() {
    let law = NeighbourLaw::Mps { u: 1.0 };
    assert_eq!(ends(&[(0, 100, 1000), (0, 100, 1000)], law), [100, 200]);
}

#[test]
fn a_free_device_makes_no_neighbours() {
    let work = workload(&[(0, 90, 600), (0, 90, 600)]);
    let law = NeighbourLaw::TIME_SLICING;
    let (records, ()) = replay(&work, 2, law, "fifo", Discipline::Batched, ());
    assert_eq!(records.end_of(JobId(0)), Some(Time(90)));
    assert_eq!(records.end_of(JobId(1)), Some(Time(90)));
}

#[test]
fn an_instant_job_costs_its_neighbour_nothing() {
    // It comes, ends and goes at 40; the other does 40 + 60.
    let law = NeighbourLaw::TIME_SLICING;
    assert_eq!(ends(&[(0, 100, 500), (40, 0, 500)], law), [100, 40]);
}

/// Integrates speed over time, device by device, straight from the definition.
struct Twin<'w> {
    work: &'w Workload,
    law: NeighbourLaw,
    now: Time,
    /// Pods on each shared device.
    devices: BTreeMap<u64, Vec<JobId>>,
    done: BTreeMap<JobId, u128>,
    /// Work done in the microsecond before now.
    last: BTreeMap<JobId, u128>,
    /// Work done at the end, and what it was a microsecond before.
    ended: Vec<(JobId, u128, u128)>,
}

impl Twin<'_> {
    fn advance(&mut self, now: Time) {
        if now == self.now {
            return;
        }
        for residents in self.devices.values() {
            let speed = of_equals(self.law, residents.len());
            for job in residents {
                *self.done.entry(*job).or_default() += Work::done(speed, now - self.now).units();
                self.last.insert(*job, Work::done(speed, Span(1)).units());
            }
        }
        self.now = now;
    }

    fn is_share(&self, job: JobId) -> bool {
        let spec = self.work.spec(self.work.job(job).spec);
        self.work.shape(spec.pod_sets[0].shape).is_share()
    }
}

impl Observer for Twin<'_> {
    fn started(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        self.advance(now);
        if self.is_share(job) {
            self.devices.entry(spots[0].devices).or_default().push(job);
        }
    }

    fn finished(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        self.advance(now);
        if !self.is_share(job) {
            return;
        }
        let residents = self.devices.get_mut(&spots[0].devices).unwrap();
        residents.retain(|&other| other != job);
        let done = self.done.get(&job).copied().unwrap_or(0);
        let last = self.last.get(&job).copied().unwrap_or(0);
        self.ended.push((job, done, done - last));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Work is conserved under random arrivals and departures: every job ends in the first
    /// microsecond in which the work done reaches its work.
    #[test]
    fn work_is_conserved(
        mut jobs in prop::collection::vec((0i64..400, 0i64..300, 1u32..=10), 1..40),
        gpus in 1u32..4,
        slices in prop::bool::ANY,
        policy in prop::sample::select(vec!["fifo", "fifo-greedy", "easy", "easy-shrinking", "conservative"]),
        per_event in prop::bool::ANY,
    ) {
        jobs.sort_by_key(|job| job.0);
        for job in &mut jobs {
            job.2 *= 100;
        }
        let law = if slices { NeighbourLaw::TIME_SLICING } else { NeighbourLaw::Mps { u: 0.43 } };
        let discipline = if per_event { Discipline::PerEvent } else { Discipline::Batched };
        let work = workload(&jobs);
        let twin = Twin {
            work: &work,
            law,
            now: Time::ZERO,
            devices: BTreeMap::new(),
            done: BTreeMap::new(),
            last: BTreeMap::new(),
            ended: Vec::new(),
        };
        let (records, twin) = replay(&work, gpus, law, policy, discipline, twin);
        for (job, done, before) in twin.ended {
            let run = work.job(job).run;
            let needed = Work::at_full_speed(run).units();
            prop_assert!(done >= needed, "{job:?} ended early");
            prop_assert!(run == Span::ZERO || before < needed, "{job:?} ended late");
        }
        for index in 0..work.len() {
            let job = JobId(index as u32);
            let (start, end) = (records.start(job).unwrap(), records.end_of(job).unwrap());
            prop_assert!(end - start >= work.job(job).run, "{job:?} ran faster than alone");
        }
    }

    /// A law that slows nobody down replays to the same bytes as no law at all.
    #[test]
    fn full_speed_is_ideal(
        mut jobs in prop::collection::vec((0i64..400, 0i64..300, 1u32..=10), 1..40),
        per_event in prop::bool::ANY,
    ) {
        jobs.sort_by_key(|job| job.0);
        for job in &mut jobs {
            job.2 *= 100;
        }
        let discipline = if per_event { Discipline::PerEvent } else { Discipline::Batched };
        let work = workload(&jobs);
        let (same, ()) = replay(&work, 2, NeighbourLaw::Mps { u: 0.0 }, "easy", discipline, ());
        let inventory = Inventory::new(vec![Node::with_gpus("n", 2, "T4")]).unwrap();
        let cluster = Cluster::new(inventory, work.shapes());
        let roles = Roles::new(queueing("easy").unwrap(), Box::new(FirstFit), &cluster);
        let mut engine = Engine::new(&work, cluster, roles, discipline);
        engine.run().unwrap();
        let (ideal, ()) = engine.finish();
        for index in 0..work.len() {
            let job = JobId(index as u32);
            prop_assert_eq!(same.start(job), ideal.start(job));
            prop_assert_eq!(same.end_of(job), ideal.end_of(job));
        }
    }
}

#[test]
fn speeds_of_a_third_lose_nothing() {
    // Three at 1/3: 100 of work each take 300, not 299 or 301.
    let law = NeighbourLaw::Mps { u: 1.0 };
    assert_eq!(of_equals(law, 3), Speed::ratio(1, 3).unwrap());
    assert_eq!(
        ends(&[(0, 100, 300), (0, 100, 300), (0, 100, 300)], law),
        [300; 3]
    );
}
