//! PriorityClasses of Kubernetes.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::PriorityClass;

/// A `scheduling.k8s.io` PriorityClass.
pub(in crate::manifest) fn priority_class(at: At<'_, '_>) -> Read<PriorityClass> {
    let value = at.field("value");
    Ok(PriorityClass {
        name: Meta::read(&at)?.name,
        value: value.i32()?.ok_or_else(|| value.missing())?,
        global_default: at.field("globalDefault").bool()?.unwrap_or(false),
    })
}
