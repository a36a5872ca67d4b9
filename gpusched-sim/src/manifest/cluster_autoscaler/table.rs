//! Every flag of Cluster Autoscaler 1.36.1 that decides something here, and those that do not.

use gpusched_core::provisioning::cluster_autoscaler::Options;
use gpusched_core::units::Span;

/// Where a flag's value goes, and so what it must look like.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// A length of time.
    Duration(fn(&mut Options) -> &mut Span),
    /// A number of seconds.
    Seconds(fn(&mut Options) -> &mut Span),
    /// A whole number, 0 or more.
    Count(fn(&mut Options) -> &mut u32),
    /// A whole number.
    Priority(fn(&mut Options) -> &mut i32),
    /// A share between 0 and 1.
    Share(fn(&mut Options) -> &mut f64),
    /// On or off.
    Switch(fn(&mut Options) -> &mut bool),
    /// Words, separated by commas; the flag may come several times.
    Words(fn(&mut Options) -> &mut Vec<String>),
    /// `expander`: names, separated by commas.
    Expanders,
    /// `bypassed-scheduler-names`: whether any are named.
    Bypassed,
    /// `cores-total`, `memory-total`: least and most.
    Cores,
    /// The same of GiB.
    MemoryGib,
    /// `gpu-total`: type, least and most; the flag may come several times.
    Gpus,
    /// `nodes`: least, most and id of a group; the flag may come several times.
    Nodes,
}

/// Flags that decide.
pub(super) const FLAGS: &[(&str, Field)] = &[
    ("scan-interval", Field::Duration(|to| &mut to.scan_interval)),
    (
        "frequent-loops-enabled",
        Field::Switch(|to| &mut to.frequent_loops),
    ),
    ("bypassed-scheduler-names", Field::Bypassed),
    (
        "max-nodes-total",
        Field::Count(|to| &mut to.max_nodes_total),
    ),
    (
        "max-nodes-per-scaleup",
        Field::Count(|to| &mut to.max_nodes_per_scaleup),
    ),
    ("expander", Field::Expanders),
    (
        "balance-similar-node-groups",
        Field::Switch(|to| &mut to.balance_similar_node_groups),
    ),
    (
        "balancing-ignore-label",
        Field::Words(|to| &mut to.balancing_ignore_labels),
    ),
    (
        "memory-difference-ratio",
        Field::Share(|to| &mut to.memory_difference_ratio),
    ),
    (
        "max-free-difference-ratio",
        Field::Share(|to| &mut to.max_free_difference_ratio),
    ),
    (
        "max-allocatable-difference-ratio",
        Field::Share(|to| &mut to.max_allocatable_difference_ratio),
    ),
    (
        "new-pod-scale-up-delay",
        Field::Duration(|to| &mut to.new_pod_scale_up_delay),
    ),
    (
        "expendable-pods-priority-cutoff",
        Field::Priority(|to| &mut to.expendable_pods_priority_cutoff),
    ),
    ("cores-total", Field::Cores),
    ("memory-total", Field::MemoryGib),
    ("gpu-total", Field::Gpus),
    ("nodes", Field::Nodes),
    (
        "max-node-provision-time",
        Field::Duration(|to| &mut to.max_node_provision_time),
    ),
    (
        "initial-node-group-backoff-duration",
        Field::Duration(|to| &mut to.initial_node_group_backoff),
    ),
    (
        "max-node-group-backoff-duration",
        Field::Duration(|to| &mut to.max_node_group_backoff),
    ),
    (
        "node-group-backoff-reset-timeout",
        Field::Duration(|to| &mut to.node_group_backoff_reset),
    ),
    (
        "enforce-node-group-min-size",
        Field::Switch(|to| &mut to.enforce_node_group_min_size),
    ),
    (
        "scale-down-enabled",
        Field::Switch(|to| &mut to.scale_down_enabled),
    ),
    (
        "scale-down-delay-after-add",
        Field::Duration(|to| &mut to.scale_down_delay_after_add),
    ),
    (
        "scale-down-delay-after-delete",
        Field::Duration(|to| &mut to.scale_down_delay_after_delete),
    ),
    (
        "scale-down-unneeded-time",
        Field::Duration(|to| &mut to.scale_down_unneeded_time),
    ),
    (
        "scale-down-utilization-threshold",
        Field::Share(|to| &mut to.scale_down_utilization_threshold),
    ),
    (
        "scale-down-gpu-utilization-threshold",
        Field::Share(|to| &mut to.scale_down_gpu_utilization_threshold),
    ),
    (
        "unremovable-node-recheck-timeout",
        Field::Duration(|to| &mut to.unremovable_node_recheck_timeout),
    ),
    (
        "max-scale-down-parallelism",
        Field::Count(|to| &mut to.max_scale_down_parallelism),
    ),
    (
        "max-drain-parallelism",
        Field::Count(|to| &mut to.max_drain_parallelism),
    ),
    (
        "max-graceful-termination-sec",
        Field::Seconds(|to| &mut to.max_graceful_termination),
    ),
    (
        "node-delete-delay-after-taint",
        Field::Duration(|to| &mut to.node_delete_delay_after_taint),
    ),
];

/// Flags that say how the program runs, or about things a replay does not have: time limits of
/// simulations, unready nodes, daemon sets, failures of the API. They change nothing here. Groups
/// that would be discovered are those that are described.
pub(super) const OTHER: &[&str] = &[
    "add-dir-header",
    "address",
    "allowed-scheduler-names",
    "alsologtostderr",
    "aws-use-static-instance-list",
    "blocking-system-pod-distruption-timeout",
    "bulk-mig-instances-listing-enabled",
    "capacity-buffer-controller-enabled",
    "capacity-buffer-pod-dry-run-enabled",
    "check-capacity-batch-processing",
    "check-capacity-processor-instance",
    "check-capacity-provisioning-request-batch-timebox",
    "check-capacity-provisioning-request-max-batch-size",
    "cloud-config",
    "cloud-provider",
    "cluster-name",
    "cluster-snapshot-parallelism",
    "clusterapi-cloud-config-authoritative",
    "config-namespace",
    "cordon-node-before-terminating",
    "daemonset-eviction-for-empty-nodes",
    "daemonset-eviction-for-occupied-nodes",
    "debugging-snapshot-enabled",
    "emit-per-nodegroup-metrics",
    "enable-csi-node-aware-scheduling",
    "estimator",
    "feature-gates",
    "force-delete-failed-nodes",
    "force-ds",
    "gce-concurrent-refreshes",
    "gce-mig-instances-min-refresh-wait-time",
    "grpc-expander-cert",
    "health-check-timeout",
    "ignore-daemonsets-utilization",
    "ignore-mirror-pods-utilization",
    "ignore-taint",
    "kube-api-content-type",
    "kube-client-burst",
    "kube-client-qps",
    "kubeconfig",
    "kubernetes",
    "leader-elect",
    "leader-elect-lease-duration",
    "leader-elect-renew-deadline",
    "leader-elect-resource-lock",
    "leader-elect-resource-name",
    "leader-elect-resource-namespace",
    "leader-elect-retry-period",
    "log-backtrace-at",
    "log-dir",
    "log-file",
    "log-file-max-size",
    "log-flush-frequency",
    "logging-format",
    "logtostderr",
    "max-binpacking-time",
    "max-bulk-soft-taint-count",
    "max-bulk-soft-taint-time",
    "max-failing-time",
    "max-inactivity",
    "max-node-skip-eval-time-tracker-enabled",
    "max-node-startup-time",
    "max-nodegroup-binpacking-duration",
    "max-pod-eviction-time",
    "max-startup-time",
    "max-total-unready-percentage",
    "min-replica-count",
    "namespace",
    "node-deletion-batcher-interval",
    "node-deletion-candidate-ttl",
    "node-deletion-delay-timeout",
    "node-group-auto-discovery",
    "node-info-cache-expire-time",
    "node-removal-latency-tracking-enabled",
    "ok-total-unready-count",
    "one-output",
    "parallel-scale-up",
    "pod-injection-limit",
    "predicate-parallelism",
    "profiling",
    "provisioning-request-initial-backoff-time",
    "provisioning-request-max-backoff-cache-size",
    "provisioning-request-max-backoff-time",
    "record-duplicated-events",
    "regional",
    "salvo-scale-up-budget",
    "scale-down-candidates-pool-min-count",
    "scale-down-candidates-pool-ratio",
    "scale-down-delay-after-failure",
    "scale-down-non-empty-candidates-count",
    "scale-down-simulation-timeout",
    "scale-down-unready-enabled",
    "scale-down-unready-time",
    "scale-from-unschedulable",
    "scale-up-from-zero",
    "scaleup-simulation-for-skipped-node-groups-enabled",
    "skip-headers",
    "skip-log-headers",
    "skip-nodes-with-custom-controller-pods",
    "skip-nodes-with-local-storage",
    "skip-nodes-with-system-pods",
    "startup-taint",
    "startup-taint-prefix",
    "status-config-map-name",
    "status-taint",
    "stderrthreshold",
    "user-agent",
    "v",
    "vmodule",
    "write-status-configmap",
];

/// Flags that change decisions in a way that is not modelled, and what to do instead: silence would
/// mislead. Switches among them may be off.
pub(super) const UNSUPPORTED: &[(&str, &str)] = &[
    ("async-node-groups", "groups are not made on demand here"),
    (
        "balancing-label",
        "groups are compared as a whole; use --balancing-ignore-label",
    ),
    (
        "capacity-buffer-pod-injection-enabled",
        "capacity buffers are not modelled",
    ),
    (
        "capacity-quotas-enabled",
        "use --cores-total, --memory-total and --gpu-total",
    ),
    (
        "drain-priority-config",
        "pods leave all at once here; use --max-graceful-termination-sec",
    ),
    (
        "dynamic-node-delete-delay-after-taint-enabled",
        "use --node-delete-delay-after-taint",
    ),
    (
        "enable-dynamic-resource-allocation",
        "devices of claims are not modelled",
    ),
    ("enable-proactive-scaleup", "pods are not injected here"),
    (
        "enable-provisioning-requests",
        "provisioning requests are not modelled",
    ),
    (
        "fastpath-binpacking-enabled",
        "only the plain estimator is modelled",
    ),
    (
        "force-delete-unregistered-nodes",
        "groups keep their least size here",
    ),
    (
        "grpc-expander-url",
        "what an external expander answers cannot be known",
    ),
    ("salvo-scale-up", "one option is chosen at a time here"),
    (
        "scale-down-delay-type-local",
        "delays count for the whole cluster here",
    ),
];
