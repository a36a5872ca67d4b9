//! Kubernetes Nodes and their labels as places; a Topology of Kueue says which labels are levels.
//!
//! Without a Topology the well-known labels are taken ([`super::labels`]), one per scope: the
//! first of the list that some node has. A node without one of the labels is in a domain of its
//! own there; one without any stands outside.

use super::labels::{HOSTNAME, LABELS, scopes};
use super::{Place, Places};
use crate::diagnostic::{Diagnostic, Result};
use crate::manifest::{Manifests, Severity};
use gpusched_core::kube::Node;
use gpusched_core::topology::{Level, Scope};
use std::path::Path;

/// Reads a file or folder of manifests, or what `kubectl get nodes -o yaml` printed.
///
/// # Errors
/// When it cannot be read, when an object is not right, or when no node has a label that is a level.
pub fn read(path: &Path) -> Result<Places> {
    of(&Manifests::read(path)?, &path.display().to_string())
}

/// The places of manifests; `file` is what they are called in messages.
///
/// # Errors
/// As [`read`].
pub fn of(manifests: &Manifests, file: &str) -> Result<Places> {
    let broken = manifests
        .problems()
        .iter()
        .find(|problem| problem.severity == Severity::Error);
    if let Some(problem) = broken {
        return Err(Box::new(problem.diagnostic.clone()));
    }
    let objects = manifests.objects();
    let keys: Vec<&str> = match objects.topologies.first() {
        Some(topology) => {
            let levels = topology.levels.iter().map(String::as_str);
            levels.filter(|level| *level != HOSTNAME).collect()
        }
        None => known(&objects.nodes),
    };
    let labelled = |node: &&Node| keys.iter().any(|key| node.labels.contains_key(*key));
    let places: Vec<Place> = objects
        .nodes
        .iter()
        .filter(labelled)
        .map(|node| Place {
            name: node.name.clone(),
            path: keys
                .iter()
                .map(|key| node.labels.get(*key).unwrap_or(&node.name).clone())
                .collect(),
            board: None,
            line: 0,
        })
        .collect();
    if places.is_empty() {
        return Err(
            Diagnostic::new("no node here has a label that is a level of a topology")
                .in_file(file)
                .help("add a Topology of Kueue that lists the labels, or label nodes with topology.kubernetes.io/rack"),
        );
    }
    let levels = keys.iter().zip(scopes(&keys)).map(|(key, scope)| Level {
        name: (*key).to_owned(),
        scope,
        oversubscription: 1.0,
        latency_ns: 0.0,
    });
    Ok(Places {
        file: file.to_owned(),
        levels: levels.collect(),
        rails: 1,
        places,
    })
}

/// The well-known labels in use, far to near.
fn known(nodes: &[Node]) -> Vec<&'static str> {
    let used = |label: &str| nodes.iter().any(|node| node.labels.contains_key(label));
    let of = |scope: Scope| {
        let mut labels = LABELS.iter().filter(move |(_, known)| *known == scope);
        labels
            .find(|(label, _)| used(label))
            .map(|(label, _)| *label)
    };
    let far_to_near = [Scope::Zone, Scope::Block, Scope::Rack, Scope::Nvlink];
    far_to_near.into_iter().filter_map(of).collect()
}
