//! Cluster Autoscaler as it is configured: its flags, the ConfigMap of its priority expander, and
//! node groups.
//!
//! | file | holds |
//! |---|---|
//! | `flags.rs` | flags, from a command line or a Deployment's |
//! | `table.rs` | every flag there is, and what it does here |
//! | `priorities.rs` | the ConfigMap `cluster-autoscaler-priority-expander` |
//! | `node_groups.rs` | node groups: a list of our own, since upstream asks the cloud for them |
//!
//! A configuration is any number of YAML documents: a Deployment (or anything else with a pod
//! template) whose container runs with CA's flags, the ConfigMap, DaemonSets, and documents with
//! `nodeGroups`. Documents of other kinds are left out.

mod flags;
mod node_groups;
mod priorities;
mod table;

pub use flags::{Configured, GroupSize, flags};

use super::cursor::At;
use super::document::{Document, File};
use super::fault::Notices;
use super::karpenter::daemon_set;
use crate::diagnostic::{Diagnostic, Result};
use gpusched_core::provisioning::cluster_autoscaler::{NodeGroup, Options};
use gpusched_core::provisioning::karpenter::objects::{NodeType, PodSpec};
use std::path::Path;

/// Cluster Autoscaler as configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterAutoscalerConfig {
    /// What its flags say.
    pub options: Options,
    /// Its node groups, in the order given.
    pub groups: Vec<NodeGroup>,
    /// What DaemonSets put on every node they match.
    pub daemons: Vec<PodSpec>,
}

/// Reads a configuration: a file, or all `*.yaml`, `*.yml` and `*.json` of a folder in the order of
/// their names. Instance types are looked up in `types`.
///
/// # Errors
/// When a file cannot be read, or anything in it is not as it has to be. Located.
pub fn cluster_autoscaler(path: &Path, types: &[NodeType]) -> Result<ClusterAutoscalerConfig> {
    let mut problems = Vec::new();
    let files = super::read::parse(super::read::contents(path)?, &mut problems);
    match problems.into_iter().next() {
        Some(problem) => Err(Box::new(problem.diagnostic)),
        None => all(&path.display().to_string(), &files, types),
    }
}

/// Reads a configuration that is there as text; `name` is what messages call it.
///
/// # Errors
/// As [`cluster_autoscaler`].
pub fn parse(name: &str, text: String, types: &[NodeType]) -> Result<ClusterAutoscalerConfig> {
    all(name, &[File::parse(name, text)?], types)
}

fn all(
    name: &str,
    files: &[(File, Vec<Document>)],
    types: &[NodeType],
) -> Result<ClusterAutoscalerConfig> {
    let documents = || {
        files
            .iter()
            .flat_map(|(file, documents)| documents.iter().map(move |document| (file, document)))
    };
    let mut configured = Configured::default();
    let mut daemons = Vec::new();
    for (file, document) in documents() {
        if document.value["kind"] == "DaemonSet" {
            daemons.push(of(file, document, |at| daemon_set(&at))?);
        } else if let Some(read) = of(file, document, flags::of_workload)? {
            configured = read;
        }
    }
    for (file, document) in documents() {
        if document.value["kind"] == "ConfigMap" {
            let text = of(file, document, |at| priorities::text(&at))?;
            if let Some(text) = text {
                configured.options.priorities = priorities::read(file, document, text)?;
            }
        }
    }
    let mut groups = Vec::new();
    for (file, document) in documents() {
        if document.value.get("nodeGroups").is_some() {
            let more = of(file, document, |at| {
                node_groups::node_groups(at, types, &configured)
            })?;
            groups.extend(more);
        }
    }
    configured
        .all_sized(&groups)
        .map_err(|problem| problem.in_file(name))?;
    NodeGroup::check(&groups, types)
        .map_err(|error| Diagnostic::new(error.to_string()).in_file(name))?;
    Ok(ClusterAutoscalerConfig {
        options: configured.options,
        groups,
        daemons,
    })
}

/// Reads a document; what is noticed on the way counts as much as what stops it.
fn of<T>(
    file: &File,
    document: &Document,
    read: impl FnOnce(At<'_, '_>) -> super::cursor::Read<T>,
) -> Result<T> {
    let notices = Notices::default();
    let found = read(At::root(&document.value, &notices));
    let found = found.map_err(|fault| file.blame(document, *fault))?;
    match notices.into_inner().into_iter().next() {
        Some((_, fault)) => Err(file.blame(document, fault)),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests;
