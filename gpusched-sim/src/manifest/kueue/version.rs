//! Versions of the API that name things differently.

use crate::manifest::cursor::{At, Read};

/// Which names an object uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) enum Version {
    /// `v1alpha1` and `v1beta1`.
    Old,
    /// `v1beta2`, and whatever does not say.
    New,
}

impl Version {
    /// The version an object says it is of.
    pub(in crate::manifest) fn of(object: &At<'_, '_>) -> Read<Version> {
        let group_version = object.field("apiVersion").str()?.unwrap_or_default();
        let version = group_version.rsplit('/').next();
        Ok(match version {
            Some("v1alpha1" | "v1beta1") => Version::Old,
            _ => Version::New,
        })
    }
}
