//! Reading what users have: files and folders of manifests and dumps.

mod assemble;
mod devices;
mod gather;
mod managed;
mod submission;

pub(super) use gather::noted;
pub use submission::Submission;

use super::document::{Document, File};
use super::fault::{Fault, Part};
use super::{DraObjects, Problem, Severity};
use crate::diagnostic::{Diagnostic, Result};
use gather::Gathered;
use gpusched_core::queueing::kueue::cycle::Kueue;
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects, Quota};
use gpusched_core::units::{Span, Time};
use managed::Managed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where an object stands.
#[derive(Clone, Debug)]
struct Origin {
    file: usize,
    document: usize,
    /// The way to the object, if the document is a list.
    path: Vec<Part>,
}

/// Which object: kind, namespace (empty for what has none) and name.
type Key = (&'static str, String, String);

/// What manifests and dumps say about a cluster, and what is wrong with them.
///
/// ```
/// use gpusched_sim::manifest::Manifests;
/// let manifests = Manifests::parse([(
///     "queues.yaml",
///     "apiVersion: kueue.x-k8s.io/v1beta2
/// kind: ClusterQueue
/// metadata: {name: team-a}
/// spec:
///   resourceGroups:
///   - coveredResources: [cpu]
///     flavors:
///     - name: default
///       resources: [{name: cpu, nominalQuota: 4 cores}]
/// ",
/// )]);
/// let problem = &manifests.problems()[0].diagnostic;
/// assert_eq!((problem.line, problem.column), (9, 45));
/// assert_eq!(problem.message, "`4 cores` is no quantity");
/// ```
#[derive(Clone, Debug)]
pub struct Manifests {
    objects: Objects,
    /// What claims of workloads are about.
    devices: DraObjects,
    configuration: Configuration,
    gates: Gates,
    managed: Managed,
    problems: Vec<Problem>,
    files: Vec<(File, Vec<Document>)>,
    origins: BTreeMap<Key, Origin>,
}

impl Manifests {
    /// Reads a file, or all `*.yaml`, `*.yml` and `*.json` of a folder in the order of their
    /// names, not going into folders below it.
    ///
    /// # Errors
    /// When there is nothing to read. What is wrong with what can be read is in
    /// [`Manifests::problems`].
    pub fn read(path: &Path) -> Result<Manifests> {
        Ok(Manifests::from_files(contents(path)?))
    }

    /// Reads texts; each comes with the name its file has in messages. Linear in their length.
    pub fn parse<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Manifests {
        let files = files.into_iter();
        let files = files.map(|(name, text)| (name.into(), text.into().into_bytes()));
        Manifests::from_files(files.collect())
    }

    fn from_files(files: Vec<(String, Vec<u8>)>) -> Manifests {
        let mut gathered = Gathered::default();
        let parsed = parse(files, &mut gathered.problems);
        for (file, documents) in parsed.iter().enumerate() {
            for document in 0..documents.1.len() {
                let path = Vec::new();
                let origin = Origin {
                    file,
                    document,
                    path,
                };
                gathered.document(&parsed, origin);
            }
        }
        gathered.assemble(parsed)
    }

    /// What the cluster holds.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Kueue's configuration; that of a fresh installation when no manifest holds one.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Feature gates, those of the configuration set.
    pub fn gates(&self) -> Gates {
        self.gates
    }

    /// The quota trees, with what workloads that hold a reservation use; inactive queues are out.
    ///
    /// Complexity: workloads × pod sets × resources × depth of the cohorts.
    pub fn quota(&self) -> Quota {
        super::quota::in_use(self)
    }

    /// The cluster at `now`, with every pending workload queued and none refused yet. O(objects).
    pub fn kueue(&self, now: Time) -> Kueue {
        Kueue::new(self.objects.clone(), &self.configuration, self.gates, now)
    }

    /// A second after the last thing that is known to have happened: the present of a dump.
    pub fn present(&self) -> Time {
        let workloads = self.objects.workloads.iter();
        let last = workloads.flat_map(|one| {
            let conditions = one.conditions.iter().map(|condition| condition.at);
            conditions.chain([one.created])
        });
        last.max().unwrap_or(Time::ZERO) + Span::from_secs(1)
    }

    /// Everything that is wrong, in the order it was found: file by file, then what is about
    /// several objects.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether decisions can be made with this: nothing that is wrong is an error.
    pub fn is_sound(&self) -> bool {
        let mut severities = self.problems.iter().map(|problem| problem.severity);
        severities.all(|severity| severity == Severity::Warning)
    }

    /// Points at a field of an object; at the nearest thing around it when it is not there.
    pub(super) fn locate(
        &self,
        kind: &'static str,
        (namespace, name): (&str, &str),
        path: Vec<Part>,
        message: String,
    ) -> Box<Diagnostic> {
        let key = (kind, namespace.to_owned(), name.to_owned());
        let Some(origin) = self.origins.get(&key) else {
            return Diagnostic::new(message);
        };
        let path = [origin.path.clone(), path].concat();
        let (file, documents) = &self.files[origin.file];
        file.blame(&documents[origin.document], *Fault::new(path, message))
    }
}

/// What the files of a folder hold, or the one file, each with its name in messages.
pub(in crate::manifest) fn contents(path: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Diagnostic::new(format!("cannot read the manifests: {error}"))
            .in_file(path.display().to_string())
            .help("name a folder of YAML or JSON files, or one such file")
    };
    let mut files = Vec::new();
    for path in paths(path).map_err(|error| unreadable(path, error))? {
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error))?;
        files.push((path.display().to_string(), bytes));
    }
    if files.is_empty() {
        return Err(Diagnostic::new("there are no manifests here")
            .in_file(path.display().to_string())
            .help("manifests are files that end in .yaml, .yml or .json"));
    }
    Ok(files)
}

/// The documents of files; what is no text or no YAML is a problem.
pub(in crate::manifest) fn parse(
    files: Vec<(String, Vec<u8>)>,
    problems: &mut Vec<Problem>,
) -> Vec<(File, Vec<Document>)> {
    let mut parsed = Vec::new();
    for (name, bytes) in files {
        let file = match String::from_utf8(bytes) {
            Ok(text) => File::parse(&name, text),
            Err(_) => Err(Diagnostic::new("this is no text in UTF-8").in_file(name)),
        };
        match file {
            Ok(file) => parsed.push(file),
            Err(problem) => problems.push(Problem::error(*problem)),
        }
    }
    parsed
}

/// The files to read, in order.
fn paths(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let ends = |end: &str| path.extension().is_some_and(|have| have == end);
        if ["yaml", "yml", "json"].into_iter().any(ends) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
