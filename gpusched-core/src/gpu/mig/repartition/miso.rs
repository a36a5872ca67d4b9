//! The choice of MISO (SoCC 2022, arXiv 2207.11428): the partition and assignment with the highest
//! mean predicted speed, found by looking at all of them.
//!
//! The published list has 18 partitions because its driver forbade 4g beside 3g; build the
//! geometry with [`Rules`](super::super::Rules) to get those.

use super::super::enumerate::maximal_multisets;
use super::super::geometry::{Geometry, ProfileSet};
use super::super::profiles::ProfileRow;

/// A partition with a job on each of its first instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The instance of each job, in the order of the jobs.
    pub of_job: Vec<ProfileRow>,
    /// Instances left idle.
    pub idle: Vec<ProfileRow>,
    /// Mean predicted speed.
    pub speed: f64,
}

/// Chooses among all maximal multisets of `set`. `speeds[job][row]` is the predicted speed of a
/// job in an instance, relative to the whole GPU; zero or less means that it does not fit.
///
/// `None` when there is no job, or no partition runs them all. Ties go to the partition with the
/// larger instances, then to the earlier job. O(partitions × 2⁷ × jobs).
///
/// ```
/// use gpusched_core::gpu::mig::{board, repartition::best_partition, Geometry};
/// let a100 = Geometry::of(board("A100-40GB").unwrap()).unwrap();
/// let speed = |one: f64, two, three, four| {
///     let mut row = vec![0.0; 7];
///     for (name, speed) in [("1g.5gb", one), ("2g.10gb", two), ("3g.20gb", three), ("4g.20gb", four), ("7g.40gb", 1.0)] {
///         row[a100.row(name).unwrap().index()] = speed;
///     }
///     row
/// };
/// // Measured by MISO: a transformer scales with its slice, a mobilenet hardly cares.
/// let jobs = [speed(0.164, 0.318, 0.535, 0.595), speed(0.81, 0.905, 0.971, 0.983)];
/// let best = best_partition(&a100, a100.base(), &jobs).unwrap();
/// let names: Vec<_> = best.of_job.iter().map(|&row| a100.profile(row).name).collect();
/// assert_eq!(names, ["4g.20gb", "3g.20gb"]);
/// ```
pub fn best_partition(
    geometry: &Geometry,
    set: ProfileSet,
    speeds: &[Vec<f64>],
) -> Option<Partition> {
    if speeds.is_empty() {
        return None;
    }
    let mut best: Option<Partition> = None;
    for multiset in maximal_multisets(geometry, set) {
        let instances: Vec<ProfileRow> = (0..multiset.len() as u8)
            .rev()
            .map(ProfileRow)
            .flat_map(|row| std::iter::repeat_n(row, usize::from(multiset[row.index()])))
            .collect();
        if instances.len() < speeds.len() {
            continue;
        }
        let Some(found) = assign(&instances, speeds) else {
            continue;
        };
        if best.as_ref().is_none_or(|best| found.speed > best.speed) {
            best = Some(found);
        }
    }
    best
}

/// The best assignment of jobs to instances: a table over sets of taken instances.
fn assign(instances: &[ProfileRow], speeds: &[Vec<f64>]) -> Option<Partition> {
    let sets = 1usize << instances.len();
    // Highest total of the first jobs on exactly this set, and the instance of the last of them.
    let mut total = vec![f64::NEG_INFINITY; sets];
    let mut last = vec![usize::MAX; sets];
    total[0] = 0.0;
    for taken in 1..sets {
        let job = taken.count_ones() as usize - 1;
        let Some(of_job) = speeds.get(job) else {
            continue;
        };
        for (at, row) in instances
            .iter()
            .enumerate()
            .filter(|(at, _)| taken >> at & 1 == 1)
        {
            let speed = of_job[row.index()];
            let sum = total[taken & !(1 << at)] + speed;
            if speed > 0.0 && sum > total[taken] {
                total[taken] = sum;
                last[taken] = at;
            }
        }
    }
    let jobs = speeds.len();
    let full = (0..sets).filter(|taken| taken.count_ones() as usize == jobs);
    let best = full.fold(None, |best: Option<usize>, taken| match best {
        Some(best) if total[taken] <= total[best] => Some(best),
        _ => Some(taken),
    })?;
    if total[best] == f64::NEG_INFINITY {
        return None;
    }
    let mut taken = best;
    let mut of_job = vec![instances[0]; jobs];
    for job in (0..jobs).rev() {
        of_job[job] = instances[last[taken]];
        taken &= !(1 << last[taken]);
    }
    let idle = (0..instances.len()).filter(|at| best >> at & 1 == 0);
    Some(Partition {
        of_job,
        idle: idle.map(|at| instances[at]).collect(),
        speed: total[best] / jobs as f64,
    })
}
