//! The controllers of nodes, by name.

use super::Cloud;
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::policy::PolicyInfo;
use gpusched_core::provisioning::cluster_autoscaler::expander::{Expander, Priorities};
use gpusched_core::provisioning::cluster_autoscaler::{
    ClusterAutoscaler, Limited, NodeGroup, Options,
};
use gpusched_core::provisioning::controlled::GPU;
use gpusched_core::provisioning::controller::Controller;
use gpusched_core::provisioning::karpenter::disruption::Order;
use gpusched_core::provisioning::karpenter::objects::NodeType;
use gpusched_core::provisioning::karpenter::{Karpenter, KarpenterOptions, Pool, SolveOptions};
use gpusched_core::provisioning::oracle::{self, Oracle};

/// The one whose bill is a bound.
pub(super) const ORACLE: &str = "oracle";

pub(super) const KARPENTER: &str = "karpenter";

/// What may follow its name after `:`, and in which order candidates of a disruption come then.
const RELEASES: [(&str, Order); 2] = [("v1.14", Order::V1_14), ("v1.13", Order::V1_13)];

/// Followed by `:` and expanders with `+` between, if others are wanted than its default.
pub(super) const CLUSTER_AUTOSCALER: &str = "cluster-autoscaler";

/// What controllers are told of pools and groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    /// Karpenter's.
    pub(super) pools: Vec<Pool>,
    /// Cluster Autoscaler's.
    pub(super) groups: Vec<NodeGroup>,
    /// What its `priority` expander prefers.
    pub(super) priorities: Priorities,
    /// What its flags say; `None` = its defaults.
    pub(super) options: Option<Options>,
}

static INFOS: [PolicyInfo; 3] = [
    PolicyInfo {
        name: KARPENTER,
        summary: "Karpenter v1.14.1: machines bought for pods that wait, and consolidated",
        rule: "Pods that wait are batched (1 s idle, at most 10 s), packed onto nodes that are \
               there and then onto new ones of the pools, bought as cheaply as the provider has \
               them; nodes that are empty, or whose pods would do with fewer or cheaper ones, go: \
               those first that save most for what moving their pods costs; karpenter:v1.13 as until \
               then, those first whose pods cost least to move.",
        source: "kubernetes-sigs/karpenter v1.14.1, karpenter-provider-aws",
    },
    PolicyInfo {
        name: CLUSTER_AUTOSCALER,
        summary: "Cluster Autoscaler 1.36.1: node groups that grow for pods that wait, and shrink",
        rule: "Every 10 s, and at once after it did something: pods that wait and fit nowhere are \
               packed onto nodes of each group that could grow; the expander (least-waste, or those \
               after a colon, such as cluster-autoscaler:price) chooses one group, which grows. Nodes \
               that are used less than half and whose pods fit elsewhere for 10 min go.",
        source: "kubernetes/autoscaler, cluster-autoscaler-1.36.1",
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
    match name.split_once(':') {
        None if is_rented(name) => Ok(()),
        Some((CLUSTER_AUTOSCALER, chain)) => expanders(chain).map(|_| ()),
        Some((KARPENTER, release)) => order(release).map(|_| ()),
        _ => Err(unknown(name)),
    }
}

fn unknown(name: &str) -> Box<Diagnostic> {
    let kind = name.split(':').next().unwrap_or(name);
    Diagnostic::new(format!("there is no provisioning policy `{name}`"))
        .help(format!("`{kind}` takes nothing after its name"))
}

/// The order of candidates in a release of Karpenter.
fn order(release: &str) -> Result<Order> {
    let known = RELEASES.iter().find(|(name, _)| *name == release);
    known.map(|(_, order)| *order).ok_or_else(|| {
        let names = RELEASES.map(|(name, _)| name).join(" and ");
        Diagnostic::new(format!("Karpenter's `{release}` is not modelled")).help(format!(
            "choose from {names}: in which order nodes are consolidated"
        ))
    })
}

/// The expanders of a chain, such as `priority+least-waste`.
fn expanders(chain: &str) -> Result<Vec<Expander>> {
    let one = |name: &str| {
        Expander::named(name).ok_or_else(|| {
            let names = Expander::ALL.map(Expander::name);
            let help = match did_you_mean(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("choose from {}; several with + between", names.join(", ")),
            };
            Diagnostic::new(format!("Cluster Autoscaler has no expander `{name}`")).help(help)
        })
    };
    chain.split('+').map(one).collect()
}

/// Makes the controller of that name.
pub(super) fn controller(
    cloud: &Cloud,
    name: &str,
    types: &[NodeType],
    replicas: i64,
    seed: u64,
) -> Result<Box<dyn Controller>> {
    check_rented(name)?;
    Ok(match name.split_once(':') {
        None if name == ORACLE => Box::<Oracle>::default(),
        None if name == KARPENTER => {
            Box::new(karpenter(cloud, Order::default(), types, replicas, seed))
        }
        Some((KARPENTER, release)) => {
            Box::new(karpenter(cloud, order(release)?, types, replicas, seed))
        }
        chain => {
            let chain = chain.map(|(_, chain)| expanders(chain)).transpose()?;
            Box::new(cluster_autoscaler(cloud, chain, types, replicas, seed)?)
        }
    })
}

fn karpenter(
    cloud: &Cloud,
    order: Order,
    types: &[NodeType],
    replicas: i64,
    seed: u64,
) -> Karpenter {
    let mut pools = cloud.groups.pools.clone();
    for pool in &mut pools {
        let limits = pool.template.limits.as_mut();
        if let Some(gpus) = limits.and_then(|all| all.get_mut(GPU)) {
            *gpus *= replicas;
        }
    }
    // Labels of the provider's types are well known.
    let keys = types.iter().flat_map(|of| of.requirements.iter());
    let mut well_known: Vec<String> = keys.map(|one| one.key().to_owned()).collect();
    well_known.sort_unstable();
    well_known.dedup();
    Karpenter::new(KarpenterOptions {
        pools,
        solve: SolveOptions {
            well_known,
            ..SolveOptions::default()
        },
        order,
        pod_grace: cloud.pod_grace,
        seed,
        ..KarpenterOptions::default()
    })
}

fn cluster_autoscaler(
    cloud: &Cloud,
    chain: Option<Vec<Expander>>,
    types: &[NodeType],
    replicas: i64,
    seed: u64,
) -> Result<ClusterAutoscaler> {
    let mut options = Options {
        priorities: cloud.groups.priorities.clone(),
        seed,
        ..cloud.groups.options.clone().unwrap_or_default()
    };
    if let Some(chain) = chain {
        options.expanders = chain;
    }
    for limit in &mut options.limits {
        if matches!(limit.of, Limited::Gpu(_)) {
            limit.min = limit.min.saturating_mul(replicas);
            limit.max = limit.max.saturating_mul(replicas);
        }
    }
    // Prices are per whole GPU.
    options.pod_prices.gpu /= replicas as f64;
    ClusterAutoscaler::new(options, cloud.groups.groups.clone(), types)
        .map_err(|error| Diagnostic::new(error.to_string()))
}
