//! Runs an [`Experiment`](crate::experiment::Experiment): every cell with every seed, on as many
//! threads as there are, each run by itself on one.
//!
//! | file | says |
//! |---|---|
//! | `arrivals` | which jobs come when, under a seed |
//! | `machines` | in which order machines stand, under a seed |
//! | `draw` | draws that a seed alone decides |
//! | `fgd_simulator` | both, as the simulator of FGD draws them |
//! | `go_random` | the generator it draws from |
//! | `inputs` | traces and clusters, read once and shared |
//! | `measure` | what a run is worth beyond its summary |
//! | `columns` | the columns of the results |
//! | `runs` | the runs, their digests, and how one is made |
//! | `manifest` | what a directory of results was made from |
//! | `store` | a directory of results in which everything is whole or not there |
//! | `files` | what stands in the directory, and how it is written |
//! | `parquet` | rows as Parquet |
//! | `results` | all of it read back |
//! | `merge` | several directories of one experiment made into one |
//! | `table` | means over seeds, for people |
//! | `contrasts` | how sure differences from the baseline are |
//!
//! Same experiment, same inputs, same version: same bytes, whatever the number of threads, however
//! the runs are split into shards, and however often a sweep was killed and begun again.

mod arrivals;
pub(crate) mod columns;
mod contrasts;
mod draw;
mod fgd_simulator;
mod files;
mod go_random;
mod inputs;
mod machines;
mod manifest;
mod measure;
mod merge;
#[cfg(feature = "parquet")]
mod parquet;
mod results;
mod runs;
mod store;
mod table;

pub use arrivals::arrange;
pub use columns::{Column, possible as possible_columns};
pub use contrasts::{SweepContrast, contrasts_table, sweep_contrasts};
pub use fgd_simulator::FgdDraw;
pub use files::{read_rows, sweep};
pub use go_random::GoRandom;
pub use machines::rank;
pub use manifest::{Manifest, RunEntry, Shard};
pub use measure::{Steady, allocated, steady};
pub use merge::merge;
pub use results::Results;
pub use runs::{Run, Sweep};
pub use store::Store;
pub use table::table;

use crate::diagnostic::Diagnostic;

/// Why a sweep ended early. What was finished before stays.
#[derive(Debug)]
pub enum Trouble {
    /// What the user gave cannot be used.
    Input(Box<Diagnostic>),
    /// The sweep itself went wrong: a full disk, a fault of a policy.
    Run(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Trouble {
    fn from(problem: Box<Diagnostic>) -> Trouble {
        Trouble::Input(problem)
    }
}
