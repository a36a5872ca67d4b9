//! Versions of the API that nest things differently.

use crate::manifest::cursor::{At, Read};

/// Where an object keeps what its devices and requests are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::manifest) enum Shape {
    /// `v1` and `v1beta2`, and whatever does not say: devices as they are, requests under
    /// `exactly`.
    Nested,
    /// `v1beta1` and older: devices under `basic`, requests as they are.
    Flat,
}

impl Shape {
    /// The shape of an object by the version it says it is of.
    pub(in crate::manifest) fn of(object: &At<'_, '_>) -> Read<Shape> {
        let group_version = object.field("apiVersion").str()?.unwrap_or_default();
        Ok(match group_version.rsplit('/').next() {
            Some("v1beta1" | "v1alpha3") => Shape::Flat,
            _ => Shape::Nested,
        })
    }
}
