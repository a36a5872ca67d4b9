//! `index`: the lowest-numbered free devices.

use super::{DevicePolicy, Request, Wiring};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "index",
    summary: "the lowest-numbered free devices",
    rule: "The free devices of lowest number.",
    source: "textbook",
};

/// Takes the lowest numbers, the required ones among them. O(devices log devices).
#[derive(Clone, Copy, Debug, Default)]
pub struct Index;

impl DevicePolicy for Index {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, _: &Wiring, request: &Request<'_>) -> Vec<u8> {
        if !request.makes_sense() {
            return Vec::new();
        }
        let mut chosen = request.required.to_vec();
        let mut others: Vec<u8> = request.available.to_vec();
        others.retain(|device| !chosen.contains(device));
        others.sort_unstable();
        chosen.extend(
            others
                .into_iter()
                .take(request.size - request.required.len()),
        );
        chosen.sort_unstable();
        chosen
    }
}
