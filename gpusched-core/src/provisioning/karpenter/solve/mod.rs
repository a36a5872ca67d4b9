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
//! | `template.rs`, `limits.rs` | pools as templates of nodes, daemon pods, and what limits leave |
//! | `seat.rs`, `classes.rs` | a node's labels, and all that follows from them, once for equal ones |
//! | `claim.rs`, `existing.rs` | whether a pod can join a node that is to be made, or one that is there |
//! | `claims.rs`, `order.rs` | which of the nodes to be made a pod joins, fewest pods first |
//! | `types.rs`, `bits.rs`, `amounts.rs` | which types hold how much; sets as bits, resources as vectors |
//! | `filter.rs` | which instance types are left, and which filter removed the others |
//! | `topology.rs`, `stated.rs`, `universe.rs` | spread, affinity and anti-affinity: who counts where |
//! | `group.rs`, `hosts.rs` | one such constraint and its counts, by domain and by host |
//! | `reservations.rs` | reserved capacity, held as long as it may be used |
//! | `explain.rs` | what every place says to one pod |
//!
//! What makes it fast, and decides nothing (`tests/plain` decides the same without any of it): nodes
//! to be made that differ only in host name are one class; instance types are bits, and those with
//! room for a request are found by searching one sorted list a resource; hosts are numbers; who
//! refused a pod for good is not asked again by its like; the order of claims is kept, not sorted.
//!
//! Where upstream depends on the order of a Go map or of an unstable sort, the order here is
//! written: domains of equal count go by name, a group without pods begins in the first domain by
//! name, claims with equally many pods keep the order they had, types of equal price go by name.

mod amounts;
mod bits;
mod claim;
mod claims;
mod classes;
mod error;
mod existing;
mod explain;
mod filter;
mod group;
mod hosts;
mod limits;
mod order;
mod problem;
mod relax;
mod reservations;
mod seat;
mod spec;
mod stated;
mod template;
mod topology;
mod types;
mod universe;

pub use error::SolveError;
pub use explain::{Explanation, Place, Trial, explain};
pub use filter::Filtered;
pub(super) use filter::too_few;
pub use problem::{NewNode, Problem, Reserved, Solution, SolveOptions};
pub(super) use spec::alternatives;

use super::Requirements;
use super::objects::NodeType;
use crate::provisioning::Price;
use amounts::Units;
use claim::{Claim, Context};
use claims::{Claims, Marks};
use classes::Classes;
use existing::Existing;
use limits::Limits;
use reservations::Reservations;
use spec::{SpecId, Specs};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;
use template::Template;
use topology::Topology;
use types::Types;

/// Solves a problem.
///
/// O(pods × (nodes + claims)), a few nanoseconds each where a node has refused the like for good,
/// and for every pod that joins a claim O(resources × (log types + types/64)).
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
    Solver::new(problem).run()
}

struct Solver<'p> {
    problem: &'p Problem,
    units: Rc<Units>,
    types: Types<'p>,
    classes: Classes<'p>,
    specs: Specs,
    topology: Topology<'p>,
    reservations: Reservations,
    templates: Vec<Template<'p>>,
    /// Of the templates.
    limits: Vec<Limits<'p>>,
    existing: Vec<Existing<'p>>,
    /// Nodes that refused a spec for good, by spec.
    refused: Vec<Marks>,
    claims: Claims,
    tolerate_prefer: bool,
    /// The pod that is asked about, and what is known of it.
    watched: Option<(usize, Explanation)>,
}

impl<'p> Solver<'p> {
    fn new(problem: &'p Problem) -> Solver<'p> {
        let well_known = problem.options.well_known.iter();
        let well_known: Vec<&str> = well_known.map(String::as_str).collect();
        let units = Rc::new(Units::new(problem));
        let types = Types::new(problem, &units);
        let mut classes = Classes::new(well_known);
        let templates = template::all(problem, &units, &types, &mut classes);
        let mut topology = Topology::new(problem);
        let existing = existing::all(problem, &units, &mut classes, &mut topology);
        let limits = templates.iter().map(|one| Limits::new(one.pool, problem));
        Solver {
            limits: limits.collect(),
            specs: Specs::new(problem.options.respect_preferences, Rc::clone(&units)),
            reservations: Reservations::new(&problem.types),
            tolerate_prefer: template::any_prefers(&problem.pools),
            refused: Vec::new(),
            claims: Claims::default(),
            watched: None,
            problem,
            units,
            types,
            classes,
            topology,
            templates,
            existing,
        }
    }

    fn run(mut self) -> Solution {
        let solution = self.solve();
        self.finish(solution)
    }

    /// Puts every pod where it can go, and says of the others why they go nowhere.
    fn solve(&mut self) -> Solution {
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
        solution
    }

    /// Places a pod, giving up one preference after the other.
    fn place_or_relax(&mut self, pod: usize, mut id: SpecId) -> Result<(), SolveError> {
        loop {
            self.topology.own(self.specs.get(id));
            self.topology.catch_up(self.specs.get(id));
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
        self.watch(pod, id);
        let spec = self.specs.get(id);
        if self.refused.len() <= spec.id {
            self.refused.resize(spec.id + 1, Marks::default());
        }
        let refused = &mut self.refused[spec.id];
        let waiting = self.problem.pods[pod].waiting;
        for (index, node) in self.existing.iter_mut().enumerate() {
            if refused.has(index) || (node.node.closed && !waiting) {
                continue;
            }
            match node.try_add(pod, spec, &mut self.classes, &mut self.topology) {
                Ok(()) => return Ok(()),
                Err(refusal) if refusal.for_good() => refused.mark(index),
                Err(_) => {}
            }
        }
        let mut context = Context {
            problem: self.problem,
            units: &self.units,
            types: &self.types,
            classes: &mut self.classes,
            topology: &mut self.topology,
            reservations: &mut self.reservations,
        };
        if self.claims.place(pod, spec, &self.templates, &mut context) {
            return Ok(());
        }
        if self.templates.is_empty() {
            return Err(SolveError::NoTemplate);
        }
        let mut errors = Vec::new();
        for (index, template) in self.templates.iter().enumerate() {
            let limits = &mut self.limits[index];
            let made = limits
                .within(&template.types, self.problem)
                .and_then(|types| {
                    let number = self.claims.all.len();
                    let claim = Claim::new(index, number, template, types, &mut context);
                    claim.started(pod, spec, template, &mut context)
                });
            match made {
                Ok(claim) => {
                    limits.charge(&claim.types, self.problem);
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

    fn finish(mut self, mut solution: Solution) -> Solution {
        let mut context = Context {
            problem: self.problem,
            units: &self.units,
            types: &self.types,
            classes: &mut self.classes,
            topology: &mut self.topology,
            reservations: &mut self.reservations,
        };
        for claim in self.claims.all {
            let template = &self.templates[claim.template];
            match claim.finish(template, &mut context) {
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
