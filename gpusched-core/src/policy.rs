//! What every policy registry shares: how a policy is described and how a name can be wrong.
//!
//! A policy has one kebab-case name everywhere. Each role keeps its registry in one table in one
//! file: [`crate::placement::registry`], [`crate::queueing::registry`].

use serde::Serialize;

/// A policy as `gpusched policy list` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyInfo {
    /// Its one name.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The exact rule, ties included, in a few sentences.
    pub rule: &'static str,
    /// Where the rule comes from: paper, KEP or upstream file.
    pub source: &'static str,
}

/// A policy name that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No policy of that name.
    #[error("there is no {role} policy `{name}`")]
    Unknown {
        /// The role: `placement` or `queueing`.
        role: &'static str,
        /// The name given.
        name: String,
    },
    /// A weighted sum that cannot be read.
    #[error("`{text}` is no weighted sum of policies: {problem}")]
    Weights {
        /// The text given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
}
