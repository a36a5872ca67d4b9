//! Kind `quota_tree`: what is available, with and without use.

use super::state::{State, amount, amounts, flavor_resource};
use super::{Difference, Gates};
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let mut state = State::new(vector, gates)?;
    let expect = &vector["expect"];
    for (queue, flavors) in vector["usage"].as_object().into_iter().flatten() {
        let usage = amounts(&state.quota, flavors)?;
        let queue = state.cluster_queue(queue)?;
        state.quota.add_usages(queue, &usage);
    }
    for key in ["available", "potentiallyAvailable"] {
        for (name, flavors) in expect[key].as_object().into_iter().flatten() {
            let queue = state.cluster_queue(name)?;
            for (flavor, resources) in flavors.as_object().into_iter().flatten() {
                for (resource, expected) in resources.as_object().into_iter().flatten() {
                    let fr = flavor_resource(&state.quota, flavor, resource)?;
                    let got = match key {
                        "available" => state.quota.available(queue, fr),
                        _ => state.quota.potential_available(queue.into(), fr),
                    };
                    let at = || format!("{key} of {name}: {flavor}|{resource}");
                    Difference::check(at, amount(expected)?, got)?;
                }
            }
        }
    }
    Ok(())
}
