//! Resources as dense vectors: a number per resource that anything in the problem names.

use super::Problem;
use crate::kube::Resources;
use std::collections::BTreeSet;

/// Which resource stands where.
pub(super) struct Units(Vec<String>);

/// Amounts in the order of [`Units`].
pub(super) type Amounts = Vec<i64>;

impl Units {
    pub(super) fn new(problem: &Problem) -> Units {
        let types = problem.types.iter().map(|one| &one.allocatable);
        let nodes = problem
            .nodes
            .iter()
            .flat_map(|one| [&one.available, &one.daemons]);
        let pods = problem.pods.iter().map(|one| &one.spec.requests);
        let daemons = problem.daemons.iter().map(|one| &one.requests);
        let all = types.chain(nodes).chain(pods).chain(daemons);
        let names: BTreeSet<&str> = all
            .flat_map(|resources| resources.keys().map(String::as_str))
            .chain(["pods"])
            .collect();
        Units(names.into_iter().map(str::to_owned).collect())
    }

    /// What is not named is 0.
    pub(super) fn dense(&self, resources: &Resources) -> Amounts {
        let amount = |name: &String| resources.get(name).copied().unwrap_or(0);
        self.0.iter().map(amount).collect()
    }

    /// Those that are not 0.
    pub(super) fn named(&self, amounts: &[i64]) -> Resources {
        let pairs = self.0.iter().zip(amounts);
        pairs
            .filter(|(_, amount)| **amount != 0)
            .map(|(name, amount)| (name.clone(), *amount))
            .collect()
    }
}

/// Whether a request fits; into an overdrawn total nothing does.
pub(super) fn fits(request: &[i64], total: &[i64]) -> bool {
    request
        .iter()
        .zip(total)
        .all(|(want, have)| *have >= 0 && want <= have)
}

/// Adds `more` to `sum`, saturating.
pub(super) fn add(sum: &mut [i64], more: &[i64]) {
    for (sum, more) in sum.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}
