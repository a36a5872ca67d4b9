//! What sharing a device risks: its memory without a wall, and the faults of neighbours.

use super::{Hazard, Mishap};
use crate::cluster::Inventory;
use crate::ids::{JobId, NodeId};
use crate::performance::Residence;
use crate::units::{Span, Time};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

type Device = (NodeId, u64);

/// Memory without a wall (time-slicing), faults, and whether a fault takes the neighbours along
/// (MPS; see [`crate::gpu::sharing::mps::killed_by`]).
///
/// A process allocates what it needs when it starts: if that is more than its neighbours left, it
/// is the one that dies. A start or an end costs O(pods on the devices of the job); a fault
/// besides O(log jobs).
#[derive(Clone, Debug, Default)]
pub struct SharedDevice {
    /// Memory of a device, MiB, by node; 0 = not known. Empty = memory is nobody's concern.
    memory: Vec<u32>,
    /// Memory one pod needs, MiB, by shape.
    footprints: Vec<u32>,
    /// Memory a pod was seen to hold, MiB, by job; 0 = not known. Goes before what it asks for.
    measured: Vec<u32>,
    /// Time from the start of a job to its fault, by job; empty = there are none.
    faults: Vec<Span>,
    spreads: bool,
    residents: FxHashMap<Device, Vec<(JobId, u32)>>,
    /// Jobs with a fault ahead, and where they are.
    alive: FxHashMap<JobId, Vec<Device>>,
    due: BinaryHeap<Reverse<(Time, JobId)>>,
}

impl SharedDevice {
    /// Nothing happens until it is asked for.
    pub fn new() -> SharedDevice {
        SharedDevice::default()
    }

    /// Nobody checks that pods on one device fit its memory together; `footprints` is what a pod
    /// of each shape needs, MiB.
    pub fn without_memory_walls(mut self, inventory: &Inventory, footprints: Vec<u32>) -> Self {
        let nodes = inventory.nodes().iter();
        self.memory = nodes.map(|node| node.gpu_mem_mib).collect();
        self.footprints = footprints;
        self
    }

    /// What a pod of each job was seen to hold, MiB, where that is known (not 0).
    pub fn with_footprints(mut self, by_job: Vec<u32>) -> Self {
        self.measured = by_job;
        self
    }

    /// Each job has a fault so long after its start ([`Span::FOREVER`] = never), if it runs that
    /// long; where it `spreads`, the jobs on its devices die with it.
    pub fn with_faults(mut self, after: Vec<Span>, spreads: bool) -> Self {
        self.faults = after;
        self.spreads = spreads;
        self
    }

    /// The shared devices of a job, with what each of its pods needs of them.
    fn shared<'a>(&'a self, at: Residence<'a>) -> impl Iterator<Item = (Device, u32)> + 'a {
        let sets = &at.work.spec(at.work.job(at.job).spec).pod_sets;
        let shapes = sets
            .iter()
            .flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
        let pods = shapes.zip(at.spots);
        let measured = self.measured.get(at.job.index()).copied().unwrap_or(0);
        pods.filter(move |(shape, _)| at.work.shape(*shape).is_share())
            .map(move |(shape, spot)| {
                let asked = self.footprints.get(shape.index()).copied().unwrap_or(0);
                let need = if measured > 0 { measured } else { asked };
                ((spot.node, spot.devices), need)
            })
    }

    fn purge(&mut self) {
        while let Some(Reverse((_, job))) = self.due.peek() {
            if self.alive.contains_key(job) {
                return;
            }
            self.due.pop();
        }
    }
}

impl Hazard for SharedDevice {
    fn started(&mut self, at: Residence<'_>, now: Time, dead: &mut Vec<(JobId, Mishap)>) {
        let after = self.faults.get(at.job.index()).copied();
        let after = after.unwrap_or(Span::FOREVER);
        let shared: Vec<(Device, u32)> = self.shared(at).collect();
        if after < Span::FOREVER {
            let devices = shared.iter().map(|&(device, _)| device).collect();
            self.alive.insert(at.job, devices);
            self.due.push(Reverse((now + after, at.job)));
        }
        let too_much = shared.iter().any(|&(device, need)| {
            let held = self.residents.get(&device).into_iter().flatten();
            let held: u64 = held.map(|&(_, need)| u64::from(need)).sum();
            let have = self.memory.get(device.0.index()).copied().unwrap_or(0);
            have > 0 && held + u64::from(need) > u64::from(have)
        });
        for (device, need) in shared {
            // What could not be allocated is not held, though the pod is still there.
            let need = if too_much { 0 } else { need };
            self.residents
                .entry(device)
                .or_default()
                .push((at.job, need));
        }
        if too_much {
            dead.push((at.job, Mishap::OutOfMemory));
        }
    }

    fn ended(&mut self, at: Residence<'_>) {
        let shared: Vec<(Device, u32)> = self.shared(at).collect();
        for (device, _) in shared {
            if let Some(residents) = self.residents.get_mut(&device) {
                residents.retain(|&(job, _)| job != at.job);
                if residents.is_empty() {
                    self.residents.remove(&device);
                }
            }
        }
        self.alive.remove(&at.job);
        self.purge();
    }

    fn wake(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    fn strike(&mut self, now: Time, dead: &mut Vec<(JobId, Mishap)>) {
        while let Some(&Reverse((at, job))) = self.due.peek() {
            if at > now {
                return;
            }
            self.due.pop();
            let Some(devices) = self.alive.remove(&job) else {
                continue;
            };
            dead.push((job, Mishap::Fault));
            if !self.spreads {
                continue;
            }
            for device in devices {
                let residents = self.residents.get(&device).into_iter().flatten();
                let others = residents.filter(|(other, _)| *other != job);
                dead.extend(others.map(|&(other, _)| (other, Mishap::NeighbourFault)));
            }
        }
        self.purge();
    }
}
