//! Which jobs come when, under a seed.
//!
//! Draws are keyed by the seed and nothing else, so that every policy sees the same jobs at the
//! same times.

use super::FgdDraw;
use super::draw::{below, permutation};
use crate::experiment::{Arrivals, Order};
use crate::trace::generate::{Purpose, Stream};
use gpusched_core::cluster::Inventory;
use gpusched_core::ids::JobId;
use gpusched_core::units::{MILLI, Span, Time};
use gpusched_core::workload::{Arrival, Workload, WorkloadError};
use std::borrow::Cow;

/// The jobs as they come under a seed. O(jobs).
///
/// # Errors
/// [`WorkloadError`]: filling the cluster takes more jobs than the tables can index.
pub fn arrange<'a>(
    how: &Arrivals,
    work: &'a Workload,
    inventory: &Inventory,
    seed: u64,
) -> Result<Cow<'a, Workload>, WorkloadError> {
    let arrivals = match (how.order, how.fill) {
        (Order::Recorded | Order::FgdSimulator, None) => return Ok(Cow::Borrowed(work)),
        (Order::FgdSimulator, Some(share)) => {
            let drawn = FgdDraw::new(work, inventory, share, seed);
            (0..).zip(drawn.jobs).map(one_a_second).collect()
        }
        (_, Some(share)) => fill(
            work,
            share * inventory.gpus() as f64 * f64::from(MILLI),
            seed,
        ),
        (Order::Shuffle, None) => shuffled(work, seed),
    };
    work.arranged(&arrivals).map(Cow::Owned)
}

/// The jobs in a random order at the times there are: the load over time stays what it was, up to
/// which job comes when.
fn shuffled(work: &Workload, seed: u64) -> Vec<Arrival> {
    let jobs = work.in_arrival_order();
    let order = permutation(jobs.len(), seed, Purpose::ArrivalOrder);
    let submit = |parts: &std::ops::Range<u32>| work.job(JobId(parts.start)).submit;
    let pairs = order.into_iter().zip(&jobs);
    pairs
        .map(|(job, slot)| Arrival {
            job,
            submit: submit(slot),
            run: None,
        })
        .collect()
}

/// The jobs in a random order, one a second and for ever, until they have asked for `milli`; when
/// all are there and more is wanted, jobs drawn at random come again. Those that ask for no GPU
/// come too, and never fill anything.
fn fill(work: &Workload, milli: f64, seed: u64) -> Vec<Arrival> {
    let jobs = work.in_arrival_order();
    let asks = |job: u32| {
        let parts = jobs[job as usize].clone();
        parts.map(|part| work.gpu_milli(JobId(part))).sum::<u64>() as f64
    };
    if jobs
        .iter()
        .all(|parts| work.gpu_milli(JobId(parts.start)) == 0)
    {
        return Vec::new();
    }
    let mut copies = Stream::new(seed, Purpose::ArrivalCopy, 0);
    let again = std::iter::repeat_with(|| below(&mut copies, jobs.len()) as u32);
    let order = permutation(jobs.len(), seed, Purpose::ArrivalOrder)
        .into_iter()
        .chain(again);
    let mut asked = 0.0;
    let mut arrivals = Vec::new();
    for (second, job) in (0..).zip(order) {
        asked += asks(job);
        if asked > milli {
            break;
        }
        arrivals.push(one_a_second((second, job)));
    }
    arrivals
}

fn one_a_second((second, job): (i64, u32)) -> Arrival {
    Arrival {
        job,
        submit: Time::from_secs(second),
        run: Some(Span::FOREVER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gpusched_core::cluster::Node;
    use gpusched_core::workload::{JobDraft, Shape, WorkloadBuilder};
    use proptest::prelude::*;

    fn work(gpus: &[u32]) -> Workload {
        let mut builder = WorkloadBuilder::new();
        for (number, &gpus) in (0..).zip(gpus) {
            let name = format!("j{number}");
            let at = Time::from_secs(number * 100);
            let job = JobDraft::new(&name, at, Span::from_secs(60), Shape::whole_gpus(gpus));
            builder.push(&job).unwrap();
        }
        builder.finish().unwrap()
    }

    fn cluster(gpus: u32) -> Inventory {
        Inventory::new(vec![Node::with_gpus("n", gpus, "T4")]).unwrap()
    }

    fn names(work: &Workload) -> Vec<String> {
        (0..work.len() as u32)
            .map(|id| work.name(JobId(id)))
            .collect()
    }

    const SHUFFLE: Arrivals = Arrivals {
        order: Order::Shuffle,
        fill: None,
    };

    #[test]
    fn recorded_jobs_are_not_even_copied() {
        let work = work(&[1, 1]);
        let same = arrange(&Arrivals::default(), &work, &cluster(1), 3).unwrap();
        assert!(matches!(same, Cow::Borrowed(_)));
    }

    #[test]
    fn a_cluster_is_filled_to_the_share_asked_for_and_nobody_leaves() {
        let fill = Arrivals {
            fill: Some(1.5),
            ..SHUFFLE
        };
        let work = work(&[1, 1, 1, 1]);
        let filled = arrange(&fill, &work, &cluster(4), 1).unwrap();
        // 150 % of 4 GPUs: the four jobs, and two again.
        assert_eq!(filled.len(), 6);
        let names = names(&filled);
        assert!(names[..4].iter().all(|name| !name.contains('+')));
        assert!(names[4..].iter().all(|name| name.contains('+')));
        assert!(filled.jobs().iter().all(|job| job.run == Span::FOREVER));
        assert_eq!(filled.job(JobId(5)).submit, Time::from_secs(5));
        // 50 % of 4 GPUs: two of the four.
        let half = Arrivals {
            fill: Some(0.5),
            ..SHUFFLE
        };
        assert_eq!(arrange(&half, &work, &cluster(4), 1).unwrap().len(), 2);
    }

    #[test]
    fn the_simulator_of_fgd_fills_a_cluster_with_the_jobs_of_a_trace_that_stays_what_it_was() {
        let fill = Arrivals {
            order: Order::FgdSimulator,
            fill: Some(1.5),
        };
        let work = work(&[1, 1, 1, 1]);
        let filled = arrange(&fill, &work, &cluster(4), 42).unwrap();
        assert_eq!(filled.len(), 6);
        assert!(filled.jobs().iter().all(|job| job.run == Span::FOREVER));
        assert_eq!(filled.job(JobId(5)).submit, Time::from_secs(5));
        assert_eq!(filled.population(), [4]);
    }

    #[test]
    fn jobs_without_a_gpu_fill_nothing() {
        let fill = Arrivals {
            fill: Some(1.0),
            ..SHUFFLE
        };
        let work = work(&[0, 0]);
        assert!(arrange(&fill, &work, &cluster(4), 1).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn a_shuffle_keeps_the_jobs_and_the_times(
            gpus in prop::collection::vec(0u32..5, 1..40), seed: u64,
        ) {
            let work = work(&gpus);
            let shuffled = arrange(&SHUFFLE, &work, &cluster(4), seed).unwrap();
            let mut sorted = names(&shuffled);
            sorted.sort();
            let mut expected = names(&work);
            expected.sort();
            prop_assert_eq!(sorted, expected);
            let times = |work: &Workload| -> Vec<Time> {
                work.jobs().iter().map(|job| job.submit).collect()
            };
            prop_assert_eq!(times(&shuffled), times(&work));
            for (id, job) in (0..).map(JobId).zip(shuffled.jobs()) {
                let number: usize = shuffled.name(id)[1..].parse().unwrap();
                let milli = u64::from(gpus[number]) * 1000;
                prop_assert_eq!(shuffled.spec(job.spec).gpu_milli, milli);
            }
        }
    }
}
