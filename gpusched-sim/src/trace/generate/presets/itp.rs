//! ITP 2021: eight clusters pooled, 45,518 jobs over 60 days.
//!
//! Sources: "data" = measured on the public logs (microsoft/elasticflow-traces, MIT); "fits" = the
//! fit published with the trace survey of this project (dataset `itp-pooled8`).

use super::{ANY, ANY_RUN, ONE_CLASS, USUAL_LIMITS};
use crate::trace::generate::preset::{
    Durations, Ends, Gap, GpuCounts, Lognormal, NodeGroup, Preset, Sweep, Weather, component,
};
use gpusched_core::units::Span;

pub(super) const ITP: Preset = Preset {
    name: "itp",
    about: "eight research clusters of 2021: sweeps of equal jobs, whole GPUs, ten minutes to weeks",
    // Fits: gaps LN(4.872, 1.360), which already contains the weather; what remains after taking
    // the variance of ln rate (hours and weather) out, at the same mean of 328 s.
    gap: Gap::Lognormal(Lognormal {
        mu: 5.19,
        sigma: 1.1,
    }),
    // Data: batches by hour after collection start (the time zone is not stated), mean 1.
    hours: [
        1.19, 1.18, 1.20, 1.27, 1.22, 0.93, 0.87, 0.81, 0.98, 0.85, 0.78, 0.95, 0.88, 1.00, 0.79,
        0.78, 0.83, 0.92, 1.02, 1.03, 1.00, 1.24, 1.22, 1.08,
    ],
    // Data: batches by day; the collection began on a Thursday.
    weekdays: [0.86, 1.09, 1.23, 1.39, 0.92, 0.83, 0.68],
    // Data: Fano factor of hourly batch counts 11.7, autocorrelation .67/.45/.35/.19 at 1/2/3/6 h.
    weather: Weather {
        step_hours: 1,
        memory: 0.75,
        sigma: 0.75,
    },
    // Data: P(1) = .592. One power law (alpha 2.16) overstates sweeps beyond 30 jobs by a factor
    // of 2, hence a tail in pieces. P(n >= 2) and P(n >= 3) are below the measured .408 and .236:
    // independent batches of one queue that happen to fall within 60 s are counted as one when
    // the trace is measured.
    batch_sizes: &[
        (1, 1.0),
        (2, 0.390),
        (3, 0.227),
        (5, 0.1077),
        (8, 0.0540),
        (12, 0.0319),
        (20, 0.0210),
        (25, 0.01385),
        (32, 0.0067),
        (64, 0.0021),
        (100, 0.00045),
        (200, 0.00012),
        (250, 0.00001),
    ],
    // Data: per batch, by size. Over jobs: 1 .806, 2 .014, 4 .029, 8 .133, 16 .008, 32 .008.
    gpu_counts: &[
        GpuCounts {
            max_batch: 1,
            gpus: &[
                (1, 0.7091),
                (2, 0.0256),
                (4, 0.0403),
                (8, 0.1721),
                (16, 0.0237),
                (32, 0.0229),
                (64, 0.0063),
            ],
        },
        GpuCounts {
            max_batch: 4,
            gpus: &[
                (1, 0.8580),
                (2, 0.0051),
                (4, 0.0144),
                (8, 0.1017),
                (16, 0.0108),
                (32, 0.0092),
                (64, 0.0008),
            ],
        },
        GpuCounts {
            max_batch: 9,
            gpus: &[
                (1, 0.7518),
                (2, 0.0143),
                (4, 0.0312),
                (8, 0.1991),
                (16, 0.0009),
                (32, 0.0027),
            ],
        },
        GpuCounts {
            max_batch: ANY,
            gpus: &[(1, 0.831), (2, 0.019), (4, 0.015), (8, 0.135)],
        },
    ],
    // Fits: three-component mixtures of `duration_s|gpus…`.
    durations: &[
        Durations {
            max_batch: ANY,
            max_gpus: 1,
            mixture: &[
                component(0.255089, 7.22747, 0.506651),
                component(0.723765, 9.37319, 0.621665),
                component(0.0211469, 11.2765, 0.544718),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 4,
            mixture: &[
                component(0.146973, 6.66034, 0.112759),
                component(0.531812, 8.35535, 0.777032),
                component(0.321216, 10.5627, 1.27175),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 8,
            mixture: &[
                component(0.109185, 7.12897, 0.484204),
                component(0.80251, 9.78377, 1.1201),
                component(0.0883053, 11.0903, 1.44201),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: 16,
            mixture: &[
                component(0.433339, 7.67478, 0.856737),
                component(0.490679, 11.0531, 0.685243),
                component(0.0759819, 12.7131, 0.324765),
            ],
        },
        Durations {
            max_batch: ANY,
            max_gpus: ANY,
            mixture: &[
                component(0.286203, 7.92147, 0.812338),
                component(0.0858709, 9.8406, 1.34611),
                component(0.627926, 11.4715, 0.816547),
            ],
        },
    ],
    // Data: the publisher dropped runs under 600 s; the longest is 1,573,360 s.
    run_range: (600.0, 1_573_360.0),
    // Data: neighbours in a batch differ in ln run by a median of .010-.016, but a quarter of the
    // pairs by .04-.4 and a tenth by .5-1.6: hence near-equal jobs with strays among them, which
    // also gives the 17 % of the variance of ln run found inside batches. Gaps by size: zero
    // 4-35 %, median of the others 20 s down to 2 s.
    sweeps: &[
        Sweep {
            max_batch: 4,
            spread: Lognormal {
                mu: -4.0,
                sigma: 1.6,
            },
            stray: 0.2,
            together: 0.04,
            gap: Lognormal {
                mu: 3.5,
                sigma: 1.5,
            },
        },
        Sweep {
            max_batch: 9,
            spread: Lognormal {
                mu: -4.3,
                sigma: 1.3,
            },
            stray: 0.12,
            together: 0.10,
            gap: Lognormal {
                mu: 3.0,
                sigma: 1.6,
            },
        },
        Sweep {
            max_batch: 29,
            spread: Lognormal {
                mu: -4.5,
                sigma: 1.2,
            },
            stray: 0.08,
            together: 0.33,
            gap: Lognormal {
                mu: 1.9,
                sigma: 1.7,
            },
        },
        Sweep {
            max_batch: ANY,
            spread: Lognormal {
                mu: -4.1,
                sigma: 1.4,
            },
            stray: 0.12,
            together: 0.33,
            gap: Lognormal {
                mu: 0.9,
                sigma: 1.5,
            },
        },
    ],
    // The definition of a batch: gaps of at most 60 s.
    max_member_gap: 60.0,
    resolution: Span::from_secs(1),
    // Eight clusters, two of which hold 71 % of GPU-time; the exponent gives two tenants 60 %.
    tenants: 8,
    tenant_exponent: 1.15,
    // Users are not recorded: assumed.
    users: 12,
    user_exponent: 1.0,
    classes: ONE_CLASS,
    fractions: &[],
    // CPU, memory and models are not recorded.
    pod_sizes: &[],
    models: &[],
    // Outcomes are not recorded; the shares of Helios (survey, section 4.2 step 5).
    ends: &[Ends {
        below: ANY_RUN,
        failed: 0.155,
        killed: 0.221,
    }],
    estimates: Some(USUAL_LIMITS),
    // No inventory is published: the mean offered load of the eight clusters (854 GPUs) at 80 %.
    cluster: &[NodeGroup {
        nodes: 134,
        model: "",
        gpus: 8,
        cpu_milli: None,
        mem_mib: None,
    }],
};
