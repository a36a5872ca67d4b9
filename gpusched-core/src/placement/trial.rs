//! What a placement policy sees and may do while it places one job.

use super::device::Chooser;
use super::mig::MigPlacement;
use crate::cluster::{Ask, CapacityError, Cluster, NodeSet, NodeView, Spot};
use crate::ids::{JobId, NodeId, ShapeId};
use crate::workload::{PodSet, Spec};

/// One pod to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its request.
    pub shape: ShapeId,
    /// Its job.
    pub job: JobId,
    /// Its number within the job, from 0.
    pub ordinal: u32,
}

/// Read access to the cluster for a policy; asking what fits keeps indexes up to date.
#[derive(Debug)]
pub struct View<'a> {
    cluster: &'a mut Cluster,
}

impl<'a> View<'a> {
    /// A view of `cluster`.
    pub fn new(cluster: &'a mut Cluster) -> View<'a> {
        View { cluster }
    }

    /// The cluster as it is.
    #[inline]
    pub fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// A compiled request.
    #[inline]
    pub fn ask(&self, shape: ShapeId) -> Ask {
        *self.cluster.ask(shape)
    }

    /// One node.
    #[inline]
    pub fn node(&self, id: NodeId) -> NodeView<'_> {
        self.cluster.node(id)
    }

    /// The node of lowest rank one such pod fits.
    #[inline]
    pub fn first_fit(&mut self, shape: ShapeId) -> Option<NodeId> {
        self.cluster.first_fit(shape)
    }

    /// The place a MIG policy chooses for a pod that asks for instances
    /// ([`Cluster::choose_instances`]).
    pub fn choose_instances(
        &mut self,
        shape: ShapeId,
        policy: &mut dyn MigPlacement,
    ) -> Option<Spot> {
        self.cluster.choose_instances(shape, policy)
    }

    /// All nodes one such pod fits.
    pub fn feasible(&mut self, shape: ShapeId) -> &NodeSet {
        self.cluster.feasible(shape)
    }
}

/// One job being placed. Everything taken is checked, and taken back when the job does not fit.
#[derive(Debug)]
pub struct Trial<'a> {
    cluster: &'a mut Cluster,
    spec: &'a Spec,
    job: JobId,
    spots: &'a mut Vec<Spot>,
    first: usize,
    /// Jobs that leave for this one; `None` = nobody may be made to.
    victims: Option<&'a mut Vec<JobId>>,
    fault: Option<CapacityError>,
    devices: Option<Box<Chooser>>,
    /// Pods of the job before the first of `spec`.
    before: u32,
}

impl<'a> Trial<'a> {
    /// Starts placing `job`; places are appended to `spots`, pod set by pod set.
    pub fn new(
        cluster: &'a mut Cluster,
        spec: &'a Spec,
        job: JobId,
        spots: &'a mut Vec<Spot>,
    ) -> Trial<'a> {
        let first = spots.len();
        Trial {
            cluster,
            spec,
            job,
            spots,
            first,
            victims: None,
            fault: None,
            devices: None,
            before: 0,
        }
    }

    /// The same trial, in which running jobs may be made to leave: they are named in `victims`, which
    /// is as it was when the job is not placed.
    #[must_use]
    pub fn evicting(self, victims: &'a mut Vec<JobId>) -> Trial<'a> {
        Trial {
            victims: Some(victims),
            ..self
        }
    }

    /// Whether running jobs may be made to leave.
    pub fn may_evict(&self) -> bool {
        self.victims.is_some()
    }

    /// Makes a running job leave. `places` is all it holds, pod by pod. Only within
    /// [`Trial::part`], or for a job of several pods, is this taken back when the job is not placed.
    ///
    /// # Panics
    /// Where nobody may be made to leave.
    pub fn evict(&mut self, job: JobId, places: &[(ShapeId, Spot)]) {
        let victims = self.victims.as_mut().expect("see `may_evict`");
        victims.push(job);
        for &(shape, spot) in places {
            self.cluster.release(shape, spot);
        }
    }

    /// Lets `policy` place the job: all pods, or none.
    ///
    /// # Errors
    /// [`CapacityError`] when the policy proposed a place that cannot hold the pod.
    pub fn run(
        mut self,
        policy: &mut (impl super::Placement + ?Sized),
    ) -> Result<bool, CapacityError> {
        if self.spec.pods == 1 {
            // One pod is one change: nothing to roll back when it fails.
            let placed = policy.place(&mut self);
            return match self.fault {
                Some(fault) => Err(fault),
                None => Ok(placed),
            };
        }
        let mark = self.cluster.begin();
        let named = self.named();
        let placed = policy.place(&mut self)
            && self.fault.is_none()
            && self.spots.len() - self.first == self.spec.pods as usize;
        if placed {
            self.cluster.commit(mark);
        } else {
            self.cluster.rollback(mark);
            self.spots.truncate(self.first);
            self.unname(named);
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(placed),
        }
    }

    /// The job's pod sets.
    pub fn spec(&self) -> &'a Spec {
        self.spec
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// The cluster, with what this trial has taken so far.
    pub fn view(&mut self) -> View<'_> {
        View::new(self.cluster)
    }

    /// From here on `chooser` says which devices of a node pods get that hold whole ones. Returns
    /// who said so before.
    pub fn choose_devices(&mut self, chooser: Option<Box<Chooser>>) -> Option<Box<Chooser>> {
        std::mem::replace(&mut self.devices, chooser)
    }

    /// Takes a place for the next pod. `false` when the cluster refuses: the trial then fails.
    pub fn take(&mut self, shape: ShapeId, spot: Spot) -> bool {
        let spot = match &mut self.devices {
            Some(chooser) => chooser.instead(self.cluster, shape, spot),
            None => spot,
        };
        match self.cluster.take(shape, spot) {
            Ok(()) => {
                self.spots.push(spot);
                true
            }
            Err(fault) => {
                self.fault = Some(fault);
                false
            }
        }
    }

    /// Places a part of the job with `place`, all of it or none: `spec` says which pods, `before` how
    /// many of the job come before them.
    pub fn part(
        &mut self,
        spec: &Spec,
        before: u32,
        place: impl FnOnce(&mut Trial<'_>) -> bool,
    ) -> bool {
        let first = self.spots.len();
        let mark = self.cluster.begin();
        let named = self.named();
        let mut part = Trial {
            cluster: self.cluster,
            spec,
            job: self.job,
            spots: self.spots,
            first,
            victims: self.victims.as_deref_mut(),
            fault: None,
            devices: self.devices.take(),
            before: self.before + before,
        };
        let placed = place(&mut part);
        (self.fault, self.devices) = (part.fault, part.devices);
        let placed =
            placed && self.fault.is_none() && self.spots.len() - first == spec.pods as usize;
        if placed {
            self.cluster.commit(mark);
        } else {
            self.cluster.rollback(mark);
            self.spots.truncate(first);
            self.unname(named);
        }
        placed
    }

    /// How many were made to leave so far.
    fn named(&self) -> usize {
        self.victims.as_ref().map_or(0, |victims| victims.len())
    }

    /// Forgets those who were made to leave since there were `count`.
    fn unname(&mut self, count: usize) {
        if let Some(victims) = &mut self.victims {
            victims.truncate(count);
        }
    }

    /// The places taken so far.
    pub fn spots(&self) -> &[Spot] {
        &self.spots[self.first..]
    }

    /// Closes a node for the rest of a decision, or opens it again.
    pub(super) fn hide(&mut self, node: NodeId, hidden: bool) {
        self.cluster.hide(node, hidden);
    }

    /// Places pod after pod with `choose`, keeping each pod set's limit of pods per node.
    pub fn one_by_one(
        &mut self,
        mut choose: impl FnMut(&mut View<'_>, Pod) -> Option<Spot>,
    ) -> bool {
        let mut first = 0;
        self.spec.pod_sets.iter().all(|set| {
            let placed = self.set_one_by_one(set, first, &mut choose);
            first += set.count;
            placed
        })
    }

    /// Places the pods of one set with `choose`, keeping its limit of pods per node; `first` is
    /// the number of its first pod within the job.
    pub fn set_one_by_one(
        &mut self,
        set: &PodSet,
        first: u32,
        mut choose: impl FnMut(&mut View<'_>, Pod) -> Option<Spot>,
    ) -> bool {
        let limit = self.cluster.ask(set.shape).max_per_node;
        let limited = limit < set.count;
        let mut full_nodes = Vec::new();
        let from = self.spots.len();
        let placed = (0..set.count).all(|number| {
            let pod = Pod {
                shape: set.shape,
                job: self.job,
                ordinal: self.before + first + number,
            };
            let Some(spot) = choose(&mut View::new(self.cluster), pod) else {
                return false;
            };
            if !self.take(set.shape, spot) {
                return false;
            }
            if limited {
                let here = self.spots[from..]
                    .iter()
                    .filter(|other| other.node == spot.node)
                    .count();
                if here as u32 == limit {
                    self.cluster.hide(spot.node, true);
                    full_nodes.push(spot.node);
                }
            }
            true
        });
        for node in full_nodes {
            self.cluster.hide(node, false);
        }
        placed
    }
}
