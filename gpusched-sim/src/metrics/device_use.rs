//! How well devices are used: how many are busy at all, and how much of what is held was needed.

use super::facts::{facts, held, stretches};
use super::gpu_hours;
use crate::engine::{Fate, Observer, Records};
use gpusched_core::cluster::{Inventory, Spot};
use gpusched_core::hazard::Mishap;
use gpusched_core::ids::{JobId, NodeId};
use gpusched_core::provisioning::{Lifetime, planned};
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{Shape, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How well devices are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceUse {
    /// Most devices with a pod on them at one instant: GPUs that would have been enough.
    pub peak_devices: u64,
    /// Mean number of devices with a pod on them, over the window.
    pub mean_devices: f64,
    /// GPU time jobs keep a device busy ÷ GPU time of the window, 0 to 1: Σ duty × run time at
    /// full speed. The duty is what was measured (`util_sm`), else the share asked for.
    pub sm_use: Option<f64>,
    /// GPU time held but not needed ÷ GPU time held, 0 to 1: what replicas or whole devices are
    /// larger than the duty, and what neighbours cost. Where MIG cuts GPUs: slots held beyond
    /// need ÷ slots held.
    pub wasted: Option<f64>,
    /// Jobs that died because their device had too little memory left.
    pub out_of_memory: u64,
    /// Jobs that died of a fault of their own.
    pub faults: u64,
    /// Jobs that died of a neighbour's fault.
    pub neighbour_faults: u64,
    /// GPU-hours held by jobs that died.
    pub lost_gpu_hours: f64,
    /// Device memory asked for by running jobs × time ÷ device memory × window, 0 to 1, over
    /// devices whose memory is known. Absent when no job says how much it needs.
    pub memory_use: Option<f64>,
}

/// Counts the devices that have a pod on them, where that is wanted. O(devices of the pod) per
/// start and end.
#[derive(Clone, Debug)]
pub struct BusyDevices<'w> {
    busy: Option<Box<Busy<'w>>>,
}

#[derive(Clone, Debug)]
struct Busy<'w> {
    work: &'w Workload,
    inventory: &'w Inventory,
    first: Vec<u32>,
    pods: Vec<u32>,
    busy: u64,
    peak: u64,
    since: Time,
    sum: i128,
}

impl<'w> BusyDevices<'w> {
    /// For a replay of `work` on `inventory`, if it is `wanted`.
    pub fn new(work: &'w Workload, inventory: &'w Inventory, wanted: bool) -> BusyDevices<'w> {
        BusyDevices {
            busy: wanted.then(|| Box::new(Busy::new(work, inventory))),
        }
    }
}

impl<'w> Busy<'w> {
    fn new(work: &'w Workload, inventory: &'w Inventory) -> Busy<'w> {
        let mut first = Vec::with_capacity(inventory.nodes().len());
        let mut devices = 0;
        for node in inventory.nodes() {
            first.push(devices);
            devices += node.gpus;
        }
        Busy {
            work,
            inventory,
            first,
            pods: vec![0; devices as usize],
            busy: 0,
            peak: 0,
            since: Time::ZERO,
            sum: 0,
        }
    }

    fn settle(&mut self, now: Time) {
        self.sum += i128::from(self.busy) * i128::from((now - self.since).0);
        self.since = now;
    }

    /// Mean over a window, which ends at the close.
    fn mean(&self, makespan: Span) -> f64 {
        match makespan.0 {
            0 => 0.0,
            span => self.sum as f64 / span as f64,
        }
    }
}

/// Calls `each` with every device a job holds a part of, once per part.
#[inline]
fn for_each_device(
    work: &Workload,
    inventory: &Inventory,
    job: JobId,
    spots: &[Spot],
    mut each: impl FnMut(NodeId, u32),
) {
    let mut spots = spots.iter();
    for set in &work.spec(work.job(job).spec).pod_sets {
        let is_mig = work.shape(set.shape).mig.is_some();
        for &spot in spots.by_ref().take(set.count as usize) {
            match is_mig {
                true => inventory
                    .instances(spot)
                    .for_each(|(gpu, _)| each(spot.node, gpu)),
                false => spot.device_list().for_each(|gpu| each(spot.node, gpu)),
            }
        }
    }
}

impl Busy<'_> {
    fn started(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        self.settle(now);
        for_each_device(self.work, self.inventory, job, spots, |node, device| {
            let slot = (self.first[node.index()] + device) as usize;
            self.busy += u64::from(self.pods[slot] == 0);
            self.pods[slot] += 1;
        });
        self.peak = self.peak.max(self.busy);
    }

    fn finished(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        self.settle(now);
        for_each_device(self.work, self.inventory, job, spots, |node, device| {
            let slot = (self.first[node.index()] + device) as usize;
            self.pods[slot] -= 1;
            self.busy -= u64::from(self.pods[slot] == 0);
        });
    }
}

impl Observer for BusyDevices<'_> {
    #[inline]
    fn started(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        if let Some(busy) = &mut self.busy {
            busy.started(job, now, spots);
        }
    }

    #[inline]
    fn finished(&mut self, job: JobId, now: Time, spots: &[Spot]) {
        if let Some(busy) = &mut self.busy {
            busy.finished(job, now, spots);
        }
    }

    fn ended(&mut self, now: Time, _situation: &crate::engine::Situation<'_>) {
        if let Some(busy) = &mut self.busy {
            busy.settle(now);
        }
    }
}

/// What the records say of the use of devices. `recorded` is the workload as the trace asks,
/// `work` as it was replayed; both have the same jobs. `None` where `busy` was not wanted. O(jobs + pods).
pub fn device_use(
    recorded: &Workload,
    work: &Workload,
    inventory: &Inventory,
    records: &Records,
    busy: &BusyDevices<'_>,
    window: (Time, Time),
) -> Option<DeviceUse> {
    let busy = busy.busy.as_deref()?;
    let (mut needed, mut all_held, mut memory) = (0i128, 0i128, 0i128);
    let mut lost = 0i128;
    let (mut out_of_memory, mut faults, mut neighbour_faults) = (0, 0, 0);
    for facts in facts(work, records) {
        if let Fate::Failed(mishap) = facts.fate {
            lost += facts.held;
            *match mishap {
                Mishap::OutOfMemory => &mut out_of_memory,
                Mishap::Fault => &mut faults,
                Mishap::NeighbourFault => &mut neighbour_faults,
            } += 1;
        }
        for job in facts.part_ids() {
            let spans = stretches(records, job).map(|(start, end)| (end - start).0);
            let stayed = Span(spans.sum());
            // What still runs at the close is taken to have run at full speed, and to have lost
            // nothing.
            let done = stayed.min(work.job(job).run);
            needed += i128::from(needed_milli(recorded, job)) * i128::from(done.0);
            all_held += held(work, records, job);
            memory += i128::from(asked_memory(recorded, job)) * i128::from(stayed.0);
        }
    }
    let (from, until) = window;
    // Machines count while they exist.
    let existed = match records.lifetimes() {
        Some(lives) => capacity(inventory, lives.iter().cloned(), window),
        None => capacity(inventory, planned(inventory), window),
    };
    let ratio = |part: i128, whole: i128| (whole > 0).then(|| part as f64 / whole as f64);
    Some(DeviceUse {
        peak_devices: busy.peak,
        mean_devices: busy.mean(until - from),
        sm_use: ratio(needed, existed.gpus * i128::from(MILLI)),
        wasted: ratio((all_held - needed).max(0), all_held),
        out_of_memory,
        faults,
        neighbour_faults,
        lost_gpu_hours: gpu_hours(lost),
        memory_use: ratio(memory, existed.mem_mib).filter(|_| memory > 0),
    })
}

/// GPUs and MiB of device memory × µs.
#[derive(Default)]
struct Capacity {
    gpus: i128,
    mem_mib: i128,
}

fn capacity(
    inventory: &Inventory,
    lives: impl Iterator<Item = Lifetime>,
    (from, until): (Time, Time),
) -> Capacity {
    let mut capacity = Capacity::default();
    for life in lives {
        let (start, end) = life.within(from, until);
        let node = inventory.node(life.node);
        let gpu_time = i128::from(node.gpus) * i128::from((end - start).0);
        capacity.gpus += gpu_time;
        capacity.mem_mib += gpu_time * i128::from(node.gpu_mem_mib);
    }
    capacity
}

/// What a job keeps busy when alone, milli-GPU: its measured duty, else what it asks for.
pub(super) fn needed_milli(work: &Workload, job: JobId) -> u64 {
    let duty = work.behaviour(job).map_or(0, |known| known.duty_milli);
    if duty == 0 {
        return work.gpu_milli(job);
    }
    let spec = work.spec(work.job(job).spec);
    let pods = spec.pod_sets.iter();
    pods.map(|set| u64::from(work.shape(set.shape).gpus) * u64::from(set.count))
        .sum::<u64>()
        * u64::from(duty)
}

/// Device memory a job asks for, MiB, all its GPUs together.
fn asked_memory(work: &Workload, job: JobId) -> u64 {
    let spec = work.spec(work.job(job).spec);
    let of = |shape: &Shape| u64::from(shape.gpus) * u64::from(shape.gpu_mem_mib);
    spec.pod_sets
        .iter()
        .map(|set| of(work.shape(set.shape)) * u64::from(set.count))
        .sum()
}
