//! How GPUs that MIG cuts were used: slots held, wasted and lost, and what was blocked.
//!
//! A *slot* is a placement unit of a board: 8 of an A100 or H100, 4 of an A30, 12 of an RTX PRO
//! 6000. Sums are integers (slots × µs) over the whole run, exact at every event.

use crate::engine::{MigCounts, Observer, Situation};
use gpusched_core::cluster::{Changes, Cluster, Inventory, Spot};
use gpusched_core::gpu::mig::{Board, Geometry, Holes, MigGpu, ProfileRow, ProfileSet};
use gpusched_core::ids::{JobId, ModelId, NodeId};
use gpusched_core::units::{MILLI, Time};
use gpusched_core::workload::{MigRequest, Shape, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a profile was blocked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockedProfile {
    /// The board.
    pub board: String,
    /// The profile.
    pub profile: String,
    /// Free slot-time of the board's GPUs on which the profile had no legal start ÷ all free
    /// slot-time of them, 0 to 1; 0 when nothing was ever free.
    pub share: f64,
}

/// What MIG was worth. Means are over the time from the first submission to the close.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MigSummary {
    /// The policy that chooses GPUs and starts of instances.
    pub placement: String,
    /// Who creates and destroys instances: `static` = nobody, `on-demand` = every start, `batched`
    /// = the partitioner of nos.
    pub repartition: String,
    /// GPUs that are cut, or may be.
    pub gpus: u64,
    /// Their slots.
    pub slots: u64,
    /// Jobs the cluster could ever hold ÷ all jobs of the trace.
    pub acceptance: f64,
    /// Slots held by instances in use ÷ slots of GPUs not in use as whole devices, time-weighted.
    pub slot_use: f64,
    /// Mean slots of devices in use as a whole.
    pub whole_device_slots: f64,
    /// Mean slots of instances in use beyond what their pods asked for: the larger of compute
    /// share and memory share of the board. A pod that names its profile asked for all of it.
    pub slots_beyond_need: f64,
    /// Mean free slots that no legal placement could use.
    pub slots_lost: f64,
    /// By board and base profile.
    pub blocked: Vec<BlockedProfile>,
    /// Instances created, for jobs or by the repartitioner.
    pub created: u64,
    /// Instances destroyed to make room.
    pub destroyed: u64,
    /// Times MIG mode of a GPU was turned on or off.
    pub toggled: u64,
    /// Times the repartitioner changed something.
    pub repartitions: u64,
    /// Seconds jobs held their places before their work began, summed over jobs.
    pub setup_s: f64,
    /// When most slots were in use (the first such instant), s; the hole map shows it.
    pub peak_s: f64,
}

impl MigSummary {
    /// Slots held beyond need ÷ slots held; `None` when none was held.
    pub(crate) fn wasted(&self) -> Option<f64> {
        let held = self.slot_use * (self.slots as f64 - self.whole_device_slots);
        (held > 0.0).then(|| self.slots_beyond_need / held)
    }
}

/// One GPU as it was at the peak.
#[derive(Clone, Debug)]
pub struct PeakGpu {
    /// The instances in use.
    pub gpu: MigGpu,
    /// Whether it was in use as a whole device.
    pub whole: bool,
}

/// The GPUs that MIG cuts, at the instant when most slots were in use.
#[derive(Clone, Debug, Default)]
pub struct MigPeak {
    /// The instant.
    pub at: Time,
    /// The GPUs, in order of node and number.
    pub gpus: Vec<PeakGpu>,
}

/// Observes the slots. Without cut GPUs it costs a comparison per event; with them, O(GPUs of the
/// nodes that changed).
#[derive(Clone, Debug)]
pub struct MigMeter<'w> {
    meter: Option<Box<Meter<'w>>>,
}

#[derive(Clone, Debug)]
struct Meter<'w> {
    work: &'w Workload,
    inventory: &'w Inventory,
    since: Time,
    cursor: u64,
    readings: Vec<Reading>,
    kinds: Vec<Kind>,
    now: Slots,
    total: [i128; Slots::COUNT],
    span: i128,
    peak: MigPeak,
    peak_used: i64,
    /// GPUs that changed since the peak was written down.
    changed: Vec<u32>,
}

/// Slots of one GPU, or of all.
#[derive(Clone, Copy, Debug, Default)]
struct Slots {
    used: i64,
    whole: i64,
    free: i64,
    lost: i64,
    /// Asked for by the pods that hold instances, in thousandths.
    asked_milli: i64,
}

impl Slots {
    const COUNT: usize = 5;

    fn values(self) -> [i64; Slots::COUNT] {
        [
            self.used,
            self.whole,
            self.free,
            self.lost,
            self.asked_milli,
        ]
    }
}

/// What a GPU contributes.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    kind: usize,
    slots: Slots,
    placeable: ProfileSet,
    changed: bool,
}

/// One board.
#[derive(Clone, Debug)]
struct Kind {
    board: &'static Board,
    rows: Vec<ProfileRow>,
    free: i64,
    /// By row: free slots of GPUs where it has no start.
    blocked: Vec<i64>,
    free_total: i128,
    blocked_total: Vec<i128>,
}

impl<'w> MigMeter<'w> {
    /// A meter for a replay of `work` on `inventory`.
    pub fn new(work: &'w Workload, inventory: &'w Inventory) -> MigMeter<'w> {
        let meter = inventory.has_mig().then(|| {
            Box::new(Meter {
                work,
                inventory,
                since: work.jobs().first().map_or(Time::ZERO, |job| job.submit),
                cursor: 0,
                readings: Vec::new(),
                kinds: Vec::new(),
                now: Slots::default(),
                total: [0; Slots::COUNT],
                span: 0,
                peak: MigPeak::default(),
                peak_used: -1,
                changed: Vec::new(),
            })
        });
        MigMeter { meter }
    }

    /// The summary, with what the engine counted; `None` without cut GPUs. Who placed and who cut
    /// is the caller's to say, and how many jobs were accepted.
    pub fn summary(&self, counts: Option<&MigCounts>) -> Option<MigSummary> {
        let (meter, counts) = (self.meter.as_ref()?, counts?);
        let mean = |sum: i128| ratio(sum, meter.span);
        let [used, whole, free, lost, asked] = meter.total;
        let kinds = meter.kinds.iter();
        let blocked = kinds.flat_map(|kind| {
            let totals = kind.rows.iter().zip(&kind.blocked_total);
            totals.map(|(&row, &total)| BlockedProfile {
                board: kind.board.name.into(),
                profile: kind.board.profile(row).name.into(),
                share: ratio(total, kind.free_total),
            })
        });
        let units = |reading: &Reading| {
            let Slots {
                used, whole, free, ..
            } = reading.slots;
            (used + whole + free) as u64
        };
        Some(MigSummary {
            gpus: meter.readings.len() as u64,
            slots: meter.readings.iter().map(units).sum(),
            slot_use: ratio(used, used + free),
            whole_device_slots: mean(whole),
            slots_beyond_need: mean(used) - mean(asked) / f64::from(MILLI),
            slots_lost: mean(lost),
            blocked: blocked.collect(),
            created: counts.created,
            destroyed: counts.destroyed,
            toggled: counts.toggled,
            repartitions: counts.repartitions,
            setup_s: counts.setup.as_secs_f64(),
            peak_s: meter.peak.at.as_secs_f64(),
            ..MigSummary::default()
        })
    }

    /// The GPUs when most slots were in use; `None` without cut GPUs.
    pub fn into_peak(self) -> Option<MigPeak> {
        self.meter.map(|meter| meter.peak)
    }
}

fn ratio(part: i128, whole: i128) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}

impl Meter<'_> {
    /// Looks again at the GPUs of nodes that changed.
    fn look(&mut self, cluster: &Cluster) {
        if self.readings.is_empty() {
            let gpus = cluster.mig_gpus();
            self.readings = gpus.iter().map(|gpu| self.kind(cluster, gpu)).collect();
        }
        match cluster.changes_since(self.cursor) {
            Changes::Some(older, newer) => {
                for &node in older.iter().chain(newer) {
                    self.look_at(cluster, NodeId(node));
                }
            }
            Changes::All => {
                for node in 0..cluster.len() {
                    self.look_at(cluster, NodeId::from(node));
                }
            }
        }
        self.cursor = cluster.cursor();
    }

    fn kind(&mut self, cluster: &Cluster, gpu: &MigGpu) -> Reading {
        let board = gpu.board();
        let known = self
            .kinds
            .iter()
            .position(|kind| kind.board.name == board.name);
        let kind = known.unwrap_or_else(|| {
            let inventory = cluster.inventory();
            let geometry = inventory.geometry(inventory.model_of(gpu.node()));
            let rows: Vec<_> = geometry
                .map_or(ProfileSet::default(), |all| all.base())
                .iter()
                .collect();
            self.kinds.push(Kind {
                board,
                free: 0,
                blocked: vec![0; rows.len()],
                free_total: 0,
                blocked_total: vec![0; rows.len()],
                rows,
            });
            self.kinds.len() - 1
        });
        Reading {
            kind,
            ..Reading::default()
        }
    }

    fn look_at(&mut self, cluster: &Cluster, node: NodeId) {
        for at in cluster.mig_range(node) {
            let after = Reading {
                kind: self.readings[at].kind,
                changed: true,
                ..read(cluster, at)
            };
            let before = std::mem::replace(&mut self.readings[at], after);
            if !before.changed {
                self.changed.push(at as u32);
            }
            for (reading, sign) in [(&before, -1), (&after, 1)] {
                let Slots {
                    used,
                    whole,
                    free,
                    lost,
                    ..
                } = reading.slots;
                self.now.used += sign * used;
                self.now.whole += sign * whole;
                self.now.free += sign * free;
                self.now.lost += sign * lost;
                let kind = &mut self.kinds[reading.kind];
                kind.free += sign * free;
                for (blocked, &row) in kind.blocked.iter_mut().zip(&kind.rows) {
                    if !reading.placeable.contains(row) {
                        *blocked += sign * free;
                    }
                }
            }
        }
    }

    fn advance(&mut self, to: Time, cluster: &Cluster) {
        self.look(cluster);
        let used = self.now.used + self.now.whole;
        if used > self.peak_used {
            self.peak_used = used;
            self.peak.at = self.since;
            self.write_peak(cluster);
        }
        let span = i128::from((to - self.since).0);
        self.since = to;
        self.span += span;
        for (total, now) in self.total.iter_mut().zip(self.now.values()) {
            *total += i128::from(now) * span;
        }
        for kind in &mut self.kinds {
            kind.free_total += i128::from(kind.free) * span;
            for (total, &now) in kind.blocked_total.iter_mut().zip(&kind.blocked) {
                *total += i128::from(now) * span;
            }
        }
    }

    fn write_peak(&mut self, cluster: &Cluster) {
        let gpus = cluster.mig_gpus();
        let peak = |at: usize| PeakGpu {
            gpu: gpus[at].clone(),
            whole: cluster.mig_is_whole(at),
        };
        if self.peak.gpus.is_empty() {
            self.peak.gpus = (0..gpus.len()).map(peak).collect();
        }
        for at in self.changed.drain(..) {
            self.readings[at as usize].changed = false;
            self.peak.gpus[at as usize] = peak(at as usize);
        }
    }

    /// Slots the pods of a job asked for, in thousandths.
    fn asked(&self, job: JobId, spots: &[Spot]) -> i64 {
        let sets = &self.work.spec(self.work.job(job).spec).pod_sets;
        let shapes = sets
            .iter()
            .flat_map(|set| std::iter::repeat_n(set.shape, set.count as usize));
        let pods = shapes.zip(spots).filter_map(|(shape, spot)| {
            let shape = self.work.shape(shape);
            let inventory = self.inventory;
            let model = inventory.model_of(spot.node);
            let geometry = inventory.geometry(model)?;
            asked_milli(shape, geometry, inventory, model)
        });
        pods.sum()
    }
}

fn read(cluster: &Cluster, at: usize) -> Reading {
    let gpu = &cluster.mig_gpus()[at];
    let (geometry, taken) = (gpu.geometry(), gpu.occupancy());
    let free = geometry.free_units(taken);
    let held = i64::from(geometry.units()) - i64::from(free);
    let whole = cluster.mig_is_whole(at);
    Reading {
        slots: Slots {
            used: if whole { 0 } else { held },
            whole: if whole { held } else { 0 },
            free: i64::from(free),
            lost: i64::from(free - geometry.usable_units(taken)),
            asked_milli: 0,
        },
        placeable: geometry.placeable(taken),
        ..Reading::default()
    }
}

/// Slots a pod asked for, in thousandths; `None` for one that asks for devices.
fn asked_milli(
    shape: &Shape,
    geometry: &Geometry,
    inventory: &Inventory,
    model: ModelId,
) -> Option<i64> {
    let units = u64::from(geometry.units()) * u64::from(MILLI);
    let asked = match shape.mig.as_ref()? {
        MigRequest::Profile(name) => {
            let row = geometry.board().by_name(name)?;
            u64::from(geometry.size(row)) * u64::from(MILLI)
        }
        MigRequest::AtLeast => {
            let row = inventory.smallest_profile(model, shape)?;
            let compute = units * u64::from(shape.gpu_milli) / u64::from(MILLI);
            let whole = geometry.board().whole().memory_mib.unwrap_or(0);
            let memory = match whole {
                0 => 0,
                whole => units * u64::from(shape.gpu_mem_mib) / u64::from(whole),
            };
            // Three of seven slices are half of the memory: nobody asks for more than is held.
            let held = u64::from(geometry.size(row)) * u64::from(MILLI);
            compute.max(memory).min(held)
        }
    };
    Some(asked as i64 * i64::from(shape.gpus))
}

impl Observer for MigMeter<'_> {
    const WATCHES_TIME: bool = true;

    #[inline]
    fn advance(&mut self, to: Time, situation: &Situation<'_>) {
        if let Some(meter) = &mut self.meter {
            meter.advance(to, situation.cluster);
        }
    }

    fn started(&mut self, job: JobId, _now: Time, spots: &[Spot]) {
        if let Some(meter) = &mut self.meter {
            meter.now.asked_milli += meter.asked(job, spots);
        }
    }

    fn finished(&mut self, job: JobId, _now: Time, spots: &[Spot]) {
        if let Some(meter) = &mut self.meter {
            meter.now.asked_milli -= meter.asked(job, spots);
        }
    }

    fn ended(&mut self, now: Time, situation: &Situation<'_>) {
        self.advance(now, situation);
    }
}

impl PeakGpu {
    /// One character per slot: the slices of the instance in use there, `W` for a device in use as
    /// a whole, `.` for a free slot, `x` for a free slot that no legal placement can use.
    pub fn map(&self) -> String {
        let geometry = self.gpu.geometry();
        let taken = self.gpu.occupancy();
        let placeable = geometry.placeable(taken);
        let usable = placeable.iter().fold(0, |units, row| {
            let starts = geometry.starts(row).iter();
            let free = starts.filter(|&&start| geometry.fits(row, start, taken));
            free.fold(units, |units, &start| units | geometry.mask(row, start))
        });
        let mut map: Vec<char> = (0..geometry.units())
            .map(|unit| match usable >> unit & 1 {
                1 => '.',
                _ => 'x',
            })
            .collect();
        for (instance, _) in self.gpu.instances() {
            let slices = u32::from(geometry.profile(instance.profile).slices);
            let mark = match self.whole {
                true => 'W',
                false => char::from_digit(slices, 10).unwrap_or('?'),
            };
            let start = usize::from(instance.start);
            map[start..start + usize::from(geometry.size(instance.profile))].fill(mark);
        }
        map.into_iter().collect()
    }

    /// The holes.
    pub fn holes(&self) -> Holes {
        Holes::of(self.gpu.geometry(), self.gpu.occupancy())
    }
}
