//! AdmissionCheck.

use super::OBJECT;
use crate::manifest::cursor::{At, Read};
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::AdmissionCheck;

/// An AdmissionCheck. It is active when its condition says so.
pub(in crate::manifest) fn admission_check(at: At<'_, '_>) -> Read<AdmissionCheck> {
    at.only(&[OBJECT])?;
    let spec = at.field("spec");
    spec.only(&[&["controllerName", "parameters", "retryDelayMinutes"]])?;
    let active = at.field("status").field("conditions").list(|item| {
        let kind = item.field("type").str()?;
        Ok(kind == Some("Active") && item.field("status").str()? == Some("True"))
    })?;
    Ok(AdmissionCheck {
        name: Meta::read(&at)?.name,
        controller: spec.field("controllerName").string()?,
        active: active.contains(&true),
    })
}
