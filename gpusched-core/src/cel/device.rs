//! What a selector sees of a device.

use crate::kube::Quantity;
use std::collections::BTreeMap;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// A semantic version.
    Version(String),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// Truth values.
    Bools(Vec<bool>),
    /// Texts.
    Texts(Vec<String>),
    /// Semantic versions.
    Versions(Vec<String>),
    /// None of the kinds this version knows.
    Unknown,
}

/// What a selector sees of a device. A name without a domain (`memory`) belongs to the domain of
/// the driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceFacts {
    /// The driver.
    pub driver: String,
    /// Attributes, by name as published.
    pub attributes: BTreeMap<String, Attribute>,
    /// Capacities, by name as published.
    pub capacity: BTreeMap<String, Quantity>,
    /// Whether several claims may have it at once; `None` = not said.
    pub allow_multiple_allocations: Option<bool>,
}
