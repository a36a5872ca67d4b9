//! DynamicResources as a score: nodes where earlier alternatives of a claim can be had. It is all
//! that kube-scheduler rates about devices; which of them are taken, and what is left over, it does
//! not look at.

use super::normalised;
use crate::placement::dra::objects::{AllocationResult, ClaimSpec, RequestKind};

/// Most alternatives of a request (`FirstAvailableDeviceRequestMaxSize`).
const MOST_ALTERNATIVES: i64 = 8;

/// What a claim counts on a node where it would get `allocation`: for each request with
/// alternatives 8 for the first, 7 for the second and so on. A pod counts the sum over its claims.
/// O(requests · devices).
///
/// Source: `computeScore` of `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`,
/// Kubernetes 1.36; behind the gate DRAPrioritizedList, which is on.
///
/// ```
/// use gpusched_core::placement::dra::objects::{
///     AllocationResult, ClaimSpec, DeviceRequest, DeviceResult, RequestKind, SubRequest,
/// };
/// use gpusched_core::placement::kube_scheduler::{sub_request_score, sub_request_scores};
/// let named = |name: &str| SubRequest { name: name.into(), ..SubRequest::default() };
/// let kind = RequestKind::FirstAvailable(vec![named("large"), named("small")]);
/// let spec = ClaimSpec {
///     requests: vec![DeviceRequest { name: "gpu".into(), kind }],
///     ..ClaimSpec::default()
/// };
/// let with = |request: &str| AllocationResult {
///     devices: vec![DeviceResult { request: request.into(), ..DeviceResult::default() }],
///     ..AllocationResult::default()
/// };
/// let sums = [sub_request_score(&spec, &with("gpu/large")), sub_request_score(&spec, &with("gpu/small"))];
/// assert_eq!(sums, [8, 7]);
/// // 7 of 8, cut.
/// assert_eq!(sub_request_scores(&sums), [100, 87]);
/// ```
pub fn sub_request_score(spec: &ClaimSpec, allocation: &AllocationResult) -> i64 {
    let mut sum = 0;
    for request in &spec.requests {
        let RequestKind::FirstAvailable(alternatives) = &request.kind else {
            continue;
        };
        let given = |alternative: &str| {
            let full = format!("{}/{alternative}", request.name);
            allocation.devices.iter().any(|one| one.request == full)
        };
        let chosen = alternatives.iter().position(|one| given(&one.name));
        sum += chosen.map_or(0, |at| MOST_ALTERNATIVES - at as i64);
    }
    sum
}

/// The scores of nodes from what the claims of a pod count there, the greatest made 100. O(nodes).
pub fn sub_request_scores(sums: &[i64]) -> Vec<i64> {
    let mut scores = sums.to_vec();
    normalised(&mut scores, false);
    scores
}
