//! Names of policies: whether there is one, and what was meant where there is none.

use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::cluster::{Inventory, Node};
use gpusched_core::placement::device::registry::{device_policies, device_policy};
use gpusched_core::placement::mig::registry::{mig_placement, mig_placements};
use gpusched_core::placement::registry::{PlacementContext, placement, placements};
use gpusched_core::policy::PolicyError;
use gpusched_core::queueing::registry::{queueing, queueings};
use gpusched_core::workload::Workload;

/// Checks the name of a queueing policy.
///
/// # Errors
/// When there is none of that name, with the closest that there is.
pub fn check_queueing(name: &str) -> Result<()> {
    match queueing(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a placement policy, or a weighted sum of them.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_placement(name: &str) -> Result<()> {
    let work = Workload::default();
    let inventory = Inventory::new(vec![Node::with_gpus("any", 1, "")])
        .map_err(|error| Diagnostic::new(error.to_string()))?;
    let context = PlacementContext {
        work: &work,
        inventory: &inventory,
        seed: 0,
    };
    match placement(name, &context) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a device policy.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_device_policy(name: &str) -> Result<()> {
    match device_policy(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// Checks the name of a MIG placement policy.
///
/// # Errors
/// As [`check_queueing`].
pub fn check_mig_placement(name: &str) -> Result<()> {
    match mig_placement(name) {
        Ok(_) => Ok(()),
        Err(error) => Err(policy_problem(&error)),
    }
}

/// A policy name that means nothing, with the closest one that does, of this role or the other.
fn policy_problem(error: &PolicyError) -> Box<Diagnostic> {
    let problem = Diagnostic::new(error.to_string());
    let PolicyError::Unknown { role, name } = error else {
        return problem.help("write a sum such as `pwr:0.2+fgd:0.8`; all: `gpusched policy list`");
    };
    let queueing: Vec<&str> = queueings().map(|info| info.name).collect();
    let placement: Vec<&str> = placements().iter().map(|info| info.name).collect();
    let instances: Vec<&str> = mig_placements().map(|info| info.name).collect();
    let devices: Vec<&str> = device_policies().map(|info| info.name).collect();
    let (own, other, others) = match *role {
        "device" => (devices, "placement", placement),
        _ if devices.contains(&name.as_str()) => (placement, "device-policy", devices),
        "queueing" => (queueing, "placement", placement),
        "MIG placement" => (instances, "placement", placement),
        _ if instances.contains(&name.as_str()) => (placement, "mig-placement", instances),
        _ => (placement, "queueing", queueing),
    };
    let near = |names: &[&'static str]| did_you_mean(name, names.iter().copied());
    let help = match (near(&own), near(&others)) {
        (Some(close), _) if !others.contains(&name.as_str()) => {
            format!("did you mean `{close}`? all: `gpusched policy list`")
        }
        (_, Some(close)) => {
            format!("`{close}` is a {other} policy: did you mean `--{other} {close}`?")
        }
        (_, None) => format!("choose one of: {}", own.join(", ")),
    };
    problem.help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_other_role_are_recognised() {
        let problem = check_queueing("best-fit").unwrap_err();
        assert!(problem.help.unwrap().contains("`--placement best-fit`"));
        let problem = check_placement("easy").unwrap_err();
        assert!(problem.help.unwrap().contains("`--queueing easy`"));
    }
}
