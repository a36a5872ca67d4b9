//! `on-demand`: what is asked for is created as soon as a legal start is free.

use super::super::geometry::Instance;
use super::super::order::StartOrder;
use super::super::profiles::ProfileRow;
use super::super::state::MigGpu;
use super::{Change, Plan, Repartition, Wish};
use crate::units::Time;

/// Creates one instance per waiting request, destroying free instances in the way when there is
/// no other room. O(waiting × GPUs).
#[derive(Clone, Copy, Debug)]
pub struct OnDemand {
    /// Order of starts.
    pub order: StartOrder,
}

impl Default for OnDemand {
    fn default() -> OnDemand {
        OnDemand {
            order: StartOrder::Driver,
        }
    }
}

impl Repartition for OnDemand {
    fn name(&self) -> &'static str {
        "on-demand"
    }

    fn plan(&mut self, gpus: &[MigGpu], waiting: &[Wish], _: Time) -> Plan {
        let mut plan = Plan::default();
        // A copy on which what a request will get counts as used, so that the next cannot.
        let mut ahead = gpus.to_vec();
        for wish in waiting {
            let standing = reserve_standing(&mut ahead, &wish.profile);
            if !standing && !self.create(&mut ahead, &wish.profile, &mut plan) {
                self.make_room(&mut ahead, &wish.profile, &mut plan);
            }
        }
        plan
    }
}

fn reserve_standing(gpus: &mut [MigGpu], profile: &str) -> bool {
    gpus.iter_mut().any(|gpu| {
        let row = gpu.board().by_name(profile);
        let start = row.and_then(|row| gpu.free_instance(row));
        start.is_some_and(|start| gpu.take(start).is_ok())
    })
}

impl OnDemand {
    fn create(&self, gpus: &mut [MigGpu], profile: &str, plan: &mut Plan) -> bool {
        gpus.iter_mut().enumerate().any(|(gpu, state)| {
            let Some(row) = state.board().by_name(profile) else {
                return false;
            };
            let Some(start) = state.geometry().start(self.order, row, state.occupancy()) else {
                return false;
            };
            let created = state.allocate(row, start).is_ok();
            if created {
                let instance = Instance {
                    profile: row,
                    start,
                };
                plan.changes.push(Change::Create { gpu, instance });
            }
            created
        })
    }

    fn make_room(&self, gpus: &mut [MigGpu], profile: &str, plan: &mut Plan) -> bool {
        for (gpu, state) in gpus.iter_mut().enumerate() {
            let Some(row) = state.board().by_name(profile) else {
                continue;
            };
            let Some((start, cleared)) = self.cheapest(state, row) else {
                continue;
            };
            *state = cleared.state;
            let destroyed = cleared.destroyed.into_iter();
            plan.changes
                .extend(destroyed.map(|start| Change::Destroy { gpu, start }));
            let instance = Instance {
                profile: row,
                start,
            };
            plan.changes.push(Change::Create { gpu, instance });
            return true;
        }
        false
    }

    /// The start that destroys the fewest free instances, with what is left then.
    fn cheapest(&self, state: &MigGpu, row: ProfileRow) -> Option<(u8, Cleared)> {
        state
            .geometry()
            .ordered_starts(self.order, row)
            .into_iter()
            .filter_map(|start| Some((start, Cleared::at(state, row, start)?)))
            .min_by_key(|(_, cleared)| cleared.destroyed.len())
    }
}

/// A GPU after free instances were destroyed and the new one was created.
struct Cleared {
    state: MigGpu,
    destroyed: Vec<u8>,
}

impl Cleared {
    fn at(state: &MigGpu, row: ProfileRow, start: u8) -> Option<Cleared> {
        let mut state = state.clone();
        let in_the_way = state.clear(row, start).ok()?;
        let mut destroyed: Vec<u8> = in_the_way.iter().map(|instance| instance.start).collect();
        // What is left may still hold the counters the new one needs (a free `+me`, say).
        while state.allocate(row, start).is_err() {
            let free = blocking(&state, row)?;
            state.destroy(free).ok()?;
            destroyed.push(free);
        }
        Some(Cleared { state, destroyed })
    }
}

/// A free instance to destroy so that counters allow one of `row`: one that suffices alone, or any.
fn blocking(state: &MigGpu, row: ProfileRow) -> Option<u8> {
    let limits = state.geometry().limits();
    let free = || {
        state
            .instances()
            .filter(|(_, used)| !used)
            .map(|(instance, _)| instance)
    };
    let suffices = |instance: &Instance| {
        let left = limits.remove(state.held().counters, instance.profile);
        limits.allows(left, row)
    };
    let chosen = free().find(suffices).or_else(|| free().next());
    chosen.map(|instance| instance.start)
}
