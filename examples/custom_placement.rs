//! A placement policy of your own, replayed on the built-in trace beside `first-fit`.
//!
//! ```sh
//! cargo run --release --example custom_placement
//! ```

use gpusched_core::cluster::{Ask, Cluster, NodeView};
use gpusched_core::ids::JobId;
use gpusched_core::placement::{FirstFit, NodeScore, Placement, Score, Scored};
use gpusched_core::queueing::FifoGreedy;
use gpusched_core::units::Span;
use gpusched_sim::engine::{Discipline, Engine, Roles};
use gpusched_sim::trace::ReadOptions;
use gpusched_sim::trace::build::{load_inventory, load_workload};

/// Keeps big GPUs for big jobs: a pod goes where the least device memory is wasted on it, and
/// among such nodes to the fullest.
struct SmallestGpu;

impl NodeScore for SmallestGpu {
    fn name(&self) -> &'static str {
        "smallest-gpu"
    }

    fn score(&mut self, node: NodeView<'_>, _ask: &Ask) -> Score {
        let device_gib = (node.describe().gpu_mem_mib / 1024) as i32;
        let idle_milli = node.gpu_left() as i32;
        Score::plain(-(device_gib * 100_000 + idle_milli))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let trace = concat!(env!("CARGO_MANIFEST_DIR"), "/../traces/sample");
    let options = ReadOptions::default();
    let (work, _) = load_workload(trace, &options)?;
    let (inventory, _) = load_inventory(trace, &options)?;
    let policies: [Box<dyn Placement>; 2] =
        [Box::new(FirstFit), Box::new(Scored::one(SmallestGpu))];
    for placement in policies {
        let name = placement.name();
        let cluster = Cluster::new(inventory.clone(), work.shapes());
        let roles = Roles::new(Box::<FifoGreedy>::default(), placement, &cluster);
        let mut engine = Engine::new(&work, cluster, roles, Discipline::Batched);
        engine.run()?;
        let waits = (0..work.len())
            .map(|job| JobId(job as u32))
            .filter_map(|job| {
                let start = engine.records().start(job)?;
                Some((start - work.job(job).submit).0)
            });
        let mean = Span(waits.sum::<i64>() / work.len() as i64);
        println!("{name}: mean wait {:.0} s", mean.as_secs_f64());
    }
    Ok(())
}
