//! The loop: when methods are tried, and what they remember (`disruption/controller.go`).

use super::super::news::News;
use super::super::world::World;
use super::candidate::{Candidate, Scene};
use super::drift::Drifted;
use super::roster::List;
use super::validation::validate;
use super::{Action, Method, Order, drift, emptiness, multi, single};
use crate::provisioning::controller::View;
use crate::units::{MICROS, Span, Time};

/// Between two rounds that found nothing.
const POLL: Span = Span::from_secs(10);
/// From finding something to doing it.
const VALIDATION: Span = Span::from_secs(15);
/// How long having found nothing is believed while nothing changes.
const RENEWAL: Span = Span::from_secs(300);

/// The disruption loop.
#[derive(Debug, Default)]
pub(in super::super) struct Rounds {
    /// When the next round is due, if nothing is proposed. Rounds that would find nothing are left
    /// out, but this is always one of the instants of an unbroken loop.
    next: Time,
    /// What is looked at again, and when.
    proposed: Option<(Action, Time)>,
    state: State,
    /// In which state a method found nothing to do.
    settled: [Option<u64>; Method::ALL.len()],
    quiet: Option<Quiet>,
    drifted: Drifted,
}

/// What the cluster is like as far as consolidation knows: it counts changes, and once in five
/// minutes takes one for granted.
#[derive(Debug, Default)]
struct State {
    number: u64,
    version: Option<u64>,
    since: Time,
}

/// A round found nothing, and so will every other one as long as nothing changes.
#[derive(Debug)]
struct Quiet {
    version: u64,
    availability: u64,
    /// Until some rule that goes by the clock may say something else.
    until: Time,
    /// Whether a method that remembers had candidates.
    asked: bool,
}

/// What came of a round.
#[derive(Debug)]
pub(in super::super) enum Verdict {
    /// Nothing, for now.
    Nothing,
    /// This is to be done, and the round after it is due at once.
    Do(Action),
}

impl Rounds {
    /// Notes that time has come to an instant at which the view may have changed.
    pub(in super::super) fn look(&mut self, view: &View) {
        if self.state.version != Some(view.version) {
            self.catch_up(view.now);
            self.state.version = Some(view.version);
            self.state.renew(view.now);
        }
    }

    /// When the next round is due that may find something.
    pub(in super::super) fn wake(&self, view: &View, availability: u64) -> Option<Time> {
        if let Some((_, at)) = &self.proposed {
            return Some(*at);
        }
        let quiet = self
            .quiet
            .as_ref()
            .filter(|one| one.holds(view.version, availability));
        match quiet.map(|quiet| quiet.until) {
            Some(Time::NEVER) => None,
            Some(until) => Some(self.tick(until)),
            None => Some(self.tick(view.now)),
        }
    }

    /// What was to be done cannot be: the next round is one of those that found nothing.
    pub(in super::super) fn postpone(&mut self, now: Time) {
        self.next = now + POLL;
    }

    /// Machines came or went.
    pub(in super::super) fn note(&mut self, news: &News) {
        self.drifted.gone(&news.gone);
        self.drifted.came(news.came.iter().copied());
    }

    /// The pools say something else: all is looked at anew.
    pub(in super::super) fn forget(&mut self) {
        self.state.version = None;
        self.quiet = None;
    }

    /// The first instant of the loop that is not before `at`.
    fn tick(&self, at: Time) -> Time {
        if at <= self.next {
            return self.next;
        }
        let late = (at.0.saturating_sub(self.next.0)).saturating_add(POLL.0 - 1) / POLL.0;
        Time(self.next.0.saturating_add(late.saturating_mul(POLL.0)))
    }

    /// Makes up for rounds that were left out before `now`: all they did was to take a change for
    /// granted every five minutes, and to find nothing again.
    fn catch_up(&mut self, now: Time) {
        let Some(quiet) = &self.quiet else { return };
        let asked = quiet.asked;
        loop {
            let at = self.tick(self.state.since + RENEWAL);
            if !asked || at >= now {
                break;
            }
            let settled = self.settled.map(|number| number == Some(self.state.number));
            self.state.renew(at);
            for (number, settled) in self.settled.iter_mut().zip(settled) {
                if settled {
                    *number = Some(self.state.number);
                }
            }
        }
        self.next = self.tick(now);
    }

    /// A round, if it is due.
    pub(in super::super) fn run(&mut self, scene: &Scene<'_>, world: &mut World) -> Verdict {
        let now = scene.view.now;
        let mut methods = Method::ALL.iter();
        let mut whole = true;
        let closed;
        match self.proposed.take_if(|(_, at)| *at <= now) {
            Some((action, _)) => {
                closed = scene.roster.unsettled(now);
                let method = action.method;
                if let Some(action) = validate(scene, world, &closed, action) {
                    self.next = now;
                    return Verdict::Do(action);
                }
                methods.by_ref().find(|one| **one == method);
                whole = false;
            }
            None if self.proposed.is_some() => return Verdict::Nothing,
            None => {
                self.catch_up(now);
                let (version, availability) = (scene.view.version, world.availability);
                let quiet = self.quiet.as_ref();
                let quiet =
                    quiet.is_some_and(|one| one.holds(version, availability) && now < one.until);
                if self.next > now || quiet {
                    return Verdict::Nothing;
                }
                closed = scene.roster.unsettled(now);
            }
        }
        self.quiet = None;
        world.effort.rounds += 1;
        self.drifted.look(scene);
        #[cfg(test)]
        super::roster::twin::agree(scene);
        let (mut asked, mut skipped) = (false, false);
        for method in methods.copied() {
            let list = match method {
                Method::Drift => {
                    if let Some(action) = self.replace_drifted(scene, world) {
                        self.next = now;
                        return Verdict::Do(action);
                    }
                    continue;
                }
                Method::Emptiness => List::Empty,
                Method::MultiNode | Method::SingleNode => List::Used,
            };
            let mut candidates = scene.roster.lineup(scene, list).peekable();
            if candidates.peek().is_none() {
                continue;
            }
            asked = true;
            if self.is_settled(method, now) {
                skipped = true;
                continue;
            }
            let (action, limited) = match method {
                Method::Emptiness => emptiness::compute(scene, candidates),
                Method::MultiNode => multi::compute(scene, world, candidates, &closed),
                _ => single::compute(scene, world, candidates, &closed),
            };
            match action {
                Some(action) => {
                    self.proposed = Some((action, now + VALIDATION));
                    return Verdict::Nothing;
                }
                None if !limited => self.settled[method as usize] = Some(self.state.number),
                None => {}
            }
        }
        self.next = now + POLL;
        // What a method remembers may no longer be what it would find.
        let renewal = if skipped {
            self.state.since + RENEWAL
        } else {
            Time::NEVER
        };
        // A round that went on after a validation has not asked every method.
        let until = self.quiet_until(scene, world).filter(|_| whole);
        self.quiet = until.map(|until| Quiet {
            version: scene.view.version,
            availability: world.availability,
            until: until.min(renewal),
            asked,
        });
        Verdict::Nothing
    }

    fn is_settled(&mut self, method: Method, now: Time) -> bool {
        if now - self.state.since >= RENEWAL {
            self.state.renew(now);
        }
        self.settled[method as usize] == Some(self.state.number)
    }

    fn replace_drifted(&self, scene: &Scene<'_>, world: &mut World) -> Option<Action> {
        let drifted = self.drifted.known(scene.view.now);
        let eligible = |id| drift::eligible(scene, &self.drifted, id).ok();
        let candidates: Vec<Candidate> = drifted.filter_map(eligible).collect();
        if candidates.is_empty() {
            return None;
        }
        drift::compute(scene, world, &self.drifted, candidates)
    }

    /// The first instant at which a rule that goes by the clock may say something else; `None` if
    /// that cannot be told: the order of v1.13 goes by the age of nodes.
    fn quiet_until(&self, scene: &Scene<'_>, world: &World) -> Option<Time> {
        if scene.order == Order::V1_13 || !world.shortcuts {
            return None;
        }
        let now = scene.view.now;
        let promised = scene.nominated.values().copied();
        let mut pools = scene.pools.iter();
        let scheduled = pools.any(|pool| {
            pool.disruption
                .budgets
                .iter()
                .any(|one| one.window.is_some())
        });
        // Windows of budgets open and close at whole minutes and any second after.
        let second = Time((now.0 / MICROS + 1) * MICROS);
        let others = [
            scheduled.then_some(second),
            scene.roster.wake(),
            world.until(),
            self.drifted.wake(now),
        ];
        let all = promised.chain(others.into_iter().flatten());
        Some(all.filter(|at| *at > now).min().unwrap_or(Time::NEVER))
    }
}

impl State {
    fn renew(&mut self, now: Time) {
        self.number += 1;
        self.since = now;
    }
}

impl Quiet {
    fn holds(&self, version: u64, availability: u64) -> bool {
        (self.version, self.availability) == (version, availability)
    }
}
