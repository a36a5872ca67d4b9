//! One workload that is to be submitted to what was read.

use super::assemble::reach;
use super::devices::charge;
use super::gather::{FoundJob, Gathered};
use super::{Manifests, Origin};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::manifest::document::{Document, File};
use crate::manifest::fault::{Fault, Part};
use crate::manifest::jobs::{Draft, FRAMEWORKS};
use crate::manifest::{Problem, Severity};
use gpusched_core::queueing::kueue::Objects;
use gpusched_core::queueing::kueue::objects::{PriorityClass, Workload};
use std::path::Path;

/// A workload that is to be submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The Workload, or that of the job.
    pub workload: Workload,
    /// Whether the state has it already: then it is the one of the state.
    pub known: bool,
    /// The name of one of the state that it takes the place of, to ask another queue.
    pub replaces: Option<String>,
    /// Warnings about the file.
    pub warnings: Vec<Diagnostic>,
}

impl Manifests {
    /// Reads the one Workload, Job or JobSet of a file as something to be submitted to this state;
    /// `queue` is the LocalQueue (namespace and name) to submit it to instead of its own.
    ///
    /// A Workload of the same name, or one that belongs to the job, is taken from the state, unless
    /// it is pending and another queue is asked for. Other objects of the file only lend priority classes.
    ///
    /// # Errors
    /// All that is wrong: no such file, no or several workloads in it, a job Kueue leaves alone, a
    /// LocalQueue in `queue` that does not exist, and what the API server would refuse.
    pub fn submission(
        &self,
        path: &Path,
        queue: Option<(&str, &str)>,
    ) -> Result<Submission, Vec<Diagnostic>> {
        let name = path.display().to_string();
        let unreadable = |why: String| {
            let problem = Diagnostic::new(format!("cannot read the job: {why}"));
            vec![
                *problem
                    .in_file(name.clone())
                    .help("name a file with one Workload, Job or JobSet"),
            ]
        };
        if let Some(queue) = queue {
            self.check_queue(queue).map_err(|problem| vec![*problem])?;
        }
        let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|_| unreadable("no text in UTF-8".into()))?;
        let file = File::parse(&name, text).map_err(|problem| vec![*problem])?;
        let files = [file];
        let mut gathered = Gathered::default();
        for document in 0..files[0].1.len() {
            let origin = Origin {
                file: 0,
                document,
                path: Vec::new(),
            };
            gathered.document(&files, origin);
        }
        let unread = std::mem::take(&mut gathered.unread_jobs);
        gathered
            .problems
            .extend(unread.into_iter().map(|one| one.1));
        let asked = self.only_one(&mut gathered, &files[0]);
        let workload = match (asked, sound(&gathered.problems)) {
            (Ok(_), false) => None,
            (Err(problem), sound) => {
                if sound {
                    gathered.problems.push(Problem::error(*problem));
                }
                None
            }
            (Ok(Asked::Workload(workload)), true) => Some(*workload),
            (Ok(Asked::Job(job)), true) => self.of_job(&mut gathered, &files, job, queue),
        };
        let all = std::mem::take(&mut gathered.problems);
        let Some(mut workload) = workload.filter(|_| sound(&all)) else {
            let errors = all
                .into_iter()
                .filter(|one| one.severity == Severity::Error);
            return Err(errors.map(|one| one.diagnostic).collect());
        };
        if workload.namespace.is_empty() {
            "default".clone_into(&mut workload.namespace);
        }
        if let Some((namespace, name)) = queue {
            namespace.clone_into(&mut workload.namespace);
            name.clone_into(&mut workload.queue);
        }
        for template in &mut gathered.devices.templates {
            if template.namespace.is_empty() {
                template.namespace.clone_from(&workload.namespace);
            }
        }
        let resources = &self.configuration.resources;
        charge(&mut workload, resources, &gathered.devices, &self.devices).map_err(|why| {
            let (file, documents) = &files[0];
            let asks = |one: &&Document| {
                let kind = one.value["kind"].as_str().unwrap_or_default();
                ["Workload", "Job", "JobSet"].contains(&kind)
            };
            let place = |path, message| match documents.iter().find(asks) {
                Some(document) => file.blame(document, *Fault::new(path, message)),
                None => Diagnostic::new(message),
            };
            vec![why.said(place).diagnostic]
        })?;
        let there = self.known(&workload);
        let stays = |one: &&Workload| {
            queue.is_none_or(|(_, name)| one.queue == name || one.is("QuotaReserved"))
        };
        let known = there.filter(stays);
        let replaced = there.filter(|one| !stays(one));
        Ok(Submission {
            known: known.is_some(),
            replaces: replaced.map(|one| one.name.clone()),
            workload: known.cloned().unwrap_or(workload),
            warnings: all.into_iter().map(|one| one.diagnostic).collect(),
        })
    }

    /// The LocalQueue somebody named has to be there.
    fn check_queue(&self, (namespace, name): (&str, &str)) -> crate::diagnostic::Result<()> {
        let queues = || self.objects.local_queues.iter();
        if queues().any(|one| (one.namespace.as_str(), one.name.as_str()) == (namespace, name)) {
            return Ok(());
        }
        let wanted = format!("{namespace}/{name}");
        let known: Vec<String> = queues()
            .map(|one| format!("{}/{}", one.namespace, one.name))
            .collect();
        let problem = Diagnostic::new(format!("there is no LocalQueue `{wanted}`"));
        Err(
            match did_you_mean(&wanted, known.iter().map(String::as_str)) {
                Some(close) => problem.help(format!("did you mean `{close}`?")),
                None => problem.help(match known.is_empty() {
                    true => "the manifests have no LocalQueue at all".to_owned(),
                    false => format!("there are {}", known.join(", ")),
                }),
            },
        )
    }

    /// The one workload of a file.
    fn only_one(
        &self,
        gathered: &mut Gathered,
        file: &(File, Vec<Document>),
    ) -> crate::diagnostic::Result<Asked> {
        let own = |job: &FoundJob| {
            let mut owners = job.parts_of.iter();
            !owners.any(|kind| FRAMEWORKS.contains(&kind.as_str()))
        };
        let jobs = std::mem::take(&mut gathered.jobs);
        let mut jobs: Vec<FoundJob> = jobs.into_iter().filter(own).collect();
        let mut workloads = std::mem::take(&mut gathered.objects.workloads);
        let mut found: Vec<(&Origin, String)> = jobs
            .iter()
            .map(|job| (&job.origin, format!("{} {}", job.owner.1, job.owner.2)))
            .collect();
        found.extend(workloads.iter().filter_map(|one| {
            let namespace = match one.namespace.as_str() {
                "" => "default",
                given => given,
            };
            let key = ("Workload", namespace.to_owned(), one.name.clone());
            let origin = gathered.origins.get(&key)?;
            Some((origin, format!("Workload {}", one.name)))
        }));
        found.sort_by_key(|(origin, _)| origin.document);
        if let [_, (second, _), ..] = found.as_slice() {
            let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
            let message = format!("one job is asked about at a time, not {}", names.join(", "));
            let path = [
                second.path.clone(),
                vec![Part::from("metadata"), Part::from("name")],
            ];
            let fault = Fault::new(path.concat(), message).help("give a file with one of them");
            return Err(file.0.blame(&file.1[second.document], *fault));
        }
        match (jobs.pop(), workloads.pop()) {
            (Some(job), _) => Ok(Asked::Job(job)),
            (None, Some(workload)) => Ok(Asked::Workload(Box::new(workload))),
            (None, None) => Err(Diagnostic::new("there is no Workload, Job or JobSet here")
                .in_file(file.0.name())
                .help("give the job; queues, flavors and nodes belong into `--manifests`")),
        }
    }

    /// The Workload of a job; what is wrong with it is added to the problems.
    fn of_job(
        &self,
        gathered: &mut Gathered,
        files: &[(File, Vec<Document>)],
        job: FoundJob,
        queue: Option<(&str, &str)>,
    ) -> Option<Workload> {
        let (file, documents) = &files[job.origin.file];
        let document = &documents[job.origin.document];
        let own = self.managed.queue_of(&job, &self.objects);
        let Some(queue) = queue.map(|(_, name)| name.to_owned()).or(own) else {
            let path = [job.origin.path.clone(), vec![Part::from("metadata")]].concat();
            let message = format!(
                "{} `{}` names no queue, so Kueue leaves it alone",
                job.owner.1, job.owner.2
            );
            let fault = Fault::new(path, message).help(
                "label it `kueue.x-k8s.io/queue-name: QUEUE`, or ask with `--at-queue NAMESPACE/QUEUE`",
            );
            let problem = file.blame(document, *fault);
            gathered.problems.push(Problem::error(*problem));
            return None;
        };
        let classes = Objects {
            workload_priority_classes: joined(
                &self.objects.workload_priority_classes,
                &gathered.objects.workload_priority_classes,
            ),
            priority_classes: joined(
                &self.objects.priority_classes,
                &gathered.objects.priority_classes,
            ),
            ..Objects::default()
        };
        let made = gathered.noting(file, document, |_, at| {
            let draft = reach(at, &job.origin.path, &mut |at| (job.reader)(at))?;
            let finish = |draft: Draft| draft.finish(queue, &classes, self.gates);
            draft.map(finish).transpose()
        })?;
        let Some(mut workload) = made else {
            let message = format!("{} `{}` has ended", job.owner.1, job.owner.2);
            let path = [job.origin.path.clone(), vec![Part::from("status")]].concat();
            let problem = file.blame(document, *Fault::new(path, message));
            gathered.problems.push(Problem::error(*problem));
            return None;
        };
        workload.namespace = job.owner.0;
        Some(workload)
    }

    /// The same workload, if the state has it: by name, or by the job it belongs to.
    fn known(&self, workload: &Workload) -> Option<&Workload> {
        let mut workloads = self.objects.workloads.iter();
        workloads.find(|one| {
            let owner = workload.owners.first();
            one.namespace == workload.namespace
                && (one.name == workload.name
                    || owner.is_some_and(|owner| one.owners.contains(owner)))
        })
    }
}

/// What a file is about.
enum Asked {
    Job(FoundJob),
    Workload(Box<Workload>),
}

fn sound(problems: &[Problem]) -> bool {
    let mut severities = problems.iter().map(|one| one.severity);
    severities.all(|severity| severity == Severity::Warning)
}

/// Classes of the state, and those of a file that it does not have.
fn joined(state: &[PriorityClass], file: &[PriorityClass]) -> Vec<PriorityClass> {
    let new = |one: &&PriorityClass| !state.iter().any(|known| known.name == one.name);
    let new = file.iter().filter(new);
    state.iter().chain(new).cloned().collect()
}
