//! `hived` with virtual clusters: cells promised to queues, lent out while nobody claims them.
//!
//! | file | what |
//! |---|---|
//! | `free` | the free lists of buddy allocation |
//! | `state` | which virtual cell is bound to which physical one, and who uses both |
//! | `pack` | which nodes pods get, and which GPUs within |
//! | `bind` | physical cells for virtual ones: buddy, safe relaxed buddy, machines that are down |
//! | `decide` | one decision: cells, who has to leave, who loses its claims |
//! | `place` | decisions carried out on a trial: domains, groups, machines that will not do |
//!
//! Zhao et al. (HiveD), OSDI 2020; microsoft/hivedscheduler 66f26ac, pkg/algorithm. What differs, and
//! why: lists are kept in the order of cells and not of history, so that a decision can be taken back
//! and ties have one rule; a cell allocated safe-relaxed counts as claimed at once, and a larger cell is split
//! for it only where no level in between is promised all it has; machines that are
//! down are avoided by trying again instead of binding *doomed* cells; victims leave at once, so there
//! are no groups that are being preempted, and no reserved cells.

mod bind;
mod decide;
mod free;
mod pack;
mod place;
mod state;

use super::levels::{Rooms, each_group};
use super::registry::PlacementContext;
use super::{Explanation, Kinds, Placement, Pod, Trial, View};
use crate::cluster::{Spot, VirtualClusters};
use crate::ids::{JobId, ShapeId};
use crate::queueing::Reason;
use crate::workload::Spec;
use rustc_hash::FxHashMap;
use state::{Group, HIGHEST, OPPORTUNISTIC, State};

/// HiveD over the virtual clusters of an inventory.
///
/// The queue of a job is its virtual cluster. Priority 0 and above is guaranteed (at most 1000): the
/// job gets cells of its virtual cluster, which are bound to free physical ones, and whoever is there
/// on sufferance is evicted. Below 0 is opportunistic: the job gets GPUs nobody uses, whosesoever they
/// are promised to, and may be evicted at any time. A pod that shares a GPU holds the whole cell;
/// pods without GPUs go first-fit; jobs that ask for MIG instances are refused.
///
/// ```
/// use gpusched_core::cluster::{Cluster, Inventory, Node, Quota, VirtualCluster, VirtualClusters};
/// use gpusched_core::ids::JobId;
/// use gpusched_core::placement::registry::{PlacementContext, placement};
/// use gpusched_core::placement::Trial;
/// use gpusched_core::units::{Span, Time};
/// use gpusched_core::workload::{JobDraft, Owner, Shape, WorkloadBuilder};
/// use std::sync::Arc;
/// let nodes = (0..2).map(|i| Node::with_gpus(format!("n{i}"), 8, "H100")).collect();
/// let inventory = Inventory::new(nodes).unwrap();
/// let quota = Quota { cell: "node".into(), count: 1, model: None, gpus: None };
/// let team = VirtualCluster { name: "team".into(), quotas: vec![quota] };
/// let clusters = VirtualClusters::new(&inventory, vec![team], false).unwrap();
/// let inventory = inventory.with_virtual_clusters(Arc::new(clusters));
/// let mut builder = WorkloadBuilder::new();
/// for (name, queue, priority) in [("guest", "", -1), ("first", "team", 0), ("second", "team", 0)] {
///     let owner = Owner { queue: queue.into(), priority, ..Owner::default() };
///     let draft = JobDraft::new(name, Time::ZERO, Span::from_secs(1), Shape::whole_gpus(8));
///     builder.push(&JobDraft { owner, ..draft }).unwrap();
/// }
/// let work = builder.finish().unwrap();
/// let context = PlacementContext { work: &work, inventory: &inventory, seed: 0 };
/// let mut hived = placement("hived", &context).unwrap();
/// let mut cluster = Cluster::new(inventory.clone(), work.shapes());
/// let mut start = |job: u32| {
///     let spec = work.spec(work.job(JobId(job)).spec);
///     let mut spots = Vec::new();
///     let placed = Trial::new(&mut cluster, spec, JobId(job), &mut spots).run(hived.as_mut());
///     if placed == Ok(true) {
///         hived.started(JobId(job), spec, &spots);
///     }
///     spots.first().map(|spot| spot.node.0)
/// };
/// // The guest takes one node, so the team gets the other one. That is its quota.
/// assert_eq!([start(0), start(1), start(2)], [Some(0), Some(1), None]);
/// ```
pub struct Hived {
    state: State,
    lazy: bool,
    rooms: Rooms,
    kinds: Kinds,
    /// By kind: virtual cluster and priority.
    claims: Vec<(Option<usize>, i32)>,
    /// The places of running jobs.
    held: FxHashMap<JobId, Vec<(ShapeId, Spot)>>,
    /// A job that was placed and is not known to have started, with what takes it back. A trial may
    /// be rolled back without a word, so what nobody started is undone before the next question.
    pending: Vec<Applied>,
    record: Explanation,
    refusal: Option<(JobId, Reason)>,
    openings: u64,
}

/// A part of a job that was given cells.
struct Applied {
    job: JobId,
    pods: usize,
    victims: Vec<(JobId, Group)>,
    demoted: Vec<(JobId, Group)>,
}

impl Hived {
    /// On the machines of an inventory whose cells are promised to `clusters`.
    pub fn new(context: &PlacementContext<'_>, clusters: &VirtualClusters) -> Hived {
        let work = context.work;
        let kinds = Kinds::new(work, |job| {
            let owner = work.owner(job);
            let priority = owner.priority.clamp(OPPORTUNISTIC, HIGHEST);
            (clusters.find(&owner.queue), priority)
        });
        let (kinds, claims) = kinds;
        Hived {
            state: State::new(clusters),
            lazy: clusters.lazy(),
            rooms: Rooms::new(context.inventory),
            kinds,
            claims,
            held: FxHashMap::default(),
            pending: Vec::new(),
            record: Explanation::default(),
            refusal: None,
            openings: 0,
        }
    }

    /// Takes back what nobody started.
    fn settle(&mut self) {
        while let Some(part) = self.pending.pop() {
            self.state.drop_last(part.job, part.pods);
            for (victim, group) in part.victims.iter().rev() {
                self.state.add(*victim, group);
            }
            self.restore(&part.demoted);
        }
    }

    fn restore(&mut self, demoted: &[(JobId, Group)]) {
        for (job, had) in demoted.iter().rev() {
            self.state.promote(*job, had);
        }
    }
}

impl Placement for Hived {
    fn name(&self) -> String {
        super::levels::HIVED.name.into()
    }

    /// Cells are given to jobs, and not to a pod by itself.
    fn choose(&mut self, _: &mut View<'_>, _: Pod) -> Option<Spot> {
        None
    }

    fn place(&mut self, trial: &mut Trial<'_>) -> bool {
        self.settle();
        self.record.clear();
        self.refusal = None;
        let spec: &Spec = trial.spec();
        let anywhere = spec
            .pod_sets
            .iter()
            .all(|set| set.locality.within.is_none());
        let mut before = 0;
        let placed = match anywhere {
            true => self.place_group(trial, None),
            false => spec.pod_sets.iter().all(|set| {
                let first = before;
                before += set.count;
                let only = Spec {
                    pods: set.count,
                    gpu_milli: 0,
                    first_line: spec.first_line,
                    pod_sets: vec![set.clone()],
                };
                trial.part(&only, first, |trial| {
                    each_group(trial, set, 0, |trial, group| {
                        self.place_within(trial, group)
                    })
                })
            }),
        };
        match placed {
            true => self.record.note_spots(trial.spots()),
            false => {
                self.settle();
                self.refusal = self.blame(trial).map(|reason| (trial.job(), reason));
            }
        }
        self.record.placed = placed;
        placed
    }

    fn honours_locality(&self) -> bool {
        true
    }

    fn may_refuse(&self) -> bool {
        true
    }

    fn may_evict(&self) -> bool {
        true
    }

    fn kinds(&self) -> Option<&Kinds> {
        Some(&self.kinds)
    }

    fn started(&mut self, job: JobId, spec: &Spec, spots: &[Spot]) {
        let sets = spec.pod_sets.iter();
        let shapes = sets.flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
        self.held
            .insert(job, shapes.zip(spots.iter().copied()).collect());
        for part in self.pending.drain(..) {
            for (victim, _) in &part.victims {
                self.held.remove(victim);
            }
            self.openings += u64::from(!part.demoted.is_empty());
        }
    }

    fn ended(&mut self, job: JobId) {
        self.settle();
        self.state.remove(job);
        self.held.remove(&job);
    }

    fn openings(&self) -> u64 {
        self.openings
    }

    fn refusal(&self, job: JobId) -> Option<Reason> {
        let (refused, reason) = self.refusal?;
        (refused == job).then_some(reason)
    }

    fn explanation(&self) -> Option<&Explanation> {
        Some(&self.record)
    }
}
