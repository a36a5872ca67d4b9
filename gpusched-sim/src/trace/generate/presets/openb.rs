//! openb 2023: pods of a production cluster that shares GPUs.
//!
//! Sources: "data" = measured on the public pod list (hkust-adsl/kubernetes-scheduler-simulator,
//! Apache-2.0); "fits" = the fit published with the trace survey of this project (dataset
//! `openb-default`).

use super::{ANY, ANY_RUN, USUAL_LIMITS};
use crate::trace::generate::preset::{
    Class, Durations, Ends, Gap, GpuCounts, Lognormal, NodeGroup, PodSize, Preset, Sweep, Weather,
    component,
};
use gpusched_core::units::Span;

pub(super) const OPENB: Preset = Preset {
    name: "openb",
    about: "a production cluster of 2023: single pods, 44 % of GPU pods on a fraction of a device",
    // Data: gaps LN(5.31, 1.44) around the window of continuous recording, minus the variance of
    // ln rate, at the same mean of 510 s.
    gap: Gap::Lognormal(Lognormal {
        mu: 5.39,
        sigma: 1.3,
    }),
    // Data: batches by hour of trace time (the zone is not stated), mean 1.
    hours: [
        1.54, 1.34, 1.07, 1.28, 1.25, 0.96, 0.88, 0.94, 0.69, 0.47, 0.61, 0.63, 0.45, 0.43, 0.43,
        0.63, 0.87, 1.28, 1.70, 1.42, 1.06, 1.24, 1.27, 1.59,
    ],
    // Data: batches by day of trace time, turned so that the two low days are the weekend
    // (assumed).
    weekdays: [1.19, 0.97, 1.07, 1.24, 1.24, 0.55, 0.74],
    // Data: 72 to 480 batches a day in the window.
    weather: Weather {
        step_hours: 24,
        memory: 0.6,
        sigma: 0.3,
    },
    // Data: pods at most 60 s apart with the same request.
    batch_sizes: &[
        (1, 1.0),
        (2, 0.1389),
        (3, 0.0373),
        (4, 0.0119),
        (5, 0.0046),
        (8, 0.0004),
        (12, 0.00005),
    ],
    // Data: GPUs per pod.
    gpu_counts: &[GpuCounts {
        max_batch: ANY,
        gpus: &[
            (0, 0.1335),
            (1, 0.8573),
            (2, 0.0020),
            (4, 0.0018),
            (8, 0.0054),
        ],
    }],
    // Fits: `lifetime_creation_to_deletion_s`, three components, D .019.
    durations: &[Durations {
        max_batch: ANY,
        max_gpus: ANY,
        mixture: &[
            component(0.214395, 5.13719, 0.723353),
            component(0.743517, 6.72153, 1.74621),
            component(0.0420882, 8.19388, 3.94426),
        ],
    }],
    // Data: the longest lifetime.
    run_range: (1.0, 12_537_500.0),
    // Data: deviation of ln lifetime .005/.05/.29/1.1/2.0 at p10/25/50/75/90; 12 % zero gaps.
    sweeps: &[Sweep {
        max_batch: ANY,
        spread: Lognormal {
            mu: -1.6,
            sigma: 2.0,
        },
        stray: 0.1,
        together: 0.12,
        gap: Lognormal {
            mu: 2.6,
            sigma: 1.7,
        },
    }],
    // The definition of a batch: gaps of at most 60 s.
    max_member_gap: 60.0,
    resolution: Span::from_secs(1),
    // Owners are not recorded; two of 20 hold 60 % as in the spot-GPU trace of 2026.
    tenants: 20,
    tenant_exponent: 1.439,
    users: 10,
    user_exponent: 1.0,
    // Data: shares of QoS and of fractional requests in each. Priorities by the survey's mapping.
    classes: &[
        (class("LS", 1, false, 0.189), 0.570),
        (class("BE", 0, true, 0.787), 0.417),
        (class("Burstable", 0, false, 0.0), 0.012),
        (class("Guaranteed", 0, false, 0.0), 0.001),
    ],
    // Data: milli-GPU of fractional pods.
    fractions: &[
        (810, 0.1542),
        (470, 0.1073),
        (320, 0.0469),
        (650, 0.0362),
        (230, 0.0200),
        (460, 0.0183),
        (590, 0.0107),
        (160, 0.0106),
        (550, 0.0103),
        (220, 0.0089),
        (370, 0.0067),
        (110, 0.0034),
        (480, 0.0027),
        (50, 0.0010),
        (330, 0.0010),
        (350, 0.0009),
        (270, 0.0006),
    ],
    // Data: the commonest pairs of CPU and memory in each kind of pod.
    pod_sizes: &[
        PodSize {
            max_gpus: 0,
            shared: false,
            per_gpu: &[
                ((12_500, 57_344), 0.335),
                ((32_000, 49_152), 0.261),
                ((8_000, 30_517), 0.150),
                ((15_400, 51_200), 0.110),
                ((16_500, 51_200), 0.087),
            ],
        },
        PodSize {
            max_gpus: 1,
            shared: true,
            per_gpu: &[
                ((3_152, 5_600), 0.365),
                ((11_908, 47_104), 0.203),
                ((8_000, 30_517), 0.158),
                ((4_000, 22_888), 0.061),
                ((4_000, 15_258), 0.059),
                ((4_152, 10_600), 0.049),
                ((4_000, 30_517), 0.044),
                ((6_000, 6_144), 0.017),
            ],
        },
        PodSize {
            max_gpus: 1,
            shared: false,
            per_gpu: &[
                ((11_300, 49_152), 0.219),
                ((11_400, 48_128), 0.137),
                ((3_152, 5_600), 0.120),
                ((18_708, 64_512), 0.065),
                ((9_810, 41_560), 0.050),
                ((12_000, 24_576), 0.040),
                ((15_700, 58_368), 0.040),
                ((11_908, 47_104), 0.039),
                ((16_000, 32_768), 0.028),
            ],
        },
        PodSize {
            max_gpus: ANY,
            shared: false,
            per_gpu: &[((8_050, 33_024), 0.5), ((11_000, 40_960), 0.5)],
        },
    ],
    // Data: the default workload constrains no model.
    models: &[],
    // Data: final phase Failed .229; cancellations are not recorded.
    ends: &[Ends {
        below: ANY_RUN,
        failed: 0.229,
        killed: 0.0,
    }],
    estimates: Some(USUAL_LIMITS),
    // Data: GPU nodes by shape, models as anonymised by the publisher; shapes of fewer than nine
    // nodes are left out.
    cluster: &[
        group(549, "G2", 8, 96_000, 393_216),
        group(387, "T4", 2, 104_000, 524_288),
        group(107, "P100", 2, 16_000, 122_880),
        group(39, "G3", 8, 128_000, 786_432),
        group(28, "V100M16", 4, 32_000, 131_072),
        group(22, "P100", 2, 64_000, 262_144),
        group(21, "V100M32", 8, 96_000, 786_432),
        group(19, "V100M16", 1, 8_000, 32_768),
        group(17, "T4", 4, 96_000, 393_216),
        group(9, "V100M32", 4, 48_000, 376_832),
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
