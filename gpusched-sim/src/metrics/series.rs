//! The state of the cluster over time, on a regular grid.

use super::summary::SampledMeans;
use super::topology::{Levels, free};
use crate::engine::{Observer, Situation};
use gpusched_core::cluster::{Cluster, Inventory, NodeView};
use gpusched_core::ids::NodeId;
use gpusched_core::placement::fragmentation::{Fragmentation, fragment};
use gpusched_core::placement::power::Power;
use gpusched_core::placement::{TypicalConfig, TypicalPods};
use gpusched_core::units::{MICROS, MILLI, Span, Time};
use gpusched_core::workload::Workload;

/// The state at one instant of the grid, after everything that happened at that instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// The instant.
    pub t: Time,
    /// Schedulable jobs waiting.
    pub waiting: u64,
    /// Schedulable jobs running.
    pub running: u64,
    /// Milli-GPU held by running jobs, those on nodes closed meanwhile included.
    pub allocated_milli: u64,
    /// Milli-GPU held by running jobs plus asked for by waiting ones.
    pub requested_milli: u64,
    /// Milli-GPU of the nodes that take pods.
    pub capacity_milli: u64,
    /// Milli-GPU left on the nodes that take pods.
    pub idle_milli: u64,
    /// Expected part of `idle_milli` that the next pod of this workload cannot use: the F of FGD
    /// (Weng et al., USENIX ATC 2023) with its default target workload cut out of all jobs.
    pub frag_milli: f64,
    /// Power of CPUs and GPUs after the PWR model, W. A closed node on which nothing runs any
    /// more draws none.
    pub power_w: i64,
    /// Free whole GPUs by level of the network; none where there is no fabric.
    pub free: Free,
}

/// Free whole GPUs of the domain that has most, by level, near to far: nodes, the levels of the
/// fabric from the lowest up, and all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Free {
    /// A fabric has at most 16 levels.
    largest: [u32; 18],
    levels: u8,
}

impl Free {
    /// Levels, nodes and all included; 0 without a fabric.
    pub fn levels(&self) -> usize {
        usize::from(self.levels)
    }

    /// The largest gang of single GPUs that fits into one domain of a level now.
    pub fn largest(&self, level: usize) -> u32 {
        self.largest[level]
    }

    pub(super) fn push(&mut self, largest: u32) {
        self.largest[usize::from(self.levels)] = largest;
        self.levels += 1;
    }
}

impl Sample {
    /// F ÷ idle, 0 to 1; 0 when nothing is idle.
    pub fn frag_ratio(&self) -> f64 {
        match self.idle_milli {
            0 => 0.0,
            idle => self.frag_milli / idle as f64,
        }
    }
}

/// Samples without an interval of the user's choice are thinned when they reach this number.
const MOST: usize = 4096;

/// An observer that samples the state on a grid that begins with the first submission.
///
/// Between grid instants it costs one comparison per event. A sample costs O(nodes), of which
/// only those that changed since the last sample are measured.
///
/// Without an interval of the user's choice, whenever 4,096 samples are reached every other one
/// is dropped and the interval doubled, so that a long tail cannot fill memory.
#[derive(Clone, Debug)]
pub struct Sampler<'w> {
    every: Span,
    thin: bool,
    next: Time,
    samples: Vec<Sample>,
    end: Time,
    measure: Fragmentation,
    power: Power,
    readings: Vec<Reading>,
    levels: Levels<'w>,
    /// Free whole GPUs by node, and room for sums by domain.
    free: (Vec<u32>, Vec<u32>),
}

/// What one node contributes, and the version of the node it was read at.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    version: Option<u32>,
    allocated: u32,
    open: u32,
    idle: u32,
    free: u32,
    fragment: f64,
    power_w: i64,
}

impl<'w> Sampler<'w> {
    /// A sampler every `every`, or 1/500 of the span of submissions (at least 1 s).
    pub fn new(work: &Workload, inventory: &'w Inventory, every: Option<Span>) -> Sampler<'w> {
        let first = work.jobs().first().map_or(Time::ZERO, |job| job.submit);
        let last = work.jobs().last().map_or(Time::ZERO, |job| job.submit);
        let default = Span((last - first).0 / 500).max(Span(MICROS));
        let typical = TypicalPods::from_workload(work, &TypicalConfig::default());
        Sampler {
            every: every.unwrap_or(default).max(Span(1)),
            thin: every.is_none(),
            next: first,
            samples: Vec::new(),
            end: first,
            measure: Fragmentation::new(typical, inventory),
            power: Power::new(inventory),
            readings: vec![Reading::default(); inventory.nodes().len()],
            levels: Levels::new(inventory),
            free: (Vec::new(), Vec::new()),
        }
    }

    /// Means over the samples taken.
    pub fn means(&self) -> SampledMeans {
        let mut sums = Sums::default();
        for (at, sample) in self.samples.iter().enumerate() {
            let until = self.samples.get(at + 1).map_or(self.end, |next| next.t);
            sums.add(sample, until - sample.t);
        }
        if sums.span == 0
            && let Some(only) = self.samples.first()
        {
            // A run without length: its one state is its mean, and it took no energy.
            let mut at_once = Sums::default();
            at_once.add(only, Span(1));
            let means = at_once.means(self);
            return SampledMeans {
                energy_kwh: 0.0,
                ..means
            };
        }
        sums.means(self)
    }

    /// The samples so far.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The samples in order of time.
    pub fn into_samples(self) -> Vec<Sample> {
        self.samples
    }

    /// Samples every grid instant before `until`, at which the same state held.
    #[cold]
    fn sample(&mut self, until: Time, now: &Situation<'_>) {
        let state = self.read(now);
        while self.next < until {
            self.samples.push(Sample {
                t: self.next,
                ..state
            });
            self.next = self.next + self.every;
            if self.thin && self.samples.len() == MOST {
                self.thin_out();
            }
        }
    }

    /// Drops every other sample; the next one is due where it was.
    fn thin_out(&mut self) {
        let mut at = 0;
        self.samples.retain(|_| {
            at += 1;
            at % 2 == 1
        });
        self.every = self.every + self.every;
    }

    fn read(&mut self, now: &Situation<'_>) -> Sample {
        let mut sample = Sample {
            waiting: now.waiting as u64,
            running: now.running as u64,
            requested_milli: now.demand_milli,
            ..Sample::default()
        };
        for index in 0..self.readings.len() {
            let reading = self.reading(now.cluster, NodeId::from(index));
            sample.allocated_milli += u64::from(reading.allocated);
            sample.capacity_milli += u64::from(reading.open);
            sample.idle_milli += u64::from(reading.idle);
            sample.frag_milli += reading.fragment;
            sample.power_w += reading.power_w;
        }
        if self.levels.any() {
            let (by_node, sums) = &mut self.free;
            by_node.clear();
            by_node.extend(self.readings.iter().map(|reading| reading.free));
            sample.free = free(self.levels, by_node, sums);
        }
        sample
    }

    #[inline]
    fn reading(&mut self, cluster: &Cluster, id: NodeId) -> Reading {
        let node = cluster.node(id);
        let reading = &mut self.readings[id.index()];
        if reading.version != Some(node.version()) {
            *reading = measure(node, &self.measure, &self.power);
        }
        *reading
    }
}

fn measure(node: NodeView<'_>, measure: &Fragmentation, power: &Power) -> Reading {
    let (all, left) = (node.gpus() * MILLI, node.gpu_left() + node.mig_left());
    let there = node.is_open() || !node.is_idle();
    let mut reading = Reading {
        version: Some(node.version()),
        allocated: all - left,
        power_w: if there {
            power.cpu(node) + power.gpu(node)
        } else {
            0
        },
        ..Reading::default()
    };
    if node.is_open() {
        reading.open = all;
        reading.idle = left;
        reading.free = node.free_devices();
        reading.fragment = fragment(&measure.node(node));
    }
    reading
}

/// Samples weighted with the time they stand for.
#[derive(Default)]
struct Sums {
    span: i128,
    frag: f64,
    idle: i128,
    power: i128,
}

impl Sums {
    fn add(&mut self, sample: &Sample, span: Span) {
        let span = i128::from(span.0);
        self.span += span;
        self.frag += sample.frag_milli * span as f64;
        self.idle += i128::from(sample.idle_milli) * span;
        self.power += i128::from(sample.power_w) * span;
    }

    fn means(&self, sampler: &Sampler<'_>) -> SampledMeans {
        let mean = |sum: f64| match self.span {
            0 => 0.0,
            span => sum / span as f64,
        };
        SampledMeans {
            every_s: sampler.every.as_secs_f64(),
            samples: sampler.samples.len() as u64,
            frag_gpus: mean(self.frag) / f64::from(MILLI),
            frag_ratio: match self.idle {
                0 => 0.0,
                idle => self.frag / idle as f64,
            },
            power_w: mean(self.power as f64),
            energy_kwh: self.power as f64 / (MICROS as f64 * 3600.0 * 1000.0),
        }
    }
}

impl Observer for Sampler<'_> {
    const WATCHES_TIME: bool = true;

    #[inline]
    fn advance(&mut self, to: Time, situation: &Situation<'_>) {
        if self.next < to {
            self.sample(to, situation);
        }
    }

    fn ended(&mut self, now: Time, situation: &Situation<'_>) {
        self.end = now;
        self.advance(now + Span(1), situation);
    }
}
