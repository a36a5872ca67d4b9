//! A question answered without a solve of its own: plain pods go to machines as [`Vacancies`] has
//! it, and nodes are made for the rest as [`Recipes`] remembers.
//!
//! [`Vacancies`]: super::super::vacancies::Vacancies
//! [`Recipes`]: super::super::recipes::Recipes

use super::super::launch::allows;
use super::super::recipes::Recipe;
use super::super::room::Room;
use super::super::snapshot::{From, asked, moved, name_of};
use super::super::vacancies::{Seating, Turn};
use super::{Answer, Homeless, NoHome, Question, World};
use crate::kube::Effect;
use crate::provisioning::Price;
use crate::provisioning::catalog::CapacityType;
use crate::provisioning::controller::{View, ViewPod};
use std::sync::Arc;

impl World {
    /// What a solve would answer; `None` if only a solve can tell.
    /// O(pods × (log pods + machines with room)).
    pub(super) fn recall(&mut self, view: &View, question: Question<'_>) -> Option<Answer> {
        let (seating, recipe) = self.walk(view, question, None)?;
        let early = seating.early.iter().map(|(pod, id)| {
            let node = self.nodes[id].existing.name.clone();
            (pod.id, NoHome::Uninitialized(node))
        });
        let mut homeless: Vec<_> = early.collect();
        let mut claims = Vec::new();
        if let Some(recipe) = recipe {
            let lost = recipe.errors.iter().map(|(turn, error)| {
                let why = NoHome::Unschedulable(Box::new(error.clone()));
                (&seating.rest[*turn], why)
            });
            let lost = lost.filter(|(pod, _)| pod.from != From::Queue);
            homeless.extend(lost.map(|(pod, why)| (pod.id, why)));
            claims.clone_from(&recipe.claims);
            for pod in claims.iter_mut().flat_map(|node| &mut node.pods) {
                *pod = seating.rest[*pod].index;
            }
        }
        let first = homeless.into_iter().min_by_key(|(id, _)| *id);
        Some(Answer {
            claims,
            placed: seating.placed,
            homeless: first.map(|(id, why)| Homeless {
                pod: name_of(id),
                why,
            }),
        })
    }

    /// Whether a solve would say that these machines, which cost `price` together and are on spot
    /// or not, are better left: their pods need several nodes, or one that is no cheaper, or would
    /// have to wait. `false` if only a solve can tell. As [`World::recall`].
    pub(in super::super) fn is_futile(
        &mut self,
        view: &View,
        question: Question<'_>,
        price: Price,
        spot: bool,
    ) -> bool {
        let most = self.sieve.most(&mut self.kinds, &self.problem).clone();
        let Some((seating, recipe)) = self.walk(view, question, Some(&most)) else {
            return false;
        };
        if seating.futile {
            return true;
        }
        let Some(recipe) = recipe else { return false };
        let mut lost = recipe.errors.keys().map(|turn| &seating.rest[*turn]);
        match recipe.claims.as_slice() {
            _ if lost.any(|pod| pod.from != From::Queue) => true,
            [] => false,
            // Spot nodes are replaced by other rules.
            [node] if spot && allows(&node.requirements, CapacityType::Spot) => false,
            [_] => recipe.floor.is_none_or(|floor| floor >= price),
            _ => true,
        }
    }

    /// Where plain pods go, and what is made for those that no machine takes; `None` if there are
    /// others. With `most`, only if something can come of it.
    fn walk(
        &mut self,
        view: &View,
        question: Question<'_>,
        most: Option<&Room>,
    ) -> Option<(Seating, Option<Arc<Recipe>>)> {
        if !self.is_plain() {
            return None;
        }
        let reserved = self.reserved_for(question);
        let kinds = &mut self.kinds;
        let mut turns = |from: usize, pods: Vec<(&ViewPod, From)>| {
            let pods = (from..).zip(pods);
            let mut turns: Vec<Turn> = pods
                .map(|(index, (pod, from))| Turn::new(index, pod, from, kinds))
                .collect();
            Turn::sort(&mut turns);
            turns
        };
        let standing = self.standing.get_or_insert_with(|| {
            let others = Question {
                emptied: &[],
                ..question
            };
            turns(0, asked(view, others, &self.pod_budgets))
        });
        let moved = turns(standing.len(), moved(view, question, &self.pod_budgets));
        let all = standing.iter().chain(&moved);
        if !all.clone().all(|one| self.kinds.get(one.kind).plain) {
            return None;
        }
        let mut turns: Vec<Turn> = all.copied().collect();
        Turn::sort(&mut turns);
        let (kinds, nodes) = (&self.kinds, &self.nodes);
        let seats = &mut self.vacancies;
        let seating = seats.seat(view, &turns, question, most, (kinds, nodes));
        let solved = !seating.futile && !seating.rest.is_empty();
        let recipe = solved.then(|| {
            let problem = &mut self.problem;
            problem.options.reserved = reserved;
            let rest = seating.rest.iter().map(|one| one.kind).collect();
            self.recipes.of(rest, kinds, problem, self.availability)
        });
        Some((seating, recipe))
    }

    /// Whether machines and pools are such that plain pods can be placed without a solve: no pod
    /// must be apart from others, no taint may be given in to, no daemon set or limit takes part.
    pub(super) fn is_plain(&self) -> bool {
        let mut taints = self.problem.pools.iter().flat_map(|pool| &pool.taints);
        self.shortcuts
            && self.apart == 0
            && self.problem.daemons.is_empty()
            && self.limits.iter().all(Option::is_none)
            && !taints.any(|taint| taint.effect == Effect::PreferNoSchedule)
    }
}
