//! The roles of a replay, made from their names.

use super::checks::{asks_locality, asks_mig, check_evicting, check_mig, check_provisioning};
use super::{DEFAULT_DEVICE_POLICY, MakePolicy, ReplayError, ReplayOptions};
use crate::engine::Roles;
use crate::sharing::mig::MigSharing;
use gpusched_core::cluster::{Cluster, Inventory};
use gpusched_core::gpu::mig::repartition::repartition;
use gpusched_core::performance::{Both, Variability};
use gpusched_core::placement::device::Chooser;
use gpusched_core::placement::device::registry::device_policy;
use gpusched_core::placement::kube_scheduler::{
    KubeScheduler, Profile as SchedulerProfile, Release, TieBreak,
};
use gpusched_core::placement::mig::registry::mig_placement;
use gpusched_core::placement::registry::{PlacementContext, placement};
use gpusched_core::placement::{Placement, WithDevices, WithLocality, WithMig};
use gpusched_core::provisioning::registry::provisioning;
use gpusched_core::queueing::registry::queueing;
use gpusched_core::workload::Workload;

/// What is replayed: the jobs as the trace has them, the jobs and machines as they are under the
/// sharing mode, and the state of these machines.
pub(super) struct Stage<'a> {
    pub(super) recorded: &'a Workload,
    pub(super) work: &'a Workload,
    pub(super) inventory: &'a Inventory,
    pub(super) cluster: &'a Cluster,
}

/// The roles, and the names that queueing and placement have in results.
pub(super) struct Cast {
    pub(super) roles: Roles,
    pub(super) queueing: String,
    pub(super) placement: String,
}

/// Makes the roles, and refuses what does not go together.
pub(super) fn cast(
    stage: &Stage<'_>,
    options: &ReplayOptions,
    rented: Option<MakePolicy<'_>>,
) -> Result<Cast, ReplayError> {
    let &Stage {
        recorded,
        work,
        inventory,
        cluster,
    } = stage;
    let queueing = queueing(&options.queueing)?;
    let context = PlacementContext {
        work,
        inventory,
        seed: options.seed,
    };
    let placement = match Release::named(&options.placement) {
        Some(release) => Box::new(KubeScheduler::new(&scheduler(options, release))),
        None => placement(&options.placement, &context)?,
    };
    let devices = device_policy(&options.device_policy)?;
    let instances = mig_placement(&options.mig_placement)?;
    check_mig(work, inventory, queueing.as_ref(), instances.as_ref())?;
    check_provisioning(&options.provisioning, queueing.as_ref())?;
    if placement.may_evict() {
        check_evicting(work, options, queueing.as_ref())?;
    }
    let names = (queueing.name(), placement.name());
    // The lowest-numbered devices are what policies take anyway.
    let placement: Box<dyn Placement> = match options.device_policy == DEFAULT_DEVICE_POLICY {
        true => placement,
        false => Box::new(WithDevices::new(
            placement,
            Chooser::new(devices, inventory),
        )),
    };
    let placement: Box<dyn Placement> = match asks_mig(work) {
        true => Box::new(WithMig::new(placement, instances)),
        false => placement,
    };
    let placement: Box<dyn Placement> = match asks_locality(work) && !placement.honours_locality() {
        true => Box::new(WithLocality::new(placement, inventory)),
        false => placement,
    };
    let mut roles = Roles::new(queueing, placement, cluster);
    roles.performance =
        options
            .sharing
            .performance(recorded, work, inventory, options.profile.as_ref());
    roles.provisioning = match rented {
        Some(policy) => Box::new(policy(work, inventory)?),
        None => provisioning(
            &options.provisioning,
            inventory,
            &options.provisioning_options,
        )?,
    };
    let network = options
        .network
        .performance(work, inventory, &options.job_profiles);
    let variability = Variability::new(inventory).map(|model| Box::new(model) as Box<_>);
    for model in [network, variability].into_iter().flatten() {
        roles.performance = match roles.performance.name().as_str() {
            "ideal" => model,
            _ => Box::new(Both::new(roles.performance, model)),
        };
    }
    roles.hazard = options.risks.hazard(&options.sharing, recorded, inventory);
    if cluster.awaits_repartition() {
        roles.repartition = Some(repartition(
            MigSharing::Batched.repartition(),
            &roles.costs,
        )?);
    }
    Ok(Cast {
        roles,
        queueing: names.0,
        placement: names.1,
    })
}

/// The profile of kube-scheduler: as configured, under the rules of a release.
fn scheduler(options: &ReplayOptions, release: Release) -> SchedulerProfile {
    let configured = options.scheduler.as_deref().cloned().unwrap_or_default();
    let mut profile = configured.under(release, options.seed);
    let ties = options.scheduler_ties.as_deref();
    if let Some(ties) = ties.and_then(|name| TieBreak::named(name, options.seed)) {
        profile.ties = ties;
    }
    profile
}
