//! How Karpenter behaves.

use super::SolveOptions;
use super::disruption::Order;
use super::launch::Allocation;
use super::objects::PodSpec;
use super::pool::Pool;
use crate::units::Span;

/// How Karpenter behaves; the defaults are its own.
#[derive(Clone, Debug, PartialEq)]
pub struct KarpenterOptions {
    /// Its pools.
    pub pools: Vec<Pool>,
    /// What daemon sets put on every node they match.
    pub daemons: Vec<PodSpec>,
    /// Settings of the solve.
    pub solve: SolveOptions,
    /// How long the batching window waits for another pod (`batch-idle-duration`).
    pub batch_idle: Span,
    /// How long it may be open (`batch-max-duration`).
    pub batch_max: Span,
    /// Which candidates of a disruption come first.
    pub order: Order,
    /// Whether a spot node may replace another (`SpotToSpotConsolidation`).
    pub spot_to_spot: bool,
    /// How the provider chooses among spot options. On demand it is always the cheapest.
    pub spot: Allocation,
    /// How long a pod has to end once it is evicted (`terminationGracePeriodSeconds`).
    pub pod_grace: Span,
    /// Microseconds from 1970 (UTC) to the start of the replay: what schedules of budgets go by.
    pub epoch: i64,
    /// Of what is drawn: see [`Allocation::PriceCapacity`].
    pub seed: u64,
}

impl Default for KarpenterOptions {
    fn default() -> KarpenterOptions {
        KarpenterOptions {
            pools: Vec::new(),
            daemons: Vec::new(),
            solve: SolveOptions::default(),
            batch_idle: Span::from_secs(1),
            batch_max: Span::from_secs(10),
            order: Order::V1_14,
            spot_to_spot: false,
            spot: Allocation::LowestPrice,
            pod_grace: Span::from_secs(30),
            epoch: 0,
            seed: 0,
        }
    }
}
