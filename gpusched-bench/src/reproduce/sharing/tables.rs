//! Speeds of MISO's jobs by slice, and the partition a set of them is best served by.

use super::data::{ByShare, Job};
use super::miso::PARTITIONS;
use gpusched_core::performance::sharing::Speed;
use gpusched_core::performance::sharing::fit::fit_slices;
use gpusched_core::performance::sharing::slice::{Share, SliceProfile};
use std::collections::BTreeMap;

/// Speed of each kind of job on slices 0 to 7; `None` where it does not fit into memory.
pub(super) struct Tables {
    kinds: Vec<Job>,
    speeds: Vec<[Option<Speed>; 8]>,
}

/// Which job of a set goes where: the slice of each, and a sum of speeds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assignment {
    pub(super) slices: Vec<u32>,
    sum: u64,
}

impl Tables {
    /// As measured.
    pub(super) fn measured(jobs: &BTreeMap<Job, ByShare>) -> Tables {
        Tables::new(jobs, |times| SliceProfile::new(times, None))
    }

    /// By the law from the smallest slice a job fits and the whole device; which slices it fits
    /// is known.
    pub(super) fn law(jobs: &BTreeMap<Job, ByShare>) -> Tables {
        Tables::new(jobs, |times| {
            let ends = [times[0], times[times.len() - 1]];
            SliceProfile::new(&ends, fit_slices(&ends).ok())
        })
    }

    fn new(
        jobs: &BTreeMap<Job, ByShare>,
        profile: impl Fn(&[(Share, f64)]) -> SliceProfile,
    ) -> Tables {
        let share = |slices| Share::sevenths(slices).expect("one to seven slices");
        let row = |by_share: &ByShare| {
            let times: Vec<_> = by_share
                .iter()
                .map(|(&size, &time)| (share(size), time))
                .collect();
            let profile = profile(&times);
            let mut speeds = [None; 8];
            for &slices in by_share.keys() {
                speeds[slices as usize] = profile.rate(share(slices)).map(|rated| rated.speed);
            }
            speeds
        };
        Tables {
            kinds: jobs.keys().cloned().collect(),
            speeds: jobs.values().map(row).collect(),
        }
    }

    pub(super) fn index(&self, job: &Job) -> Option<usize> {
        self.kinds.binary_search(job).ok()
    }

    pub(super) fn speed(&self, kind: usize, slices: u32) -> Option<Speed> {
        self.speeds[kind][slices as usize]
    }

    /// The partition and assignment of largest sum of speeds (for a given set of jobs, of largest
    /// mean speed); the first found among equals. `None` when no partition takes them all.
    pub(super) fn best(&self, kinds: &[usize]) -> Option<Assignment> {
        let mut best: Option<Assignment> = None;
        for partition in PARTITIONS {
            if let Some(found) = self.assign(partition, kinds)
                && best.as_ref().is_none_or(|best| found.sum > best.sum)
            {
                best = Some(found);
            }
        }
        best
    }

    /// The best assignment to the slices of one partition: exhaustive, by sets of jobs served so
    /// far, slice after slice.
    fn assign(&self, partition: &[u32], kinds: &[usize]) -> Option<Assignment> {
        if kinds.len() > partition.len() {
            return None;
        }
        let all = (1usize << kinds.len()) - 1;
        let mut best: Vec<Option<Assignment>> = vec![None; all + 1];
        best[0] = Some(Assignment {
            slices: vec![0; kinds.len()],
            sum: 0,
        });
        for &slices in partition {
            // From large sets to small: a slice serves one job.
            for set in (0..=all).rev() {
                let Some(base) = best[set].clone() else {
                    continue;
                };
                for job in (0..kinds.len()).filter(|job| set >> job & 1 == 0) {
                    let Some(speed) = self.speed(kinds[job], slices) else {
                        continue;
                    };
                    let sum = base.sum + speed.parts();
                    let next = &mut best[set | 1 << job];
                    if next.as_ref().is_none_or(|next| sum > next.sum) {
                        let mut found = base.clone();
                        found.slices[job] = slices;
                        found.sum = sum;
                        *next = Some(found);
                    }
                }
            }
        }
        best.pop().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(rows: &[[f64; 5]]) -> Tables {
        let jobs = rows.iter().enumerate().map(|(job, times)| {
            let by_share = [1, 2, 3, 4, 7].into_iter().zip(*times);
            let known = by_share.filter(|(_, time)| *time > 0.0).collect();
            ((format!("job{job}"), 1), known)
        });
        Tables::measured(&jobs.collect())
    }

    #[test]
    fn a_job_alone_gets_the_device_and_two_the_best_cut() {
        // Job 0 halves its speed from 4g to 2g; job 1 is the same anywhere from 2g up.
        let tables = tables(&[[0.0, 2.0, 1.6, 1.25, 1.0], [0.0, 1.0, 1.0, 1.0, 1.0]]);
        assert_eq!(tables.best(&[0]).unwrap().slices, [7]);
        assert_eq!(tables.best(&[0, 1]).unwrap().slices, [4, 2]);
        // Two of job 0: 3+3 gives 0.625·2, 4+2 gives 0.8 + 0.5.
        let pair = tables.best(&[0, 0]).unwrap();
        assert_eq!(pair.slices.iter().sum::<u32>(), 6);
        assert_eq!(pair.slices.iter().max(), Some(&4));
        assert_eq!(tables.best(&[0; 4]), None, "nobody fits 1g");
    }
}
