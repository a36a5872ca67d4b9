//! Namespaces.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::Namespace;

/// The label the API server gives to every namespace.
const METADATA_NAME: &str = "kubernetes.io/metadata.name";

/// A Namespace.
pub(in crate::manifest) fn namespace(at: At<'_, '_>) -> Read<Namespace> {
    let Meta {
        name, mut labels, ..
    } = Meta::read(&at)?;
    labels.insert(METADATA_NAME.to_owned(), name.clone());
    Ok(Namespace { name, labels })
}

/// A namespace nobody wrote down.
pub(in crate::manifest) fn implied_namespace(name: String) -> Namespace {
    Namespace {
        labels: [(METADATA_NAME.to_owned(), name.clone())].into(),
        name,
    }
}
