//! Reading what users have: manifests and dumps that decide about devices.

use super::DraObjects;
use super::kinds::{self, GROUP, Kind};
use crate::diagnostic::{Result, did_you_mean};
use crate::manifest::cursor::{At, Read};
use crate::manifest::document::{Document, File};
use crate::manifest::kind::group_kind;
use crate::manifest::meta::Meta;
use crate::manifest::read::{contents, noted, parse};
use crate::manifest::{Problem, Severity};
use std::collections::BTreeSet;
use std::path::Path;

/// Versions of the API that are read.
const VERSIONS: &[&str] = &["v1", "v1beta2", "v1beta1"];

/// The version in which DeviceTaintRules began, and which has no other kind that is read.
const RULES_BEGAN: (&str, &str) = ("DeviceTaintRule", "v1alpha3");

/// Kinds of the API that nothing here applies, and why that may matter.
const NOT_APPLIED: &[(&str, &str)] =
    &[("ResourcePoolStatusRequest", "it asks, and decides nothing")];

/// What manifests and dumps say about devices and claims, and what is wrong with them.
///
/// ```
/// use gpusched_sim::manifest::DraManifests;
/// let manifests = DraManifests::parse([(
///     "claim.yaml",
///     "apiVersion: resource.k8s.io/v1
/// kind: ResourceClaim
/// metadata: {name: two-gpus}
/// spec:
///   devices:
///     requests:
///     - name: gpu
///       exactly: {deviceClassName: gpu.nvidia.com, count: 0}
/// ",
/// )]);
/// let problem = &manifests.problems()[0].diagnostic;
/// assert_eq!((problem.line, problem.column), (8, 57));
/// assert_eq!(problem.message, "a request cannot be for 0 devices");
/// ```
#[derive(Clone, Debug, Default)]
pub struct DraManifests {
    objects: DraObjects,
    problems: Vec<Problem>,
    /// Kind, namespace and name of what was read.
    seen: BTreeSet<(&'static str, String, String)>,
}

impl DraManifests {
    /// Reads files, and all `*.yaml`, `*.yml` and `*.json` of folders in the order of their names.
    ///
    /// # Errors
    /// When there is nothing to read. What is wrong with what can be read is in
    /// [`DraManifests::problems`].
    pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<DraManifests> {
        let mut files = Vec::new();
        for path in paths {
            files.extend(contents(path.as_ref())?);
        }
        Ok(DraManifests::from_files(files))
    }

    /// Reads texts; each comes with the name its file has in messages. Linear in their length.
    pub fn parse<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> DraManifests {
        let files = files.into_iter();
        let files = files.map(|(name, text)| (name.into(), text.into().into_bytes()));
        DraManifests::from_files(files.collect())
    }

    fn from_files(files: Vec<(String, Vec<u8>)>) -> DraManifests {
        let mut manifests = DraManifests::default();
        for (file, documents) in parse(files, &mut manifests.problems) {
            for document in &documents {
                manifests.document(&file, document);
            }
        }
        let objects = &mut manifests.objects;
        let claims = objects.claims.iter_mut().map(|one| &mut one.namespace);
        let templates = objects.templates.iter_mut().map(|one| &mut one.namespace);
        let pods = objects.pods.iter_mut().map(|one| &mut one.namespace);
        let groups = objects.pod_groups.iter_mut().map(|one| &mut one.namespace);
        let unsaid = claims.chain(templates).chain(pods).chain(groups);
        for namespace in unsaid.filter(|namespace| namespace.is_empty()) {
            "default".clone_into(namespace);
        }
        manifests
    }

    /// What the cluster holds.
    pub fn objects(&self) -> &DraObjects {
        &self.objects
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

    fn document(&mut self, file: &File, document: &Document) {
        let (_, problems) = noted(file, document, |at| self.item(at));
        self.problems.extend(problems);
    }

    /// One object, or a list of them.
    fn item(&mut self, at: At<'_, '_>) -> Read<()> {
        let (group, kind) = group_kind(&at)?;
        let items = at.field("items");
        if kind.ends_with("List") && items.present() {
            items.list(|item| {
                // One broken object does not hide what is wrong with the next.
                if let Err(fault) = self.item(item) {
                    item.refuse(fault);
                }
                Ok(())
            })?;
            return Ok(());
        }
        for field in ["kind", "apiVersion"] {
            if !at.field(field).present() {
                let fault = at.fault(format!("an object without `{field}`"));
                let help =
                    "say what it is: `apiVersion: resource.k8s.io/v1`, `kind: ResourceClaim`";
                return Err(fault.help(help));
            }
        }
        match kinds::known((group, kind)) {
            Some(known) => self.object(at, known),
            None => other(&at, group, kind),
        }
    }

    fn object(&mut self, at: At<'_, '_>, known: &'static Kind) -> Read<()> {
        let version = at.field("apiVersion");
        let (_, number) = version
            .str()?
            .and_then(|text| text.split_once('/'))
            .unwrap_or_default();
        let read = VERSIONS.contains(&number) || (known.name, number) == RULES_BEGAN;
        if known.group == GROUP && !read {
            let fault = version.fault(format!("version `{number}` of the API is not read"));
            return Err(fault.help(format!("versions are {}", VERSIONS.join(", "))));
        }
        let meta = Meta::read(&at)?;
        let namespace = match (known.namespaced, meta.namespace.as_str()) {
            (false, _) => String::new(),
            (true, "") => "default".to_owned(),
            (true, given) => given.to_owned(),
        };
        if !meta.name.is_empty() && !self.seen.insert((known.name, namespace, meta.name.clone())) {
            let metadata = at.field("metadata");
            let name = metadata.field("name");
            return Err(name.fault(format!("there is a {} `{}` already", known.name, meta.name)));
        }
        (known.read)(at, &mut self.objects)?;
        (known.rules)(&at)
    }
}

/// An object of a kind that nothing reads.
fn other(at: &At<'_, '_>, group: &str, kind: &str) -> Read<()> {
    let name = at.field("kind");
    if group == GROUP {
        if let Some((_, why)) = NOT_APPLIED.iter().find(|(known, _)| *known == kind) {
            name.warn(name.fault(*why));
            return Ok(());
        }
        let ours = kinds::KINDS.iter().filter(|known| known.group == GROUP);
        let fault = name.fault(format!("there is no kind `{kind}` in {GROUP}"));
        return Err(match did_you_mean(kind, ours.map(|known| known.name)) {
            Some(close) => fault.help(format!("did you mean `{close}`?")),
            None => fault,
        });
    }
    let own = |known: &&Kind| known.name == kind && known.group != kinds::SCHEDULING;
    if let Some(known) = kinds::KINDS.iter().find(own) {
        let group = match known.group {
            "" => "that of v1",
            group => group,
        };
        let version = at.field("apiVersion");
        let fault = version.fault(format!("kind {kind} is not of this group"));
        return Err(fault.help(format!("its group is {group}")));
    }
    Ok(())
}
