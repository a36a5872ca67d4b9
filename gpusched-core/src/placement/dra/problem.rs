//! The claims of a pod, ready for the search: everything that is the same on all nodes.
//!
//! Upstream prepares on every node anew and stops at the first thing that is wrong. What is wrong
//! here is a list of [`Check`]s in the same order; only those that depend on the node's pools are
//! left to be made there.

use super::constraints;
use super::consumable::Amounts;
use super::failure::{Failure, FailureKind};
use super::features::Features;
use super::objects::{
    AllocationMode, DeviceClass, DeviceRequest, RequestKind, ResourceClaim, SubRequest,
};
use super::quirks::Quirks;
use super::selectors::{PredicateId, Selectors};
use std::collections::BTreeMap;
use std::ops::Range;

/// The most devices a claim can have (`AllocationResultsMaxSize` of the API).
pub const MAX_DEVICES: usize = 32;

/// A request without alternatives, or one of its alternatives.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    /// Position of the claim.
    pub(super) claim: usize,
    /// Position of the request in its claim.
    pub(super) request: usize,
    /// What constraints and results call it.
    pub(super) name: &'a str,
    /// The same, of an alternative.
    pub(super) sub: Option<&'a str>,
    /// What is asked for.
    pub(super) body: &'a SubRequest,
    /// Of which class.
    pub(super) class: &'a DeviceClass,
    /// Which devices it can be.
    pub(super) predicate: PredicateId,
    /// Beside the users of the devices.
    pub(super) admin: bool,
    /// How many; `None` = all there are on the node.
    pub(super) count: Option<i64>,
}

impl<'a> Ask<'a> {
    /// `main` or `main/sub`.
    pub(super) fn full_name(&self) -> String {
        match self.sub {
            None => self.name.to_owned(),
            Some(sub) => format!("{}/{sub}", self.name),
        }
    }

    /// The name errors give it: that of the sub-request alone.
    fn short_name(&self) -> &'a str {
        self.sub.unwrap_or(self.name)
    }

    /// How much of capacities.
    pub(super) fn capacity(&self) -> Option<&'a Amounts> {
        self.body.capacity.as_ref()
    }

    /// What constraints see of it.
    pub(super) fn purpose(&self) -> constraints::For<'a> {
        constraints::For {
            request: self.request,
            name: self.name,
            sub: self.sub,
        }
    }
}

/// A request of a claim.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its asks: one, or one for each alternative.
    pub(super) asks: Range<usize>,
    /// It lists alternatives.
    pub(super) alternatives: bool,
}

/// Something to make sure of before the search.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// It is wrong on every node.
    Fail(Failure),
    /// Find all devices for an ask.
    All(usize),
    /// A claim must not need more devices than it can have.
    Size(usize),
}

/// The claims of a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Problem<'a> {
    pub(super) claims: &'a [ResourceClaim],
    pub(super) requests: Vec<Vec<Request>>,
    pub(super) asks: Vec<Ask<'a>>,
    pub(super) constraints: Vec<Vec<constraints::State<'a>>>,
    pub(super) checks: Vec<Check>,
}

/// What a problem is stated in.
pub(super) struct Terms<'a, 's> {
    pub(super) features: Features,
    pub(super) quirks: Quirks,
    pub(super) classes: &'a BTreeMap<String, DeviceClass>,
    pub(super) selectors: &'s mut Selectors,
}

impl<'a> Problem<'a> {
    /// O(requests). What is wrong becomes the last check.
    pub(super) fn new(claims: &'a [ResourceClaim], terms: &mut Terms<'a, '_>) -> Problem<'a> {
        let mut problem = Problem {
            claims,
            ..Problem::default()
        };
        for claim in 0..claims.len() {
            if let Err(failure) = problem.add(claim, terms) {
                problem.checks.push(Check::Fail(failure));
                break;
            }
        }
        problem
    }

    fn add(&mut self, at: usize, terms: &mut Terms<'a, '_>) -> Result<(), Failure> {
        let claim = &self.claims[at];
        let mut requests = Vec::with_capacity(claim.spec.requests.len());
        let mut depends_on_node = false;
        for (position, request) in claim.spec.requests.iter().enumerate() {
            let first = self.asks.len();
            let bodies = bodies(claim, request, terms.features)?;
            for body in bodies {
                let ask = ask(claim, (at, position), request, body, terms)?;
                if ask.count.is_none() {
                    depends_on_node = true;
                    self.checks.push(Check::All(self.asks.len()));
                }
                self.asks.push(ask);
            }
            requests.push(Request {
                asks: first..self.asks.len(),
                alternatives: matches!(request.kind, RequestKind::FirstAvailable(_)),
            });
        }
        self.requests.push(requests);
        if depends_on_node {
            self.checks.push(Check::Size(at));
        } else {
            self.check_size(at, |ask| self.asks[ask].count.unwrap_or_default())?;
        }
        let mut states = Vec::with_capacity(claim.spec.constraints.len());
        for (number, constraint) in claim.spec.constraints.iter().enumerate() {
            let state = constraints::State::new(constraint, terms.features, terms.quirks);
            states.push(state.ok_or_else(|| {
                let text = format!(
                    "{}, constraint #{number}: neither matchAttribute nor distinctAttribute",
                    name(claim)
                );
                Failure::new(FailureKind::UnsupportedConstraint, text)
            })?);
        }
        self.constraints.push(states);
        Ok(())
    }

    /// Whether a claim can have as many devices as it needs at least, with as many for an ask as
    /// `count` says.
    pub(super) fn check_size(
        &self,
        claim: usize,
        count: impl Fn(usize) -> i64,
    ) -> Result<(), Failure> {
        let least = |request: &Request| {
            let asks = request.asks.clone();
            asks.map(&count).min().unwrap_or_default()
        };
        let requests = self.requests[claim].iter();
        let needed = requests.map(least).fold(0i64, i64::saturating_add);
        if needed <= MAX_DEVICES as i64 {
            return Ok(());
        }
        let claim = name(&self.claims[claim]);
        let text =
            format!("{claim}: needs at least {needed} devices, and a claim can have {MAX_DEVICES}");
        Err(Failure::new(FailureKind::TooManyDevices, text))
    }

    /// Where an ask stands, for errors.
    pub(super) fn place(&self, ask: usize) -> String {
        let ask = &self.asks[ask];
        place(&self.claims[ask.claim], ask.short_name())
    }
}

fn name(claim: &ResourceClaim) -> String {
    match claim.namespace.as_str() {
        "" => format!("claim {}", claim.name),
        namespace => format!("claim {namespace}/{}", claim.name),
    }
}

fn place(claim: &ResourceClaim, request: &str) -> String {
    format!("{}, request {request}", name(claim))
}

/// What a request asks for: one thing or several, the first of which is to be had.
fn bodies<'a>(
    claim: &ResourceClaim,
    request: &'a DeviceRequest,
    features: Features,
) -> Result<&'a [SubRequest], Failure> {
    let off = |request: &str, what: &str, feature: &str| {
        let place = place(claim, request);
        let text = format!("{place}: {what}, but the feature {feature} is off");
        Err(Failure::new(FailureKind::FeatureDisabled, text))
    };
    let bodies = match &request.kind {
        RequestKind::Exactly(body) => std::slice::from_ref(body),
        RequestKind::FirstAvailable(_) if !features.prioritized_list => {
            return off(&request.name, "lists alternatives", "PrioritizedList");
        }
        RequestKind::FirstAvailable(bodies) => bodies,
    };
    let off_limits = |body: &&SubRequest| !features.consumable_capacity && body.capacity.is_some();
    if let Some(body) = bodies.iter().find(off_limits) {
        let short = if body.name.is_empty() {
            &request.name
        } else {
            &body.name
        };
        return off(short, "asks for capacity", "ConsumableCapacity");
    }
    if bodies.is_empty() {
        let text = format!("{}: asks for nothing", place(claim, &request.name));
        return Err(Failure::new(FailureKind::MissingClassName, text));
    }
    Ok(bodies)
}

fn ask<'a>(
    claim: &'a ResourceClaim,
    (at, position): (usize, usize),
    request: &'a DeviceRequest,
    body: &'a SubRequest,
    terms: &mut Terms<'a, '_>,
) -> Result<Ask<'a>, Failure> {
    let exactly = matches!(request.kind, RequestKind::Exactly(_));
    let sub = (!exactly).then_some(body.name.as_str());
    let fail = |kind, what: String| {
        let place = place(claim, sub.unwrap_or(&request.name));
        Err(Failure::new(kind, format!("{place}: {what}")))
    };
    if let Some(at) = body.selectors.iter().position(Option::is_none) {
        let what = format!("selector #{at} has no CEL expression");
        return fail(FailureKind::UnsupportedSelector, what);
    }
    // Alternatives have no admin access.
    let admin = body.admin_access.filter(|_| exactly);
    if admin.is_some() && !terms.features.admin_access {
        let what = "says adminAccess, but the feature AdminAccess is off";
        return fail(FailureKind::FeatureDisabled, what.to_owned());
    }
    if body.class.is_empty() {
        let what = "names no device class";
        return fail(FailureKind::MissingClassName, what.to_owned());
    }
    let Some(class) = terms.classes.get(&body.class) else {
        let what = format!("there is no device class {}", body.class);
        return fail(FailureKind::ClassNotFound, what);
    };
    let count = match &body.mode {
        AllocationMode::ExactCount(count) => Some(*count),
        AllocationMode::All => None,
        AllocationMode::Other(mode) => {
            let what = format!("unknown allocation mode {mode}");
            return fail(FailureKind::UnsupportedMode, what);
        }
    };
    Ok(Ask {
        claim: at,
        request: position,
        name: &request.name,
        sub,
        body,
        class,
        predicate: terms.selectors.predicate(class, &body.selectors),
        admin: admin == Some(true),
        count,
    })
}
