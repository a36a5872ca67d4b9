//! Workload.

use super::admission::admission;
use super::pod_set::pod_set;
use super::{OBJECT, Version};
use crate::manifest::cursor::{At, Read};
use crate::manifest::kube::toleration;
use crate::manifest::meta::Meta;
use gpusched_core::queueing::kueue::objects::{
    CheckPhase, CheckState, Condition, RequeueState, Workload,
};

const SPEC: &[&str] = &[
    "podSets",
    "queueName",
    "priority",
    "active",
    "maximumExecutionTimeSeconds",
];
const SPEC_OLD: &[&str] = &["priorityClassName", "priorityClassSource"];
const SPEC_NEW: &[&str] = &["priorityClassRef", "preemptionGates"];

const PHASES: &[(&str, CheckPhase)] = &[
    ("Pending", CheckPhase::Pending),
    ("Ready", CheckPhase::Ready),
    ("Retry", CheckPhase::Retry),
    ("Rejected", CheckPhase::Rejected),
];

/// A Workload with its status.
pub(in crate::manifest) fn workload(at: At<'_, '_>) -> Read<Workload> {
    at.only(&[OBJECT])?;
    let meta = Meta::read(&at)?;
    let (spec, status) = (at.field("spec"), at.field("status"));
    spec.only(&[SPEC, SPEC_OLD, SPEC_NEW])?;
    let priority_class = match Version::of(&at)? {
        Version::Old => {
            spec.renamed(&[("priorityClassRef", "priorityClassName")]);
            spec.field("priorityClassName").name()?
        }
        Version::New => {
            spec.renamed(&[("priorityClassName", "priorityClassRef")]);
            let reference = spec.field("priorityClassRef");
            reference.only(&[&["group", "kind", "name"]])?;
            reference.field("name").name()?
        }
    };
    let pod_sets = spec.field("podSets").list(pod_set)?;
    let past = match status.field("accumulatedPastExecutionTimeSeconds").i64()? {
        // As old versions spell it.
        None => status.field("accumulatedPastExexcutionTimeSeconds").i64()?,
        given => given,
    };
    Ok(Workload {
        namespace: meta.namespace,
        name: meta.name,
        uid: meta.uid,
        generation: meta.generation,
        created: meta.created,
        labels: meta.labels,
        annotations: meta.annotations,
        owners: meta.owners,
        queue: spec.field("queueName").string()?,
        priority: spec.field("priority").i32()?,
        priority_class,
        inactive: spec.field("active").bool()? == Some(false),
        preemption_gates: closed_gates(&spec, &status)?,
        max_execution_s: spec.field("maximumExecutionTimeSeconds").i64()?,
        past_execution_s: past.unwrap_or_default(),
        admission: admission(status.field("admission"), &pod_sets)?,
        pod_sets,
        conditions: status.field("conditions").list(condition)?,
        requeue: requeue_state(status.field("requeueState"))?,
        reclaimable: reclaimable(&status)?,
        checks: status.field("admissionChecks").list(check_state)?,
        unhealthy_nodes: status
            .field("unhealthyNodes")
            .list(|item| item.field("name").required())?,
        nominated_clusters: status.field("nominatedClusterNames").strings()?,
    })
}

/// Gates of the spec that the status does not call open.
fn closed_gates(spec: &At<'_, '_>, status: &At<'_, '_>) -> Read<Vec<String>> {
    let open = status.field("preemptionGates").list(|item| {
        let is_open = item.field("position").str()? == Some("Open");
        Ok(is_open.then_some(item.field("name").string()?))
    })?;
    let gates = spec
        .field("preemptionGates")
        .list(|item| item.field("name").required())?;
    let closed = |gate: &String| !open.iter().flatten().any(|name| name == gate);
    Ok(gates.into_iter().filter(closed).collect())
}

fn condition(at: At<'_, '_>) -> Read<Condition> {
    Ok(Condition {
        kind: at.field("type").required()?,
        status: at.field("status").str()? == Some("True"),
        reason: at.field("reason").string()?,
        message: at.field("message").string()?,
        at: at.field("lastTransitionTime").time()?,
    })
}

fn requeue_state(at: At<'_, '_>) -> Read<Option<RequeueState>> {
    if !at.present() {
        return Ok(None);
    }
    Ok(Some(RequeueState {
        count: at.field("count").i32()?.unwrap_or_default(),
        at: at.field("requeueAt").instant()?,
    }))
}

fn reclaimable(status: &At<'_, '_>) -> Read<std::collections::BTreeMap<String, i32>> {
    let pairs = status.field("reclaimablePods").list(|item| {
        let count = item.field("count").i32()?.unwrap_or_default();
        Ok((item.field("name").string()?, count))
    })?;
    Ok(pairs.into_iter().collect())
}

fn check_state(at: At<'_, '_>) -> Read<CheckState> {
    let updates = at.field("podSetUpdates").list(|item| {
        Ok((
            item.field("name").string()?,
            item.field("nodeSelector").labels()?,
            item.field("tolerations").list(toleration)?,
        ))
    })?;
    let selectors = updates.iter();
    Ok(CheckState {
        name: at.field("name").required()?,
        phase: at.field("state").choice(PHASES)?.unwrap_or_default(),
        at: at.field("lastTransitionTime").time()?,
        requeue_after_s: at.field("requeueAfterSeconds").i64()?,
        node_selectors: selectors
            .map(|(name, selector, _)| (name.clone(), selector.clone()))
            .collect(),
        tolerations: updates
            .into_iter()
            .map(|(name, _, tolerations)| (name, tolerations))
            .collect(),
    })
}
