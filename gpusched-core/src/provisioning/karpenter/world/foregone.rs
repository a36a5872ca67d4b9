//! What can be told of a question without a solve.

use super::super::likes::Like;
use super::super::sieve::Load;
use super::super::snapshot::asked;
use super::{Question, World};
use crate::provisioning::Price;
use crate::provisioning::controller::{MachineId, View};

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
            let pods = self.is_plain().then(|| asked(view, others));
            let rooms = self.nodes.iter().map(|(id, node)| (*id, &node.room));
            self.likes.ask(pods, &mut self.kinds, rooms);
        }
        self.likes.of(*id, view, &mut self.kinds)
    }

    /// Whether emptying these machines is out of the question: the pods that have no room on any
    /// machine that stays, is initialized and open would need a node no cheaper than `price`.
    /// O(kinds of pods on them), once what is asked about kinds is known.
    pub(in super::super) fn is_hopeless(
        &mut self,
        view: &View,
        question: Question<'_>,
        price: Price,
    ) -> bool {
        if !self.shortcuts {
            return false;
        }
        let emptied = question.emptied;
        let loads = emptied.iter().filter_map(|id| self.nodes.get(id));
        let mut load = sum(loads.map(|node| &node.load));
        let (nodes, kinds, vacancies) = (&self.nodes, &self.kinds, &mut self.vacancies);
        let sieve = &mut self.sieve;
        load.retain(|(kind, _)| {
            let roomy = vacancies.of(*kind, kinds, nodes);
            let takes = |id: &&MachineId| {
                !question.closes(id) && view.machines[id].is_initialized(view.now)
            };
            let with_room = || roomy.iter().filter(takes).copied();
            !sieve.has_place(*kind, emptied, with_room)
        });
        if load.is_empty() {
            return false;
        }
        let least = sieve.least_price(&load, &mut self.kinds, &self.problem);
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
