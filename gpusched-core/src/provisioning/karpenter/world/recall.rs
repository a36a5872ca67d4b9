//! A question answered without a solve of its own: plain pods go to machines as [`Vacancies`] has
//! it, and nodes are made for the rest as [`Recipes`] remembers.
//!
//! [`Vacancies`]: super::super::vacancies::Vacancies
//! [`Recipes`]: super::super::recipes::Recipes

use super::super::snapshot::{From, asked, name_of};
use super::super::vacancies::Turn;
use super::{Answer, Homeless, NoHome, Question, World};
use crate::kube::Effect;
use crate::provisioning::controller::View;

impl World {
    /// What a solve would answer; `None` if only a solve can tell.
    /// O(pods × (log pods + machines with room)).
    pub(super) fn recall(&mut self, view: &View, question: Question<'_>) -> Option<Answer> {
        if !self.is_plain() {
            return None;
        }
        let reserved = self.reserved_for(question);
        let pods = asked(view, question).into_iter().enumerate();
        let kinds = &mut self.kinds;
        let mut turns: Vec<Turn> = pods
            .map(|(index, (pod, from))| Turn::new(index, pod, from, kinds))
            .collect();
        if !turns.iter().all(|one| kinds.get(one.kind).plain) {
            return None;
        }
        Turn::sort(&mut turns, kinds);
        let nodes = &self.nodes;
        let seating = self.vacancies.seat(view, &turns, question, kinds, nodes);
        let early = seating.early.iter().map(|(pod, id)| {
            let node = nodes[id].existing.name.clone();
            (pod.id, NoHome::Uninitialized(node))
        });
        let mut homeless: Vec<_> = early.collect();
        let mut claims = Vec::new();
        if !seating.rest.is_empty() {
            let problem = &mut self.problem;
            problem.options.reserved = reserved;
            let rest = seating.rest.iter().map(|one| one.kind).collect();
            let recipe = self.recipes.of(rest, kinds, problem, self.availability);
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
            placed: seating.placed.into_iter().collect(),
            homeless: first.map(|(id, why)| Homeless {
                pod: name_of(id),
                why,
            }),
        })
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
