//! Instance types as NodePools see them: of a catalogue, for every class of nodes.

use super::labels;
use super::node_class::{ClassRef, NodeClass};
use gpusched_core::provisioning::catalog::InstanceType;
use gpusched_core::provisioning::karpenter::Requirement;
use gpusched_core::provisioning::karpenter::labels::{REGION, ZONE};
use gpusched_core::provisioning::karpenter::objects::NodeType;
use serde_json::Value;
use std::collections::BTreeSet;

/// What has to be known of all manifests before instance types can be made.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// Every zone that is named: in labels, requirements and subnets.
    pub(super) zones: BTreeSet<String>,
    /// Every class of nodes that is asked for.
    pub(super) classes: BTreeSet<ClassRef>,
}

impl Scan {
    /// Looks through a document, whatever it is.
    pub(super) fn look(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Object(fields) => {
                let text = |name: &str| fields.get(name).and_then(Value::as_str);
                self.zones.extend(text(ZONE).map(str::to_owned));
                if text("key") == Some(ZONE) && text("operator") == Some("In") {
                    let values = fields.get("values").and_then(Value::as_array);
                    let values = values.into_iter().flatten().filter_map(Value::as_str);
                    self.zones.extend(values.map(str::to_owned));
                }
                for (name, value) in fields {
                    match name.as_str() {
                        "nodeClassRef" => self.classes.extend(class(value)),
                        "subnets" => self.subnets(value),
                        _ => self.look(value),
                    }
                }
            }
            _ => {}
        }
    }

    fn subnets(&mut self, value: &Value) {
        let subnets = value.as_array().into_iter().flatten();
        let zones = subnets.filter_map(|one| one["zone"].as_str());
        self.zones.extend(zones.map(str::to_owned));
    }
}

fn class(value: &Value) -> Option<ClassRef> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(ClassRef {
        group: text("group")?,
        kind: text("kind")?,
        name: text("name")?,
    })
}

/// The types of a catalogue, once for every class of nodes: each copy can only have the label of
/// its own class.
///
/// A catalogue that has a region where zones should stand offers its types, at that price, in every
/// zone of the region that manifests name. With each comes which of the catalogue it is.
pub(super) fn types(
    catalog: &[InstanceType],
    zones: &BTreeSet<String>,
    classes: &[NodeClass],
) -> Vec<(usize, NodeType)> {
    let mut all = Vec::new();
    for class in classes {
        let cloud = class.of.cloud();
        let ours =
            |of: &&InstanceType| of.cloud.is_empty() || cloud.is_none_or(|cloud| cloud == of.cloud);
        for (origin, of) in catalog.iter().enumerate().filter(|(_, of)| ours(of)) {
            let mut node_type = NodeType::from(&in_zones(of, zones));
            labels::describe(of, &mut node_type);
            class.apply(&mut node_type);
            let offered = node_type
                .offerings
                .iter()
                .map(|one| one.offering.zone.as_str());
            let offered: Vec<&str> = offered.collect();
            let zone = Requirement::one_of(ZONE, &offered);
            node_type.requirements.set(ZONE, Some(zone));
            for other in classes {
                let key = other.of.label();
                let own = key == class.of.label();
                let label = match own {
                    true => Requirement::one_of(&key, &[&class.of.name]),
                    false => Requirement::none(&key),
                };
                node_type.requirements.set(&key, Some(label));
            }
            all.push((origin, node_type));
        }
    }
    all
}

/// A type with an offering for each zone of its region.
fn in_zones(of: &InstanceType, zones: &BTreeSet<String>) -> InstanceType {
    let Some(region) = of.labels.get(REGION) else {
        return of.clone();
    };
    let within = |zone: &&String| zone.len() > region.len() && zone.starts_with(region.as_str());
    let zones: Vec<&String> = zones.iter().filter(within).collect();
    let mut spread = of.clone();
    if zones.is_empty() {
        return spread;
    }
    spread.offerings.clear();
    for offering in &of.offerings {
        if offering.zone != *region {
            spread.offerings.push(offering.clone());
            continue;
        }
        for zone in &zones {
            let mut here = offering.clone();
            here.zone.clone_from(zone);
            spread.offerings.push(here);
        }
    }
    spread
}
