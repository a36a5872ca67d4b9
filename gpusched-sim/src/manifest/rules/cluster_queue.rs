//! ClusterQueue.

use super::names::{object_name, reference, selector};
use super::quotas::{Owner, fair_sharing, resource_groups};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kueue::Version;

/// What the API server asks of a ClusterQueue.
pub(in crate::manifest) fn cluster_queue(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    let parent = match Version::of(at)? {
        Version::Old => "cohort",
        Version::New => "cohortName",
    };
    let cohort = spec.field(parent);
    reference(&cohort)?;
    let owner = Owner {
        parent,
        has_parent: cohort.name()?.is_some(),
        lends_its_own: true,
    };
    resource_groups(&spec.field("resourceGroups"), &owner)?;
    fair_sharing(&spec.field("fairSharing"))?;
    selector(&spec.field("namespaceSelector"))?;
    preemption(&spec.field("preemption"))?;
    fungibility(&spec.field("flavorFungibility"))?;
    on_flavors(&spec)
}

fn preemption(at: &At<'_, '_>) -> Read<()> {
    let reclaim = at.field("reclaimWithinCohort");
    let borrow = at.field("borrowWithinCohort");
    let policy = borrow.field("policy");
    let given = reclaim.str()?.unwrap_or("Never");
    if given == "Never" && !matches!(policy.str()?, None | Some("" | "Never")) {
        policy.refuse(
            policy
                .fault("it cannot preempt to borrow if it cannot preempt to reclaim")
                .help("set `reclaimWithinCohort` to LowerPriority or Any"),
        );
    }
    if given == "LowerOrNewerEqualPriority" {
        reclaim.refuse(
            reclaim
                .fault(format!("`{given}` is not possible here"))
                .help("possible values: Never, LowerPriority, Any"),
        );
    }
    Ok(())
}

fn fungibility(at: &At<'_, '_>) -> Read<()> {
    let preference = at.field("preference");
    let next = |name| -> Read<bool> { Ok(at.field(name).str()? == Some("TryNextFlavor")) };
    if preference.present() && !(next("whenCanBorrow")? && next("whenCanPreempt")?) {
        preference.refuse(
            preference
                .fault("a preference means nothing where the search may stop")
                .help("set both `whenCanBorrow` and `whenCanPreempt` to TryNextFlavor"),
        );
    }
    Ok(())
}

/// A check is for flavors the queue has.
fn on_flavors(spec: &At<'_, '_>) -> Read<()> {
    let groups = spec.field("resourceGroups").list(|group| {
        group.field("flavors").list(|flavor| {
            let name = flavor.field("name");
            Ok(name.str()?.unwrap_or_default())
        })
    })?;
    let flavors = groups.concat();
    let strategy = spec.field("admissionChecksStrategy");
    strategy.field("admissionChecks").list(|rule| {
        rule.field("onFlavors").list(|item| {
            let name = item.str()?.unwrap_or_default();
            if !flavors.contains(&name) {
                let message = format!("this queue has no flavor `{name}`");
                let has = flavors.join(", ");
                item.refuse(item.fault(message).help(format!("its flavors: {has}")));
            }
            Ok(())
        })
    })?;
    Ok(())
}
