//! Reading what users have: manifests and dumps that decide about nodes.

use super::KarpenterState;
use super::node::{self, Claim, Known};
use super::node_class::{EC2, NodeClass, node_class};
use super::node_overlay::{self, Overlay, node_overlay};
use super::node_pool::{ReadPool, class_ref, node_pool};
use super::pod::{daemon_set, pod};
use super::pod_budget::pod_budget;
use super::types::{Scan, types};
use crate::catalog;
use crate::diagnostic::{Result, did_you_mean};
use crate::manifest::cursor::{At, Read};
use crate::manifest::document::{Document, File};
use crate::manifest::kind::group_kind;
use crate::manifest::meta::Meta;
use crate::manifest::read::{contents, noted, parse};
use crate::manifest::{Problem, Severity};
use crate::trace::input::Source;
use gpusched_core::provisioning::catalog::InstanceType;
use std::collections::BTreeSet;
use std::path::Path;

/// The group of Karpenter's core.
const CORE: &str = "karpenter.sh";

/// Kinds that are read, in the order in which one needs the other: group, versions, kind, and
/// whether objects of it are in namespaces.
const KINDS: &[(&str, &[&str], &str, bool)] = &[
    (EC2.0, &["v1"], EC2.1, false),
    (CORE, &["v1alpha1"], "NodeOverlay", false),
    (CORE, &["v1"], "NodePool", false),
    (CORE, &["v1"], "NodeClaim", false),
    ("", &["v1"], "Node", false),
    ("apps", &["v1"], "DaemonSet", true),
    ("", &["v1"], "Pod", true),
    ("policy", &["v1"], "PodDisruptionBudget", true),
];

/// What manifests and dumps say to Karpenter, and what is wrong with them.
///
/// ```
/// use gpusched_sim::manifest::KarpenterManifests;
/// let manifests = KarpenterManifests::parse([(
///     "pool.yaml",
///     "apiVersion: karpenter.sh/v1
/// kind: NodePool
/// metadata: {name: gpu}
/// spec:
///   template:
///     spec:
///       nodeClassRef: {group: karpenter.kwok.sh, kind: KWOKNodeClass, name: default}
///       requirements:
///       - {key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: [four]}
/// ",
/// )]);
/// let problem = &manifests.problems()[0].diagnostic;
/// assert_eq!((problem.line, problem.column), (9, 70));
/// ```
#[derive(Clone, Debug, Default)]
pub struct KarpenterManifests {
    state: KarpenterState,
    problems: Vec<Problem>,
    overlays: Vec<Overlay>,
    classes: Vec<NodeClass>,
    pools: Vec<ReadPool>,
    claims: Vec<Claim>,
    /// Kind, namespace and name of what was read.
    seen: BTreeSet<(usize, String, String)>,
}

impl KarpenterManifests {
    /// Reads a file, or all `*.yaml`, `*.yml` and `*.json` of a folder in the order of their names,
    /// against a catalogue of instance types (`None`: the built-in one).
    ///
    /// # Errors
    /// When there is nothing to read, or the catalogue is wrong. What is wrong with what can be
    /// read is in [`KarpenterManifests::problems`].
    pub fn read(path: &Path, catalog: Option<&Path>) -> Result<KarpenterManifests> {
        let source = match catalog {
            Some(file) => Source::new(&file.display().to_string()),
            None => catalog::builtin(),
        };
        let types = catalog::read(&source)?;
        KarpenterManifests::read_against(path, &types, source.name())
    }

    /// As [`KarpenterManifests::read`], against these types of a catalogue of that name.
    ///
    /// # Errors
    /// When there is nothing to read.
    pub fn read_against(
        path: &Path,
        types: &[InstanceType],
        catalog: &str,
    ) -> Result<KarpenterManifests> {
        let mut manifests = KarpenterManifests::from_files(contents(path)?, types);
        catalog.clone_into(&mut manifests.state.catalog);
        Ok(manifests)
    }

    /// Reads texts against the built-in catalogue; each comes with the name its file has in
    /// messages.
    pub fn parse<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> KarpenterManifests {
        let files = files.into_iter();
        let files = files.map(|(name, text)| (name.into(), text.into().into_bytes()));
        let source = catalog::builtin();
        // The built-in catalogue is tested.
        let types = catalog::read(&source).unwrap_or_default();
        let mut manifests = KarpenterManifests::from_files(files.collect(), &types);
        manifests.state.catalog = source.name().to_owned();
        manifests
    }

    fn from_files(files: Vec<(String, Vec<u8>)>, catalog: &[InstanceType]) -> KarpenterManifests {
        let mut manifests = KarpenterManifests::default();
        let parsed = parse(files, &mut manifests.problems);
        let mut scan = Scan::default();
        let documents = || parsed.iter().flat_map(|(_, documents)| documents);
        documents().for_each(|document| scan.look(&document.value));
        for (kind, (_, _, name, ..)) in KINDS.iter().enumerate() {
            if *name == "NodePool" {
                manifests.make_types(catalog, &scan);
            }
            for (file, documents) in &parsed {
                for document in documents {
                    manifests.document(file, document, kind);
                }
            }
        }
        manifests.state.pools = manifests.pools.iter().map(|one| one.pool.clone()).collect();
        manifests.state.dated = dates(catalog);
        manifests.problems.sort_by_cached_key(|one| {
            let at = &one.diagnostic;
            (at.file.clone(), at.line, at.column)
        });
        manifests
    }

    /// Types for the classes that were read, and for those of other providers that are asked for.
    fn make_types(&mut self, catalog: &[InstanceType], scan: &Scan) {
        let others = scan.classes.iter().filter(|class| class.kind != EC2.1);
        self.classes.extend(others.cloned().map(NodeClass::plain));
        let types = types(catalog, &scan.zones, &self.classes);
        (self.state.origins, self.state.types) = types.into_iter().unzip();
        let labels = self.classes.iter().map(|class| class.of.label());
        let labels: BTreeSet<String> = labels.collect();
        let known = super::labels::AWS_LABELS
            .iter()
            .map(|one| (*one).to_owned());
        let told = catalog.iter().flat_map(|of| of.labels.keys().cloned());
        let told: BTreeSet<String> = told.chain(labels).collect();
        self.state.well_known = known.chain(told).collect();
        let known: Vec<&str> = self.state.well_known.iter().map(String::as_str).collect();
        let overlays = std::mem::take(&mut self.overlays);
        self.state.overlaid = !overlays.is_empty();
        node_overlay::apply(overlays, &mut self.state.types, &known);
    }

    /// The cluster.
    pub fn state(&self) -> &KarpenterState {
        &self.state
    }

    /// Everything that is wrong, file by file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether decisions can be made with this: nothing that is wrong is an error.
    pub fn is_sound(&self) -> bool {
        let mut severities = self.problems.iter().map(|problem| problem.severity);
        severities.all(|severity| severity == Severity::Warning)
    }

    fn document(&mut self, file: &File, document: &Document, kind: usize) {
        let (_, problems) = noted(file, document, |at| self.item(at, kind));
        self.problems.extend(problems);
    }

    /// One object, or a list of them; only those of the kind whose turn it is are read.
    fn item(&mut self, at: At<'_, '_>, turn: usize) -> Read<()> {
        let (group, kind) = group_kind(&at)?;
        let items = at.field("items");
        if kind.ends_with("List") && items.present() {
            items.list(|item| {
                // One broken object does not hide what is wrong with the next.
                if let Err(fault) = self.item(item, turn) {
                    item.refuse(fault);
                }
                Ok(())
            })?;
            return Ok(());
        }
        let known = KINDS.iter().position(|one| (one.0, one.2) == (group, kind));
        match known {
            Some(known) if known == turn => self.object(at, known),
            None if turn == 0 => other(&at, group, kind),
            _ => Ok(()),
        }
    }

    fn object(&mut self, at: At<'_, '_>, kind: usize) -> Read<()> {
        let (group, versions, name, namespaced) = KINDS[kind];
        let version = at.field("apiVersion");
        let text = version.str()?.unwrap_or_default();
        let number = text.rsplit('/').next().unwrap_or_default();
        if !versions.contains(&number) {
            let fault = version.fault(format!("version `{number}` of {name} is not read"));
            let prefix = if group.is_empty() { "" } else { "/" };
            return Err(fault.help(format!("write {group}{prefix}{}", versions.join(", "))));
        }
        let meta = Meta::read(&at)?;
        let metadata = at.field("metadata");
        let named = metadata.field("name");
        if meta.name.is_empty() {
            return Err(named.fault(format!("a {name} without a name")));
        }
        let namespace = match (namespaced, meta.namespace.as_str()) {
            (false, _) => String::new(),
            (true, "") => "default".to_owned(),
            (true, given) => given.to_owned(),
        };
        if !self.seen.insert((kind, namespace, meta.name.clone())) {
            return Err(named.fault(format!("there is a {name} `{}` already", meta.name)));
        }
        self.read_as(&at, name)
    }

    fn read_as(&mut self, at: &At<'_, '_>, kind: &str) -> Read<()> {
        let state = &mut self.state;
        let mut known = Known {
            pools: &self.pools,
            claims: &self.claims,
            types: &mut state.types,
        };
        match kind {
            "EC2NodeClass" => self.classes.push(node_class(at)?),
            "NodeOverlay" => self.overlays.push(node_overlay(at)?),
            "NodePool" => self.pools.push(node_pool(at, &state.types, &self.classes)?),
            "NodeClaim" => {
                let claim = node::claim(at)?;
                let spec = at.field("spec");
                let class = spec.field("nodeClassRef");
                if class.present() {
                    class_ref(&class, &self.classes)?;
                }
                if claim.node.is_none() {
                    state.nodes.extend(node::in_flight(at, &claim, &mut known)?);
                }
                self.claims.push(claim);
            }
            "Node" => {
                let node = node::node(at, &mut known)?;
                state.nodes.push(node);
            }
            "DaemonSet" => state.daemons.push(daemon_set(at)?),
            "PodDisruptionBudget" => state.pod_budgets.push(pod_budget(at)?),
            _ => state.pods.extend(pod(at)?),
        }
        let created = at.field("metadata").field("creationTimestamp").time()?;
        state.latest = state.latest.max(created);
        let last = at.field("status").field("lastPodEventTime").time()?;
        state.latest = state.latest.max(last);
        Ok(())
    }
}

/// The oldest and the newest date of prices.
fn dates(catalog: &[InstanceType]) -> Option<(String, String)> {
    let dates = || {
        catalog
            .iter()
            .map(|of| &of.dated.0)
            .filter(|date| !date.is_empty())
    };
    Some((dates().min()?.clone(), dates().max()?.clone()))
}

/// An object of a kind that nothing reads.
fn other(at: &At<'_, '_>, group: &str, kind: &str) -> Read<()> {
    for field in ["kind", "apiVersion"] {
        if !at.field(field).present() {
            let fault = at.fault(format!("an object without `{field}`"));
            return Err(
                fault.help("say what it is: `apiVersion: karpenter.sh/v1`, `kind: NodePool`")
            );
        }
    }
    let name = at.field("kind");
    if group == CORE || group == EC2.0 {
        let fault = name.fault(format!("there is no kind `{kind}` in {group}"));
        let ours = KINDS.iter().filter(|one| one.0 == group).map(|one| one.2);
        return Err(match did_you_mean(kind, ours) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault,
        });
    }
    if let Some(known) = KINDS.iter().find(|one| one.2 == kind && !one.0.is_empty()) {
        let version = at.field("apiVersion");
        let fault = version.fault(format!("kind {kind} is not of this group"));
        return Err(fault.help(format!("its group is {}", known.0)));
    }
    Ok(())
}
