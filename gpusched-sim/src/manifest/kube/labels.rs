//! Label selectors and their requirements.

use crate::manifest::cursor::{At, Read};
use gpusched_core::kube::{LabelSelector, Operator, Requirement};

/// Operators of label selectors; node selectors have two more.
const OPERATORS: &[(&str, Operator)] = &[
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
];

const NODE_OPERATORS: &[(&str, Operator)] = &[
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
    ("Gt", Operator::Gt),
    ("Lt", Operator::Lt),
];

/// A `metav1.LabelSelector`; `None` when missing.
pub(in crate::manifest) fn selector(at: At<'_, '_>) -> Read<Option<LabelSelector>> {
    if !at.present() {
        return Ok(None);
    }
    at.only(&[&["matchLabels", "matchExpressions"]])?;
    Ok(Some(LabelSelector {
        match_labels: at.field("matchLabels").labels()?,
        match_expressions: at
            .field("matchExpressions")
            .list(|item| requirement(item, OPERATORS))?,
    }))
}

/// A requirement of a node selector term.
pub(super) fn node_requirement(at: At<'_, '_>) -> Read<Requirement> {
    requirement(at, NODE_OPERATORS)
}

fn requirement(at: At<'_, '_>, operators: &[(&str, Operator)]) -> Read<Requirement> {
    at.only(&[&["key", "operator", "values"]])?;
    let operator = at.field("operator");
    let values = at.field("values").strings()?;
    let operator = operator
        .choice(operators)?
        .ok_or_else(|| operator.missing())?;
    let complaint = match (operator, values.len()) {
        (Operator::In | Operator::NotIn, 0) => Some("this operator needs `values`"),
        (Operator::Exists | Operator::DoesNotExist, 1..) => Some("this operator has no `values`"),
        (Operator::Gt | Operator::Lt, 0 | 2..) => Some("this operator needs exactly one value"),
        _ => None,
    };
    if let Some(complaint) = complaint {
        return Err(at.field("values").fault(complaint));
    }
    Ok(Requirement {
        key: at.field("key").required()?,
        operator,
        values,
    })
}
