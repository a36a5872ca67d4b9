//! Invariants of every search, and a twin that tries all sets of victims.

use super::super::ids::{ClusterQueueId, FlavorResourceId, WorkloadId};
use super::super::objects::{BorrowWithinCohort, Preemption, PreemptionPolicy};
use super::super::testing::{forest, fr, id, queue};
use super::super::{Amount, Configuration, FairSharing, Gates, Objects, Quota};
use super::{
    Holder, Holders, Incoming, NoTopology, PreemptionPossibility, PreemptionReason, Preemptor,
    Stage, Target, Topology,
};
use crate::units::Time;
use proptest::prelude::*;
use std::collections::BTreeSet;

type Usage = Vec<(FlavorResourceId, Amount)>;

fn holder(at: usize, queue: ClusterQueueId, priority: i64, usage: Usage) -> Holder {
    Holder {
        cluster_queue: queue,
        priority,
        queued: Time(at as i64),
        reserved: Some(Time(100 + at as i64)),
        uid: format!("uid{at}").into(),
        name: format!("workload{at}").into(),
        usage: usage.into(),
        ..Holder::default()
    }
}

/// Remembers who is out, and refuses to lose anybody.
#[derive(Default)]
struct Register(BTreeSet<WorkloadId>);

impl Topology for Register {
    fn remove(&mut self, victim: WorkloadId) {
        assert!(self.0.insert(victim), "removed twice");
    }
    fn restore(&mut self, victim: WorkloadId) {
        assert!(self.0.remove(&victim), "restored, but not removed");
    }
    fn fits(&mut self) -> bool {
        true
    }
}

struct World {
    quota: Quota,
    holders: Holders,
    preemptor: Preemptor,
}

impl World {
    fn new(objects: &Objects, configuration: &Configuration) -> World {
        let quota = Quota::new(objects);
        World {
            preemptor: Preemptor::new(objects, quota.names(), configuration, &Gates::MAIN),
            quota,
            holders: Holders::new(),
        }
    }

    fn admit(&mut self, workload: u32, holder: Holder) {
        self.quota.add_usages(holder.cluster_queue, &holder.usage);
        self.holders.insert(WorkloadId(workload), holder);
    }

    fn targets(&mut self, incoming: &Incoming<'_>) -> Vec<Target> {
        let mut register = Register::default();
        let mut stage = Stage {
            quota: &mut self.quota,
            holders: &self.holders,
            now: Time(1_000),
            local_queues: &[],
        };
        let targets = self.preemptor.targets(&mut stage, incoming, &mut register);
        assert!(
            register.0.is_empty(),
            "somebody is missing: {:?}",
            register.0
        );
        targets
    }

    fn fits(&self, incoming: &Incoming<'_>, allow_borrowing: bool) -> bool {
        let queue = incoming.cluster_queue;
        incoming.requests.iter().all(|(fr, value)| {
            *value <= self.quota.available(queue, *fr)
                && (allow_borrowing || !self.quota.borrowing_with(queue.into(), *fr, *value))
        })
    }
}

fn all_policies() -> Preemption {
    Preemption {
        within_cluster_queue: PreemptionPolicy::LowerPriority,
        reclaim_within_cohort: PreemptionPolicy::Any,
        borrow_within_cohort: BorrowWithinCohort::default(),
    }
}

#[test]
fn victims_that_are_not_needed_stay() {
    let mut objects = Objects {
        cluster_queues: vec![queue("a", "", &[("cpu", (10, None, None))])],
        ..Objects::default()
    };
    objects.cluster_queues[0].preemption = all_policies();
    let mut world = World::new(&objects, &Configuration::default());
    let (a, cpu) = (id(&world.quota, "a"), fr(&world.quota, "cpu"));
    // The lowest priority goes first, but the 8 of the next one are enough alone.
    world.admit(0, holder(0, a, 0, vec![(cpu, Amount(2))]));
    world.admit(1, holder(1, a, 1, vec![(cpu, Amount(8))]));
    let incoming = Incoming {
        cluster_queue: a,
        priority: 5,
        queued: Time(0),
        requests: &[(cpu, Amount(7))],
        needs: &[cpu],
    };
    let expected = Target {
        workload: WorkloadId(1),
        reason: PreemptionReason::InClusterQueue,
    };
    assert_eq!(world.targets(&incoming), [expected]);
}

#[test]
fn the_oracle_tells_reclaiming_from_preempting() {
    let mut objects = Objects {
        cluster_queues: vec![
            queue("a", "team", &[("cpu", (5, None, None))]),
            queue("b", "team", &[("cpu", (5, None, None))]),
        ],
        ..Objects::default()
    };
    objects.cluster_queues[0].preemption = all_policies();
    let mut world = World::new(&objects, &Configuration::default());
    let (a, b) = (id(&world.quota, "a"), id(&world.quota, "b"));
    let cpu = fr(&world.quota, "cpu");
    world.admit(0, holder(0, a, 0, vec![(cpu, Amount(4))]));
    world.admit(1, holder(1, b, 0, vec![(cpu, Amount(3))]));
    world.admit(2, holder(2, b, 0, vec![(cpu, Amount(3))]));
    let mut ask = |value| {
        let mut stage = Stage {
            quota: &mut world.quota,
            holders: &world.holders,
            now: Time(1_000),
            local_queues: &[],
        };
        world
            .preemptor
            .simulate_preemption(&mut stage, a, (1, Time(9)), cpu, Amount(value))
    };
    assert_eq!(ask(1), (PreemptionPossibility::Reclaim, 0));
    assert_eq!(ask(5), (PreemptionPossibility::Preempt, 0));
    assert_eq!(ask(11), (PreemptionPossibility::NoCandidates, 1));
}

#[test]
fn holders_are_found_after_any_order_of_leaving() {
    let mut holders = Holders::new();
    for at in 0..6 {
        let queue = ClusterQueueId::from(at % 2);
        holders.insert(WorkloadId::from(at), holder(at, queue, 0, Vec::new()));
    }
    for at in [0, 5, 2] {
        assert!(holders.remove(WorkloadId(at)).is_some());
        assert!(holders.remove(WorkloadId(at)).is_none());
    }
    holders.set_hidden(WorkloadId(3), true);
    let of = |queue| {
        let all = holders.of_cluster_queue(ClusterQueueId(queue));
        all.map(|(workload, _)| workload.0).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(0), BTreeSet::from([4]));
    assert_eq!(of(1), BTreeSet::from([1]));
    assert_eq!(holders.len(), 3);
    assert_eq!(&*holders.find(WorkloadId(4)).unwrap().name, "workload4");
}

fn policies() -> impl Strategy<Value = Preemption> {
    use PreemptionPolicy::{Any, LowerOrNewerEqualPriority, LowerPriority, Never};
    let threshold = proptest::option::of(0..4_i32);
    (
        prop::sample::select(vec![Never, LowerPriority, LowerOrNewerEqualPriority]),
        prop::sample::select(vec![Never, LowerPriority, LowerOrNewerEqualPriority, Any]),
        prop::sample::select(vec![Never, LowerPriority]),
        threshold,
    )
        .prop_map(|(within, reclaim, borrow, threshold)| Preemption {
            within_cluster_queue: within,
            reclaim_within_cohort: reclaim,
            borrow_within_cohort: BorrowWithinCohort {
                policy: borrow,
                max_priority_threshold: threshold,
            },
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// After a search everything is as before; the victims make room, and none of them could stay.
    #[test]
    fn victims_are_enough_and_all_needed(
        objects in forest(),
        policy in policies(),
        fair in any::<bool>(),
        held in prop::collection::vec((any::<prop::sample::Index>(), 0..4_i64, 0..5_i64, 0..5_i64, any::<bool>()), 0..12),
        (priority, cpus, gpus) in (0..5_i64, 0..9_i64, 0..9_i64),
    ) {
        let mut objects = objects;
        objects.cluster_queues[0].preemption = policy;
        let configuration = Configuration {
            fair_sharing: fair.then(FairSharing::default),
            ..Configuration::default()
        };
        let mut world = World::new(&objects, &configuration);
        let (cpu, gpu) = (fr(&world.quota, "cpu"), fr(&world.quota, "gpu"));
        for (at, (queue, priority, cpus, gpus, evicted)) in held.iter().enumerate() {
            let queue = ClusterQueueId::from(queue.index(objects.cluster_queues.len()));
            let usage = vec![(cpu, Amount(*cpus)), (gpu, Amount(*gpus))];
            let holder = Holder { evicted: *evicted, ..holder(at, queue, *priority, usage) };
            world.admit(at as u32, holder);
        }
        let incoming = Incoming {
            cluster_queue: id(&world.quota, "queue0"),
            priority,
            queued: Time(5),
            requests: &[(cpu, Amount(cpus)), (gpu, Amount(gpus))],
            needs: &[cpu, gpu],
        };
        if world.fits(&incoming, true) {
            return Ok(());
        }
        let before = format!("{:?}", world.quota);
        let targets = world.targets(&incoming);
        prop_assert_eq!(format!("{:?}", &world.quota), before);
        if targets.is_empty() {
            return Ok(());
        }
        let usage = |world: &World, target: &Target| {
            let holder = world.holders.find(target.workload).unwrap();
            (holder.cluster_queue, holder.usage.clone())
        };
        for target in &targets {
            let (queue, usage) = usage(&world, target);
            world.quota.remove_usages(queue, &usage);
        }
        let needed = |world: &mut World, allow_borrowing: bool| {
            targets.iter().all(|target| {
                let (queue, usage) = usage(world, target);
                let mark = world.quota.begin();
                world.quota.add_usages(queue, &usage);
                let fits = world.fits(&incoming, allow_borrowing);
                world.quota.rollback(mark);
                !fits
            })
        };
        let proven = (world.fits(&incoming, true) && needed(&mut world, true))
            || (!fair && world.fits(&incoming, false) && needed(&mut world, false));
        prop_assert!(proven, "{:?}", targets);
        for target in &targets {
            let holder = world.holders.find(target.workload).unwrap();
            let own = holder.cluster_queue == incoming.cluster_queue;
            prop_assert_eq!(own, target.reason == PreemptionReason::InClusterQueue);
        }
    }

    /// In a queue without a cohort, victims are found exactly when some set of candidates helps.
    #[test]
    fn a_single_queue_finds_victims_whenever_there_are_any(
        nominal in 0..20_i64,
        held in prop::collection::vec((0..4_i64, 0..5_i64), 0..7),
        priority in 0..5_i64,
        cpus in 1..12_i64,
        fair in any::<bool>(),
    ) {
        let mut objects = Objects {
            cluster_queues: vec![queue("a", "", &[("cpu", (nominal, None, None))])],
            ..Objects::default()
        };
        objects.cluster_queues[0].preemption = all_policies();
        let configuration = Configuration {
            fair_sharing: fair.then(FairSharing::default),
            ..Configuration::default()
        };
        let mut world = World::new(&objects, &configuration);
        let (a, cpu) = (id(&world.quota, "a"), fr(&world.quota, "cpu"));
        for (at, (priority, cpus)) in held.iter().enumerate() {
            world.admit(at as u32, holder(at, a, *priority, vec![(cpu, Amount(*cpus))]));
        }
        let incoming = Incoming {
            cluster_queue: a,
            priority,
            queued: Time(0),
            requests: &[(cpu, Amount(cpus))],
            needs: &[cpu],
        };
        let used: i64 = held.iter().map(|(_, cpus)| cpus).sum();
        let helps = (1_u32..1 << held.len()).any(|set| {
            let members = || held.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
            members().all(|(_, (victim, _))| *victim < priority)
                && used - members().map(|(_, (_, cpus))| cpus).sum::<i64>() + cpus <= nominal
        });
        prop_assert_eq!(!world.targets(&incoming).is_empty(), helps);
        let mut stage = Stage { quota: &mut world.quota, holders: &world.holders, now: Time(0), local_queues: &[] };
        let again = world.preemptor.targets(&mut stage, &incoming, &mut NoTopology);
        prop_assert_eq!(!again.is_empty(), helps);
    }
}
