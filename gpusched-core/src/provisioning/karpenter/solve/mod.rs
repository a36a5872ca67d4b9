//! One solve: which pod goes where, and which nodes have to be made for it.
//!
//! Rules of `pkg/controllers/provisioning/scheduling` at v1.14.1. Not modelled: volumes, and devices
//! of dynamic resource allocation (which upstream ignores by default).
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the queue and its loop |
//! | `problem.rs`, `error.rs` | what goes in and comes out; why a pod goes nowhere |
//! | `spec.rs` | a pod's wishes, worked out once for all pods that want the same |
//! | `relax.rs` | which preference is given up next |
//! | `template.rs` | pools as templates of nodes, their limits, and daemon pods |
//! | `claim.rs`, `existing.rs` | whether a pod can join a node that is to be made, or one that is there |
//! | `amounts.rs` | resources as dense vectors |
//! | `filter.rs` | which instance types are left, and which filter removed the others |
//! | `topology.rs`, `group.rs` | spread, affinity and anti-affinity: who counts where |
//! | `reservations.rs` | reserved capacity, held as long as it may be used |
//!
//! Where upstream depends on the order of a Go map or of an unstable sort, the order here is
//! written: domains of equal count go by name, a group without pods begins in the first domain by
//! name, claims with equally many pods keep the order they had, types of equal price go by name.

mod amounts;
mod claim;
mod error;
mod existing;
mod filter;
mod group;
mod problem;
mod relax;
mod reservations;
mod spec;
mod template;
mod topology;

pub use error::SolveError;
pub use filter::Filtered;
pub(super) use filter::too_few;
pub use problem::{NewNode, Problem, Reserved, Solution, SolveOptions};

use super::Requirements;
use super::objects::NodeType;
use crate::provisioning::Price;
use amounts::{Amounts, Units};
use claim::{Claim, CompatCache, Context};
use existing::Existing;
use reservations::Reservations;
use spec::{SpecId, Specs};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;
use template::Template;
use topology::Topology;

/// Solves a problem.
///
/// O(pods × (nodes + claims)) checks, of which those that once failed for good are not made again,
/// and for every pod that joins a claim O(instance types).
///
/// ```
/// use gpusched_core::provisioning::catalog::*;
/// use gpusched_core::provisioning::karpenter::objects::*;
/// use gpusched_core::provisioning::karpenter::{Problem, solve};
/// use gpusched_core::provisioning::Price;
/// let four = InstanceType {
///     name: "four".into(),
///     capacity: [("cpu".into(), 4000), ("pods".into(), 10)].into(),
///     allocatable: [("cpu".into(), 4000), ("pods".into(), 10)].into(),
///     offerings: vec![Offering {
///         zone: "a".into(),
///         capacity_type: CapacityType::OnDemand,
///         price: Price::parse("0.4").unwrap(),
///         available: true,
///         reservation: None,
///     }],
///     ..InstanceType::default()
/// };
/// let pod = |name: &str| Pod {
///     name: name.into(),
///     uid: name.into(),
///     spec: PodSpec { requests: [("cpu".into(), 2000)].into(), ..PodSpec::default() },
///     ..Pod::default()
/// };
/// let solution = solve(&Problem {
///     pools: vec![NodePool { name: "default".into(), ..NodePool::default() }],
///     types: vec![NodeType::from(&four)],
///     pods: vec![pod("a"), pod("b"), pod("c")],
///     ..Problem::default()
/// });
/// let pods: Vec<usize> = solution.claims.iter().map(|claim| claim.pods.len()).collect();
/// assert_eq!(pods, [2, 1]);
/// ```
pub fn solve(problem: &Problem) -> Solution {
    Solver::new(problem, true).run()
}

struct Solver<'p> {
    problem: &'p Problem,
    well_known: Vec<&'p str>,
    units: Rc<Units>,
    allocatable: Vec<Amounts>,
    compat: CompatCache,
    specs: Specs,
    topology: Topology<'p>,
    reservations: Reservations,
    templates: Vec<Template<'p>>,
    existing: Vec<Existing<'p>>,
    claims: Vec<Claim>,
    /// The claims, fewest pods first.
    order: Vec<usize>,
    tolerate_prefer: bool,
    /// Whether claims remember whom they refused for good; decisions do not depend on it.
    remember: bool,
}

impl<'p> Solver<'p> {
    fn new(problem: &'p Problem, remember: bool) -> Solver<'p> {
        let well_known: Vec<&str> = problem
            .options
            .well_known
            .iter()
            .map(String::as_str)
            .collect();
        let units = Rc::new(Units::new(problem));
        let allocatable: Vec<Amounts> = problem
            .types
            .iter()
            .map(|one| units.dense(&one.allocatable))
            .collect();
        let templates = template::all(problem, &units, &allocatable, &well_known);
        let mut topology = Topology::new(problem);
        let existing = existing::all(problem, &units, &mut topology);
        Solver {
            specs: Specs::new(problem.options.respect_preferences, Rc::clone(&units)),
            reservations: Reservations::new(&problem.types),
            tolerate_prefer: template::any_prefers(&problem.pools),
            compat: CompatCache::default(),
            order: Vec::new(),
            claims: Vec::new(),
            problem,
            remember,
            well_known,
            units,
            allocatable,
            topology,
            templates,
            existing,
        }
    }

    fn run(mut self) -> Solution {
        let pods = &self.problem.pods;
        let ids: Vec<SpecId> = pods
            .iter()
            .map(|pod| self.specs.intern(&pod.spec))
            .collect();
        for id in &ids {
            self.topology.own(self.specs.get(*id));
        }
        let amount = |index: &usize, resource| {
            let requests = &pods[*index].spec.requests;
            requests.get(resource).copied().unwrap_or(0)
        };
        let mut order: Vec<usize> = (0..pods.len()).collect();
        order.sort_by_cached_key(|index| {
            let pod = &pods[*index];
            let size = (amount(index, "cpu"), amount(index, "memory"));
            (Reverse(size), pod.created, pod.uid.clone())
        });
        let mut queue = VecDeque::from(order);
        let mut last_length = vec![0; pods.len()];
        let mut solution = Solution::default();
        while let Some(pod) = queue.pop_front() {
            // Once around without progress.
            if last_length[pod] == queue.len() + 1 {
                break;
            }
            match self.place_or_relax(pod, ids[pod]) {
                Ok(()) => {
                    solution.errors.remove(&pod);
                }
                Err(error) => {
                    solution.errors.insert(pod, error);
                    queue.push_back(pod);
                    last_length[pod] = queue.len();
                }
            }
        }
        self.finish(solution)
    }

    /// Places a pod, giving up one preference after the other.
    fn place_or_relax(&mut self, pod: usize, mut id: SpecId) -> Result<(), SolveError> {
        loop {
            self.topology.own(self.specs.get(id));
            let error = match self.place(pod, id) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let deferred = matches!(&error, SolveError::Reserved(_))
                || matches!(&error, SolveError::Pools(all)
                    if all.iter().any(|(_, one)| matches!(one, SolveError::Reserved(_))));
            let relaxed = match deferred {
                true => None,
                false => self.specs.relaxed(id, self.tolerate_prefer),
            };
            match relaxed {
                Some(next) => id = next,
                None => return Err(error),
            }
        }
    }

    fn place(&mut self, pod: usize, id: SpecId) -> Result<(), SolveError> {
        let spec = self.specs.get(id);
        let waiting = self.problem.pods[pod].waiting;
        for node in &mut self.existing {
            let open = waiting || !node.node.closed;
            if open && node.try_add(pod, spec, &mut self.topology).is_ok() {
                return Ok(());
            }
        }
        // Stable, and all but one claim are in order already.
        let claims = &self.claims;
        self.order.sort_by_key(|claim| claims[*claim].pods.len());
        let mut context = Context {
            problem: self.problem,
            well_known: &self.well_known,
            units: &self.units,
            allocatable: &self.allocatable,
            reservations: &mut self.reservations,
            topology: &mut self.topology,
            compat: &mut self.compat,
            remember: self.remember,
        };
        for &index in &self.order {
            let claim = &mut self.claims[index];
            let template = &self.templates[claim.template];
            if claim
                .try_add(pod, spec, template, &mut context, false)
                .is_ok()
            {
                return Ok(());
            }
        }
        if self.templates.is_empty() {
            return Err(SolveError::NoTemplate);
        }
        let mut errors = Vec::new();
        for (index, template) in self.templates.iter_mut().enumerate() {
            let relax = self.problem.options.relax_min_values;
            let made = template.within_limits(self.problem).and_then(|types| {
                let mut claim = Claim::new(index, self.claims.len(), template, types, &self.units);
                claim.try_add(pod, spec, template, &mut context, relax)?;
                Ok(claim)
            });
            match made {
                Ok(claim) => {
                    template.charge(&claim.types, self.problem);
                    self.order.push(self.claims.len());
                    self.claims.push(claim);
                    return Ok(());
                }
                Err(error) => {
                    let stop = matches!(error, SolveError::Reserved(_));
                    errors.push((template.pool.name.clone(), error));
                    if stop {
                        break;
                    }
                }
            }
        }
        Err(SolveError::Pools(errors))
    }

    fn finish(self, mut solution: Solution) -> Solution {
        for claim in self.claims {
            let template = &self.templates[claim.template];
            match claim.finish(template, self.problem, &self.units, &self.well_known) {
                Ok(node) => solution.claims.push(node),
                Err((pods, error)) => {
                    for pod in pods {
                        solution.errors.insert(pod, error.clone());
                    }
                }
            }
        }
        for node in self.existing {
            if !node.pods.is_empty() {
                solution.placed.insert(node.index, node.pods);
            }
        }
        solution
    }
}

/// The cheapest price at which a type can be had under requirements.
fn cheapest(of: &NodeType, requirements: &Requirements, well_known: &[&str]) -> Option<Price> {
    of.offerings
        .iter()
        .filter(|one| one.offering.available && filter::offers(one, requirements, well_known))
        .map(|one| one.offering.price)
        .min()
}

#[cfg(test)]
mod tests;
