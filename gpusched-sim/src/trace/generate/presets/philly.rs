//! Philly 2017 (reduced): 82,247 jobs over 109 days.
//!
//! Sources: "data" = measured on the public table (CC BY 4.0); "survey" = the trace survey of this
//! project. The run-time mixtures are fitted per batch size and GPU count, because the size-1
//! batches hold the 60-second failures and the large sweeps do not.

use super::{ANY, ANY_RUN, ONE_CLASS, USUAL_LIMITS};
use crate::trace::generate::preset::{
    Durations, Ends, Gap, GpuCounts, Lognormal, NodeGroup, Preset, Sweep, Weather, component,
};
use gpusched_core::units::Span;

pub(super) const PHILLY: Preset = Preset {
    name: "philly",
    about: "a large research cluster of 2017: huge one-GPU sweeps, one-minute failures, month-long tails",
    // Survey: gaps LN(5.235, 1.237), minus the variance of ln rate, at the same mean of 400 s.
    gap: Gap::Lognormal(Lognormal {
        mu: 5.39,
        sigma: 1.1,
    }),
    // Data: batches by hour of the Pacific day, mean 1.
    hours: [
        1.12, 0.97, 1.04, 1.06, 0.95, 1.08, 1.18, 1.19, 1.21, 1.05, 0.92, 0.86, 0.83, 0.83, 0.81,
        0.83, 0.89, 1.02, 1.06, 0.99, 0.94, 1.05, 1.06, 1.06,
    ],
    // Data: batches by weekday, Monday first.
    weekdays: [0.99, 1.21, 1.14, 1.14, 1.04, 0.80, 0.68],
    // Data: Fano factor of hourly batch counts 4.8; autocorrelation .77 at 1 h, .63 at 24 h.
    weather: Weather {
        step_hours: 24,
        memory: 0.75,
        sigma: 0.5,
    },
    // Data: P(1) = .836. One power law (alpha 2.01) understates sweeps of 50-300 jobs by a factor
    // of 2.5 and the mean (3.43) by a quarter, hence a tail in pieces. P(n >= 2) and P(n >= 3) are
    // below the measured .164 and .076: independent batches of one queue that happen to fall within
    // 60 s are counted as one when the trace is measured.
    batch_sizes: &[
        (1, 1.0),
        (2, 0.140),
        (3, 0.069),
        (5, 0.0431),
        (8, 0.0289),
        (12, 0.0214),
        (20, 0.0171),
        (32, 0.01365),
        (64, 0.01023),
        (100, 0.00568),
        (200, 0.00317),
        (250, 0.00242),
        (400, 0.00083),
        (600, 0.00017),
        (1063, 0.00002),
    ],
    // Data: per batch, by size. Over jobs: 1 .932, 2 .022, 4 .023, 8 .020, 16 .0024, 32 .0008.
    gpu_counts: &[
        GpuCounts {
            max_batch: 1,
            gpus: &[
                (1, 0.8203),
                (2, 0.0623),
                (4, 0.0477),
                (8, 0.0585),
                (12, 0.0003),
                (16, 0.0086),
                (24, 0.0003),
                (32, 0.0014),
                (64, 0.0003),
                (128, 0.0001),
            ],
        },
        GpuCounts {
            max_batch: 9,
            gpus: &[
                (1, 0.816),
                (2, 0.053),
                (4, 0.076),
                (8, 0.048),
                (16, 0.0036),
                (32, 0.0039),
            ],
        },
        GpuCounts {
            max_batch: 29,
            gpus: &[(1, 0.9494), (2, 0.0117), (4, 0.0311), (8, 0.0078)],
        },
        GpuCounts {
            max_batch: ANY,
            gpus: &[(1, 0.994), (2, 0.003), (4, 0.003)],
        },
    ],
    // Data: own fits, EM with three components (D .011-.044).
    durations: &[
        Durations {
            max_batch: 1,
            max_gpus: 1,
            mixture: &[
                component(0.577, 4.211, 0.106),
                component(0.141, 4.522, 0.494),
                component(0.282, 8.291, 2.540),
            ],
        },
        Durations {
            max_batch: 9,
            max_gpus: 1,
            mixture: &[
                component(0.433, 4.467, 0.932),
                component(0.333, 7.358, 0.911),
                component(0.234, 10.275, 1.402),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 1,
            mixture: &[
                component(0.064, 3.953, 0.172),
                component(0.543, 7.563, 0.859),
                component(0.393, 7.034, 1.771),
            ],
        },
        Durations {
            max_batch: 1,
            max_gpus: 4,
            mixture: &[
                component(0.410, 2.914, 0.360),
                component(0.191, 4.582, 1.732),
                component(0.399, 10.537, 1.536),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 4,
            mixture: &[
                component(0.195, 2.805, 0.289),
                component(0.446, 5.109, 1.536),
                component(0.359, 10.896, 1.174),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 8,
            mixture: &[
                component(0.308834, 6.15457, 1.57106),
                component(0.26178, 9.61018, 0.881707),
                component(0.429386, 12.1973, 0.84907),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: ANY,
            mixture: &[
                component(0.363369, 5.22035, 1.56014),
                component(0.106791, 9.18939, 0.875162),
                component(0.52984, 11.9054, 0.950009),
            ],
        },
    ],
    // Data: the longest run is 53.6 days.
    run_range: (1.0, 4_628_226.0),
    // Data: neighbours in a batch differ in ln run by a median of .10-.19, a tenth of them by .7-2.4;
    // 9 % of the variance of ln run is inside batches. 10 % of gaps are zero, the median of the
    // others falls from 11 s to 5 s.
    sweeps: &[
        Sweep {
            max_batch: 4,
            spread: Lognormal {
                mu: -1.9,
                sigma: 1.4,
            },
            stray: 0.12,
            together: 0.12,
            gap: Lognormal {
                mu: 2.9,
                sigma: 1.6,
            },
        },
        Sweep {
            max_batch: 29,
            spread: Lognormal {
                mu: -2.2,
                sigma: 1.1,
            },
            stray: 0.1,
            together: 0.10,
            gap: Lognormal {
                mu: 2.2,
                sigma: 1.4,
            },
        },
        Sweep {
            max_batch: ANY,
            spread: Lognormal {
                mu: -2.1,
                sigma: 0.9,
            },
            stray: 0.1,
            together: 0.10,
            gap: Lognormal {
                mu: 1.8,
                sigma: 1.0,
            },
        },
    ],
    // The definition of a batch: gaps of at most 60 s.
    max_member_gap: 60.0,
    resolution: Span::from_secs(1),
    // 15 virtual clusters; the exponent gives two of them 60 % of the work.
    tenants: 15,
    tenant_exponent: 1.38,
    // Users are not in the reduced table: assumed.
    users: 20,
    user_exponent: 1.0,
    classes: ONE_CLASS,
    fractions: &[],
    // CPU, memory and models are not recorded.
    pod_sizes: &[],
    models: &[],
    // Survey: failed .305, cancelled .090 of the original trace. That most one-minute runs are
    // failures is assumed there; the split between short and long runs keeps both totals.
    ends: &[
        Ends {
            below: Span::from_secs(90),
            failed: 0.80,
            killed: 0.02,
        },
        Ends {
            below: ANY_RUN,
            failed: 0.156,
            killed: 0.111,
        },
    ],
    estimates: Some(USUAL_LIMITS),
    // Mean offered load of the reduced table (374 GPUs) at 80 %, as nodes of 8.
    cluster: &[NodeGroup {
        nodes: 59,
        model: "",
        gpus: 8,
        cpu_milli: None,
        mem_mib: None,
    }],
};
