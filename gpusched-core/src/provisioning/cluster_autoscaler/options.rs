//! Settings of Cluster Autoscaler: the flags that decide, with upstream's defaults.

use super::expander::{Expander, PodPrices, Priorities};
use super::quota::ResourceLimit;
use crate::units::Span;

/// What the flags of Cluster Autoscaler say (`config/flags/flags.go` at 1.36.1). Every field is
/// named after its flag where there is one.
///
/// A replay has no clock of its own, so flags that bound how long a simulation may take
/// (`max-nodegroup-binpacking-duration`, `max-binpacking-time`, `scale-down-simulation-timeout`)
/// become [`Options::max_binpacking_checks`] or nothing at all: a simulation is never cut short by
/// a slow machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `scan-interval`: 10 s.
    pub scan_interval: Span,
    /// `frequent-loops-enabled`: whether it looks again at once after it did something, and when a
    /// new pod waits. On.
    pub frequent_loops: bool,
    /// `bypassed-scheduler-names` is empty: pods younger than 2 s, and 30 s if they want a GPU, may
    /// still be placed by the scheduler and hold back a scale-up. On.
    pub wait_for_scheduler: bool,
    /// `max-nodes-total`: most nodes in the cluster; 0 = no limit, which is the default.
    pub max_nodes_total: u32,
    /// `max-nodes-per-scaleup`: 1000; 0 = no limit.
    pub max_nodes_per_scaleup: u32,
    /// Most times one estimate may ask whether a pod fits a node before it adds no more nodes, in
    /// place of `max-nodegroup-binpacking-duration`; 0 = no limit, which is the default.
    pub max_binpacking_checks: u64,
    /// `expander`: filters in turn; what is left at the end is drawn from. `least-waste`.
    pub expanders: Vec<Expander>,
    /// The ConfigMap of the `priority` expander.
    pub priorities: Priorities,
    /// What the `price` expander thinks pods cost.
    pub pod_prices: PodPrices,
    /// The key of random draws.
    pub seed: u64,
    /// `balance-similar-node-groups`: off.
    pub balance_similar_node_groups: bool,
    /// `balancing-ignore-label`: labels in which similar groups may differ, beyond those of host,
    /// zone and region.
    pub balancing_ignore_labels: Vec<String>,
    /// `memory-difference-ratio`: 0.015.
    pub memory_difference_ratio: f64,
    /// `max-free-difference-ratio`: 0.05.
    pub max_free_difference_ratio: f64,
    /// `max-allocatable-difference-ratio`: 0.05.
    pub max_allocatable_difference_ratio: f64,
    /// Whether a scale-up that does not help every waiting pod is left undone. Upstream has it for
    /// provisioning requests; off.
    pub all_or_nothing: bool,
    /// `new-pod-scale-up-delay`: 0.
    pub new_pod_scale_up_delay: Span,
    /// `expendable-pods-priority-cutoff`: pods of lower priority count for nothing; −10.
    pub expendable_pods_priority_cutoff: i32,
    /// `cores-total`, `memory-total` and `gpu-total`: at most 320,000 cores and 6,400,000 GiB.
    pub limits: Vec<ResourceLimit>,
    /// `max-node-provision-time`: 15 min.
    pub max_node_provision_time: Span,
    /// `initial-node-group-backoff-duration`: 5 min.
    pub initial_node_group_backoff: Span,
    /// `max-node-group-backoff-duration`: 30 min.
    pub max_node_group_backoff: Span,
    /// `node-group-backoff-reset-timeout`: 3 h.
    pub node_group_backoff_reset: Span,
    /// `enforce-node-group-min-size`: off.
    pub enforce_node_group_min_size: bool,
    /// `scale-down-enabled`: on.
    pub scale_down_enabled: bool,
    /// `scale-down-delay-after-add`: 10 min.
    pub scale_down_delay_after_add: Span,
    /// `scale-down-delay-after-delete`: 0.
    pub scale_down_delay_after_delete: Span,
    /// `scale-down-unneeded-time`: 10 min.
    pub scale_down_unneeded_time: Span,
    /// `scale-down-utilization-threshold`: 0.5; a node at the threshold is a candidate still.
    pub scale_down_utilization_threshold: f64,
    /// `scale-down-gpu-utilization-threshold`: 0.5, for nodes with GPUs.
    pub scale_down_gpu_utilization_threshold: f64,
    /// `unremovable-node-recheck-timeout`: 5 min.
    pub unremovable_node_recheck_timeout: Span,
    /// `max-scale-down-parallelism`: 10.
    pub max_scale_down_parallelism: u32,
    /// `max-drain-parallelism`: 1.
    pub max_drain_parallelism: u32,
    /// `max-graceful-termination-sec`: 600 s.
    pub max_graceful_termination: Span,
    /// `node-delete-delay-after-taint`: 5 s.
    pub node_delete_delay_after_taint: Span,
    /// The label of nodes with GPUs, which is the provider's (`k8s.amazonaws.com/accelerator`); its
    /// value is the type of GPU limits go by.
    pub gpu_label: String,
}

impl Default for Options {
    fn default() -> Options {
        const MINUTE: i64 = 60;
        let minutes = |count| Span::from_secs(count * MINUTE);
        Options {
            scan_interval: Span::from_secs(10),
            frequent_loops: true,
            wait_for_scheduler: true,
            max_nodes_total: 0,
            max_nodes_per_scaleup: 1000,
            max_binpacking_checks: 0,
            expanders: vec![Expander::LeastWaste],
            priorities: Priorities::default(),
            pod_prices: PodPrices::default(),
            seed: 0,
            balance_similar_node_groups: false,
            balancing_ignore_labels: Vec::new(),
            memory_difference_ratio: 0.015,
            max_free_difference_ratio: 0.05,
            max_allocatable_difference_ratio: 0.05,
            all_or_nothing: false,
            new_pod_scale_up_delay: Span::ZERO,
            expendable_pods_priority_cutoff: -10,
            limits: ResourceLimit::defaults(),
            max_node_provision_time: minutes(15),
            initial_node_group_backoff: minutes(5),
            max_node_group_backoff: minutes(30),
            node_group_backoff_reset: minutes(180),
            enforce_node_group_min_size: false,
            scale_down_enabled: true,
            scale_down_delay_after_add: minutes(10),
            scale_down_delay_after_delete: Span::ZERO,
            scale_down_unneeded_time: minutes(10),
            scale_down_utilization_threshold: 0.5,
            scale_down_gpu_utilization_threshold: 0.5,
            unremovable_node_recheck_timeout: minutes(5),
            max_scale_down_parallelism: 10,
            max_drain_parallelism: 1,
            max_graceful_termination: Span::from_secs(600),
            node_delete_delay_after_taint: Span::from_secs(5),
            gpu_label: "k8s.amazonaws.com/accelerator".into(),
        }
    }
}
