//! The command line: one file per verb.
//!
//! [`args`] says what may be typed; `gpusched_sim::scenario` says what it means. A verb writes
//! data to standard output and everything else to standard error, and ends with an exit code: 0
//! done, 1 the run failed or was interrupted, 2 the input was bad.

mod args;
mod audit;
mod calibrate;
mod catalog;
mod compare;
mod compare_statistics;
mod compare_trials;
mod compare_warm_up;
mod completions;
mod diff;
mod dra;
mod explain;
mod export;
mod failure;
mod interrupt;
mod kueue;
mod merge;
mod mig;
mod out_dir;
mod policy;
mod progress;
mod provision;
mod report;
mod results;
mod run;
mod run_kueue;
mod schema;
mod story;
mod sweep;
mod terminal;
mod topo;
mod trace;
mod trace_generate;
mod trace_info;
mod welcome;

use args::{Cli, Verb};
use clap::Parser;
use failure::Outcome;
use std::process::ExitCode;

/// Runs the command and says how it went.
pub(crate) fn main() -> ExitCode {
    match Cli::try_parse() {
        Err(error) => failure::usage(&error),
        Ok(cli) => failure::exit(dispatch(cli)),
    }
}

fn dispatch(cli: Cli) -> Outcome {
    let Some(verb) = cli.verb else {
        return welcome::print();
    };
    match verb {
        Verb::Run(args) => run::run(args),
        Verb::Compare(args) => compare::compare(args),
        Verb::Report(args) => report::report(&args),
        Verb::Sweep(args) => sweep::sweep(&args),
        Verb::Merge(args) => merge::merge(&args),
        Verb::Explain(args) => explain::explain(&args),
        Verb::Trace(args) => trace::trace(args.verb),
        Verb::Policy(args) => policy::policy(args.verb),
        Verb::Mig(args) => mig::mig(args.verb),
        Verb::Topo(args) => topo::topo(args.verb),
        Verb::Kueue(args) => kueue::kueue(args),
        Verb::Dra(args) => dra::dra(args),
        Verb::Audit(args) => audit::audit(&args),
        Verb::Diff(args) => diff::diff(&args),
        Verb::Export(args) => export::export(&args),
        Verb::Provision(args) => provision::provision(&args),
        Verb::Catalog(args) => catalog::catalog(&args),
        Verb::Calibrate(args) => calibrate::calibrate(&args),
        Verb::Schema(args) => schema::print(&args),
        Verb::Completions(args) => completions::print(args.shell),
    }
}
