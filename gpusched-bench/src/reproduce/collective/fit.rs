//! The parameters of the law from curves.

use super::data::Busbw;
use super::platforms::Platform;
use gpusched_core::performance::collective::{Collective, Law};

/// Sizes below this are not fitted: there, software decides.
const SMALLEST: f64 = 65_536.0;

/// A point of a curve and where it was measured.
pub(super) struct Point<'a> {
    pub(super) at: &'a Platform,
    pub(super) row: &'a Busbw,
}

impl Point<'_> {
    /// What the law says, GB/s.
    pub(super) fn predict(&self, law: &Law) -> f64 {
        let (group, algorithm) = (&self.at.group, self.at.algorithm);
        law.bus_bandwidth(group, Collective::AllReduce, self.row.bytes, algorithm)
    }
}

/// What is fitted: a name, its value, and the most it can be.
type Parameter = (&'static str, fn(&mut Law) -> &mut f64, f64);

pub(super) const PARAMETERS: &[Parameter] = &[
    ("ring share of the line rate", |law| &mut law.ring, 1.0),
    ("card share of the line rate", |law| &mut law.nic, 1.0),
    (
        "latency of a far rank, us",
        |law| &mut law.far_us,
        f64::INFINITY,
    ),
    ("its power", |law| &mut law.far_power, 1.0),
    (
        "Ampere: latency, us",
        |law| &mut law.generations[0].latency_us,
        f64::INFINITY,
    ),
    (
        "Ampere: ramp, MiB",
        |law| &mut law.generations[0].ramp_mib,
        f64::INFINITY,
    ),
    (
        "Hopper: latency, us",
        |law| &mut law.generations[1].latency_us,
        f64::INFINITY,
    ),
    (
        "Hopper: ramp, MiB",
        |law| &mut law.generations[1].ramp_mib,
        f64::INFINITY,
    ),
    (
        "Hopper: share in the switch",
        |law| &mut law.generations[1].in_switch,
        1.0,
    ),
    (
        "Blackwell: latency, us",
        |law| &mut law.generations[2].latency_us,
        f64::INFINITY,
    ),
    (
        "Blackwell: ramp, MiB",
        |law| &mut law.generations[2].ramp_mib,
        f64::INFINITY,
    ),
    (
        "Blackwell: share in the switch",
        |law| &mut law.generations[2].in_switch,
        1.0,
    ),
];

/// Least squares of the logarithms, by going along one parameter after another with ever shorter
/// steps. Starts from round numbers, not from the shipped ones.
pub(super) fn fit(points: &[Point<'_>]) -> Law {
    let points: Vec<&Point<'_>> = points
        .iter()
        .filter(|point| point.row.bytes >= SMALLEST)
        .collect();
    let loss = |law: &Law| -> f64 {
        let off = |point: &&Point<'_>| (point.predict(law) / point.row.gbps).ln().powi(2);
        points.iter().map(off).sum()
    };
    let mut law = start();
    let mut least = loss(&law);
    let mut step = 0.2;
    while step > 1e-4 {
        let mut moved = false;
        for (_, parameter, most) in PARAMETERS {
            for factor in [1.0 + step, 1.0 / (1.0 + step)] {
                let mut other = law;
                let value = parameter(&mut other);
                *value = (*value * factor).min(*most);
                let found = loss(&other);
                if found < least - 1e-12 {
                    (law, least, moved) = (other, found, true);
                }
            }
        }
        if !moved {
            step /= 2.0;
        }
    }
    law
}

fn start() -> Law {
    let mut law = Law::FITTED;
    (law.ring, law.nic, law.far_us, law.far_power) = (0.8, 0.95, 20.0, 0.75);
    for generation in &mut law.generations {
        (generation.latency_us, generation.ramp_mib) = (40.0, 12.0);
        generation.in_switch = 0.65;
    }
    law
}
