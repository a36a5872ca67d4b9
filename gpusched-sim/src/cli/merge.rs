//! `gpusched merge`: shards of a sweep, made one.

use super::args::MergeArgs;
use super::failure::Outcome;
use super::sweep::failure;
use super::terminal::{self, count};
use gpusched_sim::sweep;

/// Runs the verb.
pub(crate) fn merge(args: &MergeArgs) -> Outcome {
    let runs = sweep::merge(&args.directories, &args.out).map_err(failure)?;
    terminal::say(&format!(
        "{} of {} are in {}.",
        count(runs as u64, "run"),
        match args.directories.len() {
            1 => "1 directory".to_owned(),
            several => format!("{several} directories"),
        },
        args.out.display()
    ));
    Ok(())
}
