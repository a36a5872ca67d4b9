//! The plain twin: the solve as its rules are written. Every pod asks every node anew; labels,
//! host names among them, are compared as strings; nothing is remembered, numbered or shared.

mod node;
mod topology;

use super::super::amounts::Units;
use super::super::classes::Classes;
use super::super::limits::Limits;
use super::super::reservations::Reservations;
use super::super::spec::{SpecId, Specs};
use super::super::template::{self, Template};
use super::super::types::Types;
use super::*;
use node::{Claim, Existing};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;
use topology::Topology;

pub(super) fn solve(problem: &Problem) -> Solution {
    Plain::new(problem).run()
}

struct Plain<'p> {
    world: World<'p>,
    specs: Specs,
    templates: Vec<Template<'p>>,
    limits: Vec<Limits<'p>>,
    existing: Vec<Existing<'p>>,
    claims: Vec<Claim>,
    /// The claims, fewest pods first.
    order: Vec<usize>,
}

/// What nodes are checked against.
struct World<'p> {
    problem: &'p Problem,
    well_known: Vec<&'p str>,
    units: Rc<Units>,
    types: Types<'p>,
    topology: Topology<'p>,
    reservations: Reservations,
}

impl<'p> Plain<'p> {
    fn new(problem: &'p Problem) -> Plain<'p> {
        let well_known = problem.options.well_known.iter().map(String::as_str);
        let units = Rc::new(Units::new(problem));
        let mut world = World {
            well_known: well_known.collect(),
            types: Types::new(problem, &units),
            topology: Topology::new(problem),
            reservations: Reservations::new(&problem.types),
            problem,
            units: Rc::clone(&units),
        };
        let mut classes = Classes::new(world.well_known.clone());
        let templates = template::all(problem, &units, &world.types, &mut classes);
        let limits = templates.iter().map(|one| Limits::new(one.pool, problem));
        Plain {
            limits: limits.collect(),
            existing: node::existing(&mut world),
            specs: Specs::new(problem.options.respect_preferences, units),
            claims: Vec::new(),
            order: Vec::new(),
            templates,
            world,
        }
    }

    fn run(mut self) -> Solution {
        let pods = &self.world.problem.pods;
        let ids: Vec<SpecId> = pods
            .iter()
            .map(|pod| self.specs.intern(&pod.spec))
            .collect();
        for id in &ids {
            self.world.topology.own(self.specs.get(*id));
        }
        let mut order: Vec<usize> = (0..pods.len()).collect();
        order.sort_by_key(|index| {
            let pod = &pods[*index];
            let amount = |resource| pod.spec.requests.get(resource).copied().unwrap_or(0);
            let size = (amount("cpu"), amount("memory"));
            (Reverse(size), pod.created, &pod.uid)
        });
        let mut queue = VecDeque::from(order);
        let mut last_length = vec![0; pods.len()];
        let mut solution = Solution::default();
        while let Some(pod) = queue.pop_front() {
            if last_length[pod] == queue.len() + 1 {
                break;
            }
            solution.errors.remove(&pod);
            if let Err(error) = self.place_or_relax(pod, ids[pod]) {
                solution.errors.insert(pod, error);
                queue.push_back(pod);
                last_length[pod] = queue.len();
            }
        }
        self.finish(solution)
    }

    fn place_or_relax(&mut self, pod: usize, mut id: SpecId) -> Result<(), SolveError> {
        let prefers = template::any_prefers(&self.world.problem.pools);
        loop {
            self.world.topology.own(self.specs.get(id));
            let Err(error) = self.place(pod, id) else {
                return Ok(());
            };
            let deferred = match &error {
                SolveError::Pools(all) => all
                    .iter()
                    .any(|(_, one)| matches!(one, SolveError::Reserved(_))),
                _ => false,
            };
            match self.specs.relaxed(id, prefers).filter(|_| !deferred) {
                Some(next) => id = next,
                None => return Err(error),
            }
        }
    }

    fn place(&mut self, pod: usize, id: SpecId) -> Result<(), SolveError> {
        let (spec, world) = (self.specs.get(id), &mut self.world);
        let waiting = world.problem.pods[pod].waiting;
        for node in &mut self.existing {
            if (waiting || !node.node.closed) && node.add(pod, spec, world).is_ok() {
                return Ok(());
            }
        }
        let claims = &mut self.claims;
        self.order.sort_by_key(|index| claims[*index].pods.len());
        for &index in &self.order {
            let template = &self.templates[claims[index].template];
            if claims[index].add(pod, spec, template, world, false).is_ok() {
                return Ok(());
            }
        }
        let mut errors = Vec::new();
        for (index, template) in self.templates.iter().enumerate() {
            let within = self.limits[index].within(&template.types, world.problem);
            let made = within.and_then(|types| {
                let mut claim = Claim::new(index, claims.len(), template, types, world);
                let relax = world.problem.options.relax_min_values;
                claim.add(pod, spec, template, world, relax)?;
                Ok(claim)
            });
            match made {
                Ok(claim) => {
                    self.limits[index].charge(&claim.bits(world), world.problem);
                    self.order.push(claims.len());
                    claims.push(claim);
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
        Err(match self.templates.is_empty() {
            true => SolveError::NoTemplate,
            false => SolveError::Pools(errors),
        })
    }

    fn finish(self, mut solution: Solution) -> Solution {
        for claim in self.claims {
            let template = &self.templates[claim.template];
            match claim.finish(template, &self.world) {
                Ok(node) => solution.claims.push(node),
                Err((pods, error)) => {
                    let errors = pods.into_iter().map(|pod| (pod, error.clone()));
                    solution.errors.extend(errors);
                }
            }
        }
        let used = self
            .existing
            .into_iter()
            .filter(|node| !node.pods.is_empty());
        solution.placed = used.map(|node| (node.index, node.pods)).collect();
        solution
    }
}
