//! What machines cost, and what became of the time that was paid for.

use super::bill::{Bill, Billed};
use super::device_use::needed_milli;
use super::facts::stretches;
use super::gpu_hours;
use crate::engine::{Fate, Records};
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::{Billing, Lifetime, Money, planned};
use gpusched_core::units::{MICROS, MILLI, Span, Time};
use gpusched_core::workload::Workload;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// GPU-hours that were paid for, from the bill to useful work. The five parts add up to `paid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waterfall {
    /// GPUs × time machines existed in the window.
    pub paid: f64,
    /// Machines that booted.
    pub boot: f64,
    /// Machines that took pods, GPUs nobody held. What runs on after its machine's end counts
    /// against it.
    pub idle: f64,
    /// The part of `idle` that the next pod could not have used on average: idle GPU-hours by the
    /// sampled share of idle capacity that was fragmented (`sampled.frag_ratio`).
    #[serde(default)]
    pub fragmented: f64,
    /// Held by jobs that prepared places, restarted, or were slowed down by others.
    pub overhead: f64,
    /// Held by jobs for work that was lost: done again after an eviction, or dead with its job.
    pub lost: f64,
    /// Held by jobs for work that counts.
    pub useful: f64,
    /// The part of `useful` in which devices were held and not needed: whole devices or replicas
    /// given to jobs that asked for less, or were measured to use less (`util_sm`).
    #[serde(default)]
    pub unneeded: f64,
}

/// What machines cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CostSummary {
    /// Provisioning policy.
    pub provisioning: String,
    /// Machines launched in the window, or there from its start.
    pub launches: u64,
    /// Hours machines existed in the window, all together.
    pub node_hours: f64,
    /// What became of the GPU-hours among them.
    pub gpu_hours: Waterfall,
    /// Σ over machines of price × time paid for, USD; machines without a price are left out. Absent
    /// when none has one.
    pub usd: Option<f64>,
    /// Launches of machines without a price.
    pub unpriced: u64,
    /// `usd` ÷ useful GPU-hours; absent where a machine has no price.
    pub usd_per_useful_gpu_hour: Option<f64>,
    /// Evictions of jobs.
    pub evictions: u64,
    /// What the work that was done costs at least, whoever provides machines, USD: the GPU time of
    /// each pod at the lowest price per GPU among the machines it fits, those of the catalogue where
    /// they are rented and those of the inventory else. No boots, nothing idle, CPU pods for
    /// nothing. Absent where nothing has a price, or GPUs are shared in another way than recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_usd: Option<f64>,
    /// Energy at the price given, USD; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_usd: Option<f64>,
    /// The bill shared out; absent where no machine has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<Bill>,
}

/// The lives of machines that count in a run, and the window in which they do.
#[derive(Clone, Debug)]
pub struct Paid {
    /// In order of launch.
    pub lives: Vec<Lifetime>,
    /// From the first submission to `until`, or the last end of anything that ran.
    pub window: Billed,
}

impl Paid {
    /// Those of a run that ended at `until`.
    pub fn of(
        work: &Workload,
        inventory: &Inventory,
        records: &Records,
        billing: Billing,
        until: Time,
    ) -> Paid {
        // Parts of jobs that count as impossible may have run beyond the window.
        let ends = (0..work.len()).filter_map(|job| records.end_of(JobId::from(job)));
        let until = ends.max().unwrap_or(until).max(until);
        let from = work.jobs().first().map_or(until, |job| job.submit);
        let mut lives: Vec<Lifetime> = match records.lifetimes() {
            Some(lives) => lives.to_vec(),
            None => planned(inventory).collect(),
        };
        lives.retain(|life| {
            let (start, end) = life.within(from, until);
            life.launched < until && (start < end || life.launched >= from)
        });
        Paid {
            lives,
            window: Billed {
                from,
                until,
                billing,
            },
        }
    }
}

/// What was replayed: the jobs as the trace asks and as they were replayed, on which machines.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// The jobs as the trace asks.
    pub recorded: &'a Workload,
    /// The same jobs as they were replayed.
    pub work: &'a Workload,
    /// The machines.
    pub inventory: &'a Inventory,
    /// What came of it.
    pub records: &'a Records,
}

/// The bill of a run, and the waterfall from it to useful work, in the window of the summary.
/// `frag_ratio` is the share of idle capacity that was fragmented, 0 to 1. O(jobs + lives of
/// machines).
pub fn cost(
    played: Played<'_>,
    provisioning: String,
    paid_for: &Paid,
    frag_ratio: f64,
) -> CostSummary {
    let Played {
        inventory, records, ..
    } = played;
    let Paid { lives, window } = paid_for;
    let Billed {
        from,
        until,
        billing,
    } = *window;
    let (mut existed, mut paid, mut boot) = (0i128, 0i128, 0i128);
    let (mut money, mut unpriced) = (Money::ZERO, 0);
    for life in lives {
        let node = inventory.node(life.node);
        let milli = i128::from(node.gpus) * i128::from(MILLI);
        let (start, end) = life.within(from, until);
        existed += i128::from((end - start).0);
        paid += milli * i128::from((end - start).0);
        let ready = life.ready.map_or(end, |ready| ready.clamp(start, end));
        boot += milli * i128::from((ready - start).0);
        match life.cost(node.price, billing, from, until) {
            Some(cost) => money += cost,
            None => unpriced += 1,
        }
    }
    let used = used(played);
    let priced = lives.len() as u64 > unpriced;
    let usd = priced.then(|| money.as_usd());
    let useful = gpu_hours(used.useful);
    let idle = gpu_hours(paid - boot - used.held);
    CostSummary {
        provisioning,
        launches: lives.len() as u64,
        node_hours: existed as f64 / (3600.0 * MICROS as f64),
        gpu_hours: Waterfall {
            paid: gpu_hours(paid),
            boot: gpu_hours(boot),
            idle,
            fragmented: idle.max(0.0) * frag_ratio,
            overhead: gpu_hours(used.held - used.useful - used.lost),
            lost: gpu_hours(used.lost),
            useful,
            unneeded: gpu_hours(used.unneeded),
        },
        usd,
        unpriced,
        usd_per_useful_gpu_hour: usd
            .filter(|_| unpriced == 0 && used.useful > 0)
            .map(|usd| usd / useful),
        evictions: records
            .evicted()
            .map(|job| records.attempts(job).len() as u64)
            .sum(),
        bound_usd: None,
        energy_usd: None,
        bill: None,
    }
}

/// What jobs held GPUs for, in milli-GPU × µs.
#[derive(Debug, Default)]
struct Used {
    held: i128,
    useful: i128,
    unneeded: i128,
    lost: i128,
}

fn used(played: Played<'_>) -> Used {
    let Played {
        recorded,
        work,
        records,
        ..
    } = played;
    let mut used = Used::default();
    for index in 0..work.len() {
        let job = JobId::from(index);
        let milli = i128::from(work.gpu_milli(job));
        if milli == 0 {
            continue;
        }
        let held: i64 = stretches(records, job)
            .map(|(start, end)| (end - start).0)
            .sum();
        let attempts = records.attempts(job);
        let kept: i64 = attempts.iter().map(|attempt| attempt.kept.0).sum();
        let lost: i64 = attempts.iter().map(|attempt| attempt.lost.0).sum();
        let (useful, lost) = match records.fate(job) {
            Fate::Done => (work.job(job).run.0, lost),
            // What it had done dies with it; what it took besides is not told apart.
            Fate::Failed(_) => (0, held),
            // What still runs is taken to have run at full speed since it went on.
            Fate::Running => {
                let present = records.start(job).map_or(Span::ZERO, |start| {
                    let restart = match attempts.is_empty() {
                        true => Span::ZERO,
                        false => work.checkpoints(job).restart,
                    };
                    let besides = Span(records.setup(job).0 + restart.0);
                    (records.closed_at() - start - besides).max(Span::ZERO)
                });
                (kept + present.0.min(work.job(job).run.0 - kept), lost)
            }
            Fate::Waiting | Fate::Future | Fate::Unschedulable => (kept, lost),
        };
        used.held += milli * i128::from(held);
        used.useful += milli * i128::from(useful);
        let needed = i128::from(needed_milli(recorded, job));
        used.unneeded += (milli - needed).max(0) * i128::from(useful);
        used.lost += milli * i128::from(lost);
    }
    used
}
