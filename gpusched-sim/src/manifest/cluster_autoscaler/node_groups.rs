//! Node groups: a list of our own. Upstream asks the cloud what groups there are and what nodes they
//! have; a file has to say it.
//!
//! ```yaml
//! nodeGroups:
//! - name: h100-a              # the group's id
//!   instanceType: p5.48xlarge # of the catalogue
//!   zone: us-east-1a          # may be left out if the type is offered in one zone only
//!   capacityType: spot        # on-demand (the default), spot or reserved
//!   minSize: 0                # fewest nodes, 0 if left out
//!   maxSize: 16               # most; both may come from --nodes=min:max:name instead
//!   labels: {team: research}  # beyond those of the type
//!   taints: [{key: gpu, effect: NoSchedule}]
//!   zeroOrMax: false          # whether it has all nodes or none
//! ```

use super::flags::Configured;
use crate::diagnostic::did_you_mean;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::taint;
use gpusched_core::provisioning::catalog::{CapacityType, Offering};
use gpusched_core::provisioning::cluster_autoscaler::NodeGroup;
use gpusched_core::provisioning::karpenter::objects::NodeType;

const CAPACITY_TYPES: &[(&str, CapacityType)] = &[
    ("on-demand", CapacityType::OnDemand),
    ("spot", CapacityType::Spot),
    ("reserved", CapacityType::Reserved),
];

/// The groups of a document.
pub(super) fn node_groups(
    at: At<'_, '_>,
    types: &[NodeType],
    configured: &Configured,
) -> Read<Vec<NodeGroup>> {
    at.only(&[&["nodeGroups"], &["apiVersion", "kind", "metadata"]])?;
    at.field("nodeGroups")
        .list(|item| node_group(item, types, configured))
}

fn node_group(at: At<'_, '_>, types: &[NodeType], configured: &Configured) -> Read<NodeGroup> {
    at.only(&[&[
        "name",
        "instanceType",
        "zone",
        "capacityType",
        "minSize",
        "maxSize",
        "labels",
        "taints",
        "zeroOrMax",
    ]])?;
    let id = at.field("name").required()?;
    let node_type = node_type(&at.field("instanceType"), types)?;
    let offering = offering(&at, &types[node_type])?;
    let flag = configured.sizes.iter().rfind(|size| size.id == id);
    let size = |name: &'static str, flag: Option<u32>| -> Read<Option<u32>> {
        let field = at.field(name);
        let given = field.i64()?;
        let negative = |_| field.fault(format!("a group cannot have {} nodes", given.unwrap_or(0)));
        let given = given
            .map(|given| u32::try_from(given).map_err(negative))
            .transpose()?;
        Ok(flag.or(given))
    };
    let min = size("minSize", flag.map(|size| size.min))?.unwrap_or(0);
    let most = at.field("maxSize");
    let max = size("maxSize", flag.map(|size| size.max))?;
    let max = max.ok_or_else(|| {
        let fault = most.fault(format!("`maxSize` of the group `{id}` is missing"));
        fault.help(format!(
            "write it here, or give the flag --nodes={min}:10:{id}"
        ))
    })?;
    if min > max {
        let fault = most.fault(format!(
            "at least {min} nodes and at most {max} are impossible"
        ));
        return Err(fault.help("`minSize` is not above `maxSize`"));
    }
    Ok(NodeGroup {
        id,
        min,
        max,
        node_type,
        offering,
        labels: at.field("labels").labels()?,
        taints: at.field("taints").list(taint)?,
        zero_or_max: at.field("zeroOrMax").bool()?.unwrap_or(false),
    })
}

fn node_type(at: &At<'_, '_>, types: &[NodeType]) -> Read<usize> {
    let name = at.required()?;
    let found = types.iter().position(|of| of.name == name);
    found.ok_or_else(|| {
        let fault = at.fault(format!(
            "there is no instance type `{name}` in the catalogue"
        ));
        match did_you_mean(&name, types.iter().map(|of| of.name.as_str())) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault.help("`gpusched catalog` lists those there are"),
        }
    })
}

/// The offering of a type in the zone and of the capacity type asked for.
fn offering(at: &At<'_, '_>, of: &NodeType) -> Read<usize> {
    let zone = at.field("zone").name()?;
    let capacity_type = at.field("capacityType").choice(CAPACITY_TYPES)?;
    let capacity_type = capacity_type.unwrap_or(CapacityType::OnDemand);
    let fits = |offering: &Offering| {
        offering.capacity_type == capacity_type
            && zone.as_ref().is_none_or(|zone| *zone == offering.zone)
    };
    let offerings = of.offerings.iter().map(|offer| &offer.offering);
    let fitting: Vec<usize> = offerings
        .clone()
        .enumerate()
        .filter(|(_, one)| fits(one))
        .map(|(at, _)| at)
        .collect();
    let listed = offerings.map(|one| format!("{} in {}", one.capacity_type, one.zone));
    let listed = listed.collect::<Vec<_>>().join(", ");
    match fitting.as_slice() {
        [only] => Ok(*only),
        [] => Err(at
            .field("instanceType")
            .fault(format!("{} is not offered like this", of.name))
            .help(format!("it is offered {listed}"))),
        [first, ..] if zone.is_some() => Ok(*first),
        _ => Err(at
            .fault(format!("{} is offered in several zones", of.name))
            .help(format!("say in which: `zone:`; it is offered {listed}"))),
    }
}
