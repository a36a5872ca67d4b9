//! The loop: when methods are tried, and what they remember.

use super::candidate::{Candidate, Scene};
use super::{Action, Method, Why, emptiness};
use crate::provisioning::controller::{MachineId, View};
use crate::units::{Span, Time};

/// Between two rounds that found nothing.
const POLL: Span = Span::from_secs(10);
/// From finding something to doing it.
const VALIDATION: Span = Span::from_secs(15);
/// How long having found nothing is believed while nothing changes.
const RENEWAL: Span = Span::from_secs(300);

/// The disruption loop.
#[derive(Debug, Default)]
pub(in super::super) struct Rounds {
    /// When the next round is due.
    next: Time,
    /// What is looked at again, and when.
    proposed: Option<(Action, Time)>,
    state: State,
    /// In which state a method found nothing to do.
    settled: [Option<u64>; Method::ALL.len()],
}

/// What the cluster is like as far as consolidation knows: it counts changes, and once in five
/// minutes takes one for granted.
#[derive(Debug, Default)]
struct State {
    number: u64,
    version: Option<u64>,
    since: Time,
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
            self.state.version = Some(view.version);
            self.renew(view.now);
        }
    }

    fn renew(&mut self, now: Time) {
        self.state.number += 1;
        self.state.since = now;
    }

    /// When the next round is due. It may find nothing.
    pub(in super::super) fn wake(&self) -> Time {
        self.proposed.as_ref().map_or(self.next, |(_, at)| *at)
    }

    /// A round, if it is due.
    pub(in super::super) fn run(&mut self, scene: &Scene<'_>) -> Verdict {
        let now = scene.view.now;
        let mut methods = Method::ALL.iter();
        if let Some((_, at)) = &self.proposed {
            if *at > now {
                return Verdict::Nothing;
            }
            let Some((action, _)) = self.proposed.take() else {
                return Verdict::Nothing;
            };
            let method = action.method;
            if let Some(action) = validate(scene, action) {
                self.next = now;
                return Verdict::Do(action);
            }
            methods.by_ref().find(|one| **one == method);
        } else if self.next > now {
            return Verdict::Nothing;
        }
        for method in methods {
            let candidates = candidates(scene, *method);
            if candidates.is_empty() {
                continue;
            }
            if self.is_settled(*method, now) {
                continue;
            }
            let (action, limited) = compute(scene, *method, candidates);
            match action {
                Some(action) => {
                    self.proposed = Some((action, now + VALIDATION));
                    return Verdict::Nothing;
                }
                None if !limited => self.settled[*method as usize] = Some(self.state.number),
                None => {}
            }
        }
        self.next = now + POLL;
        Verdict::Nothing
    }

    fn is_settled(&mut self, method: Method, now: Time) -> bool {
        if now - self.state.since >= RENEWAL {
            self.renew(now);
        }
        self.settled[method as usize] == Some(self.state.number)
    }
}

fn eligible(scene: &Scene<'_>, method: Method, id: MachineId) -> Result<Candidate, Why> {
    match method {
        Method::Emptiness => emptiness::eligible(scene, id),
    }
}

fn candidates(scene: &Scene<'_>, method: Method) -> Vec<Candidate> {
    let machines = scene.view.machines.keys();
    machines
        .filter_map(|id| eligible(scene, method, *id).ok())
        .collect()
}

fn compute(
    scene: &Scene<'_>,
    method: Method,
    candidates: Vec<Candidate>,
) -> (Option<Action>, bool) {
    match method {
        Method::Emptiness => emptiness::compute(scene, candidates),
    }
}

fn validate(scene: &Scene<'_>, action: Action) -> Option<Action> {
    match action.method {
        Method::Emptiness => emptiness::validate(scene, action),
    }
}
