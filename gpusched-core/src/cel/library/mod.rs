//! The functions of the environment, one file per library: signatures, costs, what they do.

pub(super) mod convert;
mod device;
pub(super) mod format;
pub(super) mod ip;
pub(super) mod lists;
pub(super) mod names;
mod number;
pub(super) mod operators;
mod optional;
mod quantity;
pub(super) mod re2;
pub(super) mod regex;
pub(super) mod semver;
mod sets;
mod strings;
pub(super) mod time;
pub(super) mod url;

use super::check::{Type, signature};
use super::cost::{self, Cost};
use super::error::EvalError;
use super::program::Env;
use super::value::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What an overload does. It answers whatever it is given: types were checked only as far as they
/// were known.
pub(super) type Body = for<'a> fn(&[Value<'a>]) -> Result<Value<'a>, EvalError>;

/// How it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `f(a, b)`
    Global,
    /// `a.f(b)`
    Member,
}

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) style: Style,
    pub(super) params: Vec<Type>,
    pub(super) result: Type,
    pub(super) body: Body,
    pub(super) cost: Cost,
    /// The arguments behind one that is an error are not evaluated.
    pub(super) stops: bool,
    lists_only: bool,
}

impl Overload {
    pub(super) fn is_declared(&self, env: &Env) -> bool {
        !self.lists_only || env.declares_includes()
    }
}

/// An overload as libraries write it.
struct Entry {
    function: &'static str,
    style: Style,
    signature: &'static str,
    body: Body,
    cost: Cost,
    stops: bool,
    lists_only: bool,
}

const fn global(function: &'static str, signature: &'static str, body: Body) -> Entry {
    Entry {
        function,
        style: Style::Global,
        signature,
        body,
        cost: Cost::ByOverload(cost::one),
        stops: false,
        lists_only: false,
    }
}

const fn member(function: &'static str, signature: &'static str, body: Body) -> Entry {
    let entry = global(function, signature, body);
    Entry {
        style: Style::Member,
        ..entry
    }
}

impl Entry {
    /// A cost that holds only if no other overload could be meant.
    const fn cost(self, cost: cost::Function) -> Entry {
        Entry {
            cost: Cost::ByOverload(cost),
            ..self
        }
    }

    /// A cost that Kubernetes counts by the name of the function.
    const fn always(self, cost: cost::Function) -> Entry {
        Entry {
            cost: Cost::ByFunction(cost),
            ..self
        }
    }

    const fn stops(self) -> Entry {
        Entry {
            stops: true,
            ..self
        }
    }

    const fn lists_only(self) -> Entry {
        Entry {
            lists_only: true,
            ..self
        }
    }
}

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Vec<Overload>>> = LazyLock::new(|| {
    let libraries: [&[Entry]; 16] = [
        operators::ENTRIES,
        convert::ENTRIES,
        time::ENTRIES,
        strings::ENTRIES,
        regex::ENTRIES,
        lists::ENTRIES,
        sets::ENTRIES,
        optional::ENTRIES,
        quantity::ENTRIES,
        semver::ENTRIES,
        ip::ENTRIES,
        url::ENTRIES,
        names::ENTRIES,
        format::ENTRIES,
        device::ENTRIES,
        lists::MAP_ENTRIES,
    ];
    let mut functions: BTreeMap<&str, Vec<Overload>> = BTreeMap::new();
    for entry in libraries.into_iter().flatten() {
        let (params, result) = signature(entry.signature);
        let stops = entry.stops || params.len() > 2;
        functions.entry(entry.function).or_default().push(Overload {
            style: entry.style,
            params,
            result,
            body: entry.body,
            cost: entry.cost,
            stops,
            lists_only: entry.lists_only,
        });
    }
    functions
});

/// The overloads of a function, in the order they are declared. O(log functions).
pub(super) fn overloads(function: &str) -> &'static [Overload] {
    FUNCTIONS.get(function).map_or(&[], Vec::as_slice)
}
