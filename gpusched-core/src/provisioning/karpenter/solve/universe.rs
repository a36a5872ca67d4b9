//! Domains that nodes could be made in.

use super::super::{Operator, Requirement, Requirements};
use super::Problem;
use crate::kube::Taint;
use std::collections::BTreeMap;

/// Domains by label, each with the taints of the pools that can make nodes in it.
pub(super) type Universe<'p> = BTreeMap<String, BTreeMap<String, Vec<&'p [Taint]>>>;

/// Domains nodes could be made in: values of labels that pools and types together allow, and those
/// pools list. Where some pool makes nodes without taints in a domain, only that pool matters.
pub(super) fn universe(problem: &Problem) -> Universe<'_> {
    let mut universe = Universe::new();
    let mut insert = |requirement: &Requirement, taints| {
        let domains = universe.entry(requirement.key().to_owned()).or_default();
        for value in requirement.values() {
            let known: &mut Vec<&[Taint]> = domains.entry(value.clone()).or_default();
            if <[Taint]>::is_empty(taints) {
                *known = vec![taints];
            } else if known.first().is_none_or(|first| !first.is_empty()) {
                known.push(taints);
            }
        }
    };
    for pool in &problem.pools {
        let mut of_pool = pool.requirements.clone();
        of_pool.extend(Requirements::of_labels(&pool.labels).iter().cloned());
        for of in &problem.types {
            let both = of_pool.intersection(&of.requirements);
            both.iter().for_each(|one| insert(one, &pool.taints));
        }
        let listed = of_pool.iter().filter(|one| one.operator() == Operator::In);
        listed.for_each(|one| insert(one, &pool.taints));
    }
    universe
}
