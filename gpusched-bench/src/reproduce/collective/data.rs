//! The files of the data folder.

use crate::conformance::Unreadable;
use crate::conformance::files::rows;
use serde::Deserialize;
use std::path::Path;

/// A measured all-reduce.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Busbw {
    pub(super) platform: String,
    pub(super) gpus: u32,
    pub(super) bytes: f64,
    #[serde(rename = "busbw_GBps")]
    pub(super) gbps: f64,
}

pub(super) fn busbw(dir: &Path) -> Result<Vec<Busbw>, Unreadable> {
    rows(&dir.join("allreduce_busbw.csv"))
}

/// Throughput of one model on GPUs of one node, and of as many nodes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Placed {
    pub(super) model: String,
    #[serde(rename = "scale_factor_gpus")]
    pub(super) gpus: u32,
    pub(super) gpu: String,
    #[serde(rename = "consolidated_steps_per_s")]
    pub(super) together: f64,
    #[serde(rename = "unconsolidated_steps_per_s")]
    pub(super) apart: f64,
    /// `together` over GPUs × throughput of one.
    #[serde(rename = "scaling_eff_cons")]
    pub(super) scaling: f64,
}

pub(super) fn gavel(dir: &Path) -> Result<Vec<Placed>, Unreadable> {
    rows(&dir.join("placement_slowdown_gavel.csv"))
}

/// Share of the bandwidth reached at a size, by nodes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Efficiency {
    pub(super) table: String,
    pub(super) bytes: f64,
    pub(super) n2: Option<f64>,
    pub(super) n4: Option<f64>,
    pub(super) n8: Option<f64>,
    pub(super) n16: Option<f64>,
    pub(super) n32: Option<f64>,
    pub(super) n64: Option<f64>,
    pub(super) n128: Option<f64>,
}

pub(super) fn simai(dir: &Path) -> Result<Vec<Efficiency>, Unreadable> {
    rows(&dir.join("simai_efficiency_ratio.csv"))
}
