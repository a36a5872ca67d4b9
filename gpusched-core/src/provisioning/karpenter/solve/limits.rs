//! What the limits of pools leave.

use super::super::labels::NODEPOOL;
use super::super::objects::NodePool;
use super::bits::Bits;
use super::{Problem, SolveError};
use crate::kube::{Labels, Resources};

/// What the limits of a pool leave; none: it has no limits.
pub(super) struct Limits<'p> {
    pool: &'p NodePool,
    left: Option<Resources>,
}

impl<'p> Limits<'p> {
    /// Limits less what the pool's nodes have.
    pub(super) fn new(pool: &'p NodePool, problem: &Problem) -> Limits<'p> {
        let of_pool = |labels: &Labels| labels.get(NODEPOOL) == Some(&pool.name);
        let mut left = pool.limits.clone();
        for node in problem.nodes.iter().filter(|_| pool.limits.is_some()) {
            if !of_pool(&node.labels) {
                continue;
            }
            for (resource, left) in left.iter_mut().flatten() {
                let has = match resource.as_str() {
                    "nodes" => 1,
                    _ => node.capacity.get(resource).copied().unwrap_or(0),
                };
                *left = left.saturating_sub(has);
            }
        }
        Limits { pool, left }
    }

    /// The types that would break no limit.
    ///
    /// Nodes planned in this solve count with what they have, but are not counted: the limit on
    /// `nodes` is one on nodes that are there, as upstream.
    pub(super) fn within(&self, types: &Bits, problem: &Problem) -> Result<Bits, SolveError> {
        let Some(left) = &self.left else {
            return Ok(types.clone());
        };
        if left.get("nodes") == Some(&0) {
            return Err(SolveError::NodeLimit(self.pool.name.clone()));
        }
        let within = |one: usize| {
            let capacity = &problem.types[one].capacity;
            let has = |resource: &String| capacity.get(resource).copied().unwrap_or(0);
            left.iter().all(|(resource, left)| has(resource) <= *left)
        };
        let within = Bits::of(problem.types.len(), |one| types.has(one) && within(one));
        match within.is_empty() {
            true => Err(SolveError::Limits(self.pool.name.clone())),
            false => Ok(within),
        }
    }

    /// Takes the most any of these types could have off what is left.
    pub(super) fn charge(&mut self, types: &Bits, problem: &Problem) {
        for (resource, left) in self.left.iter_mut().flatten() {
            let has = |one: usize| problem.types[one].capacity.get(resource).copied();
            let most = types.iter().filter_map(has).max().unwrap_or(0);
            *left = left.saturating_sub(most);
        }
    }
}
