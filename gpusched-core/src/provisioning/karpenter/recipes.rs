//! Which nodes are made for plain pods that no machine takes, solved once for pods of the same kinds.
//!
//! Machines that are there refuse such pods whatever becomes of them (see [`super::vacancies`]), and
//! without limits what pools may make does not depend on those machines. So the rest of a question
//! is a question of its own, which holds as long as pools and what can be had do.

use super::launch::worst_price;
use super::objects::Pod;
use super::room::Kinds;
use super::{NewNode, Problem, Reserved, SolveError, solve};
use crate::provisioning::Price;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most that is remembered.
const MOST: usize = 4096;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Recipes {
    availability: Option<u64>,
    known: FxHashMap<(Reserved, Vec<usize>), Arc<Recipe>>,
}

/// What is made for pods; they go by their number among them.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) claims: Vec<NewNode>,
    pub(super) errors: BTreeMap<usize, SolveError>,
    /// Of a single node: the least that any of its types costs when it costs most.
    pub(super) floor: Option<Price>,
}

impl Recipes {
    /// Pools say something else.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// What is made for pods of these kinds, in the order in which a solve takes them. Nodes and
    /// pods of `problem` are replaced.
    pub(super) fn of(
        &mut self,
        rest: Vec<usize>,
        kinds: &Kinds,
        problem: &mut Problem,
        availability: u64,
    ) -> Arc<Recipe> {
        if self.availability != Some(availability) || self.known.len() >= MOST {
            self.availability = Some(availability);
            self.forget();
        }
        let key = (problem.options.reserved, rest);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let pod = |(turn, kind): (usize, &usize)| Pod {
            created: turn as i64,
            spec: (*kinds.get(*kind).spec).clone(),
            ..Pod::default()
        };
        problem.nodes.clear();
        problem.pods = key.1.iter().enumerate().map(pod).collect();
        let solution = solve(problem);
        let floor = match solution.claims.as_slice() {
            [node] => floor(node, problem),
            _ => None,
        };
        let recipe = Arc::new(Recipe {
            claims: solution.claims,
            errors: solution.errors,
            floor,
        });
        self.known.insert(key, Arc::clone(&recipe));
        recipe
    }
}

fn floor(node: &NewNode, problem: &Problem) -> Option<Price> {
    let well_known = problem.options.well_known.iter();
    let well_known: Vec<&str> = well_known.map(String::as_str).collect();
    let types = node.types.iter().map(|of| &problem.types[*of]);
    let worst = types.filter_map(|of| worst_price(of, &node.requirements, &well_known));
    worst.min()
}
