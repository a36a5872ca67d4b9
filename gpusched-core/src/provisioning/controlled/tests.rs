//! Commands of a scripted controller, carried out by hand-driven instants: what happens, when, and
//! what the controller is told.

use super::*;
use crate::cluster::{Cluster, Spot};
use crate::kube::Labels;
use crate::provisioning::catalog::{CapacityType, InstanceType, Offering};
use crate::provisioning::controller::{Launch, View};
use crate::provisioning::spot::{Availability, Polarity, PriceSeries, TraceMarket, TracePool};
use crate::provisioning::{Price, Stage as At};
use crate::workload::{JobDraft, Shape, WorkloadBuilder};
use std::sync::Mutex;

/// What the controller was told, and the pods it saw waiting.
#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    steps: u32,
}

/// Does what it was told to do, when it was told to.
struct Script {
    plan: Vec<(Time, Command)>,
    log: Arc<Mutex<Log>>,
}

impl Controller for Script {
    fn name(&self) -> String {
        "script".into()
    }

    fn wake(&self, _view: &View) -> Option<Time> {
        self.plan.iter().map(|(at, _)| *at).min()
    }

    fn step(&mut self, view: &View, commands: &mut Vec<Command>) {
        self.log.lock().unwrap().steps += 1;
        let due = |(at, _): &(Time, Command)| *at <= view.now;
        commands.extend(
            self.plan
                .iter()
                .filter(|one| due(one))
                .map(|(_, one)| one.clone()),
        );
        self.plan.retain(|one| !due(one));
    }

    fn told(&mut self, event: &Event, _view: &View) {
        self.log.lock().unwrap().events.push(event.clone());
    }
}

const SECS: fn(i64) -> Time = Time::from_secs;

/// One type of one GPU in one zone, on demand for 3.6 USD (a thousandth of a dollar a second) and
/// as spot for a third of that.
fn one_type() -> InstanceType {
    let offer = |capacity_type, price| Offering {
        zone: "a".into(),
        capacity_type,
        price: Price::parse(price).unwrap(),
        available: true,
        reservation: None,
    };
    InstanceType {
        name: "one".into(),
        cloud: "aws".into(),
        gpus: Some(crate::provisioning::catalog::Gpus {
            vendor: "nvidia".into(),
            model: "t4".into(),
            milli: 1000,
            memory_mib: 16_384,
        }),
        allocatable: [("cpu".to_owned(), 4_000), ("memory".to_owned(), 8 << 30)].into(),
        offerings: vec![
            offer(CapacityType::OnDemand, "3.6"),
            offer(CapacityType::Spot, "1.2"),
        ],
        ..InstanceType::default()
    }
}

struct Bench {
    work: Workload,
    cluster: Cluster,
    policy: Controlled,
    log: Arc<Mutex<Log>>,
}

impl Bench {
    /// Two places, two jobs of one GPU each, and a script.
    fn new(plan: Vec<(Time, Command)>, change: impl FnOnce(&mut Cloud)) -> Bench {
        let mut jobs = WorkloadBuilder::new();
        for name in ["a", "b"] {
            let draft = JobDraft::new(name, Time::ZERO, Span::from_secs(1), Shape::whole_gpus(1));
            jobs.push(&draft).unwrap();
        }
        let work = jobs.finish().unwrap();
        let nodes = ["n0", "n1"].map(|name| machine(&one_type(), name));
        let inventory = Inventory::new(nodes.to_vec()).unwrap();
        let log = Arc::<Mutex<Log>>::default();
        let mut cloud = Cloud {
            types: Arc::new(vec![published(&one_type(), 1)]),
            terms: vec![Terms::of_cloud("aws")],
            places: vec![2],
            quotas: BTreeMap::new(),
            pod_grace: Span::from_secs(30),
            replicas: 1,
            boot: Boot::default(),
            spot: None,
            spot_ok: vec![true, false],
            keep: vec![false; 2],
        };
        change(&mut cloud);
        let script = Script {
            plan,
            log: log.clone(),
        };
        Bench {
            policy: Controlled::new(Box::new(script), cloud, &inventory),
            cluster: Cluster::new(inventory, work.shapes()),
            work,
            log,
        }
    }

    /// Lets the policy decide whenever it wants to, up to `until`; returns what it changed, with
    /// the second it did.
    fn run(&mut self, until: i64) -> Vec<(i64, Change)> {
        let begun = self.policy.begun;
        let mut all = Vec::new();
        let mut now = Time(i64::MIN);
        while let Some(at) = self.policy.wake().filter(|at| *at <= SECS(until)) {
            now = now.max(at).max(Time::ZERO);
            let mut changes = Vec::new();
            let mut stage = At {
                now,
                work: &self.work,
                cluster: &mut self.cluster,
            };
            self.policy.decide(&mut stage, &mut changes);
            for change in changes {
                all.push((now.0 / MICROS, change));
                if let Change::Evict { job, .. } = change {
                    self.end(job, now);
                    self.policy.waits(&self.work, job, now);
                }
            }
        }
        // Closing the places at the start says nothing about machines.
        all.drain(..if begun { 0 } else { 2 });
        all
    }

    fn start(&mut self, job: u32, place: u32, now: i64) {
        self.policy.waits(&self.work, JobId(job), SECS(now));
        let spots = [Bench::spot(place)];
        let residence = Residence {
            work: &self.work,
            job: JobId(job),
            spots: &spots,
        };
        self.policy.started(residence, SECS(now));
    }

    /// The tests put job i on place i.
    fn end(&mut self, job: JobId, now: Time) {
        let spots = [Bench::spot(job.0)];
        let residence = Residence {
            work: &self.work,
            job,
            spots: &spots,
        };
        self.policy.ended(residence, now);
    }

    fn spot(place: u32) -> Spot {
        Spot {
            node: NodeId(place),
            devices: 1,
        }
    }

    fn events(&self) -> Vec<Event> {
        self.log.lock().unwrap().events.clone()
    }

    fn life(&self, machine: usize) -> (i64, Option<i64>, Option<i64>, Ending) {
        let life = &self.policy.lifetimes().unwrap()[machine];
        let secs = |at: Time| at.0 / MICROS;
        let ending = life.bought.as_ref().unwrap().ending;
        (
            secs(life.launched),
            life.ready.map(secs),
            life.gone.map(secs),
            ending,
        )
    }
}

fn launch(ticket: u64, options: &[(usize, usize)]) -> Command {
    Command::Launch(Launch {
        ticket,
        owner: "pool".into(),
        options: options.to_vec(),
        labels: Labels::new(),
        taints: Vec::new(),
    })
}

fn delete(machine: u32, grace: i64) -> Command {
    Command::Delete {
        machine: MachineId(machine),
        grace: Span::from_secs(grace),
        reason: "Empty",
    }
}

#[test]
fn a_machine_opens_when_its_boot_is_over_and_its_controller_is_told() {
    let mut bench = Bench::new(vec![(SECS(20), launch(7, &[(0, 0)]))], |_| {});
    let changes = bench.run(1_000);
    assert_eq!(changes, [(200, Change::Open(NodeId(0)))]);
    let machine = MachineId(0);
    let told = [
        Event::Launched { ticket: 7, machine },
        Event::Initialized(machine),
    ];
    assert_eq!(bench.events(), told);
    assert_eq!(bench.life(0), (20, Some(200), None, Ending::There));
    let view = &bench.policy.desk.view;
    let labels = &view.machines[&machine].labels;
    let label = |key: &str| labels.get(key).map(String::as_str);
    assert_eq!(label("topology.kubernetes.io/zone"), Some("a"));
    assert_eq!(label("karpenter.sh/capacity-type"), Some("on-demand"));
    assert_eq!(label("node.kubernetes.io/instance-type"), Some("one"));
    assert_eq!(label(PRODUCT), Some("T4"));
    assert_eq!(label("kubernetes.io/hostname"), Some("pool-0"));
    // Seen: the start, the launch's instant, what it brought, joining, opening.
    assert_eq!(bench.log.lock().unwrap().steps, 5);
    assert_eq!(bench.policy.wake(), None);
}

#[test]
fn an_empty_machine_goes_at_once_and_its_place_is_taken_again() {
    let plan = vec![
        (SECS(0), launch(1, &[(0, 0)])),
        (SECS(500), delete(0, 30)),
        (SECS(600), launch(2, &[(0, 0)])),
    ];
    let mut bench = Bench::new(plan, |_| {});
    let changes = bench.run(1_000);
    let open = Change::Open(NodeId(0));
    assert_eq!(
        changes,
        [(180, open), (500, Change::Close(NodeId(0))), (780, open)]
    );
    assert_eq!(
        bench.life(0),
        (0, Some(180), Some(500), Ending::GivenBack("Empty"))
    );
    assert_eq!(bench.life(1), (600, Some(780), None, Ending::There));
}

#[test]
fn pods_leave_a_machine_when_their_grace_is_over_and_then_it_is_gone() {
    let plan = vec![(SECS(0), launch(1, &[(0, 0)])), (SECS(300), delete(0, 600))];
    let mut bench = Bench::new(plan, |_| {});
    bench.run(200);
    bench.start(0, 0, 200);
    let changes = bench.run(1_000);
    let evict = Change::Evict {
        job: JobId(0),
        warned: Span::from_secs(30),
    };
    let close = Change::Close(NodeId(0));
    // The pods' own 30 s are less than the 600 s the controller would give them.
    assert_eq!(changes, [(300, close), (330, evict)]);
    assert_eq!(
        bench.life(0),
        (0, Some(180), Some(330), Ending::GivenBack("Empty"))
    );
    assert_eq!(bench.policy.desk.view.pending.len(), 1);
}

#[test]
fn a_machine_that_drains_is_gone_when_its_last_pod_ends() {
    let plan = vec![(SECS(0), launch(1, &[(0, 0)])), (SECS(300), delete(0, 20))];
    let mut bench = Bench::new(plan, |_| {});
    bench.run(200);
    bench.start(0, 0, 200);
    bench.run(310);
    bench.end(JobId(0), SECS(310));
    assert_eq!(bench.run(1_000), []);
    assert_eq!(
        bench.life(0),
        (0, Some(180), Some(310), Ending::GivenBack("Empty"))
    );
}

#[test]
fn the_view_shows_what_pods_take_and_who_waits() {
    let mut bench = Bench::new(vec![(SECS(0), launch(1, &[(0, 0)]))], |_| {});
    bench.run(200);
    let gpus = |bench: &Bench| {
        let machine = &bench.policy.desk.view.machines[&MachineId(0)];
        (machine.available[GPU], machine.available["pods"])
    };
    assert_eq!(gpus(&bench), (1, 110));
    bench.start(0, 0, 200);
    assert_eq!(gpus(&bench), (0, 109));
    bench.policy.waits(&bench.work, JobId(1), SECS(210));
    let view = &bench.policy.desk.view;
    let [waits] = view.pending.as_slice() else {
        panic!("{:?}", view.pending)
    };
    assert_eq!((waits.job, waits.created), (JobId(1), SECS(210)));
    // The second job may not run on spot.
    assert!(waits.spec.node_affinity.required.is_some());
    assert_eq!(
        view.machines[&MachineId(0)].pods[0]
            .pod
            .spec
            .node_affinity
            .required,
        None
    );
    bench.end(JobId(0), SECS(250));
    assert_eq!(gpus(&bench), (1, 110));
}

#[test]
fn options_beyond_a_quota_are_out_and_the_next_one_is_taken() {
    let both = [(0, 1), (0, 0)];
    let plan = vec![(SECS(0), launch(1, &both)), (SECS(0), launch(2, &both))];
    let mut bench = Bench::new(plan, |cloud| {
        cloud.quotas.insert((0, 1), 1);
    });
    bench.run(10);
    let spot = |machine: usize| {
        bench.policy.lifetimes().unwrap()[machine]
            .bought
            .clone()
            .unwrap()
    };
    assert_eq!(spot(0).capacity_type, CapacityType::Spot);
    assert_eq!(spot(1).capacity_type, CapacityType::OnDemand);
    let out = Event::OutOfCapacity {
        ticket: 2,
        options: vec![(0, 1)],
        machine: Some(MachineId(1)),
    };
    assert_eq!(bench.events()[1], out);
}

#[test]
fn a_full_block_of_places_is_told() {
    let plan = (0..3)
        .map(|ticket| (SECS(0), launch(ticket, &[(0, 0)])))
        .collect();
    let mut bench = Bench::new(plan, |_| {});
    bench.run(0);
    assert_eq!(bench.policy.full(), Some(0));
    assert_eq!(bench.policy.lifetimes().unwrap().len(), 2);
}

#[test]
fn machines_that_never_join_are_given_up_after_15_minutes() {
    let mut bench = Bench::new(vec![(SECS(0), launch(1, &[(0, 0)]))], |cloud| {
        cloud.boot.failures_milli = 1000;
    });
    assert_eq!(bench.run(10_000), []);
    assert_eq!(bench.life(0), (0, None, Some(900), Ending::NeverJoined));
    assert_eq!(bench.events()[1], Event::NeverJoined(MachineId(0)));
}

/// Two machines for 600 s, then one for 600 s, then none.
fn shrinking(cloud: &mut Cloud) {
    let counts = vec![2, 1, 0];
    let availability = Availability::new(Span::from_secs(600), Polarity::Available, counts);
    let pool = TracePool {
        availability: availability.unwrap(),
        prices: PriceSeries::flat(Price::parse("1.2").unwrap()),
    };
    let pools = [((0, 1), PoolId(0))].into();
    cloud.spot = Some((Box::new(TraceMarket::new(vec![pool])), pools));
}

#[test]
fn a_pool_that_shrinks_takes_machines_away_after_their_notice_the_youngest_first() {
    let plan = vec![
        (SECS(0), launch(1, &[(0, 1)])),
        (SECS(60), launch(2, &[(0, 1)])),
    ];
    let mut bench = Bench::new(plan, shrinking);
    bench.run(300);
    bench.start(0, 0, 300);
    bench.start(1, 1, 300);
    let changes = bench.run(10_000);
    let evict = |job| Change::Evict {
        job: JobId(job),
        warned: Span::from_secs(120),
    };
    assert_eq!(
        changes,
        [
            (720, Change::Close(NodeId(1))),
            (720, evict(1)),
            (1_320, Change::Close(NodeId(0))),
            (1_320, evict(0)),
        ]
    );
    assert_eq!(
        bench.life(1),
        (60, Some(240), Some(720), Ending::Interrupted)
    );
    assert_eq!(
        bench.life(0),
        (0, Some(180), Some(1_320), Ending::Interrupted)
    );
    let notice = |machine, at| Event::Notice {
        machine: MachineId(machine),
        at: SECS(at),
    };
    let events = bench.events();
    assert!(events.contains(&notice(1, 720)) && events.contains(&notice(0, 1_320)));
}

#[test]
fn who_drains_a_machine_before_it_is_taken_away_gave_it_back() {
    let plan = vec![
        (SECS(0), launch(1, &[(0, 1)])),
        (SECS(1_210), delete(0, 30)),
    ];
    let mut bench = Bench::new(plan, shrinking);
    bench.run(300);
    bench.start(0, 0, 300);
    let changes = bench.run(10_000);
    // Told at 1,200 s that it would go at 1,320 s; drained from 1,210 s on.
    let evict = Change::Evict {
        job: JobId(0),
        warned: Span::from_secs(40),
    };
    assert_eq!(changes.last(), Some(&(1_240, evict)));
    assert_eq!(
        bench.life(0),
        (0, Some(180), Some(1_240), Ending::GivenBack("Empty"))
    );
}

#[test]
fn a_pool_that_is_away_has_nothing_to_launch() {
    let mut bench = Bench::new(vec![(SECS(1_500), launch(1, &[(0, 1)]))], shrinking);
    bench.run(2_000);
    let out = Event::OutOfCapacity {
        ticket: 1,
        options: vec![(0, 1)],
        machine: None,
    };
    assert_eq!(bench.events(), [out]);
}
