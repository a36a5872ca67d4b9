//! Arguments of `gpusched topo`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
pub(crate) struct TopoVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: TopoVerb,
}

#[derive(Subcommand)]
pub(crate) enum TopoVerb {
    /// Show a board as `nvidia-smi topo -m` does, or a fabric as a tree with counts per level
    Show(TopoShowArgs),
    /// Say what is wrong with a topology
    #[command(after_help = "\
Rules: what no wiring can be like (loose ends, links that differ by direction, more NVLinks than the
GPU has, a node below two leaves of one rail …) and what contradicts itself (labels, levels,
oversubscription below 1). Ends with exit code 2 when something is found.

EXAMPLES:
  gpusched topo lint topology.yaml
  gpusched topo lint slurm:/etc/slurm/topology.conf --cluster nodes.csv")]
    Lint(TopoWhat),
    /// Score GPUs of a board by their links, or say where nodes meet
    Score(TopoScoreArgs),
    /// Write a topology for other programs
    Export(TopoExportArgs),
}

/// What is looked at.
#[derive(Args)]
pub(crate) struct TopoWhat {
    /// A board (`hgx-h100`), `smi:FILE` (output of nvidia-smi topo -m; `smi:-` reads it from
    /// standard input), FILE.yaml, slurm:FILE, lingjun:FILE, nodes:PATH, or preset:NAME[,PARAM=…]
    pub(crate) what: String,

    /// The machines; needed for a preset. Without it those the file names
    #[arg(long, value_name = "FORMAT:PATH")]
    pub(crate) cluster: Option<String>,
}

#[derive(Args)]
#[command(after_help = "\
Without an argument the known boards and fabrics are listed.

EXAMPLES:
  gpusched topo show                                      which boards and fabrics are known?
  gpusched topo show dgx-1v
  nvidia-smi topo -m | gpusched topo show smi:-
  gpusched topo show preset:rail-optimised --cluster 64x8:H100-SXM5-80GB
  gpusched topo show slurm:/etc/slurm/topology.conf")]
pub(crate) struct TopoShowArgs {
    /// A board (`hgx-h100`), `smi:FILE` (output of nvidia-smi topo -m; `smi:-` reads it from
    /// standard input), FILE.yaml, slurm:FILE, lingjun:FILE, nodes:PATH, or preset:NAME[,PARAM=…]
    pub(crate) what: Option<String>,

    /// The machines; needed for a preset. Without it those the file names
    #[arg(long, value_name = "FORMAT:PATH")]
    pub(crate) cluster: Option<String>,

    /// Show every domain
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Args)]
#[command(after_help = "\
The score of a pair is 100 for each direct NVLink, and 60, 50, 40, 30, 20 or 10 for one board, PIX,
PXB, PHB, NODE or SYS; that of a set is the sum over its pairs (NVIDIA/go-gpuallocator). NVLinks that
end at a switch count nothing there.

EXAMPLES:
  gpusched topo score dgx-1v --gpus 0,3,4
  gpusched topo score preset:leaf-spine --cluster 64x8:A100-SXM4-80GB --nodes n0000,n0017")]
pub(crate) struct TopoScoreArgs {
    #[command(flatten)]
    pub(crate) input: TopoWhat,

    /// GPUs of the board, by number
    #[arg(
        long,
        value_name = "N,N,…",
        value_delimiter = ',',
        conflicts_with = "nodes"
    )]
    pub(crate) gpus: Vec<usize>,

    /// Nodes of the topology, by name; ranges as n[0-3]
    #[arg(long, value_name = "LIST")]
    pub(crate) nodes: Option<String>,
}

#[derive(Args)]
#[command(after_help = "\
EXAMPLES:
  gpusched topo export dot hgx-h100 | dot -Tsvg > board.svg
  gpusched topo export json topology.yaml")]
pub(crate) struct TopoExportArgs {
    /// What to write
    #[arg(value_enum)]
    pub(crate) form: DrawingArg,

    #[command(flatten)]
    pub(crate) input: TopoWhat,
}

/// What a topology is written as.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DrawingArg {
    /// For Graphviz
    Dot,
    /// Vertices and cables
    Json,
}
