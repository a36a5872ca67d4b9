//! DeviceClass.

/// A DeviceClass: what a device must be to count as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceClass {
    /// Its name.
    pub name: String,
    /// CEL expressions that must all be true; `None` = a selector without CEL.
    pub selectors: Vec<Option<String>>,
    /// Configuration copied to every allocation.
    pub config: Vec<OpaqueConfig>,
    /// The extended resource it also serves, such as `nvidia.com/gpu`.
    pub extended_resource: Option<String>,
}

/// Parameters only a driver understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpaqueConfig {
    /// The driver.
    pub driver: String,
    /// What it is told: compact JSON, keys in the order they were written.
    pub parameters: String,
}
