//! `gpusched compare`.

use super::{InputArgs, RestArgs, whole};
use clap::Args;
use gpusched_sim::scenario::Scenario;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "Every queueing policy is tried with every placement policy and sharing mode, \
in the order given.
What is not given is taken from the scenario, or is the default. The result does not depend on
--threads.

EXAMPLES:
  gpusched compare --queueing fifo,easy,conservative      three queueing policies on the sample
  gpusched compare --placement all                        every placement policy
  gpusched compare --sharing exclusive,mps:4,timeslice:4  whole GPUs, or shared, and how?
  gpusched compare --sharing mig:all-balanced,mig:dynamic \
                   --mig-placement device-plugin-distributed,dra-name-order,min-fragmentation
  gpusched compare --queueing all --trace mytrace/ --format csv > results.csv
  gpusched compare scenario.yaml --placement best-fit,fgd,pwr:0.2+fgd:0.8"
)]
pub(crate) struct CompareArgs {
    /// Scenario file (YAML) that says what is replayed
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    #[command(flatten)]
    pub(crate) axes: AxesArgs,

    #[command(flatten)]
    pub(crate) rest: RestArgs,

    /// Replay traces drawn from this one, by days, weeks or users, and print how sure the
    /// differences are [default number of draws: 50]
    #[arg(long, value_name = "UNIT[:N]", help_heading = "Statistics")]
    pub(crate) resample: Option<String>,

    /// Compare the same jobs under each policy, days, weeks or users taken as wholes, and print
    /// how sure the differences are; nothing is replayed twice
    #[arg(
        long,
        value_name = "UNIT",
        conflicts_with = "resample",
        help_heading = "Statistics"
    )]
    pub(crate) blocks: Option<String>,

    /// Whom to compare the others with, by its name in the table [default: the first]
    #[arg(long, value_name = "POLICY", help_heading = "Statistics")]
    pub(crate) baseline: Option<String>,

    /// Runs at the same time [default: one per processor]
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<usize>, value_name = "N", help_heading = "Running")]
    pub(crate) threads: Option<usize>,

    /// Directory for the results of each run, as `run --out` writes them, in a folder of its own
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub(crate) out: Option<PathBuf>,
}

impl CompareArgs {
    /// What the flags say, but for the policies.
    pub(crate) fn flags(&self) -> Scenario {
        Scenario {
            out: self.out.clone(),
            ..self.rest.scenario(&self.input)
        }
    }
}

/// What is tried with what.
#[derive(Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct AxesArgs {
    /// Queueing policies to try, or `all`
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) queueing: Vec<String>,

    /// Placement policies to try, or `all`
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) placement: Vec<String>,

    /// Ways to share GPUs to try: recorded, exclusive, mps:N, timeslice:N, mig:LAYOUT, mig:dynamic,
    /// mig:batched
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) sharing: Vec<String>,

    /// MIG placement policies to try, with each sharing mode they can serve
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) mig_placement: Vec<String>,

    /// Provisioning policies to try, or `all`
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub(crate) provisioning: Vec<String>,

    /// Models of the network to try; `level` and `flow` may have several factors, such as
    /// `ideal,level:rack=2,block=4,flow`
    #[arg(long, value_name = "A,B,…")]
    pub(crate) network: Vec<String>,
}
