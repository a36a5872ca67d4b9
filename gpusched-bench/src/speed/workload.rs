//! The workload the speed figures are stated on: single-node requests of 1, 2, 4 or 8 whole GPUs,
//! Poisson arrivals, log-normal run times (mu 7.5, sigma 1.5 of ln seconds).

use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::units::{MICROS, Span, Time};
use gpusched_core::workload::{JobDraft, Shape, Workload, WorkloadBuilder};

/// GPUs of a request, equally likely.
const SIZES: [u32; 4] = [1, 2, 4, 8];

/// Mean run time in seconds: exp(mu + sigma^2 / 2).
const MEAN_RUN_S: f64 = 5569.0;

/// One job of the benchmark.
#[derive(Clone, Copy, Debug)]
pub struct PlainJob {
    /// Arrival, µs.
    pub submit: i64,
    /// Run time, µs.
    pub run: i64,
    /// GPUs.
    pub gpus: u32,
}

/// Numbers in (0, 1) from a seed: SplitMix64 (Steele, Lea and Flood 2014).
pub fn uniforms(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// The jobs, from a fixed seed: `load` is the offered load on `nodes` nodes of 8 GPUs.
pub fn jobs(count: usize, nodes: usize, load: f64) -> impl Iterator<Item = PlainJob> {
    seeded_jobs(0x9E37_79B9_7F4A_7C15, count, nodes, load)
}

/// The same from any seed.
pub fn seeded_jobs(
    seed: u64,
    count: usize,
    nodes: usize,
    load: f64,
) -> impl Iterator<Item = PlainJob> {
    let mean_gpus = f64::from(SIZES.iter().sum::<u32>()) / SIZES.len() as f64;
    let mean_gap_s = mean_gpus * MEAN_RUN_S / (load * (nodes * 8) as f64);
    let mut uniform = uniforms(seed);
    let mut now = 0.0;
    (0..count).map(move |_| {
        now += -mean_gap_s * uniform().ln();
        let normal = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let run = (7.5 + 1.5 * normal).exp();
        PlainJob {
            submit: (now * MICROS as f64) as i64,
            run: (run * MICROS as f64).max(1.0) as i64,
            gpus: SIZES[(uniform() * 4.0) as usize],
        }
    })
}

/// The jobs as a workload to replay.
pub fn workload(count: usize, nodes: usize, load: f64) -> Workload {
    let mut builder = WorkloadBuilder::numbered();
    builder.reserve(count);
    for job in jobs(count, nodes, load) {
        let shape = Shape::whole_gpus(job.gpus);
        builder
            .push(&JobDraft::new("", Time(job.submit), Span(job.run), shape))
            .expect("a benchmark workload fits its tables");
    }
    builder.finish().expect("single pods form no groups")
}

/// `nodes` nodes of 8 GPUs.
pub fn inventory(nodes: usize) -> Inventory {
    let nodes = (0..nodes).map(|i| Node::with_gpus(format!("n{i:05}"), 8, "H100-SXM5-80GB"));
    Inventory::new(nodes.collect()).expect("names are unique")
}
