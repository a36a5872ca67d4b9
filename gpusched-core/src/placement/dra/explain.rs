//! Why a device is not one for a request, in the allocator's own words: every answer here is one of
//! its checks.

use super::failure::Failure;
use super::objects::Rule;
use super::problem::Problem;
use super::trial::{Refusal, Trial, repelled};
use super::view::Broken;
use std::fmt;

/// What a node has for the claims of a pod, and what it does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Of each request (or alternative) in the order they are tried.
    pub requests: Vec<Reasons>,
    /// Pools whose devices do not count.
    pub pools: Vec<BrokenPool>,
}

/// A pool whose devices do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPool {
    /// Driver and name.
    pub pool: String,
    /// Why.
    pub why: String,
}

/// What a node has for one request, beside those before it.
///
/// Requests are looked at one after the other; each takes the first devices it can, as the search
/// does before it tries others, and of a request with alternatives the first that can be had. The
/// reasons of later requests are those beside the devices taken so far. A request that cannot be
/// had takes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// Position of its claim.
    pub claim: usize,
    /// The request: `main` or `main/sub`.
    pub request: String,
    /// How many devices it wants; `None` = all there are.
    pub wanted: Option<i64>,
    /// The devices it would take.
    pub taken: Vec<String>,
    /// Every other device of the node that could not be taken: `driver/pool/device`, and why not.
    pub refused: Vec<(String, WhyNot)>,
}

impl Reasons {
    /// Whether the request gets what it wants.
    pub fn is_met(&self) -> bool {
        let taken = self.taken.len() as i64;
        match self.wanted {
            Some(wanted) => taken >= wanted,
            None => taken > 0 && self.refused.iter().all(|(_, why)| why.is_of_kind()),
        }
    }
}

/// Why a device is not one for a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// A selector of the class or request is false; which one.
    Selector(String),
    /// It cannot be used on this node.
    Elsewhere,
    /// The feature it needs is off.
    Off,
    /// A claim has it.
    InUse,
    /// A request before this one takes it.
    Taken,
    /// Too little of a capacity is left, or the amount asked for is not given out.
    Capacity,
    /// A counter it shares with others has too little left.
    Counter {
        /// `set/counter`.
        counter: String,
        /// What is left of it, rounded down to units.
        left: i64,
        /// What the device takes of it, in units.
        takes: i64,
    },
    /// A counter of its pool, not one it takes from, is below zero.
    Exhausted,
    /// A taint that is not tolerated, by its key.
    Taint(String),
    /// A constraint across devices.
    Constraint(String),
}

impl WhyNot {
    /// Whether the device is of another kind than the request is for: nothing that happens on the
    /// node makes it one.
    pub fn is_of_kind(&self) -> bool {
        matches!(self, WhyNot::Selector(_) | WhyNot::Elsewhere | WhyNot::Off)
    }

    /// What it is called in files.
    pub fn name(&self) -> &'static str {
        match self {
            WhyNot::Selector(_) => "selector",
            WhyNot::Elsewhere => "elsewhere",
            WhyNot::Off => "feature-off",
            WhyNot::InUse => "in-use",
            WhyNot::Taken => "taken",
            WhyNot::Capacity => "capacity",
            WhyNot::Counter { .. } | WhyNot::Exhausted => "counter",
            WhyNot::Taint(_) => "taint",
            WhyNot::Constraint(_) => "constraint",
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::Selector(place) => write!(f, "{place} is false"),
            WhyNot::Elsewhere => f.write_str("cannot be used on this node"),
            WhyNot::Off => f.write_str("needs a feature that is off"),
            WhyNot::InUse => f.write_str("in use"),
            WhyNot::Taken => f.write_str("taken by a request before this one"),
            WhyNot::Capacity => f.write_str("too little capacity left"),
            WhyNot::Counter {
                counter,
                left,
                takes,
            } => write!(f, "counter {counter}: takes {takes}, {left} left"),
            WhyNot::Exhausted => f.write_str("the counters of its pool are exhausted"),
            WhyNot::Taint(key) => write!(f, "taint {key} is not tolerated"),
            WhyNot::Constraint(rule) => write!(f, "violates {rule}"),
        }
    }
}

/// Goes through all requests. O(requests · devices · checks).
pub(super) fn explain(mut trial: Trial<'_, '_>) -> Result<Explanation, Failure> {
    let problem = trial.given.problem;
    let mut explanation = Explanation::default();
    for (_, pool, why) in &trial.view().broken {
        explanation.pools.push(BrokenPool {
            pool: trial.pool_name(*pool),
            why: match why {
                Broken::Incomplete => "slices of its generation are missing".to_owned(),
                Broken::Invalid(why) => why.clone(),
            },
        });
    }
    for request in problem.requests.iter().flatten() {
        for ask in request.asks.clone() {
            let reasons = one(problem, ask, &mut trial)?;
            let met = reasons.is_met();
            if !met {
                for _ in &reasons.taken {
                    trial.take_back();
                }
            }
            explanation.requests.push(reasons);
            if met {
                break;
            }
        }
    }
    Ok(explanation)
}

/// One ask: takes what it can.
fn one(problem: &Problem<'_>, ask: usize, trial: &mut Trial<'_, '_>) -> Result<Reasons, Failure> {
    let asked = &problem.asks[ask];
    let mut reasons = Reasons {
        claim: asked.claim,
        request: asked.full_name(),
        wanted: asked.count,
        taken: Vec::new(),
        refused: Vec::new(),
    };
    for position in 0..trial.view().candidates.len() {
        let enough = asked
            .count
            .is_some_and(|count| reasons.taken.len() as i64 >= count);
        match why_not(problem, ask, position, trial)? {
            Some(why) => reasons.refused.push((trial.device_name(position), why)),
            None if enough => trial.take_back(),
            None => reasons.taken.push(trial.device_name(position)),
        }
    }
    Ok(reasons)
}

/// Takes a device, or says why not.
fn why_not(
    problem: &Problem<'_>,
    ask: usize,
    position: usize,
    trial: &mut Trial<'_, '_>,
) -> Result<Option<WhyNot>, Failure> {
    // What the device is comes before who has it: it is what a reader wants to know first.
    let selectable = match trial.selectable(ask, position) {
        // The search does not evaluate selectors for devices that are in use.
        Err(_) if trial.is_in_use(ask, position) => return Ok(Some(in_use(position, trial))),
        answer => answer?,
    };
    if !selectable {
        let place = trial.first_false(ask, position);
        let here = trial.candidate(position).here;
        return Ok(Some(match place {
            Some(place) => WhyNot::Selector(place),
            None if here => WhyNot::Off,
            None => WhyNot::Elsewhere,
        }));
    }
    if trial.is_in_use(ask, position) {
        return Ok(Some(in_use(position, trial)));
    }
    if !trial.has_capacity(ask, position) {
        return Ok(Some(WhyNot::Capacity));
    }
    let refusal = match trial.choose(ask, position, false)? {
        Ok(()) => return Ok(None),
        Err(refusal) => refusal,
    };
    let device = trial.device(position);
    let asked = &problem.asks[ask];
    Ok(Some(match refusal {
        Refusal::InUse => in_use(position, trial),
        Refusal::Off => WhyNot::Off,
        Refusal::Capacity => WhyNot::Capacity,
        Refusal::Counters => trial.short_counter(position),
        Refusal::Taints => {
            let tolerations = &asked.body.tolerations;
            let mut taints = device.taints.chunks(1);
            let taint = taints.find(|taint| repelled(taint, tolerations));
            WhyNot::Taint(taint.map(|taint| taint[0].key.clone()).unwrap_or_default())
        }
        Refusal::Constraint(at) => {
            let constraint = &problem.claims[asked.claim].spec.constraints[at];
            WhyNot::Constraint(match &constraint.rule {
                Rule::MatchAttribute(name) => format!("matchAttribute {name}"),
                Rule::DistinctAttribute(name) => format!("distinctAttribute {name}"),
                Rule::Unknown => "a constraint of unknown kind".to_owned(),
            })
        }
    }))
}

fn in_use(position: usize, trial: &Trial<'_, '_>) -> WhyNot {
    match trial.is_taken(position) {
        true => WhyNot::Taken,
        false => WhyNot::InUse,
    }
}
