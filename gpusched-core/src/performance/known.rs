//! Profiles of one's own measurements, looked up by job and node.

use super::sharing::Speed;
use super::sharing::calibrate::{DeviceProfile, Mode, Profile};
use super::sharing::slice::{Origin, Rated, Share};
use crate::cluster::Inventory;
use crate::ids::{JobId, NodeId};
use crate::workload::Workload;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where the speeds of jobs came from, counted once per job, when it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    /// Measured in that very situation.
    pub table: u64,
    /// A law fitted to measurements of that job on that device.
    pub law: u64,
    /// A law for jobs in general, or none.
    pub assumed: u64,
}

impl Origins {
    pub(super) fn count(&mut self, origin: Option<Origin>) {
        *match origin {
            Some(Origin::Table) => &mut self.table,
            Some(Origin::Law) => &mut self.law,
            None => &mut self.assumed,
        } += 1;
    }
}

/// What profiles know of the jobs of a workload on the nodes of an inventory. A job is known by
/// the class of its [`crate::workload::Behaviour`], a device by the name of its model.
#[derive(Clone, Debug)]
pub struct Known {
    profile: Arc<Profile>,
    /// Name of the profile's device, by node.
    devices: Vec<Option<String>>,
    /// By job.
    classes: Vec<Option<String>>,
}

impl Known {
    /// Looks the classes and models up once.
    pub fn new(profile: Arc<Profile>, work: &Workload, inventory: &Inventory) -> Known {
        let model = |name: &String| profile.devices.contains_key(name).then(|| name.clone());
        let class = |job| Some(work.behaviour(JobId::from(job))?.class.clone());
        Known {
            devices: inventory
                .nodes()
                .iter()
                .map(|node| model(&node.gpu_model))
                .collect(),
            classes: (0..work.len()).map(class).collect(),
            profile,
        }
    }

    fn device(&self, node: NodeId) -> Option<&DeviceProfile> {
        let name = self.devices.get(node.index())?.as_ref()?;
        self.profile.devices.get(name)
    }

    fn class(&self, job: JobId) -> Option<&str> {
        self.classes.get(job.index())?.as_deref()
    }

    /// The speed of a job on a whole device of a node, beside the others on it.
    pub fn beside(
        &self,
        node: NodeId,
        job: JobId,
        mode: Mode,
        others: impl Iterator<Item = JobId>,
    ) -> Option<Rated> {
        let classes: Option<Vec<&str>> = others.map(|other| self.class(other)).collect();
        let device = self.device(node)?;
        device.rate(self.class(job)?, Share::WHOLE, mode, &classes?)
    }

    /// The speed of a job on a part of a device of a node, relative to the part it was recorded
    /// on.
    pub fn on_part(&self, node: NodeId, job: JobId, part: Share, recorded: Share) -> Option<Rated> {
        let device = self.device(node)?;
        let class = self.class(job)?;
        let now = device.rate(class, part, Mode::Alone, &[])?;
        let then = device.rate(class, recorded, Mode::Alone, &[])?;
        let both = now.origin == Origin::Table && then.origin == Origin::Table;
        Some(Rated {
            speed: Speed::from_factor(now.speed.factor() / then.speed.factor())?,
            origin: if both { Origin::Table } else { Origin::Law },
        })
    }
}
