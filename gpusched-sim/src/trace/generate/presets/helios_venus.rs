//! Helios Venus 2020: known only by its aggregates.
//!
//! Sources: the published job counts, means and medians of the cluster and its arrival series
//! (S-Lab-System-Group, HeliosArtifact and Lucid), as collected in the trace survey, section 2.6.
//! What the aggregates do not say is borrowed from `itp` and marked "assumed".

use super::{ANY, ANY_RUN, ONE_CLASS, USUAL_LIMITS};
use crate::trace::generate::preset::{
    Durations, Ends, Gap, GpuCounts, Lognormal, NodeGroup, Preset, Weather, component,
};
use gpusched_core::units::Span;

pub(super) const HELIOS_VENUS: Preset = Preset {
    name: "helios-venus",
    about: "a research cluster of 2020 with a strong day and week, large gangs and very short medians",
    // 4.80 jobs per 10 minutes in batches of 2.8 (assumed as in `itp`): one batch every 347 s.
    gap: Gap::Lognormal(Lognormal {
        mu: 5.244,
        sigma: 1.1,
    }),
    // Measured on the arrival series, per job.
    hours: [
        0.90, 0.66, 0.60, 0.38, 0.27, 0.21, 0.19, 0.22, 0.37, 0.80, 1.30, 1.47, 1.16, 1.30, 1.56,
        1.66, 1.73, 1.73, 1.28, 1.31, 1.35, 1.36, 1.15, 1.04,
    ],
    // Measured on the arrival series, Monday first.
    weekdays: [1.02, 1.11, 1.28, 1.20, 0.95, 0.68, 0.77],
    // Chosen so that the Fano factor of 10-minute counts comes near the measured 15.4.
    weather: Weather {
        step_hours: 1,
        memory: 0.6,
        sigma: 0.6,
    },
    // Assumed as in `itp`.
    batch_sizes: super::itp::ITP.batch_sizes,
    // Assumed shape; the mean is the published 6.74 GPUs.
    gpu_counts: &[GpuCounts {
        max_batch: ANY,
        gpus: &[
            (1, 0.517),
            (2, 0.070),
            (4, 0.070),
            (8, 0.230),
            (16, 0.060),
            (32, 0.030),
            (64, 0.015),
            (128, 0.008),
        ],
    }],
    // Moment match of the published median (204 s) and mean (13,041 s).
    durations: &[Durations {
        max_batch: ANY,
        max_gpus: ANY,
        mixture: &[component(1.0, 5.318, 2.884)],
    }],
    // Assumed: one second to 50 days.
    run_range: (1.0, 4_320_000.0),
    // Assumed as in `itp`.
    sweeps: super::itp::ITP.sweeps,
    max_member_gap: 60.0,
    resolution: Span::from_secs(1),
    // Assumed: 27 virtual clusters would be the upper end; two of 15 hold 60 %.
    tenants: 15,
    tenant_exponent: 1.38,
    users: 20,
    user_exponent: 1.0,
    classes: ONE_CLASS,
    fractions: &[],
    pod_sizes: &[],
    models: &[],
    // Published: completed .526, cancelled .272, failed .202 of GPU jobs.
    ends: &[Ends {
        below: ANY_RUN,
        failed: 0.202,
        killed: 0.272,
    }],
    estimates: Some(USUAL_LIMITS),
    // Published: 1,022 GPUs; as nodes of 8 (assumed).
    cluster: &[NodeGroup {
        nodes: 128,
        model: "",
        gpus: 8,
        cpu_milli: None,
        mem_mib: None,
    }],
};
