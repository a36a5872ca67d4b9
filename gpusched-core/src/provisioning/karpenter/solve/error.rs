//! Why a pod goes nowhere.

use super::super::Incompatible;
use super::Filtered;
use crate::kube::Taint;

/// Why a pod cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SolveError {
    /// A taint is not tolerated.
    #[error("did not tolerate taint {}", show_taint(.0))]
    Taint(Taint),
    /// Labels contradict each other.
    #[error("incompatible requirements, {0}")]
    Incompatible(Incompatible),
    /// A port is taken.
    #[error("host port {0} is taken")]
    HostPort(u16),
    /// The node has too little left.
    #[error("exceeds node resources")]
    Resources,
    /// Spread, affinity or anti-affinity leaves no domain.
    #[error("unsatisfiable topology constraint for {kind}, key={key}")]
    Topology {
        /// `topology spread`, `pod affinity` or `pod anti-affinity`.
        kind: &'static str,
        /// The label.
        key: String,
    },
    /// No instance type is left.
    #[error("{0}")]
    Types(Box<Filtered>),
    /// Every reservation it could use is held.
    #[error("{0}")]
    Reserved(&'static str),
    /// The pool has as many nodes as it may.
    #[error("node limits have been exhausted for nodepool {0}")]
    NodeLimit(String),
    /// Every instance type left would break a limit.
    #[error("all available instance types exceed limits for nodepool {0}")]
    Limits(String),
    /// There is no pool, or none has an instance type.
    #[error("nodepool requirements filtered out all available instance types")]
    NoTemplate,
    /// What every pool says, in the order they were tried.
    #[error("{}", list(.0))]
    Pools(Vec<(String, SolveError)>),
}

fn show_taint(taint: &Taint) -> String {
    let value = match taint.value.is_empty() {
        true => String::new(),
        false => format!("={}", taint.value),
    };
    format!("{}{value}:{:?}", taint.key, taint.effect)
}

fn list(errors: &[(String, SolveError)]) -> String {
    let lines = errors
        .iter()
        .map(|(pool, error)| format!("nodepool {pool}: {error}"));
    lines.collect::<Vec<_>>().join("; ")
}
