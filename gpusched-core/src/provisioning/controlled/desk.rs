//! The view of a controller, kept up to date as jobs and machines come and go.

use super::wishes::Wishes;
use crate::ids::{JobId, NodeId};
use crate::kube::{Labels, Resources};
use crate::performance::Residence;
use crate::provisioning::controller::{Launch, Machine, MachineId, MachinePod, View, ViewPod};
use crate::provisioning::karpenter::labels;
use crate::provisioning::karpenter::objects::NodeType;
use crate::units::Time;
use crate::workload::Workload;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) struct Desk {
    pub(super) view: View,
    wishes: Wishes,
    spot_ok: Vec<bool>,
    keep: Vec<bool>,
    /// Labels every machine of a type has, zone and capacity type aside.
    labels: Vec<Labels>,
    /// Since when jobs wait.
    waiting: BTreeMap<JobId, Time>,
    /// Jobs that run.
    pub(super) running: usize,
    /// When anything last changed.
    pub(super) stirred: Time,
}

impl Desk {
    pub(super) fn new(
        types: Arc<Vec<NodeType>>,
        wishes: Wishes,
        spot_ok: Vec<bool>,
        keep: Vec<bool>,
    ) -> Desk {
        let single = |of: &NodeType| {
            let one = |of: &crate::provisioning::karpenter::Requirement| {
                let value = of.values().first().filter(|_| !of.is_complement());
                let only = value.filter(|_| of.values().len() == 1)?;
                Some((of.key().to_owned(), only.clone()))
            };
            of.requirements.iter().filter_map(one).collect()
        };
        Desk {
            labels: types.iter().map(single).collect(),
            view: View {
                types,
                ..View::default()
            },
            wishes,
            spot_ok,
            keep,
            waiting: BTreeMap::new(),
            running: 0,
            stirred: Time::ZERO,
        }
    }

    fn next(&mut self) -> u64 {
        self.stirred = self.view.now;
        self.view.version += 1;
        self.view.version
    }

    /// Something about a machine changed.
    pub(super) fn stamp(&mut self, machine: MachineId) {
        self.change(machine, |_| {});
    }

    fn change(&mut self, machine: MachineId, how: impl FnOnce(&mut Machine)) {
        let version = self.next();
        if let Some(machine) = self.view.machines.get_mut(&machine) {
            how(machine);
            machine.version = version;
        }
    }

    /// A machine was launched; it registers and takes pods as `boot` says.
    pub(super) fn add(
        &mut self,
        id: MachineId,
        (node_type, offering): (usize, usize),
        launch: &Launch,
        (registered, initialized): (Time, Time),
    ) {
        let version = self.next();
        let of = &self.view.types[node_type];
        let bought = &of.offerings[offering].offering;
        let name = format!("{}-{}", launch.owner, id.0);
        let mut labels = self.labels[node_type].clone();
        labels.insert(labels::ZONE.into(), bought.zone.clone());
        labels.insert(
            labels::CAPACITY_TYPE.into(),
            bought.capacity_type.name().into(),
        );
        labels.insert(labels::HOSTNAME.into(), name.clone());
        labels.extend(launch.labels.clone());
        let machine = Machine {
            name,
            owner: Some(launch.owner.clone()),
            node_type,
            offering,
            labels,
            taints: launch.taints.clone(),
            allocatable: of.allocatable.clone(),
            available: of.allocatable.clone(),
            launched: self.view.now,
            registered,
            initialized,
            cordoned: false,
            keep: false,
            leaving: None,
            pods: Vec::new(),
            last_pod_event: self.view.now,
            version,
        };
        self.view.machines.insert(id, machine);
    }

    /// Keeps pods off a machine, or lets it take them again; `false` when that is no change, or it
    /// is leaving or gone.
    pub(super) fn cordon(&mut self, machine: MachineId, cordoned: bool) -> bool {
        let there = self.view.machines.get(&machine);
        let changes = there.is_some_and(|one| one.leaving.is_none() && one.cordoned != cordoned);
        if changes {
            self.change(machine, |machine| machine.cordoned = cordoned);
        }
        changes
    }

    /// A machine is being drained from now on, if it is not already.
    pub(super) fn leave(&mut self, machine: MachineId) {
        let now = self.view.now;
        self.change(machine, |machine| {
            machine.cordoned = true;
            machine.leaving.get_or_insert(now);
        });
    }

    /// A machine is gone.
    pub(super) fn remove(&mut self, machine: MachineId) {
        self.next();
        self.view.machines.remove(&machine);
    }

    /// The pods of a job wait from now on.
    pub(super) fn waits(&mut self, work: &Workload, job: JobId, now: Time) {
        self.view.now = now;
        self.view.pending_version = self.next();
        self.waiting.insert(job, now);
        let spot_ok = self.spot_ok.get(job.index()).copied().unwrap_or(false);
        let priority = work.owner(job).priority;
        let mut pods = Vec::new();
        for set in &work.spec(work.job(job).spec).pod_sets {
            let spec = self.wishes.of(set.shape, work.shape(set.shape), spot_ok);
            for _ in 0..set.count {
                pods.push(ViewPod {
                    job,
                    index: pods.len() as u32,
                    created: now,
                    spec: spec.clone(),
                    priority,
                    deletion_cost: 0,
                    keep: self.keep.get(job.index()).copied().unwrap_or(false),
                });
            }
        }
        // Nearly always the end: only jobs that come at this instant may stand after it.
        let pending = &mut self.view.pending;
        let at = pending.partition_point(|one| (one.created, one.job) < (now, job));
        pending.splice(at..at, pods);
    }

    /// A job has started; `holder` says which machine is at a place.
    pub(super) fn started(
        &mut self,
        at: &Residence<'_>,
        now: Time,
        holder: impl Fn(NodeId) -> Option<MachineId>,
    ) {
        self.view.now = now;
        let version = self.next();
        self.view.pending_version = version;
        self.running += 1;
        let Some(created) = self.waiting.remove(&at.job) else {
            return;
        };
        let pending = &mut self.view.pending;
        let first = pending.partition_point(|one| (one.created, one.job) < (created, at.job));
        let pods = pending.drain(first..first + at.spots.len());
        for (pod, spot) in pods.zip(at.spots) {
            let there = holder(spot.node);
            let Some(machine) = there.and_then(|id| self.view.machines.get_mut(&id)) else {
                continue;
            };
            shift(&mut machine.available, &pod.spec.requests, -1);
            machine.pods.push(MachinePod { pod, since: now });
            machine.last_pod_event = now;
            machine.version = version;
        }
    }

    /// A job has left these machines.
    pub(super) fn ended(&mut self, job: JobId, machines: &[MachineId], now: Time) {
        self.view.now = now;
        let version = self.next();
        self.running -= 1;
        for id in machines {
            let Some(machine) = self.view.machines.get_mut(id) else {
                continue;
            };
            let available = &mut machine.available;
            machine.pods.retain(|one| {
                let leaves = one.pod.job == job;
                if leaves {
                    shift(available, &one.pod.spec.requests, 1);
                }
                !leaves
            });
            machine.last_pod_event = now;
            machine.version = version;
        }
    }
}

/// Adds what a pod requests, itself included, `sign` times.
fn shift(available: &mut Resources, requests: &Resources, sign: i64) {
    let mut add = |resource: &str, amount: i64| match available.get_mut(resource) {
        Some(left) => *left += sign * amount,
        None => {
            available.insert(resource.to_owned(), sign * amount);
        }
    };
    for (resource, amount) in requests {
        add(resource, *amount);
    }
    add("pods", 1);
}
