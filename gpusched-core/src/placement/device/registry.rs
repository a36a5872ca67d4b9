//! The table of device policies: every name, and how each is made.

use super::{BestEffort, DevicePolicy, Index, Numa, Simple, StaticDgx};
use super::{best_effort, index, numa, simple, static_dgx};
use crate::policy::{PolicyError, PolicyInfo};

struct Entry {
    info: PolicyInfo,
    make: fn() -> Box<dyn DevicePolicy>,
}

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    Entry { info: index::INFO, make: || Box::new(Index) },
    Entry { info: best_effort::INFO, make: || Box::new(BestEffort::default()) },
    Entry { info: static_dgx::BY_BOARD, make: || Box::new(StaticDgx::ByBoard) },
    Entry { info: static_dgx::PASCAL, make: || Box::new(StaticDgx::Dgx1Pascal) },
    Entry { info: static_dgx::VOLTA, make: || Box::new(StaticDgx::Dgx1Volta) },
    Entry { info: static_dgx::DGX2, make: || Box::new(StaticDgx::Dgx2) },
    Entry { info: simple::INFO, make: || Box::new(Simple) },
    Entry { info: numa::INFO, make: || Box::new(Numa) },
];

/// The policy where none is named.
pub const DEFAULT: &str = index::INFO.name;

/// Every device policy.
pub fn device_policies() -> impl Iterator<Item = &'static PolicyInfo> + Clone {
    TABLE.iter().map(|entry| &entry.info)
}

/// Makes the policy of that name.
///
/// ```
/// use gpusched_core::placement::device::registry::device_policy;
/// assert_eq!(device_policy("numa").unwrap().name(), "numa");
/// assert!(device_policy("muna").is_err());
/// ```
///
/// # Errors
/// [`PolicyError::Unknown`].
pub fn device_policy(name: &str) -> Result<Box<dyn DevicePolicy>, PolicyError> {
    let entry = TABLE.iter().find(|entry| entry.info.name == name);
    let made = entry.map(|entry| (entry.make)());
    made.ok_or_else(|| PolicyError::Unknown {
        role: "device",
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_makes_the_policy_of_that_name() {
        for info in device_policies() {
            assert_eq!(device_policy(info.name).unwrap().name(), info.name);
        }
    }
}
