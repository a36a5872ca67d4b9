//! One device, for one request: may it be taken, and what taking it changes.

mod look;

pub(super) use look::Counter;

use super::constraints;
use super::consumable::{self, Amounts, Taken};
use super::counters::{Books, CounterSources, Ledgers};
use super::failure::{Failure, FailureKind};
use super::features::Features;
use super::inventory::{Inventory, Unit, keeps_away};
use super::objects::{Device, DeviceTaint, DeviceToleration, TaintEffect};
use super::problem::Problem;
use super::quirks::Quirks;
use super::selectors::Selectors;
use super::usage::Usage;
use super::view::{Candidate, View};

/// A device that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) ask: usize,
    /// Position among the candidates.
    pub(super) position: usize,
    /// It is shared; what it takes of the capacities.
    pub(super) share: Option<Amounts>,
    /// Counters were drawn for it.
    drew: bool,
}

/// Why a device is not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody has it.
    InUse,
    /// The feature it needs is off.
    Off,
    /// A counter it draws on is exhausted.
    Counters,
    /// A taint keeps the claim away.
    Taints,
    /// A constraint of its claim, by position.
    Constraint(usize),
    /// Too little of a capacity is left.
    Capacity,
}

/// What is given of a device to several claims in one search.
#[derive(Clone, Debug)]
struct Giving {
    position: usize,
    shares: usize,
    taken: Taken,
}

/// The devices chosen so far.
#[derive(Debug, Default)]
pub(super) struct State<'a> {
    chosen: Vec<Chosen>,
    in_claim: Vec<usize>,
    constraints: Vec<Vec<constraints::State<'a>>>,
    ledgers: Ledgers,
    giving: Vec<Giving>,
}

impl<'a> State<'a> {
    /// Nothing is chosen; what an attempt fixes for all nodes stays.
    fn reset(&mut self, problem: &Problem<'a>) {
        self.chosen.clear();
        self.giving.clear();
        self.ledgers.clear();
        self.in_claim.clear();
        self.in_claim.resize(problem.claims.len(), 0);
        self.constraints.clone_from(&problem.constraints);
    }
}

/// What a trial looks at and does not change.
#[derive(Clone, Copy)]
pub(super) struct Given<'s, 'a> {
    pub(super) problem: &'s Problem<'a>,
    pub(super) view: &'s View,
    pub(super) inventory: &'a Inventory,
    pub(super) usage: &'a Usage,
    pub(super) features: Features,
    pub(super) quirks: Quirks,
}

/// Devices being chosen on one node.
pub(super) struct Trial<'s, 'a> {
    pub(super) given: Given<'s, 'a>,
    selectors: &'s mut Selectors,
    sources: &'s mut CounterSources,
    state: &'s mut State<'a>,
}

impl<'s, 'a> Trial<'s, 'a> {
    pub(super) fn new(
        given: Given<'s, 'a>,
        selectors: &'s mut Selectors,
        sources: &'s mut CounterSources,
        state: &'s mut State<'a>,
    ) -> Trial<'s, 'a> {
        state.reset(given.problem);
        Trial {
            given,
            selectors,
            sources,
            state,
        }
    }

    pub(super) fn view(&self) -> &'s View {
        self.given.view
    }

    /// The devices chosen so far.
    pub(super) fn chosen(&self) -> &[Chosen] {
        &self.state.chosen
    }

    /// How many devices are chosen for a claim.
    pub(super) fn chosen_for(&self, claim: usize) -> usize {
        self.state.in_claim[claim]
    }

    #[inline]
    pub(super) fn candidate(&self, position: usize) -> Candidate {
        self.given.view.candidates[position]
    }

    #[inline]
    pub(super) fn unit(&self, position: usize) -> &'a Unit {
        self.given.inventory.unit(self.candidate(position).unit)
    }

    pub(super) fn device(&self, position: usize) -> &'a Device {
        self.given
            .inventory
            .published(self.candidate(position).unit)
    }

    /// Several claims may have it.
    fn is_shared(&self, unit: &Unit) -> bool {
        unit.shared && self.given.features.consumable_capacity
    }

    /// Whether a device is in the way of an ask because of who has it.
    #[inline]
    pub(super) fn is_in_use(&self, ask: usize, position: usize) -> bool {
        let ask = &self.given.problem.asks[ask];
        if ask.admin {
            return self.is_chosen(position, Some(ask.claim));
        }
        self.given.usage.is_whole(self.unit(position).device) || self.is_chosen(position, None)
    }

    /// Whether a device is chosen as a whole, for a claim or for any.
    fn is_chosen(&self, position: usize, claim: Option<usize>) -> bool {
        self.state.chosen.iter().any(|chosen| {
            chosen.position == position
                && chosen.share.is_none()
                && claim.is_none_or(|claim| self.given.problem.asks[chosen.ask].claim == claim)
        })
    }

    /// Whether class, request and node allow a device.
    ///
    /// # Errors
    /// A selector does not compile or fails.
    #[inline]
    pub(super) fn selectable(&mut self, ask: usize, position: usize) -> Result<bool, Failure> {
        let Candidate { unit, here, .. } = self.candidate(position);
        let inventory = self.given.inventory;
        if !self.given.features.binding_conditions && inventory.unit(unit).binds {
            return Ok(false);
        }
        let predicate = self.given.problem.asks[ask].predicate;
        match self.selectors.matches(predicate, unit, inventory) {
            Ok(matches) => Ok(matches && here),
            Err(failure) => {
                let device = inventory.names(inventory.unit(unit).device);
                let place = self.given.problem.place(ask);
                let text = format!(
                    "{place}, device {}/{}/{}: {failure}",
                    device.0, device.1, device.2
                );
                Err(Failure::new(failure.kind, text))
            }
        }
    }

    /// Whether a device has the capacities an ask takes.
    #[inline]
    pub(super) fn has_capacity(&self, ask: usize, position: usize) -> bool {
        if !self.given.features.consumable_capacity {
            return true;
        }
        let unit = self.unit(position);
        let asked = self.given.problem.asks[ask].capacity();
        let consumed = self.given.usage.consumed(unit.device);
        if asked.is_none_or(Amounts::is_empty) && !unit.shared && !unit.rationed {
            // It takes everything there is, which is there unless somebody has a share.
            if consumed.is_none() {
                return true;
            }
        }
        let giving = self
            .state
            .giving
            .iter()
            .find(|one| one.position == position);
        consumable::fits(
            asked,
            &self.device(position).capacity,
            consumed,
            giving.map(|one| &one.taken),
        )
    }

    /// Whether a device can be thought of for an ask at all.
    ///
    /// # Errors
    /// A selector does not compile or fails.
    #[inline]
    pub(super) fn may_take(&mut self, ask: usize, position: usize) -> Result<bool, Failure> {
        Ok(!self.is_in_use(ask, position)
            && self.selectable(ask, position)?
            && self.has_capacity(ask, position))
    }

    /// Chooses a device if counters, taints, constraints and capacities allow it; else says what
    /// does not.
    ///
    /// # Errors
    /// A constraint does not allow it, and it must be chosen.
    pub(super) fn choose(
        &mut self,
        ask: usize,
        position: usize,
        must: bool,
    ) -> Result<Result<(), Refusal>, Failure> {
        let (inventory, quirks) = (self.given.inventory, self.given.quirks);
        let unit = self.unit(position);
        let asked = &self.given.problem.asks[ask];
        let shared = self.is_shared(unit);
        // Otherwise this was seen before.
        if must && self.is_in_use(ask, position) {
            return Ok(Err(Refusal::InUse));
        }
        let draws = !inventory.takes(unit).is_empty();
        if draws && !self.given.features.partitionable_devices {
            return Ok(Err(Refusal::Off));
        }
        // A share draws on counters only where it is the first.
        let draws = draws && !(shared && self.has_shares(position));
        if draws && !self.draw(position) {
            return Ok(Err(Refusal::Counters));
        }
        if self.given.features.device_taints && unit.tainted {
            let tolerations = &asked.body.tolerations;
            if repelled(&self.device(position).taints, tolerations) {
                if draws && !quirks.taint_keeps_counters {
                    self.undraw(position);
                }
                return Ok(Err(Refusal::Taints));
            }
        }
        if let Err(constraint) = self.constrain(ask, position) {
            if draws && !quirks.constraint_keeps_counters {
                self.undraw(position);
            }
            if must {
                let (driver, pool, device) = inventory.names(unit.device);
                let text = format!(
                    "{}: asks for all devices, and {driver}/{pool}/{device} violates a constraint",
                    self.given.problem.place(ask)
                );
                return Err(Failure::new(FailureKind::ConstraintUnsatisfiable, text));
            }
            return Ok(Err(Refusal::Constraint(constraint)));
        }
        if must && !self.has_capacity(ask, position) {
            if !quirks.capacity_keeps_constraints {
                self.unconstrain(ask);
                if draws {
                    self.undraw(position);
                }
            }
            return Ok(Err(Refusal::Capacity));
        }
        let share = shared.then(|| {
            let amounts = consumable::all_taken(asked.capacity(), &self.device(position).capacity);
            self.give(position, &amounts);
            amounts
        });
        self.state.in_claim[asked.claim] += 1;
        self.state.chosen.push(Chosen {
            ask,
            position,
            share,
            drew: draws,
        });
        Ok(Ok(()))
    }

    /// Takes the last device back.
    pub(super) fn take_back(&mut self) {
        let Some(last) = self.state.chosen.pop() else {
            return;
        };
        let claim = self.given.problem.asks[last.ask].claim;
        self.state.in_claim[claim] -= 1;
        self.unconstrain(last.ask);
        if last.drew && !(last.share.is_some() && self.given.quirks.shared_keeps_counters) {
            self.undraw(last.position);
        }
        if let Some(amounts) = &last.share {
            self.ungive(last.position, amounts);
        }
    }

    /// Whether somebody has a share of a device, or gets one in this search.
    fn has_shares(&self, position: usize) -> bool {
        let given = self.state.giving.iter().any(|one| one.position == position);
        given
            || self
                .given
                .usage
                .consumed(self.unit(position).device)
                .is_some()
    }

    fn books(&mut self) -> (&mut Ledgers, Books<'_>) {
        let books = Books {
            inventory: self.given.inventory,
            usage: self.given.usage,
            sources: self.sources,
            by_name: self.given.quirks.counters_by_pool_name,
        };
        (&mut self.state.ledgers, books)
    }

    fn draw(&mut self, position: usize) -> bool {
        let (unit, counters) = (self.unit(position), self.candidate(position).counters);
        let (ledgers, mut books) = self.books();
        counters.is_some_and(|source| ledgers.draw(unit, source, &mut books))
    }

    fn undraw(&mut self, position: usize) {
        let (unit, counters) = (self.unit(position), self.candidate(position).counters);
        let (ledgers, mut books) = self.books();
        if let Some(source) = counters {
            ledgers.give_back(unit, source, &mut books);
        }
    }

    /// Adds a device to all constraints of its claim, or to none and says which one refuses it.
    fn constrain(&mut self, ask: usize, position: usize) -> Result<(), usize> {
        let asked = &self.given.problem.asks[ask];
        let constraints = &mut self.state.constraints[asked.claim];
        if constraints.is_empty() {
            return Ok(());
        }
        let (inventory, id) = (
            self.given.inventory,
            self.given.view.candidates[position].unit,
        );
        let driver = &inventory.slice(inventory.unit(id).slice).driver;
        let device = inventory.published(id);
        let purpose = asked.purpose();
        for at in 0..constraints.len() {
            if !constraints[at].add(purpose, driver, device) {
                for earlier in &mut constraints[..at] {
                    earlier.remove(purpose);
                }
                return Err(at);
            }
        }
        Ok(())
    }

    fn unconstrain(&mut self, ask: usize) {
        let asked = &self.given.problem.asks[ask];
        for constraint in &mut self.state.constraints[asked.claim] {
            constraint.remove(asked.purpose());
        }
    }

    fn give(&mut self, position: usize, amounts: &Amounts) {
        let giving = &mut self.state.giving;
        let at = giving.iter().position(|one| one.position == position);
        let at = at.unwrap_or_else(|| {
            giving.push(Giving {
                position,
                shares: 0,
                taken: Taken::default(),
            });
            giving.len() - 1
        });
        giving[at].shares += 1;
        giving[at].taken.add(amounts);
    }

    fn ungive(&mut self, position: usize, amounts: &Amounts) {
        let giving = &mut self.state.giving;
        if let Some(at) = giving.iter().position(|one| one.position == position) {
            giving[at].shares -= 1;
            giving[at].taken.remove(amounts);
            // Upstream looks at amounts: a share that takes nothing is never taken back, and the
            // last amount taken back ends all shares that take nothing.
            let ends = match self.given.quirks.shared_keeps_counters {
                true => !amounts.is_empty() && giving[at].taken.is_nothing(),
                false => giving[at].shares == 0,
            };
            if ends {
                giving.swap_remove(at);
            }
        }
    }
}

/// Whether a taint keeps a claim with these tolerations away.
pub(super) fn repelled(taints: &[DeviceTaint], tolerations: &[DeviceToleration]) -> bool {
    let mut taints = taints.iter().filter(|taint| keeps_away(&taint.effect));
    taints.any(|taint| !tolerations.iter().any(|one| tolerates(one, taint)))
}

/// An empty key or effect tolerates any; an operator this version does not know, none.
fn tolerates(toleration: &DeviceToleration, taint: &DeviceTaint) -> bool {
    let effect = |effect: &TaintEffect| *effect == taint.effect;
    let key = toleration.key.is_empty() || toleration.key == taint.key;
    let value = match toleration.operator.as_str() {
        "Exists" => true,
        "" | "Equal" => toleration.value == taint.value,
        _ => false,
    };
    key && value && toleration.effect.as_ref().is_none_or(effect)
}
