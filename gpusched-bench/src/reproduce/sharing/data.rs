//! The files of the data folder.

use crate::conformance::Unreadable;
use crate::conformance::files::rows;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Step times of one job by MIG slices (of seven).
pub(super) type ByShare = BTreeMap<u32, f64>;

/// A job: model and batch size.
pub(super) type Job = (String, u32);

#[derive(Deserialize)]
struct MisoRow {
    model: String,
    batch: u32,
    mig_profile: String,
    mean_iter_s: f64,
}

/// MISO: mean seconds per training iteration on an A100-40.
pub(super) fn miso(dir: &Path) -> Result<BTreeMap<Job, ByShare>, Unreadable> {
    let path = dir.join("miso_mig_training_a100_40gb.csv");
    let mut jobs: BTreeMap<Job, ByShare> = BTreeMap::new();
    for row in rows::<MisoRow>(&path)? {
        let slices = row
            .mig_profile
            .split_once('g')
            .and_then(|(slices, _)| slices.parse().ok())
            .ok_or_else(|| Unreadable::file(&path, format_args!("profile {}", row.mig_profile)))?;
        jobs.entry((row.model, row.batch))
            .or_default()
            .insert(slices, row.mean_iter_s);
    }
    Ok(jobs)
}

/// A row of ParvaGPU's profiles. Throughput is per process; 0 is out of memory.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ParvaRow {
    pub(super) model: String,
    pub(super) gi_slices: u32,
    pub(super) batch: u32,
    pub(super) mps_procs: u32,
    pub(super) throughput_req_s: f64,
    pub(super) latency_s: f64,
}

/// ParvaGPU: inference on an A100-80.
pub(super) fn parva(dir: &Path) -> Result<Vec<ParvaRow>, Unreadable> {
    rows(&dir.join("parvagpu_mig_mps_a100.csv"))
}

/// A row of nos' comparison.
#[derive(Deserialize)]
pub(super) struct NosRow {
    pub(super) mode: String,
    pub(super) pods: u32,
    pub(super) mean_inference_s: f64,
}

/// nos: YOLOS-small on an A100-80, three ways of sharing.
pub(super) fn nos(dir: &Path) -> Result<Vec<NosRow>, Unreadable> {
    rows(&dir.join("nos_sharing_yolos_a100_80gb.csv"))
}

/// A pair of Gavel's: the speed of each beside the other, relative to alone; 0 or nothing does not fit.
#[derive(Deserialize)]
pub(super) struct PairRow {
    pub(super) gpu: String,
    pub(super) job_a: String,
    pub(super) sf_a: u32,
    pub(super) job_b: String,
    pub(super) sf_b: u32,
    pub(super) norm_a: Option<f64>,
    pub(super) norm_b: Option<f64>,
}

/// Gavel: pairs on K80, P100 and V100.
pub(super) fn pairs(dir: &Path) -> Result<Vec<PairRow>, Unreadable> {
    rows(&dir.join("gavel_pairs.csv"))
}

#[derive(Deserialize)]
struct TraceRow {
    model_batch: String,
    trace_value_s: f64,
}

/// MISO's trace: job and seconds it runs on a whole device.
pub(super) fn trace(dir: &Path) -> Result<Vec<(Job, f64)>, Unreadable> {
    let path = dir.join("miso_trace100.csv");
    let job = |name: &str| -> Option<Job> {
        let (model, batch) = name.split_once("_train")?;
        Some((model.to_owned(), batch.parse().ok()?))
    };
    rows::<TraceRow>(&path)?
        .into_iter()
        .map(|row| {
            let job = job(&row.model_batch)
                .ok_or_else(|| Unreadable::file(&path, format_args!("job {}", row.model_batch)))?;
            Ok((job, row.trace_value_s))
        })
        .collect()
}
