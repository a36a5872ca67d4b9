//! Gangs of a training cluster: most of the GPUs are held by few large jobs. Nobody's data: sizes and
//! run times are ours, chosen so that where a gang is put matters.

use super::{ANY, INDEPENDENT};
use crate::trace::generate::preset::{
    Durations, Gap, GpuCounts, NodeGroup, PodSize, Preset, component,
};

pub(super) const GANGS: Preset = Preset {
    name: "gangs",
    about: "a training cluster of 847 nodes: gangs of 1 to 512 GPUs, Poisson arrivals, lognormal run times",
    // 42 GPUs × 11,160 s / 100 s = 4,690 GPUs in use: 69 % of the cluster below, if nothing slows
    // anybody down.
    gap: Gap::Exponential(100.0),
    gpu_counts: &[GpuCounts {
        max_batch: ANY,
        gpus: &[
            (1, 0.10),
            (2, 0.05),
            (4, 0.10),
            (8, 0.20),
            (16, 0.17),
            (32, 0.14),
            (64, 0.11),
            (128, 0.08),
            (256, 0.04),
            (512, 0.01),
        ],
    }],
    durations: &[Durations {
        max_batch: ANY,
        max_gpus: ANY,
        mixture: &[component(1.0, 8.6, 1.2)],
    }],
    run_range: (60.0, 400_000.0),
    pod_sizes: &[PodSize {
        max_gpus: ANY,
        shared: false,
        per_gpu: &[((8_000, 65_536), 1.0)],
    }],
    cluster: &[NodeGroup {
        nodes: 847,
        model: "A100-SXM4-80GB",
        gpus: 8,
        cpu_milli: Some(128_000),
        mem_mib: Some(1_048_576),
    }],
    ..INDEPENDENT
};
