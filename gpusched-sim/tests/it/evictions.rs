//! Jobs that are evicted: what they save, what they lose, and that nobody forgets them.

use crate::worlds::{World, lasting, world};
use gpusched_core::cluster::{Cluster, Inventory, Node};
use gpusched_core::ids::JobId;
use gpusched_core::performance::Residence;
use gpusched_core::placement::FirstFit;
use gpusched_core::provisioning::{Change, Provisioning, Stage};
use gpusched_core::queueing::registry::{queueing, queueings};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::{
    Behaviour, Checkpointing, JobDraft, Shape, Workload, WorkloadBuilder,
};
use gpusched_sim::engine::{Discipline, Engine, Fate, Records, Roles};
use gpusched_sim::metrics::{WaitInterval, WaitLog, facts};
use proptest::prelude::*;
use std::collections::VecDeque;

/// Evicts, at instants set beforehand, one of the jobs that run then.
#[derive(Clone, Debug, Default)]
struct Marauder {
    plan: VecDeque<(Time, usize, Span)>,
    running: Vec<JobId>,
    /// Jobs that wait, by what it was told.
    waiting: Vec<JobId>,
}

impl Marauder {
    fn new(mut plan: Vec<(Time, usize, Span)>) -> Marauder {
        plan.sort_unstable();
        Marauder {
            plan: plan.into(),
            ..Marauder::default()
        }
    }
}

impl Provisioning for Marauder {
    fn name(&self) -> String {
        "marauder".into()
    }

    fn wake(&self) -> Option<Time> {
        self.plan.front().map(|&(at, ..)| at)
    }

    fn decide(&mut self, stage: &mut Stage<'_>, changes: &mut Vec<Change>) {
        while let Some(&(at, victim, warned)) = self.plan.front() {
            if at > stage.now {
                return;
            }
            self.plan.pop_front();
            if let Some(&job) = self.running.get(victim % self.running.len().max(1)) {
                changes.push(Change::Evict { job, warned });
            }
        }
    }

    fn follows_jobs(&self) -> bool {
        true
    }

    fn waits(&mut self, _work: &Workload, job: JobId, _now: Time) {
        assert!(!self.waiting.contains(&job) && !self.running.contains(&job));
        self.waiting.push(job);
    }

    fn started(&mut self, at: Residence<'_>, _now: Time) {
        self.waiting.retain(|&job| job != at.job);
        self.running.push(at.job);
    }

    fn ended(&mut self, at: Residence<'_>, _now: Time) {
        assert!(self.running.contains(&at.job));
        self.running.retain(|&job| job != at.job);
    }
}

fn replay(
    work: &Workload,
    inventory: &Inventory,
    policy: &str,
    discipline: Discipline,
    marauder: Marauder,
) -> (Records, Vec<WaitInterval>) {
    let cluster = Cluster::new(inventory.clone(), work.shapes());
    let mut roles = Roles::new(queueing(policy).unwrap(), Box::new(FirstFit), &cluster);
    roles.provisioning = Box::new(marauder);
    let log = WaitLog::new(true);
    let mut engine = Engine::observed(work, cluster, roles, discipline, log);
    engine.run().unwrap();
    let (records, log) = engine.finish();
    (records, log.into_intervals())
}

const SECOND: fn(i64) -> Span = Span::from_secs;

/// Jobs on one GPU, one after the other, each of 100 s.
fn queue_of(jobs: usize, checkpoints: Checkpointing) -> (Workload, Inventory) {
    let mut builder = WorkloadBuilder::new();
    for job in 0..jobs {
        let name = format!("j{job}");
        builder
            .push(&JobDraft {
                behaviour: Behaviour {
                    checkpoints,
                    ..Behaviour::default()
                },
                ..JobDraft::new(
                    &name,
                    Time::from_secs(job as i64),
                    SECOND(100),
                    Shape::whole_gpus(1),
                )
            })
            .unwrap();
    }
    let inventory = Inventory::new(vec![Node::with_gpus("a", 1, "T4")]).unwrap();
    (builder.finish().unwrap(), inventory)
}

fn end(records: &Records, job: u32) -> i64 {
    records.end_of(JobId(job)).unwrap().0 / 1_000_000
}

#[test]
fn without_checkpoints_an_evicted_job_starts_over() {
    let (work, inventory) = queue_of(1, Checkpointing::default());
    let marauder = Marauder::new(vec![(Time::from_secs(70), 0, Span::ZERO)]);
    let (records, waits) = replay(&work, &inventory, "fifo", Discipline::Batched, marauder);
    assert_eq!(end(&records, 0), 170);
    let [attempt] = records.attempts(JobId(0)) else {
        panic!("evicted once");
    };
    assert_eq!((attempt.kept, attempt.lost), (Span::ZERO, SECOND(70)));
    // It starts again at once, so it never waited.
    assert_eq!(waits, []);
}

#[test]
fn it_goes_on_from_its_last_finished_checkpoint_after_a_restart() {
    let checkpoints = Checkpointing {
        every: SECOND(25),
        cost: SECOND(5),
        restart: SECOND(7),
    };
    let (work, inventory) = queue_of(1, checkpoints);
    // Checkpoints are finished at 30 and 60 s; then 7 s of restart and 40 s of work are left.
    let plan = vec![(Time::from_secs(70), 0, SECOND(4))];
    let (records, _) = replay(
        &work,
        &inventory,
        "fifo",
        Discipline::Batched,
        Marauder::new(plan),
    );
    assert_eq!(end(&records, 0), 70 + 7 + 40);
    // Warned for 5 s it writes one more, begun at 65 s.
    let plan = vec![(Time::from_secs(70), 0, SECOND(5))];
    let (records, _) = replay(
        &work,
        &inventory,
        "fifo",
        Discipline::Batched,
        Marauder::new(plan),
    );
    assert_eq!(end(&records, 0), 70 + 7 + 35);
    // Evicted while it restarts it has done nothing new.
    let plan = vec![
        (Time::from_secs(70), 0, Span::ZERO),
        (Time::from_secs(73), 0, Span::ZERO),
    ];
    let (records, _) = replay(
        &work,
        &inventory,
        "fifo",
        Discipline::Batched,
        Marauder::new(plan),
    );
    assert_eq!(end(&records, 0), 73 + 7 + 40);
    assert_eq!(records.attempts(JobId(0))[1].overhead, SECOND(3));
}

#[test]
fn it_waits_at_its_place_in_arrival_order() {
    for policy in ["fifo", "fifo-greedy", "easy"] {
        let (work, inventory) = queue_of(3, Checkpointing::default());
        let plan = vec![(Time::from_secs(70), 0, Span::ZERO)];
        let marauder = Marauder::new(plan);
        let (records, _) = replay(&work, &inventory, policy, Discipline::Batched, marauder);
        let ends = [0, 1, 2].map(|job| end(&records, job));
        assert_eq!(ends, [170, 270, 370], "{policy}");
    }
}

/// What runs when, earlier attempts included.
fn check(
    world: &World,
    policy: &str,
    records: &Records,
    waits: &[WaitInterval],
) -> Result<(), TestCaseError> {
    let work = &world.work;
    // First-fit can miss the only way to place a gang of unequal pods, which then waits for ever.
    let may_stay = work.specs().iter().any(|spec| spec.pod_sets.len() > 1);
    for index in 0..work.len() {
        let job = JobId::from(index);
        let (run, how) = (work.job(job).run, work.checkpoints(job));
        let mut saved = Span::ZERO;
        let mut last = work.job(job).submit;
        for attempt in records.attempts(job) {
            prop_assert!(attempt.start >= last);
            last = attempt.end;
            let held = attempt.end - attempt.start;
            prop_assert_eq!(attempt.kept + attempt.lost + attempt.overhead, held);
            prop_assert!(attempt.kept >= Span::ZERO && attempt.lost >= Span::ZERO);
            saved += attempt.kept;
        }
        prop_assert!(saved <= run);
        let evicted = !records.attempts(job).is_empty();
        if let Some(start) = records.start(job) {
            prop_assert!(start >= last);
            if let Some(end) = records.end_of(job) {
                let restart = if evicted { how.restart } else { Span::ZERO };
                prop_assert_eq!(end - start, run - saved + restart);
            }
        }
        let fate = records.fate(job);
        let ended = matches!(fate, Fate::Done | Fate::Unschedulable);
        prop_assert!(ended || may_stay, "{policy} {job:?} {fate:?}");
    }
    for job in facts(work, records).filter(|job| job.parts.len() == 1) {
        let of = |wait: &&WaitInterval| wait.job == job.job();
        let told: i64 = waits
            .iter()
            .filter(of)
            .map(|wait| (wait.to - wait.from).0)
            .sum();
        let waits = match job.fate {
            Fate::Waiting => job.wait().unwrap_or(records.closed_at() - job.submit),
            _ => job.wait().unwrap_or_default(),
        };
        prop_assert_eq!(waits.0, told);
        if let (Some(wait), Some(run), Some(jct)) = (job.wait(), job.run(), job.jct()) {
            prop_assert_eq!(wait + run, jct);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_forgotten_and_all_time_is_accounted_for(
        world in world().prop_map(lasting),
        per_event in prop::bool::ANY,
        plan in prop::collection::vec((0i64..60, 0usize..8, 0i64..4), 0..30),
    ) {
        let discipline = if per_event { Discipline::PerEvent } else { Discipline::Batched };
        let plan: Vec<_> = plan
            .into_iter()
            .map(|(at, victim, warned)| (Time::from_secs(at), victim, SECOND(warned)))
            .collect();
        for policy in queueings() {
            let run = || {
                let marauder = Marauder::new(plan.clone());
                replay(&world.work, &world.inventory, policy.name, discipline, marauder)
            };
            let (records, waits) = run();
            check(&world, policy.name, &records, &waits)?;
            let (again, _) = run();
            for index in 0..world.work.len() {
                let job = JobId::from(index);
                prop_assert_eq!(records.attempts(job), again.attempts(job));
                prop_assert_eq!(records.end_of(job), again.end_of(job));
            }
        }
    }
}
