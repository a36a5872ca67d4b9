//! The one table of provisioning policies.

use super::{Provisioning, Reactive, ReactiveOptions, Static, reactive, static_plan};
use crate::cluster::Inventory;
use crate::policy::{PolicyError, PolicyInfo};

/// What provisioning policies may be told when they are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProvisioningOptions {
    /// For `reactive`.
    pub reactive: ReactiveOptions,
}

static INFOS: [PolicyInfo; 2] = [static_plan::INFO, reactive::INFO];

/// Every provisioning policy.
pub fn provisionings() -> &'static [PolicyInfo] {
    &INFOS
}

/// Makes the policy of that name for the machines of `inventory`.
///
/// ```
/// use gpusched_core::cluster::{Inventory, Node};
/// use gpusched_core::provisioning::registry::{ProvisioningOptions, provisioning};
/// let inventory = Inventory::new(vec![Node::with_gpus("a", 8, "T4")]).unwrap();
/// let options = ProvisioningOptions::default();
/// assert_eq!(provisioning("reactive", &inventory, &options).unwrap().name(), "reactive");
/// assert!(provisioning("proactive", &inventory, &options).is_err());
/// ```
///
/// # Errors
/// [`PolicyError::Unknown`].
pub fn provisioning(
    name: &str,
    inventory: &Inventory,
    options: &ProvisioningOptions,
) -> Result<Box<dyn Provisioning>, PolicyError> {
    match name {
        "static" => Ok(Box::new(Static::new(inventory))),
        "reactive" => Ok(Box::new(Reactive::new(inventory, options.reactive))),
        _ => Err(PolicyError::Unknown {
            role: "provisioning",
            name: name.to_owned(),
        }),
    }
}
