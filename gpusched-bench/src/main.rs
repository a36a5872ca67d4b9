//! The `gpusched-bench` command.

use clap::{Parser, Subcommand};
use gpusched_bench::conformance::{Tally, Unreadable};
use gpusched_bench::{conformance, peers, reproduce, speed};
use std::io::Write;
use std::path::{Path, PathBuf};
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
    /// Compute published results again, from public data or the same load, and print both.
    ///
    /// Exits with 0 when every stated target is met, 1 when one is not, 2 when the data cannot be
    /// read.
    Reproduce {
        /// Which results.
        #[arg(value_parser = reproduce::study_names())]
        study: String,
        /// The folder of the data, for studies that read some.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Measure speed and memory, each figure beside a twin measured in the same run.
    ///
    /// Exits with 1 when a stated bound is missed.
    Speed {
        /// A tenth of the jobs: a look, in seconds. Bounds are stated on the full run.
        #[arg(long)]
        quick: bool,
        /// Where the recorded openb run is, if it is at hand.
        #[arg(long, default_value = "../shared/conformance/fgd")]
        vectors: PathBuf,
    },
    /// Measure other simulators found on this machine on the same work, beside gpusched.
    ///
    /// Exits with 1 when a schedule differs, 2 when a peer fails or the document cannot be written.
    Peers {
        /// A tenth of the jobs: a look, in seconds.
        #[arg(long)]
        quick: bool,
        /// Seed of the jobs.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The interpreter that has SimPy.
        #[arg(long, default_value = "python3")]
        python: PathBuf,
        /// Also write the table into this document, between its `peers` markers.
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
    /// Replay this many jobs and print the peak resident memory in KiB.
    #[command(hide = true)]
    MemoryProbe {
        /// Jobs.
        count: usize,
    },
}

fn main() -> ExitCode {
    let Args { verb } = Args::parse();
    match verb {
        Verb::Conformance { suite, dir } => check(|out| conformance::run(&suite, &dir, out)),
        Verb::Reproduce { study, data } => {
            check(|out| reproduce::run(&study, data.as_deref(), out))
        }
        Verb::Speed { quick, vectors } => time(quick, &vectors),
        Verb::Peers {
            quick,
            seed,
            python,
            write,
        } => {
            let setup = peers::Setup {
                effort: effort(quick),
                seed,
                runs: 3,
                python,
            };
            compare(&setup, write.as_deref())
        }
        Verb::MemoryProbe { count } => {
            if let Some(peak) = speed::replay::memory_probe(count) {
                println!("{peak}");
            }
            ExitCode::SUCCESS
        }
    }
}

fn check(run: impl FnOnce(&mut dyn Write) -> Result<Tally, Unreadable>) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let result = run(&mut out);
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

fn time(quick: bool, vectors: &Path) -> ExitCode {
    let figures = speed::measure(effort(quick), vectors);
    println!("{}", speed::table(&figures));
    let missed = |figure: &speed::Figure| figure.bound.as_ref().is_some_and(|(_, kept)| !kept);
    if figures.iter().any(missed) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}

fn effort(quick: bool) -> speed::Effort {
    if quick {
        speed::Effort::Quick
    } else {
        speed::Effort::Full
    }
}

fn compare(setup: &peers::Setup, document: Option<&Path>) -> ExitCode {
    let result = peers::compare(setup).and_then(|comparison| {
        println!("{}", comparison.screen());
        let same = comparison.same();
        // A rate of another schedule is no figure to publish.
        if let Some(path) = document.filter(|_| same) {
            peers::section::rewrite(path, &comparison.markdown(setup))?;
        }
        Ok(same)
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{}", error.render(false));
            ExitCode::from(2)
        }
    }
}
