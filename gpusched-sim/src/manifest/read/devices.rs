//! What claims of workloads are charged to quota, from the templates they name.

use super::Manifests;
use crate::diagnostic::Diagnostic;
use crate::manifest::fault::Part;
use crate::manifest::{DraObjects, Problem};
use gpusched_core::placement::dra::objects::ClaimSpec;
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::queueing::kueue::{
    DeviceClassMapping, DevicesAtHand, ResourcesConfig, device_charges,
};

/// A claim of a workload that Kueue does not charge, so that it admits the workload never.
pub(super) struct Inadmissible {
    /// Where in a Workload.
    path: Vec<Part>,
    message: String,
    help: &'static str,
}

impl Inadmissible {
    /// As a problem of what stands at `place`.
    pub(super) fn said(self, place: impl FnOnce(Vec<Part>, String) -> Box<Diagnostic>) -> Problem {
        Problem::error(*place(self.path, self.message).help(self.help))
    }
}

/// Enters what the claims of each pod set are charged; templates are looked for in `templates`
/// first, then where classes and slices are.
pub(super) fn charge(
    workload: &mut Workload,
    config: &ResourcesConfig,
    templates: &DraObjects,
    cluster: &DraObjects,
) -> Result<(), Inadmissible> {
    let at_hand = DevicesAtHand {
        classes: &cluster.classes,
        slices: &cluster.slices,
    };
    let mappings: &[DeviceClassMapping] = &config.device_classes;
    for (number, pod_set) in workload.pod_sets.iter_mut().enumerate() {
        let path = |more: Option<usize>| {
            let fields = ["template", "spec", "resourceClaims"].map(Part::from);
            let mut path = vec!["spec".into(), "podSets".into(), number.into()];
            path.extend(fields);
            path.extend(more.map(Part::from));
            path
        };
        let mut claims: Vec<&ClaimSpec> = Vec::new();
        for name in &pod_set.template.claim_templates {
            let mut known = templates.templates.iter().chain(&cluster.templates);
            let found = known.find(|one| one.namespace == workload.namespace && one.name == *name);
            let Some(found) = found else {
                return Err(Inadmissible {
                    path: path(None),
                    message: format!(
                        "there is no ResourceClaimTemplate `{name}` in namespace {}",
                        workload.namespace
                    ),
                    help: "give the manifest that holds it, too: its devices count against quota",
                });
            };
            claims.push(&found.spec);
        }
        match device_charges(claims, mappings, at_hand) {
            Ok(charged) => pod_set.template.claimed = charged,
            Err(why) => {
                return Err(Inadmissible {
                    path: path(Some(0)),
                    message: format!("Kueue would never admit this workload: {why}"),
                    help: "`resources.deviceClassMappings` of Kueue's Configuration says what device \
                           classes count; leave the workload out to go on without it",
                });
            }
        }
    }
    Ok(())
}

impl Manifests {
    /// Enters the charges of all workloads.
    pub(super) fn charge_devices(&mut self) {
        let none = DraObjects::default();
        let mut workloads = std::mem::take(&mut self.objects.workloads);
        for workload in &mut workloads {
            let resources = &self.configuration.resources;
            if let Err(why) = charge(workload, resources, &none, &self.devices) {
                let key = (workload.namespace.as_str(), workload.name.as_str());
                let problem = why.said(|path, message| self.locate("Workload", key, path, message));
                self.problems.push(problem);
            }
        }
        self.objects.workloads = workloads;
    }
}
