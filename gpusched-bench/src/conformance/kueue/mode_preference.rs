//! Kind `mode_preference`: whether one granular mode is preferred to another.

use super::{Difference, Gates};
use gpusched_core::queueing::kueue::flavors::{GranularMode, PreemptionMode};
use gpusched_core::queueing::kueue::objects::FungibilityPreference;
use serde_json::Value;

pub(super) fn check(vector: &Value, _gates: Gates) -> Result<(), Difference> {
    let (a, b) = (mode(&vector["a"])?, mode(&vector["b"])?);
    let preference = match vector["flavorFungibility"]["preference"].as_str() {
        Some("PreemptionOverBorrowing") => FungibilityPreference::PreemptionOverBorrowing,
        _ => FungibilityPreference::BorrowingOverPreemption,
    };
    let expected = vector["expect"]["aPreferred"].as_bool().unwrap_or(false);
    Difference::check(
        || "a is preferred".to_owned(),
        expected,
        a.preferred_to(b, preference),
    )
}

fn mode(value: &Value) -> Result<GranularMode, Difference> {
    let level = value["borrowingLevel"].as_u64();
    let preemption = match value["mode"].as_str() {
        Some("NoFit") => PreemptionMode::NoFit,
        Some("NoPreemptionCandidates") => PreemptionMode::NoCandidates,
        Some("Preempt") => PreemptionMode::Preempt,
        Some("Reclaim") => PreemptionMode::Reclaim,
        Some("Fit") => PreemptionMode::Fit,
        other => {
            return Err(Difference::new(
                "mode",
                "a granular mode",
                format!("{other:?}"),
            ));
        }
    };
    Ok(GranularMode {
        preemption,
        borrowing_level: level
            .and_then(|level| u32::try_from(level).ok())
            .unwrap_or(0),
    })
}
