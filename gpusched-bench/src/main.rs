//! The `gpusched-bench` command.

use clap::{Parser, Subcommand};
use gpusched_bench::{conformance, reproduce};
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
    /// Compute published results again from public data, and print both.
    ///
    /// Exits with 0 when every stated target is met, 1 when one is not, 2 when the data cannot be
    /// read.
    Reproduce {
        /// Which results.
        #[arg(value_parser = reproduce::study_names())]
        study: String,
        /// The folder of the data.
        #[arg(long)]
        data: PathBuf,
    },
}

fn main() -> ExitCode {
    let Args { verb } = Args::parse();
    let mut out = std::io::stdout().lock();
    let result = match &verb {
        Verb::Conformance { suite, dir } => conformance::run(suite, dir, &mut out),
        Verb::Reproduce { study, data } => reproduce::run(study, data, &mut out),
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
