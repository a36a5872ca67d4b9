//! Cohort.

use super::quotas::{fair_weight, resource_group};
use super::{OBJECT, Version};
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::Cohort;

/// A Cohort. `v1alpha1`, which is no longer served but still around in files, wrote `parent`.
pub(in crate::manifest) fn cohort(at: At<'_, '_>) -> Read<Cohort> {
    at.only(&[OBJECT])?;
    let spec = at.field("spec");
    spec.only(&[&["parentName", "parent", "resourceGroups", "fairSharing"]])?;
    let mut parent = spec.field("parentName").name()?;
    match Version::of(&at)? {
        Version::Old => parent = parent.or(spec.field("parent").name()?),
        Version::New => spec.renamed(&[("parent", "parentName")]),
    }
    Ok(Cohort {
        name: Meta::read(&at)?.name,
        parent,
        resource_groups: spec.field("resourceGroups").list(resource_group)?,
        fair_weight: fair_weight(spec.field("fairSharing"))?,
    })
}
