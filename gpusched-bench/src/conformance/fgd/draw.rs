//! The order in which a run's pods come and its nodes stand: what the sweep draws for its seed.

use super::super::Difference;
use super::openb::Trace;
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_sim::sweep::FgdDraw;

/// What every recorded run was tuned to: GPUs asked for, over those there are.
const SHARE: f64 = 1.3;

/// Compares the draws of a seed with the recorded pods, in order, and nodes, by rank.
pub(super) fn check(
    seed: u64,
    trace: &Trace,
    pods: &[String],
    ranked: &Inventory,
) -> Result<(), Difference> {
    let drawn = FgdDraw::new(&trace.work, ranked, SHARE, seed);
    let at = || "number of pods".to_owned();
    Difference::check(at, pods.len(), drawn.jobs.len())?;
    for (seq, (pod, &job)) in pods.iter().zip(&drawn.jobs).enumerate() {
        let name = trace.work.name(JobId(job));
        let name = match seq.checked_sub(trace.work.len()) {
            None => name,
            Some(copy) => format!("{name}-tuned-{copy}"),
        };
        Difference::check(|| format!("pod {seq}"), pod.clone(), name)?;
    }
    for (rank, &node) in drawn.machines.iter().enumerate() {
        let name = |node: usize| ranked.nodes()[node].name.clone();
        let at = || format!("node of rank {rank}");
        Difference::check(at, name(rank), name(node as usize))?;
    }
    Ok(())
}
