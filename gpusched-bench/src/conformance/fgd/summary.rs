//! The final state of a full run, as its summary tells it.

use super::super::Difference;
use crate::experiment::{Setup, State};
use gpusched_core::cluster::Cluster;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::fragmentation::{CATEGORIES, fragment, idle};
use serde_json::Value;

type Check = Result<(), Difference>;

/// `Ok` when the numbers differ by no more than the tolerance.
pub(super) fn close(at: impl FnOnce() -> String, expected: f64, got: f64, tolerance: f64) -> Check {
    // The rounding of the printed decimals stands on the edge of the tolerance.
    if (expected - got).abs() <= tolerance + 1e-9 {
        Ok(())
    } else {
        Err(Difference::new(at(), expected, got))
    }
}

/// Compares every number of the summary that is known here.
pub(super) fn check_summary(
    summary: &Value,
    setup: &Setup,
    cluster: &Cluster,
    state: &State,
) -> Check {
    let Value::Object(recorded) = summary else {
        return Ok(());
    };
    for (key, expected) in recorded {
        let expected = expected.as_f64();
        if let (Some(expected), Some(got)) = (expected, final_value(key, setup, cluster, state)) {
            let tolerance = if key.ends_with("_pct") {
                1e-4
            } else {
                1e-9 * expected.abs()
            };
            close(|| format!("summary, {key}"), expected, got, tolerance)?;
        }
    }
    if let Value::Object(categories) = &summary["categories"] {
        for (name, got) in CATEGORIES.iter().zip(&state.fragmentation) {
            let expected = categories.get(*name).and_then(Value::as_f64).unwrap_or(0.0);
            let tolerance = 1e-6 + 1e-9 * expected.abs();
            close(|| format!("summary, {name}"), expected, *got, tolerance)?;
        }
    }
    Ok(())
}

/// A number of the summary as this run has it.
fn final_value(key: &str, setup: &Setup, cluster: &Cluster, state: &State) -> Option<f64> {
    let nodes = || (0..cluster.len()).map(|node| cluster.node(NodeId(node as u32)));
    let machines = setup.inventory.nodes();
    let total_milli = setup.inventory.gpus() as f64 * 1000.0;
    let allocated = 100.0 * state.used_milli as f64 / total_milli;
    let cpu_total: u64 = machines.iter().map(|node| node.cpu_milli).sum();
    let mem_total: u64 = machines.iter().map(|node| node.mem_mib).sum();
    let cpu_left: i64 = nodes().map(|node| node.cpu()).sum();
    let mem_left: i64 = nodes().map(|node| node.mem()).sum();
    const MIB: f64 = 1_048_576.0;
    Some(match key {
        "alloc_pct" => allocated,
        "unallocated_pct" => 100.0 - allocated,
        "arrived_gpu_milli" => state.arrived_milli as f64,
        "cpu_milli_total" => cpu_total as f64,
        "cpu_milli_used" => (cpu_total as i64 - cpu_left) as f64,
        "mem_bytes_total" => mem_total as f64 * MIB,
        "mem_bytes_used" => (mem_total as i64 - mem_left) as f64 * MIB,
        "failed" => state.failed as f64,
        "frag_gpu_milli" => fragment(&state.fragmentation),
        "idle_gpu_milli" => idle(&state.fragmentation),
        "gpu_milli_total" => total_milli,
        "gpu_milli_used" => state.used_milli as f64,
        "gpus" => setup.inventory.gpus() as f64,
        "gpus_touched" => nodes()
            .map(|node| f64::from(node.gpus() - node.free_devices()))
            .sum(),
        "nodes" => cluster.len() as f64,
        "pods" => setup.pods.len() as f64,
        "power_cpu_w" => state.power.0 as f64,
        "power_gpu_w" => state.power.1 as f64,
        "specs" => {
            let mut shapes = setup.pods.clone();
            shapes.sort_unstable();
            shapes.dedup();
            shapes.len() as f64
        }
        "typical_pods" => setup.measure.typical().classes().len() as f64,
        _ => return None,
    })
}
