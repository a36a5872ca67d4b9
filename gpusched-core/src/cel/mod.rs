//! CEL, as Kubernetes 1.36 evaluates selectors of devices with it.
//!
//! A selector is parsed (`syntax/`), checked against the declarations of the environment (`check/`,
//! `library/`), planned, and evaluated (`run/`) at a cost that is counted as upstream counts it
//! (`cost.rs`). Sources: the CEL specification, cel-go 0.26, and the CEL environment of the API
//! server and of the DRA library 0.36.
//!
//! Errors matter as much as answers: a selector that does not compile, or has no answer for a
//! device, ends the scheduling attempt of its pod. Their kinds are upstream's, their words are ours.
//!
//! Not supported, and refused when it is compiled, with its name: time zones other than `UTC` and
//! literal offsets (they need a database), messages (`google.protobuf.Struct{…}`), and `optMap`
//! chains whose expansion is larger than any sensible selector.

mod check;
mod cost;
mod device;
mod error;
mod library;
mod program;
mod run;
mod syntax;
mod value;
mod view;

pub use device::{Attribute, DeviceFacts};
pub use error::{CompileError, CompileErrorKind, EvalError, EvalErrorKind};
pub use program::{COST_LIMIT, Env, Evaluation, Expressions, Program, Reads, Shape};
