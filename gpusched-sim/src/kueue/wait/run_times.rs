//! How long workloads run that a dump says nothing about: as long as jobs of a trace that are like
//! them.

use crate::kueue::replay::Job;
use gpusched_core::kube::pod_requests;
use gpusched_core::queueing::kueue::objects::Workload;
use gpusched_core::units::{MAX_MICROS, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many runs that lasted longer make a class worth drawing from; below it a wider one is taken.
const ENOUGH: usize = 10;

/// Which runs of the trace a run time is drawn from, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Like {
    /// Of its LocalQueue and number of GPUs.
    QueueAndSize,
    /// Of its number of GPUs.
    Size,
    /// Of any job.
    Any,
    /// None lasted as long as it has run already: what is left is assumed.
    Outlived,
}

impl Like {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Like::QueueAndSize => "as long as jobs of its LocalQueue and GPU count",
            Like::Size => "as long as jobs of its GPU count",
            Like::Any => "as long as any job",
            Like::Outlived => "older than any job got: as long again, assumed, at the median",
        }
    }
}

/// Namespace and name of a LocalQueue.
type Door = (String, String);

/// Run times of a trace, by what jobs are like.
///
/// GPU counts are classed by powers of two: none, 1, 2, 3–4, 5–8, … over all pods of a job. A job
/// the trace cuts off at its end counts with what was seen of it.
#[derive(Clone, Debug, Default)]
pub struct RunTimes {
    /// Ascending; without a door those of all, without a size those of every size.
    classes: BTreeMap<(Option<Door>, Option<u64>), Vec<Span>>,
}

/// Where the run time of one workload is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool<'r> {
    /// What those runs are like.
    pub like: Like,
    /// The runs, ascending; empty where none lasted as long.
    pub runs: &'r [Span],
    age: Span,
}

impl RunTimes {
    /// Of the jobs of a trace. One that never ends has an infinite run time.
    ///
    /// O(n log n).
    pub fn new<'j>(jobs: impl IntoIterator<Item = &'j Job>) -> RunTimes {
        let mut classes: BTreeMap<_, Vec<Span>> = BTreeMap::new();
        for job in jobs {
            let workload = &job.workload;
            let door = (workload.namespace.clone(), workload.queue.clone());
            let size = size(workload);
            let run = job.run.unwrap_or(Span::FOREVER);
            for class in [(Some(door), Some(size)), (None, Some(size)), (None, None)] {
                classes.entry(class).or_default().push(run);
            }
        }
        for runs in classes.values_mut() {
            runs.sort_unstable();
        }
        RunTimes { classes }
    }

    /// The runs a workload is like; `age` is how long it has run already, `None` when it has not
    /// begun. O(log n).
    pub fn pool(&self, workload: &Workload, age: Option<Span>) -> Pool<'_> {
        let door = (workload.namespace.clone(), workload.queue.clone());
        let size = size(workload);
        let longer = |class: (Option<Door>, Option<u64>)| -> &[Span] {
            let runs = self.classes.get(&class).map_or(&[][..], Vec::as_slice);
            let ended = age.map_or(0, |age| runs.partition_point(|run| *run <= age));
            &runs[ended..]
        };
        let narrow = [
            (Like::QueueAndSize, (Some(door), Some(size))),
            (Like::Size, (None, Some(size))),
        ];
        let mut narrow = narrow
            .into_iter()
            .map(|(like, class)| (like, longer(class)));
        let all = longer((None, None));
        let (like, runs) = match narrow.find(|(_, runs)| runs.len() >= ENOUGH) {
            Some(found) => found,
            None if all.is_empty() => (Like::Outlived, all),
            None => (Like::Any, all),
        };
        Pool {
            like,
            runs,
            age: age.unwrap_or_default(),
        }
    }
}

impl Pool<'_> {
    /// A run time from the beginning, which is longer than the age, at a uniform `u` of (0, 1);
    /// `None` = without end.
    ///
    /// Where no run of the trace lasted as long, P(what is left > x) = age / (age + x): for
    /// something of unknown nature that has lasted so long, as long again is as likely as not.
    pub fn draw(&self, u: f64) -> Option<Span> {
        let run = match self.runs.len() {
            0 => {
                let left = self.age.0 as f64 * (1.0 / u - 1.0);
                Span(
                    self.age
                        .0
                        .saturating_add(left.min(MAX_MICROS as f64) as i64),
                )
            }
            len => self.runs[((u * len as f64) as usize).min(len - 1)],
        };
        (run != Span::FOREVER).then_some(run)
    }
}

/// The class of a number of GPUs, all pods together: 0, 1, 2, 4, 8, …
fn size(workload: &Workload) -> u64 {
    let pods = workload.pod_sets.iter().map(|pods| {
        let requests = pod_requests(&pods.template);
        let gpus = requests.iter().filter(|(name, _)| is_gpu(name));
        let gpus: i64 = gpus.map(|(_, amount)| (*amount).max(0)).sum();
        gpus.saturating_mul(i64::from(pods.count.max(0)))
    });
    match pods.fold(0i64, i64::saturating_add) as u64 {
        0 => 0,
        gpus => gpus.next_power_of_two(),
    }
}

/// Devices by any vendor's name, and MIG instances.
fn is_gpu(resource: &str) -> bool {
    resource == "gpu" || resource.ends_with("/gpu") || resource.contains("/mig-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::kube::{Container, PodSpec};
    use gpusched_core::queueing::kueue::objects::PodSet;
    use gpusched_core::units::Time;

    fn job(queue: &str, gpus: i64, run: i64) -> Job {
        let container = Container {
            requests: [("nvidia.com/gpu".to_owned(), gpus)].into(),
            ..Container::default()
        };
        Job {
            workload: Workload {
                queue: queue.into(),
                pod_sets: vec![PodSet {
                    count: 1,
                    template: PodSpec {
                        containers: vec![container],
                        ..PodSpec::default()
                    },
                    ..PodSet::default()
                }],
                ..Workload::default()
            },
            arrival: Time::ZERO,
            run: Some(Span::from_secs(run)),
        }
    }

    fn pool(times: &RunTimes, queue: &str, gpus: i64, age: Option<i64>) -> (Like, usize) {
        let asked = job(queue, gpus, 0).workload;
        let pool = times.pool(&asked, age.map(Span::from_secs));
        (pool.like, pool.runs.len())
    }

    /// Ten jobs of `a` with 3 or 4 GPUs, of 10 to 100 s; ten of `b` with 4, of 1000 s; one with 1.
    fn times() -> RunTimes {
        let a = (1..=10).map(|n| job("a", 3 + n % 2, 10 * n));
        let b = (0..10).map(|_| job("b", 4, 1000));
        let jobs: Vec<Job> = a.chain(b).chain([job("b", 1, 5000)]).collect();
        RunTimes::new(&jobs)
    }

    #[test]
    fn the_narrowest_class_with_ten_longer_runs_is_taken() {
        let times = times();
        assert_eq!(pool(&times, "a", 4, None), (Like::QueueAndSize, 10));
        // At 10 s one of its ten has ended; of all with 3 or 4 GPUs 19 go on.
        assert_eq!(pool(&times, "a", 4, Some(10)), (Like::Size, 19));
        assert_eq!(pool(&times, "elsewhere", 3, Some(9)), (Like::Size, 20));
        assert_eq!(pool(&times, "b", 1, Some(0)), (Like::Any, 21));
        assert_eq!(pool(&times, "a", 4, Some(1000)), (Like::Any, 1));
        assert_eq!(pool(&times, "a", 4, Some(5000)), (Like::Outlived, 0));
    }

    #[test]
    fn a_draw_is_a_run_that_lasted_longer() {
        let times = times();
        let asked = job("a", 4, 0).workload;
        let age = |secs| Some(Span::from_secs(secs));
        let pool = times.pool(&asked, age(95));
        let (first, last) = (pool.draw(1e-9), pool.draw(1.0 - 1e-9));
        assert_eq!((first, last), (age(100), age(1000)));
        // None lasted longer than 6000 s: half of the draws are at most as long again.
        let pool = times.pool(&asked, age(6000));
        assert_eq!(
            (pool.draw(0.5), pool.draw(0.25)),
            (age(12_000), age(24_000))
        );
    }

    #[test]
    fn what_never_ends_never_ends() {
        let endless = Job {
            run: None,
            ..job("a", 1, 0)
        };
        let times = RunTimes::new(&[endless]);
        let pool = times.pool(&job("a", 1, 0).workload, Some(Span::from_secs(9)));
        assert_eq!((pool.like, pool.draw(0.3)), (Like::Any, None));
    }
}
