//! The built-in sample: a week of a mixed cluster, small enough to read, tight enough that
//! schedulers differ.
//!
//! Nobody's data: every number is ours, chosen by the shapes the real traces show.

use super::{ANY, ANY_RUN, HOUR, USUAL_LIMITS};
use crate::trace::generate::preset::{
    Class, Durations, Ends, Gap, GpuCounts, Lognormal, ModelWish, NodeGroup, PodSize, Preset,
    Sweep, Weather, component,
};
use gpusched_core::units::Span;

const A100: &str = "A100-SXM4-80GB";
const V100: &str = "V100-SXM2-32GB";
const T4: &str = "T4";
const A10: &str = "A10";

pub(super) const SAMPLE: Preset = Preset {
    name: "sample",
    about: "the built-in sample: a busy week of 60 mixed nodes with gangs, sweeps and shared GPUs",
    gap: Gap::Lognormal(Lognormal {
        mu: 5.24,
        sigma: 1.0,
    }),
    // A working day with a quiet night; mean 1.
    hours: [
        0.80, 0.65, 0.55, 0.45, 0.40, 0.40, 0.45, 0.60, 0.90, 1.25, 1.45, 1.45, 1.20, 1.30, 1.50,
        1.55, 1.55, 1.45, 1.25, 1.10, 1.05, 1.00, 0.90, 0.80,
    ],
    weekdays: [1.10, 1.15, 1.15, 1.10, 1.05, 0.70, 0.75],
    weather: Weather {
        step_hours: 1,
        memory: 0.7,
        sigma: 0.3,
    },
    batch_sizes: &[
        (1, 1.0),
        (2, 0.35),
        (3, 0.20),
        (5, 0.09),
        (10, 0.03),
        (20, 0.008),
        (32, 0.001),
    ],
    gpu_counts: &[
        GpuCounts {
            max_batch: 4,
            gpus: &[
                (1, 0.67),
                (2, 0.11),
                (4, 0.08),
                (8, 0.10),
                (16, 0.029),
                (32, 0.011),
            ],
        },
        GpuCounts {
            max_batch: ANY,
            gpus: &[(1, 0.80), (2, 0.10), (4, 0.06), (8, 0.04)],
        },
    ],
    durations: &[
        Durations {
            max_batch: ANY,
            max_gpus: 1,
            mixture: &[
                component(0.25, 5.0, 0.8),
                component(0.40, 7.8, 1.0),
                component(0.35, 10.0, 0.8),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 8,
            mixture: &[
                component(0.20, 5.5, 0.9),
                component(0.45, 8.5, 1.0),
                component(0.35, 10.2, 0.7),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: ANY,
            mixture: &[component(0.25, 6.0, 1.0), component(0.75, 10.0, 0.7)],
        },
    ],
    run_range: (20.0, 172_800.0),
    sweeps: &[Sweep {
        max_batch: ANY,
        spread: Lognormal {
            mu: -3.0,
            sigma: 1.3,
        },
        stray: 0.1,
        together: 0.14,
        gap: Lognormal {
            mu: 2.0,
            sigma: 1.3,
        },
    }],
    max_member_gap: 60.0,
    resolution: Span::from_secs(1),
    tenants: 6,
    tenant_exponent: 0.956,
    users: 8,
    user_exponent: 1.0,
    classes: &[
        (class("production", 100, false, 0.15), 0.20),
        (class("batch", 0, true, 0.35), 0.55),
        (class("best-effort", -10, true, 0.75), 0.25),
    ],
    // Sizes that do not add up to a whole device easily: what is left over is a choice.
    fractions: &[
        (200, 0.15),
        (300, 0.20),
        (400, 0.10),
        (500, 0.30),
        (700, 0.15),
        (800, 0.10),
    ],
    pod_sizes: &[
        PodSize {
            max_gpus: 1,
            shared: true,
            per_gpu: &[((2_000, 8_192), 0.6), ((4_000, 16_384), 0.4)],
        },
        PodSize {
            max_gpus: ANY,
            shared: false,
            per_gpu: &[
                ((4_000, 32_768), 0.25),
                ((8_000, 49_152), 0.50),
                ((12_000, 65_536), 0.25),
            ],
        },
    ],
    models: &[
        ModelWish {
            max_gpus: 1,
            models: &[
                (&[], 0.45),
                (&[T4], 0.10),
                (&[A10], 0.06),
                (&[A10, T4], 0.12),
                (&[A100], 0.12),
                (&[A100, V100], 0.15),
            ],
        },
        ModelWish {
            max_gpus: 2,
            models: &[
                (&[], 0.50),
                (&[A10], 0.05),
                (&[A100], 0.20),
                (&[A100, V100], 0.25),
            ],
        },
        ModelWish {
            max_gpus: ANY,
            models: &[
                (&[], 0.45),
                (&[V100], 0.15),
                (&[A100], 0.25),
                (&[A100, V100], 0.15),
            ],
        },
    ],
    ends: &[
        Ends {
            below: Span::from_secs(HOUR / 4),
            failed: 0.30,
            killed: 0.05,
        },
        Ends {
            below: ANY_RUN,
            failed: 0.10,
            killed: 0.12,
        },
    ],
    estimates: Some(USUAL_LIMITS),
    // 300 GPUs of four models in 60 nodes.
    cluster: &[
        group(16, A100, 8, 128_000, 1_048_576),
        group(14, V100, 8, 96_000, 786_432),
        group(20, T4, 2, 64_000, 262_144),
        group(10, A10, 2, 64_000, 262_144),
    ],
};

const fn class(name: &'static str, priority: i32, preemptible: bool, fractional: f64) -> Class {
    Class {
        name,
        priority,
        preemptible,
        fractional,
    }
}

const fn group(nodes: u32, model: &'static str, gpus: u32, cpu: u64, mem: u64) -> NodeGroup {
    NodeGroup {
        nodes,
        model,
        gpus,
        cpu_milli: Some(cpu),
        mem_mib: Some(mem),
    }
}
