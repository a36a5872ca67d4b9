//! Capacities that several claims share (KEP-5075): how much of each a request takes, and whether
//! that is there.

use super::objects::{DeviceCapacity, RequestPolicy, ValidRange};
use crate::kube::{Format, Quantity};
use std::collections::BTreeMap;

/// Amounts by capacity.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// What is taken of the capacities of a device, in nano-units. What is not taken has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken(BTreeMap<String, i128>);

impl Taken {
    /// How much of one capacity.
    pub(super) fn of(&self, name: &str) -> i128 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Takes more.
    pub(super) fn add(&mut self, amounts: &Amounts) {
        for (name, amount) in amounts {
            let sum = self.of(name).saturating_add(amount.nanos());
            self.put(name, sum);
        }
    }

    /// Takes what another one takes.
    pub(super) fn merge(&mut self, other: &Taken) {
        for (name, amount) in &other.0 {
            let sum = self.of(name).saturating_add(*amount);
            self.put(name, sum);
        }
    }

    /// Takes less.
    pub(super) fn remove(&mut self, amounts: &Amounts) {
        for (name, amount) in amounts {
            let sum = self.of(name).saturating_sub(amount.nanos());
            self.put(name, sum);
        }
    }

    /// Whether nothing is taken.
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    fn put(&mut self, name: &str, sum: i128) {
        if sum == 0 {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), sum);
        }
    }
}

/// What a request takes of one capacity: what it asks for, rounded up to an amount that is given
/// out; what it does not ask for, by default, or all of it.
///
/// As upstream, steps count in whole units, so that fractions of one are rounded up.
pub(super) fn taken(asked: Option<Quantity>, capacity: &DeviceCapacity) -> Quantity {
    let Some(asked) = asked else {
        let default = capacity.policy.as_ref().and_then(|policy| policy.default);
        return default.unwrap_or(capacity.value);
    };
    let Some(policy) = &capacity.policy else {
        return asked;
    };
    match &policy.valid_range {
        Some(ValidRange {
            min: Some(min),
            step,
            ..
        }) => round_up(asked, *min, *step),
        _ => {
            let mut amounts = policy.valid_values.iter();
            *amounts.find(|amount| asked <= **amount).unwrap_or(&asked)
        }
    }
}

fn round_up(asked: Quantity, min: Quantity, step: Option<Quantity>) -> Quantity {
    if asked < min {
        return min;
    }
    let (min, step) = (
        i128::from(min.value()),
        step.map(|step| i128::from(step.value())),
    );
    let Some(step) = step.filter(|step| *step != 0) else {
        return asked;
    };
    let above = i128::from(asked.value()) - min;
    let steps = above / step + i128::from(above % step != 0);
    let amount = (min + step * steps).clamp(i64::MIN.into(), i64::MAX.into());
    Quantity::new(amount as i64, Format::BinarySi)
}

/// Whether an amount is one that is given out.
fn allowed(amount: Quantity, policy: Option<&RequestPolicy>) -> bool {
    let Some(policy) = policy else {
        return true;
    };
    if policy.default == Some(amount) {
        return true;
    }
    match &policy.valid_range {
        Some(range) => {
            let above = |max: Quantity| amount > max;
            let off_step = |step: Quantity| {
                let min = range.min.unwrap_or_default().value();
                let above = i128::from(amount.value()) - i128::from(min);
                step.value() != 0 && above % i128::from(step.value()) != 0
            };
            !range.max.is_some_and(above) && !range.step.is_some_and(off_step)
        }
        None => policy.valid_values.is_empty() || policy.valid_values.contains(&amount),
    }
}

/// Whether a device has what a request takes, beside what is taken by others (`consumed`) and what
/// was given in the same search (`giving`). O(capacities · log).
pub(super) fn fits(
    asked: Option<&Amounts>,
    capacities: &BTreeMap<String, DeviceCapacity>,
    consumed: Option<&Taken>,
    giving: Option<&Taken>,
) -> bool {
    if asked.is_some_and(|asked| asked.keys().any(|name| !capacities.contains_key(name))) {
        return false;
    }
    capacities.iter().all(|(name, capacity)| {
        let of = |taken: Option<&Taken>| taken.map_or(0, |taken| taken.of(name));
        let amount = taken(asked.and_then(|all| all.get(name)).copied(), capacity);
        let others = of(consumed).saturating_add(of(giving));
        let sum = others.saturating_add(amount.nanos());
        allowed(amount, capacity.policy.as_ref()) && sum <= capacity.value.nanos()
    })
}

/// What a request takes of all capacities of a device.
pub(super) fn all_taken(
    asked: Option<&Amounts>,
    capacities: &BTreeMap<String, DeviceCapacity>,
) -> Amounts {
    let amount = |(name, capacity): (&String, &DeviceCapacity)| {
        let asked = asked.and_then(|all| all.get(name)).copied();
        (name.clone(), taken(asked, capacity))
    };
    capacities.iter().map(amount).collect()
}
