//! Samples of one device, averaged and sorted by what they tell.

use super::{Company, Mode, Sample};
use crate::performance::sharing::fit::{
    Observation, PairForm, fit_homogeneous, fit_pairs, fit_slices,
};
use crate::performance::sharing::neighbours::Vectors;
use crate::performance::sharing::slice::{Share, SliceProfile};
use std::collections::BTreeMap;

/// What was measured, in slowdowns relative to the same share alone.
#[derive(Default)]
pub(super) struct Situations {
    /// Names, sorted.
    pub(super) jobs: Vec<String>,
    /// By job.
    pub(super) slices: Vec<SliceProfile>,
    /// By job: every situation with others, as measured.
    pub(super) company: Vec<Vec<Company>>,
    /// A job beside one other.
    pub(super) pairs: Vec<Observation>,
    /// By job: (clients, slowdown) among copies of itself.
    pub(super) copies: Vec<Vec<(u32, f64)>>,
    /// A job beside two or more, not all copies of it.
    pub(super) crowds: Vec<(usize, Vec<usize>, f64)>,
    /// (jobs taking turns, slowdown).
    pub(super) turns: Vec<(u32, f64)>,
    /// Rows that tell nothing.
    pub(super) unused: usize,
}

/// A situation: job, mode, share, company (sorted).
type Key = (usize, Mode, Share, Vec<usize>);

impl Situations {
    pub(super) fn of(samples: &[&Sample]) -> Situations {
        let mut situations = Situations {
            jobs: names(samples),
            ..Situations::default()
        };
        let means = situations.average(samples);
        situations.slices = situations.fit_slices(&means);
        situations.copies = vec![Vec::new(); situations.jobs.len()];
        situations.company = vec![Vec::new(); situations.jobs.len()];
        for ((job, mode, share, with), seconds, rows) in means {
            if with.is_empty() {
                continue;
            }
            match situations.slices[job].time(share) {
                Some((alone, _)) if mode != Mode::Alone => {
                    let names = with.iter().map(|&other| situations.jobs[other].clone());
                    let company = Company {
                        mode,
                        share,
                        with: names.collect(),
                        slowdown: seconds / alone,
                    };
                    situations.company[job].push(company);
                    situations.sort_in(job, mode, with, seconds / alone);
                }
                _ => situations.unused += rows,
            }
        }
        situations
    }

    fn index(&self, name: &str) -> Option<usize> {
        let position = self.jobs.binary_search_by(|known| known.as_str().cmp(name));
        position.ok()
    }

    /// Mean seconds and number of rows of each situation, in a fixed order.
    fn average(&mut self, samples: &[&Sample]) -> Vec<(Key, f64, usize)> {
        let mut sums: BTreeMap<Key, (f64, usize)> = BTreeMap::new();
        for sample in samples {
            if !(sample.step_s > 0.0 && sample.step_s.is_finite()) {
                self.unused += 1;
                continue;
            }
            let known = "every name was collected";
            let mut with: Vec<usize> = sample
                .with
                .iter()
                .map(|name| self.index(name).expect(known))
                .collect();
            with.sort_unstable();
            let job = self.index(&sample.job).expect(known);
            // Alone is alone, whatever it could have shared by.
            let mode = if with.is_empty() {
                Mode::Alone
            } else {
                sample.mode
            };
            let sum = sums.entry((job, mode, sample.share, with)).or_default();
            *sum = (sum.0 + sample.step_s, sum.1 + 1);
        }
        sums.into_iter()
            .map(|(key, (sum, rows))| (key, sum / rows as f64, rows))
            .collect()
    }

    fn fit_slices(&self, means: &[(Key, f64, usize)]) -> Vec<SliceProfile> {
        let mut times: Vec<Vec<(Share, f64)>> = vec![Vec::new(); self.jobs.len()];
        for ((job, _, share, with), seconds, _) in means {
            if with.is_empty() {
                times[*job].push((*share, *seconds));
            }
        }
        times
            .iter()
            .map(|times| SliceProfile::new(times, fit_slices(times).ok()))
            .collect()
    }

    fn sort_in(&mut self, job: usize, mode: Mode, with: Vec<usize>, slowdown: f64) {
        let clients = with.len() as u32 + 1;
        if mode == Mode::TimeSlicing {
            self.turns.push((clients, slowdown));
            return;
        }
        if with.iter().all(|&other| other == job) {
            self.copies[job].push((clients, slowdown));
        }
        match with[..] {
            [neighbour] => self.pairs.push(Observation {
                victim: job,
                neighbour,
                slowdown,
            }),
            _ if with.iter().any(|&other| other != job) => self.crowds.push((job, with, slowdown)),
            _ => {}
        }
    }

    /// Vectors of all jobs, from the pairs `seen` lets through.
    pub(super) fn fit_pairs(
        &self,
        form: PairForm,
        seed: u64,
        seen: impl Fn(usize) -> bool,
    ) -> Vec<Vectors> {
        let pairs: Vec<Observation> = (0..self.pairs.len())
            .filter(|&index| seen(index))
            .map(|index| self.pairs[index])
            .collect();
        fit_pairs(form, self.jobs.len(), &pairs, seed).jobs
    }

    pub(super) fn is_paired(&self, job: usize) -> bool {
        self.pairs
            .iter()
            .any(|pair| pair.victim == job || pair.neighbour == job)
    }

    pub(super) fn fit_copies(&self, job: usize) -> Option<f64> {
        fit_homogeneous(&self.copies[job]).ok()
    }

    pub(super) fn turn_cost(&self) -> Option<f64> {
        turn_cost(self.turns.iter().copied())
    }
}

/// The factor `k` of `slowdown = k · clients`, by least squares of relative error.
pub(super) fn turn_cost(turns: impl Iterator<Item = (u32, f64)>) -> Option<f64> {
    let (mut along, mut square) = (0.0, 0.0);
    for (clients, slowdown) in turns {
        let ratio = f64::from(clients) / slowdown;
        along += ratio;
        square += ratio * ratio;
    }
    (square > 0.0).then(|| along / square)
}

/// Every name that occurs, as a job or as company, once and sorted.
fn names(samples: &[&Sample]) -> Vec<String> {
    let mut names: Vec<String> = samples
        .iter()
        .flat_map(|sample| std::iter::once(&sample.job).chain(&sample.with))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
