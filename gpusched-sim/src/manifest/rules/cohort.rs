//! Cohort.

use super::names::{object_name, reference};
use super::quotas::{Owner, fair_sharing, resource_groups};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kueue::Version;

/// What the API server asks of a Cohort.
pub(in crate::manifest) fn cohort(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    let mut has_parent = false;
    let spellings: &[&'static str] = match Version::of(at)? {
        Version::Old => &["parentName", "parent"],
        Version::New => &["parentName"],
    };
    for spelling in spellings {
        let parent = spec.field(spelling);
        reference(&parent)?;
        has_parent |= parent.name()?.is_some();
    }
    let owner = Owner {
        parent: "parentName",
        has_parent,
        lends_its_own: false,
    };
    resource_groups(&spec.field("resourceGroups"), &owner)?;
    fair_sharing(&spec.field("fairSharing"))
}
