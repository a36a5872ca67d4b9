//! `gpusched run`.

use super::{InputArgs, KueueRunArgs, RestArgs};
use clap::Args;
use gpusched_sim::scenario::Scenario;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "A flag says the same as the key of that name in a scenario. With both, \
flags win for policies,
sharing, fidelity, delays of pods, seed, discipline, horizon, out and format; for what is replayed they may only add to it.
Relative paths in a scenario count from the directory of the scenario file.

EXAMPLES:
  gpusched run                                       replay the built-in sample
  gpusched run --queueing easy --placement fgd       … with other policies
  gpusched run scenario.yaml --seed 7 --out result   replay a scenario, keep the results
  gpusched run --trace philly:jobs.csv --cluster 64x8:V100-SXM2-32GB
  gpusched run --trace mytrace/ --format json        a directory with jobs.csv and nodes.csv
  gpusched run --queueing kueue --manifests queues/ --trace mytrace/    against Kueue's quotas"
)]
pub(crate) struct RunArgs {
    /// Scenario file (YAML); `gpusched schema` prints what may stand in it
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    /// Who starts next; see `gpusched policy list`; `kueue` needs --manifests [default: fifo]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) queueing: Option<String>,

    /// On which machine; also sums such as `pwr:0.2+fgd:0.8` [default: best-fit]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) placement: Option<String>,

    /// How GPUs are shared: recorded, exclusive, mps:N, timeslice:N (N replicas of each device),
    /// mig:LAYOUT (such as mig:all-balanced, or mig:FILE#NAME), mig:dynamic, mig:batched,
    /// vgpu:TYPE, plugin:FILE (configuration of NVIDIA's device plugin) [default: recorded]
    #[arg(long, value_name = "MODE", help_heading = "Policies")]
    pub(crate) sharing: Option<String>,

    /// On which GPU and at which slot a MIG instance goes [default: best-fit-slots]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) mig_placement: Option<String>,

    /// Which machines exist: static, reactive (launched when jobs wait), or rented by karpenter,
    /// cluster-autoscaler, cluster-autoscaler:EXPANDER or oracle [default: static]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) provisioning: Option<String>,

    /// What the network costs: ideal, level, flow, gavel, blox or across:F [default: ideal]
    #[arg(long, value_name = "MODEL", help_heading = "Policies")]
    pub(crate) network: Option<String>,

    #[command(flatten)]
    pub(crate) kueue: KueueRunArgs,

    #[command(flatten)]
    pub(crate) rest: RestArgs,

    /// Directory for summary.json, jobs.csv, series.csv, waits.csv, occupancy.csv and scenario.yaml
    /// (and mig_holes.csv where MIG cuts GPUs); with Kueue summary.json, workloads.csv, queues.csv
    /// and scenario.yaml
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub(crate) out: Option<PathBuf>,
}

impl RunArgs {
    /// What the flags say.
    pub(crate) fn flags(&self) -> Scenario {
        Scenario {
            queueing: self.queueing.clone(),
            placement: self.placement.clone(),
            sharing: self.sharing.clone(),
            provisioning: self.provisioning.clone(),
            network: self.network.clone(),
            mig_placement: self.mig_placement.clone(),
            manifests: self.kueue.manifests.clone(),
            queue_map: self.kueue.queue_map.clone(),
            fidelity: self.kueue.delays.fidelity.map(Into::into),
            pods_ready_delay: self.kueue.delays.pods_ready_delay.clone(),
            out: self.out.clone(),
            ..self.rest.scenario(&self.input)
        }
    }
}
