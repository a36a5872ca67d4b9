//! What every object has: its names, labels and age.

use super::cursor::{At, Read};
use gpusched_core::kube::Labels;
use gpusched_core::units::Time;

/// `metadata` of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Meta {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) generation: i64,
    pub(super) created: Time,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    /// Kind and name.
    pub(super) owners: Vec<(String, String)>,
}

impl Meta {
    /// Reads `metadata` of an object. A name is not asked for: vectors leave it out, and what
    /// needs one checks it.
    pub(super) fn read(object: &At<'_, '_>) -> Read<Meta> {
        let at = object.field("metadata");
        Ok(Meta {
            namespace: at.field("namespace").string()?,
            name: at.field("name").string()?,
            uid: at.field("uid").string()?,
            generation: at.field("generation").i64()?.unwrap_or_default(),
            created: at.field("creationTimestamp").time()?,
            labels: at.field("labels").labels()?,
            annotations: at.field("annotations").labels()?,
            owners: at
                .field("ownerReferences")
                .list(|item| Ok((item.field("kind").string()?, item.field("name").string()?)))?,
        })
    }
}
