//! Kind `scheduling_equivalence`: whether two workloads are decided alike.

use super::state::workload;
use super::{Difference, Gates};
use gpusched_core::queueing::kueue::ResourcesConfig;
use gpusched_core::queueing::kueue::requests::total_requests;
use gpusched_core::queueing::kueue::workload::EquivalenceClasses;
use serde_json::Value;

pub(super) fn check(vector: &Value, gates: Gates) -> Result<(), Difference> {
    let mut classes = EquivalenceClasses::default();
    let mut class = |key: &str| {
        let workload = workload(&vector[key])?;
        let requests = total_requests(&workload, &ResourcesConfig::default(), gates);
        Ok(classes.class(&workload, &requests, &gates))
    };
    let got = class("a")? == class("b")?;
    let expected = vector["expect"]["same"].as_bool() == Some(true);
    Difference::check(|| "same class".into(), expected, got)
}
