//! PodDisruptionBudgets (`policy/v1`): which pods are not evicted now (`pkg/utils/pdb`).

use super::objects::PodSpec;
use crate::ids::JobId;
use crate::kube::{Effect, LabelSelector, Taint};
use crate::provisioning::controller::{Machine, ViewPod};
use std::collections::BTreeSet;

/// The taint of nodes that are being disrupted: a pod that tolerates it is never evicted.
const DISRUPTED: &str = "karpenter.sh/disrupted";

/// A PodDisruptionBudget.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodDisruptionBudget {
    /// Its namespace: pods of others are none of its business.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which pods it is about; `None` = none, an empty one = all of the namespace.
    pub selector: Option<LabelSelector>,
    /// How many of them may be evicted now (`status.disruptionsAllowed`).
    pub allowed: u32,
    /// Whether it never lets one go: `maxUnavailable` 0 or 0 %, or `minAvailable` 100 %. Room is not
    /// made elsewhere for such pods.
    pub blocking: bool,
    /// Pods it does not hold, by job and index: they are not ready, and its
    /// `unhealthyPodEvictionPolicy` is `AlwaysAllow`.
    pub exempt: BTreeSet<(JobId, u32)>,
}

/// What keeps a pod from being evicted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held<'a> {
    /// The one budget it is under.
    By(&'a PodDisruptionBudget),
    /// It is under several, which the eviction API does not take.
    BySeveral(Vec<&'a PodDisruptionBudget>),
}

impl PodDisruptionBudget {
    /// Namespace and name.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether it is about a pod.
    fn covers(&self, pod: &PodSpec) -> bool {
        let selects = |selector: &LabelSelector| selector.matches(&pod.labels);
        self.namespace == pod.namespace && self.selector.as_ref().is_some_and(selects)
    }
}

/// What keeps the first pod of a machine that may not be evicted now: every budget must let at
/// least one of its pods go; that several pods are under one is not asked about. O(pods × budgets).
pub(super) fn held<'a>(machine: &Machine, all: &'a [PodDisruptionBudget]) -> Option<Held<'a>> {
    if all.is_empty() {
        return None;
    }
    let mut pods = machine.pods.iter().map(|one| &one.pod);
    pods.find_map(|pod| by(pod, all, |budget| budget.allowed == 0))
}

/// Whether a pod has to be placed elsewhere when its node goes: one that will not be evicted as far
/// as anybody knows does not (`IsCurrentlyReschedulable`). O(budgets).
pub fn is_reschedulable(pod: &ViewPod, all: &[PodDisruptionBudget]) -> bool {
    !pod.keep && by(pod, all, |budget| budget.blocking).is_none()
}

fn by<'a>(
    pod: &ViewPod,
    all: &'a [PodDisruptionBudget],
    stops: impl Fn(&PodDisruptionBudget) -> bool,
) -> Option<Held<'a>> {
    // In a replay there are none, and every pod is asked about in every round.
    if pod.keep || all.is_empty() {
        return None;
    }
    let taint = Taint {
        key: DISRUPTED.into(),
        value: String::new(),
        effect: Effect::NoSchedule,
    };
    let stays = pod.spec.tolerations.iter().any(|one| one.tolerates(&taint));
    if stays {
        return None;
    }
    let over: Vec<&PodDisruptionBudget> = all.iter().filter(|one| one.covers(&pod.spec)).collect();
    match over.as_slice() {
        [] => None,
        [only] => {
            let exempt = only.exempt.contains(&(pod.job, pod.index));
            (!exempt && stops(only)).then_some(Held::By(only))
        }
        _ => Some(Held::BySeveral(over)),
    }
}
