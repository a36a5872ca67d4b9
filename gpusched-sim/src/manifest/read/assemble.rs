//! Putting together what depends on several objects: Workloads of jobs, namespaces nobody wrote.

use super::gather::{FoundJob, Gathered, Owner};
use super::{Manifests, Origin};
use crate::manifest::cursor::{At, Read};
use crate::manifest::document::{Document, File};
use crate::manifest::fault::Part;
use crate::manifest::jobs::{Draft, FRAMEWORKS};
use crate::manifest::kube::implied_namespace;
use std::collections::BTreeSet;

impl Gathered {
    /// Everything together.
    pub(super) fn assemble(mut self, files: Vec<(File, Vec<Document>)>) -> Manifests {
        let queues = self.objects.local_queues.iter_mut();
        let workloads = self.objects.workloads.iter_mut();
        let pods = self.objects.pods.iter_mut();
        let templates = self.devices.templates.iter_mut();
        let unsaid = queues
            .map(|queue| &mut queue.namespace)
            .chain(workloads.map(|workload| &mut workload.namespace))
            .chain(pods.map(|pod| &mut pod.namespace))
            .chain(templates.map(|template| &mut template.namespace))
            .filter(|namespace| namespace.is_empty());
        for namespace in unsaid {
            "default".clone_into(namespace);
        }
        let workloads = self.objects.workloads.iter();
        let have_workloads: BTreeSet<Owner> = workloads
            .flat_map(|workload| {
                let owners = workload.owners.iter();
                owners.map(|(kind, name)| (workload.namespace.clone(), kind.clone(), name.clone()))
            })
            .collect();
        for job in std::mem::take(&mut self.jobs) {
            if !have_workloads.contains(&job.owner) {
                self.make_workload(&files, job);
            }
        }
        for (owner, problem) in std::mem::take(&mut self.unread_jobs) {
            if !have_workloads.contains(&owner) {
                self.problems.push(problem);
            }
        }
        for (kind, (count, mut problem)) in std::mem::take(&mut self.ignored) {
            if count > 1 {
                let message = format!("{count} objects of kind {kind} decide nothing here");
                problem.diagnostic.message = message;
            }
            self.problems.push(problem);
        }
        self.add_namespaces();
        let mut manifests = Manifests {
            objects: self.objects,
            devices: self.devices,
            configuration: self.configuration,
            gates: self.gates,
            managed: self.managed,
            problems: self.problems,
            files,
            origins: self.origins,
        };
        manifests.charge_devices();
        manifests
    }

    /// Adds the Workload of a job, if the job is Kueue's.
    fn make_workload(&mut self, files: &[(File, Vec<Document>)], job: FoundJob) {
        if job
            .parts_of
            .iter()
            .any(|kind| FRAMEWORKS.contains(&kind.as_str()))
        {
            return;
        }
        let Some(queue) = self.managed.queue_of(&job, &self.objects) else {
            return;
        };
        let Origin { file, document, .. } = job.origin;
        let (file, documents) = &files[file];
        let made = self.noting(file, &documents[document], |gathered, at| {
            let draft = reach(at, &job.origin.path, &mut |at| (job.reader)(at))?;
            let finish = |draft: Draft| draft.finish(queue, &gathered.objects, gathered.gates);
            draft.map(finish).transpose()
        });
        if let Some(mut workload) = made.flatten() {
            workload.namespace = job.owner.0;
            let (namespace, name) = (workload.namespace.clone(), workload.name.clone());
            self.origins
                .insert(("Workload", namespace, name), job.origin);
            self.objects.workloads.push(workload);
        }
    }

    /// Namespaces something stands in exist, with the one label every namespace has.
    fn add_namespaces(&mut self) {
        let objects = &mut self.objects;
        let have: BTreeSet<&String> = objects.namespaces.iter().map(|one| &one.name).collect();
        let queues = objects.local_queues.iter().map(|queue| &queue.namespace);
        let workloads = objects.workloads.iter().map(|one| &one.namespace);
        let needed: BTreeSet<&String> = queues.chain(workloads).collect();
        let implied = needed.difference(&have);
        let implied: Vec<String> = implied.map(|name| (*name).clone()).collect();
        let implied = implied.into_iter().map(implied_namespace);
        objects.namespaces.extend(implied);
    }
}

/// Reads an object of a list: goes down the path to it.
pub(super) fn reach<T>(
    at: At<'_, '_>,
    path: &[Part],
    read: &mut dyn FnMut(At<'_, '_>) -> Read<T>,
) -> Read<T> {
    match path {
        [Part::Field(_), Part::Index(index), rest @ ..] => {
            let items = at.field("items");
            reach(items.item(*index), rest, read)
        }
        _ => read(at),
    }
}
