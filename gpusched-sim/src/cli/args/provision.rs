//! Arguments of `gpusched provision`.

use super::{AnswerFormatArg, DeadlineArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct ProvisionVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: ProvisionVerb,
}

#[derive(Subcommand)]
pub(crate) enum ProvisionVerb {
    /// Say what Karpenter would do now: nodes made, where pods go, what is consolidated or why not
    WhatIf(WhatIfArgs),
    /// Say what a job with a deadline costs on recorded spot capacity, policy by policy
    Deadline(DeadlineArgs),
}

#[derive(Args)]
#[command(after_help = "\
One solve of Karpenter v1.14.1 on the cluster as the manifests have it: NodePools, EC2NodeClasses,
NodeOverlays, NodeClaims, Nodes, Pods, DaemonSets and PodDisruptionBudgets. Pods without a node are placed; those that
run are only moved where a node goes. Instance types and prices are those of the catalogue: see
`gpusched catalog`. One that lists a region without zones offers its types in every zone of it that
the manifests name. On spot the provider has the choice among the cheapest; what is shown is the
cheapest. Not modelled: volumes, capacity reservations.

EXAMPLES:
  gpusched provision what-if --manifests examples/provisioning/what-if
  gpusched provision what-if --manifests examples/provisioning/what-if --explain train-0
  gpusched provision what-if --manifests examples/provisioning/what-if --explain gpu-old
  kubectl get nodepools,ec2nodeclasses,nodeclaims,nodes,pods,daemonsets,pdb -A -o yaml > live.yaml
  gpusched provision what-if --manifests live.yaml --catalog prices.csv --format json

EXIT CODES: 0 every pod has a place · 1 one has none · 2 the input was bad")]
pub(crate) struct WhatIfArgs {
    /// Folder of manifests (*.yaml, *.yml, *.json), or one file; also what
    /// `kubectl get -o yaml` prints
    #[arg(long, value_name = "DIR")]
    pub(crate) manifests: PathBuf,

    /// Instance types and their prices: CSV or JSON as `gpusched catalog` has it, or kwok's
    /// `instance_types.json` [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,

    /// The instant schedules and ages go by, such as 2026-01-31T09:30:00Z [default: the newest the
    /// manifests tell]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,

    /// Only this: what every place says to a pod, or what would become of a node and its pods
    #[arg(long, value_name = "POD|NODE")]
    pub(crate) explain: Option<String>,

    /// How to print the answer [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<AnswerFormatArg>,
}
