//! Suite `fgd`: the FGD simulator (hkust-adsl/kubernetes-scheduler-simulator) and its PWR fork.
//!
//! Vectors are counted so: one policy file of a full run with everything that belongs to it
//! (decisions, metrics, categories, sampled scores, summary) is one vector; so are the target
//! workload of a run and the order of its pods and nodes; so is one micro scenario (its target workload and the measures of its
//! nodes), and one micro probe with all its policies.

mod draw;
mod micro;
mod openb;
mod runs;
mod summary;

use super::files::{self, Unreadable};
use super::{Difference, Sheet};
use crate::experiment::Setup;
use gpusched_core::placement::{TypicalPod, TypicalPods};
use gpusched_core::units::MILLI;
use gpusched_core::workload::Shape;
use std::path::Path;

pub(super) fn run(dir: &Path, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    for file in files::entries(dir, |name| name.starts_with("micro_"))? {
        sheet.add(&files::name(&file), &micro::run(&file)?)?;
    }
    let mut inputs = None;
    for set in files::entries(dir, |_| true)? {
        if !set.is_dir() {
            continue;
        }
        for seed in files::entries(&set, |name| name.starts_with("seed"))? {
            let inputs = match &mut inputs {
                Some(inputs) => inputs,
                None => inputs.insert(openb::Inputs::beside(dir)?),
            };
            let label = format!("{}/{}", files::name(&set), files::name(&seed));
            runs::run(&seed, &label, inputs, sheet)?;
        }
    }
    Ok(())
}

/// The cluster and pods of one recorded run, such as `openb_default/seed42` of the vectors in
/// `dir`.
///
/// # Errors
/// [`Unreadable`]: the run, or the openb lists it refers to, cannot be read.
pub fn setup(dir: &Path, run: &str) -> Result<Setup, Unreadable> {
    runs::setup(&dir.join(run), &mut openb::Inputs::beside(dir)?)
}

/// The project's name of a policy of the vectors: `05-BestFit` is `best-fit`,
/// `09-PWR_200_FGD_800` is `pwr:0.2+fgd:0.8`. `None` when the project has no such policy.
fn policy(name: &str) -> Option<String> {
    let upstream = name.split_once('-').map_or(name, |(_, name)| name);
    let parts: Vec<&str> = upstream.split('_').collect();
    if let [one] = parts.as_slice() {
        return single(one).map(str::to_owned);
    }
    let terms: Option<Vec<String>> = parts
        .chunks(2)
        .map(|term| match term {
            [name, weight] => {
                let weight: u32 = weight.parse().ok()?;
                let (whole, rest) = (weight / 1000, weight % 1000);
                Some(format!("{}:{whole}.{rest:03}", single(name)?))
            }
            _ => None,
        })
        .collect();
    Some(terms?.join("+"))
}

fn single(upstream: &str) -> Option<&'static str> {
    Some(match upstream {
        "Random" => "random",
        "DotProd" => "dot-product",
        "GpuClustering" => "gpu-clustering",
        "GpuPacking" => "gpu-packing",
        "BestFit" => "best-fit",
        "FGD" => "fgd",
        "PWR" => "pwr",
        _ => return None,
    })
}

/// One row of a recorded target workload.
#[derive(Debug, serde::Deserialize)]
struct TypicalRow {
    cpu_milli: u64,
    gpu_milli: u32,
    num_gpu: u32,
    gpu_spec: String,
    weight: f64,
}

impl TypicalRow {
    fn describe(&self) -> String {
        let TypicalRow {
            cpu_milli,
            gpu_milli,
            num_gpu,
            gpu_spec,
            weight,
        } = self;
        format!("{cpu_milli}m CPU, {num_gpu} x {gpu_milli}m GPU [{gpu_spec}], weight {weight:?}")
    }

    fn of(pod: &TypicalPod) -> TypicalRow {
        TypicalRow {
            cpu_milli: pod.shape.cpu_milli,
            gpu_milli: pod.shape.gpu_milli,
            num_gpu: pod.shape.gpus,
            gpu_spec: pod.shape.models.join("|"),
            weight: pod.weight,
        }
    }
}

/// Compares a target workload: classes, order and every bit of the weights.
fn check_typical(expected: &[TypicalRow], got: &TypicalPods) -> Result<(), Difference> {
    let got: Vec<TypicalRow> = got.classes().iter().map(TypicalRow::of).collect();
    let at = || "number of typical classes".to_owned();
    Difference::check(at, expected.len(), got.len())?;
    for (number, (expected, got)) in expected.iter().zip(&got).enumerate() {
        let at = || format!("typical class {number}");
        Difference::check(at, expected.describe(), got.describe())?;
    }
    Ok(())
}

/// Devices as the vectors write them: `0-1-2-3`.
fn device_text(devices: u64) -> String {
    let numbers = (0..64).filter(|device| devices >> device & 1 == 1);
    let texts: Vec<String> = numbers.map(|device: u32| device.to_string()).collect();
    texts.join("-")
}

/// The request of a pod as openb writes it. Shares are clamped to one whole device.
fn shape(cpu_milli: u64, mem_mib: u64, gpus: u32, milli: u32, spec: &str) -> Shape {
    Shape {
        gpus,
        gpu_milli: if gpus == 0 { MILLI } else { milli.min(MILLI) },
        models: spec
            .split('|')
            .filter(|model| gpus > 0 && !model.is_empty())
            .map(str::to_owned)
            .collect(),
        cpu_milli,
        mem_mib,
        ..Shape::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_the_vectors_have_names_here() {
        assert_eq!(policy("05-BestFit").as_deref(), Some("best-fit"));
        let sum = policy("12-PWR_50_FGD_950");
        assert_eq!(sum.as_deref(), Some("pwr:0.050+fgd:0.950"));
        assert_eq!(policy("13-Magic"), None);
        assert_eq!(policy("13-PWR_50_Magic_950"), None);
        assert_eq!(policy("13-PWR_50_FGD"), None);
    }
}
