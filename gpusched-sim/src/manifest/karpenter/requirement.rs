//! Requirements of NodePools and NodeOverlays.

use super::labels::{AWS, all_well_known};
use crate::diagnostic::did_you_mean;
use crate::manifest::cursor::{At, Read};
use gpusched_core::provisioning::karpenter::labels::{CAPACITY_TYPE, HOSTNAME, NODEPOOL};
use gpusched_core::provisioning::karpenter::{Operator, Requirement};

/// Most requirements of a template.
const MOST: usize = 100;

/// Most `minValues` of a requirement.
const MOST_VALUES: i64 = 50;

/// Values of `karpenter.sh/capacity-type`.
const CAPACITY_TYPES: &[&str] = &["reserved", "spot", "on-demand"];

/// The requirements of a list, in its order.
pub(super) fn requirements(at: &At<'_, '_>) -> Read<Vec<Requirement>> {
    let all = at.list(requirement)?;
    match all.len() > MOST {
        true => Err(at.fault(format!("{} requirements, where {MOST} may be", all.len()))),
        false => Ok(all),
    }
}

fn requirement(at: At<'_, '_>) -> Read<Requirement> {
    at.only(&[&["key", "operator", "values", "minValues"]])?;
    let key = key(&at.field("key"))?;
    let operator = at.field("operator");
    let operator = operator
        .choice(Operator::ALL)?
        .ok_or_else(|| operator.missing())?;
    let values = at.field("values").strings()?;
    suits(&at, &key, operator, &values)?;
    let least = min_values(&at.field("minValues"), operator, values.len())?;
    let requirement = Requirement::new(&key, operator, &values)
        .map_err(|error| at.field("values").fault(error.to_string()))?;
    Ok(requirement.with_min_values(least))
}

/// A label that a NodePool may ask for.
pub(super) fn key(at: &At<'_, '_>) -> Read<String> {
    let key = at.required()?;
    if key == NODEPOOL || key == HOSTNAME {
        let fault = at.fault(format!("nodes get `{key}` by themselves"));
        return Err(fault.help("leave it out: it cannot be asked for here"));
    }
    let known = all_well_known();
    if known.contains(&key.as_str()) {
        return Ok(key);
    }
    let close = did_you_mean(&key, known.iter().copied());
    let owned = key.starts_with("karpenter.sh/") || key.starts_with(AWS);
    match (close, owned) {
        (None, true) => Err(at
            .fault(format!("there is no label `{key}`"))
            .help("labels of karpenter.sh and karpenter.k8s.aws are Karpenter's own")),
        (Some(close), true) => Err(at
            .fault(format!("there is no label `{key}`"))
            .help(format!("did you mean `{close}`?"))),
        (Some(close), false) => {
            let fault = at.fault(format!("`{key}` is no label Karpenter knows"));
            at.warn(fault.help(format!("did you mean `{close}`?")));
            Ok(key)
        }
        (None, false) => Ok(key),
    }
}

fn suits(at: &At<'_, '_>, key: &str, operator: Operator, values: &[String]) -> Read<()> {
    let field = at.field("values");
    let complaint = match (operator, values.len()) {
        (Operator::In | Operator::NotIn, 0) => Some("needs `values`"),
        (Operator::Exists | Operator::DoesNotExist, 1..) => Some("has no `values`"),
        (Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte, 0 | 2..) => {
            Some("needs exactly one value")
        }
        _ => None,
    };
    if let Some(complaint) = complaint {
        return Err(field.fault(format!("the operator {} {complaint}", operator.name())));
    }
    if let (Operator::Gt | Operator::Lt | Operator::Gte | Operator::Lte, [bound]) =
        (operator, values)
        && !bound.parse::<i64>().is_ok_and(|bound| bound >= 0)
    {
        let fault = field.item(0).fault(format!(
            "{} compares with a whole number that is not negative, and `{bound}` is none",
            operator.name()
        ));
        return Err(fault.help("write it like \"4\", without a unit"));
    }
    for (index, value) in values.iter().enumerate() {
        if key == CAPACITY_TYPE && !CAPACITY_TYPES.contains(&value.as_str()) {
            let fault = field
                .item(index)
                .fault(format!("there is no capacity type `{value}`"));
            let close = did_you_mean(value, CAPACITY_TYPES.iter().copied());
            return Err(fault.help(match close {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {}", CAPACITY_TYPES.join(", ")),
            }));
        }
    }
    Ok(())
}

fn min_values(at: &At<'_, '_>, operator: Operator, values: usize) -> Read<Option<u32>> {
    let Some(least) = at.i64()? else {
        return Ok(None);
    };
    if !(1..=MOST_VALUES).contains(&least) {
        let fault = at.fault(format!(
            "`minValues` is from 1 to {MOST_VALUES}, not {least}"
        ));
        return Err(fault);
    }
    if operator == Operator::In && (values as i64) < least {
        let fault = at.fault(format!("`minValues` asks for {least} of {values} values"));
        return Err(fault.help("list at least as many values, or lower `minValues`"));
    }
    Ok(u32::try_from(least).ok())
}
