//! What fits: one pod on a node, pods and whole jobs on the cluster, and why not.

use super::{Ask, Cluster, NodeSet, Spot};
use crate::ids::{NodeId, ShapeId};
use crate::queueing::Reason;
use crate::workload::Spec;

impl Cluster {
    /// Whether one pod fits the node now. A few integer compares.
    #[inline]
    pub fn fits_on(&self, ask: &Ask, id: NodeId) -> bool {
        let node = &self.nodes[id.index()];
        let host = node.cpu >= ask.cpu && node.mem >= ask.mem;
        if !host || !node.open || node.takes & ask.who == 0 || u32::from(node.rdma) < ask.rdma {
            return false;
        }
        if ask.gpus == 0 {
            return true;
        }
        if ask.models >> node.model & 1 == 0 {
            return false;
        }
        if ask.is_mig() {
            let mig = self.mig.as_deref();
            return mig.is_some_and(|mig| mig.fits(ask, id, node.model));
        }
        if !ask.is_share() {
            return node.full.count_ones() >= ask.gpus && self.links_fit(ask, id, node.full);
        }
        let milli_fits = node.full != 0 || u32::from(node.partial) >= ask.milli;
        if ask.vram == 0 {
            return milli_fits;
        }
        milli_fits && (0..u32::from(node.gpus)).any(|device| self.share_fits(node, ask, device))
    }

    /// How many such pods fit the node now. O(devices).
    pub fn room_on(&self, ask: &Ask, id: NodeId) -> u32 {
        if !self.fits_on(ask, id) {
            return 0;
        }
        let node = &self.nodes[id.index()];
        let by = |have: i64, need: i64| {
            if need == 0 { i64::MAX } else { have / need }
        };
        let devices = if ask.gpus == 0 {
            i64::MAX
        } else if ask.is_mig() {
            let mig = self.mig.as_deref();
            mig.map_or(0, |mig| i64::from(mig.room(ask, id, node.model)))
        } else if ask.is_share() {
            (0..u32::from(node.gpus))
                .map(|device| {
                    let vram = self.vram[(node.base + device) as usize];
                    by(i64::from(self.left_of(node, device)), i64::from(ask.milli))
                        .min(by(i64::from(vram), i64::from(ask.vram)))
                })
                .sum()
        } else {
            i64::from(self.linked_room(ask, id, node.full))
        };
        let room = by(node.cpu, ask.cpu)
            .min(by(node.mem, ask.mem))
            .min(by(i64::from(node.rdma), i64::from(ask.rdma)))
            .min(devices);
        room.min(i64::from(ask.max_per_node)) as u32
    }

    /// The nodes one such pod fits now. Amortised O(nodes changed since the last question).
    pub fn feasible(&mut self, shape: ShapeId) -> &NodeSet {
        let mut index = std::mem::take(&mut self.index);
        index.refresh(self, shape);
        self.index = index;
        self.index.fits(shape)
    }

    /// The node of lowest rank one such pod fits now.
    #[inline]
    pub fn first_fit(&mut self, shape: ShapeId) -> Option<NodeId> {
        self.feasible(shape).first()
    }

    /// How many such pods fit the cluster now. Amortised as [`Cluster::feasible`].
    pub fn room(&mut self, shape: ShapeId) -> u64 {
        let mut index = std::mem::take(&mut self.index);
        let room = index.room(self, shape);
        self.index = index;
        room
    }

    /// Whether the whole job fits now, wherever its pods may go. Exact for one pod set; several
    /// pod sets are tried first-fit in their order and taken back.
    pub fn fits(&mut self, spec: &Spec) -> bool {
        match spec.pod_sets.as_slice() {
            [set] if set.count == 1 => !self.feasible(set.shape).is_empty(),
            [set] => self.room(set.shape) >= u64::from(set.count),
            sets => {
                let each_fits = sets.iter().all(|set| {
                    let room = if set.count == 1 {
                        u64::from(self.feasible(set.shape).len())
                    } else {
                        self.room(set.shape)
                    };
                    room >= u64::from(set.count)
                });
                each_fits && self.try_first_fit(spec)
            }
        }
    }

    fn try_first_fit(&mut self, spec: &Spec) -> bool {
        let mark = self.begin();
        let fits = spec.pod_sets.iter().all(|set| {
            (0..set.count).all(|_| {
                self.first_fit(set.shape).is_some_and(|node| {
                    let devices = self.node(node).lowest_devices(self.ask(set.shape));
                    self.take(set.shape, Spot { node, devices }).is_ok()
                })
            })
        });
        self.rollback(mark);
        fits
    }

    /// Why a job that cannot be placed now cannot. One that would fit if its pods could be anywhere
    /// waits for a place where they are together.
    pub fn why_not(&mut self, spec: &Spec) -> Reason {
        let mut sets = spec.pod_sets.iter();
        if sets.any(|set| set.locality.within.is_some()) && self.fits(spec) {
            return Reason::Locality;
        }
        let mut free_anywhere = 0;
        let mut need_anywhere = 0;
        let mut some_pod_fits = false;
        let mut short_of_places = false;
        for set in &spec.pod_sets {
            let ask = self.asks[set.shape.index()];
            if ask.is_mig() {
                match self.lacks_instances(&ask, set.count) {
                    Some(reason) => return reason,
                    None => {
                        some_pod_fits |= !self.feasible(set.shape).is_empty();
                        short_of_places = true;
                        continue;
                    }
                }
            }
            let need = ask.total_milli() * i64::from(set.count);
            let free: i64 = self
                .free_milli
                .iter()
                .enumerate()
                .filter(|(model, _)| ask.models >> model & 1 == 1)
                .map(|(_, free)| free)
                .sum();
            free_anywhere = self.free_milli();
            need_anywhere += need;
            if ask.gpus > 0 && free < need {
                return if self.free_milli() >= need {
                    Reason::Model
                } else {
                    Reason::Capacity
                };
            }
            some_pod_fits |= !self.feasible(set.shape).is_empty();
        }
        if !short_of_places && (need_anywhere > free_anywhere || need_anywhere == 0) {
            Reason::Capacity
        } else if spec.pods > 1 && some_pod_fits {
            Reason::Gang
        } else {
            Reason::Fragmentation
        }
    }

    /// Why there are too few slots for `pods` pods that ask for instances; `None` when there are
    /// enough, wherever they are. A slot counts while some legal placement can use it.
    fn lacks_instances(&self, ask: &Ask, pods: u32) -> Option<Reason> {
        let Some(mig) = self.mig.as_ref().filter(|_| ask.models != 0) else {
            return Some(Reason::Model);
        };
        let need = mig.need(ask, &self.inventory).saturating_mul(pods);
        if mig.usable(&self.nodes, ask.models) >= need {
            None
        } else if mig.usable(&self.nodes, u64::MAX) >= need {
            Some(Reason::Model)
        } else {
            Some(Reason::Capacity)
        }
    }
}
