//! Intervals hold the truth as often as they say: nominal 95 % within 93 to 97 % over 2,000
//! samples whose truth is known.

use super::*;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp, Gamma, Normal, Uniform};
use rand_pcg::Pcg64;

const SAMPLES: u64 = 2_000;

/// The share of samples, drawn under one seed each, whose interval holds `truth`.
fn covered(name: &str, truth: f64, of: impl Fn(&mut Pcg64, u64) -> Interval) {
    let held = (0..SAMPLES)
        .filter(|seed| of(&mut Pcg64::seed_from_u64(*seed), *seed).holds(truth))
        .count();
    let share = held as f64 / SAMPLES as f64;
    println!("{name}: {:.1} % (nominal 95 %)", 100.0 * share);
    assert!((0.93..=0.97).contains(&share), "{name}: {share}");
}

fn draws(law: &impl Distribution<f64>, stream: &mut Pcg64, count: usize) -> Vec<f64> {
    law.sample_iter(stream).take(count).collect()
}

fn bootstrap(seed: u64) -> Bootstrap {
    Bootstrap {
        replicates: 2_000,
        seed,
    }
}

fn boot_mean(values: &[f64], seed: u64) -> Interval {
    let mean = |times: &[u32]| {
        let sum: f64 = values
            .iter()
            .zip(times)
            .map(|(v, n)| v * f64::from(*n))
            .sum();
        sum / f64::from(times.iter().sum::<u32>())
    };
    bca(values.len(), 0.95, bootstrap(seed), mean).unwrap()
}

#[test]
fn student_on_ten_seeds() {
    let law = Normal::new(3.0, 2.0).unwrap();
    covered("t, 10 normal differences", 3.0, |stream, _| {
        paired_t(&draws(&law, stream, 10), 0.95).unwrap()
    });
}

#[test]
fn student_on_skewed_differences() {
    let law = Gamma::new(4.0, 0.5).unwrap();
    covered("t, 30 gamma differences", 2.0, |stream, _| {
        paired_t(&draws(&law, stream, 30), 0.95).unwrap()
    });
}

#[test]
fn bootstrap_on_ten_seeds() {
    let law = Normal::new(3.0, 2.0).unwrap();
    covered("BCa, 10 normal differences", 3.0, |stream, seed| {
        boot_mean(&draws(&law, stream, 10), seed)
    });
}

#[test]
fn bootstrap_on_skewed_differences() {
    let law = Gamma::new(4.0, 0.5).unwrap();
    covered("BCa, 30 gamma differences", 2.0, |stream, seed| {
        boot_mean(&draws(&law, stream, 30), seed)
    });
}

#[test]
fn blocks_of_jobs_that_depend_on_each_other() {
    // 30 days; a day's jobs share its congestion, their number varies from 5 to 60.
    let (day, job) = (Gamma::new(4.0, 0.5).unwrap(), Exp::new(1.0).unwrap());
    let size = Uniform::new(5.0, 60.0).unwrap();
    covered("blocks of days", 3.0, |stream, seed| {
        let mut clusters = Clusters::default();
        for at in 0..30 {
            let congestion = day.sample(stream);
            let jobs = size.sample(stream) as usize;
            for wait in draws(&job, stream, jobs) {
                clusters.add(at, congestion + wait);
            }
        }
        clusters.mean(0.95, bootstrap(seed)).unwrap()
    });
}

#[test]
fn jobs_taken_for_independent_would_be_far_off() {
    // The same jobs, every one its own cluster: what blocks are for.
    let (day, job) = (Gamma::new(4.0, 0.5).unwrap(), Exp::new(1.0).unwrap());
    let held = (0..200)
        .filter(|seed| {
            let stream = &mut Pcg64::seed_from_u64(*seed);
            let mut clusters = Clusters::default();
            for at in 0..30 {
                let congestion = day.sample(stream);
                for (n, wait) in draws(&job, stream, 30).into_iter().enumerate() {
                    clusters.add(30 * at + n, congestion + wait);
                }
            }
            let bootstrap = Bootstrap {
                replicates: 200,
                seed: *seed,
            };
            clusters.mean(0.95, bootstrap).unwrap().holds(3.0)
        })
        .count();
    assert!(held < 120, "{held} of 200");
}

#[test]
fn restricted_means_of_censored_waits() {
    // Mean 1, horizon uniform to 4: a quarter is cut off. E[min(X, 2)] = 1 − e^−2.
    let (wait, horizon) = (Exp::new(1.0).unwrap(), Uniform::new(0.0, 4.0).unwrap());
    let truth = 1.0 - (-2.0_f64).exp();
    covered("restricted mean, a quarter censored", truth, |stream, _| {
        let seen = (0..150).map(|_| {
            let (time, cut): (f64, f64) = (wait.sample(stream), horizon.sample(stream));
            Observed {
                time: time.min(cut),
                ended: time <= cut,
            }
        });
        let curve = Curve::new(seen.collect::<Vec<_>>());
        curve.restricted_mean(2.0, 0.95).unwrap().mean
    });
}

#[test]
fn traces_drawn_from_one_trace() {
    // A trace of 30 weeks under two policies; what differs between them is known for each week,
    // and 50 traces are drawn from it.
    let law = Gamma::new(4.0, 0.5).unwrap();
    covered("50 draws of 30 weeks", 2.0, |stream, seed| {
        let weeks = draws(&law, stream, 30);
        let mut resampled = Vec::new();
        Bootstrap {
            replicates: 50,
            seed,
        }
        .draw(30, |times| {
            let sum: f64 = weeks
                .iter()
                .zip(times)
                .map(|(v, n)| v * f64::from(*n))
                .sum();
            resampled.push(sum / 30.0);
        });
        let both = [vec![0.0; 50], resampled];
        let found = drawn::drawn(&[0.0, mean(&weeks)], &both, 30, 0, 0.95);
        found[1].difference.unwrap().interval
    });
}

#[test]
fn the_minimal_effect_is_seen_as_often_as_it_says() {
    // The effect of the true spread is planted; about 80 % of intervals exclude 0.
    let law = Normal::new(0.0, 1.0).unwrap();
    let planted = (2.262 + 0.883) / 10_f64.sqrt();
    let seen = (0..SAMPLES)
        .filter(|seed| {
            let mut pairs = draws(&law, &mut Pcg64::seed_from_u64(*seed), 10);
            pairs.iter_mut().for_each(|pair| *pair += planted);
            paired_t(&pairs, 0.95).unwrap().excludes(0.0)
        })
        .count();
    let share = seen as f64 / SAMPLES as f64;
    println!(
        "power at the minimal effect: {:.1} % (nominal 80 %)",
        100.0 * share
    );
    assert!((0.77..=0.83).contains(&share), "{share}");
}
