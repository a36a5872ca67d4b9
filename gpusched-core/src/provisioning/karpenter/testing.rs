//! A small cluster for tests: it boots machines, binds pods, and does what a controller says.

use super::disruption::{Budget, Nodes};
use super::labels::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODEPOOL, ZONE};
use super::objects::{NodePool, NodeType, PodSpec};
use super::{Karpenter, KarpenterOptions, Pool};
use crate::ids::JobId;
use crate::kube::{Labels, Resources, untolerated};
use crate::provisioning::Price;
use crate::provisioning::catalog::{CapacityType, InstanceType, Offering};
use crate::provisioning::controller::{
    Command, Controller, Event, Launch, Machine, MachineId, MachinePod, View, ViewPod,
};
use crate::units::{Span, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const OD: CapacityType = CapacityType::OnDemand;
pub(super) const SPOT: CapacityType = CapacityType::Spot;

pub(super) fn resources(pairs: &[(&str, i64)]) -> Resources {
    pairs
        .iter()
        .map(|(name, amount)| ((*name).to_owned(), *amount))
        .collect()
}

pub(super) fn offering(zone: &str, capacity_type: CapacityType, price: i64) -> Offering {
    Offering {
        zone: zone.into(),
        capacity_type,
        price: Price(price),
        available: true,
        reservation: None,
    }
}

/// An instance type of so many cores and pods in zone a.
pub(super) fn node_type(name: &str, cores: i64, offerings: Vec<Offering>) -> NodeType {
    let capacity = resources(&[("cpu", 1000 * cores), ("pods", 100)]);
    NodeType::from(&InstanceType {
        name: name.into(),
        capacity: capacity.clone(),
        allocatable: capacity,
        offerings,
        ..InstanceType::default()
    })
}

/// Types of 1, 2, 4 and 8 cores: a hundred a core on demand, and on spot thirty.
pub(super) fn types() -> Vec<NodeType> {
    let of = |(name, cores): (&str, i64)| {
        let offerings = vec![
            offering("a", OD, 100 * cores),
            offering("a", SPOT, 30 * cores),
        ];
        node_type(name, cores, offerings)
    };
    [("one", 1), ("two", 2), ("four", 4), ("eight", 8)]
        .map(of)
        .into()
}

/// A pool of on-demand nodes without limits on how many may go.
pub(super) fn pool(name: &str, ways: &[CapacityType]) -> Pool {
    let ways: Vec<&str> = ways.iter().map(|one| one.name()).collect();
    let mut pool = Pool::from(NodePool {
        name: name.into(),
        requirements: [super::Requirement::one_of(CAPACITY_TYPE, &ways)]
            .into_iter()
            .collect(),
        ..NodePool::default()
    });
    pool.disruption.budgets = vec![Budget {
        nodes: "100%".parse().unwrap(),
        ..Budget::DEFAULT
    }];
    pool
}

pub(super) fn options(pools: Vec<Pool>) -> KarpenterOptions {
    KarpenterOptions {
        pools,
        ..KarpenterOptions::default()
    }
}

pub(super) fn spec(cpu: i64) -> PodSpec {
    PodSpec {
        namespace: "default".into(),
        requests: resources(&[("cpu", cpu)]),
        ..PodSpec::default()
    }
}

pub(super) fn pod(job: u32, spec: PodSpec) -> ViewPod {
    ViewPod {
        job: JobId(job),
        index: 0,
        created: Time::ZERO,
        spec: Arc::new(spec),
        priority: 0,
        deletion_cost: 0,
        keep: false,
    }
}

/// The cluster.
pub(super) struct Town {
    pub(super) view: View,
    pub(super) karpenter: Karpenter,
    /// From launch to taking pods.
    pub(super) boot: Span,
    /// Offerings the provider is out of: type and offering.
    pub(super) out: BTreeSet<(usize, usize)>,
    /// Machines that never come, by the order of their launch.
    pub(super) lost: BTreeSet<u32>,
    /// Whether machines that are new do not take pods by themselves.
    pub(super) unbound: bool,
    /// What budgets allow, whatever the reason, of the nodes of a pool.
    pub(super) budget: Nodes,
    /// Whether nodes are replaced for what they are, not for their price.
    pub(super) drifts: bool,
    /// Price of the machines cordoned in this step for what is launched next in it.
    cordoned: Price,
    /// What happened: second and what.
    pub(super) log: Vec<String>,
    next: u32,
    initialized: BTreeSet<MachineId>,
}

impl Town {
    pub(super) fn new(options: KarpenterOptions, types: Vec<NodeType>) -> Town {
        Town {
            view: View {
                types: Arc::new(types),
                ..View::default()
            },
            karpenter: Karpenter::new(options),
            boot: Span::from_secs(60),
            out: BTreeSet::new(),
            lost: BTreeSet::new(),
            unbound: false,
            budget: Nodes::Percent(100),
            drifts: false,
            cordoned: Price::FREE,
            log: Vec::new(),
            next: 0,
            initialized: BTreeSet::new(),
        }
    }

    /// A pod that waits from now on.
    pub(super) fn submit(&mut self, mut pod: ViewPod) {
        pod.created = self.view.now;
        self.view.pending.push(pod);
        self.changed(true);
    }

    /// A machine that has been there for long, with these pods.
    pub(super) fn machine(
        &mut self,
        owner: &str,
        (of, offering): (usize, usize),
        pods: Vec<ViewPod>,
    ) -> MachineId {
        let launch = Launch {
            ticket: u64::MAX,
            owner: owner.into(),
            options: vec![(of, offering)],
            labels: [(NODEPOOL.to_owned(), owner.to_owned())].into(),
            taints: Vec::new(),
        };
        let id = self.make(&launch, (of, offering));
        let long_ago = Time(self.view.now.0 - 3_600_000_000);
        self.initialized.insert(id);
        let machine = self.view.machines.get_mut(&id).unwrap();
        (machine.launched, machine.registered, machine.initialized) =
            (long_ago, long_ago, long_ago);
        machine.last_pod_event = long_ago;
        for pod in pods {
            self.put(id, pod, long_ago);
        }
        id
    }

    fn make(&mut self, launch: &Launch, (of, number): (usize, usize)) -> MachineId {
        let id = MachineId(self.next);
        self.next += 1;
        let node_type = &self.view.types[of];
        let bought = &node_type.offerings[number].offering;
        let name = format!("n{}", id.0);
        let mut labels: Labels = launch.labels.clone();
        labels.insert(ZONE.into(), bought.zone.clone());
        labels.insert(CAPACITY_TYPE.into(), bought.capacity_type.name().into());
        labels.insert(INSTANCE_TYPE.into(), node_type.name.clone());
        labels.insert(HOSTNAME.into(), name.clone());
        let ready = match self.lost.contains(&id.0) {
            true => Time::NEVER,
            false => self.view.now + self.boot,
        };
        let machine = Machine {
            name,
            owner: Some(launch.owner.clone()),
            node_type: of,
            offering: number,
            labels,
            taints: launch.taints.clone(),
            allocatable: node_type.allocatable.clone(),
            available: node_type.allocatable.clone(),
            launched: self.view.now,
            registered: ready,
            initialized: ready,
            cordoned: false,
            keep: false,
            leaving: None,
            pods: Vec::new(),
            last_pod_event: Time(i64::MIN),
            version: 0,
        };
        self.view.machines.insert(id, machine);
        self.changed(false);
        id
    }

    fn put(&mut self, id: MachineId, pod: ViewPod, since: Time) {
        let machine = self.view.machines.get_mut(&id).unwrap();
        for (resource, amount) in &pod.spec.requests {
            *machine.available.get_mut(resource).unwrap() -= amount;
        }
        machine.pods.push(MachinePod { pod, since });
        machine.last_pod_event = since;
        machine.version += 1;
        self.changed(false);
    }

    /// Ends the pod of a job.
    pub(super) fn end(&mut self, job: u32) {
        let now = self.view.now;
        for machine in self.view.machines.values_mut() {
            let index = machine
                .pods
                .iter()
                .position(|one| one.pod.job == JobId(job));
            if let Some(index) = index {
                let one = machine.pods.remove(index);
                for (resource, amount) in &one.pod.spec.requests {
                    *machine.available.get_mut(resource).unwrap() += amount;
                }
                machine.last_pod_event = now;
                machine.version += 1;
            }
        }
        self.changed(false);
    }

    fn changed(&mut self, pending: bool) {
        self.view.version += 1;
        self.view.pending_version += u64::from(pending);
    }

    pub(super) fn note(&mut self, what: String) {
        self.log
            .push(format!("{} {what}", self.view.now.0 / 1_000_000));
    }

    pub(super) fn tell(&mut self, event: &Event) {
        self.karpenter.told(event, &self.view);
    }

    /// Lets time pass until a second.
    pub(super) fn run(&mut self, until: i64) {
        let until = Time::from_secs(until);
        for step in 0.. {
            assert!(step < 20_000, "no end at {}: {:?}", self.view.now, self.log);
            self.settle();
            let machines = self.view.machines.values();
            let boots = machines.clone().map(|one| one.initialized);
            let goes = machines.filter_map(|one| one.leaving);
            let events = boots.chain(goes).filter(|at| *at > self.view.now).min();
            let wake = self.karpenter.wake(&self.view);
            let next = [events, wake]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(Time::NEVER);
            if next > until {
                self.view.now = until;
                return;
            }
            // A controller that wants to be asked at once may, but not for ever.
            self.view.now = next.max(Time(self.view.now.0 + i64::from(events != Some(next))));
        }
    }

    /// What happens at this instant.
    pub(super) fn settle(&mut self) {
        let now = self.view.now;
        let gone: Vec<MachineId> = self
            .view
            .machines
            .iter()
            .filter(|(_, one)| one.leaving.is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            let machine = self.view.machines.remove(&id).unwrap();
            self.view
                .pending
                .extend(machine.pods.into_iter().map(|one| one.pod));
            self.changed(true);
            self.note(format!("gone {}", machine.name));
            self.tell(&Event::Gone(id));
        }
        let came: Vec<MachineId> = self
            .view
            .machines
            .iter()
            .filter(|(id, one)| one.initialized <= now && !self.initialized.contains(id))
            .map(|(id, _)| *id)
            .collect();
        for id in came {
            self.initialized.insert(id);
            self.changed(false);
            self.tell(&Event::Initialized(id));
        }
        self.bind();
        // Again, as long as what it does changes what it sees.
        for again in 0.. {
            assert!(again < 1000, "no end at {now}: {:?}", self.log);
            let mut commands = Vec::new();
            self.karpenter.step(&self.view, &mut commands);
            if commands.is_empty() {
                break;
            }
            self.cordoned = Price::FREE;
            for command in commands {
                self.carry_out(command);
            }
        }
    }

    /// Nodes of a machine's pool that are initialized, and those of them that are going.
    fn count(&self, id: MachineId) -> (u32, u32) {
        let owner = &self.view.machines[&id].owner;
        let machines = self.view.machines.values();
        let of_pool =
            machines.filter(|one| one.owner == *owner && one.is_initialized(self.view.now));
        let going = of_pool
            .clone()
            .filter(|one| one.cordoned || one.leaving.is_some());
        (of_pool.count() as u32, going.count() as u32)
    }

    fn bind(&mut self) {
        if self.unbound {
            return;
        }
        for pod in std::mem::take(&mut self.view.pending) {
            let fits = |machine: &&Machine| {
                let room = pod.spec.requests.iter();
                machine.is_initialized(self.view.now)
                    && !machine.cordoned
                    && machine.leaving.is_none()
                    && untolerated(&machine.taints, &[&pod.spec.tolerations]).is_none()
                    && pod
                        .spec
                        .node_selector
                        .iter()
                        .all(|(key, value)| machine.labels.get(key) == Some(value))
                    && room
                        .clone()
                        .all(|(resource, want)| want <= &machine.available[resource])
            };
            let found = self
                .view
                .machines
                .iter()
                .find(|(_, one)| fits(one))
                .map(|(id, _)| *id);
            match found {
                Some(id) => {
                    self.put(id, pod, self.view.now);
                    self.changed(true);
                }
                None => self.view.pending.push(pod),
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Launch(launch) => {
                if self.cordoned > Price::FREE && !self.drifts {
                    let price = |(of, number): &(usize, usize)| {
                        self.view.types[*of].offerings[*number].offering.price
                    };
                    let dearest = launch.options.iter().map(price).max();
                    assert!(
                        dearest.is_some_and(|price| price < self.cordoned),
                        "{:?}",
                        self.log
                    );
                    self.cordoned = Price::FREE;
                }
                let there = |option: &&(usize, usize)| !self.out.contains(option);
                let chosen = launch.options.iter().find(there).copied();
                let tried = launch
                    .options
                    .iter()
                    .take_while(|one| Some(**one) != chosen);
                let tried: Vec<(usize, usize)> = tried.copied().collect();
                let machine = chosen.map(|chosen| self.make(&launch, chosen));
                let what = chosen.map_or("nothing".to_owned(), |(of, number)| {
                    let of = &self.view.types[of];
                    let bought = of.offerings[number].offering.capacity_type;
                    format!("{} {bought}", of.name)
                });
                self.note(format!("launch {what}"));
                if !tried.is_empty() {
                    self.tell(&Event::OutOfCapacity {
                        ticket: launch.ticket,
                        options: tried,
                        machine,
                    });
                }
                if let Some(machine) = machine {
                    self.tell(&Event::Launched {
                        ticket: launch.ticket,
                        machine,
                    });
                }
            }
            Command::Cordon(id) | Command::Uncordon(id) => {
                let taint = matches!(command, Command::Cordon(_));
                if taint {
                    let (nodes, going) = self.count(id);
                    let allowed = self.budget.of(nodes);
                    assert!(going < allowed, "{going} of {nodes}: {:?}", self.log);
                    self.cordoned = self.cordoned + self.view.price(&self.view.machines[&id]);
                }
                let machine = self.view.machines.get_mut(&id).unwrap();
                machine.cordoned = taint;
                machine.version += 1;
                let name = machine.name.clone();
                self.changed(false);
                self.note(format!(
                    "{} {name}",
                    if taint { "cordon" } else { "uncordon" }
                ));
            }
            Command::Delete {
                machine: id,
                grace,
                reason,
            } => {
                let now = self.view.now;
                let machine = self.view.machines.get_mut(&id).unwrap();
                let grace = if machine.pods.is_empty() {
                    Span::ZERO
                } else {
                    grace
                };
                machine.leaving = Some(Time(now.0.saturating_add(grace.0.max(1))));
                machine.version += 1;
                let name = machine.name.clone();
                self.changed(false);
                self.note(format!("delete {name} {reason}"));
            }
        }
    }
}
