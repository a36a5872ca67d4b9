//! `simple`: the required devices, then the lowest-numbered.

use super::{DevicePolicy, Request, Wiring};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "simple",
    summary: "the required devices, then the lowest-numbered",
    rule: "No preference when a required device is not free. Else the required devices in the order \
           they are named, then the free ones of lowest number.",
    source: "NVIDIA/go-gpuallocator 876e7b7, gpuallocator/simple_policy.go",
};

/// go-gpuallocator's simple policy. O(devices log devices).
#[derive(Clone, Copy, Debug, Default)]
pub struct Simple;

impl DevicePolicy for Simple {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, _: &Wiring, request: &Request<'_>) -> Vec<u8> {
        let free = |device: &u8| request.available.contains(device);
        if !request.makes_sense() || !request.required.iter().all(free) {
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
        chosen
    }
}
