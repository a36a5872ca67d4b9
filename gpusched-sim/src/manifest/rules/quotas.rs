//! Resource groups and weights of ClusterQueues and Cohorts.

use super::names::{qualified, reference};
use crate::manifest::cursor::{At, Read};
use gpusched_core::kube::Quantity;
use std::collections::BTreeSet;

/// Whose quotas they are.
pub(super) struct Owner {
    /// What the field is called that makes borrowing and lending possible.
    pub(super) parent: &'static str,
    /// Whether it is set.
    pub(super) has_parent: bool,
    /// Whether a lending limit may not exceed the nominal quota.
    pub(super) lends_its_own: bool,
}

/// Resource groups.
pub(super) fn resource_groups(at: &At<'_, '_>, owner: &Owner) -> Read<()> {
    let (mut resources, mut flavors) = (BTreeSet::new(), BTreeSet::new());
    at.list(|group| {
        let covered = group.field("coveredResources").list(|item| {
            qualified(&item)?;
            let name = item.str()?.unwrap_or_default();
            if !resources.insert(name) {
                item.refuse(
                    item.fault(format!("`{name}` is covered twice"))
                        .help("a resource belongs to one group, and is listed there once"),
                );
            }
            Ok(name)
        })?;
        group.field("flavors").list(|flavor| {
            let at = flavor.field("name");
            reference(&at)?;
            let name = at.str()?.unwrap_or_default();
            if !flavors.insert(name) {
                at.refuse(
                    at.fault(format!("flavor `{name}` has quotas twice"))
                        .help("a flavor belongs to one group, and is listed there once"),
                );
            }
            same_resources(&flavor.field("resources"), &covered)?;
            flavor
                .field("resources")
                .list(|quota| resource_quota(&quota, owner))
        })
    })?;
    Ok(())
}

/// A flavor has a quota for every covered resource, in the same order.
fn same_resources(at: &At<'_, '_>, covered: &[&str]) -> Read<()> {
    let given = at.list(|item| {
        let name = item.field("name");
        Ok(name.str()?.unwrap_or_default())
    })?;
    if given == covered {
        return Ok(());
    }
    let undeclared = given.iter().find(|name| !covered.contains(name));
    let without = covered.iter().find(|name| !given.contains(name));
    let message = match (undeclared, without) {
        (Some(name), _) => format!("`{name}` is not in `coveredResources`"),
        (None, Some(name)) => format!("there is no quota for `{name}`"),
        (None, None) => "the resources stand in another order than covered".to_owned(),
    };
    let order = covered.join(", ");
    at.refuse(
        at.fault(message)
            .help(format!("list exactly the covered resources: {order}")),
    );
    Ok(())
}

fn resource_quota(at: &At<'_, '_>, owner: &Owner) -> Read<()> {
    let nominal = at.field("nominalQuota").quantity()?.unwrap_or_default();
    for name in ["nominalQuota", "borrowingLimit", "lendingLimit"] {
        let at = at.field(name);
        let Some(given) = at.quantity()? else {
            continue;
        };
        if given < Quantity::default() {
            at.refuse(at.fault(format!("`{name}` is negative ({given})")));
        }
        if name != "nominalQuota" && !owner.has_parent {
            let parent = owner.parent;
            let fault = at.fault(format!("`{name}` without `{parent}` limits nothing"));
            at.refuse(fault.help(format!("leave it out, or set `{parent}`")));
        }
        if name == "lendingLimit" && owner.lends_its_own && given > nominal {
            let message = format!("it cannot lend {given}: its nominal quota is {nominal}");
            at.refuse(at.fault(message).help("lower `lendingLimit`"));
        }
    }
    Ok(())
}

/// `fairSharing`: a weight is 0, or more than 10⁻⁹.
pub(super) fn fair_sharing(at: &At<'_, '_>) -> Read<()> {
    let at = at.field("weight");
    if let Some(weight) = at.quantity()? {
        // Nano-units are the finest there are.
        if weight.nanos() < 0 || weight.nanos() == 1 {
            at.refuse(at.fault(format!("a weight cannot be {weight}")));
        }
    }
    Ok(())
}
