//! Domains that nodes could be made in.

use super::super::{Operator, Requirement, Requirements};
use super::Problem;
use crate::kube::Taint;
use std::collections::BTreeMap;

/// Domains by label, as far as somebody asked, each with the taints of the pools that can make
/// nodes in it.
pub(super) struct Universe<'p> {
    problem: &'p Problem,
    known: BTreeMap<String, Domains<'p>>,
}

type Domains<'p> = BTreeMap<String, Vec<&'p [Taint]>>;

impl<'p> Universe<'p> {
    pub(super) fn new(problem: &'p Problem) -> Universe<'p> {
        Universe {
            problem,
            known: BTreeMap::new(),
        }
    }

    /// Domains of a label; O(pools × types × values) once.
    pub(super) fn of(&mut self, key: &str) -> &Domains<'p> {
        let problem = self.problem;
        let known = self.known.entry(key.to_owned());
        known.or_insert_with(|| domains(problem, key))
    }
}

/// Values of a label that pools and types together allow, and those pools list. Where some pool
/// makes nodes without taints in a domain, only that pool matters.
fn domains<'p>(problem: &'p Problem, key: &str) -> Domains<'p> {
    let mut domains = Domains::new();
    let mut insert = |requirement: &Requirement, taints: &'p [Taint]| {
        for value in requirement.values() {
            match domains.get_mut(value) {
                None => drop(domains.insert(value.clone(), vec![taints])),
                Some(known) if taints.is_empty() => *known = vec![taints],
                Some(known) if known[0].is_empty() || known.contains(&taints) => {}
                Some(known) => known.push(taints),
            }
        }
    };
    for pool in &problem.pools {
        let mut of_pool = pool.requirements.clone();
        of_pool.extend(Requirements::of_labels(&pool.labels).iter().cloned());
        let of_pool = of_pool.get(key);
        for of in &problem.types {
            match (of_pool, of.requirements.get(key)) {
                (Some(pool_has), Some(of)) => insert(&of.intersection(pool_has), &pool.taints),
                (None, Some(one)) => insert(one, &pool.taints),
                (Some(one), None) => insert(one, &pool.taints),
                (None, None) => {}
            }
        }
        let listed = of_pool.filter(|one| one.operator() == Operator::In);
        listed.into_iter().for_each(|one| insert(one, &pool.taints));
    }
    domains
}
