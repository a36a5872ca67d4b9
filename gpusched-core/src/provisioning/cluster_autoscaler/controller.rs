//! The loop: when Cluster Autoscaler looks at the cluster, and what it does in which order
//! (`core/static_autoscaler.go`, `loop/trigger.go`).

use super::Options;
use super::explain::{ScaleDownHold, ScaleUp, Scan};
use super::hints::Placer;
use super::node_group::{NodeGroup, NodeGroupError};
use super::registry::{Census, Registry};
use super::scale_down::{Look, ScaleDown};
use super::scale_up::{Situation, scale_up};
use super::similar::Share;
use super::snapshot::{NodeKey, Snapshot};
use super::waiting::{self, Pods};
use crate::provisioning::controller::{Command, Controller, Event, View, ViewPod};
use crate::provisioning::karpenter::objects::NodeType;
use crate::units::{Span, Time};

/// A pod this old that begins to wait makes it look at once.
const NEW_POD: Span = Span::from_secs(10);

/// Cluster Autoscaler as a controller of nodes.
///
/// It looks every `scan-interval`, counted from its last look. With `frequent-loops-enabled` it
/// looks at once when a pod of the last 10 s begins to wait, and again at once after it did
/// something; a look takes no time here. A look that can find nothing new is left out: nothing has
/// changed, what it remembers would stay as it is, and no deadline has passed. That changes no
/// decision.
///
/// A machine that goes is cordoned, and given back `node-delete-delay-after-taint` later, unless
/// something it was to be without has come to it.
///
/// ```
/// use gpusched_core::provisioning::cluster_autoscaler::{ClusterAutoscaler, NodeGroup, Options};
/// use gpusched_core::provisioning::controller::{Command, Controller, View, ViewPod};
/// use gpusched_core::provisioning::karpenter::objects::{NodeType, PodSpec};
/// use gpusched_core::provisioning::{Price, catalog::*};
/// use gpusched_core::{ids::JobId, units::Time};
/// # use std::sync::Arc;
/// let amounts = |cpu| [("cpu".to_owned(), cpu), ("pods".to_owned(), 10)].into();
/// let offering = Offering {
///     zone: "a".into(), capacity_type: CapacityType::OnDemand,
///     price: Price::parse("0.4").unwrap(), available: true, reservation: None,
/// };
/// let four = InstanceType {
///     name: "four".into(), capacity: amounts(4000), allocatable: amounts(4000),
///     offerings: vec![offering], ..InstanceType::default()
/// };
/// let types = Arc::new(vec![NodeType::from(&four)]);
/// let group = NodeGroup { id: "workers".into(), max: 10, ..NodeGroup::default() };
/// let mut autoscaler = ClusterAutoscaler::new(Options::default(), vec![group], &types).unwrap();
/// let spec = PodSpec { requests: [("cpu".into(), 3000)].into(), ..PodSpec::default() };
/// let spec = Arc::new(spec);
/// let pod = |index| ViewPod {
///     job: JobId(0), index, created: Time::ZERO, spec: spec.clone(),
///     priority: 0, deletion_cost: 0, keep: false,
/// };
/// let mut view = View { types, pending: vec![pod(0), pod(1)], version: 1, ..View::default() };
/// let mut commands = Vec::new();
/// autoscaler.step(&view, &mut commands);
/// assert!(commands.is_empty(), "pods of this instant may still be placed by the scheduler");
/// view.now = autoscaler.wake(&view).unwrap();
/// assert_eq!(view.now, Time::from_secs(10));
/// autoscaler.step(&view, &mut commands);
/// assert_eq!(commands.len(), 2, "two pods, two nodes: {commands:?}");
/// assert!(matches!(&commands[0], Command::Launch(launch) if launch.owner == "workers"));
/// ```
pub struct ClusterAutoscaler {
    options: Options,
    registry: Registry,
    snapshot: Snapshot,
    /// Where pods that wait found a place.
    placer: Placer,
    scale_down: ScaleDown,
    last_scale_up: Option<Time>,
    last_scan: Option<Time>,
    /// The version of the view at the last look.
    seen: u64,
    /// The version of the waiting pods then.
    seen_pending: u64,
    /// Whether another look at the same cluster could find something else.
    unsettled: bool,
    /// When something may change although the view does not.
    deadline: Option<Time>,
    report: Scan,
}

impl ClusterAutoscaler {
    /// A controller of these groups, whose types and offerings are indices into `types`.
    ///
    /// # Errors
    /// When the groups cannot be worked with.
    pub fn new(
        options: Options,
        groups: Vec<NodeGroup>,
        types: &[NodeType],
    ) -> Result<ClusterAutoscaler, NodeGroupError> {
        Ok(ClusterAutoscaler {
            registry: Registry::new(groups, types)?,
            snapshot: Snapshot::new(&options.gpu_label),
            options,
            placer: Placer::default(),
            scale_down: ScaleDown::default(),
            last_scale_up: None,
            last_scan: None,
            seen: 0,
            seen_pending: 0,
            unsettled: true,
            deadline: None,
            report: Scan::default(),
        })
    }

    /// What the last look that found something to decide about found, and why it decided so. Of
    /// several at one instant it is the last that did something.
    pub fn last_scan(&self) -> &Scan {
        &self.report
    }

    /// The first instant of the beat of the loop at `at` or later that is not over.
    fn beat(&self, last: Time, at: Time) -> Time {
        let interval = self.options.scan_interval.0.max(1);
        let beats = (at - last).0.max(1);
        last + Span(beats.saturating_add(interval - 1) / interval * interval)
    }

    /// When it looks next if the view stays as it is.
    fn next_scan(&self, view: &View) -> Option<Time> {
        let Some(last) = self.last_scan else {
            return Some(view.now);
        };
        let unseen = self.seen_pending != view.pending_version;
        let after = |at: Time| at > last || at == view.now && unseen;
        let newest = view.pending.last().map(|pod| pod.created);
        let new = newest.is_some_and(|at| after(at) && at + NEW_POD >= view.now);
        if self.options.frequent_loops && new {
            return Some(view.now);
        }
        if self.unsettled || self.seen != view.version {
            return Some(self.beat(last, view.now));
        }
        self.deadline.map(|at| self.beat(last, at.max(view.now)))
    }

    /// One look. Whether it did something, and what it found.
    fn scan(&mut self, view: &View, commands: &mut Vec<Command>) -> (bool, Scan) {
        let (now, before) = (view.now, commands.len());
        let mut deadlines = Deadlines { now, next: None };
        let census = self.registry.census(view, &self.options);
        let pods = self.look(view, &census);
        let all = pods.len();
        let mut pods = waiting::unschedulable(pods, &mut self.snapshot, &mut self.placer);
        let mut report = Scan {
            at: now,
            waiting: all as u32,
            schedulable: (all - pods.len()) as u32,
            ..Scan::default()
        };
        let mut unsettled = self.placer.drop_old();
        deadlines.add(waiting::drop_young(&mut pods, now, &self.options));
        let (scale_up, shares) = self.decide(view, &census, &pods, &mut deadlines);
        let mut launched = !shares.is_empty();
        self.grow(&shares, now, commands);
        report.scale_up = scale_up;
        let mut deleted = false;
        if self.options.scale_down_enabled {
            report.scale_down = self.hold(now, &report.scale_up, &mut deadlines);
            let look = Look {
                view,
                options: &self.options,
                registry: &self.registry,
                census: &census,
                hold: report.scale_down.is_some(),
            };
            let found = self.scale_down.look(&look, &mut self.snapshot, commands);
            deadlines.add(found.deadline);
            unsettled |= found.unsettled;
            deleted = found.deleted;
            report.machines = found.machines;
        }
        if self.options.enforce_node_group_min_size {
            let shares = self.below_min(&census, &shares);
            launched |= !shares.is_empty();
            self.grow(&shares, now, commands);
        }
        self.foresee(view, &mut deadlines);
        self.seen = view.version;
        self.seen_pending = view.pending_version;
        self.unsettled = unsettled || commands.len() > before;
        self.deadline = deadlines.next;
        (launched || deleted, report)
    }

    /// Gives up what should have come by now.
    fn give_up_late(&mut self, view: &View, commands: &mut Vec<Command>) {
        let (now, options) = (view.now, &self.options);
        self.registry.backoff.forget(now, options);
        let census = self.registry.census(view, options);
        self.registry.give_up_late(&census, now, options);
        for (group, one) in self.registry.groups.iter().zip(&census) {
            let spare = one.target.saturating_sub(group.min) as usize;
            let late = one.late.iter().take(spare);
            commands.extend(late.map(|machine| Command::Delete {
                machine: *machine,
                grace: Span::ZERO,
                reason: "Unregistered",
            }));
        }
    }

    /// When machines and requests change by themselves.
    fn foresee(&self, view: &View, deadlines: &mut Deadlines) {
        let starting = view
            .machines
            .values()
            .filter(|one| !one.is_initialized(view.now));
        for machine in starting {
            deadlines.add((machine.initialized < Time::NEVER).then_some(machine.initialized));
            let late = machine.launched + self.options.max_node_provision_time;
            deadlines.add(Some(just_after(late)));
        }
        deadlines.add(self.registry.next_deadline().map(just_after));
    }

    /// Makes the snapshot: machines that take pods, and those that are on their way. Returns the
    /// pods that count.
    fn look<'v>(&mut self, view: &'v View, census: &[Census]) -> Pods<'v> {
        let cutoff = self.options.expendable_pods_priority_cutoff;
        let counts = |pod: &ViewPod| pod.priority >= cutoff;
        let drained = self.scale_down.drained(view);
        let pods = waiting::counting(view, drained, &self.options, &mut self.snapshot);
        let registry = &self.registry;
        self.snapshot
            .sync(view, |machine| machine.is_initialized(view.now), counts);
        for id in self.scale_down.going() {
            if let Some(node) = self.snapshot.machine(id) {
                self.snapshot.close(node);
            }
        }
        for (group, one) in census.iter().enumerate() {
            for at in 0..one.upcoming {
                let key = NodeKey::Upcoming(group as u32, at);
                self.snapshot.add(key, &registry.templates[group]);
            }
        }
        pods
    }

    /// Whether to scale up, and how.
    fn decide(
        &mut self,
        view: &View,
        census: &[Census],
        pods: &Pods<'_>,
        deadlines: &mut Deadlines,
    ) -> (ScaleUp, Vec<Share>) {
        if pods.is_empty() {
            return (ScaleUp::NotNeeded, Vec::new());
        }
        let machines = view.machines.values();
        let ready = machines.filter(|one| one.is_initialized(view.now)).count();
        let most = self.options.max_nodes_total as usize;
        if most > 0 && ready >= most {
            return (ScaleUp::MaxNodesTotal, Vec::new());
        }
        let hold = waiting::hold(pods, view.now);
        if self.options.wait_for_scheduler && hold.is_some() {
            deadlines.add(hold);
            return (ScaleUp::PodsAreNew, Vec::new());
        }
        for group in 0..self.registry.groups.len() {
            let until = self.registry.backoff.until(group, view.now);
            deadlines.add(until.map(just_after));
        }
        scale_up(Situation {
            view,
            options: &self.options,
            registry: &self.registry,
            census,
            snapshot: &mut self.snapshot,
            pods,
        })
    }

    fn grow(&mut self, shares: &[Share], now: Time, commands: &mut Vec<Command>) {
        for share in shares {
            let nodes = share.to - share.from;
            let launches = self.registry.grow(share.group, nodes, now, &self.options);
            commands.extend(launches.into_iter().map(Command::Launch));
            self.last_scale_up = Some(now);
        }
    }

    /// Groups below their least size, which `enforce-node-group-min-size` fills up.
    fn below_min(&self, census: &[Census], grown: &[Share]) -> Vec<Share> {
        let groups = self.registry.groups.iter().enumerate();
        groups
            .filter_map(|(group, of)| {
                let more: u32 = grown
                    .iter()
                    .filter(|one| one.group == group)
                    .map(|one| one.to - one.from)
                    .sum();
                let from = census[group].target + more;
                let to = of.min;
                (from < to).then_some(Share {
                    group,
                    from,
                    to,
                    max: of.max,
                })
            })
            .collect()
    }

    /// What holds back scale-down as a whole.
    fn hold(
        &self,
        now: Time,
        scale_up: &ScaleUp,
        deadlines: &mut Deadlines,
    ) -> Option<ScaleDownHold> {
        if *scale_up == ScaleUp::PodsAreNew {
            return Some(ScaleDownHold::PodsAreNew);
        }
        let options = &self.options;
        let over = |last: Option<Time>, delay| last.map(|at| at + delay).filter(|at| *at > now);
        let after_add = over(self.last_scale_up, options.scale_down_delay_after_add);
        let last_delete = self.scale_down.last_delete();
        let after_delete = over(last_delete, options.scale_down_delay_after_delete);
        deadlines.add(after_add);
        deadlines.add(after_delete);
        after_add
            .map(|until| ScaleDownHold::AfterAdd { until })
            .or(after_delete.map(|until| ScaleDownHold::AfterDelete { until }))
    }
}

/// The first instant that is after `at`.
fn just_after(at: Time) -> Time {
    at + Span(1)
}

/// The next instant at which something changes by itself.
struct Deadlines {
    now: Time,
    next: Option<Time>,
}

impl Deadlines {
    fn add(&mut self, at: Option<Time>) {
        let later = at.filter(|at| *at > self.now);
        self.next = self.next.into_iter().chain(later).min();
    }
}

impl Controller for ClusterAutoscaler {
    fn name(&self) -> String {
        let expanders = self.options.expanders.iter().map(|one| one.name());
        format!(
            "cluster-autoscaler:{}",
            expanders.collect::<Vec<_>>().join(",")
        )
    }

    fn wake(&self, view: &View) -> Option<Time> {
        let due = self.scale_down.next_due();
        due.into_iter().chain(self.next_scan(view)).min()
    }

    fn step(&mut self, view: &View, commands: &mut Vec<Command>) {
        self.scale_down.finish(view, &self.options, commands);
        let due = |at: Time| at <= view.now;
        if !self.next_scan(view).is_some_and(due) {
            return;
        }
        self.last_scan = Some(view.now);
        self.registry.follow(view);
        self.give_up_late(view, commands);
        let mut report = None;
        loop {
            let (did, found) = self.scan(view, commands);
            if did || report.is_none() {
                report = Some(found);
            }
            if !did || !self.options.frequent_loops {
                break;
            }
        }
        self.report = report.unwrap_or_default();
    }

    fn told(&mut self, event: &Event, view: &View) {
        match event {
            Event::Launched { ticket, .. } => drop(self.registry.answered(*ticket)),
            Event::OutOfCapacity {
                ticket,
                machine: None,
                ..
            } => {
                if let Some(group) = self.registry.answered(*ticket) {
                    self.registry.failed(group, view.now, &self.options);
                    self.unsettled = true;
                }
            }
            Event::NeverJoined(_)
            | Event::OutOfCapacity { .. }
            | Event::Initialized(_)
            | Event::Notice { .. }
            | Event::Gone(_) => {}
        }
    }
}
