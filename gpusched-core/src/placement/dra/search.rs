//! The search for devices on one node, step by step as upstream.
//!
//! Depth first, the first solution wins. A step stands at one request of one claim with some of
//! its devices chosen; [`Outcome::invocations`](super::Outcome) counts the steps entered, terminal
//! ones included, exactly as upstream counts calls of its recursive function. Devices of a request
//! are tried in one order, each only after the one before it, so that sets are tried once and not
//! in every order. Here what would be the call stack is a list of [`Frame`]s: no input is too deep.

use super::choice::{self, Choice};
use super::failure::{Failure, FailureKind};
use super::problem::{Check, MAX_DEVICES, Problem};
use super::solution::{Pick, Solution};
use super::trial::Trial;
use super::view::Broken;
use crate::ids::NodeId;

/// Where a step stands.
#[derive(Clone, Copy, Debug)]
struct At {
    claim: usize,
    request: usize,
    /// The ask, once it is known which of the request.
    ask: Option<usize>,
    /// How many of its devices are chosen.
    placed: usize,
}

impl At {
    fn request(claim: usize, request: usize) -> At {
        At {
            claim,
            request,
            ask: None,
            placed: 0,
        }
    }
}

/// What to do when a step that was entered has failed.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// The next claim failed, for whatever reason.
    NextClaim,
    /// Try the next alternative. So far all of them wanted too many devices, or not.
    Alternatives {
        claim: usize,
        request: usize,
        ask: usize,
        too_many: bool,
    },
    /// Take the last device back and go on behind it.
    Each { at: AtAsk, next: usize },
    /// Take the last device back; there is no other.
    All,
}

/// A step inside an ask.
#[derive(Clone, Copy, Debug)]
struct AtAsk {
    claim: usize,
    request: usize,
    ask: usize,
    placed: usize,
}

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing fits.
    Failed,
    /// The claim would get more devices than it can have.
    TooMany,
}

enum Step {
    Enter(At, usize),
    Leave(End),
    Found,
}

/// A search on one node.
pub(super) struct Search<'s, 'a> {
    problem: &'s Problem<'a>,
    choice: Choice,
    trial: Trial<'s, 'a>,
    scratch: &'s mut Scratch,
}

/// Tables that are used again on the next node.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    frames: Vec<Frame>,
    /// Of each ask for all devices: which those are.
    all: Vec<Vec<u32>>,
    /// Of each ask: candidates in the order they are tried, where that is not their own.
    orders: Vec<Vec<u32>>,
    invocations: u64,
}

impl<'s, 'a> Search<'s, 'a> {
    pub(super) fn new(
        choice: Choice,
        trial: Trial<'s, 'a>,
        scratch: &'s mut Scratch,
    ) -> Search<'s, 'a> {
        let problem = trial.given.problem;
        scratch.frames.clear();
        scratch.invocations = 0;
        scratch.all.resize(problem.asks.len(), Vec::new());
        scratch.orders.resize(problem.asks.len(), Vec::new());
        Search {
            problem,
            choice,
            trial,
            scratch,
        }
    }

    /// Whether there is a solution, which is then [`Search::solution`].
    ///
    /// # Errors
    /// As upstream; see [`FailureKind`].
    pub(super) fn run(&mut self) -> Result<bool, Failure> {
        self.check()?;
        let mut step = Step::Enter(At::request(0, 0), 0);
        loop {
            step = match step {
                Step::Enter(at, from) => self.enter(at, from)?,
                Step::Found => return Ok(true),
                Step::Leave(end) => match (self.scratch.frames.pop(), end) {
                    (Some(frame), end) => self.resume(frame, end)?,
                    (None, End::Failed) => break,
                    // Only counts below zero lead here.
                    (None, End::TooMany) => {
                        let text = "a claim would get more devices than it can have";
                        return Err(Failure::new(FailureKind::TooManyDevices, text));
                    }
                },
            };
        }
        if self.trial.view().has_invalid_pools() {
            let text = "nothing fits, and a resource pool of the node contradicts itself";
            return Err(Failure::new(FailureKind::InvalidPools, text));
        }
        Ok(false)
    }

    /// What was found on the node.
    pub(super) fn solution(&self, node: NodeId) -> Solution {
        let picks = self.trial.chosen().iter().map(|chosen| Pick {
            ask: chosen.ask,
            unit: self.trial.candidate(chosen.position).unit,
            share: chosen.share.clone(),
        });
        let frames = self.scratch.frames.iter();
        let alternatives = frames.filter_map(|frame| match frame {
            Frame::Alternatives { ask, .. } => Some(*ask),
            _ => None,
        });
        Solution {
            node,
            picks: picks.collect(),
            alternatives: alternatives.collect(),
        }
    }

    /// How many steps were entered.
    pub(super) fn invocations(&self) -> u64 {
        self.scratch.invocations
    }

    /// What depends on the node among the things to be sure of before.
    fn check(&mut self) -> Result<(), Failure> {
        for check in &self.problem.checks {
            match check {
                Check::Fail(failure) => return Err(failure.clone()),
                Check::All(ask) => self.scratch.all[*ask] = self.all_devices(*ask)?,
                Check::Size(claim) => {
                    self.problem.check_size(*claim, |ask| self.count(ask))?;
                }
            }
        }
        Ok(())
    }

    /// All devices for an ask, in use or not.
    fn all_devices(&mut self, ask: usize) -> Result<Vec<u32>, Failure> {
        let mut found = Vec::new();
        let view = self.trial.view();
        let mut broken = view.broken.iter().peekable();
        for position in 0..=view.candidates.len() {
            if let Some((_, pool, why)) = broken.next_if(|(before, ..)| *before <= position) {
                let (kind, why) = match why {
                    Broken::Incomplete => (FailureKind::PoolIncomplete, "is being updated"),
                    Broken::Invalid(why) => (FailureKind::PoolInvalid, why.as_str()),
                };
                let place = self.problem.place(ask);
                let pool = self.trial.pool_name(*pool);
                let text = format!("{place}: asks for all devices, but pool {pool}: {why}");
                return Err(Failure::new(kind, text));
            }
            if position < view.candidates.len()
                && self.trial.selectable(ask, position)?
                && self.trial.has_capacity(ask, position)
            {
                found.push(position as u32);
            }
        }
        Ok(found)
    }

    fn count(&self, ask: usize) -> i64 {
        let all = || self.scratch.all[ask].len() as i64;
        self.problem.asks[ask].count.unwrap_or_else(all)
    }

    fn enter(&mut self, at: At, from: usize) -> Result<Step, Failure> {
        self.scratch.invocations += 1;
        let Some(requests) = self.problem.requests.get(at.claim) else {
            return Ok(Step::Found);
        };
        let Some(request) = requests.get(at.request) else {
            self.scratch.frames.push(Frame::NextClaim);
            return Ok(Step::Enter(At::request(at.claim + 1, 0), 0));
        };
        let ask = match at.ask {
            Some(ask) => ask,
            None if request.alternatives => {
                let (claim, request, ask) = (at.claim, at.request, request.asks.start);
                return Ok(self.alternative(claim, request, ask, true));
            }
            None => request.asks.start,
        };
        let count = self.count(ask);
        let all = self.problem.asks[ask].count.is_none();
        if all && count == 0 {
            return Ok(Step::Leave(End::Failed));
        }
        if at.placed as i64 >= count {
            return Ok(Step::Enter(At::request(at.claim, at.request + 1), 0));
        }
        let have = self.trial.chosen_for(at.claim) as i64;
        if have.saturating_add(count) - at.placed as i64 > MAX_DEVICES as i64 {
            return Ok(Step::Leave(End::TooMany));
        }
        if all {
            return self.take_all(at, ask);
        }
        if at.placed == 0 && self.choice != Choice::FirstFit {
            let mut order = std::mem::take(&mut self.scratch.orders[ask]);
            choice::order(self.choice, &mut self.trial, ask, &mut order)?;
            self.scratch.orders[ask] = order;
        }
        let at = AtAsk {
            claim: at.claim,
            request: at.request,
            ask,
            placed: at.placed,
        };
        self.scan(at, from)
    }

    fn alternative(&mut self, claim: usize, request: usize, ask: usize, too_many: bool) -> Step {
        self.scratch.frames.push(Frame::Alternatives {
            claim,
            request,
            ask,
            too_many,
        });
        let at = At {
            ask: Some(ask),
            ..At::request(claim, request)
        };
        Step::Enter(at, 0)
    }

    /// The next device of an ask for all. A device that cannot be had fails the step.
    fn take_all(&mut self, at: At, ask: usize) -> Result<Step, Failure> {
        let position = self.scratch.all[ask][at.placed] as usize;
        if self.trial.choose(ask, position, true)?.is_err() {
            return Ok(Step::Leave(End::Failed));
        }
        self.scratch.frames.push(Frame::All);
        let next = At {
            ask: Some(ask),
            placed: at.placed + 1,
            ..at
        };
        Ok(Step::Enter(next, 0))
    }

    /// The next device that can be had, from a position on.
    fn scan(&mut self, at: AtAsk, from: usize) -> Result<Step, Failure> {
        let ordered = self.choice != Choice::FirstFit;
        let end = match ordered {
            true => self.scratch.orders[at.ask].len(),
            false => self.trial.view().candidates.len(),
        };
        for index in from..end {
            let position = match ordered {
                true => self.scratch.orders[at.ask][index] as usize,
                false => index,
            };
            if self.trial.may_take(at.ask, position)?
                && self.trial.choose(at.ask, position, false)?.is_ok()
            {
                let next = index + 1;
                self.scratch.frames.push(Frame::Each { at, next });
                let step = At {
                    claim: at.claim,
                    request: at.request,
                    ask: Some(at.ask),
                    placed: at.placed + 1,
                };
                return Ok(Step::Enter(step, next));
            }
        }
        Ok(Step::Leave(End::Failed))
    }

    fn resume(&mut self, frame: Frame, end: End) -> Result<Step, Failure> {
        match frame {
            Frame::NextClaim => Ok(Step::Leave(End::Failed)),
            Frame::Alternatives {
                claim,
                request,
                ask,
                too_many,
            } => {
                let too_many = too_many && end == End::TooMany;
                let asks = &self.problem.requests[claim][request].asks;
                if ask + 1 < asks.end {
                    return Ok(self.alternative(claim, request, ask + 1, too_many));
                }
                let end = if too_many { End::TooMany } else { End::Failed };
                Ok(Step::Leave(end))
            }
            Frame::Each { at, next } => {
                self.trial.take_back();
                match end {
                    End::Failed => self.scan(at, next),
                    End::TooMany => Ok(Step::Leave(end)),
                }
            }
            Frame::All => {
                self.trial.take_back();
                Ok(Step::Leave(end))
            }
        }
    }
}
