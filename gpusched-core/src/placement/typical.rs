//! The target workload of FGD: the few request classes most pods belong to, with their weights.

use crate::units::MILLI;
use crate::workload::{Shape, Workload};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// A request class of the target workload and the share of pods it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct TypicalPod {
    /// The class: a request without what fragmentation does not look at (memory, pods per node).
    pub shape: Shape,
    /// Share of the chosen pods, 0 to 1.
    pub weight: f64,
}

/// How the target workload is cut out of all pods. The default is what the FGD paper's runs use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypicalConfig {
    /// Classes are taken, most frequent first, until they cover this share of the pods; 0 = 60.
    pub threshold_pct: u32,
    /// Classes taken at a time; 0 = 10.
    pub increase_step: u32,
    /// A pod of whole devices counts `1 + devices × this`.
    pub gpu_res_weight: f64,
    /// Whether CPU-only pods belong to the target workload.
    pub involve_cpu_pods: bool,
}

impl Default for TypicalConfig {
    fn default() -> Self {
        TypicalConfig {
            threshold_pct: 95,
            increase_step: 1,
            gpu_res_weight: 0.0,
            involve_cpu_pods: true,
        }
    }
}

/// The target workload: classes in descending order of frequency.
///
/// Pods are grouped by CPU, GPU share, number of GPUs and acceptable models (also by device
/// memory and excluded models, which the FGD trace does not have). Classes are ordered by weight,
/// CPU, share, number and model text, all descending, and taken until they cover the threshold.
/// Source: `pkg/utils/frag.go` of the FGD simulator. Weights are summed pod by pod, because the
/// last bit of a weight can decide between two nodes.
///
/// ```
/// use gpusched_core::placement::{TypicalConfig, TypicalPods};
/// use gpusched_core::workload::Shape;
/// let half = TypicalConfig { threshold_pct: 50, ..TypicalConfig::default() };
/// let classes = [(Shape::whole_gpus(1), 6), (Shape::whole_gpus(8), 4)];
/// let typical = TypicalPods::select(classes, &half);
/// assert_eq!(typical.classes().len(), 1);
/// assert_eq!(typical.classes()[0].shape.gpus, 1);
/// assert_eq!(typical.classes()[0].weight, 1.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypicalPods {
    classes: Vec<TypicalPod>,
}

impl TypicalPods {
    /// Cuts the target workload out of request kinds and their number of pods. Kinds that differ
    /// only in what fragmentation ignores are joined. O(n log n), O(pods) when whole devices
    /// weigh more by a fraction.
    pub fn select(
        kinds: impl IntoIterator<Item = (Shape, u64)>,
        config: &TypicalConfig,
    ) -> TypicalPods {
        let mut total = 0.0;
        let mut counts: FxHashMap<Shape, f64> = FxHashMap::default();
        for (shape, pods) in kinds {
            let shape = class_of(shape);
            if pods == 0 || (!config.involve_cpu_pods && shape.gpus == 0) {
                continue;
            }
            let each = weight_of(&shape, config);
            add_each(counts.entry(shape).or_insert(0.0), each, pods);
            add_each(&mut total, each, pods);
        }
        let mut classes: Vec<TypicalPod> = counts
            .into_iter()
            .map(|(shape, weight)| TypicalPod { shape, weight })
            .collect();
        classes.sort_by(|a, b| descending(b, a));
        cut(&mut classes, total, config);
        TypicalPods { classes }
    }

    /// The target workload of a trace: every pod of every job counts once. Of a workload that was
    /// arranged it is that of its trace, as upstream takes it before it tunes the trace.
    pub fn from_workload(work: &Workload, config: &TypicalConfig) -> TypicalPods {
        let mut pods = vec![0u64; work.shapes().len()];
        for (spec, jobs) in work.specs().iter().zip(work.population()) {
            for set in &spec.pod_sets {
                pods[set.shape.index()] += jobs * u64::from(set.count);
            }
        }
        let kinds = work.shapes().iter().cloned().zip(pods);
        // Fragmentation is measured on whole devices: instances have a measure of their own.
        TypicalPods::select(kinds.filter(|(shape, _)| shape.mig.is_none()), config)
    }

    /// The classes, most frequent first.
    pub fn classes(&self) -> &[TypicalPod] {
        &self.classes
    }
}

/// What of a request makes its class.
fn class_of(mut shape: Shape) -> Shape {
    shape.mem_mib = 0;
    shape.max_per_node = 0;
    shape.on_spot = false;
    if shape.gpus == 0 {
        shape.gpu_milli = 0;
        shape.gpu_mem_mib = 0;
        shape.models.clear();
        shape.models_not.clear();
    }
    shape
}

fn weight_of(shape: &Shape, config: &TypicalConfig) -> f64 {
    if config.gpu_res_weight > 0.0 && shape.gpu_milli == MILLI {
        1.0 + f64::from(shape.gpus) * config.gpu_res_weight
    } else {
        1.0
    }
}

/// Adds `each` once per pod: with fractions that is not the same float as one product.
fn add_each(sum: &mut f64, each: f64, pods: u64) {
    if each.fract() == 0.0 {
        *sum += each * pods as f64;
    } else {
        for _ in 0..pods {
            *sum += each;
        }
    }
}

fn descending(a: &TypicalPod, b: &TypicalPod) -> Ordering {
    let key = |pod: &TypicalPod| {
        let shape = &pod.shape;
        (
            (shape.cpu_milli, shape.gpu_milli, shape.gpus),
            shape.models.join("|"),
            shape.models_not.join("|"),
            shape.gpu_mem_mib,
        )
    };
    a.weight
        .total_cmp(&b.weight)
        .then_with(|| key(a).cmp(&key(b)))
}

/// Keeps the head of the list that covers the threshold and turns counts into shares.
fn cut(classes: &mut Vec<TypicalPod>, total: f64, config: &TypicalConfig) {
    let or = |value: u32, default: u32| if value == 0 { default } else { value };
    let wanted = f64::from(or(config.threshold_pct, 60)) * total / 100.0;
    let step = or(config.increase_step, 10) as usize;
    let (mut covered, mut taken) = (0.0, 0);
    while covered < wanted && taken < classes.len() {
        let until = (taken + step).min(classes.len());
        for class in &mut classes[taken..until] {
            covered += class.weight;
            class.weight /= total;
        }
        taken = until;
    }
    if taken < classes.len() {
        classes.truncate(taken);
        for class in classes {
            class.weight /= covered / total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(cpu_milli: u64, gpu_milli: u32) -> Shape {
        Shape {
            gpus: 1,
            gpu_milli,
            cpu_milli,
            ..Shape::default()
        }
    }

    #[test]
    fn kinds_that_differ_in_memory_are_one_class() {
        let more = Shape {
            mem_mib: 512,
            ..share(1000, 500)
        };
        let typical = TypicalPods::select(
            [(share(1000, 500), 1), (more, 3)],
            &TypicalConfig::default(),
        );
        assert_eq!(typical.classes().len(), 1);
        assert_eq!(typical.classes()[0].weight, 1.0);
    }

    #[test]
    fn equal_counts_are_ordered_by_request_descending() {
        let all = TypicalConfig {
            threshold_pct: 100,
            ..TypicalConfig::default()
        };
        let kinds = [(share(1, 500), 2), (share(2, 100), 2), (share(1, 600), 2)];
        let typical = TypicalPods::select(kinds, &all);
        let order: Vec<_> = typical
            .classes()
            .iter()
            .map(|class| (class.shape.cpu_milli, class.shape.gpu_milli))
            .collect();
        assert_eq!(order, [(2, 100), (1, 600), (1, 500)]);
    }

    #[test]
    fn whole_devices_can_weigh_more_and_cpu_pods_be_left_out() {
        let config = TypicalConfig {
            threshold_pct: 100,
            gpu_res_weight: 0.5,
            involve_cpu_pods: false,
            ..TypicalConfig::default()
        };
        let cpu = Shape {
            cpu_milli: 9,
            ..Shape::default()
        };
        let kinds = [(cpu, 100), (Shape::whole_gpus(2), 1), (share(1, 500), 2)];
        let typical = TypicalPods::select(kinds, &config);
        // The pair counts 1 + 2 × 0.5 = 2 of 4.
        let weights: Vec<f64> = typical.classes().iter().map(|class| class.weight).collect();
        assert_eq!(weights, [0.5, 0.5]);
    }

    #[test]
    fn jobs_that_come_again_count_once() {
        use crate::units::{Span, Time};
        use crate::workload::{Arrival, JobDraft, WorkloadBuilder};
        let mut builder = WorkloadBuilder::new();
        for (name, gpus) in [("a", 1), ("b", 2), ("c", 2)] {
            let shape = Shape::whole_gpus(gpus);
            let job = JobDraft::new(name, Time::ZERO, Span::from_secs(1), shape);
            builder.push(&job).unwrap();
        }
        let work = builder.finish().unwrap();
        // `a` three times, `b` once, `c` not at all: it is still a third of what is to be expected.
        let at = |job| Arrival {
            job,
            submit: Time::ZERO,
            run: None,
        };
        let arranged = work.arranged(&[0, 0, 1, 0].map(at)).unwrap();
        let typical = |work| TypicalPods::from_workload(work, &TypicalConfig::default());
        assert_eq!(typical(&arranged), typical(&work));
        assert_eq!(typical(&arranged).classes()[0].weight, 2.0 / 3.0);
        let again = arranged.arranged(&[0, 1].map(at)).unwrap();
        assert_eq!(again.population(), [1, 2]);
    }

    #[test]
    fn classes_are_taken_in_steps() {
        let config = TypicalConfig {
            threshold_pct: 10,
            increase_step: 2,
            ..TypicalConfig::default()
        };
        let kinds = [(share(1, 1), 5), (share(1, 2), 3), (share(1, 3), 2)];
        let typical = TypicalPods::select(kinds, &config);
        assert_eq!(typical.classes().len(), 2);
        assert_eq!(typical.classes()[0].weight, (5.0 / 10.0) / (8.0 / 10.0));
    }
}
