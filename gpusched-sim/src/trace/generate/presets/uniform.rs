//! The simple benchmark workload: for speed, not for realism.

use super::{ANY, ONE_CLASS, STEADY};
use crate::trace::generate::preset::{
    Durations, Gap, GpuCounts, Lognormal, NodeGroup, PodSize, Preset, Sweep, component,
};
use gpusched_core::units::Span;

pub(super) const UNIFORM: Preset = Preset {
    name: "uniform",
    about: "the speed benchmark: Poisson arrivals, independent single-node jobs, lognormal run times",
    // 2.7 GPUs × 5,570 s / 32 s = 470 GPUs in use: 92 % of the cluster below.
    gap: Gap::Exponential(32.0),
    hours: [1.0; 24],
    weekdays: [1.0; 7],
    weather: STEADY,
    batch_sizes: &[(1, 1.0)],
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
    // Batches of one job: nothing of this is used.
    sweeps: &[Sweep {
        max_batch: ANY,
        spread: Lognormal {
            mu: 0.0,
            sigma: 0.0,
        },
        stray: 0.0,
        together: 0.0,
        gap: Lognormal {
            mu: 0.0,
            sigma: 1.0,
        },
    }],
    max_member_gap: 60.0,
    resolution: Span(1_000),
    tenants: 8,
    tenant_exponent: 0.0,
    users: 4,
    user_exponent: 0.0,
    classes: ONE_CLASS,
    fractions: &[],
    pod_sizes: &[PodSize {
        max_gpus: ANY,
        shared: false,
        per_gpu: &[((8_000, 65_536), 1.0)],
    }],
    models: &[],
    ends: &[],
    estimates: None,
    cluster: &[NodeGroup {
        nodes: 64,
        model: "A100-SXM4-80GB",
        gpus: 8,
        cpu_milli: Some(128_000),
        mem_mib: Some(1_048_576),
    }],
};
