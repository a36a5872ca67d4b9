//! Labels Karpenter knows (`pkg/apis/v1/labels.go`, and the AWS provider's).

/// The NodePool of a node.
pub const NODEPOOL: &str = "karpenter.sh/nodepool";
/// `reserved`, `spot` or `on-demand`.
pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
/// The zone.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// The region.
pub const REGION: &str = "topology.kubernetes.io/region";
/// The instance type.
pub const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
/// The processor architecture.
pub const ARCH: &str = "kubernetes.io/arch";
/// The operating system.
pub const OS: &str = "kubernetes.io/os";
/// The build of Windows.
pub const WINDOWS_BUILD: &str = "node.kubernetes.io/windows-build";
/// The node's own name.
pub const HOSTNAME: &str = "kubernetes.io/hostname";

/// The reservation of a reserved offering (the AWS provider's name for it).
pub const RESERVATION_ID: &str = "karpenter.k8s.aws/capacity-reservation-id";

/// Labels that a node not made yet may turn out to have: asking for one that nothing defines is no
/// contradiction. Those of the core, and that of reservations; a provider adds its own.
pub const WELL_KNOWN: &[&str] = &[
    NODEPOOL,
    ZONE,
    REGION,
    INSTANCE_TYPE,
    ARCH,
    OS,
    CAPACITY_TYPE,
    WINDOWS_BUILD,
    RESERVATION_ID,
];

/// Older names and what they are called now.
const RENAMED: &[(&str, &str)] = &[
    ("failure-domain.beta.kubernetes.io/zone", ZONE),
    ("failure-domain.beta.kubernetes.io/region", REGION),
    ("beta.kubernetes.io/arch", ARCH),
    ("beta.kubernetes.io/os", OS),
    ("beta.kubernetes.io/instance-type", INSTANCE_TYPE),
];

/// The name a label goes by, whichever of its names is given.
///
/// ```
/// use gpusched_core::provisioning::karpenter::labels::{ZONE, normalized};
/// assert_eq!(normalized("failure-domain.beta.kubernetes.io/zone"), ZONE);
/// assert_eq!(normalized("team"), "team");
/// ```
pub fn normalized(label: &str) -> &str {
    let renamed = RENAMED.iter().find(|(old, _)| *old == label);
    renamed.map_or(label, |(_, new)| new)
}
