//! Objects of `resource.k8s.io/v1` as JSON, which is what `kubectl apply -f` takes. What is not
//! said is left out.

use gpusched_core::cel::Attribute;
use gpusched_core::kube::{Labels, NodeSelectorTerm, Operator, Quantity, Requirement};
use gpusched_core::placement::dra::objects::{
    AllocationResult, Device, DeviceCapacity, DeviceClass, DeviceTaint, DeviceToleration,
    NodeScope, OpaqueConfig, RequestPolicy, ResourceSlice, TaintEffect,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const VERSION: &str = "resource.k8s.io/v1";

/// A ResourceSlice.
///
/// ```
/// use gpusched_core::placement::dra::objects::ResourceSlice;
/// use gpusched_sim::manifest::{resource_slice, write};
/// let slice = ResourceSlice {
///     name: "s".to_owned(),
///     driver: "gpu.nvidia.com".to_owned(),
///     ..ResourceSlice::default()
/// };
/// assert_eq!(resource_slice(&write::resource_slice(&slice)).unwrap(), slice);
/// ```
pub fn resource_slice(slice: &ResourceSlice) -> Value {
    let mut spec = object(json!({
        "driver": slice.driver,
        "pool": {
            "name": slice.pool,
            "generation": slice.generation,
            "resourceSliceCount": slice.slice_count,
        },
    }));
    scope(&mut spec, slice.scope.as_ref());
    let sets = slice
        .content
        .shared_counters
        .iter()
        .map(|set| json!({ "name": set.name, "counters": counters(&set.counters) }));
    put_list(&mut spec, "sharedCounters", sets);
    put_list(
        &mut spec,
        "devices",
        slice.content.devices.iter().map(device),
    );
    json!({
        "apiVersion": VERSION,
        "kind": "ResourceSlice",
        "metadata": { "name": slice.name },
        "spec": spec,
    })
}

/// A DeviceClass.
pub fn device_class(class: &DeviceClass) -> Value {
    let mut spec = Map::new();
    let selectors = class.selectors.iter().map(|text| match text {
        Some(text) => json!({ "cel": { "expression": text } }),
        None => json!({}),
    });
    put_list(&mut spec, "selectors", selectors);
    let config = class
        .config
        .iter()
        .map(|one| json!({ "opaque": opaque(one) }));
    put_list(&mut spec, "config", config);
    if let Some(name) = &class.extended_resource {
        spec.insert("extendedResourceName".to_owned(), json!(name));
    }
    json!({
        "apiVersion": VERSION,
        "kind": "DeviceClass",
        "metadata": { "name": class.name },
        "spec": spec,
    })
}

/// A Node with its labels. A node is made by its kubelet: this is for tools, not for a cluster.
pub fn node(name: &str, labels: &Labels) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "labels": labels },
    })
}

/// What a claim has got: `status.allocation`.
pub fn allocation_result(result: &AllocationResult) -> Value {
    let results = result.devices.iter().map(|one| {
        let mut device = object(json!({
            "request": one.request,
            "driver": one.driver,
            "pool": one.pool,
            "device": one.device,
        }));
        if let Some(admin) = one.admin_access {
            device.insert("adminAccess".to_owned(), json!(admin));
        }
        put_list(
            &mut device,
            "tolerations",
            one.tolerations.iter().map(toleration),
        );
        put_list(
            &mut device,
            "bindingConditions",
            one.binding_conditions.iter().map(|c| json!(c)),
        );
        let failures = one.binding_failure_conditions.iter();
        put_list(
            &mut device,
            "bindingFailureConditions",
            failures.map(|c| json!(c)),
        );
        if let Some(share) = &one.share_id {
            device.insert("shareID".to_owned(), json!(share));
        }
        if !one.consumed_capacity.is_empty() {
            device.insert(
                "consumedCapacity".to_owned(),
                amounts(&one.consumed_capacity),
            );
        }
        Value::Object(device)
    });
    let mut devices = Map::new();
    put_list(&mut devices, "results", results);
    let config = result.config.iter().map(|one| {
        let source = if one.from_class {
            "FromClass"
        } else {
            "FromClaim"
        };
        let mut config = object(json!({ "source": source }));
        put_list(
            &mut config,
            "requests",
            one.requests.iter().map(|name| json!(name)),
        );
        if let Some(one) = &one.opaque {
            config.insert("opaque".to_owned(), opaque(one));
        }
        Value::Object(config)
    });
    put_list(&mut devices, "config", config);
    let mut allocation = object(json!({ "devices": devices }));
    if let Some(terms) = &result.node_selector {
        let terms: Vec<Value> = terms.iter().map(term).collect();
        allocation.insert(
            "nodeSelector".to_owned(),
            json!({ "nodeSelectorTerms": terms }),
        );
    }
    Value::Object(allocation)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A list, unless it is empty.
fn put_list(fields: &mut Map<String, Value>, name: &str, items: impl Iterator<Item = Value>) {
    let items: Vec<Value> = items.collect();
    if !items.is_empty() {
        fields.insert(name.to_owned(), Value::Array(items));
    }
}

fn amounts(all: &BTreeMap<String, Quantity>) -> Value {
    let written = all
        .iter()
        .map(|(name, one)| (name.clone(), json!(one.to_string())));
    Value::Object(written.collect())
}

fn counters(all: &BTreeMap<String, Quantity>) -> Value {
    let written = all.iter();
    let written = written.map(|(name, one)| (name.clone(), json!({ "value": one.to_string() })));
    Value::Object(written.collect())
}

fn scope(fields: &mut Map<String, Value>, scope: Option<&NodeScope>) {
    let (name, value) = match scope {
        None => return,
        Some(NodeScope::Node(node)) => ("nodeName", json!(node)),
        Some(NodeScope::Selector(one)) => {
            ("nodeSelector", json!({ "nodeSelectorTerms": [term(one)] }))
        }
        Some(NodeScope::All) => ("allNodes", json!(true)),
        Some(NodeScope::PerDevice) => ("perDeviceNodeSelection", json!(true)),
    };
    fields.insert(name.to_owned(), value);
}

fn term(term: &NodeSelectorTerm) -> Value {
    let mut fields = Map::new();
    put_list(
        &mut fields,
        "matchExpressions",
        term.match_expressions.iter().map(requirement),
    );
    put_list(
        &mut fields,
        "matchFields",
        term.match_fields.iter().map(requirement),
    );
    Value::Object(fields)
}

fn requirement(requirement: &Requirement) -> Value {
    let operator = match requirement.operator {
        Operator::In => "In",
        Operator::NotIn => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
        Operator::Gt => "Gt",
        Operator::Lt => "Lt",
    };
    let mut fields = object(json!({ "key": requirement.key, "operator": operator }));
    put_list(
        &mut fields,
        "values",
        requirement.values.iter().map(|value| json!(value)),
    );
    Value::Object(fields)
}

fn device(device: &Device) -> Value {
    let mut fields = object(json!({ "name": device.name }));
    if !device.attributes.is_empty() {
        let all = device.attributes.iter();
        let all: Map<String, Value> = all
            .map(|(name, one)| (name.clone(), attribute(one)))
            .collect();
        fields.insert("attributes".to_owned(), Value::Object(all));
    }
    if !device.capacity.is_empty() {
        let all = device.capacity.iter();
        let all: Map<String, Value> = all
            .map(|(name, one)| (name.clone(), capacity(one)))
            .collect();
        fields.insert("capacity".to_owned(), Value::Object(all));
    }
    let takes = device
        .consumes
        .iter()
        .map(|one| json!({ "counterSet": one.counter_set, "counters": counters(&one.counters) }));
    put_list(&mut fields, "consumesCounters", takes);
    scope(&mut fields, device.scope.as_ref());
    put_list(&mut fields, "taints", device.taints.iter().map(taint));
    if device.binds_to_node {
        fields.insert("bindsToNode".to_owned(), json!(true));
    }
    put_list(
        &mut fields,
        "bindingConditions",
        device.binding_conditions.iter().map(|c| json!(c)),
    );
    let failures = device.binding_failure_conditions.iter();
    put_list(
        &mut fields,
        "bindingFailureConditions",
        failures.map(|c| json!(c)),
    );
    if let Some(shared) = device.allow_multiple_allocations {
        fields.insert("allowMultipleAllocations".to_owned(), json!(shared));
    }
    Value::Object(fields)
}

fn attribute(attribute: &Attribute) -> Value {
    match attribute {
        Attribute::Int(value) => json!({ "int": value }),
        Attribute::Bool(value) => json!({ "bool": value }),
        Attribute::Text(value) => json!({ "string": value }),
        Attribute::Version(value) => json!({ "version": value }),
        Attribute::Ints(values) => json!({ "ints": values }),
        Attribute::Bools(values) => json!({ "bools": values }),
        Attribute::Texts(values) => json!({ "strings": values }),
        Attribute::Versions(values) => json!({ "versions": values }),
        Attribute::Unknown => json!({}),
    }
}

fn capacity(capacity: &DeviceCapacity) -> Value {
    let mut fields = object(json!({ "value": capacity.value.to_string() }));
    if let Some(one) = &capacity.policy {
        fields.insert("requestPolicy".to_owned(), policy(one));
    }
    Value::Object(fields)
}

fn policy(policy: &RequestPolicy) -> Value {
    let mut fields = Map::new();
    let put = |fields: &mut Map<String, Value>, name: &str, amount: Option<Quantity>| {
        if let Some(amount) = amount {
            fields.insert(name.to_owned(), json!(amount.to_string()));
        }
    };
    put(&mut fields, "default", policy.default);
    let values = policy.valid_values.iter().map(|one| json!(one.to_string()));
    put_list(&mut fields, "validValues", values);
    if let Some(range) = &policy.valid_range {
        let mut bounds = Map::new();
        put(&mut bounds, "min", range.min);
        put(&mut bounds, "max", range.max);
        put(&mut bounds, "step", range.step);
        fields.insert("validRange".to_owned(), Value::Object(bounds));
    }
    Value::Object(fields)
}

fn effect(effect: &TaintEffect) -> &str {
    match effect {
        TaintEffect::None => "None",
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::NoExecute => "NoExecute",
        TaintEffect::Other(name) => name,
    }
}

fn taint(taint: &DeviceTaint) -> Value {
    json!({ "key": taint.key, "value": taint.value, "effect": effect(&taint.effect) })
}

fn toleration(toleration: &DeviceToleration) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            fields.insert(name.to_owned(), json!(value));
        }
    };
    put("key", &toleration.key);
    put("operator", &toleration.operator);
    put("value", &toleration.value);
    put("effect", toleration.effect.as_ref().map_or("", effect));
    if let Some(seconds) = toleration.seconds {
        fields.insert("tolerationSeconds".to_owned(), json!(seconds));
    }
    Value::Object(fields)
}

/// What a driver is told. Parameters that are no JSON stand as a string.
fn opaque(config: &OpaqueConfig) -> Value {
    let parameters = serde_json::from_str(&config.parameters);
    let parameters = parameters.unwrap_or_else(|_| json!(config.parameters));
    json!({ "driver": config.driver, "parameters": parameters })
}
