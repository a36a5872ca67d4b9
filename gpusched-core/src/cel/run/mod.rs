//! From a checked expression to an answer: the plan, and its evaluation.

mod attribute;
mod eval;
mod plan;
mod reads;

pub(super) use eval::Evaluator;
pub(super) use plan::{Node, plan};
pub(super) use reads::reads;
