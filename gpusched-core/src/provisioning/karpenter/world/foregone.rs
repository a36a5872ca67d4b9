//! What can be told of a question without a solve.

use super::super::sieve::Load;
use super::super::snapshot::{From, asked};
use super::{Question, World};
use crate::kube::Effect;
use crate::provisioning::Price;
use crate::provisioning::controller::{MachineId, View, ViewPod};
use std::collections::BTreeMap;

impl World {
    /// A new round of questions begins.
    pub(in super::super) fn new_round(&mut self) {
        self.sieve.new_round(self.availability);
        self.vacancies.new_round();
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
        let mut load: BTreeMap<usize, u32> = BTreeMap::new();
        for (kind, count) in emptied
            .iter()
            .filter_map(|id| self.nodes.get(id))
            .flat_map(|one| &one.load)
        {
            *load.entry(*kind).or_insert(0) += count;
        }
        let (nodes, kinds, vacancies) = (&self.nodes, &self.kinds, &mut self.vacancies);
        let sieve = &mut self.sieve;
        load.retain(|kind, _| {
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
        let load: Load = load.into_iter().collect();
        let least = sieve.least_price(&load, &mut self.kinds, &self.problem);
        least.is_none_or(|least| least >= price)
    }

    /// Whether emptying these machines would put some of their pods on machines that take none yet,
    /// which is as bad as no place at all; `false` if only a solve can tell.
    pub(in super::super) fn is_unready(&mut self, view: &View, question: Question<'_>) -> bool {
        let mut taints = self.problem.pools.iter().flat_map(|pool| &pool.taints);
        let prefers = taints.any(|taint| taint.effect == Effect::PreferNoSchedule);
        if !self.shortcuts || self.apart > 0 || prefers || !self.problem.daemons.is_empty() {
            return false;
        }
        let pods = asked(view, question);
        let kinds = &mut self.kinds;
        let plain = |(pod, _): &(&ViewPod, From)| {
            let kind = kinds.of(&pod.spec);
            kinds.get(kind).plain
        };
        if !pods.iter().all(plain) {
            return false;
        }
        self.vacancies
            .is_unready(view, pods, question, &mut self.kinds, &self.nodes)
    }
}
