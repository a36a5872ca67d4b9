//! A cluster of rented machines under a controller, in core terms: jobs of one pod come and end,
//! pods go to the machine on which they leave least, machines boot and drain. Nothing else is
//! modelled, so that the time is the controller's.

use gpusched_core::ids::JobId;
use gpusched_core::kube::{Labels, Resources};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, InstanceType, Offering};
use gpusched_core::provisioning::controller::{
    Command, Controller, Event, Launch, Machine, MachineId, MachinePod, View, ViewPod,
};
use gpusched_core::provisioning::karpenter::labels::{
    CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, ZONE,
};
use gpusched_core::provisioning::karpenter::objects::{NodeType, PodSpec};
use gpusched_core::units::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const GPU: &str = "nvidia.com/gpu";
const GIB: i64 = 1 << 30;

/// From launch to taking pods.
const BOOT: Span = Span::from_secs(120);

/// A fixed sequence of numbers (a linear congruential generator; Knuth's MMIX constants).
pub struct Draw(pub u64);

impl Draw {
    /// A number in `0..below`.
    pub fn below(&mut self, below: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % below
    }
}

fn amounts(gpus: i64, cores_per_gpu: i64, gib_per_gpu: i64) -> Resources {
    [
        (GPU.to_owned(), gpus),
        ("cpu".to_owned(), 1000 * cores_per_gpu * gpus),
        ("memory".to_owned(), gib_per_gpu * GIB * gpus),
    ]
    .into()
}

/// Types of 1, 4 and 8 GPUs (the sizes of g5) with 8, 12, 16 or 24 cores a GPU and four GiB a core,
/// in three zones, on demand: a dollar a GPU and two cents a core.
pub fn types() -> Vec<NodeType> {
    let mut types = Vec::new();
    for gpus in [1, 4, 8] {
        for cores in [8, 12, 16, 24] {
            let mut capacity = amounts(gpus, cores, 4 * cores);
            capacity.insert("pods".into(), 110);
            let offerings = ["a", "b", "c"].map(|zone| Offering {
                zone: zone.into(),
                capacity_type: CapacityType::OnDemand,
                price: Price(gpus * (1_000_000_000 + 20_000_000 * cores)),
                available: true,
                reservation: None,
            });
            types.push(NodeType::from(&InstanceType {
                name: format!("g{gpus}c{cores}"),
                capacity: capacity.clone(),
                allocatable: capacity,
                offerings: offerings.into(),
                ..InstanceType::default()
            }));
        }
    }
    types
}

/// Kinds of pods: 1, 2, 4 or 8 GPUs with 4, 8 or 12 cores each.
pub fn kinds() -> Vec<Arc<PodSpec>> {
    let mut kinds = Vec::new();
    for gpus in [1, 2, 4, 8] {
        for cores in [4, 8, 12] {
            kinds.push(Arc::new(PodSpec {
                namespace: "default".into(),
                requests: amounts(gpus, cores, 16),
                ..PodSpec::default()
            }));
        }
    }
    kinds
}

/// The cluster.
pub struct Fleet<C> {
    pub controller: C,
    pub view: View,
    /// Jobs to come, the next one last: when, for how long, and what they want.
    pub coming: Vec<(Time, Span, Arc<PodSpec>)>,
    /// Jobs that are there, by when they end.
    ends: BTreeSet<(Time, JobId)>,
    boots: BTreeSet<(Time, MachineId)>,
    /// When machines that drain are gone.
    drains: BTreeSet<(Time, MachineId)>,
    places: BTreeMap<JobId, MachineId>,
    /// Machines that take pods, by the GPUs that are left.
    open: BTreeSet<(i64, MachineId)>,
    jobs: u32,
    machines: u32,
    /// Machines launched, and pods moved off machines that went.
    pub launched: u64,
    pub moved: u64,
    /// Sum of machines over time, in machine-microseconds.
    pub held: i128,
}

impl<C: Controller> Fleet<C> {
    pub fn new(controller: C, types: Vec<NodeType>) -> Fleet<C> {
        Fleet {
            controller,
            view: View {
                types: Arc::new(types),
                ..View::default()
            },
            coming: Vec::new(),
            ends: BTreeSet::new(),
            boots: BTreeSet::new(),
            drains: BTreeSet::new(),
            places: BTreeMap::new(),
            open: BTreeSet::new(),
            jobs: 0,
            machines: 0,
            launched: 0,
            moved: 0,
            held: 0,
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, until: Time) {
        let mut wake = None;
        loop {
            let first = |all: &BTreeSet<(Time, MachineId)>| all.first().map(|one| one.0);
            let next = [
                self.coming.last().map(|one| one.0),
                self.ends.first().map(|one| one.0),
                first(&self.boots),
                first(&self.drains),
                wake,
            ];
            let Some(next) = next.into_iter().flatten().min().filter(|at| *at < until) else {
                return;
            };
            // Asked again for the instant it has just seen, a controller would be asked for ever.
            let next = next.max(self.view.now);
            self.held += i128::from(next.0 - self.view.now.0) * self.view.machines.len() as i128;
            self.view.now = next;
            self.happen();
            let mut commands = Vec::new();
            loop {
                self.bind();
                self.controller.step(&self.view, &mut commands);
                if commands.is_empty() {
                    break;
                }
                for command in commands.drain(..) {
                    self.carry_out(command);
                }
            }
            wake = self.controller.wake(&self.view);
            wake = wake.map(|at| at.max(self.view.now + Span(1)));
        }
    }

    fn happen(&mut self) {
        let now = self.view.now;
        while self.ends.first().is_some_and(|one| one.0 <= now) {
            let (_, job) = self.ends.pop_first().expect("looked at");
            match self.places.remove(&job) {
                None => {
                    self.view.pending.retain(|pod| pod.job != job);
                    self.view.pending_version += 1;
                    self.view.version += 1;
                }
                Some(id) => self.change(id, now, |machine| {
                    let index = machine.pods.iter().position(|one| one.pod.job == job);
                    let one = machine.pods.remove(index.expect("it is there"));
                    shift(&mut machine.available, &one.pod.spec.requests, 1);
                }),
            }
        }
        while self.drains.first().is_some_and(|one| one.0 <= now) {
            let (_, id) = self.drains.pop_first().expect("looked at");
            let machine = self.view.machines.remove(&id).expect("it drains");
            for one in machine.pods {
                self.places.remove(&one.pod.job);
                self.view.pending.push(one.pod);
                self.moved += 1;
            }
            let pending = &mut self.view.pending;
            pending.sort_by_key(|pod| (pod.created, pod.job));
            self.view.pending_version += 1;
            self.view.version += 1;
            self.controller.told(&Event::Gone(id), &self.view);
        }
        while self.boots.first().is_some_and(|one| one.0 <= now) {
            let (_, id) = self.boots.pop_first().expect("looked at");
            self.view.version += 1;
            self.reopen(id);
            self.controller.told(&Event::Initialized(id), &self.view);
        }
        while self.coming.last().is_some_and(|one| one.0 <= now) {
            let (_, run, spec) = self.coming.pop().expect("looked at");
            let job = JobId(self.jobs);
            self.jobs += 1;
            self.ends.insert((now + run, job));
            self.view.pending.push(ViewPod {
                job,
                index: 0,
                created: now,
                spec,
                priority: 0,
                deletion_cost: 0,
                keep: false,
            });
            self.view.pending_version += 1;
            self.view.version += 1;
        }
    }

    fn change(&mut self, id: MachineId, now: Time, how: impl FnOnce(&mut Machine)) {
        self.view.version += 1;
        let version = self.view.version;
        let machine = self.view.machines.get_mut(&id).expect("a machine");
        self.open.remove(&(machine.available[GPU], id));
        how(machine);
        machine.last_pod_event = now;
        machine.version = version;
        self.reopen(id);
    }

    fn reopen(&mut self, id: MachineId) {
        let machine = &self.view.machines[&id];
        if machine.is_initialized(self.view.now) && !machine.cordoned {
            self.open.insert((machine.available[GPU], id));
        }
    }

    /// Waiting pods go to the machine on which they leave least, the oldest of those.
    fn bind(&mut self) {
        let now = self.view.now;
        for pod in std::mem::take(&mut self.view.pending) {
            let has = |there: &Resources, wants: &Resources| {
                wants
                    .iter()
                    .all(|(resource, want)| there.get(resource).is_some_and(|there| want <= there))
            };
            let least = pod.spec.requests[GPU];
            let mut roomy = self.open.range((least, MachineId(0))..).map(|one| one.1);
            let best = roomy.find(|id| has(&self.view.machines[id].available, &pod.spec.requests));
            match best {
                None => self.view.pending.push(pod),
                Some(id) => {
                    self.places.insert(pod.job, id);
                    self.change(id, now, |machine| {
                        shift(&mut machine.available, &pod.spec.requests, -1);
                        machine.pods.push(MachinePod { pod, since: now });
                    });
                    self.view.pending_version += 1;
                }
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        let now = self.view.now;
        match command {
            Command::Launch(launch) => self.launch(&launch),
            Command::Cordon(id) => self.mark(id, |machine| machine.cordoned = true),
            Command::Uncordon(id) => self.mark(id, |machine| machine.cordoned = false),
            Command::Delete { machine, grace, .. } => {
                self.mark(machine, |machine| {
                    machine.cordoned = true;
                    machine.leaving.get_or_insert(now);
                });
                self.boots.retain(|one| one.1 != machine);
                self.drains.insert((now + grace, machine));
            }
        }
    }

    fn mark(&mut self, id: MachineId, how: impl FnOnce(&mut Machine)) {
        let last = self.view.machines.get(&id).map(|one| one.last_pod_event);
        if let Some(last) = last {
            self.change(id, last, how);
        }
    }

    fn launch(&mut self, launch: &Launch) {
        let now = self.view.now;
        let id = MachineId(self.machines);
        self.machines += 1;
        self.launched += 1;
        let (of, offering) = launch.options[0];
        let node_type = &self.view.types[of];
        let bought = &node_type.offerings[offering].offering;
        let name = format!("n{:06}", id.0);
        let mut labels: Labels = launch.labels.clone();
        labels.insert(ZONE.into(), bought.zone.clone());
        labels.insert(CAPACITY_TYPE.into(), bought.capacity_type.name().into());
        labels.insert(INSTANCE_TYPE.into(), node_type.name.clone());
        labels.insert(HOSTNAME.into(), name.clone());
        self.view.version += 1;
        let machine = Machine {
            name,
            owner: Some(launch.owner.clone()),
            node_type: of,
            offering,
            labels,
            taints: launch.taints.clone(),
            allocatable: node_type.allocatable.clone(),
            available: node_type.allocatable.clone(),
            launched: now,
            registered: now + BOOT,
            initialized: now + BOOT,
            cordoned: false,
            keep: false,
            leaving: None,
            pods: Vec::new(),
            last_pod_event: now,
            version: self.view.version,
        };
        self.view.machines.insert(id, machine);
        self.boots.insert((now + BOOT, id));
        let ticket = launch.ticket;
        let launched = Event::Launched {
            ticket,
            machine: id,
        };
        self.controller.told(&launched, &self.view);
    }
}

fn shift(available: &mut Resources, requests: &Resources, sign: i64) {
    for (resource, amount) in requests {
        *available.get_mut(resource).expect("it fits") += sign * amount;
    }
    *available.get_mut("pods").expect("types say it") += sign;
}
