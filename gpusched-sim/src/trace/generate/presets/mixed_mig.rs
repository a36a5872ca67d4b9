//! Jobs of a seventh to a whole GPU on GPUs that MIG cuts. Nobody's data: sizes and run times are
//! ours, chosen so that which instance is put where matters.

use super::{ANY, INDEPENDENT};
use crate::trace::generate::preset::{
    Class, Durations, Gap, GpuCounts, NodeGroup, PodSize, Preset, component,
};
use gpusched_core::units::Span;

pub(super) const MIXED_MIG: Preset = Preset {
    name: "mixed-mig",
    about: "inference and notebooks on four nodes of eight H100: a seventh of a GPU to a whole one",
    gap: Gap::Exponential(41.0),
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
    resolution: Span::from_secs(1),
    tenants: 4,
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
    cluster: &[NodeGroup {
        nodes: 4,
        model: "H100-SXM5-80GB",
        gpus: 8,
        cpu_milli: Some(256_000),
        mem_mib: Some(2_097_152),
    }],
    ..INDEPENDENT
};
