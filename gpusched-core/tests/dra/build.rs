//! Small clusters in few words.

use gpusched_core::cel::Attribute;
use gpusched_core::ids::NodeId;
use gpusched_core::kube::{Node, Quantity};
use gpusched_core::placement::dra::objects::{
    AllocationMode, AllocationResult, ClaimSpec, Constraint, CounterSet, CounterUse, Device,
    DeviceCapacity, DeviceClass, DeviceRequest, DeviceTaint, NodeScope, RequestKind, ResourceClaim,
    ResourceSlice, Rule, SliceContent, SubRequest, TaintEffect,
};
use gpusched_core::placement::dra::{
    Allocator, Choice, Cluster, FailureKind, Features, Outcome, Quirks,
};
use std::collections::BTreeMap;

/// The driver, the node and the pool of everything that does not say otherwise.
pub(crate) const DRIVER: &str = "gpu.example.com";
pub(crate) const NODE: &str = "n";

pub(crate) fn device(name: &str) -> Device {
    Device {
        name: name.to_owned(),
        ..Device::default()
    }
}

/// A device with the text `value` as its attribute `color`.
pub(crate) fn colored(name: &str, value: &str) -> Device {
    with(device(name), "color", Attribute::Text(value.to_owned()))
}

pub(crate) fn with(mut device: Device, name: &str, value: Attribute) -> Device {
    device.attributes.insert(name.to_owned(), value);
    device
}

/// A device that draws `amount` of the counter `slices` of a set.
pub(crate) fn drawing(mut device: Device, set: &str, amount: i64) -> Device {
    device.consumes.push(CounterUse {
        counter_set: set.to_owned(),
        counters: counter(amount),
    });
    device
}

pub(crate) fn tainted(mut device: Device) -> Device {
    device.taints.push(DeviceTaint {
        key: "broken".to_owned(),
        value: String::new(),
        effect: TaintEffect::NoSchedule,
    });
    device
}

/// A device that several claims may have, with so much `memory`.
pub(crate) fn shared(mut device: Device, memory: i64) -> Device {
    device.allow_multiple_allocations = Some(true);
    sized(device, memory)
}

pub(crate) fn sized(mut device: Device, memory: i64) -> Device {
    let capacity = DeviceCapacity {
        value: amount(memory),
        policy: None,
    };
    device.capacity.insert("memory".to_owned(), capacity);
    device
}

pub(crate) fn amount(value: i64) -> Quantity {
    Quantity::new(value, Default::default())
}

fn counter(value: i64) -> BTreeMap<String, Quantity> {
    BTreeMap::from([("slices".to_owned(), amount(value))])
}

/// A slice with all devices of a driver's pool on a node; the pool is named like the node.
pub(crate) fn slice(driver: &str, node: &str, devices: Vec<Device>) -> ResourceSlice {
    ResourceSlice {
        name: format!("{driver}-{node}-devices"),
        driver: driver.to_owned(),
        pool: node.to_owned(),
        generation: 1,
        slice_count: 1,
        scope: Some(NodeScope::Node(node.to_owned())),
        content: SliceContent {
            devices,
            shared_counters: Vec::new(),
        },
    }
}

/// The two slices of a pool whose devices share counters: sets by name with so many `slices`.
pub(crate) fn partitioned(
    driver: &str,
    node: &str,
    sets: &[(&str, i64)],
    devices: Vec<Device>,
) -> Vec<ResourceSlice> {
    let mut devices = slice(driver, node, devices);
    devices.slice_count = 2;
    let mut counters = slice(driver, node, Vec::new());
    counters.name = format!("{driver}-{node}-counters");
    counters.slice_count = 2;
    let sets = sets.iter().map(|(name, value)| CounterSet {
        name: (*name).to_owned(),
        counters: counter(*value),
    });
    counters.content.shared_counters = sets.collect();
    vec![counters, devices]
}

/// A class for the devices of each driver, named like the driver.
pub(crate) fn cluster(slices: Vec<ResourceSlice>, nodes: &[&str]) -> Cluster {
    let mut drivers: Vec<&str> = slices.iter().map(|one| one.driver.as_str()).collect();
    drivers.sort_unstable();
    drivers.dedup();
    let class = |driver: &&str| DeviceClass {
        name: (*driver).to_owned(),
        selectors: vec![Some(format!("device.driver == '{driver}'"))],
        ..DeviceClass::default()
    };
    let node = |name: &&str| Node {
        name: (*name).to_owned(),
        ..Node::default()
    };
    Cluster {
        classes: drivers.iter().map(class).collect(),
        nodes: nodes.iter().map(node).collect(),
        slices,
    }
}

pub(crate) fn ask(count: i64) -> SubRequest {
    SubRequest {
        class: DRIVER.to_owned(),
        mode: AllocationMode::ExactCount(count),
        ..SubRequest::default()
    }
}

pub(crate) fn ask_of(driver: &str, count: i64) -> SubRequest {
    SubRequest {
        class: driver.to_owned(),
        ..ask(count)
    }
}

pub(crate) fn ask_all() -> SubRequest {
    SubRequest {
        mode: AllocationMode::All,
        ..ask(1)
    }
}

pub(crate) fn ask_where(count: i64, selector: &str) -> SubRequest {
    SubRequest {
        selectors: vec![Some(selector.to_owned())],
        ..ask(count)
    }
}

pub(crate) fn ask_memory(memory: i64) -> SubRequest {
    SubRequest {
        capacity: Some(BTreeMap::from([("memory".to_owned(), amount(memory))])),
        ..ask(1)
    }
}

/// A claim with requests `r0`, `r1`, ….
pub(crate) fn claim(asks: Vec<SubRequest>, constraints: Vec<Constraint>) -> ResourceClaim {
    let requests = asks.into_iter().enumerate().map(|(at, ask)| DeviceRequest {
        name: format!("r{at}"),
        kind: RequestKind::Exactly(ask),
    });
    ResourceClaim {
        name: "claim".to_owned(),
        spec: ClaimSpec {
            requests: requests.collect(),
            constraints,
            ..ClaimSpec::default()
        },
        ..ResourceClaim::default()
    }
}

/// A claim with one request of alternatives `s0`, `s1`, ….
pub(crate) fn first_of(asks: Vec<SubRequest>) -> ResourceClaim {
    let mut claim = claim(vec![ask(1)], Vec::new());
    let asks = asks.into_iter().enumerate().map(|(at, ask)| SubRequest {
        name: format!("s{at}"),
        ..ask
    });
    claim.spec.requests[0].kind = RequestKind::FirstAvailable(asks.collect());
    claim
}

pub(crate) fn same_color() -> Constraint {
    Constraint {
        requests: Vec::new(),
        rule: Rule::MatchAttribute(format!("{DRIVER}/color")),
    }
}

pub(crate) fn different_colors() -> Constraint {
    Constraint {
        requests: Vec::new(),
        rule: Rule::DistinctAttribute(format!("{DRIVER}/color")),
    }
}

pub(crate) fn allocator(slices: Vec<ResourceSlice>, quirks: Quirks) -> Allocator {
    Allocator::new(cluster(slices, &[NODE]), Features::V1_36, quirks)
}

pub(crate) fn chooser(slices: Vec<ResourceSlice>, choice: Choice) -> Allocator {
    allocator(slices, Quirks::NONE).with_choice(choice)
}

/// Asks the first node for some claims: names of the devices in their order, and the steps.
pub(crate) fn devices(
    allocator: &mut Allocator,
    claims: &[ResourceClaim],
) -> (Result<Option<Vec<String>>, FailureKind>, u64) {
    let mut attempt = allocator.attempt(claims);
    let Outcome {
        answer,
        invocations,
    } = attempt.on(NodeId(0));
    let names = answer.map(|found| found.map(|solution| names(&attempt.results(&solution))));
    (names.map_err(|failure| failure.kind), invocations)
}

pub(crate) fn names(allocations: &[AllocationResult]) -> Vec<String> {
    let devices = allocations.iter().flat_map(|one| &one.devices);
    devices.map(|one| one.device.clone()).collect()
}

/// Gives the first node's devices to claims and enters them.
pub(crate) fn commit(
    allocator: &mut Allocator,
    claims: &[ResourceClaim],
) -> Option<Vec<AllocationResult>> {
    let mut attempt = allocator.attempt(claims);
    let solution = attempt.on(NodeId(0)).answer.expect("no error")?;
    let allocations = attempt.results(&solution);
    allocations.iter().for_each(|one| allocator.commit(one));
    Some(allocations)
}

/// What [`devices`] gives for these names.
pub(crate) fn some(names: &[&str]) -> Result<Option<Vec<String>>, FailureKind> {
    Ok(Some(names.iter().map(|&name| name.to_owned()).collect()))
}
