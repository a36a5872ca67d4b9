//! What does not go together, refused before anything is replayed.

use super::{DEFAULT_DEVICE_POLICY, ReplayError, ReplayOptions};
use crate::diagnostic::Diagnostic;
use gpusched_core::cluster::{Inventory, MigMode};
use gpusched_core::placement::mig::MigPlacement;
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::queueing::Queueing;
use gpusched_core::workload::Workload;

pub(super) fn asks_mig(work: &Workload) -> bool {
    work.shapes().iter().any(|shape| shape.mig.is_some())
}

pub(super) fn asks_locality(work: &Workload) -> bool {
    let sets = work.specs().iter().flat_map(|spec| &spec.pod_sets);
    sets.into_iter().any(|set| set.locality.within.is_some())
}

/// Refuses policies that cannot be right where jobs ask for instances.
pub(super) fn check_mig(
    work: &Workload,
    inventory: &Inventory,
    queueing: &dyn Queueing,
    instances: &dyn MigPlacement,
) -> Result<(), ReplayError> {
    if !asks_mig(work) || !inventory.has_mig() {
        return Ok(());
    }
    if queueing.plans_on_totals() {
        let problem = format!(
            "`{}` plans with totals of the cluster, and free slots say little about MIG instances",
            queueing.name()
        );
        return Err(ReplayError::Sharing(
            Diagnostic::new(problem).help("choose `easy`, `fifo-greedy`, or another that does not"),
        ));
    }
    let on_demand = inventory
        .nodes()
        .iter()
        .any(|node| node.mig == MigMode::OnDemand);
    if on_demand && !instances.creates() {
        let creating = mig_placements()
            .map(|info| info.name)
            .filter(|name| mig_placement(name).is_ok_and(|policy| policy.creates()));
        let problem = format!(
            "`{}` uses instances that stand, and under `mig:dynamic` none stands at first",
            instances.name()
        );
        return Err(ReplayError::Sharing(Diagnostic::new(problem).help(
            format!(
                "cut the GPUs with a layout, `mig:batched`, or choose one of: {}",
                creating.collect::<Vec<_>>().join(", ")
            ),
        )));
    }
    Ok(())
}

/// Refuses queueing policies that plan with machines that may not be there.
pub(super) fn check_provisioning(
    provisioning: &str,
    queueing: &dyn Queueing,
) -> Result<(), ReplayError> {
    if provisioning == "static" || !queueing.plans_on_totals() {
        return Ok(());
    }
    let problem = format!(
        "`{}` plans with totals of the cluster, and under `{provisioning}` machines come and go",
        queueing.name()
    );
    Err(ReplayError::Sharing(Diagnostic::new(problem).help(
        "choose `easy`, `fifo-greedy`, or another that does not",
    )))
}

/// Refuses what does not go with a placement policy that evicts, and gives out cells itself.
pub(super) fn check_evicting(
    work: &Workload,
    options: &ReplayOptions,
    queueing: &dyn Queueing,
) -> Result<(), ReplayError> {
    let refuse = |problem: String, help: &str| {
        let problem = Diagnostic::new(problem).help(help);
        Err(ReplayError::Sharing(problem))
    };
    let placement = &options.placement;
    if queueing.plans_ahead() {
        let problem = format!(
            "`{}` plans with the ends of running jobs, and `{placement}` with virtual clusters may \
             evict them",
            queueing.name()
        );
        return refuse(
            problem,
            "choose `fifo`, `fifo-greedy`, `sjf`, `ljf` or `priority`",
        );
    }
    if options.device_policy != DEFAULT_DEVICE_POLICY {
        let problem = format!(
            "`{placement}` with virtual clusters chooses the GPUs of a node itself, and \
             `device-policy: {}` would choose others",
            options.device_policy
        );
        return refuse(problem, "leave the device policy out");
    }
    if asks_mig(work) {
        let problem = format!(
            "some jobs ask for MIG instances, and the cells of `{placement}` are whole GPUs"
        );
        return refuse(problem, "leave such jobs or the virtual clusters out");
    }
    Ok(())
}
