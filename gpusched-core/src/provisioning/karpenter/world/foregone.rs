//! What can be told of a question without a solve.

use super::super::likes::Like;
use super::super::sieve::Load;
use super::super::snapshot::asked;
use super::{Question, World};
use crate::provisioning::Price;
use crate::provisioning::controller::View;
use std::collections::BTreeSet;

impl World {
    /// A new round of questions begins.
    pub(in super::super) fn new_round(&mut self) {
        self.sieve.new_round(self.availability);
        self.vacancies.new_round();
        self.likes.new_round();
        self.standing = None;
    }

    /// What a machine is like, if what comes of emptying it comes of emptying its like.
    pub(in super::super) fn like(&mut self, view: &View, question: Question<'_>) -> Option<Like> {
        let [id] = question.emptied else { return None };
        if self.likes.is_unknown() {
            let others = Question {
                emptied: &[],
                ..question
            };
            let pods = self
                .is_plain()
                .then(|| asked(view, others, &self.pod_budgets));
            let rooms = self.nodes.iter().map(|(id, node)| (*id, &node.room));
            let shut = self
                .booting
                .iter()
                .chain(question.closed.into_iter().flatten());
            self.likes.ask(pods, &mut self.kinds, rooms, shut.copied());
        }
        self.likes.of(*id)
    }

    /// Whether emptying these machines is out of the question: the pods for which machines that
    /// stay, are initialized and open have no room would need a node no cheaper than `price`.
    /// O(kinds of pods on them), once what is asked about kinds is known.
    pub(in super::super) fn is_hopeless(&mut self, question: Question<'_>, price: Price) -> bool {
        if !self.shortcuts {
            return false;
        }
        let emptied = question.emptied;
        let loads = emptied.iter().filter_map(|id| self.nodes.get(id));
        let mut load = sum(loads.map(|node| &node.load));
        let (nodes, kinds, vacancies) = (&self.nodes, &self.kinds, &mut self.vacancies);
        let nobody = BTreeSet::new();
        let shut = [&self.booting, question.closed.unwrap_or(&nobody)];
        load.retain_mut(|(kind, count)| {
            let spare = vacancies.spare(*kind, emptied, shut, kinds, nodes);
            *count = count.saturating_sub(u32::try_from(spare).unwrap_or(u32::MAX));
            *count > 0
        });
        if load.is_empty() {
            return false;
        }
        let least = self
            .sieve
            .least_price(&load, &mut self.kinds, &self.problem);
        least.is_none_or(|least| least >= price)
    }
}

/// All of them together.
fn sum<'l>(mut loads: impl Iterator<Item = &'l Load>) -> Load {
    let mut sum = loads.next().cloned().unwrap_or_default();
    for (kind, count) in loads.flatten() {
        match sum.iter_mut().find(|(known, _)| known == kind) {
            Some((_, sum)) => *sum += count,
            None => sum.push((*kind, *count)),
        }
    }
    sum.sort_unstable();
    sum
}
