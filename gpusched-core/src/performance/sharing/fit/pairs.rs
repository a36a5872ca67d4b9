//! What each job feels and does, from measured pairs.
//!
//! `slowdown_ij − 1 = S_i·P_j` is a factorisation of a table with holes. It is fitted by turns:
//! with all pressures held, each sensitivity is a small least-squares problem, and the other way
//! round. Two things keep it tame on few pairs:
//!
//! * **Ridge towards the mean.** A job seen in few pairs is pulled to the average job, not to one
//!   that feels nothing. A job never seen is the average job.
//! * **Weights.** An error of the slowdown matters less when the slowdown is large: the error of
//!   the *speed* 1/s is the error of s divided by s². Squared, the weight is s⁻⁴.

use super::linear::solve;
use crate::performance::sharing::neighbours::{RANK, Vectors};
use rand::Rng;
use rand_pcg::Pcg64;
use serde::Serialize;

/// One measured slowdown: `victim` beside `neighbour` (indices of jobs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Who was slowed down.
    pub victim: usize,
    /// Beside whom.
    pub neighbour: usize,
    /// Time together over time alone.
    pub slowdown: f64,
}

/// The forms a pair law can have, simplest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairForm {
    /// Everybody is as fast as the mean member of a pair.
    Constant,
    /// One number per job, how much it wants: what is felt is that number of the neighbour.
    Scalar,
    /// One sensitivity and one pressure per job.
    Rank1,
    /// Two of each.
    Rank2,
}

impl PairForm {
    /// All, simplest first.
    pub const ALL: [PairForm; 4] = [
        PairForm::Constant,
        PairForm::Scalar,
        PairForm::Rank1,
        PairForm::Rank2,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            PairForm::Constant => "constant",
            PairForm::Scalar => "scalar",
            PairForm::Rank1 => "rank-1",
            PairForm::Rank2 => "rank-2",
        }
    }
}

/// A fitted pair law.
#[derive(Clone, Debug, PartialEq)]
pub struct PairLaw {
    /// Its form.
    pub form: PairForm,
    /// By job.
    pub jobs: Vec<Vectors>,
}

impl PairLaw {
    /// The speed of `victim` beside `neighbour`, relative to alone.
    pub fn speed(&self, victim: usize, neighbour: usize) -> f64 {
        1.0 / (1.0 + self.jobs[victim].felt_from(&self.jobs[neighbour]))
    }
}

/// Strength of the pull to the mean, in observations of mean weight. Chosen on a split of the
/// Gavel pairs other than the ones errors are reported on; anything from 0.03 to 0.3 does.
const RIDGE: f64 = 0.1;

/// Turns of the fit; the Gavel pairs settle within 30.
const ROUNDS: usize = 60;

/// Tells this stream from those of other purposes under the same seed.
const PURPOSE: u128 = u128::from_be_bytes(*b"sharing-fit-rank");

/// Fits a law of the given form for `jobs` jobs. Observations that are not positive numbers, or
/// name no such job, are left out. Deterministic in its input and `seed`, which only breaks the
/// symmetry between the two factors of rank 2. O(rounds · observations).
pub fn fit_pairs(form: PairForm, jobs: usize, seen: &[Observation], seed: u64) -> PairLaw {
    let usable = |seen: &&Observation| {
        seen.victim < jobs
            && seen.neighbour < jobs
            && seen.slowdown > 0.0
            && seen.slowdown.is_finite()
    };
    let seen: Vec<Observation> = seen.iter().filter(usable).copied().collect();
    let mean = 1.0 / mean_speed(&seen) - 1.0;
    let mut fit = Fit::new(jobs, mean, &seen);
    match form {
        PairForm::Constant => {}
        PairForm::Scalar => fit.update(Side::Pressure, 1),
        PairForm::Rank1 => fit.alternate(1),
        PairForm::Rank2 => {
            // The second factor explains what a settled first one leaves.
            fit.alternate(1);
            fit.tilt(seed);
            fit.alternate(2);
        }
    }
    PairLaw {
        form,
        jobs: fit.jobs,
    }
}

fn mean_speed(seen: &[Observation]) -> f64 {
    if seen.is_empty() {
        return 1.0;
    }
    seen.iter().map(|one| 1.0 / one.slowdown).sum::<f64>() / seen.len() as f64
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Sensitivity,
    Pressure,
}

struct Fit<'a> {
    jobs: Vec<Vectors>,
    seen: &'a [Observation],
    /// Observations by victim, and by neighbour.
    by_victim: Vec<Vec<usize>>,
    by_neighbour: Vec<Vec<usize>>,
    ridge: f64,
}

impl<'a> Fit<'a> {
    fn new(jobs: usize, mean: f64, seen: &'a [Observation]) -> Fit<'a> {
        let mut by_victim = vec![Vec::new(); jobs];
        let mut by_neighbour = vec![Vec::new(); jobs];
        for (index, one) in seen.iter().enumerate() {
            by_victim[one.victim].push(index);
            by_neighbour[one.neighbour].push(index);
        }
        let weights: f64 = seen.iter().map(|one| weight(one.slowdown)).sum();
        Fit {
            jobs: vec![Vectors::homogeneous(mean.max(0.0)); jobs],
            seen,
            by_victim,
            by_neighbour,
            ridge: RIDGE * weights / seen.len().max(1) as f64,
        }
    }

    fn alternate(&mut self, rank: usize) {
        for _ in 0..ROUNDS {
            self.update(Side::Sensitivity, rank);
            self.update(Side::Pressure, rank);
            self.balance(rank);
        }
    }

    /// Gives every job a small second factor, drawn.
    fn tilt(&mut self, seed: u64) {
        let mut stream = Pcg64::new(u128::from(seed), PURPOSE);
        let mut draw = |size: f64| {
            let unit = (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            size * (2.0 * unit - 1.0)
        };
        for job in &mut self.jobs {
            job.sensitivity[1] = draw(0.1 * job.sensitivity[0]);
            job.pressure[1] = draw(0.1 * job.pressure[0]);
        }
    }

    /// Least squares of one side's vectors with the other side held.
    fn update(&mut self, side: Side, rank: usize) {
        let mean = self.mean(side);
        let (index, held): (_, Vec<[f64; RANK]>) = match side {
            Side::Sensitivity => (
                &self.by_victim,
                self.jobs.iter().map(|job| job.pressure).collect(),
            ),
            Side::Pressure => (
                &self.by_neighbour,
                self.jobs.iter().map(|job| job.sensitivity).collect(),
            ),
        };
        // The pull must not depend on how the two sides share one magnitude.
        let scale = held.iter().map(dot_self).sum::<f64>() / held.len().max(1) as f64;
        let pull = self.ridge * scale.max(f64::MIN_POSITIVE);
        for (job, rows) in index.iter().enumerate() {
            let mut matrix = [[0.0; RANK]; RANK];
            let mut right = [0.0; RANK];
            for factor in 0..rank {
                matrix[factor][factor] = pull;
                right[factor] = pull * mean[factor];
            }
            for &row in rows {
                let one = self.seen[row];
                let other = match side {
                    Side::Sensitivity => held[one.neighbour],
                    Side::Pressure => held[one.victim],
                };
                let weight = weight(one.slowdown);
                for a in 0..rank {
                    right[a] += weight * other[a] * (one.slowdown - 1.0);
                    for b in 0..rank {
                        matrix[a][b] += weight * other[a] * other[b];
                    }
                }
            }
            let solved = solve(matrix, right, rank);
            if solved.iter().all(|value| value.is_finite()) {
                match side {
                    Side::Sensitivity => self.jobs[job].sensitivity = solved,
                    Side::Pressure => self.jobs[job].pressure = solved,
                }
            }
        }
    }

    fn mean(&self, side: Side) -> [f64; RANK] {
        let mut mean = [0.0; RANK];
        for job in &self.jobs {
            let vector = match side {
                Side::Sensitivity => job.sensitivity,
                Side::Pressure => job.pressure,
            };
            for factor in 0..RANK {
                mean[factor] += vector[factor] / self.jobs.len() as f64;
            }
        }
        mean
    }

    /// Moves magnitude between the sides until both are as large: only their product is known,
    /// and the ridge should pull at both alike.
    fn balance(&mut self, rank: usize) {
        for factor in 0..rank {
            let size = |of: fn(&Vectors) -> [f64; RANK]| {
                let squares = self
                    .jobs
                    .iter()
                    .map(|job| of(job)[factor] * of(job)[factor]);
                squares.sum::<f64>().sqrt()
            };
            let ratio = (size(|job| job.pressure) / size(|job| job.sensitivity)).sqrt();
            if ratio > 0.0 && ratio.is_finite() {
                for job in &mut self.jobs {
                    job.sensitivity[factor] *= ratio;
                    job.pressure[factor] /= ratio;
                }
            }
        }
    }
}

/// See the module: slowdown⁻⁴.
fn weight(slowdown: f64) -> f64 {
    let square = slowdown * slowdown;
    1.0 / (square * square)
}

fn dot_self(vector: &[f64; RANK]) -> f64 {
    vector.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(jobs: usize, rank: usize) -> (Vec<Vectors>, Vec<Observation>) {
        let wave = |job: usize, step: usize| ((job * step) % 11) as f64 / 11.0;
        let vectors: Vec<Vectors> = (0..jobs)
            .map(|job| Vectors {
                sensitivity: [0.4 + wave(job, 3), wave(job, 5) * (rank - 1) as f64],
                pressure: [0.3 + wave(job, 7), wave(job, 2) * (rank - 1) as f64],
            })
            .collect();
        let seen = (0..jobs * jobs)
            .map(|cell| Observation {
                victim: cell / jobs,
                neighbour: cell % jobs,
                slowdown: 1.0 + vectors[cell / jobs].felt_from(&vectors[cell % jobs]),
            })
            .collect();
        (vectors, seen)
    }

    fn held_out(form: PairForm, jobs: usize, seen: &[Observation]) -> f64 {
        let (test, train): (Vec<_>, Vec<_>) = seen
            .iter()
            .partition(|one| (one.victim * 5 + one.neighbour).is_multiple_of(7));
        let train: Vec<Observation> = train.into_iter().copied().collect();
        let law = fit_pairs(form, jobs, &train, 1);
        let errors = test
            .iter()
            .map(|one| (law.speed(one.victim, one.neighbour) - 1.0 / one.slowdown).abs());
        errors.sum::<f64>() / test.len() as f64
    }

    #[test]
    fn planted_vectors_predict_pairs_never_seen() {
        let (_, rank1) = planted(20, 1);
        assert!(held_out(PairForm::Rank1, 20, &rank1) < 0.005);
        let (_, rank2) = planted(20, 2);
        let two = held_out(PairForm::Rank2, 20, &rank2);
        let one = held_out(PairForm::Rank1, 20, &rank2);
        let none = held_out(PairForm::Constant, 20, &rank2);
        assert!(two < 0.01 && two < one && one < none, "{two} {one} {none}");
    }

    #[test]
    fn the_constant_is_the_mean_speed() {
        let seen = [(2.0, 0, 1), (4.0, 1, 0)].map(|(slowdown, victim, neighbour)| Observation {
            victim,
            neighbour,
            slowdown,
        });
        let law = fit_pairs(PairForm::Constant, 2, &seen, 0);
        assert!((law.speed(0, 1) - 0.375).abs() < 1e-12);
    }

    #[test]
    fn nothing_seen_is_no_slowdown_and_a_stranger_is_average() {
        let law = fit_pairs(PairForm::Rank2, 3, &[], 0);
        assert_eq!(law.speed(0, 1), 1.0);
        let seen: Vec<_> = [(0, 1), (1, 0), (0, 0), (1, 1)]
            .map(|(victim, neighbour)| Observation {
                victim,
                neighbour,
                slowdown: 2.0,
            })
            .into();
        let law = fit_pairs(PairForm::Rank1, 3, &seen, 0);
        assert!((law.speed(2, 2) - 0.5).abs() < 1e-6, "{}", law.speed(2, 2));
    }

    #[test]
    fn the_same_seed_gives_the_same_bits() {
        let (_, seen) = planted(12, 2);
        let fit = |seed| fit_pairs(PairForm::Rank2, 12, &seen, seed);
        assert_eq!(fit(3), fit(3));
    }

    #[test]
    fn nonsense_is_left_out() {
        let bad = |slowdown, victim| Observation {
            victim,
            neighbour: 0,
            slowdown,
        };
        let law = fit_pairs(
            PairForm::Rank1,
            1,
            &[bad(f64::NAN, 0), bad(0.0, 0), bad(2.0, 9)],
            0,
        );
        assert_eq!(law.speed(0, 0), 1.0);
    }
}
