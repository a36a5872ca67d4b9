//! What was there to be used, what was asked for, and what was held.

use super::summary::{ModelValue, Utilisation};
use crate::engine::Records;
use gpusched_core::cluster::{Inventory, Spot};
use gpusched_core::ids::JobId;
use gpusched_core::provisioning::{Lifetime, planned};
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{Shape, Workload};
use std::collections::BTreeMap;

/// The GPU models of a cluster by name, however much memory their devices have.
#[derive(Debug)]
pub(super) struct Models<'a> {
    names: Vec<&'a str>,
    gpus: Vec<u64>,
    /// Position in `names` of each node's model; CPU nodes have none.
    of_node: Vec<Option<usize>>,
}

impl<'a> Models<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Models<'a> {
        let mut by_name: BTreeMap<&str, u64> = BTreeMap::new();
        for node in inventory.nodes().iter().filter(|node| node.gpus > 0) {
            *by_name.entry(&node.gpu_model).or_default() += u64::from(node.gpus);
        }
        let names: Vec<&str> = by_name.keys().copied().collect();
        let of_node = inventory.nodes().iter().map(|node| {
            let at = names.binary_search(&node.gpu_model.as_str()).ok();
            at.filter(|_| node.gpus > 0)
        });
        Models {
            of_node: of_node.collect(),
            gpus: by_name.into_values().collect(),
            names,
        }
    }

    fn values(&self, value: impl Fn(usize) -> Option<f64>) -> Vec<ModelValue> {
        (0..self.names.len())
            .filter_map(|at| {
                value(at).map(|value| ModelValue {
                    model: self.names[at].to_owned(),
                    gpus: self.gpus[at],
                    value,
                })
            })
            .collect()
    }
}

/// Offered load: in all, and of pods that can use one model of several only.
pub(super) fn offered_load(
    work: &Workload,
    inventory: &Inventory,
    models: &Models<'_>,
) -> (Option<f64>, Vec<ModelValue>) {
    let (Some(first), Some(last)) = (work.jobs().first(), work.jobs().last()) else {
        return (None, Vec::new());
    };
    let span = last.submit - first.submit;
    let mut run_of_spec = vec![0i128; work.specs().len()];
    for job in work.jobs() {
        // A job without an end is busy for as long as jobs are submitted, at least.
        let run = if job.run == Span::FOREVER {
            last.submit - job.submit
        } else {
            job.run
        };
        run_of_spec[job.spec.index()] += i128::from(run.0);
    }
    let only: Vec<Option<usize>> = work
        .shapes()
        .iter()
        .map(|shape| only_model(shape, inventory, models))
        .collect();
    let mut all = 0i128;
    let mut bound = vec![0i128; models.names.len()];
    for (spec, run) in work.specs().iter().zip(run_of_spec) {
        all += i128::from(spec.gpu_milli) * run;
        for set in &spec.pod_sets {
            let milli = work.shape(set.shape).total_milli() * u64::from(set.count);
            if let Some(model) = only[set.shape.index()] {
                bound[model] += i128::from(milli) * run;
            }
        }
    }
    let load = |asked: i128, gpus: u64| ratio(asked, gpu_time(gpus, span));
    let any_bound = bound.iter().any(|&asked| asked > 0);
    let by_model = models.values(|at| load(bound[at], models.gpus[at]).filter(|_| any_bound));
    (load(all, inventory.gpus()), by_model)
}

/// The one model a GPU pod can use where the cluster has several.
fn only_model(shape: &Shape, inventory: &Inventory, models: &Models<'_>) -> Option<usize> {
    if shape.total_milli() == 0 || models.names.len() < 2 {
        return None;
    }
    let mut usable = inventory
        .models()
        .iter()
        .filter(|(name, mem)| shape.accepts(name) && (*mem == 0 || *mem >= shape.gpu_mem_mib))
        .filter_map(|(name, _)| models.names.binary_search(&name.as_str()).ok());
    let first = usable.next()?;
    usable.all(|other| other == first).then_some(first)
}

/// GPU time held in a run, in milli-GPU × µs.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Up to the close.
    pub(super) total: i128,
    submissions: i128,
    by_model: Vec<i128>,
}

impl Held {
    /// Sums over records. O(pods started).
    pub(super) fn new(work: &Workload, records: &Records, models: &Models<'_>) -> Held {
        let mut sums = Held {
            by_model: vec![0; models.names.len()],
            ..Held::default()
        };
        let last_submit = work.jobs().last().map_or(Time::ZERO, |job| job.submit);
        for index in 0..work.len() {
            let job = JobId(index as u32);
            let milli = work.gpu_milli(job);
            if milli == 0 {
                continue;
            }
            let mut add = |start: Time, end: Time| {
                sums.total += i128::from(milli) * i128::from((end - start).0);
                let seen = (end.min(last_submit) - start).max(Span::ZERO);
                sums.submissions += i128::from(milli) * i128::from(seen.0);
            };
            if let Some(start) = records.start(job) {
                add(start, records.end_of(job).unwrap_or(records.closed_at()));
            }
            for attempt in records.attempts(job) {
                add(attempt.start, attempt.end);
            }
            if models.names.len() > 1 {
                sums.add_pods(work, records, models, job);
            }
        }
        if let [only] = sums.by_model.as_mut_slice() {
            *only = sums.total;
        }
        sums
    }

    fn add_pods(&mut self, work: &Workload, records: &Records, models: &Models<'_>, job: JobId) {
        let spec = work.spec(work.job(job).spec);
        let mut add = |places: &[Spot], run: Span| {
            let mut spots = places.iter();
            for set in &spec.pod_sets {
                let each = i128::from(work.shape(set.shape).total_milli()) * i128::from(run.0);
                for spot in spots.by_ref().take(set.count as usize) {
                    if let Some(model) = models.of_node[spot.node.index()] {
                        self.by_model[model] += each;
                    }
                }
            }
        };
        for attempt in records.attempts(job) {
            let places = records.places_of(attempt, spec.pods);
            add(places, attempt.end - attempt.start);
        }
        if let Some(start) = records.start(job) {
            let end = records.end_of(job).unwrap_or(records.closed_at());
            add(records.places(job, spec.pods), end - start);
        }
    }

    /// Shares of what was open: in the window that ends at `until`, and between submissions.
    pub(super) fn utilisation(
        &self,
        work: &Workload,
        inventory: &Inventory,
        records: &Records,
        models: &Models<'_>,
        until: Time,
    ) -> Utilisation {
        let (Some(first), Some(last)) = (work.jobs().first(), work.jobs().last()) else {
            return Utilisation::default();
        };
        let stays = stays(inventory, records);
        let window = |stay: &Lifetime| open_time(inventory, stay, first.submit, until);
        let mut open_of_model = vec![0i128; models.names.len()];
        for stay in &stays {
            if let Some(model) = models.of_node[stay.node.index()] {
                open_of_model[model] += window(stay);
            }
        }
        let submissions = stays
            .iter()
            .map(|stay| open_time(inventory, stay, first.submit, last.submit));
        Utilisation {
            window: ratio(self.total, stays.iter().map(window).sum()),
            submissions: ratio(self.submissions, submissions.sum()),
            by_model: models.values(|at| ratio(self.by_model[at], open_of_model[at])),
        }
    }
}

/// The stretches for which machines took pods.
fn stays(inventory: &Inventory, records: &Records) -> Vec<Lifetime> {
    match records.lifetimes() {
        None => planned(inventory).collect(),
        Some(lives) => lives
            .iter()
            .filter_map(|life| {
                let launched = life.ready?;
                Some(Lifetime {
                    launched,
                    ..life.clone()
                })
            })
            .collect(),
    }
}

/// GPU time a machine offers between two instants, in milli-GPU × µs.
fn open_time(inventory: &Inventory, stay: &Lifetime, from: Time, to: Time) -> i128 {
    let (start, end) = stay.within(from, to);
    gpu_time(u64::from(inventory.node(stay.node).gpus), end - start)
}

fn gpu_time(gpus: u64, span: Span) -> i128 {
    i128::from(gpus) * i128::from(MILLI) * i128::from(span.0)
}

fn ratio(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
