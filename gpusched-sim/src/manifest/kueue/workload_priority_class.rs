//! WorkloadPriorityClass.

use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::PriorityClass;

/// The class that stands in where a job names none (gate `WorkloadPriorityClassDefaulting`).
const DEFAULT: &str = "default";

/// A WorkloadPriorityClass.
pub(in crate::manifest) fn workload_priority_class(at: At<'_, '_>) -> Read<PriorityClass> {
    at.only(&[&["apiVersion", "kind", "metadata", "value", "description"]])?;
    let name = Meta::read(&at)?.name;
    let value = at.field("value");
    Ok(PriorityClass {
        value: value.i32()?.ok_or_else(|| value.missing())?,
        global_default: name == DEFAULT,
        name,
    })
}
