//! GPUs that a repartitioner changes.

use super::state::{Kind, MigState};
use crate::cluster::state::NodeFree;
use crate::gpu::mig::repartition::{Change, Plan, Repartition, Wish};
use crate::gpu::mig::{Geometry, MigGpu};
use crate::ids::ModelId;
use crate::units::Time;
use std::sync::Arc;

impl MigState {
    /// Asks a repartitioner about the GPUs of open nodes that only it changes, and does as it says.
    /// Returns its plan, by the position of each GPU among all.
    pub(in crate::cluster) fn repartition(
        &mut self,
        policy: &mut dyn Repartition,
        waiting: &[Wish],
        now: Time,
        nodes: &[NodeFree],
    ) -> Plan {
        let open = |&gpu: &usize| {
            self.kinds[gpu] == Kind::Batched && nodes[self.shown[gpu].node().index()].open
        };
        let asked: Vec<usize> = (0..self.shown.len()).filter(open).collect();
        let on_board = |&gpu: &usize| {
            let mut standing = self.standing[gpu].clone();
            standing.set_geometry(self.boards[gpu].clone());
            standing
        };
        let mut gpus: Vec<MigGpu> = asked.iter().map(on_board).collect();
        let mut plan = policy.plan(&gpus, waiting, now);
        if plan.changes.is_empty() || plan.apply(&mut gpus).is_err() {
            return Plan::default();
        }
        for change in &mut plan.changes {
            let (Change::Create { gpu, .. } | Change::Destroy { gpu, .. }) = change;
            *gpu = asked[*gpu];
        }
        for (&gpu, after) in asked.iter().zip(gpus) {
            if self.standing[gpu] != after {
                let model = nodes[after.node().index()].model;
                self.standing[gpu] = after;
                self.offer_what_stands(gpu, ModelId(model));
            }
        }
        self.repartitions += 1;
        plan
    }

    /// Lets stand what stands in `other`, a state of the same machines in which at least the same
    /// instances are in use.
    pub(in crate::cluster) fn follow(&mut self, other: &MigState) {
        for gpu in 0..self.shown.len() {
            if self.kinds[gpu] != Kind::Batched {
                continue;
            }
            let geometry = other.shown[gpu].geometry();
            self.shown[gpu].set_geometry(geometry.clone());
            let mut standing = other.standing[gpu].clone();
            let gone = standing.used_starts() & !self.shown[gpu].used_starts();
            for start in (0..16).filter(|start| gone >> start & 1 == 1) {
                standing.release(start).expect("it is in use there");
            }
            self.standing[gpu] = standing;
        }
        self.repartitions = other.repartitions;
    }

    /// Offers whatever a repartitioner could make.
    pub(in crate::cluster) fn loosen(&mut self) {
        let mut loose: Vec<(*const Geometry, Arc<Geometry>)> = Vec::new();
        for gpu in 0..self.shown.len() {
            if self.kinds[gpu] != Kind::Batched {
                continue;
            }
            let full = &self.boards[gpu];
            let known = loose.iter().find(|(of, _)| *of == Arc::as_ptr(full));
            let geometry = known.map(|(_, known)| known.clone()).unwrap_or_else(|| {
                let base = full.base();
                let made = Arc::new(full.restricted(|row, _| base.contains(row)));
                loose.push((Arc::as_ptr(full), made.clone()));
                made
            });
            self.shown[gpu].set_geometry(geometry);
        }
    }

    /// Whether some GPU waits for a repartitioner.
    pub(in crate::cluster) fn is_batched(&self) -> bool {
        self.kinds.contains(&Kind::Batched)
    }
}
