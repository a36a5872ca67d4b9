//! Where pending workloads are kept.
//!
//! Workloads of one queue that are decided alike, are of one namespace and, where admission is
//! shared fairly, of one LocalQueue, form a *lane*. A lane has two heaps: those that are active
//! and those that are inadmissible. Queues send whole classes from one to the other and back;
//! here that moves the smaller heap into the larger one, so that a backlog of equals costs next to
//! nothing however long it is.
//!
//! Lanes with active workloads are themselves in a heap by their heads: one heap per queue or,
//! where admission is shared fairly, per LocalQueue (a *group*).

use super::super::ids::{ClusterQueueId, LocalQueueId, NamespaceId, WorkloadId};
use super::heap::{Change, Order};
use super::workload::PendingWorkload;
use crate::units::Time;
use rustc_hash::FxHashMap;
use std::cmp::{Ordering, Reverse};

const NOWHERE: u32 = u32::MAX;

/// Which of the two heaps of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Active,
    Inadmissible,
}

#[derive(Clone, Debug)]
struct Lane {
    queue: ClusterQueueId,
    namespace: NamespaceId,
    /// Its workloads became active before they may come back.
    early: bool,
    group: u32,
    /// Which heap holds the active ones: 0 or 1.
    active: u32,
    /// It is in the list of lanes that may hold inadmissible workloads.
    listed: bool,
}

impl Lane {
    fn heap(&self, lane: u32, side: Side) -> usize {
        let side = match side {
            Side::Active => self.active,
            Side::Inadmissible => 1 - self.active,
        };
        (2 * lane + side) as usize
    }
}

#[derive(Clone, Debug)]
struct Group {
    queue: ClusterQueueId,
    local_queue: Option<LocalQueueId>,
    /// Lanes by their heads.
    lanes: Vec<u32>,
}

/// The active workload of a lane that goes first. What it is compared by most is at hand, so that
/// lanes can be compared without a look at their heaps.
#[derive(Clone, Copy, Debug, Default)]
struct LaneHead {
    priority: i64,
    queued: Time,
    workload: u32,
}

impl LaneHead {
    fn order(
        self,
        other: LaneHead,
        facts: &[PendingWorkload],
        sticky: Option<WorkloadId>,
    ) -> Ordering {
        let key = |one: LaneHead| {
            let sticky = sticky == Some(WorkloadId(one.workload));
            (!sticky, Reverse(one.priority), one.queued)
        };
        key(self)
            .cmp(&key(other))
            .then_with(|| facts[self.workload as usize].order(&facts[other.workload as usize]))
    }
}

/// A workload's heap, and its place there.
#[derive(Clone, Copy, Debug)]
struct Place {
    heap: u32,
    at: u32,
}

/// What tells lanes apart: queue, class, namespace, LocalQueue where that matters, and whether
/// workloads became active before they may come back: what is refused of those is not tried again
/// with the others.
type Key = (
    ClusterQueueId,
    Option<u32>,
    NamespaceId,
    Option<LocalQueueId>,
    bool,
);

/// The lanes of all queues.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    facts: Vec<PendingWorkload>,
    place: Vec<Place>,
    lanes: Vec<Lane>,
    /// By lane: its place in the heap of its group.
    place_in_group: Vec<u32>,
    /// By lane: its head, as it was when the lane was put in its place.
    heads: Vec<LaneHead>,
    /// Two per lane.
    heaps: Vec<Vec<u32>>,
    groups: Vec<Group>,
    known: FxHashMap<Key, u32>,
    of_class: FxHashMap<(ClusterQueueId, u32), Vec<u32>>,
    /// By queue.
    queues: Vec<QueueLanes>,
}

#[derive(Clone, Debug, Default)]
struct QueueLanes {
    lanes: Vec<u32>,
    groups: Vec<u32>,
    /// Lanes that may hold inadmissible workloads.
    refused: Vec<u32>,
    /// Goes before all others of its group.
    sticky: Option<WorkloadId>,
}

impl Lanes {
    pub(super) fn new(queues: usize) -> Lanes {
        Lanes {
            queues: vec![QueueLanes::default(); queues],
            ..Lanes::default()
        }
    }

    /// What is known of a workload; it must have been [set](Lanes::set_facts).
    pub(super) fn facts(&self, workload: WorkloadId) -> &PendingWorkload {
        &self.facts[workload.index()]
    }

    /// What is known of a workload that is in no heap.
    pub(super) fn set_facts(&mut self, workload: WorkloadId, facts: PendingWorkload) {
        if self.facts.len() <= workload.index() {
            let len = workload.index() + 1;
            self.facts.resize(len, PendingWorkload::default());
            let nowhere = Place {
                heap: NOWHERE,
                at: NOWHERE,
            };
            self.place.resize(len, nowhere);
        }
        self.facts[workload.index()] = facts;
    }

    /// The queue a workload is kept in, and where.
    pub(super) fn side(&self, workload: WorkloadId) -> Option<(ClusterQueueId, Side)> {
        let heap = self.place.get(workload.index())?.heap;
        if heap == NOWHERE {
            return None;
        }
        let lane = &self.lanes[(heap / 2) as usize];
        let side = match heap % 2 == lane.active {
            true => Side::Active,
            false => Side::Inadmissible,
        };
        Some((lane.queue, side))
    }

    /// Puts in a workload that is in no heap. `apart` = its LocalQueue is a group of its own,
    /// `early` = it is active before it may come back. O(log n).
    pub(super) fn insert(
        &mut self,
        workload: WorkloadId,
        queue: ClusterQueueId,
        side: Side,
        apart: bool,
        early: bool,
    ) {
        let lane = self.lane(workload, queue, apart, early);
        let heap = self.lanes[lane as usize].heap(lane, side);
        self.push(heap, workload.0);
        match side {
            Side::Active => self.settle(lane),
            Side::Inadmissible => self.list(lane),
        }
    }

    /// Takes a workload out of whatever heap it is in. O(log n).
    pub(super) fn remove(&mut self, workload: WorkloadId) {
        let Some((_, side)) = self.side(workload) else {
            return;
        };
        let Place { heap, at } = self.place[workload.index()];
        self.change(heap as usize, Change::Remove(at as usize));
        self.place[workload.index()].heap = NOWHERE;
        if side == Side::Active {
            self.settle(heap / 2);
        }
    }

    /// The active workload that goes first; LocalQueues with less use go before others. O(groups).
    pub(super) fn first(
        &self,
        queue: ClusterQueueId,
        used: impl Fn(LocalQueueId) -> f64,
    ) -> Option<WorkloadId> {
        let groups = self.queues[queue.index()].groups.iter();
        let heads = groups.filter_map(|group| {
            let group = &self.groups[*group as usize];
            let head = self.heads[*group.lanes.first()? as usize];
            Some((group.local_queue.map_or(0.0, &used), head))
        });
        let sticky = self.queues[queue.index()].sticky;
        heads
            .min_by(|(used, head), (other_used, other)| {
                let order = || head.order(*other, &self.facts, sticky);
                used.total_cmp(other_used).then_with(order)
            })
            .map(|(_, head)| WorkloadId(head.workload))
    }

    /// One workload goes before all others; the one that did before takes its place again.
    pub(super) fn set_sticky(&mut self, queue: ClusterQueueId, sticky: Option<WorkloadId>) {
        let before = self.queues[queue.index()].sticky;
        // One at a time: a heap with one misplaced item can be mended.
        for (now, workload) in [(None, before), (sticky, sticky)] {
            self.queues[queue.index()].sticky = now;
            let Some(workload) = workload else { continue };
            // Inadmissible ones too: their heap may be the active one some day.
            if let Some((at, side)) = self.side(workload)
                && at == queue
            {
                let Place { heap, at } = self.place[workload.index()];
                self.change(heap as usize, Change::Mend(at as usize));
                if side == Side::Active {
                    self.settle(heap / 2);
                }
            }
        }
    }

    /// The workload that goes before all others, if it is set.
    pub(super) fn sticky(&self, queue: ClusterQueueId) -> Option<WorkloadId> {
        self.queues[queue.index()].sticky
    }

    /// All active workloads of a class become inadmissible, but for those that are returned: they
    /// are active before they may come back.
    pub(super) fn refuse_class(&mut self, queue: ClusterQueueId, class: u32) -> Vec<WorkloadId> {
        let mut early = Vec::new();
        let lanes = self.of_class.get(&(queue, class)).cloned();
        for lane in lanes.into_iter().flatten() {
            if self.lanes[lane as usize].early {
                let active = self.lanes[lane as usize].heap(lane, Side::Active);
                early.extend(self.heaps[active].iter().copied().map(WorkloadId));
            } else {
                self.turn(lane, Side::Inadmissible);
                self.list(lane);
            }
        }
        early
    }

    /// All inadmissible workloads of the namespaces that are served become active. How many they
    /// were.
    pub(super) fn admit_all(
        &mut self,
        queue: ClusterQueueId,
        served: impl Fn(NamespaceId) -> bool,
    ) -> usize {
        let refused = std::mem::take(&mut self.queues[queue.index()].refused);
        let mut moved = 0;
        for lane in refused {
            self.lanes[lane as usize].listed = false;
            if served(self.lanes[lane as usize].namespace) {
                moved += self.turn(lane, Side::Active);
            } else {
                self.list(lane);
            }
        }
        moved
    }

    /// The workloads of a queue on one side, in no particular order.
    pub(super) fn on_side(
        &self,
        queue: ClusterQueueId,
        side: Side,
    ) -> impl Iterator<Item = WorkloadId> {
        let lanes = self.queues[queue.index()].lanes.iter();
        lanes
            .flat_map(move |lane| &self.heaps[self.lanes[*lane as usize].heap(*lane, side)])
            .map(|workload| WorkloadId(*workload))
    }

    fn lane(
        &mut self,
        workload: WorkloadId,
        queue: ClusterQueueId,
        apart: bool,
        early: bool,
    ) -> u32 {
        let facts = &self.facts[workload.index()];
        let class = facts.class.map(|class| class.0);
        let local_queue = facts.local_queue.filter(|_| apart);
        let key = (queue, class, facts.namespace, local_queue, early);
        if let Some(lane) = self.known.get(&key) {
            return *lane;
        }
        let namespace = facts.namespace;
        let lane = self.lanes.len() as u32;
        self.known.insert(key, lane);
        if let Some(class) = class {
            self.of_class.entry((queue, class)).or_default().push(lane);
        }
        let groups = &self.queues[queue.index()].groups;
        let group = groups
            .iter()
            .copied()
            .find(|group| self.groups[*group as usize].local_queue == local_queue);
        let group = group.unwrap_or_else(|| {
            let group = self.groups.len() as u32;
            self.queues[queue.index()].groups.push(group);
            self.groups.push(Group {
                queue,
                local_queue,
                lanes: Vec::new(),
            });
            group
        });
        self.lanes.push(Lane {
            queue,
            namespace,
            early,
            group,
            active: 0,
            listed: false,
        });
        self.place_in_group.push(NOWHERE);
        self.heads.push(LaneHead::default());
        self.queues[queue.index()].lanes.push(lane);
        self.heaps.extend([Vec::new(), Vec::new()]);
        lane
    }

    fn list(&mut self, lane: u32) {
        let queue = self.lanes[lane as usize].queue.index();
        if !std::mem::replace(&mut self.lanes[lane as usize].listed, true) {
            self.queues[queue].refused.push(lane);
        }
    }

    /// Brings all workloads of a lane to one side. How many moved.
    fn turn(&mut self, lane: u32, to: Side) -> usize {
        let from = match to {
            Side::Active => Side::Inadmissible,
            Side::Inadmissible => Side::Active,
        };
        let mut source = self.lanes[lane as usize].heap(lane, from);
        let mut target = self.lanes[lane as usize].heap(lane, to);
        let moved = self.heaps[source].len();
        if moved > self.heaps[target].len() {
            let active = &mut self.lanes[lane as usize].active;
            *active = 1 - *active;
            std::mem::swap(&mut source, &mut target);
        }
        for workload in std::mem::take(&mut self.heaps[source]) {
            self.push(target, workload);
        }
        self.settle(lane);
        moved
    }

    fn push(&mut self, heap: usize, workload: u32) {
        self.place[workload as usize].heap = heap as u32;
        self.change(heap, Change::Push(workload));
    }

    fn change(&mut self, heap: usize, change: Change) {
        let queue = self.lanes[heap / 2].queue;
        let sticky = self.queues[queue.index()].sticky;
        let (facts, place) = (&self.facts, &mut self.place);
        let mut order = Order {
            before: |a, b| before(facts, sticky, a, b),
            placed: |workload: u32, at: usize| place[workload as usize].at = at as u32,
        };
        order.apply(&mut self.heaps[heap], change);
    }

    /// Puts a lane whose head may have changed to its place in its group.
    fn settle(&mut self, lane: u32) {
        let active = &self.heaps[self.lanes[lane as usize].heap(lane, Side::Active)];
        let group = self.lanes[lane as usize].group as usize;
        let at = self.place_in_group[lane as usize];
        let sticky = self.queues[self.groups[group].queue.index()].sticky;
        let (facts, heads, place) = (&self.facts, &mut self.heads, &mut self.place_in_group);
        match active.first() {
            None => place[lane as usize] = NOWHERE,
            Some(&workload) => {
                heads[lane as usize] = LaneHead {
                    priority: facts[workload as usize].priority,
                    queued: facts[workload as usize].queued,
                    workload,
                };
            }
        }
        let mut order = Order {
            before: |a: u32, b: u32| {
                let (a, b) = (heads[a as usize], heads[b as usize]);
                a.order(b, facts, sticky).is_lt()
            },
            placed: |lane: u32, at: usize| place[lane as usize] = at as u32,
        };
        let items = &mut self.groups[group].lanes;
        let change = match (active.is_empty(), at) {
            (true, NOWHERE) => return,
            (true, at) => Change::Remove(at as usize),
            (false, NOWHERE) => Change::Push(lane),
            (false, at) => Change::Mend(at as usize),
        };
        order.apply(items, change);
    }
}

/// Whether a workload goes before another of its lane.
fn before(facts: &[PendingWorkload], sticky: Option<WorkloadId>, a: u32, b: u32) -> bool {
    let is_sticky = |workload| sticky == Some(WorkloadId(workload));
    is_sticky(b)
        .cmp(&is_sticky(a))
        .then_with(|| facts[a as usize].order(&facts[b as usize]))
        .is_lt()
}
