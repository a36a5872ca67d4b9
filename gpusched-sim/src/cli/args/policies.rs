//! Flags about policies and prices that `run` and `compare` share.

use super::whole;
use super::words::DisciplineArg;
use clap::{Args, ValueEnum};
use gpusched_sim::metrics::Split;
use gpusched_sim::scenario::Seconds;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct PolicyArgs {
    /// Which devices of a node a pod of whole GPUs gets [default: index]
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    pub(crate) device_policy: Option<String>,

    /// What jobs exchange, for level and flow: a profile such as llm-7b:tp=4, or a CSV file
    #[arg(long, value_name = "PROFILE", help_heading = "Policies")]
    pub(crate) job_profile: Option<String>,

    /// KubeSchedulerConfiguration, for `--placement kube-scheduler` [default: that of 1.36]
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) scheduler_config: Option<PathBuf>,

    /// Which of equally good nodes kube-scheduler takes: heap, uniform or first [default: as its
    /// release]
    #[arg(long, value_name = "HOW", help_heading = "Policies")]
    pub(crate) scheduler_ties: Option<String>,

    /// Under time-slicing: let pods in without a look at device memory; the last to allocate dies
    #[arg(long, help_heading = "Policies")]
    pub(crate) overcommit: bool,

    /// Fatal faults per hour a pod runs; under MPS one ends all on the device [default: 0]
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) fault_rate: Option<f64>,

    /// Where machines are rented: types, boots, spot market, pools [default: prices of AWS]
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) cloud: Option<PathBuf>,

    /// Jobs that may run on rented spot machines, such as `queue=batch,priority<0` [default: trace]
    #[arg(long, value_name = "RULE", help_heading = "Policies")]
    pub(crate) spot_for: Option<String>,

    /// Share of all jobs that may run on rented spot machines besides [default: 0]
    #[arg(
        long,
        value_name = "SHARE",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) spot_share: Option<f64>,

    /// Seconds from the launch of a machine until it takes pods [default: 180]
    #[arg(long, value_name = "SECONDS", help_heading = "Policies")]
    pub(crate) boot: Option<Seconds>,

    /// With reactive machines: seconds one may idle before it is given back [default: 600]
    #[arg(long, value_name = "SECONDS", help_heading = "Policies")]
    pub(crate) idle_timeout: Option<Seconds>,

    /// USD per kWh, for the modelled power of the machines
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) energy_price: Option<f64>,

    /// Whose the price of a machine is in the costs of jobs [default: gpu]
    #[arg(long, value_enum, value_name = "SPLIT", help_heading = "Policies")]
    pub(crate) cost_split: Option<SplitArg>,

    /// USD per GPU and hour of machines without a price of their own
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) gpu_price: Option<f64>,

    /// Price of software licences, USD per GPU and year
    #[arg(
        long,
        value_name = "USD",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) licence_price: Option<f64>,

    /// Profile written by `gpusched calibrate`: measured speeds go before the laws of sharing
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    pub(crate) profile: Option<PathBuf>,

    /// Seed of faults, placement policies that draw lots and delays of pods [default: 0]
    #[arg(
        value_parser = whole::<u64>,
        long,
        value_name = "N",
        help_heading = "Policies",
        allow_negative_numbers = true
    )]
    pub(crate) seed: Option<u64>,

    /// What happens first when several things happen at one instant [default: batched]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Running")]
    pub(crate) discipline: Option<DisciplineArg>,

    /// Stop at this second of the trace
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Running",
        allow_negative_numbers = true
    )]
    pub(crate) horizon: Option<Seconds>,
}

/// How the price of a machine is shared between its parts.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SplitArg {
    Gpu,
    Opencost,
}

impl From<SplitArg> for Split {
    fn from(arg: SplitArg) -> Split {
        match arg {
            SplitArg::Gpu => Split::Gpu,
            SplitArg::Opencost => Split::Opencost,
        }
    }
}
