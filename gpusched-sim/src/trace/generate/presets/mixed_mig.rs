//! Jobs of a seventh to a whole GPU on GPUs that MIG cuts. Nobody's data: sizes and run times are
//! ours, chosen so that which instance is put where matters.

use super::{ANY, STEADY};
use crate::trace::generate::preset::{
    Class, Durations, Gap, GpuCounts, Lognormal, NodeGroup, PodSize, Preset, Sweep, component,
};
use gpusched_core::units::Span;

pub(super) const MIXED_MIG: Preset = Preset {
    name: "mixed-mig",
    about: "inference and notebooks on four nodes of eight H100: a seventh of a GPU to a whole one",
    gap: Gap::Exponential(41.0),
    hours: [1.0; 24],
    weekdays: [1.0; 7],
    weather: STEADY,
    batch_sizes: &[(1, 1.0)],
    gpu_counts: &[GpuCounts {
        max_batch: ANY,
        gpus: &[(1, 1.0)],
    }],
    // Half an hour in the middle, an hour on average.
    durations: &[Durations {
        max_batch: ANY,
        max_gpus: ANY,
        mixture: &[component(1.0, 7.6, 1.1)],
    }],
    run_range: (60.0, 86_400.0),
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
    resolution: Span::from_secs(1),
    tenants: 4,
    tenant_exponent: 0.0,
    users: 4,
    user_exponent: 0.0,
    classes: &[(
        Class {
            name: "",
            priority: 0,
            preemptible: false,
            fractional: 0.9,
        },
        1.0,
    )],
    // Just below one, two, three and four sevenths: what 1g to 4g instances have.
    fractions: &[(140, 0.50), (280, 0.22), (420, 0.17), (570, 0.11)],
    pod_sizes: &[PodSize {
        max_gpus: ANY,
        shared: false,
        per_gpu: &[((4_000, 32_768), 1.0)],
    }],
    models: &[],
    ends: &[],
    estimates: None,
    cluster: &[NodeGroup {
        nodes: 4,
        model: "H100-SXM5-80GB",
        gpus: 8,
        cpu_milli: Some(256_000),
        mem_mib: Some(2_097_152),
    }],
};
