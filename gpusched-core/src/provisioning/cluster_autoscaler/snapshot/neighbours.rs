//! Spread, affinity and anti-affinity among pods: the scheduler's filters over the pods of a
//! snapshot, counted anew each time they are asked.

use super::units::Kind;
use super::{SimNode, Snapshot};
use crate::kube::{LabelSelector, untolerated};
use crate::provisioning::karpenter::objects::{PodSpec, PodTerm, Spread};
use std::collections::BTreeMap;

/// What is said of a spread that is not kept.
pub(super) const SPREAD: &str = "topology spread";

/// Whether pods of a spec mind, or are minded by others for, where they are. Preferences never
/// keep a pod off a node.
pub(super) fn minds(spec: &PodSpec) -> bool {
    spec.spread.iter().any(|one| !one.soft)
        || !spec.affinity.required.is_empty()
        || !spec.anti_affinity.required.is_empty()
}

/// Whether the neighbours of a node allow a pod there; if not, which of its wishes does not.
/// O(pods) per wish, and O(pods) for the anti-affinity of others.
pub(super) fn allow(snapshot: &Snapshot, kind: Kind, node: usize) -> Result<(), &'static str> {
    let spec = snapshot.spec(kind);
    let at = &snapshot.nodes[node];
    if !nobody_minds(snapshot, spec, at) {
        return Err("anti-affinity");
    }
    for term in &spec.anti_affinity.required {
        if domain_has(snapshot, at, spec, term) == Some(true) {
            return Err("anti-affinity");
        }
    }
    for term in &spec.affinity.required {
        let own = selects(term, spec, spec);
        match domain_has(snapshot, at, spec, term) {
            Some(true) => {}
            // The first of a group of pods that want each other has to begin somewhere.
            Some(false) if own && !anywhere(snapshot, spec, term) => {}
            _ => return Err("affinity"),
        }
    }
    match spec
        .spread
        .iter()
        .filter(|one| !one.soft)
        .all(|one| spread_allows(snapshot, spec, at, one))
    {
        true => Ok(()),
        false => Err(SPREAD),
    }
}

/// Whether no pod of the cluster that must be apart from such a pod is in one domain with the node.
fn nobody_minds(snapshot: &Snapshot, spec: &PodSpec, at: &SimNode) -> bool {
    snapshot.nodes.iter().all(|other| {
        other.pods.iter().all(|pod| {
            let theirs = snapshot.spec(pod.kind);
            theirs.anti_affinity.required.iter().all(|term| {
                let (here, there) = (
                    snapshot.label(at, &term.key),
                    snapshot.label(other, &term.key),
                );
                here.is_none() || here != there || !selects(term, theirs, spec)
            })
        })
    })
}

/// Whether a term of `owner` selects a pod.
fn selects(term: &PodTerm, owner: &PodSpec, pod: &PodSpec) -> bool {
    let named = match term.namespaces.is_empty() {
        true => pod.namespace == owner.namespace,
        false => term.namespaces.contains(&pod.namespace),
    };
    named && matches(term.selector.as_ref(), pod)
}

fn matches(selector: Option<&LabelSelector>, pod: &PodSpec) -> bool {
    selector.is_some_and(|selector| selector.matches(&pod.labels))
}

/// Whether a pod that the term selects is in the node's domain; `None` when the node is in none.
fn domain_has(snapshot: &Snapshot, at: &SimNode, spec: &PodSpec, term: &PodTerm) -> Option<bool> {
    let here = snapshot.label(at, &term.key)?;
    let mut nodes = snapshot.nodes.iter();
    Some(nodes.any(|other| {
        snapshot.label(other, &term.key) == Some(here) && has(snapshot, other, spec, term)
    }))
}

/// Whether a pod that the term selects is anywhere in a domain.
fn anywhere(snapshot: &Snapshot, spec: &PodSpec, term: &PodTerm) -> bool {
    let mut nodes = snapshot.nodes.iter();
    nodes
        .any(|other| snapshot.label(other, &term.key).is_some() && has(snapshot, other, spec, term))
}

fn has(snapshot: &Snapshot, node: &SimNode, spec: &PodSpec, term: &PodTerm) -> bool {
    let mut pods = node.pods.iter();
    pods.any(|pod| selects(term, spec, snapshot.spec(pod.kind)))
}

/// Whether one pod more in the node's domain keeps the skew (`PodTopologySpread`): domains are
/// those of nodes the pod's affinity and, if it asks, tolerations allow.
fn spread_allows(snapshot: &Snapshot, spec: &PodSpec, at: &SimNode, spread: &Spread) -> bool {
    let Some(here) = snapshot.label(at, &spread.key) else {
        return false;
    };
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for node in snapshot
        .nodes
        .iter()
        .filter(|node| eligible(snapshot, spec, node, spread))
    {
        if let Some(domain) = snapshot.label(node, &spread.key) {
            let selected = node.pods.iter().map(|pod| snapshot.spec(pod.kind));
            let selected = selected.filter(|other| {
                other.namespace == spec.namespace && matches(spread.selector.as_ref(), other)
            });
            *counts.entry(domain).or_default() += selected.count() as i64;
        }
    }
    let few = spread
        .min_domains
        .is_some_and(|least| counts.len() < least as usize);
    let fewest = match few {
        true => 0,
        false => counts.values().copied().min().unwrap_or(0),
    };
    let own = i64::from(matches(spread.selector.as_ref(), spec));
    counts.get(here).copied().unwrap_or(0) + own - fewest <= spread.max_skew
}

fn eligible(snapshot: &Snapshot, spec: &PodSpec, node: &SimNode, spread: &Spread) -> bool {
    let (_, taints) = &snapshot.classes[node.class.0 as usize];
    let tolerated = !spread.honor_taints || untolerated(taints, &[&spec.tolerations]).is_none();
    tolerated && (!spread.honor_affinity || snapshot.affinity_allows(spec, node))
}
