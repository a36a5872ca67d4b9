//! NodePools.

use super::disruption::{disruption, or_never};
use super::node_class::{ClassRef, EC2, NodeClass};
use super::requirement::{key, requirements};
use crate::diagnostic::did_you_mean;
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::taint;
use crate::manifest::meta::Meta;
use gpusched_core::kube::{Quantity, Resources, Taint};
use gpusched_core::provisioning::karpenter::objects::{NodePool, NodeType};
use gpusched_core::provisioning::karpenter::{Pool, Requirement, Requirements};
use gpusched_core::units::Span;
use std::collections::BTreeSet;

/// How old nodes get where a pool does not say.
const EXPIRE_AFTER: Span = Span::from_secs(720 * 3600);

/// A NodePool with what only matters while its nodes start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadPool {
    pub(super) pool: Pool,
    pub(super) class: ClassRef,
    pub(super) startup_taints: Vec<Taint>,
}

/// A NodePool.
pub(super) fn node_pool(
    at: &At<'_, '_>,
    types: &[NodeType],
    classes: &[NodeClass],
) -> Read<ReadPool> {
    let spec = at.field("spec");
    spec.only(&[&["template", "disruption", "limits", "weight", "replicas"]])?;
    let template = spec.field("template");
    if !template.present() {
        return Err(template.missing());
    }
    let node = template.field("spec");
    node.only(&[&[
        "requirements",
        "taints",
        "startupTaints",
        "expireAfter",
        "terminationGracePeriod",
        "nodeClassRef",
    ]])?;
    let name = Meta::read(at)?.name;
    let asked = node.field("requirements");
    let wanted = requirements(&asked)?;
    let metadata = template.field("metadata");
    let labels = metadata.field("labels");
    let read_labels = labels.labels()?;
    labels.map(|name, value| key_of(name, &value))?;
    let class = class_ref(&node.field("nodeClassRef"), classes)?;
    let replicas = replicas(&spec)?;
    let all: Requirements = wanted.iter().cloned().collect();
    let mut all = all.intersection(&Requirements::of_labels(&read_labels));
    let of_class = Requirement::one_of(&class.label(), &[&class.name]);
    all.add(of_class.clone());
    let left = possible(&asked, &name, &of_class, &wanted, &all, types)?;
    let limits = limits(&spec.field("limits"), &name, &left)?;
    let expire = node.field("expireAfter");
    let pool = Pool {
        replicas,
        template: NodePool {
            weight: weight(&spec.field("weight"))?,
            requirements: wanted.into_iter().chain([of_class]).collect(),
            labels: read_labels,
            taints: node.field("taints").list(taint)?,
            limits,
            name,
        },
        expire_after: match expire.present() {
            true => or_never(&expire)?,
            false => Some(EXPIRE_AFTER),
        },
        termination_grace: node.field("terminationGracePeriod").duration()?,
        disruption: disruption(&spec.field("disruption"))?,
    };
    Ok(ReadPool {
        pool,
        class,
        startup_taints: node.field("startupTaints").list(taint)?,
    })
}

/// How many nodes a static pool has. It has no weight, and no limits but on `nodes`.
fn replicas(spec: &At<'_, '_>) -> Read<Option<u32>> {
    let at = spec.field("replicas");
    let Some(number) = at.i64()? else {
        return Ok(None);
    };
    let number = u32::try_from(number).map_err(|_| {
        let fault = at.fault(format!("{number} nodes cannot be"));
        fault.help("leave `replicas` out for as many nodes as pods need")
    })?;
    let weight = spec.field("weight");
    if weight.present() {
        let fault = weight.fault("a pool with `replicas` has no `weight`");
        return Err(fault.help("pods make no nodes of it: take one of the two out"));
    }
    spec.field("limits").map(|resource, value| match resource {
        "nodes" => Ok(()),
        _ => {
            let fault = value.fault(format!("a pool with `replicas` has no limit on {resource}"));
            Err(fault.help("only `nodes` may be limited"))
        }
    })?;
    Ok(Some(number))
}

/// Checks the name of a label that a pool gives to its nodes.
fn key_of(name: &str, at: &At<'_, '_>) -> Read<()> {
    let value = serde_json::Value::from(name);
    let notices = crate::manifest::fault::Notices::default();
    let checked = key(&At::root(&value, &notices));
    checked.map(|_| ()).map_err(|fault| {
        let placed = at.fault(fault.message).at_key();
        match fault.help {
            Some(help) => placed.help(help),
            None => placed,
        }
    })
}

fn weight(at: &At<'_, '_>) -> Read<u32> {
    match at.i64()? {
        None => Ok(0),
        Some(weight @ 1..=100) => Ok(weight as u32),
        Some(weight) => Err(at
            .fault(format!("`weight` is from 1 to 100, not {weight}"))
            .help("pools of larger weight are tried first; leave it out for the least")),
    }
}

/// The class of a pool's nodes; an EC2NodeClass has to be among the manifests.
pub(super) fn class_ref(at: &At<'_, '_>, classes: &[NodeClass]) -> Read<ClassRef> {
    at.only(&[&["group", "kind", "name"]])?;
    let class = ClassRef {
        group: at.field("group").required()?,
        kind: at.field("kind").required()?,
        name: at.field("name").required()?,
    };
    let known = |one: &&NodeClass| one.of.group == class.group && one.of.kind == class.kind;
    if class.kind == EC2.1 && class.group != EC2.0 {
        let fault = at
            .field("group")
            .fault(format!("{} is not of this group", EC2.1));
        return Err(fault.help(format!("its group is {}", EC2.0)));
    }
    if classes
        .iter()
        .filter(known)
        .any(|one| one.of.name == class.name)
    {
        return Ok(class);
    }
    let name = at.field("name");
    let fault = name.fault(format!("there is no {} `{}`", class.kind, class.name));
    let names = classes.iter().filter(known).map(|one| one.of.name.as_str());
    Err(match did_you_mean(&class.name, names.clone()) {
        Some(close) => fault.help(format!("did you mean `{close}`?")),
        None => match names.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => fault.help(
                "add it to the manifests: `kubectl get ec2nodeclasses -o yaml` prints those of a cluster",
            ),
            names => fault.help(format!("there are: {names}")),
        },
    })
}

/// The types a pool may make nodes of.
///
/// # Errors
/// When there is none: which requirement removed how many, one after the other.
fn possible<'t>(
    at: &At<'_, '_>,
    pool: &str,
    of_class: &Requirement,
    wanted: &[Requirement],
    all: &Requirements,
    types: &'t [NodeType],
) -> Read<Vec<&'t NodeType>> {
    let meets = |of: &NodeType, one: &Requirement| {
        let alone: Requirements = [one.clone()].into_iter().collect();
        of.requirements.intersects(&alone).is_ok()
    };
    let mut left: Vec<&NodeType> = types.iter().filter(|of| meets(of, of_class)).collect();
    let mut story = vec![format!("of {} types", left.len())];
    let mut last = None;
    for (index, one) in wanted.iter().enumerate() {
        let before = left.len();
        left.retain(|of| meets(of, one));
        if left.len() < before {
            story.push(format!("{one} removes {}", before - left.len()));
            last = Some(index);
        }
    }
    let before = left.len();
    left.retain(|of| of.requirements.intersects(all).is_ok());
    if left.len() < before {
        story.push(format!(
            "all of them with its labels remove {}",
            before - left.len()
        ));
    }
    let before = left.len();
    left.retain(|of| {
        let mut offerings = of.offerings.iter().filter(|one| one.offering.available);
        offerings.any(|one| one.requirements.intersects(all).is_ok())
    });
    if left.len() < before {
        let gone = before - left.len();
        story.push(format!(
            "{gone} have no offering of its zones and capacity types"
        ));
    }
    if left.is_empty() {
        let said = format!(
            "no instance type satisfies NodePool {pool}: {}",
            story.join(", ")
        );
        let help = "`gpusched catalog` lists the types; `--catalog FILE` takes others";
        return Err(match last {
            Some(index) => at.item(index).fault(said).help(help),
            None => at.fault(said).help(help),
        });
    }
    for (index, one) in wanted.iter().enumerate() {
        let values: BTreeSet<&String> = left
            .iter()
            .filter_map(|of| of.requirements.get(one.key()))
            .flat_map(Requirement::values)
            .filter(|value| all.get(one.key()).is_none_or(|asked| asked.has(value)))
            .collect();
        if let Some(least) = one
            .min_values()
            .filter(|least| values.len() < *least as usize)
        {
            let said = format!(
                "the {} types left have {} values of {}, fewer than {least}",
                left.len(),
                values.len(),
                one.key()
            );
            let least = at.item(index);
            let fault = least.field("minValues").fault(said);
            return Err(fault.help("allow more types, or lower `minValues`"));
        }
    }
    Ok(left)
}

/// The limits of a pool; those that do not hold its smallest type are a mistake, 0 is not: it stops
/// a pool.
fn limits(at: &At<'_, '_>, pool: &str, types: &[&NodeType]) -> Read<Option<Resources>> {
    if !at.present() {
        return Ok(None);
    }
    let limits = at.map(|resource, value| {
        let quantity = value.quantity()?.ok_or_else(|| value.missing())?;
        match quantity.nanos() < 0 {
            true => Err(value.fault(format!("a limit of {quantity} for {resource} is negative"))),
            false => Ok(quantity.of(resource)),
        }
    })?;
    let mut stopped = false;
    at.map(|resource, value| {
        let limit = limits[resource];
        let amounts = || {
            types
                .iter()
                .map(|of| (of.capacity.get(resource).copied().unwrap_or(0), of))
        };
        let least = amounts().min_by_key(|(amount, of)| (*amount, &of.name));
        if limit == 0 && (resource == "nodes" || least.is_some_and(|(amount, _)| amount > 0)) {
            stopped = true;
            let fault = value.fault(format!("NodePool {pool} makes no nodes: its limit is 0"));
            value.warn(fault.help("raise it if that is not meant"));
        }
        match least {
            Some((amount, of)) if limit > 0 && limit < amount => Err(value
                .fault(format!("the limit is below one node of NodePool {pool}"))
                .help(format!(
                    "the smallest type it may make, {}, has {resource} {}",
                    of.name,
                    Quantity::of_resource(resource, amount)
                ))),
            _ => Ok(()),
        }
    })?;
    let holds = |of: &&&NodeType| {
        let has = |resource: &String| of.capacity.get(resource).copied().unwrap_or(0);
        limits
            .iter()
            .all(|(resource, limit)| has(resource) <= *limit)
    };
    if !stopped && !types.iter().any(|of| holds(&of)) {
        let fault = at.fault(format!(
            "the limits together are below one node of NodePool {pool}"
        ));
        return Err(fault.help("no type it may make is within all of them; raise one"));
    }
    Ok(Some(limits))
}
