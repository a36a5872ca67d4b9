//! From text to a tree: tokens, the grammar, and the macros that the grammar expands.

pub(super) mod ast;
mod lexer;
mod macros;
mod parser;

pub(super) use macros::ACCUMULATOR;
pub(super) use parser::parse;

/// How deep an expression may nest, as upstream's parser allows.
const MAX_DEPTH: usize = 250;
/// The same for the tree, in which a macro takes several levels.
const MAX_HEIGHT: u32 = 2 * MAX_DEPTH as u32;
/// The most nodes a macro may copy: `optMap` copies its receiver, so that a chain doubles.
const MAX_COPY: u32 = 10_000;
/// The longest expression, in bytes: `CELSelectorExpressionMaxLength` of the resource API.
const MAX_LENGTH: usize = 10 * 1024;
