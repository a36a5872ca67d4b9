//! The state machine: everything Kueue knows of a cluster.

use super::super::admission_fair_sharing::UsageLedger;
use super::super::flavors::Shape;
use super::super::ids::{ClusterQueueId, WorkloadId};
use super::super::objects::Workload;
use super::super::pending::{Pending, PendingWorkload, Retries, SecondPassQueue};
use super::super::status::InactiveReason;
use super::super::workload::{
    EquivalenceClass, EquivalenceClasses, effective_priority, is_admissible, needs_second_pass,
    not_before, queue_order_timestamp,
};
use super::super::{Configuration, Gates, Objects, Quota};
use super::outcome::{Explanation, QuotaReservedReason};
use super::record::{Record, Records, above_limits};
use super::scheduler::Scheduler;
use crate::units::{Span, Time};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Kueue on virtual time: objects in, decisions out.
///
/// Nothing happens by itself. The caller tells what happens to workloads ([`arrive`](Kueue::arrive),
/// [`finish`](Kueue::finish), …), serves retries and runs scheduling cycles when they are due; each
/// cycle returns what it decided. The objects of workloads are kept as the API server would hold
/// them: conditions and reservations included.
///
/// ```
/// use gpusched_core::kube::{Container, LabelSelector, PodSpec};
/// use gpusched_core::queueing::kueue::cycle::Kueue;
/// use gpusched_core::queueing::kueue::objects::*;
/// use gpusched_core::queueing::kueue::{Amount, Configuration, Gates, Objects};
/// use gpusched_core::units::Time;
///
/// let quota = ResourceQuota { resource: "gpu".into(), nominal: Amount(8), ..Default::default() };
/// let objects = Objects {
///     namespaces: vec![Namespace { name: "lab".into(), ..Default::default() }],
///     flavors: vec![ResourceFlavor { name: "a100".into(), ..Default::default() }],
///     cluster_queues: vec![ClusterQueue {
///         name: "team".into(),
///         namespace_selector: Some(LabelSelector::default()),
///         resource_groups: vec![ResourceGroup {
///             covered: vec!["gpu".into()],
///             flavors: vec![FlavorQuotas { flavor: "a100".into(), resources: vec![quota] }],
///         }],
///         ..Default::default()
///     }],
///     local_queues: vec![LocalQueue {
///         namespace: "lab".into(),
///         name: "door".into(),
///         cluster_queue: "team".into(),
///         ..Default::default()
///     }],
///     ..Default::default()
/// };
/// let job = |name: &str, gpus| {
///     let container = Container { requests: [("gpu".into(), gpus)].into(), ..Default::default() };
///     let template = PodSpec { containers: vec![container], ..Default::default() };
///     Workload {
///         namespace: "lab".into(),
///         name: name.into(),
///         queue: "door".into(),
///         pod_sets: vec![PodSet { name: "main".into(), count: 1, template, ..Default::default() }],
///         ..Default::default()
///     }
/// };
/// let mut kueue = Kueue::new(objects, &Configuration::default(), Gates::MAIN, Time::ZERO);
/// let first = kueue.arrive(job("first", 6), Time::ZERO);
/// let second = kueue.arrive(job("second", 6), Time::ZERO);
/// assert_eq!(kueue.cycle(Time::ZERO).admitted[0].workload, first);
/// assert!(kueue.cycle(Time::ZERO).admitted.is_empty());
/// kueue.finish(first, Time::from_secs(60));
/// kueue.serve_retries(kueue.next_retry().unwrap());
/// assert_eq!(kueue.cycle(Time::from_secs(61)).admitted[0].workload, second);
/// ```
#[derive(Clone, Debug)]
pub struct Kueue {
    pub(super) objects: Objects,
    pub(super) configuration: Configuration,
    pub(super) gates: Gates,
    pub(super) scheduler: Scheduler,
    pub(super) records: Records,
    pub(super) pending: Pending,
    pub(super) retries: Retries,
    pub(super) second_passes: SecondPassQueue,
    /// By workload: passes so far, where there were any.
    pub(super) passes: FxHashMap<WorkloadId, u32>,
    /// Why a class of workloads of a ClusterQueue was refused the last time.
    pub(super) refusals: FxHashMap<(ClusterQueueId, EquivalenceClass), QuotaReservedReason>,
    /// What LocalQueues used, where that counts.
    pub(super) ledger: Option<UsageLedger>,
    classes: EquivalenceClasses,
    /// By class: the shape all of its workloads share.
    pub(super) shapes: FxHashMap<EquivalenceClass, Arc<Shape>>,
}

impl Kueue {
    /// The cluster the objects describe, at `now`: workloads with a reservation hold their quota,
    /// others are queued, and all retries that follow from that have been served.
    ///
    /// Nothing is refused: what does not fit together (a missing flavor, a cycle of cohorts) makes
    /// ClusterQueues inactive, as in a cluster. O(objects).
    pub fn new(
        mut objects: Objects,
        configuration: &Configuration,
        gates: Gates,
        now: Time,
    ) -> Kueue {
        let scheduler = Scheduler::new(&objects, configuration, gates);
        let workloads = std::mem::take(&mut objects.workloads);
        let pending = Pending::new(&objects, scheduler.quota.names(), configuration, &gates);
        let sharing = configuration.admission_fair_sharing.as_ref();
        let ledger = sharing
            .filter(|_| gates.admission_fair_sharing)
            .map(|sharing| UsageLedger::new(&objects, scheduler.quota.names(), sharing));
        let mut kueue = Kueue {
            objects,
            configuration: configuration.clone(),
            gates,
            scheduler,
            records: Records::default(),
            pending,
            retries: Retries::default(),
            second_passes: SecondPassQueue::default(),
            passes: FxHashMap::default(),
            refusals: FxHashMap::default(),
            ledger,
            classes: EquivalenceClasses::default(),
            shapes: FxHashMap::default(),
        };
        kueue.tell_who_is_active();
        // What is there at the start has waited for its first second pass.
        let before = now - Span::from_secs(1);
        for workload in workloads {
            let id = kueue.record(workload);
            kueue.enter(id, now, before);
        }
        kueue
    }

    /// Tells the queues which ClusterQueues have heads.
    pub(super) fn tell_who_is_active(&mut self) {
        for (index, queue) in self.scheduler.queues.iter().enumerate() {
            let active = queue.inactive.iter();
            let active = active
                .copied()
                .all(|reason| reason == InactiveReason::CohortCycle);
            self.pending.set_active(ClusterQueueId::from(index), active);
        }
    }

    /// Compiles a workload that nobody knows yet.
    pub(super) fn record(&mut self, object: Workload) -> WorkloadId {
        let names = self.scheduler.quota.names();
        let local_queue = names.local_queue(&object.namespace, &object.queue);
        let namespace = self.pending.namespace(&object.namespace);
        let record = Record {
            queue: local_queue.and_then(|door| self.scheduler.behind(door)),
            local_queue,
            namespace,
            has_namespace: self.pending.has_namespace(namespace),
            above_limits: above_limits(&object),
            object,
            ..Record::default()
        };
        let id = self.records.push(record);
        self.compile(id);
        id
    }

    /// Compiles what follows from a workload's object, which has changed.
    pub(super) fn compile(&mut self, id: WorkloadId) {
        let record = &mut self.records[id];
        let object = &record.object;
        let requeuing = self.configuration.requeuing_timestamp;
        record.priority = effective_priority(object, &self.gates);
        record.queued = queue_order_timestamp(object, &self.gates, requeuing);
        let requests = self.scheduler.requests(object);
        // Shapes are shared even if queues do not care about classes.
        let always = Gates {
            scheduling_equivalence_hashing: true,
            ..self.gates
        };
        let class = self.classes.class(object, &requests, &always);
        record.class = class.filter(|_| self.gates.scheduling_equivalence_hashing);
        let scheduler = &mut self.scheduler;
        record.shape = match class.filter(|_| object.admission.is_none()) {
            None => Arc::new(scheduler.shape(object, &requests)),
            Some(class) => {
                let shape = self.shapes.entry(class);
                Arc::clone(shape.or_insert_with(|| Arc::new(scheduler.shape(object, &requests))))
            }
        };
    }

    /// Puts a workload where it belongs. `before` is when its second pass became due, if it needs
    /// one.
    pub(super) fn enter(&mut self, id: WorkloadId, now: Time, before: Time) {
        let record = &self.records[id];
        let object = &record.object;
        if object.is("Finished") || object.inactive {
            return;
        }
        if !record.reserved() {
            return self.push(id, true, now);
        }
        self.scheduler.hold(id, object);
        if needs_second_pass(object) {
            self.second_passes.queue(id, 1, before);
        }
    }

    /// Puts a workload that waits for quota into its queue. `retry`: even if it is inadmissible.
    pub(super) fn push(&mut self, id: WorkloadId, retry: bool, now: Time) {
        let record = &self.records[id];
        let parent = self.gates.concurrent_admission && record.object.is_variant_parent();
        if let Some(queue) = record.queue
            && !parent
            && is_admissible(&record.object, &self.gates)
        {
            let facts = facts(record);
            self.pending.push_or_update(queue, id, facts, retry, now);
        }
    }

    /// A workload by namespace and name; deleted ones are unknown.
    pub fn find(&self, namespace: &str, name: &str) -> Option<WorkloadId> {
        self.records.find(namespace, name)
    }

    /// The object of a workload, as it is now.
    pub fn workload(&self, id: WorkloadId) -> &Workload {
        &self.records[id].object
    }

    /// What was found about a workload the last time it was a head; `None` if it never was, or was
    /// admitted since.
    pub fn why(&self, id: WorkloadId) -> Option<&(Option<QuotaReservedReason>, Explanation)> {
        self.records[id].why.as_ref()
    }

    /// Why a workload holds no quota, in one word; `None` if it holds some, or wants none any more.
    /// One that waits for its turn is pending evaluation, unless what it is like was refused.
    pub fn quota_reserved_reason(&self, id: WorkloadId) -> Option<QuotaReservedReason> {
        let record = &self.records[id];
        let object = &record.object;
        if record.reserved() || record.gone || object.is("Finished") || object.inactive {
            return None;
        }
        if !is_admissible(object, &self.gates) {
            return Some(QuotaReservedReason::AdmissionGated);
        }
        let Some(queue) = record.queue else {
            return Some(QuotaReservedReason::Misconfigured);
        };
        if !self.inactive(queue).is_empty() {
            return Some(QuotaReservedReason::Suspended);
        }
        let own = || record.why.as_ref()?.0;
        let refused = || {
            let class = record
                .class
                .filter(|class| self.pending.is_refused(queue, *class))?;
            self.refusals.get(&(queue, class)).copied()
        };
        let known = own().or_else(refused);
        Some(known.unwrap_or(QuotaReservedReason::PendingEvaluation))
    }

    /// What was found about it, in Kueue's words.
    ///
    /// Source: the message of the `QuotaReserved` condition.
    pub fn explain(&self, id: WorkloadId) -> Option<String> {
        let record = &self.records[id];
        let (_, explanation) = record.why.as_ref()?;
        Some(explanation.text(self.words(id)))
    }

    /// The objects of the cluster, but for its workloads ([`Kueue::workload`]).
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The feature gates.
    pub fn gates(&self) -> Gates {
        self.gates
    }

    /// All workloads that were not deleted, by id: in the order they came.
    pub fn workloads(&self) -> impl Iterator<Item = WorkloadId> + '_ {
        self.records.ids().filter(|id| !self.records[*id].gone)
    }

    /// The ClusterQueue the LocalQueue of a workload leads to.
    pub fn cluster_queue_of(&self, id: WorkloadId) -> Option<ClusterQueueId> {
        self.records[id].queue
    }

    /// Quota and its use, with the names of everything.
    pub fn quota(&self) -> &Quota {
        &self.scheduler.quota
    }

    /// Why a ClusterQueue admits nothing; empty if it does admit.
    pub fn inactive(&self, queue: ClusterQueueId) -> &[InactiveReason] {
        &self.scheduler.queues[queue.index()].inactive
    }

    /// Active workloads of a ClusterQueue, in queue order. O(n log n).
    pub fn active(&self, queue: ClusterQueueId) -> Vec<WorkloadId> {
        self.pending.active(queue, self.used())
    }

    /// Its inadmissible workloads, by id.
    pub fn inadmissible(&self, queue: ClusterQueueId) -> Vec<WorkloadId> {
        self.pending.inadmissible(queue)
    }
}

/// What queues have to know of a workload.
pub(super) fn facts(record: &Record) -> PendingWorkload {
    let object = &record.object;
    PendingWorkload {
        priority: record.priority,
        queued: record.queued,
        uid: object.uid.as_str().into(),
        name: object.key().into(),
        generation: object.generation,
        namespace: record.namespace,
        local_queue: record.local_queue,
        class: record.class,
        not_before: not_before(object),
    }
}
