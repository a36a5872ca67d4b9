//! `batched`: the partitioner of nos. Requests are collected for a while, then GPUs change to the
//! known geometries that serve most of them.

use super::super::geometry::Instance;
use super::super::profiles::ProfileRow;
use super::super::state::MigGpu;
use super::{Change, Plan, Repartition, Wish, nos_plan};
use crate::units::{Span, Time};
use std::collections::BTreeMap;

/// Waits for a batch to close, then plans GPU by GPU. O(GPUs × known geometries) per batch.
#[derive(Clone, Copy, Debug)]
pub struct Batched {
    window: Span,
    idle: Span,
    /// Requests that came until then have been in a batch.
    closed: Option<Time>,
}

impl Batched {
    /// Batches of at most `window`, closed early after `idle` without a new request.
    pub fn new(window: Span, idle: Span) -> Batched {
        Batched {
            window,
            idle,
            closed: None,
        }
    }

    fn due(&self, waiting: &[Wish]) -> Option<Time> {
        let fresh = || {
            let new = |since: &Time| self.closed.is_none_or(|closed| *since > closed);
            waiting.iter().map(|wish| wish.since).filter(new)
        };
        Some((fresh().min()? + self.window).min(fresh().max()? + self.idle))
    }
}

impl Repartition for Batched {
    fn name(&self) -> &'static str {
        "batched"
    }

    fn plan(&mut self, gpus: &[MigGpu], waiting: &[Wish], now: Time) -> Plan {
        if self.due(waiting).is_none_or(|due| now < due) {
            return Plan::default();
        }
        self.closed = Some(now);
        let mut missing: BTreeMap<&str, u8> = BTreeMap::new();
        for wish in waiting {
            let count = missing.entry(&wish.profile).or_default();
            *count = count.saturating_add(1);
        }
        let mut plan = Plan::default();
        for (gpu, state) in gpus.iter().enumerate() {
            serve(gpu, state, &mut missing, &mut plan);
        }
        plan
    }

    fn next(&self, waiting: &[Wish]) -> Option<Time> {
        self.due(waiting)
    }
}

/// Changes one GPU for what is missing, and subtracts what it then offers.
fn serve(gpu: usize, state: &MigGpu, missing: &mut BTreeMap<&str, u8>, plan: &mut Plan) {
    let wanted: Vec<(ProfileRow, u8)> = missing
        .iter()
        .filter(|(_, count)| **count > 0)
        .filter_map(|(name, count)| Some((state.board().by_name(name)?, *count)))
        .collect();
    let used: Vec<Instance> = by_use(state, true);
    let free = by_use(state, false);
    let offered = match nos_plan(state, &wanted) {
        Some(layout) => {
            let new: Vec<Instance> = layout.into_iter().filter(|i| !used.contains(i)).collect();
            let gone = free.iter().filter(|instance| !new.contains(instance));
            plan.changes.extend(gone.map(|instance| Change::Destroy {
                gpu,
                start: instance.start,
            }));
            let fresh = new.iter().filter(|instance| !free.contains(instance));
            plan.changes
                .extend(fresh.map(|&instance| Change::Create { gpu, instance }));
            new
        }
        None => free,
    };
    for instance in offered {
        let name = state.geometry().profile(instance.profile).name;
        if let Some(count) = missing.get_mut(name) {
            *count = count.saturating_sub(1);
        }
    }
}

fn by_use(state: &MigGpu, in_use: bool) -> Vec<Instance> {
    let instances = state.instances().filter(|&(_, used)| used == in_use);
    instances.map(|(instance, _)| instance).collect()
}
