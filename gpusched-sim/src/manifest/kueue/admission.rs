//! `status.admission` of a Workload: flavors, usage and topology.

use crate::manifest::cursor::{At, Read};
use gpusched_core::queueing::kueue::objects::{
    Admission, Delayed, PodSet, PodSetAssignment, TopologyAssignment, TopologyDomain,
};

const DELAYED: &[(&str, Delayed)] = &[("Pending", Delayed::Pending), ("Ready", Delayed::Ready)];

/// The admission, if there is one. A missing count is that of the pod set.
pub(super) fn admission(at: At<'_, '_>, pod_sets: &[PodSet]) -> Read<Option<Admission>> {
    if !at.present() {
        return Ok(None);
    }
    let assignments = at
        .field("podSetAssignments")
        .list(|item| pod_set_assignment(item, pod_sets))?;
    Ok(Some(Admission {
        cluster_queue: at.field("clusterQueue").string()?,
        pod_sets: assignments,
    }))
}

fn pod_set_assignment(at: At<'_, '_>, pod_sets: &[PodSet]) -> Read<PodSetAssignment> {
    let name = at.field("name").name()?;
    let name = name.unwrap_or_else(|| super::pod_set::MAIN.to_owned());
    let spec = pod_sets.iter().find(|pod_set| pod_set.name == name);
    let count = at.field("count").i32()?;
    Ok(PodSetAssignment {
        count: count.unwrap_or_else(|| spec.map_or(0, |pod_set| pod_set.count)),
        flavors: at.field("flavors").map(|_, flavor| flavor.string())?,
        usage: at.field("resourceUsage").resources()?,
        topology: topology_assignment(at.field("topologyAssignment"))?,
        delayed: at.field("delayedTopologyRequest").choice(DELAYED)?,
        name,
    })
}

/// Domains one by one (old versions), or compressed into slices with common parts.
fn topology_assignment(at: At<'_, '_>) -> Read<Option<TopologyAssignment>> {
    if !at.present() {
        return Ok(None);
    }
    let levels = at.field("levels").strings()?;
    let mut domains = at.field("domains").list(|item| {
        Ok(TopologyDomain {
            values: item.field("values").strings()?,
            count: item.field("count").i32()?.unwrap_or_default(),
        })
    })?;
    let slices = at.field("slices").list(|item| slice(item, levels.len()))?;
    domains.extend(slices.into_iter().flatten());
    Ok(Some(TopologyAssignment { levels, domains }))
}

/// The most domains one slice may hold, as in the API.
const MOST: i32 = 100_000;

fn slice(at: At<'_, '_>, levels: usize) -> Read<Vec<TopologyDomain>> {
    let count = at.field("domainCount");
    let domains = count.i32()?.ok_or_else(|| count.missing())?;
    if !(0..=MOST).contains(&domains) {
        return Err(count.fault(format!("a slice has between 1 and {MOST} domains")));
    }
    let domains = domains as usize;
    let mut all = vec![TopologyDomain::default(); domains];
    let values = at.field("valuesPerLevel");
    let given = values.list(|item| {
        let each = level_values(item, domains)?;
        for (domain, value) in all.iter_mut().zip(each) {
            domain.values.push(value);
        }
        Ok(())
    })?;
    if given.len() != levels {
        return Err(values.fault(format!(
            "there are {levels} levels, and values for {}",
            given.len()
        )));
    }
    let counts = at.field("podCounts");
    let universal = counts.field("universal").i32()?;
    let individual = counts.field("individual");
    let each = match universal {
        Some(pods) => vec![pods; domains],
        None => individual.list(|item| item.i32()?.ok_or_else(|| item.missing()))?,
    };
    if each.len() != domains {
        return Err(individual.fault(length(domains, each.len())));
    }
    for (domain, count) in all.iter_mut().zip(each) {
        domain.count = count;
    }
    Ok(all)
}

/// The value of one level in each domain of a slice.
fn level_values(at: At<'_, '_>, domains: usize) -> Read<Vec<String>> {
    if let Some(value) = at.field("universal").str()? {
        return Ok(vec![value.to_owned(); domains]);
    }
    let individual = at.field("individual");
    let prefix = individual.field("prefix").string()?;
    let suffix = individual.field("suffix").string()?;
    let roots = individual.field("roots");
    let values = roots.list(|item| {
        let root = item.str()?.unwrap_or_default();
        Ok(format!("{prefix}{root}{suffix}"))
    })?;
    match values.len() == domains {
        true => Ok(values),
        false => Err(roots.fault(length(domains, values.len()))),
    }
}

fn length(domains: usize, given: usize) -> String {
    format!("there are {domains} domains in this slice, but {given} values here")
}
