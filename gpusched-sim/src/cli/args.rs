//! What may be typed: raw arguments, without a meaning yet.
//!
//! One file per verb. Flags that several verbs share are declared once, in groups (`replay.rs`,
//! `policies.rs`); `RunArgs::flags` turns them into the keys of a scenario, which have the same
//! names.

mod audit;
mod calibrate;
mod catalog;
mod compare;
mod dra;
mod export;
mod kueue;
mod mig;
mod policies;
mod provision;
mod replay;
mod report;
mod run;
mod sweep;
mod topo;
mod trace;
mod words;

pub(crate) use audit::{AuditArgs, OrderArg};
pub(crate) use calibrate::CalibrateArgs;
pub(crate) use catalog::CatalogArgs;
pub(crate) use compare::CompareArgs;
pub(crate) use dra::{
    DraAllocateArgs, DraFormatArg, DraModeArg, DraPublishArgs, DraVerb, DraVerbArgs,
};
pub(crate) use export::{DiffArgs, ExportArgs, ExportFormat};
pub(crate) use kueue::{
    AnswerFormatArg, KueueAdmitArgs, KueueExplainArgs, KueueLintArgs, KueueRunArgs, KueueVerb,
    KueueVerbArgs, KueueWaitArgs,
};
pub(crate) use mig::{MigVerb, MigVerbArgs};
pub(crate) use policies::PolicyArgs;
pub(crate) use provision::{ProvisionVerb, ProvisionVerbArgs, WhatIfArgs};
pub(crate) use replay::{ClusterArgs, InputArgs, ReadArgs, RestArgs};
pub(crate) use report::ReportArgs;
pub(crate) use run::RunArgs;
pub(crate) use sweep::{MergeArgs, SchemaArg, SchemaArgs, SweepArgs};
pub(crate) use topo::{
    DrawingArg, TopoExportArgs, TopoScoreArgs, TopoShowArgs, TopoVerb, TopoVerbArgs, TopoWhat,
};
pub(crate) use trace::{
    ConvertArgs, GenerateArgs, InfoArgs, TraceVerb, TraceVerbArgs, ValidateArgs,
};
pub(crate) use words::{FidelityArg, FormatArg};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Reads a whole number, and says so when it is none.
fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    match text.parse::<u64>() {
        Ok(number) => T::try_from(number).map_err(|_| "too large".to_owned()),
        Err(_) => Err("not a whole number of 0 or more".to_owned()),
    }
}

/// Replay GPU-cluster traces against the scheduler you are about to deploy.
#[derive(Parser)]
#[command(name = "gpusched", version, max_term_width = 100)]
#[command(after_help = "EXAMPLES:
  gpusched run                                       replay the built-in sample
  gpusched compare --queueing fifo,easy,sjf          which queueing policy waits least?
  gpusched compare --placement all                   and which placement policy?
  gpusched run --trace itp:cluster02.csv --cluster 16x8:A100-SXM4-80GB --out result
  gpusched explain result 4711                       why did this job wait?

EXIT CODES: 0 done · 1 the run failed or was interrupted · 2 the input was bad")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Replay a trace on a cluster with one queueing and one placement policy
    Run(RunArgs),
    /// Replay one trace with many policies and put the results side by side
    Compare(CompareArgs),
    /// Make a page to look at from results: one HTML file that needs nothing else
    Report(ReportArgs),
    /// Run an experiment: many combinations, many seeds, one table
    Sweep(SweepArgs),
    /// Make one directory of results out of the shards of a sweep
    Merge(MergeArgs),
    /// Tell the story of one job: when it came, what it waited for, where it ran
    Explain(ExplainArgs),
    /// Look at, check, convert and generate traces
    Trace(TraceVerbArgs),
    /// List and describe the policies
    Policy(PolicyVerbArgs),
    /// Look at MIG boards, and check the layouts of a mig-parted file
    Mig(MigVerbArgs),
    /// Look at topologies: boards and fabrics, what is wrong with them, scores, drawings
    Topo(TopoVerbArgs),
    /// Look at Kueue's queues and quotas in manifests and dumps
    Kueue(KueueVerbArgs),
    /// Look at devices and claims of Dynamic Resource Allocation
    Dra(DraVerbArgs),
    /// Check a schedule, ours or another system's: capacity, quotas, order, load
    Audit(AuditArgs),
    /// Say where two runs part, and whom it moved
    Diff(DiffArgs),
    /// Write the schedule of a run for other tools: Perfetto, Batsim
    Export(ExportArgs),
    /// Look at which nodes Karpenter would make, keep and consolidate, and why
    Provision(ProvisionVerbArgs),
    /// List cloud instance types with GPUs, and what they cost
    Catalog(CatalogArgs),
    /// Fit the laws of GPU sharing to measurements of your own
    Calibrate(CalibrateArgs),
    /// Print the JSON Schema of scenario and experiment files
    Schema(SchemaArgs),
    /// Print a completion script for your shell
    Completions(CompletionsArgs),
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched run --out result
  gpusched explain result j17")]
pub(crate) struct ExplainArgs {
    /// Directory written by `gpusched run --out`
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Name of the job in the trace
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
}

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct PolicyVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: PolicyVerb,
}

#[derive(Subcommand)]
pub(crate) enum PolicyVerb {
    /// List every policy, one line each
    List {
        /// How to print them [default: table]
        #[arg(long, value_enum, value_name = "FORMAT")]
        format: Option<FormatArg>,
    },
    /// Say exactly what a policy does, and where the rule comes from
    #[command(
        after_help = "EXAMPLES:\n  gpusched policy describe easy\n  gpusched policy describe fgd"
    )]
    Describe {
        /// Name of the policy
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Args)]
#[command(after_help = "EXAMPLES:
  gpusched completions bash > ~/.local/share/bash-completion/completions/gpusched
  gpusched completions zsh > ~/.zfunc/_gpusched")]
pub(crate) struct CompletionsArgs {
    /// Your shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
