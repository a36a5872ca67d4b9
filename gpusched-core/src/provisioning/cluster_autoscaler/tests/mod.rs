//! Whole loops on small clusters: a replay in miniature carries out what is decided.

mod random;
mod scale_down;
mod scale_up;

use super::explain::{MachineVerdict, ScaleUp, Verdict};
use super::{ClusterAutoscaler, NodeGroup, Options};
use crate::ids::JobId;
use crate::kube::{Labels, Resources};
use crate::provisioning::Price;
use crate::provisioning::catalog::{CapacityType, InstanceType, Offering};
use crate::provisioning::controller::{
    Command, Controller, Event, Launch, Machine, MachineId, MachinePod, View, ViewPod,
};
use crate::provisioning::karpenter::labels::HOSTNAME;
use crate::provisioning::karpenter::objects::{NodeType, PodSpec};
use crate::units::{Span, Time};
use std::sync::Arc;

/// Amounts by name.
pub(super) fn amounts(pairs: &[(&str, i64)]) -> Resources {
    pairs
        .iter()
        .map(|(name, amount)| ((*name).to_owned(), *amount))
        .collect()
}

/// A type of that many cores, GiB and GPUs, offered once.
pub(super) fn node_type(name: &str, cores: i64, gib: i64, gpus: i64, price: &str) -> NodeType {
    let mut has = amounts(&[("cpu", 1000 * cores), ("memory", gib << 30), ("pods", 110)]);
    if gpus > 0 {
        has.insert("nvidia.com/gpu".into(), gpus);
    }
    NodeType::from(&InstanceType {
        name: name.into(),
        capacity: has.clone(),
        allocatable: has,
        offerings: vec![Offering {
            zone: "a".into(),
            capacity_type: CapacityType::OnDemand,
            price: Price::parse(price).unwrap(),
            available: true,
            reservation: None,
        }],
        ..InstanceType::default()
    })
}

/// A group of the type of that index.
pub(super) fn group(id: &str, node_type: usize, min: u32, max: u32) -> NodeGroup {
    NodeGroup {
        id: id.into(),
        min,
        max,
        node_type,
        ..NodeGroup::default()
    }
}

/// A pod that wants so many cores, GiB and GPUs.
pub(super) fn wants(cores: i64, gib: i64, gpus: i64) -> Arc<PodSpec> {
    let mut requests = amounts(&[("cpu", 1000 * cores), ("memory", gib << 30)]);
    if gpus > 0 {
        requests.insert("nvidia.com/gpu".into(), gpus);
    }
    Arc::new(PodSpec {
        requests,
        ..PodSpec::default()
    })
}

/// Whoever replays, in miniature: machines boot for a while, pods go to the first machine that
/// fits, the oldest pod first, and run for ever.
pub(super) struct World {
    pub(super) view: View,
    pub(super) autoscaler: ClusterAutoscaler,
    pub(super) boot: Span,
    /// Whether the provider has anything to give.
    pub(super) capacity: bool,
    /// What was done, and when.
    pub(super) log: Vec<(Time, Command)>,
    /// Whether the view is said to have changed after every step, so that no look is left out.
    pub(super) busy: bool,
    next: u32,
}

impl World {
    pub(super) fn new(options: Options, groups: Vec<NodeGroup>, types: Vec<NodeType>) -> World {
        let autoscaler = ClusterAutoscaler::new(options, groups, &types).unwrap();
        World {
            view: View {
                types: Arc::new(types),
                ..View::default()
            },
            autoscaler,
            boot: Span::from_secs(60),
            capacity: true,
            log: Vec::new(),
            busy: false,
            next: 0,
        }
    }

    /// Changes the view: versions rise.
    pub(super) fn touch(&mut self) {
        self.view.version += 1;
        self.view.pending_version += 1;
    }

    /// Pods of a job wait from now on.
    pub(super) fn submit(&mut self, job: u32, pods: u32, spec: &Arc<PodSpec>) {
        self.submit_at(job, pods, spec, 0);
    }

    /// The same with a priority.
    pub(super) fn submit_at(&mut self, job: u32, pods: u32, spec: &Arc<PodSpec>, priority: i32) {
        let pod = |index| ViewPod {
            job: JobId(job),
            index,
            created: self.view.now,
            spec: spec.clone(),
            priority,
            deletion_cost: 0,
            keep: false,
        };
        let pods: Vec<ViewPod> = (0..pods).map(pod).collect();
        self.view.pending.extend(pods);
        self.touch();
    }

    /// A machine of a group that takes pods since the beginning.
    pub(super) fn machine(&mut self, owner: &str, node_type: usize) -> MachineId {
        self.launch(owner, node_type, Labels::new(), Vec::new(), Span::ZERO)
    }

    fn launch(
        &mut self,
        owner: &str,
        node_type: usize,
        mut labels: Labels,
        taints: Vec<crate::kube::Taint>,
        boot: Span,
    ) -> MachineId {
        let id = MachineId(self.next);
        self.next += 1;
        let name = format!("{owner}-{}", id.0);
        labels.insert(HOSTNAME.into(), name.clone());
        let allocatable = self.view.types[node_type].allocatable.clone();
        let now = self.view.now;
        let machine = Machine {
            name,
            owner: Some(owner.into()),
            node_type,
            offering: 0,
            labels,
            taints,
            available: allocatable.clone(),
            allocatable,
            launched: now,
            registered: now + boot,
            initialized: now + boot,
            cordoned: false,
            leaving: None,
            keep: false,
            pods: Vec::new(),
            last_pod_event: now,
            version: 1,
        };
        self.view.machines.insert(id, machine);
        self.touch();
        id
    }

    /// Puts a pod on a machine.
    pub(super) fn bind(&mut self, machine: MachineId, job: u32, spec: &Arc<PodSpec>) {
        let now = self.view.now;
        let pod = ViewPod {
            job: JobId(job),
            index: 0,
            created: now,
            spec: spec.clone(),
            priority: 0,
            deletion_cost: 0,
            keep: false,
        };
        self.change(machine, |machine| {
            machine.pods.push(MachinePod { pod, since: now });
        });
    }

    /// Ends all pods of a job.
    pub(super) fn end(&mut self, job: u32) {
        let ids: Vec<MachineId> = self.view.machines.keys().copied().collect();
        for id in ids {
            self.change(id, |machine| {
                machine.pods.retain(|one| one.pod.job.0 != job);
            });
        }
    }

    pub(super) fn change(&mut self, machine: MachineId, change: impl FnOnce(&mut Machine)) {
        let machine = self.view.machines.get_mut(&machine).unwrap();
        change(machine);
        machine.version += 1;
        machine.available = machine.allocatable.clone();
        for one in &machine.pods {
            for (name, amount) in &one.pod.spec.requests {
                *machine.available.entry(name.clone()).or_default() -= amount;
            }
        }
        self.touch();
    }

    /// The scheduler: waiting pods to the first machine with room.
    fn schedule(&mut self) {
        let pending = std::mem::take(&mut self.view.pending);
        for pod in pending {
            let now = self.view.now;
            let fits = |machine: &Machine| {
                let mut wants = pod.spec.requests.iter();
                !machine.cordoned
                    && machine.leaving.is_none()
                    && machine.is_initialized(now)
                    && wants.all(|(name, amount)| machine.available.get(name) >= Some(amount))
            };
            let found = self.view.machines.iter().find(|(_, machine)| fits(machine));
            match found.map(|(id, _)| *id) {
                Some(id) => {
                    let since = self.view.now;
                    self.change(id, |machine| machine.pods.push(MachinePod { pod, since }));
                }
                None => self.view.pending.push(pod),
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        self.log.push((self.view.now, command.clone()));
        match command {
            Command::Launch(Launch {
                ticket, options, ..
            }) if !self.capacity => {
                let event = Event::OutOfCapacity {
                    ticket,
                    options,
                    machine: None,
                };
                self.autoscaler.told(&event, &self.view);
            }
            Command::Launch(launch) => {
                let (of, _) = launch.options[0];
                let machine =
                    self.launch(&launch.owner, of, launch.labels, launch.taints, self.boot);
                let event = Event::Launched {
                    ticket: launch.ticket,
                    machine,
                };
                self.autoscaler.told(&event, &self.view);
            }
            Command::Cordon(id) => self.change(id, |machine| machine.cordoned = true),
            Command::Uncordon(id) => self.change(id, |machine| machine.cordoned = false),
            Command::Delete { machine, .. } => {
                if let Some(gone) = self.view.machines.remove(&machine) {
                    let pods = gone.pods.into_iter().map(|one| one.pod);
                    self.view.pending.extend(pods);
                    self.view
                        .pending
                        .sort_by_key(|pod| (pod.created, pod.job, pod.index));
                }
                self.touch();
                self.autoscaler.told(&Event::Gone(machine), &self.view);
            }
        }
    }

    fn step(&mut self) {
        self.schedule();
        let mut commands = Vec::new();
        self.autoscaler.step(&self.view, &mut commands);
        for command in commands {
            self.carry_out(command);
        }
        self.schedule();
        self.view.version += u64::from(self.busy);
    }

    /// Lets time pass up to that second, stepping whenever something is due.
    pub(super) fn run_to(&mut self, secs: i64) {
        self.run_until(Time::from_secs(secs));
    }

    pub(super) fn run_until(&mut self, end: Time) {
        loop {
            let now = self.view.now;
            self.step();
            let boots = self.view.machines.values().map(|one| one.initialized);
            let boots = boots.filter(|at| *at > now);
            let wake = self.autoscaler.wake(&self.view);
            let wake = wake.map(|at| at.max(now + Span(1)));
            match wake.into_iter().chain(boots).min() {
                Some(next) if next <= end => self.view.now = next,
                _ => break,
            }
            let ready: Vec<MachineId> = self
                .view
                .machines
                .iter()
                .filter(|(_, one)| one.initialized == self.view.now)
                .map(|(id, _)| *id)
                .collect();
            for id in ready {
                self.change(id, |_| ());
                self.autoscaler.told(&Event::Initialized(id), &self.view);
            }
        }
        self.view.now = end;
    }

    /// Launches by second and group.
    pub(super) fn launches(&self) -> Vec<(i64, &str)> {
        let launches = self.log.iter().filter_map(|(at, command)| match command {
            Command::Launch(launch) => Some((at.0 / 1_000_000, launch.owner.as_str())),
            _ => None,
        });
        launches.collect()
    }

    /// Machines given back, by second, with the reason.
    pub(super) fn deletions(&self) -> Vec<(i64, u32, &'static str)> {
        let deletions = self.log.iter().filter_map(|(at, command)| match command {
            Command::Delete {
                machine, reason, ..
            } => Some((at.0 / 1_000_000, machine.0, *reason)),
            _ => None,
        });
        deletions.collect()
    }

    /// What the last look said of a group.
    pub(super) fn verdict(&self, id: &str) -> Verdict {
        let (ScaleUp::Grow { groups, .. } | ScaleUp::NoOptions { groups, .. }) =
            &self.autoscaler.last_scan().scale_up
        else {
            panic!("{:?}", self.autoscaler.last_scan());
        };
        groups
            .iter()
            .find(|one| one.group == id)
            .unwrap()
            .verdict
            .clone()
    }

    /// What the last look said of a machine.
    pub(super) fn machine_verdict(&self, id: MachineId) -> MachineVerdict {
        let machines = &self.autoscaler.last_scan().machines;
        machines.iter().find(|(one, _)| *one == id).unwrap().1
    }
}

/// A type of 4 cores, 16 GiB.
pub(super) fn four() -> NodeType {
    node_type("four", 4, 16, 0, "0.2")
}
