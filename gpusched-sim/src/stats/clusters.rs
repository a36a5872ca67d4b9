//! Means over jobs that depend on each other.

use super::bootstrap::at;
use super::{Bootstrap, Interval};

/// Values of jobs by the cluster they belong to: the day they arrived, the week, the user.
///
/// Jobs of one day wait in the same queue and jobs of one user look alike, so that they are far
/// fewer independent observations than jobs. Clusters are drawn as wholes.
///
/// ```
/// use gpusched_sim::stats::{Bootstrap, Clusters};
/// let mut waits = Clusters::default();
/// for (day, wait) in [(0, 10.0), (0, 14.0), (1, 2.0), (2, 7.0), (2, 9.0), (3, 4.0)] {
///     waits.add(day, wait);
/// }
/// let interval = waits.mean(0.95, Bootstrap::default()).unwrap();
/// assert_eq!(interval.estimate, 46.0 / 6.0);
/// assert!(interval.low < 6.0 && interval.high > 9.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clusters {
    sums: Vec<f64>,
    counts: Vec<f64>,
}

impl Clusters {
    /// Adds a job's value to a cluster; clusters count from 0, and those without a job do not
    /// count.
    pub fn add(&mut self, cluster: usize, value: f64) {
        if self.sums.len() <= cluster {
            self.sums.resize(cluster + 1, 0.0);
            self.counts.resize(cluster + 1, 0.0);
        }
        self.sums[cluster] += value;
        self.counts[cluster] += 1.0;
    }

    /// How many clusters hold a job.
    pub fn len(&self) -> usize {
        self.counts.iter().filter(|count| **count > 0.0).count()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The mean per job, with the interval that drawing clusters gives. The values may be paired
    /// differences, or logarithms of ratios. `None` with fewer than two clusters.
    ///
    /// The bootstrap-t (Efron 1981; Hall 1988): every replicate is measured in its own standard
    /// error, that of a ratio of sums over clusters. Of 2,000 samples of 30 days of unequal size
    /// (`coverage.rs`), BCa intervals held the truth in 92.8 %, these in 93.7 %. Replicates that drew
    /// one cluster only have no error and are left out.
    pub fn mean(&self, level: f64, bootstrap: Bootstrap) -> Option<Interval> {
        let there: Vec<(f64, f64)> = self
            .sums
            .iter()
            .zip(&self.counts)
            .filter(|(_, count)| **count > 0.0)
            .map(|(sum, count)| (*sum, *count))
            .collect();
        if there.len() < 2 {
            return None;
        }
        let (estimate, error) = ratio(&there, &vec![1; there.len()]);
        let mut studentised = Vec::with_capacity(bootstrap.replicates as usize);
        bootstrap.draw(there.len(), |times| {
            let (mean, its_error) = ratio(&there, times);
            if its_error > 0.0 {
                studentised.push((mean - estimate) / its_error);
            }
        });
        if studentised.is_empty() {
            // All clusters agree.
            studentised.push(0.0);
        }
        studentised.sort_by(f64::total_cmp);
        let tail = (1.0 - level) / 2.0;
        Some(Interval {
            estimate,
            low: estimate - error * at(&studentised, 1.0 - tail),
            high: estimate - error * at(&studentised, tail),
        })
    }
}

/// The mean per job of clusters (sum, jobs) that count so often each, and its standard error.
fn ratio(clusters: &[(f64, f64)], times: &[u32]) -> (f64, f64) {
    let all = || {
        let pairs = clusters.iter().zip(times);
        pairs.map(|((sum, count), times)| (*sum, *count, f64::from(*times)))
    };
    let sum: f64 = all().map(|(sum, _, times)| sum * times).sum();
    let count: f64 = all().map(|(_, count, times)| count * times).sum();
    let mean = sum / count;
    let squares = all().map(|(sum, count, times)| times * (sum - mean * count).powi(2));
    let drawn = clusters.len() as f64;
    let spread: f64 = squares.sum::<f64>() * drawn / (drawn - 1.0);
    (mean, spread.sqrt() / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_one_day_are_one_observation() {
        // Ten equal jobs a day instead of one: the interval does not narrow.
        let (mut once, mut often) = (Clusters::default(), Clusters::default());
        for (day, wait) in [3.0, 9.0, 4.0, 1.0, 7.0, 5.0].into_iter().enumerate() {
            once.add(day, wait);
            (0..10).for_each(|_| often.add(day, wait));
        }
        let of = |clusters: &Clusters| clusters.mean(0.95, Bootstrap::default()).unwrap();
        let (once, often) = (of(&once), of(&often));
        assert!((once.low - often.low).abs() < 1e-9 && (once.high - often.high).abs() < 1e-9);
    }

    #[test]
    fn days_without_jobs_are_no_observations() {
        let mut clusters = Clusters::default();
        clusters.add(0, 1.0);
        clusters.add(7, 2.0);
        assert_eq!(clusters.len(), 2);
        assert!(clusters.mean(0.95, Bootstrap::default()).is_some());
        assert!(Clusters::default().is_empty());
        assert_eq!(Clusters::default().mean(0.95, Bootstrap::default()), None);
    }
}
