//! Findings in Kueue's words.

use super::super::Amount;
use super::super::ids::{FlavorId, ResourceId};
use super::super::quota::Names;
use super::Mismatch;
use super::reason::{Reason, TopologyError};
use super::shape::{RequestedResources, Shape};
use crate::kube::Quantity;

/// Spells findings out.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Names of flavors.
    pub names: &'a Names,
    /// Names of resources.
    pub resources: &'a RequestedResources,
    /// What was asked for.
    pub shape: &'a Shape,
}

impl Words<'_> {
    fn flavor(&self, flavor: FlavorId) -> &str {
        self.names.flavor_name(flavor)
    }

    fn amount(&self, resource: ResourceId, amount: Amount) -> String {
        Quantity::of_resource(self.resources.name(resource), amount.0).to_string()
    }

    /// One finding.
    pub fn reason(&self, reason: &Reason) -> String {
        match reason {
            Reason::Undeclared { resource } => {
                let name = self.resources.name(*resource);
                format!("resource {name} unavailable in ClusterQueue")
            }
            Reason::NotNominated { flavor, resource } => format!(
                "skipping flavor {} as it is not found in the nomination mapping for resource {}",
                self.flavor(*flavor),
                self.resources.name(*resource),
            ),
            Reason::OtherVariant { flavor } => format!(
                "skipping flavor {} due to WorkloadAllowedResourceFlavorAnnotation annotation",
                self.flavor(*flavor),
            ),
            Reason::FlavorNotFound { flavor } => {
                format!("flavor {} not found", self.flavor(*flavor))
            }
            Reason::NoTopology { flavor } => {
                let name = self.flavor(*flavor);
                format!("Flavor {name:?} does not support TopologyAwareScheduling")
            }
            Reason::TopologyNotFound { flavor } => {
                let name = self.flavor(*flavor);
                format!("Flavor {name:?} information missing in TAS cache")
            }
            Reason::NoSuchLevel { flavor } => {
                let name = self.flavor(*flavor);
                format!("Flavor {name:?} does not contain the requested level")
            }
            Reason::TopologyOnly { flavor } => {
                let name = self.flavor(*flavor);
                format!("Flavor {name:?} supports only TopologyAwareScheduling")
            }
            Reason::Mismatch { flavor, pod_set } => self.mismatch(*flavor, usize::from(*pod_set)),
            Reason::OtherSlice { flavor, original } => format!(
                "could not assign {} flavor since the original workload is assigned: {}",
                self.flavor(*flavor),
                original.map_or("", |original| self.flavor(original)),
            ),
            Reason::AboveMaximum {
                flavor,
                resource,
                assumed,
                request,
                maximum,
            } => format!(
                "insufficient quota for {} in flavor {}, previously considered podsets requests \
                 ({}) + current podset request ({}) > maximum capacity ({})",
                self.resources.name(*resource),
                self.flavor(*flavor),
                self.amount(*resource, *assumed),
                self.amount(*resource, *request),
                self.amount(*resource, *maximum),
            ),
            Reason::InsufficientUnused {
                flavor,
                resource,
                missing,
            } => format!(
                "insufficient unused quota for {} in flavor {}, {} more needed",
                self.resources.name(*resource),
                self.flavor(*flavor),
                self.amount(*resource, *missing),
            ),
            Reason::Topology(why) => why.clone(),
        }
    }

    fn mismatch(&self, flavor: FlavorId, pod_set: usize) -> String {
        let name = self.flavor(flavor);
        let pod_set = self.shape.pod_sets.get(pod_set);
        match pod_set.and_then(|one| one.mismatch(flavor)) {
            Some(Mismatch::Taint(taint)) => format!(
                "untolerated taint {{{} {} {:?} <nil>}} in flavor {name}",
                taint.key, taint.value, taint.effect,
            ),
            _ => format!("flavor {name} doesn't match node affinity"),
        }
    }

    /// Why a pod set cannot be placed in a topology at all.
    pub fn error(&self, error: &TopologyError) -> String {
        match error {
            TopologyError::NoInformation => {
                "workload requires Topology, but there is no TAS cache information".to_owned()
            }
            TopologyError::NoFlavor => "no TAS flavor assigned".to_owned(),
            TopologyError::ManyFlavors(flavors) => {
                let names: Vec<&str> = flavors.iter().map(|one| self.flavor(*one)).collect();
                format!("more than one TAS flavor assigned: {}", names.join(", "))
            }
            TopologyError::ElasticRequired => {
                "required topology is not supported with ElasticJobsViaWorkloadSlices".to_owned()
            }
            TopologyError::ElasticPreferred => {
                "preferred topology is not supported with ElasticJobsViaWorkloadSlices".to_owned()
            }
        }
    }

    /// All findings about a workload, pod set by pod set; an error stands for all.
    pub fn findings(
        &self,
        reasons: &[(usize, Reason)],
        error: Option<&(usize, TopologyError)>,
    ) -> String {
        let name = |pod_set: usize| {
            let pod_set = self.shape.pod_sets.get(pod_set);
            pod_set.map_or("", |one| one.name.as_str())
        };
        if let Some((pod_set, error)) = error {
            let pod_set = name(*pod_set);
            let error = self.error(error);
            return format!("failed to assign flavors to pod set {pod_set}: {error}");
        }
        let mut parts = Vec::new();
        let mut rest = reasons;
        while let Some((pod_set, _)) = rest.first() {
            let own = rest.iter().take_while(|(one, _)| one == pod_set).count();
            let mut texts: Vec<String> =
                rest[..own].iter().map(|one| self.reason(&one.1)).collect();
            texts.sort();
            let texts = texts.join(", ");
            parts.push(format!(
                "couldn't assign flavors to pod set {}: {texts}",
                name(*pod_set)
            ));
            rest = &rest[own..];
        }
        parts.join("; ")
    }
}
