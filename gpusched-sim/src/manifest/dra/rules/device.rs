//! A device of a slice.

use super::slice::counter_names;
use super::{at_most, exactly_one, length, names, unique};
use crate::manifest::cursor::{At, Read};
use crate::manifest::rules::{label_value, qualified};
use gpusched_core::kube::Quantity;

/// Longest text or version of an attribute.
const LONGEST_VALUE: usize = 64;

/// What the API server asks of a device; whether it is of the kind of which fewer fit into a slice.
pub(super) fn device(at: &At<'_, '_>, per_device: bool) -> Read<bool> {
    let (attributes, capacity) = (at.field("attributes"), at.field("capacity"));
    let both = length(&attributes) + length(&capacity);
    if both > 32 {
        let message = format!("a device has at most 32 attributes and capacities, not {both}");
        attributes.refuse(attributes.fault(message));
    }
    let lists = attributes.map(|name, value| {
        names::qualified_key(&value, name);
        attribute(&value)
    })?;
    let shared = at.field("allowMultipleAllocations").bool()? == Some(true);
    capacity.map(|name, value| {
        names::qualified_key(&value, name);
        capacity_rules(&value, shared)
    })?;
    let consumes = at.field("consumesCounters");
    at_most(&consumes, 2, "counter sets of one device");
    unique(&consumes, "counterSet", "use of counter set")?;
    consumes.list(|item| {
        names::label(&item.field("counterSet"))?;
        counter_names(&item.field("counters"))
    })?;
    taints(&at.field("taints"))?;
    conditions(at)?;
    let scope = ["nodeName", "nodeSelector", "allNodes"];
    match per_device {
        true => exactly_one(at, &scope),
        false => {
            for field in scope.map(|field| at.field(field)) {
                if field.present() {
                    let help = "or set `perDeviceNodeSelection: true` for the slice";
                    let fault = field.fault("the slice says where its devices can be used");
                    field.refuse(fault.at_key().help(help));
                }
            }
        }
    }
    let lists = lists.values().any(|list| *list);
    Ok(lists || consumes.present() || at.field("taints").present())
}

/// One value of one kind; whether it is a list.
fn attribute(at: &At<'_, '_>) -> Read<bool> {
    let lists = ["ints", "bools", "strings", "versions"];
    let mut kinds = vec!["int", "bool", "string", "version"];
    let list = lists.iter().any(|kind| at.field(kind).present());
    if list {
        kinds.extend(lists);
    }
    exactly_one(at, &kinds);
    for kind in ["string", "version"] {
        let value = at.field(kind);
        let Some(text) = value.str()? else {
            continue;
        };
        if text.len() > LONGEST_VALUE {
            let message = format!("attributes have at most {LONGEST_VALUE} bytes");
            value.refuse(value.fault(message));
        }
        if kind == "version" && !is_version(text) {
            let fault = value.fault(format!("`{text}` is no semantic version"));
            value.refuse(fault.help("write major.minor.patch without leading zeros: 570.133.20"));
        }
    }
    Ok(list)
}

/// Semantic versioning 2.0: three numbers without leading zeros, perhaps `-` and `+` parts.
fn is_version(text: &str) -> bool {
    let (text, build) = text
        .split_once('+')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = text
        .split_once('-')
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| {
            pre.split('.')
                .all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.is_none_or(|build| build.split('.').all(word))
}

/// How a capacity may be given out.
fn capacity_rules(at: &At<'_, '_>, shared: bool) -> Read<()> {
    let policy = at.field("requestPolicy");
    if !policy.present() {
        return Ok(());
    }
    if !shared {
        let help = "set `allowMultipleAllocations: true` for the device, or leave the policy out";
        let fault = policy.fault("only devices that several claims may have give parts out");
        policy.refuse(fault.at_key().help(help));
    }
    let (values, range) = (policy.field("validValues"), policy.field("validRange"));
    let default = policy.field("default");
    if values.present() && range.present() {
        range.refuse(range.fault("amounts are listed, or they have a range, not both"));
    }
    at_most(&values, 10, "amounts");
    let amounts = values.list(|item| item.quantity())?;
    if !amounts.is_sorted_by(|a, b| a < b) {
        values.refuse(values.fault("amounts must ascend"));
    }
    let given = default.quantity()?;
    if given.is_none() && (values.present() || range.present()) {
        default.refuse(
            default
                .missing()
                .help("say what a claim gets that does not ask"),
        );
    }
    if values.present() && given.is_some() && !amounts.contains(&given) {
        default.refuse(default.fault("the default must be one of the amounts"));
    }
    if range.present() {
        in_range(&range, &default, given, at.field("value").quantity()?)?;
    }
    Ok(())
}

fn in_range(
    range: &At<'_, '_>,
    default: &At<'_, '_>,
    given: Option<Quantity>,
    whole: Option<Quantity>,
) -> Read<()> {
    let (min, max) = (range.field("min"), range.field("max"));
    let (least, most) = (min.quantity()?, max.quantity()?);
    if least.is_none() {
        min.refuse(min.missing());
    }
    if most.is_some() && most < least {
        max.refuse(max.fault("the most cannot be below the least"));
    }
    if most.or(least) > whole {
        let at = if most.is_some() { &max } else { &min };
        at.refuse(at.fault("a claim cannot get more than there is"));
    }
    let outside =
        |given| least.is_some_and(|least| given < least) || most.is_some_and(|most| given > most);
    if given.is_some_and(outside) {
        default.refuse(default.fault("the default must be within the range"));
    }
    let step = range.field("step");
    if step.quantity()?.is_some_and(|step| step.nanos() <= 0) {
        step.refuse(step.fault("a step must be above 0"));
    }
    Ok(())
}

fn taints(at: &At<'_, '_>) -> Read<()> {
    at_most(at, 16, "taints");
    at.list(|item| taint(&item))?;
    Ok(())
}

fn taint(at: &At<'_, '_>) -> Read<()> {
    let key = at.field("key");
    if key.name()?.is_none() {
        key.refuse(key.missing());
    }
    qualified(&key)?;
    label_value(&at.field("value"))?;
    let effect = at.field("effect");
    if effect.name()?.is_none() {
        let help = "effects are NoSchedule, NoExecute and None";
        effect.refuse(effect.missing().help(help));
    }
    Ok(())
}

/// A DeviceTaintRule.
pub(in crate::manifest::dra) fn device_taint_rule(at: &At<'_, '_>) -> Read<()> {
    crate::manifest::rules::object_name(at)?;
    let spec = at.field("spec");
    taint(&spec.field("taint"))
}

fn conditions(at: &At<'_, '_>) -> Read<()> {
    let (wait, fail) = (
        at.field("bindingConditions"),
        at.field("bindingFailureConditions"),
    );
    for one in [&wait, &fail] {
        at_most(one, 4, "conditions");
    }
    if wait.present() != fail.present() {
        let one = if wait.present() { &wait } else { &fail };
        let help = "a device that is waited for needs conditions for success and for failure";
        one.refuse(
            one.fault("binding conditions come in both kinds, or not at all")
                .help(help),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn versions_are_semantic() {
        for good in [
            "1.2.3",
            "0.0.0",
            "570.133.20",
            "1.2.3-rc.1+build-5",
            "1.0.0-alpha",
        ] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.3-", "1.2.3-01", "",
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
