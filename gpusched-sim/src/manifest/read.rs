//! Reading what users have: files and folders of manifests and dumps.

use super::configuration::{configuration, feature_gates};
use super::cursor::{At, Read};
use super::document::{Document, File};
use super::fault::{Fault, Notices, Part};
use super::jobs::{Draft, QUEUE_NAME};
use super::kind::{self, JobReader, Kind};
use super::meta::Meta;
use super::{Problem, rules};
use crate::diagnostic::{Diagnostic, Result, did_you_mean};
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects, PodsReady, Quota};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Group of Kueue's own configuration.
const CONFIG: &str = "config.kueue.x-k8s.io";

/// Where the namespace of an object that names none is.
const DEFAULT: &str = "default";

/// Kinds that change what workloads ask for, and that nothing here applies.
const DECISIVE: &[(&str, &str, &str)] = &[
    ("", "LimitRange", "defaults of LimitRanges are not applied"),
    (
        "node.k8s.io",
        "RuntimeClass",
        "overheads of RuntimeClasses are not applied",
    ),
];

/// Kinds of Kueue that configure what happens elsewhere.
const ELSEWHERE: &[&str] = &[
    "ProvisioningRequestConfig",
    "MultiKueueConfig",
    "MultiKueueCluster",
];

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
/// assert_eq!((problem.line, problem.column), (9, 44));
/// assert_eq!(problem.message, "`4 cores` is no quantity");
/// ```
#[derive(Clone, Debug)]
pub struct Manifests {
    objects: Objects,
    configuration: Configuration,
    gates: Gates,
    problems: Vec<Problem>,
    files: Vec<(File, Vec<Document>)>,
    origins: BTreeMap<Key, Origin>,
}

/// What is gathered before it makes sense.
#[derive(Default)]
struct Gathered {
    drafts: Vec<(Origin, Draft)>,
    /// Jobs of kinds that are not read, and wait in queues: owner and what is wrong.
    unread_jobs: Vec<(Owner, Problem)>,
    /// Kinds nothing decides with: how many, and the first.
    ignored: BTreeMap<String, (usize, Problem)>,
    configured: Option<Origin>,
}

/// Namespace, kind and name of a job.
type Owner = (String, String, String);

impl Manifests {
    /// Reads a file, or all `*.yaml`, `*.yml` and `*.json` of a folder in the order of their
    /// names, not going into folders below it.
    ///
    /// # Errors
    /// When there is nothing to read. What is wrong with what can be read is in
    /// [`Manifests::problems`].
    pub fn read(path: &Path) -> Result<Manifests> {
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
        Ok(Manifests::gather(files))
    }

    /// Reads texts; each comes with the name its file has in messages.
    pub fn parse<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Manifests {
        let files = files.into_iter();
        let files = files.map(|(name, text)| (name.into(), text.into().into_bytes()));
        Manifests::gather(files.collect())
    }

    fn gather(files: Vec<(String, Vec<u8>)>) -> Manifests {
        let mut read = Manifests {
            objects: Objects::default(),
            configuration: Configuration {
                pods_ready: Some(PodsReady::default()),
                ..Configuration::default()
            },
            gates: Gates::default(),
            problems: Vec::new(),
            files: Vec::new(),
            origins: BTreeMap::new(),
        };
        for (name, bytes) in files {
            let parsed = match String::from_utf8(bytes) {
                Ok(text) => File::parse(&name, text),
                Err(_) => Err(Diagnostic::new("this is no text in UTF-8").in_file(name)),
            };
            match parsed {
                Ok(file) => read.files.push(file),
                Err(problem) => read.problems.push(Problem::error(*problem)),
            }
        }
        let files = std::mem::take(&mut read.files);
        let mut gathered = Gathered::default();
        for (number, (file, documents)) in files.iter().enumerate() {
            for (index, document) in documents.iter().enumerate() {
                let origin = Origin {
                    file: number,
                    document: index,
                    path: Vec::new(),
                };
                let notices = Notices::default();
                let at = At::root(&document.value, &notices);
                if let Err(fault) = read.document(at, &origin, &mut gathered, file, document) {
                    notices.refuse(*fault);
                }
                let first = read.problems.len();
                for (severity, fault) in notices.into_inner() {
                    let diagnostic = *file.blame(document, fault);
                    read.problems.push(Problem {
                        severity,
                        diagnostic,
                    });
                }
                read.problems[first..]
                    .sort_by_key(|one| (one.diagnostic.line, one.diagnostic.column));
            }
        }
        read.files = files;
        read.assemble(gathered);
        read
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

    /// Everything that is wrong, in the order it stands in the files.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Points at a field of an object (`path` as `["spec", "clusterQueue"]`, list positions as
    /// numbers); at the object where the field is not there.
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

    /// A document: one object, or a list of them.
    fn document(
        &mut self,
        at: At<'_, '_>,
        origin: &Origin,
        gathered: &mut Gathered,
        file: &File,
        document: &Document,
    ) -> Read<()> {
        let (group, kind) = kind::group_kind(&at)?;
        let items = at.field("items");
        if kind.ends_with("List") && items.present() {
            let mut index = 0;
            items.list(|item| {
                let mut origin = origin.clone();
                origin.path.push(Part::Field("items".to_owned()));
                origin.path.push(Part::Index(index));
                index += 1;
                // One broken object does not hide what is wrong with the next.
                if let Err(fault) = self.document(item, &origin, gathered, file, document) {
                    item.refuse(fault);
                }
                Ok(())
            })?;
            return Ok(());
        }
        if !at.field("kind").present() || !at.field("apiVersion").present() {
            let what = match at.field("kind").present() {
                true => "apiVersion",
                false => "kind",
            };
            return Err(at
                .fault(format!("an object without `{what}`"))
                .help("say what it is, such as `apiVersion: kueue.x-k8s.io/v1beta2` and `kind: ClusterQueue`"));
        }
        if (group, kind) == (CONFIG, "Configuration") {
            return self.configure(&at, origin, gathered);
        }
        if let Some(known) = kind::known((group, kind)) {
            return self.object(at, known, origin);
        }
        match kind::job((group, kind)) {
            Some(reader) => self.job(at, reader, origin, gathered),
            None => self.other(at, (group, kind), gathered, file, document),
        }
    }

    /// An object that makes up the cluster.
    fn object(&mut self, at: At<'_, '_>, known: &'static Kind, origin: &Origin) -> Read<()> {
        let meta = Meta::read(&at)?;
        let namespace = match (known.namespaced, meta.namespace.as_str()) {
            (true, "") => DEFAULT.to_owned(),
            (true, _) => meta.namespace,
            (false, _) => String::new(),
        };
        let key = (known.name, namespace, meta.name);
        if let Some(first) = self.origins.get(&key) {
            let first = first.clone();
            let metadata = at.field("metadata");
            let name = metadata.field("name");
            return Err(name
                .fault(format!("there is a {} `{}` already", known.name, key.2))
                .help(match first.file == origin.file {
                    true => "it stands in this file".to_owned(),
                    false => "it stands in another of these files".to_owned(),
                }));
        }
        (known.read)(at, &mut self.objects)?;
        (known.rules)(&at)?;
        // Who writes a manifest by hand gives no status; the controllers will.
        let status = at.field("status");
        match known.name {
            "AdmissionCheck" if !status.present() => {
                if let Some(check) = self.objects.checks.last_mut() {
                    check.active = true;
                }
            }
            "Node" if !status.field("conditions").present() => {
                if let Some(node) = self.objects.nodes.last_mut() {
                    node.ready = true;
                }
            }
            _ => {}
        }
        self.origins.insert(key, origin.clone());
        Ok(())
    }

    fn configure(&mut self, at: &At<'_, '_>, origin: &Origin, gathered: &mut Gathered) -> Read<()> {
        if gathered.configured.is_some() {
            return Err(at.fault("there is a Configuration already"));
        }
        gathered.configured = Some(origin.clone());
        rules::configuration(at)?;
        self.configuration = configuration(*at)?;
        let gates = at.field("featureGates");
        for (name, on) in feature_gates(gates)? {
            if self.gates.set(&name, on).is_err() {
                let close = did_you_mean(&name, Gates::NAMES.iter().copied());
                let fault = gates.fault(format!("gate `{name}` changes no decision here"));
                gates.warn(match close {
                    Some(close) => fault.help(format!("did you mean `{close}`?")),
                    None => fault,
                });
            }
        }
        Ok(())
    }

    fn job(
        &mut self,
        at: At<'_, '_>,
        reader: JobReader,
        origin: &Origin,
        gathered: &mut Gathered,
    ) -> Read<()> {
        rules::object_name(&at)?;
        if let Some(draft) = reader(at)? {
            gathered.drafts.push((origin.clone(), draft));
        }
        Ok(())
    }

    /// An object of a kind that nothing reads.
    fn other(
        &mut self,
        at: At<'_, '_>,
        (group, kind): (&str, &str),
        gathered: &mut Gathered,
        file: &File,
        document: &Document,
    ) -> Read<()> {
        let name = at.field("kind");
        if let Some((.., why)) = DECISIVE.iter().find(|one| (one.0, one.1) == (group, kind)) {
            let help = "write into the workloads what it would add, and leave it out";
            name.refuse(name.fault(*why).help(help));
            return Ok(());
        }
        if group == "kueue.x-k8s.io" && ELSEWHERE.contains(&kind) {
            return Ok(());
        }
        let meta = Meta::read(&at)?;
        if meta.labels.contains_key(QUEUE_NAME) {
            let fault = name
                .fault(format!("Workloads are not made of kind {kind}"))
                .help("give the Workload Kueue made of it: `kubectl get workloads -o yaml`");
            let namespace = Some(meta.namespace).filter(|name| !name.is_empty());
            let owner = (
                namespace.unwrap_or_else(|| DEFAULT.to_owned()),
                kind.to_owned(),
                meta.name,
            );
            let problem = Problem::error(*file.blame(document, *fault));
            gathered.unread_jobs.push((owner, problem));
            return Ok(());
        }
        let close = did_you_mean(kind, kind::names());
        let full = match group {
            "" => kind.to_owned(),
            group => format!("{kind}.{group}"),
        };
        if let Some(close) = close
            && (group.is_empty() || group.ends_with("x-k8s.io") || group == "batch")
        {
            let message = format!("there is no kind `{full}`");
            let fault = name.fault(message).help(format!("did you mean `{close}`?"));
            return Err(fault);
        }
        let first = || {
            let fault = name.fault(format!("kind {full} decides nothing here"));
            (0, Problem::warning(*file.blame(document, *fault)))
        };
        gathered.ignored.entry(full.clone()).or_insert_with(first).0 += 1;
        Ok(())
    }

    /// Puts together what depends on several objects.
    fn assemble(&mut self, gathered: Gathered) {
        let fill = |namespace: &mut String| {
            if namespace.is_empty() {
                DEFAULT.clone_into(namespace);
            }
        };
        for queue in &mut self.objects.local_queues {
            fill(&mut queue.namespace);
        }
        for workload in &mut self.objects.workloads {
            fill(&mut workload.namespace);
        }
        for pod in &mut self.objects.pods {
            fill(&mut pod.namespace);
        }
        let owners: BTreeSet<Owner> = self
            .objects
            .workloads
            .iter()
            .flat_map(|workload| {
                let owners = workload.owners.iter();
                owners.map(|(kind, name)| (workload.namespace.clone(), kind.clone(), name.clone()))
            })
            .collect();
        let has_workload = |owner: &Owner| owners.contains(owner);
        for (origin, draft) in gathered.drafts {
            self.finish(origin, draft, &has_workload);
        }
        for (owner, problem) in gathered.unread_jobs {
            if !has_workload(&owner) {
                self.problems.push(problem);
            }
        }
        for (kind, (count, mut problem)) in gathered.ignored {
            if count > 1 {
                let message = format!("{count} objects of kind {kind} decide nothing here");
                problem.diagnostic.message = message;
            }
            self.problems.push(problem);
        }
        self.add_namespaces();
    }

    /// Adds the Workload of a job, unless the manifests hold it.
    fn finish(&mut self, origin: Origin, draft: Draft, has_workload: &dyn Fn(&Owner) -> bool) {
        let (namespace, kind, name) = draft.owner();
        let namespace = match namespace {
            "" => DEFAULT,
            given => given,
        };
        let owner = (namespace.to_owned(), kind.to_owned(), name.to_owned());
        if has_workload(&owner) {
            return;
        }
        match draft.finish(&self.objects, self.gates) {
            Ok(mut workload) => {
                workload.namespace = owner.0;
                let key = (
                    "Workload",
                    workload.namespace.clone(),
                    workload.name.clone(),
                );
                self.origins.insert(key, origin);
                self.objects.workloads.push(workload);
            }
            Err(fault) => {
                let (file, documents) = &self.files[origin.file];
                let diagnostic = *file.blame(&documents[origin.document], *fault);
                self.problems.push(Problem::error(diagnostic));
            }
        }
    }

    /// Namespaces something stands in exist, with the one label every namespace has.
    fn add_namespaces(&mut self) {
        let objects = &mut self.objects;
        let have: BTreeSet<&String> = objects.namespaces.iter().map(|one| &one.name).collect();
        let queues = objects.local_queues.iter().map(|queue| &queue.namespace);
        let workloads = objects.workloads.iter().map(|one| &one.namespace);
        let needed: BTreeSet<&String> = queues.chain(workloads).collect();
        let implied: Vec<String> = needed
            .difference(&have)
            .map(|name| (*name).clone())
            .collect();
        objects
            .namespaces
            .extend(implied.into_iter().map(super::kube::implied_namespace));
    }
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
