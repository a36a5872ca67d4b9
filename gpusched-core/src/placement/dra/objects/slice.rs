//! ResourceSlice: what a driver publishes.

use crate::cel::{Attribute, DeviceFacts};
use crate::kube::{NodeSelectorTerm, Quantity};
use std::collections::BTreeMap;

/// A ResourceSlice: a part of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSlice {
    /// Its name, which orders the slices of a pool.
    pub name: String,
    /// The driver that publishes it.
    pub driver: String,
    /// The pool.
    pub pool: String,
    /// Generation of the pool.
    pub generation: i64,
    /// How many slices the pool has in this generation.
    pub slice_count: i64,
    /// Where its devices can be used; `None` = not said, then the slice counts nowhere.
    pub scope: Option<NodeScope>,
    /// What it holds.
    pub content: SliceContent,
}

/// Where devices can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeScope {
    /// On one node.
    Node(String),
    /// On nodes that match.
    Selector(NodeSelectorTerm),
    /// Everywhere.
    All,
    /// Each device says so itself (slices only).
    PerDevice,
}

/// What a slice holds. Before Kubernetes 1.35 one slice could hold both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SliceContent {
    /// Devices, in the order they are tried.
    pub devices: Vec<Device>,
    /// Counter sets that devices of the pool draw on.
    pub shared_counters: Vec<CounterSet>,
}

/// A set of counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterSet {
    /// Its name, unique in the pool.
    pub name: String,
    /// How much of each there is.
    pub counters: BTreeMap<String, Quantity>,
}

/// What a device draws from one counter set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CounterUse {
    /// The set.
    pub counter_set: String,
    /// How much of each counter.
    pub counters: BTreeMap<String, Quantity>,
}

/// One device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name, unique in the pool.
    pub name: String,
    /// What is known of it, by name as published (`memory`, `resource.kubernetes.io/pcieRoot`).
    pub attributes: BTreeMap<String, Attribute>,
    /// How much it has, by name as published.
    pub capacity: BTreeMap<String, DeviceCapacity>,
    /// What it draws from counter sets.
    pub consumes: Vec<CounterUse>,
    /// Where it can be used, in slices that leave that to devices.
    pub scope: Option<NodeScope>,
    /// Taints.
    pub taints: Vec<DeviceTaint>,
    /// Using it ties the claim to the node.
    pub binds_to_node: bool,
    /// Conditions to wait for before a pod is bound.
    pub binding_conditions: Vec<String>,
    /// Conditions that end the wait as a failure.
    pub binding_failure_conditions: Vec<String>,
    /// Several claims may have it at once; `None` = not said, which means no.
    pub allow_multiple_allocations: Option<bool>,
}

impl Device {
    /// What selectors see of the device.
    pub fn facts(&self, driver: &str) -> DeviceFacts {
        let capacity = self.capacity.iter();
        DeviceFacts {
            driver: driver.to_owned(),
            attributes: self.attributes.clone(),
            capacity: capacity
                .map(|(name, one)| (name.clone(), one.value))
                .collect(),
            allow_multiple_allocations: self.allow_multiple_allocations,
        }
    }
}

/// How much of something a device has, and in which amounts it is given out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceCapacity {
    /// How much there is.
    pub value: Quantity,
    /// In which amounts claims get it, where several may have the device.
    pub policy: Option<RequestPolicy>,
}

/// In which amounts a capacity is given out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestPolicy {
    /// What a claim gets that does not ask.
    pub default: Option<Quantity>,
    /// The amounts there are, ascending.
    pub valid_values: Vec<Quantity>,
    /// The range of amounts there are.
    pub valid_range: Option<ValidRange>,
}

/// A range of amounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidRange {
    /// The least.
    pub min: Option<Quantity>,
    /// The most.
    pub max: Option<Quantity>,
    /// From the least on in steps of this.
    pub step: Option<Quantity>,
}

/// What a device taint does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaintEffect {
    /// Nothing: information.
    None,
    /// No new allocations without a toleration.
    NoSchedule,
    /// The same, and pods that use the device leave.
    NoExecute,
    /// An effect this version does not know; it does nothing.
    Other(String),
}

/// A taint of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTaint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it does.
    pub effect: TaintEffect,
}

/// A toleration in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceToleration {
    /// Key; empty = any, with `Exists`.
    pub key: String,
    /// Operator as written: `Exists`, `Equal`, empty (as `Equal`), or one that tolerates nothing.
    pub operator: String,
    /// Value, for `Equal`.
    pub value: String,
    /// The one effect tolerated; `None` = all.
    pub effect: Option<TaintEffect>,
    /// How long `NoExecute` is tolerated; `None` = for ever.
    pub seconds: Option<i64>,
}
