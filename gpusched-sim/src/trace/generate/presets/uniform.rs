//! The simple benchmark workload: for speed, not for realism.

use super::{ANY, INDEPENDENT};
use crate::trace::generate::preset::{
    Durations, Gap, GpuCounts, NodeGroup, PodSize, Preset, component,
};

pub(super) const UNIFORM: Preset = Preset {
    name: "uniform",
    about: "the speed benchmark: Poisson arrivals, independent single-node jobs, lognormal run times",
    // 2.7 GPUs × 5,570 s / 32 s = 470 GPUs in use: 92 % of the cluster below.
    gap: Gap::Exponential(32.0),
    gpu_counts: &[GpuCounts {
        max_batch: ANY,
        gpus: &[(1, 0.50), (2, 0.20), (4, 0.15), (8, 0.15)],
    }],
    durations: &[Durations {
        max_batch: ANY,
        max_gpus: ANY,
        mixture: &[component(1.0, 7.5, 1.5)],
    }],
    run_range: (1.0, 5_000_000.0),
    pod_sizes: &[PodSize {
        max_gpus: ANY,
        shared: false,
        per_gpu: &[((8_000, 65_536), 1.0)],
    }],
    cluster: &[NodeGroup {
        nodes: 64,
        model: "A100-SXM4-80GB",
        gpus: 8,
        cpu_milli: Some(128_000),
        mem_mib: Some(1_048_576),
    }],
    ..INDEPENDENT
};
