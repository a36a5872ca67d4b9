//! PodDisruptionBudgets (`policy/v1`).

use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::selector;
use crate::manifest::meta::Meta;
use gpusched_core::kube::LabelSelector;
use serde_json::Value;

/// A PodDisruptionBudget as manifests have it.
#[derive(Clone, Debug, PartialEq)]
pub struct StatePodBudget {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which pods it is about; `None` = none.
    pub selector: Option<LabelSelector>,
    /// How many may be evicted now, as its status says; `None` = there is no status.
    pub allowed: Option<u32>,
    /// Whether pods that are not ready may always be evicted.
    pub unready_may_go: bool,
    pub(super) least: Least,
}

/// How many pods have to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    /// So many, `minAvailable`.
    Stay(Count),
    /// All but so many, `maxUnavailable`; 1 where nothing is said.
    AllBut(Count),
}

/// A number, or a share of all pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Number(u32),
    Percent(u32),
}

impl Count {
    /// Of so many; shares round up.
    fn of(self, pods: u32) -> u32 {
        match self {
            Count::Number(number) => number,
            Count::Percent(share) => (u64::from(pods) * u64::from(share)).div_ceil(100) as u32,
        }
    }
}

impl StatePodBudget {
    /// Whether it never lets a pod go, however many there are: the three ways in which Karpenter
    /// looks for that (`minAvailable` as a number is none of them).
    pub fn blocking(&self) -> bool {
        matches!(
            self.least,
            Least::AllBut(Count::Number(0) | Count::Percent(0)) | Least::Stay(Count::Percent(100))
        )
    }

    /// How many of its pods may be evicted where its status does not say: those that are healthy
    /// above those that have to stay, as the disruption controller of Kubernetes counts, with the
    /// pods there are for those there should be.
    ///
    /// ```
    /// use gpusched_sim::manifest::KarpenterManifests;
    /// let manifests = KarpenterManifests::parse([(
    ///     "pdb.yaml",
    ///     "apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: serve}
    /// spec: {maxUnavailable: 20%, selector: {}}
    /// ",
    /// )]);
    /// let budget = &manifests.state().pod_budgets[0];
    /// // A fifth of 7 pods is 2, rounded up; one is down already.
    /// assert_eq!((budget.room(7, 7), budget.room(7, 6), budget.room(0, 0)), (2, 1, 0));
    /// ```
    pub fn room(&self, pods: u32, healthy: u32) -> u32 {
        let stay = match self.least {
            Least::Stay(count) => count.of(pods),
            Least::AllBut(count) => pods.saturating_sub(count.of(pods)),
        };
        healthy.saturating_sub(stay)
    }
}

/// A PodDisruptionBudget.
pub(super) fn pod_budget(at: &At<'_, '_>) -> Read<StatePodBudget> {
    let meta = Meta::read(at)?;
    let spec = at.field("spec");
    spec.only(&[&[
        "minAvailable",
        "maxUnavailable",
        "selector",
        "unhealthyPodEvictionPolicy",
    ]])?;
    let (least, most) = (spec.field("minAvailable"), spec.field("maxUnavailable"));
    let least = match (count(&least)?, count(&most)?) {
        (Some(_), Some(_)) => {
            let fault = most.fault("a budget has `minAvailable` or `maxUnavailable`, not both");
            return Err(fault.help("take one of them out"));
        }
        (Some(stay), None) => Least::Stay(stay),
        (None, Some(go)) => Least::AllBut(go),
        (None, None) => Least::AllBut(Count::Number(1)),
    };
    let policy = spec.field("unhealthyPodEvictionPolicy");
    let policies = [("IfHealthyBudget", false), ("AlwaysAllow", true)];
    let status = at.field("status");
    let allowed = status.field("disruptionsAllowed");
    let known = allowed.i64()?.map(|number| {
        u32::try_from(number).map_err(|_| allowed.fault(format!("{number} evictions cannot be")))
    });
    Ok(StatePodBudget {
        namespace: match meta.namespace.as_str() {
            "" => "default".to_owned(),
            given => given.to_owned(),
        },
        name: meta.name,
        selector: selector(spec.field("selector"))?,
        allowed: known.transpose()?,
        unready_may_go: policy.choice(&policies)?.unwrap_or(false),
        least,
    })
}

/// A number of pods, or a share such as `50%`.
fn count(at: &At<'_, '_>) -> Read<Option<Count>> {
    let wrong = |said: String| {
        let fault = at.fault(format!("`{said}` is no number of pods"));
        fault.help("write a number such as 1, or a share from \"0%\" to \"100%\"")
    };
    match at.value() {
        None => Ok(None),
        Some(Value::String(text)) => {
            let share = text.strip_suffix('%').and_then(|share| share.parse().ok());
            let share = share.filter(|share| *share <= 100).map(Count::Percent);
            share.map(Some).ok_or_else(|| wrong(text.clone()))
        }
        Some(other) => {
            let number = other.as_u64().and_then(|number| u32::try_from(number).ok());
            let number = number.map(Count::Number);
            number.map(Some).ok_or_else(|| wrong(other.to_string()))
        }
    }
}
