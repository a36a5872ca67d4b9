//! Parts of a vector.

use super::super::Difference;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::objects::{AllocationResult, ResourceClaim};
use gpusched_core::placement::dra::{Allocator, Cluster, Features, Outcome, Solution};
use gpusched_sim::manifest;
use serde_json::Value;
use std::fmt;

/// A part that cannot be read.
pub(super) fn unreadable(what: &str, why: impl fmt::Display) -> Difference {
    Difference::new(what, "a readable vector", why)
}

/// The elements of a list; none when it is missing.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

/// A text; empty when it is missing.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Features of a vector. A name that changes nothing here would make the vector pass for the wrong
/// reason, so it is an error.
pub(super) fn features(value: &Value) -> Result<Features, Difference> {
    let mut features = Features::V1_36;
    for (name, on) in value.as_object().into_iter().flatten() {
        let on = on.as_bool().unwrap_or_default();
        features
            .set(name, on)
            .map_err(|error| unreadable("features", error))?;
    }
    Ok(features)
}

/// Classes, slices and the nodes in a list.
pub(super) fn cluster<'v>(
    vector: &'v Value,
    nodes: impl Iterator<Item = &'v Value>,
) -> Result<Cluster, Difference> {
    let objects = list(vector, "deviceClasses").chain(list(vector, "resourceSlices"));
    let objects = manifest::dra_from_json(objects.chain(nodes));
    let objects = objects.map_err(|error| unreadable("cluster", error))?;
    Ok(Cluster {
        classes: objects.classes,
        slices: objects.slices,
        nodes: objects.nodes,
    })
}

/// Claims to allocate.
pub(super) fn claims(vector: &Value) -> Result<Vec<ResourceClaim>, Difference> {
    let claims = list(vector, "claims").map(manifest::resource_claim);
    let claims: Result<_, _> = claims.collect();
    claims.map_err(|error| unreadable("claims", error))
}

/// Allocations as recorded, in a form that compares.
pub(super) fn allocations(expected: &Value) -> Result<Vec<AllocationResult>, Difference> {
    let allocations = list(expected, "allocations").map(manifest::allocation_result);
    let allocations: Result<Vec<_>, _> = allocations.collect();
    let allocations = allocations.map_err(|error| unreadable("allocations", error))?;
    Ok(comparable(&allocations))
}

/// The same without the names of shares, which upstream draws at random.
pub(super) fn comparable(allocations: &[AllocationResult]) -> Vec<AllocationResult> {
    let mut allocations = allocations.to_vec();
    for device in allocations.iter_mut().flat_map(|one| &mut one.devices) {
        device.share_id = device.share_id.as_ref().map(|_| "*".to_owned());
    }
    allocations
}

/// How asking a node ended.
pub(super) struct Answer {
    pub(super) outcome: &'static str,
    /// Empty for none.
    pub(super) error: String,
    pub(super) invocations: u64,
    /// None when nothing fits.
    pub(super) allocations: Vec<AllocationResult>,
}

impl Answer {
    /// `node_error` = the word for errors that concern one node only.
    pub(super) fn new(
        outcome: Outcome,
        results: impl FnOnce(&Solution) -> Vec<AllocationResult>,
        node_error: &'static str,
    ) -> Answer {
        let invocations = outcome.invocations;
        let (outcome, error, allocations) = match &outcome.answer {
            Ok(Some(solution)) => ("fit", String::new(), results(solution)),
            Ok(None) => ("no-fit", String::new(), Vec::new()),
            Err(failure) if failure.kind.is_of_node() => {
                (node_error, failure.kind.to_string(), Vec::new())
            }
            Err(failure) => ("error", failure.kind.to_string(), Vec::new()),
        };
        Answer {
            outcome,
            error,
            invocations,
            allocations,
        }
    }

    /// Devices as `[claim, request, driver/pool/device]`.
    pub(super) fn devices(&self, claims: &[ResourceClaim]) -> Vec<[String; 3]> {
        let both = claims.iter().zip(&self.allocations);
        both.flat_map(|(claim, allocation)| {
            allocation.devices.iter().map(|one| {
                let device = format!("{}/{}/{}", one.driver, one.pool, one.device);
                [claim.name.clone(), one.request.clone(), device]
            })
        })
        .collect()
    }
}

/// Devices as recorded in that form.
pub(super) fn devices(recorded: &Value) -> Vec<[String; 3]> {
    let part = |one: &Value, at: usize| one[at].as_str().unwrap_or_default().to_owned();
    let devices = list(recorded, "devices");
    devices
        .map(|one| [part(one, 0), part(one, 1), part(one, 2)])
        .collect()
}

/// Compares what can be printed.
pub(super) fn check<T: PartialEq + fmt::Debug>(
    at: &str,
    expected: &T,
    got: &T,
) -> Result<(), Difference> {
    match expected == got {
        true => Ok(()),
        false => Err(Difference::new(
            at,
            format!("{expected:?}"),
            format!("{got:?}"),
        )),
    }
}

/// A node by its name.
pub(super) fn node(allocator: &Allocator, name: &str) -> Result<NodeId, Difference> {
    let mut nodes = allocator.nodes().iter();
    let at = nodes.position(|node| node.name == name);
    at.map(NodeId::from)
        .ok_or_else(|| unreadable("node", format_args!("no node {name}")))
}
