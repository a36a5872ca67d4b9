//! The `gpusched-bench` command.

use clap::{Parser, Subcommand};
use gpusched_bench::conformance;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Proof for gpusched: conformance with the decisions of real programs, and speed.
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Replay recorded decisions of a real program and compare every one.
    ///
    /// Exits with 0 when all vectors pass, 1 when one does not, 2 when the input cannot be read.
    Conformance {
        /// Which program.
        #[arg(value_parser = conformance::suite_names())]
        suite: String,
        /// The folder of its vectors.
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    let Args { verb } = Args::parse();
    let mut out = std::io::stdout().lock();
    let result = match &verb {
        Verb::Conformance { suite, dir } => conformance::run(suite, dir, &mut out),
    };
    // A reader that went away (`| head`) is no reason to fail.
    let _ = out.flush();
    match result {
        Ok(tally) if tally.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
