//! The sample that comes with the program: a small cluster and a few thousand jobs, so that the
//! first command a newcomer types has something to show.
//!
//! It was made by our own generator; `traces/sample/meta.toml` says how.

use crate::trace::input::Source;

/// The name of the sample wherever a trace or a cluster is named.
pub const SAMPLE: &str = "builtin:sample";

static JOBS: &[u8] = include_bytes!("../../traces/sample/jobs.csv");
static NODES: &[u8] = include_bytes!("../../traces/sample/nodes.csv");

/// Whether `spec` names something built in (or tries to).
pub fn is_builtin(spec: &str) -> bool {
    spec.starts_with("builtin:")
}

/// The jobs behind `spec`, if it is the sample.
pub fn jobs(spec: &str) -> Option<Source> {
    (spec == SAMPLE).then(|| Source::from_bytes("builtin:sample/jobs.csv", JOBS))
}

/// The machines behind `spec`, if it is the sample.
pub fn nodes(spec: &str) -> Option<Source> {
    (spec == SAMPLE).then(|| Source::from_bytes("builtin:sample/nodes.csv", NODES))
}
