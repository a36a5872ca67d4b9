//! What a replay is made with: the policies, and in which order things of one instant happen.

use gpusched_core::cluster::{CapacityError, Cluster};
use gpusched_core::gpu::mig::repartition::Repartition;
use gpusched_core::gpu::mig::repartition::costs::Costs;
use gpusched_core::hazard::Hazard;
use gpusched_core::performance::{Ideal, Performance};
use gpusched_core::placement::Placement;
use gpusched_core::provisioning::{Provisioning, Static};
use gpusched_core::queueing::Queueing;
use serde::{Deserialize, Serialize};

/// What happens first when several things happen at one instant.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    /// All finishes, then all submissions, then one scheduling pass.
    #[default]
    Batched,
    /// Submissions one by one, then finishes one by one (earliest start first), with a pass after
    /// each. A job believed to end at this instant already counts as gone.
    PerEvent,
}

impl Discipline {
    /// The name used in scenarios, tables and files.
    pub const fn name(self) -> &'static str {
        match self {
            Discipline::Batched => "batched",
            Discipline::PerEvent => "per-event",
        }
    }
}

/// A role broke its contract.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A placement policy proposed a place that cannot hold the pod.
    #[error("placement policy `{policy}` proposed an impossible place for job {job}: {cause}")]
    Placement {
        /// The policy.
        policy: String,
        /// The job.
        job: String,
        /// What is wrong with the place.
        cause: CapacityError,
    },
    /// More machines of one kind were launched than there are places for.
    #[error("no place is left for another machine of type {block}")]
    Full {
        /// Which block of places.
        block: usize,
    },
}

/// The policies of a replay.
pub struct Roles {
    /// Who is next.
    pub queueing: Box<dyn Queueing>,
    /// Where it goes.
    pub placement: Box<dyn Placement>,
    /// Which machines exist.
    pub provisioning: Box<dyn Provisioning>,
    /// How fast it runs.
    pub performance: Box<dyn Performance>,
    /// What ends it before its time; `None` = nothing does.
    pub hazard: Option<Box<dyn Hazard>>,
    /// Who cuts the GPUs that only a repartitioner changes.
    pub repartition: Option<Box<dyn Repartition>>,
    /// What creating and destroying MIG instances costs.
    pub costs: Costs,
}

impl Roles {
    /// Queueing and placement as given, machines as the inventory says, ideal performance, no
    /// hazards and no repartitioner.
    pub fn new(
        queueing: Box<dyn Queueing>,
        placement: Box<dyn Placement>,
        cluster: &Cluster,
    ) -> Roles {
        Roles {
            queueing,
            placement,
            provisioning: Box::new(Static::new(cluster.inventory())),
            performance: Box::new(Ideal),
            hazard: None,
            repartition: None,
            costs: Costs::default(),
        }
    }
}
