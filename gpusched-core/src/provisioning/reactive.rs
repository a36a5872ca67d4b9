//! `reactive`: machines are launched when jobs wait for them, and given back when they idle.
//!
//! The least that any autoscaler does, and what it costs to do no more: no consolidation, no
//! bidding, no look ahead. At most once per `scan` interval, jobs that wait are placed in arrival
//! order on what is free, on what boots, and then on machines that could be launched: those with
//! the lowest price per GPU first (machines without a price after those with one), then in rank
//! order. A machine is launched if a job that can then start whole needs it. A machine on which
//! nothing ran for `idle` is given back.
//!
//! Where jobs go is tried on the cluster itself, first-fit, and taken back: what fits here fits
//! the engine's rules. Running jobs are not expected to end.

use super::{Change, Fleet, Lifetime, Phase, Provisioning, Stage};
use crate::cluster::{Cluster, Inventory, Spot};
use crate::ids::{JobId, NodeId};
use crate::performance::Residence;
use crate::placement::{FirstFit, Trial};
use crate::policy::PolicyInfo;
use crate::units::{MICROS, Span, Time};
use crate::workload::{Spec, Workload};
use std::collections::BTreeSet;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "reactive",
    summary: "machines are launched for jobs that wait, and given back when they idle",
    rule: "At most every 10 s, waiting jobs are placed in arrival order on what is free, what boots, \
           and then on machines that could be launched: lowest price per GPU first, then rank. A \
           machine on which nothing ran for 10 minutes is given back.",
    source: "the least an autoscaler does",
};

/// How `reactive` behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactiveOptions {
    /// From launch to taking pods.
    pub boot: Span,
    /// How long a machine may idle.
    pub idle: Span,
    /// Least time between two looks at the queue.
    pub scan: Span,
}

impl Default for ReactiveOptions {
    /// Three minutes to boot (assumed: staged measurements per GPU type have not been published),
    /// ten minutes of idling and ten seconds between looks (the defaults of Cluster Autoscaler's
    /// `scale-down-unneeded-time` and `scan-interval`).
    fn default() -> Self {
        ReactiveOptions {
            boot: Span(180 * MICROS),
            idle: Span(600 * MICROS),
            scan: Span(10 * MICROS),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Reactive {
    options: ReactiveOptions,
    fleet: Fleet,
    /// All machines, those to launch first first.
    preference: Vec<NodeId>,
    /// Machines that boot, by when they are ready.
    booting: BTreeSet<(Time, NodeId)>,
    /// Machines that idle, by when they are given back.
    idling: BTreeSet<(Time, NodeId)>,
    /// By machine: when it is given back if it still idles then.
    deadline: Vec<Time>,
    /// By machine: jobs that run there.
    residents: Vec<u32>,
    waiting: BTreeSet<JobId>,
    /// Something happened that may call for another look.
    stirred: bool,
    /// Not before this.
    next_scan: Time,
    begun: bool,
    spots: Vec<Spot>,
}

impl Reactive {
    /// Nothing exists at first.
    pub fn new(inventory: &Inventory, options: ReactiveOptions) -> Reactive {
        let nodes = inventory.nodes();
        let mut preference: Vec<NodeId> = (0..nodes.len()).map(NodeId::from).collect();
        preference.sort_by_key(|&id| {
            let node = &nodes[id.index()];
            // Per GPU in parts of a nano-dollar, so that division loses no order.
            let per_gpu = |price: super::Price| {
                i128::from(price.0) * 1_000_000 / i128::from(node.gpus.max(1))
            };
            (node.price.is_none(), node.price.map_or(0, per_gpu), id)
        });
        Reactive {
            options,
            fleet: Fleet::new(nodes.len()),
            preference,
            booting: BTreeSet::new(),
            idling: BTreeSet::new(),
            deadline: vec![Time::NEVER; nodes.len()],
            residents: vec![0; nodes.len()],
            waiting: BTreeSet::new(),
            stirred: false,
            next_scan: Time(i64::MIN),
            begun: false,
            spots: Vec::new(),
        }
    }

    fn begin(&mut self, changes: &mut Vec<Change>) {
        self.begun = true;
        let all = (0..self.residents.len()).map(NodeId::from);
        changes.extend(all.map(Change::Close));
    }

    /// Machines whose boot is over.
    fn welcome(&mut self, now: Time, changes: &mut Vec<Change>) -> Vec<NodeId> {
        let mut opened = Vec::new();
        while let Some(&(at, node)) = self.booting.first() {
            if at > now {
                break;
            }
            self.booting.pop_first();
            self.fleet.ready(node, now);
            self.idle_from(node, now);
            changes.push(Change::Open(node));
            opened.push(node);
        }
        opened
    }

    /// Machines that idled too long.
    fn dismiss(&mut self, now: Time, changes: &mut Vec<Change>) {
        while let Some(&(at, node)) = self.idling.first() {
            if at > now {
                return;
            }
            self.idling.pop_first();
            self.deadline[node.index()] = Time::NEVER;
            self.fleet.give_back(node, now);
            changes.push(Change::Close(node));
        }
    }

    fn idle_from(&mut self, node: NodeId, now: Time) {
        let at = now + self.options.idle;
        self.deadline[node.index()] = at;
        self.idling.insert((at, node));
    }

    fn wanted(&self) -> bool {
        self.stirred && !self.waiting.is_empty()
    }

    /// Launches what the waiting jobs need; `opened` are open from this instant on. The cluster is
    /// left as it was.
    fn scan(&mut self, stage: &mut Stage<'_>, opened: Vec<NodeId>) {
        let cluster = &mut *stage.cluster;
        let mark = cluster.begin();
        // In the trial everything that boots is there.
        let mut shown = opened;
        shown.extend(self.booting.iter().map(|&(_, node)| node));
        for &node in &shown {
            cluster.hide(node, false);
        }
        let off = |fleet: &Fleet, id: &NodeId| fleet.phase(*id) == Phase::Off;
        let mut spare: Vec<NodeId> = self.preference.clone();
        spare.retain(|id| off(&self.fleet, id));
        for &job in &self.waiting {
            if spare.is_empty() {
                break;
            }
            let spec = stage.work.spec(stage.work.job(job).spec);
            self.spots.clear();
            if place(cluster, spec, job, &mut self.spots) {
                continue;
            }
            let added = add(cluster, spec, job, &spare, &mut self.spots);
            for &node in &added {
                self.fleet.launch(node, stage.now);
                self.booting.insert((stage.now + self.options.boot, node));
            }
            spare.retain(|id| off(&self.fleet, id));
            shown.extend(added);
        }
        cluster.rollback(mark);
        for node in shown {
            cluster.hide(node, true);
        }
    }
}

impl Provisioning for Reactive {
    fn name(&self) -> String {
        INFO.name.into()
    }

    fn wake(&self) -> Option<Time> {
        if !self.begun {
            return Some(Time(i64::MIN));
        }
        let scan = (self.wanted() && self.fleet.off() > 0).then_some(self.next_scan);
        let first = |set: &BTreeSet<(Time, NodeId)>| set.first().map(|&(at, _)| at);
        let all = [scan, first(&self.booting), first(&self.idling)];
        all.into_iter().flatten().min()
    }

    fn decide(&mut self, stage: &mut Stage<'_>, changes: &mut Vec<Change>) {
        let now = stage.now;
        if !self.begun {
            self.begin(changes);
            return;
        }
        let opened = self.welcome(now, changes);
        if self.wanted() && self.fleet.off() > 0 && self.next_scan <= now {
            self.scan(stage, opened);
            self.stirred = false;
            self.next_scan = now + self.options.scan;
        }
        self.dismiss(now, changes);
    }

    fn follows_jobs(&self) -> bool {
        true
    }

    fn waits(&mut self, _work: &Workload, job: JobId, _now: Time) {
        self.waiting.insert(job);
        self.stirred = true;
    }

    fn started(&mut self, at: Residence<'_>, _now: Time) {
        self.waiting.remove(&at.job);
        // It may have what another one was thought to get.
        self.stirred = true;
        for node in nodes(at.spots) {
            self.residents[node.index()] += 1;
            let deadline = std::mem::replace(&mut self.deadline[node.index()], Time::NEVER);
            self.idling.remove(&(deadline, node));
        }
    }

    fn ended(&mut self, at: Residence<'_>, now: Time) {
        // With what it held and a machine more, another one may start.
        self.stirred = true;
        for node in nodes(at.spots) {
            self.residents[node.index()] -= 1;
            if self.residents[node.index()] == 0 {
                self.idle_from(node, now);
            }
        }
    }

    fn lifetimes(&self) -> Option<&[Lifetime]> {
        Some(self.fleet.lifetimes())
    }
}

/// The machines of a job, each once.
fn nodes(spots: &[Spot]) -> impl Iterator<Item = NodeId> + '_ {
    let fresh = |&(at, spot): &(usize, &Spot)| {
        at == 0 || spots[..at].iter().all(|other| other.node != spot.node)
    };
    let all = spots.iter().enumerate();
    all.filter(fresh).map(|(_, spot)| spot.node)
}

/// Places a job first-fit. `false`, and nothing changed, when there is no room.
fn place(cluster: &mut Cluster, spec: &Spec, job: JobId, spots: &mut Vec<Spot>) -> bool {
    let trial = Trial::new(cluster, spec, job, spots);
    trial.run(&mut FirstFit).unwrap_or(false)
}

/// Shows machine after machine of `spare` that a pod of the job fits, until the job can be placed;
/// returns those it uses. None when it cannot be placed, and the cluster is as it was.
fn add(
    cluster: &mut Cluster,
    spec: &Spec,
    job: JobId,
    spare: &[NodeId],
    spots: &mut Vec<Spot>,
) -> Vec<NodeId> {
    let mut shown = Vec::new();
    // What one machine more can hold is at most what it holds when empty: so many are needed at
    // least before another try is worth it.
    let mut missing: i64 = i64::from(spec.pods);
    let held = |cluster: &Cluster, node: NodeId| -> i64 {
        let rooms = spec.pod_sets.iter().map(|set| {
            let room = cluster.node(node).room(cluster.ask(set.shape));
            i64::from(room.min(set.count))
        });
        rooms.sum()
    };
    let open: Vec<NodeId> = (0..cluster.len()).map(NodeId::from).collect();
    for node in open {
        if missing <= 0 {
            break;
        }
        if cluster.node(node).is_open() {
            missing -= held(cluster, node);
        }
    }
    for &node in spare {
        cluster.hide(node, false);
        let room = held(cluster, node);
        if room == 0 {
            cluster.hide(node, true);
            continue;
        }
        shown.push(node);
        missing -= room;
        if missing > 0 {
            continue;
        }
        if place(cluster, spec, job, spots) {
            let used = |id: &NodeId| spots.iter().any(|spot| spot.node == *id);
            let (kept, idle): (Vec<NodeId>, Vec<NodeId>) = shown.into_iter().partition(used);
            for node in idle {
                cluster.hide(node, true);
            }
            return kept;
        }
    }
    for node in shown {
        cluster.hide(node, true);
    }
    Vec::new()
}
