//! Kind `dominant_resource_share`: every node's share, with some more use added to each.

use super::state::{State, amounts, unreadable};
use super::{Difference, Gates};
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let mut state = State::new(vector, gates)?;
    for (queue, flavors) in vector["usage"].as_object().into_iter().flatten() {
        let usage = amounts(&state.quota, flavors)?;
        let queue = state.cluster_queue(queue)?;
        state.quota.add_usages(queue, &usage);
    }
    let more = amounts(&state.quota, &vector["additionalUsage"])?;
    let quota = &state.quota;
    for node in vector["expect"].as_array().into_iter().flatten() {
        let name = node["name"].as_str().unwrap_or_default();
        let id = match node["type"].as_str() {
            Some("ClusterQueue") => state.cluster_queue(name)?.into(),
            _ => (quota.names().cohort(name)).ok_or_else(|| unreadable("cohort", name))?,
        };
        let share = quota.dominant_resource_share_with(id, &more);
        let resource = share.dominant().map(|id| quota.names().resource_name(id));
        let got = (
            Some(share.rounded()),
            resource.or(Some("")),
            Some(share.is_borrowing()),
        );
        let expected = (
            node["share"].as_i64(),
            node["resource"].as_str(),
            node["borrowing"].as_bool(),
        );
        Difference::check(|| name.into(), format!("{expected:?}"), format!("{got:?}"))?;
    }
    Ok(())
}
