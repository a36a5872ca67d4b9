//! Workload.

use super::names::{object_name, reference};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kueue::Version;
use std::collections::BTreeSet;

/// What the API server asks of a Workload.
pub(in crate::manifest) fn workload(at: &At<'_, '_>) -> Read<()> {
    object_name(at)?;
    let spec = at.field("spec");
    reference(&spec.field("queueName"))?;
    let pod_sets = spec.field("podSets");
    let mut names = BTreeSet::new();
    let elastic = pod_sets.list(|one| {
        let at = one.field("name");
        let name = at.str()?.unwrap_or("main");
        if !names.insert(name) {
            at.refuse(at.fault(format!("there are two pod sets `{name}`")));
        }
        pod_set(&one)?;
        Ok(one.field("minCount").present())
    })?;
    if elastic.is_empty() || elastic.len() > 18 {
        let message = format!("a workload has 1 to 18 pod sets, not {}", elastic.len());
        pod_sets.refuse(pod_sets.fault(message));
    }
    if elastic.iter().filter(|one| **one).count() > 1 {
        pod_sets.refuse(
            pod_sets
                .fault("only one pod set may be admitted in part")
                .help("set `minCount` once"),
        );
    }
    let class = spec.field("priorityClassRef");
    let priority = spec.field("priority");
    if Version::of(at)? == Version::New && class.present() && !priority.present() {
        class.refuse(
            class
                .fault("a workload with a priority class has a `priority`")
                .help("set `priority` to the value of the class"),
        );
    }
    let status = at.field("status");
    status
        .field("admission")
        .field("podSetAssignments")
        .list(|assignment| {
            let at = assignment.field("name");
            let name = at.str()?.unwrap_or("main");
            if !names.contains(name) {
                at.refuse(at.fault(format!("there is no pod set `{name}`")));
            }
            Ok(())
        })?;
    Ok(())
}

fn pod_set(at: &At<'_, '_>) -> Read<()> {
    let (count, least) = (at.field("count"), at.field("minCount"));
    let pods = count.i32()?.unwrap_or(1);
    if pods < 0 {
        count.refuse(count.fault(format!("a pod set cannot have {pods} pods")));
    }
    if let Some(given) = least.i32()?
        && !(1..=pods).contains(&given)
    {
        let message = format!("`minCount` must be between 1 and the count ({pods})");
        least.refuse(least.fault(message));
    }
    let template = at.field("template");
    let spec = template.field("spec");
    for containers in ["containers", "initContainers"] {
        spec.field(containers).list(|container| {
            let resources = container.field("resources");
            not_negative(&resources.field("requests"))?;
            not_negative(&resources.field("limits"))
        })?;
    }
    topology_request(&at.field("topologyRequest"))
}

fn not_negative(at: &At<'_, '_>) -> Read<()> {
    at.map(|resource, amount| {
        if amount.quantity()?.is_some_and(|given| given.nanos() < 0) {
            amount.refuse(amount.fault(format!("a pod cannot ask for less than no {resource}")));
        }
        Ok(())
    })?;
    Ok(())
}

fn topology_request(at: &At<'_, '_>) -> Read<()> {
    let modes = ["required", "preferred", "unconstrained"];
    let given = modes.iter().filter(|mode| at.field(mode).present());
    if given.count() > 1 {
        at.refuse(
            at.fault("a topology request is one of required, preferred and unconstrained")
                .help("leave all but one out"),
        );
    }
    let (level, size) = (
        at.field("podSetSliceRequiredTopology"),
        at.field("podSetSliceSize"),
    );
    match (level.present(), size.i32()?) {
        (true, None) => level.refuse(
            level
                .fault("slices need a size")
                .help("set `podSetSliceSize` to the pods of a slice"),
        ),
        (_, Some(given)) if given < 1 => {
            size.refuse(size.fault(format!("a slice cannot have {given} pods")));
        }
        _ => {}
    }
    Ok(())
}
