//! What the API server (1.36) refuses of `resource.k8s.io` objects although every field can be
//! read, one file per kind. Each refuses what it finds and goes on.

mod claim;
mod class;
mod device;
mod names;
mod pods;
mod slice;

pub(super) use claim::{resource_claim, resource_claim_template};
pub(super) use class::device_class;
pub(super) use device::device_taint_rule;
pub(super) use pods::{job, job_set, pod};
pub(super) use slice::resource_slice;

use crate::manifest::cursor::{At, Read};

/// Length of a list or object; 0 when missing.
fn length(at: &At<'_, '_>) -> usize {
    match at.value() {
        Some(serde_json::Value::Array(items)) => items.len(),
        Some(serde_json::Value::Object(fields)) => fields.len(),
        _ => 0,
    }
}

/// Refuses a list or object that is too long.
fn at_most(at: &At<'_, '_>, most: usize, what: &str) {
    let count = length(at);
    if count > most {
        at.refuse(at.fault(format!("there are at most {most} {what} here, not {count}")));
    }
}

/// Refuses an object that does not have exactly one of some fields.
fn exactly_one(at: &At<'_, '_>, fields: &[&'static str]) {
    let given = fields.iter().filter(|field| at.field(field).present());
    let given: Vec<String> = given.map(|field| format!("`{field}`")).collect();
    if given.len() != 1 {
        let all: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let has = match given.is_empty() {
            true => "none".to_owned(),
            false => given.join(" and "),
        };
        let message = format!(
            "exactly one of {} must be given, here is {has}",
            all.join(", ")
        );
        at.refuse(at.fault(message));
    }
}

/// Refuses fields that stand where another version of the API has them; whether there are any.
fn elsewhere(at: &At<'_, '_>, fields: &[&'static str], place: &str) -> bool {
    let mut any = false;
    for field in fields {
        let at = at.field(field);
        if at.present() {
            any = true;
            let fault = at.fault(format!("in this version `{field}` does not stand here"));
            at.refuse(fault.at_key().help(place));
        }
    }
    any
}

/// Refuses names that stand twice in a list.
fn unique(at: &At<'_, '_>, field: &'static str, what: &str) -> Read<()> {
    let mut seen = std::collections::BTreeSet::new();
    at.list(|item| {
        let at = item.field(field);
        if let Some(name) = at.str()?
            && !seen.insert(name)
        {
            at.refuse(at.fault(format!("there is a {what} `{name}` already")));
        }
        Ok(())
    })?;
    Ok(())
}
