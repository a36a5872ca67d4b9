//! Going through documents: every object is read, noted for later, or complained about.

use super::managed::Managed;
use super::{Key, Origin};
use crate::diagnostic::did_you_mean;
use crate::manifest::configuration::{configuration, feature_gates};
use crate::manifest::cursor::{At, Read};
use crate::manifest::document::{Document, File};
use crate::manifest::fault::{Notices, Part};
use crate::manifest::jobs::QUEUE_NAME;
use crate::manifest::kind::{self, JobReader, Kind};
use crate::manifest::kube::selector;
use crate::manifest::meta::Meta;
use crate::manifest::{DraObjects, Problem, rules};
use gpusched_core::queueing::kueue::{Configuration, Gates, Objects, PodsReady};
use std::collections::BTreeMap;

/// Group of Kueue's own configuration.
const CONFIG: &str = "config.kueue.x-k8s.io";
/// Where an installation keeps it: a key of a ConfigMap.
const CONFIG_KEY: &str = "controller_manager_config.yaml";

/// Where an object stands that names no namespace.
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

/// Namespace, kind and name of a job.
pub(super) type Owner = (String, String, String);

/// A job, to be made a Workload of once it is known in which queue.
pub(super) struct FoundJob {
    pub(super) origin: Origin,
    pub(super) reader: JobReader,
    pub(super) owner: Owner,
    /// The LocalQueue its label names.
    pub(super) queue: Option<String>,
    /// Kinds of what it belongs to itself.
    pub(super) parts_of: Vec<String>,
}

/// What is gathered before it makes sense together.
pub(super) struct Gathered {
    pub(super) objects: Objects,
    /// What claims of workloads are about.
    pub(super) devices: DraObjects,
    pub(super) configuration: Configuration,
    pub(super) gates: Gates,
    pub(super) problems: Vec<Problem>,
    pub(super) origins: BTreeMap<Key, Origin>,
    pub(super) jobs: Vec<FoundJob>,
    /// Jobs of kinds that are not read, and what to say unless their Workload is there.
    pub(super) unread_jobs: Vec<(Owner, Problem)>,
    /// Kinds nothing decides with: how many, and the first.
    pub(super) ignored: BTreeMap<String, (usize, Problem)>,
    /// Which jobs are Kueue's.
    pub(super) managed: Managed,
    configured: bool,
}

impl Default for Gathered {
    fn default() -> Gathered {
        Gathered {
            objects: Objects::default(),
            devices: DraObjects::default(),
            configuration: Configuration {
                pods_ready: Some(PodsReady::default()),
                ..Configuration::default()
            },
            gates: Gates::default(),
            problems: Vec::new(),
            origins: BTreeMap::new(),
            jobs: Vec::new(),
            unread_jobs: Vec::new(),
            ignored: BTreeMap::new(),
            managed: Managed::default(),
            configured: false,
        }
    }
}

/// The namespace of an object that may not say.
fn namespace(meta: &Meta) -> String {
    match meta.namespace.as_str() {
        "" => DEFAULT.to_owned(),
        given => given.to_owned(),
    }
}

/// Reads a document with `read`; with what is wrong with it, in the order it stands there.
pub(in crate::manifest) fn noted<T>(
    file: &File,
    document: &Document,
    read: impl FnOnce(At<'_, '_>) -> Read<T>,
) -> (Option<T>, Vec<Problem>) {
    let notices = Notices::default();
    let done = match read(At::root(&document.value, &notices)) {
        Ok(done) => Some(done),
        Err(fault) => {
            notices.refuse(*fault);
            None
        }
    };
    let problem = |(severity, fault)| Problem {
        severity,
        diagnostic: *file.blame(document, fault),
    };
    let mut problems: Vec<Problem> = notices.into_inner().into_iter().map(problem).collect();
    problems.sort_by_key(|one| (one.diagnostic.line, one.diagnostic.column));
    (done, problems)
}

impl Gathered {
    /// A document of a file: one object, or a list of them.
    pub(super) fn document(&mut self, files: &[(File, Vec<Document>)], origin: Origin) {
        let (file, documents) = &files[origin.file];
        let document = &documents[origin.document];
        self.noting(file, document, |gathered, at| {
            gathered.item(at, &origin, file, document)
        });
    }

    /// Reads a document with `read` and keeps what is wrong with it, in the order it stands there.
    pub(super) fn noting<T>(
        &mut self,
        file: &File,
        document: &Document,
        read: impl FnOnce(&mut Gathered, At<'_, '_>) -> Read<T>,
    ) -> Option<T> {
        let (done, problems) = noted(file, document, |at| read(self, at));
        self.problems.extend(problems);
        done
    }

    fn item(
        &mut self,
        at: At<'_, '_>,
        origin: &Origin,
        file: &File,
        document: &Document,
    ) -> Read<()> {
        let (group, kind) = kind::group_kind(&at)?;
        let items = at.field("items");
        if kind.ends_with("List") && items.present() {
            let mut index = 0;
            items.list(|item| {
                let mut origin = origin.clone();
                origin.path.extend([Part::from("items"), Part::from(index)]);
                index += 1;
                // One broken object does not hide what is wrong with the next.
                if let Err(fault) = self.item(item, &origin, file, document) {
                    item.refuse(fault);
                }
                Ok(())
            })?;
            return Ok(());
        }
        for field in ["kind", "apiVersion"] {
            if !at.field(field).present() {
                return Err(at.fault(format!("an object without `{field}`")).help(
                    "say what it is: `apiVersion: kueue.x-k8s.io/v1beta2`, `kind: ClusterQueue`",
                ));
            }
        }
        if (group, kind) == (CONFIG, "Configuration") {
            return self.configure(&at);
        }
        if let Some(known) = kind::known((group, kind)) {
            return self.object(at, known, origin);
        }
        if self.devices.take_charged(&at, (group, kind))? {
            return Ok(());
        }
        match kind::job((group, kind)) {
            Some(reader) => self.job(&at, reader, kind, origin),
            None => self.other(at, (group, kind), file, document),
        }
    }

    /// An object that makes up the cluster.
    fn object(&mut self, at: At<'_, '_>, known: &'static Kind, origin: &Origin) -> Read<()> {
        let meta = Meta::read(&at)?;
        let namespace = match known.namespaced {
            true => namespace(&meta),
            false => String::new(),
        };
        let key = (known.name, namespace, meta.name);
        if let Some(first) = self.origins.get(&key) {
            let metadata = at.field("metadata");
            let name = metadata.field("name");
            return Err(name
                .fault(format!("there is a {} `{}` already", known.name, key.2))
                .help(match first.file == origin.file {
                    true => "it stands in this file",
                    false => "it stands in another of these files",
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

    fn configure(&mut self, at: &At<'_, '_>) -> Read<()> {
        if self.configured {
            return Err(at.fault("there is a Configuration already"));
        }
        self.configured = true;
        self.configuration = configuration(*at)?;
        rules::configuration(at)?;
        self.managed.selector = selector(at.field("managedJobsNamespaceSelector"))?;
        let manages_all = at.field("manageJobsWithoutQueueName").bool()?;
        self.managed.all = manages_all.unwrap_or(false);
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

    /// The configuration as an installation keeps it: a text within a ConfigMap. Places in it are
    /// those of that text.
    fn config_map(&mut self, text: &str, file: &File) {
        match file.inner(CONFIG_KEY, text.to_owned()) {
            Err(problem) => self.problems.push(Problem::error(*problem)),
            Ok((file, documents)) => {
                for document in &documents {
                    self.noting(&file, document, |gathered, at| gathered.configure(&at));
                }
            }
        }
    }

    fn job(&mut self, at: &At<'_, '_>, reader: JobReader, kind: &str, origin: &Origin) -> Read<()> {
        rules::object_name(at)?;
        let meta = Meta::read(at)?;
        self.jobs.push(FoundJob {
            origin: origin.clone(),
            reader,
            owner: (namespace(&meta), kind.to_owned(), meta.name),
            queue: meta.labels.get(QUEUE_NAME).cloned(),
            parts_of: meta.owners.into_iter().map(|(kind, _)| kind).collect(),
        });
        Ok(())
    }

    /// An object of a kind that nothing reads.
    fn other(
        &mut self,
        at: At<'_, '_>,
        (group, kind): (&str, &str),
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
        let data = at.field("data");
        if let ("", "ConfigMap", Some(text)) = (group, kind, data.field(CONFIG_KEY).str()?) {
            self.config_map(text, file);
            return Ok(());
        }
        let meta = Meta::read(&at)?;
        if meta.labels.contains_key(QUEUE_NAME) {
            let fault = name
                .fault(format!("Workloads are not made of kind {kind}"))
                .help("give the Workload Kueue made of it: `kubectl get workloads -o yaml`");
            let owner = (namespace(&meta), kind.to_owned(), meta.name);
            let problem = Problem::error(*file.blame(document, *fault));
            self.unread_jobs.push((owner, problem));
            return Ok(());
        }
        let full = match group {
            "" => kind.to_owned(),
            group => format!("{kind}.{group}"),
        };
        let ours = group.is_empty() || group.ends_with("x-k8s.io") || group == "batch";
        if let Some(close) = did_you_mean(kind, kind::names()).filter(|_| ours) {
            let fault = name.fault(format!("there is no kind `{full}`"));
            return Err(fault.help(format!("did you mean `{close}`?")));
        }
        let first = || {
            let fault = name.fault(format!("kind {full} decides nothing here"));
            (0, Problem::warning(*file.blame(document, *fault)))
        };
        self.ignored.entry(full.clone()).or_insert_with(first).0 += 1;
        Ok(())
    }
}
