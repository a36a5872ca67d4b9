//! The controllers of nodes, by name.

use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::policy::PolicyInfo;
use gpusched_core::provisioning::controlled::PRODUCT;
use gpusched_core::provisioning::controller::Controller;
use gpusched_core::provisioning::karpenter::objects::NodeType;
use gpusched_core::provisioning::karpenter::{Karpenter, KarpenterOptions, Pool, SolveOptions};
use gpusched_core::provisioning::oracle::{self, Oracle};
use std::sync::Arc;

/// The one whose bill is a bound.
pub(super) const ORACLE: &str = "oracle";

/// The resource of limits that is counted in GPUs.
const GPU: &str = "nvidia.com/gpu";

/// What controllers are told of pools and groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// Karpenter's.
    pub(super) pools: Vec<Pool>,
}

static INFOS: [PolicyInfo; 2] = [
    PolicyInfo {
        name: "karpenter",
        summary: "Karpenter v1.14.1: machines bought for pods that wait, and consolidated",
        rule: "Pods that wait are batched (1 s idle, at most 10 s), packed onto nodes that are \
               there and then onto new ones of the pools, bought as cheaply as the provider has \
               them; nodes that are empty, or whose pods would do with fewer or cheaper ones, go.",
        source: "kubernetes-sigs/karpenter v1.14.1, karpenter-provider-aws",
    },
    oracle::INFO,
];

/// Policies that rent machines of a catalogue.
pub fn rented_policies() -> &'static [PolicyInfo] {
    &INFOS
}

/// Whether a provisioning policy rents machines of a catalogue, whatever follows its name.
pub fn is_rented(name: &str) -> bool {
    let kind = name.split(':').next().unwrap_or(name);
    INFOS.iter().any(|info| info.name == kind)
}

/// Checks the name of such a policy.
///
/// # Errors
/// When what follows the name means nothing.
pub fn check_rented(name: &str) -> Result<()> {
    match name {
        ORACLE | "karpenter" => Ok(()),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Box<Diagnostic> {
    let kind = name.split(':').next().unwrap_or(name);
    Diagnostic::new(format!("there is no provisioning policy `{name}`"))
        .help(format!("`{kind}` takes nothing after its name"))
}

/// Makes the controller of that name.
pub(super) fn controller(
    name: &str,
    groups: &Groups,
    types: &Arc<Vec<NodeType>>,
    replicas: i64,
    seed: u64,
) -> Result<Box<dyn Controller>> {
    match name {
        ORACLE => Ok(Box::<Oracle>::default()),
        "karpenter" => Ok(Box::new(karpenter(groups, types, replicas, seed))),
        _ => Err(unknown(name)),
    }
}

fn karpenter(groups: &Groups, types: &[NodeType], replicas: i64, seed: u64) -> Karpenter {
    let mut pools = groups.pools.clone();
    for pool in &mut pools {
        if let Some(gpus) = pool
            .template
            .limits
            .as_mut()
            .and_then(|all| all.get_mut(GPU))
        {
            *gpus *= replicas;
        }
    }
    // Labels of the provider's types are well known.
    let keys = types.iter().flat_map(|of| of.requirements.iter());
    let mut well_known: Vec<String> = keys.map(|one| one.key().to_owned()).collect();
    well_known.push(PRODUCT.into());
    well_known.sort_unstable();
    well_known.dedup();
    Karpenter::new(KarpenterOptions {
        pools,
        solve: SolveOptions {
            well_known,
            ..SolveOptions::default()
        },
        seed,
        ..KarpenterOptions::default()
    })
}
