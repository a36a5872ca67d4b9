//! Taints and tolerations.

use crate::manifest::cursor::{At, Read};
use gpusched_core::kube::{Effect, Taint, Toleration, TolerationOperator};

const EFFECTS: &[(&str, Effect)] = &[
    ("NoSchedule", Effect::NoSchedule),
    ("PreferNoSchedule", Effect::PreferNoSchedule),
    ("NoExecute", Effect::NoExecute),
];

const OPERATORS: &[(&str, TolerationOperator)] = &[
    ("Equal", TolerationOperator::Equal),
    ("Exists", TolerationOperator::Exists),
];

/// A taint.
pub(in crate::manifest) fn taint(at: At<'_, '_>) -> Read<Taint> {
    at.only(&[&["key", "value", "effect", "timeAdded"]])?;
    let effect = at.field("effect");
    Ok(Taint {
        key: at.field("key").required()?,
        value: at.field("value").string()?,
        effect: effect.choice(EFFECTS)?.ok_or_else(|| effect.missing())?,
    })
}

/// A toleration.
pub(in crate::manifest) fn toleration(at: At<'_, '_>) -> Read<Toleration> {
    at.only(&[&["key", "operator", "value", "effect", "tolerationSeconds"]])?;
    let operator = at.field("operator").choice(OPERATORS)?;
    let read = Toleration {
        key: at.field("key").string()?,
        operator: operator.unwrap_or_default(),
        value: at.field("value").string()?,
        effect: at.field("effect").choice(EFFECTS)?,
        seconds: at.field("tolerationSeconds").i64()?,
    };
    if read.key.is_empty() && read.operator == TolerationOperator::Equal {
        return Err(at
            .fault("a toleration without a key must have `operator: Exists`")
            .help("name the key of the taint, or tolerate every taint with `operator: Exists`"));
    }
    Ok(read)
}
