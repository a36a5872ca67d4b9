//! What policies and the engine may ask of, and do with, the GPUs that MIG cuts.

use super::{Ask, Cluster, Setup, Spot};
use crate::gpu::mig::MigGpu;
use crate::gpu::mig::repartition::{Plan, Repartition, Wish};
use crate::ids::{NodeId, ShapeId};
use crate::placement::mig::{Choice, MigPlacement};
use crate::units::Time;
use std::ops::Range;

impl Cluster {
    /// The GPUs that are cut, or may be, in order of node and number, as placement policies see
    /// them: only instances in use stand there, and each GPU's geometry has only the placements it
    /// offers. A device in use as a whole holds the profile of the whole board. Empty without MIG.
    pub fn mig_gpus(&self) -> &[MigGpu] {
        match &self.mig {
            Some(mig) => mig.shown(),
            None => &[],
        }
    }

    /// The same GPUs with all that stands on them, free instances included.
    pub fn mig_standing(&self) -> &[MigGpu] {
        match &self.mig {
            Some(mig) => mig.standing(),
            None => &[],
        }
    }

    /// Where the GPUs of a node stand in [`Cluster::mig_gpus`].
    pub fn mig_range(&self, node: NodeId) -> Range<usize> {
        match &self.mig {
            Some(mig) => mig.range(node),
            None => 0..0,
        }
    }

    /// Whether the GPU at a position of [`Cluster::mig_gpus`] is in use as a whole device.
    pub fn mig_is_whole(&self, at: usize) -> bool {
        self.mig.as_ref().is_some_and(|mig| mig.is_whole(at))
    }

    /// What giving a pod the places it holds took, by GPU number: what was created and destroyed
    /// for it. Nothing without MIG, or where what was needed stood already.
    pub fn setups(&self, shape: ShapeId, spot: Spot) -> Vec<(u32, Setup)> {
        match &self.mig {
            Some(mig) => mig.setups(self.ask(shape), spot),
            None => Vec::new(),
        }
    }

    /// The place a MIG policy chooses for a pod that asks for instances, or `None`.
    ///
    /// Nodes that are closed, lack CPU or memory, or are of another model are passed over: the
    /// policy sees all GPUs first and, when it prefers such a node, only those of the others. Where
    /// boards have different names for what a pod needs, they are tried in the order in which their
    /// models first appear.
    pub fn choose_instances(
        &mut self,
        shape: ShapeId,
        policy: &mut dyn MigPlacement,
    ) -> Option<Spot> {
        if self.feasible(shape).is_empty() {
            return None;
        }
        let mut mig = self.mig.take()?;
        let ask = self.asks[shape.index()];
        let names = mig.names(&ask).to_vec();
        let spot = names.into_iter().find_map(|(name, models)| {
            let profiles = vec![name; ask.gpus as usize];
            let gpus = match policy.sees_standing() {
                true => mig.standing_mut(),
                false => mig.shown_mut(),
            };
            let choices = policy.choose_all(gpus, &profiles)?;
            let node = gpus[choices.first()?.gpu].node();
            if self.may_host(&ask, node, models) {
                return Some(written(gpus, &choices));
            }
            let eligible = |gpu: &&MigGpu| self.may_host(&ask, gpu.node(), models);
            let mut gpus: Vec<MigGpu> = gpus.iter().filter(eligible).cloned().collect();
            let choices = policy.choose_all(&mut gpus, &profiles)?;
            Some(written(&gpus, &choices))
        });
        self.mig = Some(mig);
        spot
    }

    /// The profile a pod of this request is given, on the model that comes first; `None` for a pod
    /// that asks for devices, or for what no board here has.
    pub fn mig_profile(&self, shape: ShapeId) -> Option<&'static str> {
        let ask = self.ask(shape);
        let mig = self.mig.as_ref().filter(|_| ask.is_mig())?;
        mig.names(ask).first().map(|&(name, _)| name)
    }

    fn may_host(&self, ask: &Ask, node: NodeId, models: u64) -> bool {
        let node = &self.nodes[node.index()];
        let open = node.open && node.takes & ask.who != 0;
        open && node.cpu >= ask.cpu && node.mem >= ask.mem && models >> node.model & 1 == 1
    }

    /// Whether some GPU is changed by a repartitioner only.
    pub fn awaits_repartition(&self) -> bool {
        self.mig.as_ref().is_some_and(|mig| mig.is_batched())
    }

    /// Lets a repartitioner change the GPUs that only it changes, on open nodes. Returns what was
    /// done, by position in [`Cluster::mig_gpus`]; a plan that is not legal is not carried out.
    pub fn repartition(
        &mut self,
        policy: &mut dyn Repartition,
        waiting: &[Wish],
        now: Time,
    ) -> Plan {
        let Some(mig) = &mut self.mig else {
            return Plan::default();
        };
        let plan = mig.repartition(policy, waiting, now, &self.nodes);
        if !plan.changes.is_empty() {
            // What did not fit may fit now, as after a release.
            self.releases += 1;
            for node in 0..self.nodes.len() {
                self.touch(NodeId::from(node));
            }
        }
        plan
    }

    /// Cuts GPUs as in `other`, a state of the same machines in which at least the same instances
    /// are in use. O(1) when no repartitioner has changed any there since the last call.
    pub(crate) fn follow_repartitions(&mut self, other: &Cluster) {
        let (Some(mine), Some(theirs)) = (&mut self.mig, &other.mig) else {
            return;
        };
        if mine.repartitions != theirs.repartitions {
            mine.follow(theirs);
            for node in 0..self.nodes.len() {
                self.touch(NodeId::from(node));
            }
        }
    }

    /// This state with every placement a repartitioner could ever make possible: what does not fit
    /// it empty will never fit.
    #[must_use]
    pub fn at_best(&self) -> Cluster {
        let mut best = self.clone();
        if let Some(mig) = &mut best.mig {
            mig.loosen();
        }
        for node in 0..best.nodes.len() {
            best.touch(NodeId::from(node));
        }
        best
    }
}

/// The choices of one pod as a place.
fn written(gpus: &[MigGpu], choices: &[Choice]) -> Spot {
    let bit = |choice: &Choice| super::mig::bit(&gpus[choice.gpu], choice.start);
    Spot {
        node: gpus[choices[0].gpu].node(),
        devices: choices.iter().fold(0, |bits, choice| bits | bit(choice)),
    }
}
