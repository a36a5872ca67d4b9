//! `gpusched mig`.

use clap::{Args, Subcommand, ValueEnum};
use gpusched_core::gpu::mig::MigStrategy;

#[derive(Args)]
pub(crate) struct MigVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: MigVerb,
}

#[derive(Subcommand)]
pub(crate) enum MigVerb {
    /// List the boards and their profiles, and how far each table was checked
    Boards,
    /// Profiles of one board: slots, legal starts, SMs, usable memory
    Show {
        /// Board, such as A100-40GB, or a GPU model
        board: String,
    },
    /// Check that a node can have a layout; show it slot by slot, and what Kubernetes sees of it
    #[command(after_help = "EXAMPLES:
  gpusched mig check --board A100-40GB --config all-balanced
  gpusched mig check config.yaml --board H100-80GB-SXM --gpus 8
  gpusched mig check config.yaml --board A30-24GB --plugin-config plugin.yaml")]
    Check {
        /// mig-parted file, or the ConfigMap that holds it; without it the names mig-parted makes
        file: Option<String>,
        /// One configuration of the file [default: all of them; all-balanced without a file]
        #[arg(long, value_name = "NAME")]
        config: Option<String>,
        /// Board of the node's GPUs
        #[arg(long)]
        board: String,
        /// GPUs of the node [default: 8]
        #[arg(long, value_name = "N")]
        gpus: Option<usize>,
        /// Configuration of NVIDIA's device plugin: MIG strategy, and sharing on top
        #[arg(long, value_name = "FILE")]
        plugin_config: Option<String>,
        /// How instances become resources [default: of the plugin's file, or mixed]
        #[arg(long, value_enum, value_name = "HOW")]
        strategy: Option<StrategyArg>,
    },
}

/// How MIG instances become resources.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum StrategyArg {
    None,
    Single,
    Mixed,
}

impl From<StrategyArg> for MigStrategy {
    fn from(arg: StrategyArg) -> MigStrategy {
        match arg {
            StrategyArg::None => MigStrategy::None,
            StrategyArg::Single => MigStrategy::Single,
            StrategyArg::Mixed => MigStrategy::Mixed,
        }
    }
}
