//! The controllers of nodes, by name.

use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::policy::PolicyInfo;
use gpusched_core::provisioning::controller::Controller;
use gpusched_core::provisioning::karpenter::objects::NodeType;
use gpusched_core::provisioning::oracle::{self, Oracle};
use std::sync::Arc;

/// The one whose bill is a bound.
pub(super) const ORACLE: &str = "oracle";

/// What controllers are told of pools and groups.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {}

static INFOS: [PolicyInfo; 1] = [oracle::INFO];

/// Policies that rent machines of a catalogue.
pub fn rented_policies() -> &'static [PolicyInfo] {
    &INFOS
}

/// Whether a provisioning policy rents machines of a catalogue, whatever follows its name.
pub fn is_rented(name: &str) -> bool {
    let kind = name.split(':').next().unwrap_or(name);
    INFOS.iter().any(|info| info.name == kind)
}

/// Checks the name of such a policy.
///
/// # Errors
/// When what follows the name means nothing.
pub fn check_rented(name: &str) -> Result<()> {
    match name {
        ORACLE => Ok(()),
        _ => Err(Diagnostic::new(format!("there is no provisioning policy `{name}`"))),
    }
}

/// Makes the controller of that name.
pub(super) fn controller(
    name: &str,
    _groups: &Groups,
    _types: &Arc<Vec<NodeType>>,
    _replicas: i64,
    _seed: u64,
) -> Result<Box<dyn Controller>> {
    check_rented(name)?;
    Ok(Box::<Oracle>::default())
}
