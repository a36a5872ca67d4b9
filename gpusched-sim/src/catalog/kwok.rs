//! Instance types as Karpenter's kwok provider has them (`instance_types.json`,
//! `kwok/cloudprovider/helpers.go` at 2266468): what people simulate clusters with.
//!
//! What is not said there is as kwok has it: 110 pods, 100 m of CPU and 10 MiB of memory kept by the
//! kubelet, every offering to be had, and labels of size and family after the name. No GPU models are
//! told: a type that is in the built-in catalogue has those of there, another has the model `gpu`.

use super::{builtin, read};
use gpusched_core::kube::{Labels, Quantity, Resources};
use gpusched_core::provisioning::Price;
use gpusched_core::provisioning::catalog::{CapacityType, Gpus, InstanceType, Offering};
use gpusched_core::provisioning::karpenter::labels::{
    ARCH, CAPACITY_TYPE, INSTANCE_TYPE, OS, ZONE,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the kubelet keeps: milli-cores and bytes.
const KEPT: [(&str, i64); 2] = [("cpu", 100), ("memory", 10 << 20)];

const PODS: i64 = 110;

const GPU: &str = "nvidia.com/gpu";

/// Whether an object is a type of this kind.
pub(super) fn is_kwok(value: &Value) -> bool {
    value["resources"].is_object() && value["offerings"].is_array()
}

/// GPUs of types of the built-in catalogue, by name.
pub(super) fn known() -> BTreeMap<String, Gpus> {
    // The built-in catalogue is tested.
    let all = read(&builtin()).unwrap_or_default().into_iter();
    all.filter_map(|of| Some((of.name, of.gpus?))).collect()
}

/// A type.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn from_kwok(
    value: &Value,
    known: &BTreeMap<String, Gpus>,
) -> Result<InstanceType, String> {
    let name = text(value, "name")?;
    let Value::Object(resources) = &value["resources"] else {
        return Err("`resources` is no object".into());
    };
    let mut capacity: Resources = [("pods".to_owned(), PODS)].into();
    for (resource, amount) in resources {
        capacity.insert(resource.clone(), quantity(resource, amount)?);
    }
    for resource in ["cpu", "memory"] {
        if !capacity.contains_key(resource) {
            return Err(format!("`resources` has no {resource}"));
        }
    }
    let mut allocatable = capacity.clone();
    for (resource, kept) in KEPT {
        if let Some(left) = allocatable.get_mut(resource) {
            *left = (*left - kept).max(0);
        }
    }
    let mut offerings = Vec::new();
    for offer in value["offerings"].as_array().into_iter().flatten() {
        offerings.extend(offered(offer)?);
    }
    if offerings.is_empty() {
        return Err(format!(
            "{name} has no offering; a type without a price can never be chosen"
        ));
    }
    Ok(InstanceType {
        gpus: gpus(&name, capacity.get(GPU).copied(), known),
        labels: labels(&name, value, resources),
        cloud: String::new(),
        capacity,
        allocatable,
        offerings,
        name,
        dated: Default::default(),
    })
}

fn text(value: &Value, key: &str) -> Result<String, String> {
    let text = value[key].as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| format!("`{key}` is no text, or missing"))
}

fn quantity(resource: &str, amount: &Value) -> Result<i64, String> {
    let text = match amount {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let read = text.parse::<Quantity>().ok();
    let read = read.filter(|amount| amount.nanos() >= 0);
    read.map(|amount| amount.of(resource))
        .ok_or_else(|| format!("{resource}: `{text}` is no quantity; write 8 or 16Gi"))
}

/// An offering for every zone and way to buy it that the requirements name.
fn offered(offer: &Value) -> Result<Vec<Offering>, String> {
    let price = offer["Price"]
        .as_f64()
        .filter(|price| (0.0..1e6).contains(price));
    let price = price.ok_or("an offering without `Price`, in dollars an hour")?;
    let values = |key: &str| -> Vec<&str> {
        let all = offer["Requirements"].as_array().into_iter().flatten();
        let of_key = all.filter(|one| one["key"] == key && one["operator"] == "In");
        let values = of_key.filter_map(|one| one["values"].as_array());
        values.flatten().filter_map(Value::as_str).collect()
    };
    let (zones, ways) = (values(ZONE), values(CAPACITY_TYPE));
    if zones.is_empty() || ways.is_empty() {
        return Err(format!(
            "an offering whose `Requirements` do not say {ZONE} and {CAPACITY_TYPE} with In"
        ));
    }
    let mut all = Vec::new();
    for way in ways {
        let capacity_type = match CapacityType::named(way) {
            Some(CapacityType::Reserved) => {
                return Err("offerings of reservations are not read; leave them out".into());
            }
            Some(named) => named,
            None => return Err(format!("`{way}` is no capacity type; on-demand or spot")),
        };
        all.extend(zones.iter().map(|zone| Offering {
            zone: (*zone).to_owned(),
            capacity_type,
            price: Price((price * 1e9).round() as i64),
            available: true,
            reservation: None,
        }));
    }
    Ok(all)
}

fn gpus(name: &str, count: Option<i64>, known: &BTreeMap<String, Gpus>) -> Option<Gpus> {
    let count = u32::try_from(count?).ok().filter(|count| *count > 0)?;
    let (model, memory_mib) = match known.get(name) {
        Some(gpus) => (gpus.model.clone(), gpus.memory_mib),
        None => ("gpu".to_owned(), 0),
    };
    Some(Gpus {
        vendor: "nvidia".into(),
        model,
        milli: count.saturating_mul(1000),
        memory_mib,
    })
}

/// Labels as kwok makes them: architecture and system, and what the name says of size and family.
fn labels(name: &str, value: &Value, resources: &Map<String, Value>) -> Labels {
    let mut labels = Labels::new();
    labels.insert(INSTANCE_TYPE.into(), name.to_owned());
    let architecture = value["architecture"].as_str().unwrap_or("amd64");
    labels.insert(ARCH.into(), architecture.to_owned());
    let systems = value["operatingSystems"].as_array();
    if let Some([only]) = systems.map(Vec::as_slice) {
        labels.insert(OS.into(), only.as_str().unwrap_or("linux").to_owned());
    }
    let amount = |resource: &str| resources.get(resource).and_then(Value::as_str);
    let cpu = amount("cpu").unwrap_or_default();
    let family = match name.split_once(['.', '-']) {
        Some((family, _)) => family.to_owned(),
        None => name.chars().take(1).collect(),
    };
    for (label, value) in [
        ("size", size(name).unwrap_or(cpu)),
        ("family", &family),
        ("cpu", cpu),
        ("memory", amount("memory").unwrap_or_default()),
    ] {
        let key = format!("karpenter.kwok.sh/instance-{label}");
        labels.insert(key, value.to_owned());
    }
    labels
}

/// The size in a name that is made as AWS makes them.
fn size(name: &str) -> Option<&str> {
    let (family, size) = name.split_once('.')?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = ["nano", "micro", "small", "medium", "large", "metal"].contains(&size);
    let times = size.strip_suffix("xlarge");
    let times = times.is_some_and(|count| count.chars().all(|c| c.is_ascii_digit()));
    (!family.is_empty() && family.chars().all(word) && (named || times)).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::input::Source;

    fn types(text: &str) -> Result<Vec<InstanceType>, String> {
        let source = Source::from_bytes("kwok.json", text.as_bytes());
        read(&source).map_err(|problem| problem.message)
    }

    fn offering(way: &str, zones: &str, price: &str) -> String {
        format!(
            r#"{{"Price": {price}, "Available": false, "Requirements": [
                {{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["{way}"]}},
                {{"key": "topology.kubernetes.io/zone", "operator": "In", "values": [{zones}]}}]}}"#
        )
    }

    fn of(name: &str, resources: &str, offerings: &str) -> String {
        format!(
            r#"{{"name": "{name}", "architecture": "arm64", "operatingSystems": ["linux"],
                "resources": {{{resources}}}, "offerings": [{offerings}]}}"#
        )
    }

    #[test]
    fn a_type_of_kwok_has_what_it_says_and_kwoks_defaults() {
        let spot = offering(
            "spot",
            r#""test-zone-a", "test-zone-b""#,
            "0.019003238553599998",
        );
        let text = of(
            "c-2x-arm64-linux",
            r#""cpu": "2", "memory": "4Gi", "nvidia.com/gpu": 1"#,
            &spot,
        );
        let all = types(&format!("[{text}]")).unwrap();
        let one = &all[0];
        assert_eq!((one.capacity["cpu"], one.allocatable["cpu"]), (2000, 1900));
        assert_eq!(one.allocatable["memory"], (4 << 30) - (10 << 20));
        assert_eq!(one.allocatable["pods"], 110);
        let zones: Vec<&str> = one.offerings.iter().map(|one| one.zone.as_str()).collect();
        assert_eq!(zones, ["test-zone-a", "test-zone-b"]);
        // To a thousand-millionth of a dollar; kwok makes all that is listed available.
        assert_eq!(one.offerings[0].price, Price(19_003_239));
        assert!(one.offerings[0].available);
        let labels = &one.labels;
        assert_eq!(labels[ARCH], "arm64");
        assert_eq!(labels["karpenter.kwok.sh/instance-family"], "c");
        // Not a name of AWS: its size is its CPU.
        assert_eq!(labels["karpenter.kwok.sh/instance-size"], "2");
        assert_eq!(one.gpus.as_ref().unwrap().model, "gpu");
    }

    #[test]
    fn a_name_of_aws_says_its_size_and_the_built_in_catalogue_its_gpus() {
        let od = offering("on-demand", r#""a""#, "1.5");
        let text = of(
            "p4d.24xlarge",
            r#""cpu": "96", "memory": "1152Gi", "nvidia.com/gpu": "8""#,
            &od,
        );
        let all = types(&format!("[{text}]")).unwrap();
        assert_eq!(all[0].labels["karpenter.kwok.sh/instance-size"], "24xlarge");
        let gpus = all[0].gpus.as_ref().unwrap();
        assert_eq!((gpus.model.as_str(), gpus.whole()), ("a100", 8));
    }

    #[test]
    fn labels_of_kwok_may_be_asked_for() {
        use crate::manifest::KarpenterManifests;
        let pool = "apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: default}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}
      requirements: [{key: karpenter.kwok.sh/instance-family, operator: In, values: [c]}]
";
        let path = std::env::temp_dir().join(format!("gpusched-kwok-{}.yaml", std::process::id()));
        std::fs::write(&path, pool).unwrap();
        let od = offering("on-demand", r#""a""#, "1.5");
        let whole = r#""cpu": "1", "memory": "1Gi""#;
        let both = format!("[{},{}]", of("c-1", whole, &od), of("m-1", whole, &od));
        let types = types(&both).unwrap();
        let manifests = KarpenterManifests::read_against(&path, &types, "kwok.json").unwrap();
        assert!(
            manifests.problems().is_empty(),
            "{:?}",
            manifests.problems()
        );
        // Pods may select by them without a pool defining them.
        let known = &manifests.state().well_known;
        assert!(
            known
                .iter()
                .any(|key| key == "karpenter.kwok.sh/instance-family")
        );
    }

    #[test]
    fn types_that_cannot_be_are_refused() {
        let od = offering("on-demand", r#""a""#, "1.5");
        let whole = r#""cpu": "1", "memory": "1Gi""#;
        for (text, said) in [
            (of("a", whole, ""), "instance type 1: a has no offering"),
            (of("", whole, &od), "instance type 1: `name` is no text"),
            (of("a", r#""cpu": "1""#, &od), "`resources` has no memory"),
            (of("a", r#""cpu": "one""#, &od), "cpu: `one` is no quantity"),
            (
                of("a", whole, &offering("sport", r#""a""#, "1")),
                "`sport` is no capacity type",
            ),
            (
                of("a", whole, &offering("spot", "", "1")),
                "do not say topology.kubernetes.io/zone",
            ),
            (
                of("a", whole, &offering("spot", r#""a""#, "-1")),
                "without `Price`",
            ),
            (
                format!("{0},{0}", of("a", whole, &od)),
                "\"a\" is there twice",
            ),
        ] {
            let problem = types(&format!("[{text}]")).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
