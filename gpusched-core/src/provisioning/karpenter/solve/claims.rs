//! All nodes that are to be made, and which of them a pod joins.
//!
//! A pod goes to the first claim in order that takes it. To pass over thousands of claims at a few
//! nanoseconds each: a claim that refused a pod for good refuses all like it; claims of one class
//! share the answer on every label but the host name; and what is left is asked of host counts.

use super::claim::{Claim, Context};
use super::order::Order;
use super::seat::Narrowed;
use super::spec::Spec;
use super::template::Template;
use super::topology::Scope;

/// Nodes that are to be made.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) all: Vec<Claim>,
    order: Order,
    /// Claims that refused a spec for good, by spec.
    refused: Vec<Marks>,
    /// By class: when it was last asked, and what it said.
    answers: Vec<(u64, Option<Narrowed>)>,
    clock: u64,
}

/// Marks on numbers, as many as there may be.
#[derive(Clone, Default)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    pub(super) fn has(&self, one: usize) -> bool {
        self.0
            .get(one / 64)
            .is_some_and(|word| word >> (one % 64) & 1 == 1)
    }

    pub(super) fn mark(&mut self, one: usize) {
        if self.0.len() <= one / 64 {
            self.0.resize(one / 64 + 1, 0);
        }
        self.0[one / 64] |= 1 << (one % 64);
    }
}

impl Claims {
    /// Puts a pod on the first claim that takes it; whether one did.
    pub(super) fn place(
        &mut self,
        pod: usize,
        spec: &Spec,
        templates: &[Template<'_>],
        context: &mut Context<'_, '_>,
    ) -> bool {
        self.clock += 1;
        if self.refused.len() <= spec.id {
            self.refused.resize(spec.id + 1, Marks::default());
        }
        let minds_hosts = context.topology.minds_hosts(spec);
        for position in 0..self.all.len() {
            let index = self.order.claims()[position] as usize;
            if self.refused[spec.id].has(index) {
                continue;
            }
            let claim = &self.all[index];
            let template = &templates[claim.template];
            let alone = spec.names_host || claim.seat.host.is_none();
            let narrowed = match alone {
                true => self.ask(index, spec, template, Scope::All, context),
                false => self.ask_class(index, spec, template, context),
            };
            let Some(narrowed) = narrowed else { continue };
            let claim = &self.all[index];
            if minds_hosts && !alone {
                let labels = context.classes.requirements(narrowed.class);
                let hosts = context
                    .topology
                    .narrow(spec, labels, claim.seat.host, Scope::Hosts);
                if let Err(unmet) = hosts {
                    if unmet.for_good {
                        self.refused[spec.id].mark(index);
                    }
                    continue;
                }
            }
            match claim.joined(spec, narrowed, template, context, false) {
                Ok(change) => {
                    self.all[index].join(pod, spec, change, template, context);
                    self.order.grown(position);
                    return true;
                }
                Err(refusal) if refusal.for_good() => self.refused[spec.id].mark(index),
                Err(_) => {}
            }
        }
        false
    }

    /// What a pod would leave of a claim's labels, host name excepted; asked once a class and pod.
    fn ask_class(
        &mut self,
        index: usize,
        spec: &Spec,
        template: &Template<'_>,
        context: &mut Context<'_, '_>,
    ) -> Option<Narrowed> {
        let class = self.all[index].seat.class;
        if self.answers.len() <= class {
            self.answers.resize(context.classes.len(), (0, None));
        }
        let (asked, answer) = self.answers[class];
        if asked == self.clock {
            return answer;
        }
        let answer = self.ask(index, spec, template, Scope::Others, context);
        self.answers[class] = (self.clock, answer);
        answer
    }

    fn ask(
        &mut self,
        index: usize,
        spec: &Spec,
        template: &Template<'_>,
        scope: Scope,
        context: &mut Context<'_, '_>,
    ) -> Option<Narrowed> {
        let taints = &template.pool.taints;
        let seat = &self.all[index].seat;
        let answer = seat.narrow(spec, taints, scope, context.classes, context.topology);
        answer
            .inspect_err(|refusal| {
                if refusal.for_good() {
                    self.refused[spec.id].mark(index);
                }
            })
            .ok()
    }

    /// All claims in the order they are asked.
    pub(super) fn in_order(&self) -> impl Iterator<Item = usize> + '_ {
        self.order.claims().iter().map(|one| *one as usize)
    }

    /// Adds a claim that has got its first pod.
    pub(super) fn push(&mut self, claim: Claim) {
        self.order.made(self.all.len());
        self.all.push(claim);
    }
}
