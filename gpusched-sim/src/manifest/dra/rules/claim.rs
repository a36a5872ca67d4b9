//! ResourceClaim and ResourceClaimTemplate.

use super::class::{opaque, selectors};
use super::{at_most, elsewhere, exactly_one, length, names, unique};
use crate::diagnostic::did_you_mean;
use crate::manifest::cursor::{At, Read};
use crate::manifest::dra::claim::DEVICES;
use crate::manifest::dra::version::Shape;
use crate::manifest::rules;
use std::collections::BTreeSet;

/// What the API server asks of a ResourceClaim.
pub(in crate::manifest) fn resource_claim(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    let status = at.field("status");
    at_most(&status.field("reservedFor"), 256, "consumers");
    let allocation = status.field("allocation");
    at_most(
        &allocation.field("devices").field("results"),
        32,
        "devices of one claim",
    );
    spec(&at.field("spec"), Shape::of(at)?)
}

/// What the API server asks of a ResourceClaimTemplate.
pub(in crate::manifest) fn resource_claim_template(at: &At<'_, '_>) -> Read<()> {
    rules::object_name(at)?;
    spec(&at.field("spec").field("spec"), Shape::of(at)?)
}

fn spec(at: &At<'_, '_>, shape: Shape) -> Read<()> {
    let devices = at.field("devices");
    let requests = devices.field("requests");
    at_most(&requests, 32, "requests");
    unique(&requests, "name", "request")?;
    let mut known = BTreeSet::new();
    requests.list(|item| request(&item, shape, &mut known))?;
    let constraints = devices.field("constraints");
    at_most(&constraints, 32, "constraints");
    constraints.list(|item| {
        references(&item.field("requests"), &known)?;
        exactly_one(&item, &["matchAttribute", "distinctAttribute"]);
        names::full(&item.field("matchAttribute"))?;
        names::full(&item.field("distinctAttribute"))
    })?;
    let config = devices.field("config");
    at_most(&config, 32, "configurations");
    config.list(|item| {
        references(&item.field("requests"), &known)?;
        opaque(&item)
    })?;
    Ok(())
}

/// A request; its names (`main` and `main/sub`) become known.
fn request(at: &At<'_, '_>, shape: Shape, known: &mut BTreeSet<String>) -> Read<()> {
    names::label(&at.field("name"))?;
    let name = at.field("name").string()?;
    known.insert(name.clone());
    let choices = at.field("firstAvailable");
    let exactly = at.field("exactly");
    let body = match shape {
        Shape::Nested => {
            let help = "from v1beta2 on it stands under `exactly`";
            if !elsewhere(at, DEVICES, help) {
                exactly_one(at, &["exactly", "firstAvailable"]);
            }
            exactly
        }
        Shape::Flat => {
            let help = "in v1beta1 what stands under `exactly` stands in the request itself";
            if elsewhere(at, &["exactly"], help) {
                return Ok(());
            }
            exactly_one(at, &["deviceClassName", "firstAvailable"]);
            *at
        }
    };
    if body.present() && !choices.present() {
        devices(&body)?;
    }
    at_most(&choices, 8, "choices");
    unique(&choices, "name", "choice")?;
    choices.list(|choice| {
        names::label(&choice.field("name"))?;
        known.insert(format!("{name}/{}", choice.field("name").string()?));
        let admin = choice.field("adminAccess");
        if admin.present() {
            let fault = admin.fault("a choice cannot ask for admin access");
            admin.refuse(fault.at_key().help("ask for it with `exactly`"));
        }
        devices(&choice)
    })?;
    Ok(())
}

/// What a request says of its devices.
fn devices(at: &At<'_, '_>) -> Read<()> {
    names::object(&at.field("deviceClassName"))?;
    selectors(&at.field("selectors"))?;
    let (mode, count) = (at.field("allocationMode"), at.field("count"));
    match mode.str()? {
        None | Some("" | "ExactCount") => {
            if let Some(number) = count.i64()?.filter(|number| *number < 1) {
                count.refuse(count.fault(format!("a request cannot be for {number} devices")));
            }
        }
        Some("All") => {
            if count.i64()?.is_some_and(|number| number != 0) {
                let help = "leave it out, or ask for a number with `allocationMode: ExactCount`";
                count.refuse(
                    count
                        .fault("all devices have no `count`")
                        .at_key()
                        .help(help),
                );
            }
        }
        Some(other) => {
            let help = match did_you_mean(other, ["ExactCount", "All"]) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "modes are ExactCount and All".to_owned(),
            };
            mode.refuse(mode.fault(format!("there is no mode `{other}`")).help(help));
        }
    }
    let tolerations = at.field("tolerations");
    at_most(&tolerations, 16, "tolerations");
    tolerations.list(|item| toleration(&item))?;
    let capacity = at.field("capacity");
    let capacity = capacity.field("requests");
    at_most(&capacity, 32, "capacities");
    capacity.map(|name, value| {
        names::qualified_key(&value, name);
        if value.quantity()?.is_some_and(|given| given.nanos() < 0) {
            value.refuse(value.fault("nobody can ask for less than nothing"));
        }
        Ok(())
    })?;
    Ok(())
}

fn toleration(at: &At<'_, '_>) -> Read<()> {
    let (key, operator) = (at.field("key"), at.field("operator"));
    let exists = operator.str()? == Some("Exists");
    match operator.str()? {
        None | Some("" | "Exists" | "Equal") => {}
        Some(other) => {
            let fault = operator.fault(format!("there is no operator `{other}`"));
            operator.refuse(fault.help("operators are Exists and Equal"));
        }
    }
    if key.name()?.is_none() && !exists {
        at.refuse(
            at.fault("a toleration without a key must have `operator: Exists`")
                .help("name the key of the taint, or tolerate every taint with `operator: Exists`"),
        );
    }
    if exists && at.field("value").name()?.is_some() {
        let value = at.field("value");
        value.refuse(value.fault("with `operator: Exists` there is no value"));
    }
    Ok(())
}

/// Names of requests, or of `main/sub`.
fn references(at: &At<'_, '_>, known: &BTreeSet<String>) -> Read<()> {
    at_most(at, 32, "requests");
    if length(at) == 0 {
        return Ok(());
    }
    at.list(|item| {
        let Some(name) = item.str()?.filter(|name| !known.contains(*name)) else {
            return Ok(());
        };
        let fault = item.fault(format!("there is no request `{name}`"));
        item.refuse(match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault,
        });
        Ok(())
    })?;
    Ok(())
}
