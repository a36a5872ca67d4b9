//! The shapes of the load test and the figures published of them.
//!
//! Source: `test/performance/scheduler/configs/*/generator.yaml` of Kueue at `ff69552`; the figures
//! are the means its `rangespec.yaml` files were calibrated on.

use gpusched_core::units::Span;

/// Where the pods of a workload have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Anywhere; nodes are not modelled.
    Anywhere,
    /// In one rack.
    RequiredRack,
    /// In one rack if there is one.
    PreferredRack,
    /// In slices of this many pods, each in one rack.
    SlicesInRacks(i32),
}

/// A kind of workload.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// How many there are for each ClusterQueue.
    pub count: u32,
    /// One is created this long after the one before; the first after this long, too.
    pub every: Span,
    /// How long each runs.
    pub runtime: Span,
    /// Its priority.
    pub priority: i32,
    /// Pods.
    pub pods: i32,
    /// What each pod asks for, in milli-cores.
    pub pod_cpu: i64,
    /// Where the pods have to be.
    pub together: Together,
    /// Published mean time from creation to admission, in seconds.
    pub published_wait_s: Option<f64>,
}

/// Figures published of a shape.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// From the first workload created to the last one finished, in seconds.
    pub wall_s: f64,
    /// Use of nominal quota over that time, in percent.
    pub usage_percent: f64,
}

/// One configuration of the load test.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// Cohorts.
    pub cohorts: u32,
    /// ClusterQueues of each.
    pub queues: u32,
    /// Racks of 64 nodes of 96 cores; 0 = nodes are not modelled.
    pub racks: u32,
    /// Kinds of workloads; every ClusterQueue gets all of them.
    pub classes: &'static [Class],
    /// What is published of it; `None` for a shape upstream does not have.
    pub published: Option<Published>,
}

impl Shape {
    /// How many workloads there are.
    pub fn workloads(&self) -> u64 {
        let each: u64 = self
            .classes
            .iter()
            .map(|class| u64::from(class.count))
            .sum();
        u64::from(self.cohorts) * u64::from(self.queues) * each
    }
}

/// Nominal quota of every ClusterQueue, in milli-cores.
pub const NOMINAL: i64 = 20_000;
/// Its borrowing limit, in milli-cores.
pub(super) const BORROWING_LIMIT: i64 = 100_000;

const fn millis(count: i64) -> Span {
    Span(count * 1000)
}

const fn class(name: &'static str, count: u32, every: i64, runtime: i64, wait: f64) -> Class {
    let (priority, cpu) = match name.as_bytes()[0] {
        b's' => (50, 1_000),
        b'm' => (100, 5_000),
        _ => (200, 20_000),
    };
    Class {
        name,
        count,
        every: millis(every),
        runtime: millis(runtime),
        priority,
        pods: 1,
        pod_cpu: cpu,
        together: Together::Anywhere,
        published_wait_s: Some(wait),
    }
}

/// As [`class`], but the cores are shared by pods that have to be near each other.
const fn near(
    name: &'static str,
    count: u32,
    (every, runtime): (i64, i64),
    pods: i32,
    together: Together,
    wait: Option<f64>,
) -> Class {
    let whole = class(name, count, every, runtime, 0.0);
    Class {
        pods,
        pod_cpu: whole.pod_cpu / pods as i64,
        together,
        published_wait_s: wait,
        ..whole
    }
}

/// 30 ClusterQueues, 15,000 workloads.
pub const BASELINE: Shape = Shape {
    name: "baseline",
    cohorts: 5,
    queues: 6,
    racks: 0,
    classes: &[
        class("small", 350, 100, 200, 215.5),
        class("medium", 100, 500, 500, 76.8),
        class("large", 50, 1200, 1000, 16.5),
    ],
    published: Some(Published {
        wall_s: 351.1,
        usage_percent: 55.9,
    }),
};

/// The same on 640 nodes, each class in three ways of being near each other.
pub const TAS: Shape = Shape {
    name: "tas",
    cohorts: 5,
    queues: 6,
    racks: 10,
    classes: &[
        near(
            "small-required-rack",
            120,
            (100, 200),
            2,
            Together::RequiredRack,
            Some(246.8),
        ),
        near(
            "small-preferred-rack",
            120,
            (100, 200),
            2,
            Together::PreferredRack,
            None,
        ),
        near(
            "small-balanced-rack",
            110,
            (100, 200),
            2,
            Together::SlicesInRacks(1),
            None,
        ),
        near(
            "medium-required-rack",
            34,
            (500, 500),
            4,
            Together::RequiredRack,
            Some(107.1),
        ),
        near(
            "medium-preferred-rack",
            33,
            (500, 500),
            4,
            Together::PreferredRack,
            None,
        ),
        near(
            "medium-balanced-rack",
            33,
            (500, 500),
            4,
            Together::SlicesInRacks(2),
            None,
        ),
        near(
            "large-required-rack",
            17,
            (1200, 1000),
            8,
            Together::RequiredRack,
            Some(39.6),
        ),
        near(
            "large-preferred-rack",
            17,
            (1200, 1000),
            8,
            Together::PreferredRack,
            None,
        ),
        near(
            "large-balanced-rack",
            16,
            (1200, 1000),
            8,
            Together::SlicesInRacks(4),
            None,
        ),
    ],
    published: Some(Published {
        wall_s: 401.5,
        usage_percent: 62.4,
    }),
};

/// 1,000 ClusterQueues, 50,000 workloads.
pub const LARGE_SCALE: Shape = Shape {
    name: "large-scale",
    cohorts: 10,
    queues: 100,
    racks: 0,
    classes: &[
        class("small", 35, 60, 150, 700.4),
        class("medium", 11, 300, 350, 256.4),
        class("large", 4, 700, 700, 105.6),
    ],
    published: Some(Published {
        wall_s: 1179.4,
        usage_percent: 38.6,
    }),
};

/// 1,000 ClusterQueues, 1,000,000 workloads: twenty times `large-scale`, as long a stream for each
/// ClusterQueue as it takes.
pub const MILLION: Shape = Shape {
    name: "million",
    classes: &[
        Class {
            count: 700,
            published_wait_s: None,
            ..LARGE_SCALE.classes[0]
        },
        Class {
            count: 220,
            published_wait_s: None,
            ..LARGE_SCALE.classes[1]
        },
        Class {
            count: 80,
            published_wait_s: None,
            ..LARGE_SCALE.classes[2]
        },
    ],
    published: None,
    ..LARGE_SCALE
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The totals upstream states in the comments of its configurations.
    #[test]
    fn shapes_have_the_stated_numbers_of_workloads() {
        let totals = [BASELINE, TAS, LARGE_SCALE, MILLION].map(|shape| shape.workloads());
        assert_eq!(totals, [15_000, 15_000, 50_000, 1_000_000]);
    }

    /// The TAS configuration splits each class of the baseline in three of as many cores.
    #[test]
    fn tas_asks_for_what_the_baseline_asks_for() {
        let cores = |shape: &Shape| -> i64 {
            let each = |class: &Class| {
                class.pod_cpu * i64::from(class.pods) * class.runtime.0 * i64::from(class.count)
            };
            shape.classes.iter().map(each).sum()
        };
        assert_eq!(cores(&TAS), cores(&BASELINE));
    }
}
