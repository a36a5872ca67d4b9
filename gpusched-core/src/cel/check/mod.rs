//! Static types: every name resolved, every call bound to the overloads that can answer it.

mod call;
mod checker;
mod signature;
mod types;
mod unify;
mod validate;

pub(super) use checker::{Binding, Checked, CheckedKind, check};
pub(super) use signature::signature;
pub(super) use types::Type;
