//! Means in which the jobs that the close cut off count too.

use super::facts::JobFacts;
use super::quantiles::quantile;
use super::secs;
use crate::engine::Fate;
use crate::stats::{Curve, Observed};
use gpusched_core::units::{Span, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Means of min(time, τ) from Kaplan–Meier curves. A plain mean of the jobs that ended leaves out
/// the longest of all: a policy that lets long jobs wait looks good in it.
///
/// Stands on censoring that has nothing to do with how long a job would have taken: those that came
/// late, and were watched for a short while only, are taken to wait as those that came early. In a
/// queue that grows that is too kind. Beyond the longest time in which a job was watched nothing is
/// known, and jobs left there count as lasting to τ, which is the most it can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RestrictedMeans {
    /// How they were estimated.
    pub method: RestrictedMethod,
    /// τ, s: the median over the jobs that came of how long they could be watched, from submission
    /// to the close. It depends on the trace, the close and the warm-up only, so that policies
    /// share it.
    pub bound_s: f64,
    /// Jobs that waited at the close.
    pub waits_censored: u64,
    /// Mean of min(wait, τ), s.
    pub wait_s: f64,
    /// Jobs that waited or ran at the close.
    pub jcts_censored: u64,
    /// Mean of min(completion time, τ), s. Jobs that died have none.
    pub jct_s: f64,
}

/// How restricted means are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RestrictedMethod {
    /// The area under the Kaplan–Meier curve up to τ.
    #[default]
    #[serde(rename = "kaplan-meier, flat beyond the longest time watched")]
    KaplanMeier,
}

/// The means over jobs that count; `None` where none of them is censored. O(jobs log jobs).
pub(super) fn restricted(
    jobs: impl Iterator<Item = JobFacts>,
    closed: Time,
) -> Option<RestrictedMeans> {
    let (mut waits, mut jcts, mut watched) = (Vec::new(), Vec::new(), Vec::new());
    let seen = |span: Span, ended| Observed {
        time: span.as_secs_f64(),
        ended,
    };
    for job in jobs {
        let so_far = closed - job.submit;
        match job.fate {
            Fate::Unschedulable | Fate::Future => continue,
            Fate::Waiting => waits.push(seen(job.wait().unwrap_or(so_far), false)),
            Fate::Running | Fate::Done | Fate::Failed(_) => {
                waits.extend(job.wait().map(|wait| seen(wait, true)));
            }
        }
        match job.jct() {
            Some(jct) => jcts.push(seen(jct, true)),
            None if matches!(job.fate, Fate::Waiting | Fate::Running) => {
                jcts.push(seen(so_far, false));
            }
            None => {}
        }
        watched.push(so_far.0 as u64);
    }
    let censored = |of: &[Observed]| of.iter().filter(|one| !one.ended).count() as u64;
    let (waits_censored, jcts_censored) = (censored(&waits), censored(&jcts));
    if jcts_censored == 0 {
        return None;
    }
    let bound_s = secs(i128::from(quantile(&mut watched, 50)?));
    // Without an interval: that of the curve takes jobs for independent, which those of one queue
    // are not.
    let mean = |of: Vec<Observed>| Curve::new(of).mean_at_most(bound_s);
    Some(RestrictedMeans {
        method: RestrictedMethod::KaplanMeier,
        bound_s,
        waits_censored,
        wait_s: mean(waits),
        jcts_censored,
        jct_s: mean(jcts),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::{ReplayOptions, replay};
    use gpusched_core::cluster::{Inventory, Node};
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};

    /// One GPU; jobs of (submit, run), closed at `horizon`.
    fn run(jobs: &[(i64, i64)], horizon: i64) -> Option<RestrictedMeans> {
        let mut builder = WorkloadBuilder::numbered();
        for (submit, run) in jobs {
            let (submit, run) = (Time::from_secs(*submit), Span::from_secs(*run));
            let job = JobDraft::new("", submit, run, Shape::whole_gpus(1));
            builder.push(&job).unwrap();
        }
        let cluster = Inventory::new(vec![Node::with_gpus("n", 1, "T4")]).unwrap();
        let options = ReplayOptions {
            horizon: Some(Time::from_secs(horizon)),
            ..ReplayOptions::default()
        };
        let work = builder.finish().unwrap();
        replay(&work, &cluster, &options)
            .unwrap()
            .summary
            .restricted
    }

    #[test]
    fn censored_jobs_count_as_long_as_they_were_watched() {
        // 0–40 runs; the next waits 30 and is cut at 90 s of 100; the last waits.
        let found = run(&[(0, 40), (10, 100), (60, 5)], 100).unwrap();
        // Watched for 100, 90 and 40 s.
        assert_eq!(found.bound_s, 90.0);
        assert_eq!((found.waits_censored, found.jcts_censored), (1, 2));
        // Waits 0, 30 and more than 40: left 2/3 to 30 s, then 1/3, which counts to 90.
        assert!((found.wait_s - (30.0 * 2.0 / 3.0 + 60.0 / 3.0)).abs() < 1e-9);
        // JCT 40, and more than 90 and 40: 40 at 1, then 2/3 to 90.
        let jct = 40.0 + 50.0 * 2.0 / 3.0;
        assert!((found.jct_s - jct).abs() < 1e-9);
    }

    #[test]
    fn a_wait_that_was_cut_off_pulls_the_mean_up() {
        // Starts at 0, 1 and 80 s; the last waits. Watched for 100, 100, 90 and 90 s.
        let found = run(&[(0, 1), (0, 79), (10, 60), (10, 5)], 100).unwrap();
        assert_eq!(found.bound_s, 90.0);
        // Waits of 0, 1, 70 and more than 90: the plain mean of those that started is 23.7.
        // 0 to 1: 3/4; to 70: 2/4; to 90: 1/4.
        let wait = 0.75 + 69.0 * 0.5 + 20.0 * 0.25;
        assert!((found.wait_s - wait).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn where_all_ended_there_is_nothing_to_say() {
        assert_eq!(run(&[(0, 40), (10, 20)], 100), None);
    }
}
