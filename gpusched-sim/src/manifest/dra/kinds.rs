//! Which reader reads which kind, and what the API server asks of it besides.

use super::pod_group::pod_group;
use super::taint_rule::device_taint_rule;
use super::{ClaimingPods, DraObjects, pods, rules};
use super::{device_class, resource_claim, resource_claim_template, resource_slice};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube;

/// Group of the API.
pub(super) const GROUP: &str = "resource.k8s.io";

/// Group of PodGroups. Other schedulers have kinds of that name in groups of their own.
pub(super) const SCHEDULING: &str = "scheduling.k8s.io";

/// One kind.
pub(super) struct Kind {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) namespaced: bool,
    /// Reads one object and puts it where it belongs.
    pub(super) read: fn(At<'_, '_>, &mut DraObjects) -> Read<()>,
    /// What the API server asks of it besides.
    pub(super) rules: fn(&At<'_, '_>) -> Read<()>,
}

/// All kinds that decide about devices.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        group: GROUP,
        name: "DeviceClass",
        namespaced: false,
        read: |at, objects| {
            objects.classes.push(device_class(at)?);
            Ok(())
        },
        rules: rules::device_class,
    },
    Kind {
        group: GROUP,
        name: "ResourceSlice",
        namespaced: false,
        read: |at, objects| {
            objects.slices.push(resource_slice(at)?);
            Ok(())
        },
        rules: rules::resource_slice,
    },
    Kind {
        group: GROUP,
        name: "ResourceClaim",
        namespaced: true,
        read: |at, objects| {
            objects.claims.push(resource_claim(at)?);
            Ok(())
        },
        rules: rules::resource_claim,
    },
    Kind {
        group: GROUP,
        name: "ResourceClaimTemplate",
        namespaced: true,
        read: |at, objects| {
            objects.templates.push(resource_claim_template(at)?);
            Ok(())
        },
        rules: rules::resource_claim_template,
    },
    Kind {
        group: GROUP,
        name: "DeviceTaintRule",
        namespaced: false,
        read: |at, objects| {
            objects.taint_rules.push(device_taint_rule(at)?);
            Ok(())
        },
        rules: rules::device_taint_rule,
    },
    Kind {
        group: "",
        name: "Node",
        namespaced: false,
        read: |at, objects| {
            objects.nodes.push(kube::node(at)?);
            Ok(())
        },
        rules: crate::manifest::rules::object_name,
    },
    Kind {
        group: "",
        name: "Pod",
        namespaced: true,
        read: |at, objects| take(objects, pods::pod(at)?),
        rules: rules::pod,
    },
    Kind {
        group: SCHEDULING,
        name: "PodGroup",
        namespaced: true,
        read: |at, objects| {
            objects.pod_groups.push(pod_group(at)?);
            Ok(())
        },
        rules: crate::manifest::rules::object_name,
    },
    Kind {
        group: "batch",
        name: "Job",
        namespaced: true,
        read: |at, objects| take(objects, pods::job(at)?),
        rules: rules::job,
    },
    Kind {
        group: "jobset.x-k8s.io",
        name: "JobSet",
        namespaced: true,
        read: |at, objects| take(objects, pods::job_set(at)?),
        rules: rules::job_set,
    },
];

fn take(objects: &mut DraObjects, pods: impl IntoIterator<Item = ClaimingPods>) -> Read<()> {
    objects.pods.extend(pods);
    Ok(())
}

/// The kind of an object, if it decides about devices.
pub(super) fn known((group, kind): (&str, &str)) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|known| (known.group, known.name) == (group, kind))
}
