//! Gavel's throughputs of jobs on one node and spread over as many nodes as GPUs.
//!
//! One number per model and batch size, the bytes it exchanges, comes from two V100; everything
//! else is predicted: 4 and 8 V100, and all of P100 and K80, whose compute time is that of one GPU.

use super::super::Sheet;
use super::data::{self, Placed};
use crate::conformance::Unreadable;
use gpusched_core::performance::collective::{Collective, Group, Law, Wire};
use gpusched_core::performance::sharing::fit::Errors;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Cards of the machines: 10 Gb/s (assumed; the paper used instances of public clouds).
const NIC_GBPS: f64 = 1.25;

pub(super) fn run(dir: &Path, law: &Law, sheet: &mut Sheet<'_>) -> Result<(), Unreadable> {
    sheet.section(
        "Gavel: throughput spread over nodes ÷ on one node (fitted: two V100 of each model)",
    )?;
    let rows = data::gavel(dir)?;
    let find = |model: &str, gpus, gpu: &str| {
        let same = |row: &&Placed| row.model == model && row.gpus == gpus && row.gpu == gpu;
        rows.iter().find(same)
    };
    let models: BTreeSet<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    let mut by_gpu: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for model in models {
        let Some(seed) = find(model, 2, "v100") else {
            continue;
        };
        let bytes = exchanged(law, seed);
        for gpu in ["v100", "p100", "k80"] {
            let held_out = [2, 4, 8]
                .into_iter()
                .filter(|&gpus| (gpu, gpus) != ("v100", 2));
            let seen: Vec<&Placed> = held_out.filter_map(|gpus| find(model, gpus, gpu)).collect();
            let pair = |row: &&Placed| (ratio(law, row, bytes), row.apart / row.together);
            let pairs: Vec<(f64, f64)> = seen.iter().map(pair).collect();
            if pairs.is_empty() {
                continue;
            }
            let listed = pairs
                .iter()
                .map(|(law, seen)| format!("{law:.2}/{seen:.2}"));
            let listed: Vec<String> = listed.collect();
            let errors = Errors::of(&pairs);
            let what = format!("{model}, {gpu}");
            sheet.figure(
                &what,
                format!("law/measured {}", listed.join(" ")),
                format!("mean error {:.0} %", errors.mape),
            )?;
            by_gpu.entry(gpu).or_default().extend(pairs);
        }
    }
    for (gpu, pairs) in &by_gpu {
        let errors = Errors::of(pairs);
        let got = format!(
            "{} points: median {:.0} %, mean {:.0} %",
            errors.points, errors.median, errors.mape
        );
        sheet.figure(
            &format!("all models, {gpu}"),
            got,
            "no target: a ratio above 1 is beyond any such law",
        )?;
    }
    Ok(())
}

/// GPUs on one node: V100 by the rings of a cube mesh (2, 4, 6 links of 25 GB/s), others over PCIe
/// of the third generation.
fn together(gpu: &str, gpus: u32) -> Group {
    let ring_gbps = match (gpu, gpus) {
        ("v100", 2) => 50.0,
        ("v100", 4) => 100.0,
        ("v100", _) => 150.0,
        _ => 12.0,
    };
    Group {
        gpus,
        islands: 1,
        thinnest: gpus,
        per_node: gpus,
        wire: Wire {
            ring_gbps,
            gpu_gbps: 150.0,
            reduces: false,
            spans_nodes: false,
        },
        nic_gbps: NIC_GBPS,
        oversubscription: 1.0,
        crossing_us: 0.0,
    }
}

fn apart(gpu: &str, gpus: u32) -> Group {
    let near = together(gpu, gpus);
    Group {
        islands: gpus,
        thinnest: 1,
        per_node: 1,
        wire: Wire {
            ring_gbps: f64::INFINITY,
            ..near.wire
        },
        ..near
    }
}

/// Step time together over step time apart, when a step exchanges so many bytes.
fn ratio(law: &Law, row: &Placed, bytes: f64) -> f64 {
    // Throughputs count the steps of all GPUs.
    let compute = f64::from(row.gpus) * row.scaling / row.together;
    let step = |group: &Group| compute + law.seconds(group, Collective::AllReduce, bytes);
    step(&together(&row.gpu, row.gpus)) / step(&apart(&row.gpu, row.gpus))
}

/// The bytes that explain a measured ratio, by halving; 0 when being apart costs nothing.
fn exchanged(law: &Law, row: &Placed) -> f64 {
    let wanted = row.apart / row.together;
    let (mut least, mut most) = (0.0, 1e12);
    if wanted >= 1.0 {
        return 0.0;
    }
    for _ in 0..100 {
        let middle: f64 = (least + most) / 2.0;
        match ratio(law, row, middle) > wanted {
            true => least = middle,
            false => most = middle,
        }
    }
    least
}
