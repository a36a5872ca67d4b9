//! Arguments of `gpusched dra`.

use super::{AnswerFormatArg, whole};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct DraVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: DraVerb,
}

#[derive(Subcommand)]
pub(crate) enum DraVerb {
    /// Say which devices claims get, or for each device why not
    Allocate(DraAllocateArgs),
    /// Print the ResourceSlices NVIDIA's driver would publish for a kind of node
    Publish(DraPublishArgs),
}

#[derive(Args)]
#[command(after_help = "\
Pods without a node that claim devices (also those of Jobs and JobSets) are placed one after the
other, each on the first node that has devices for all its claims; a claim that no pod uses stands
for a pod with this one claim. Claims with an allocation keep it. Node selectors and required node
affinity count; which of several nodes a scheduler would rather take is not looked at. Pods of a
PodGroup (scheduling.k8s.io) are placed together: all or none of a gang. DeviceClasses
come from the manifests: `gpusched dra publish --with-classes` prints NVIDIA's. Without Node objects,
nodes are those that slices name.

EXAMPLES:
  gpusched dra allocate --manifests examples/dra
  gpusched dra allocate --manifests examples/dra --same nvidia.com/gpu.clique
  kubectl get resourceslices,deviceclasses,resourceclaims,nodes -A -o json > live.json
  gpusched dra allocate --slices live.json --claims claim.yaml --node gpu-17
  gpusched dra allocate --slices live.json --claims claim.yaml --policy min-fragmentation

EXIT CODES: 0 all have devices · 1 one has none · 2 the input was bad")]
pub(crate) struct DraAllocateArgs {
    /// Folder of manifests (*.yaml, *.yml, *.json), or a file: anything named below, and more
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub(crate) manifests: Vec<PathBuf>,

    /// ResourceSlices (and Nodes): files or folders; also what `kubectl get -o json` prints
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) slices: Vec<PathBuf>,

    /// ResourceClaims and templates, and the pods that use them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) claims: Vec<PathBuf>,

    /// DeviceClasses
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) classes: Vec<PathBuf>,

    /// The only node to ask [default: all, in their order]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,

    /// Put all pods on nodes with one value of this label, such as nvidia.com/gpu.clique
    #[arg(long, value_name = "LABEL")]
    pub(crate) same: Option<String>,

    /// With the bugs of the real allocator, without, or with and said where [default: kube-compat]
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<DraModeArg>,

    /// Which of the devices that would do is tried first; Kubernetes takes the first
    /// [default: first-fit]
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,

    /// Apply DeviceTaintRules, as with the gate DRADeviceTaintRules (off in Kubernetes 1.36)
    #[arg(long)]
    pub(crate) taint_rules: bool,

    /// How to print the answers [default: table]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<AnswerFormatArg>,
}

/// Whose allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DraModeArg {
    /// As Kubernetes 1.36, bugs and all
    #[default]
    KubeCompat,
    /// As the API says
    Correct,
    /// As Kubernetes 1.36, with a word where the API says otherwise
    Both,
}

#[derive(Args)]
#[command(after_help = "\
UUIDs, bus ids and versions are made up: they belong to one machine. Figures of a board that nobody
has published are left out and named.

EXAMPLES:
  gpusched dra publish --gpus H100-SXM5-80GB:8
  gpusched dra publish --gpus A100-SXM4-40GB:4,A30:2 --nodes 3
  gpusched dra publish --gpus H100-SXM5-80GB:8 --mig dynamic --format table
  gpusched dra publish --gpus A100-SXM4-40GB:8 --mig all-balanced
  gpusched dra publish --gpus GB200:4 --nodes 36 --clique 18 --compute-domains --with-nodes")]
pub(crate) struct DraPublishArgs {
    /// GPUs of a node: MODEL:COUNT, joined by commas
    #[arg(long, value_name = "MODEL:N", value_delimiter = ',', required = true)]
    pub(crate) gpus: Vec<String>,

    /// How MIG cuts them: dynamic (when a claim asks), a layout of mig-parted such as
    /// all-balanced, or FILE#NAME [default: not at all]
    #[arg(long, value_name = "HOW")]
    pub(crate) mig: Option<String>,

    /// With --mig dynamic: MIG mode is on and cannot be switched (Ampere), so no GPU is offered whole
    #[arg(long)]
    pub(crate) mig_stays_on: bool,

    /// How many such nodes [default: 1]
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    pub(crate) nodes: Option<u32>,

    /// Version of Kubernetes, 1.34 or newer: slices are cut otherwise before 1.35 [default: 1.36]
    #[arg(long, value_name = "VERSION")]
    pub(crate) kubernetes: Option<String>,

    /// Nodes of an NVLink domain: they get the label nvidia.com/gpu.clique, which --with-nodes
    /// prints
    #[arg(long, value_name = "NODES", value_parser = whole::<u32>)]
    pub(crate) clique: Option<u32>,

    /// Also the devices of ComputeDomains
    #[arg(long)]
    pub(crate) compute_domains: bool,

    /// Also attributes NVIDIA's driver does not have: gpusched.dev/nvlinkDomain and
    /// gpusched.dev/numa
    #[arg(long)]
    pub(crate) extras: bool,

    /// Also the DeviceClasses that come with the driver
    #[arg(long)]
    pub(crate) with_classes: bool,

    /// Also Nodes with their labels: for `gpusched dra allocate`, not for a cluster
    #[arg(long)]
    pub(crate) with_nodes: bool,

    /// How to print them [default: yaml]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<DraFormatArg>,
}

/// How objects are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DraFormatArg {
    /// For kubectl
    #[default]
    Yaml,
    /// The same, as a List
    Json,
    /// For people
    Table,
}
