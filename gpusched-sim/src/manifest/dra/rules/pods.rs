//! Pods that claim devices.

use super::{names, unique};
use crate::diagnostic::did_you_mean;
use crate::manifest::cursor::{At, Read};
use crate::manifest::rules;
use std::collections::BTreeSet;

/// What the API server asks of the claims of a Pod.
pub(in crate::manifest) fn pod(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    spec(&at.field("spec"))
}

/// The same of the pods of a Job.
pub(in crate::manifest) fn job(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    let template = at.field("spec");
    spec(&template.field("template").field("spec"))
}

/// The same of the pods of a JobSet.
pub(in crate::manifest) fn job_set(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    at.field("spec").field("replicatedJobs").list(|item| {
        let job = item.field("template");
        let job = job.field("spec");
        spec(&job.field("template").field("spec"))
    })?;
    Ok(())
}

fn spec(at: &At<'_, '_>) -> Read<()> {
    let claims = at.field("resourceClaims");
    unique(&claims, "name", "claim")?;
    let mut known = BTreeSet::new();
    claims.list(|item| {
        let name = item.field("name");
        names::label(&name)?;
        known.extend(name.str()?);
        Ok(())
    })?;
    for containers in ["containers", "initContainers"] {
        at.field(containers).list(|container| {
            container.field("resources").field("claims").list(|used| {
                let name = used.field("name");
                let Some(given) = name.str()?.filter(|given| !known.contains(given)) else {
                    return Ok(());
                };
                let fault = name.fault(format!("the pod has no claim `{given}`"));
                name.refuse(match did_you_mean(given, known.iter().copied()) {
                    Some(close) => fault.help(format!("did you mean `{close}`?")),
                    None => fault.help("list it in the pod's `resourceClaims`"),
                });
                Ok(())
            })
        })?;
    }
    Ok(())
}
