//! Resource groups and fair-sharing weights, which ClusterQueues and Cohorts have in common.

use crate::manifest::cursor::{At, Read};
use gpusched_core::queueing::kueue::Amount;
use gpusched_core::queueing::kueue::objects::{FlavorQuotas, ResourceGroup, ResourceQuota};

/// A resource group.
pub(super) fn resource_group(at: At<'_, '_>) -> Read<ResourceGroup> {
    at.only(&[&["coveredResources", "flavors"]])?;
    Ok(ResourceGroup {
        covered: at.field("coveredResources").strings()?,
        flavors: at.field("flavors").list(flavor_quotas)?,
    })
}

fn flavor_quotas(at: At<'_, '_>) -> Read<FlavorQuotas> {
    at.only(&[&["name", "resources"]])?;
    Ok(FlavorQuotas {
        flavor: at.field("name").required()?,
        resources: at.field("resources").list(resource_quota)?,
    })
}

fn resource_quota(at: At<'_, '_>) -> Read<ResourceQuota> {
    at.only(&[&["name", "nominalQuota", "borrowingLimit", "lendingLimit"]])?;
    let resource = at.field("name").required()?;
    let amount = |name: &'static str| -> Read<Option<Amount>> {
        let quantity = at.field(name).quantity()?;
        Ok(quantity.map(|quantity| Amount::of_quota(&resource, quantity)))
    };
    Ok(ResourceQuota {
        nominal: amount("nominalQuota")?.ok_or_else(|| at.field("nominalQuota").missing())?,
        borrowing_limit: amount("borrowingLimit")?,
        lending_limit: amount("lendingLimit")?,
        resource,
    })
}

/// `fairSharing.weight`, if given.
pub(super) fn fair_weight(at: At<'_, '_>) -> Read<Option<f64>> {
    at.only(&[&["weight"]])?;
    let weight = at.field("weight").quantity()?;
    Ok(weight.map(|weight| weight.as_f64()))
}
