//! Labels of the AWS provider, and which of them a catalogue tells.

use gpusched_core::provisioning::catalog::InstanceType;
use gpusched_core::provisioning::karpenter::Requirement;
use gpusched_core::provisioning::karpenter::labels::{ARCH, OS, WELL_KNOWN};
use gpusched_core::provisioning::karpenter::objects::NodeType;

/// The domain of the provider's labels.
pub(super) const AWS: &str = "karpenter.k8s.aws/";

/// Labels the AWS provider adds to those of Karpenter's core (`pkg/apis/v1/labels.go` of
/// karpenter-provider-aws, 1d92708).
pub(super) const AWS_LABELS: &[&str] = &[
    "karpenter.k8s.aws/capacity-reservation-type",
    "karpenter.k8s.aws/ec2nodeclass",
    "karpenter.k8s.aws/instance-accelerator-count",
    "karpenter.k8s.aws/instance-accelerator-manufacturer",
    "karpenter.k8s.aws/instance-accelerator-name",
    "karpenter.k8s.aws/instance-capability-flex",
    "karpenter.k8s.aws/instance-category",
    "karpenter.k8s.aws/instance-cpu",
    "karpenter.k8s.aws/instance-cpu-manufacturer",
    "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz",
    "karpenter.k8s.aws/instance-ebs-bandwidth",
    "karpenter.k8s.aws/instance-encryption-in-transit-supported",
    "karpenter.k8s.aws/instance-family",
    "karpenter.k8s.aws/instance-generation",
    "karpenter.k8s.aws/instance-gpu-count",
    "karpenter.k8s.aws/instance-gpu-manufacturer",
    "karpenter.k8s.aws/instance-gpu-memory",
    "karpenter.k8s.aws/instance-gpu-name",
    "karpenter.k8s.aws/instance-hypervisor",
    "karpenter.k8s.aws/instance-local-nvme",
    "karpenter.k8s.aws/instance-memory",
    "karpenter.k8s.aws/instance-network-bandwidth",
    "karpenter.k8s.aws/instance-size",
    "topology.k8s.aws/zone-id",
];

/// Labels of the types of Karpenter's kwok provider (`kwok/apis/v1alpha1/labels.go`).
const KWOK_LABELS: &[&str] = &[
    "karpenter.kwok.sh/instance-cpu",
    "karpenter.kwok.sh/instance-family",
    "karpenter.kwok.sh/instance-memory",
    "karpenter.kwok.sh/instance-size",
];

/// Every label that a requirement may name without a NodePool defining it.
pub(super) fn all_well_known() -> Vec<&'static str> {
    [WELL_KNOWN, AWS_LABELS, KWOK_LABELS].concat()
}

/// Tells what the name and the numbers of a type say about its labels: architecture and system,
/// and of AWS's types family, size, generation, CPU, memory and GPUs.
///
/// A type without GPUs cannot have the labels of GPUs, nor one of another provider those of AWS. Labels no catalogue tells (hypervisor,
/// bandwidths, …) stay open: a requirement on them removes no type.
pub(super) fn describe(of: &InstanceType, seen: &mut NodeType) {
    let mut say = |key: &str, value: &str| {
        let requirement = Requirement::one_of(key, &[value]);
        seen.requirements.set(key, Some(requirement));
    };
    if !of.labels.contains_key(ARCH) {
        say(ARCH, if is_arm(of) { "arm64" } else { "amd64" });
    }
    if !of.labels.contains_key(OS) {
        say(OS, "linux");
    }
    if of.cloud != "aws" {
        // Nobody else's types have the labels of AWS; of whom a type is has to be known for that.
        let theirs = AWS_LABELS.iter().filter(|key| key.contains("/instance-"));
        for key in theirs.filter(|_| !of.cloud.is_empty()) {
            seen.requirements.set(key, Some(Requirement::none(key)));
        }
        return;
    }
    let amount = |resource: &str| of.capacity.get(resource).copied().unwrap_or(0);
    let mut say = |label: &str, value: String| say(&format!("{AWS}instance-{label}"), &value);
    say("cpu", (amount("cpu") / 1000).to_string());
    say("memory", (amount("memory") >> 20).to_string());
    if let Some((family, size)) = of.name.split_once('.') {
        let digit = |c: char| c.is_ascii_digit();
        let (category, rest) = family.split_at(family.find(digit).unwrap_or(family.len()));
        let (generation, _) = rest.split_at(rest.find(|c| !digit(c)).unwrap_or(rest.len()));
        say("family", family.to_owned());
        say("size", size.to_owned());
        say("category", category.to_owned());
        if !generation.is_empty() {
            say("generation", generation.to_owned());
        }
    }
    match &of.gpus {
        Some(gpus) => {
            say("gpu-name", gpus.model.to_lowercase());
            say("gpu-manufacturer", gpus.vendor.clone());
            say("gpu-count", gpus.whole().to_string());
            say("gpu-memory", gpus.memory_mib.to_string());
        }
        None => {
            for label in ["name", "manufacturer", "count", "memory"] {
                let key = format!("{AWS}instance-gpu-{label}");
                seen.requirements.set(&key, Some(Requirement::none(&key)));
            }
        }
    }
}

/// Whether nodes of a type are on Arm: AWS says it by a `g` behind the generation (`g5g`), and all
/// with Grace are.
fn is_arm(of: &InstanceType) -> bool {
    let family = of.name.split('.').next().unwrap_or_default();
    let behind = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let graviton = of.cloud == "aws" && behind.contains('g');
    let grace = |model: &str| {
        ["gb200", "gb300", "gh200"]
            .iter()
            .any(|one| model.contains(one))
    };
    let model = of.gpus.as_ref().map(|gpus| gpus.model.to_lowercase());
    graviton || model.is_some_and(|model| grace(&model))
}
