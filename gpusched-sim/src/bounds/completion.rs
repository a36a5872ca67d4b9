//! Mean completion time.

use super::Task;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A lower bound on Σ (end − submission), µs.
///
/// For each group of models that jobs tie together: the larger of Σ run times (nobody waits), and
/// Σ (mean busy time − submission + half the run time) with all GPUs of the group as one machine of
/// their joint speed. A job that runs for p in one piece is busy on average p / 2 before its end, and
/// stopping in between only moves that mean forward. The least sum of mean busy times is reached by
/// always working at the job with the least area of those there (Goemans 1997; Goemans, Queyranne,
/// Schulz, Skutella and Wang 2002). O(jobs log jobs).
pub(super) fn total(tasks: &[Task], capacity: &[i64]) -> f64 {
    let groups = groups(tasks, capacity.len());
    let mut sum = 0.0;
    for group in &groups {
        let members = |task: &&Task| task.models & group != 0;
        let alone: f64 = tasks
            .iter()
            .filter(members)
            .map(|task| task.run.0 as f64)
            .sum();
        let milli: i64 = bits(*group).map(|model| capacity[model]).sum();
        let tasks: Vec<&Task> = tasks.iter().filter(members).collect();
        sum += alone.max(busy(&tasks, milli));
    }
    // CPU jobs, and jobs that take no time.
    let free = tasks.iter().filter(|task| task.models == 0);
    sum + free.map(|task| task.run.0 as f64).sum::<f64>()
}

fn bits(mask: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |bit| mask >> bit & 1 == 1)
}

/// Masks of models that some job may choose among, joined where they overlap.
fn groups(tasks: &[Task], models: usize) -> Vec<u64> {
    let known = match models {
        64 => u64::MAX,
        models => (1_u64 << models) - 1,
    };
    let mut groups: Vec<u64> = Vec::new();
    for mask in tasks.iter().map(|task| task.models & known) {
        if mask == 0 || groups.iter().any(|group| mask & !group == 0) {
            continue;
        }
        let touching = groups.iter().filter(|group| *group & mask != 0);
        let joined = touching.fold(mask, |all, group| all | group);
        groups.retain(|group| group & mask == 0);
        groups.push(joined);
    }
    groups
}

/// Σ (mean busy time − submission + run / 2) of tasks in order of submission on a machine of so
/// many milli-GPU, the least area first.
fn busy(tasks: &[&Task], milli: i64) -> f64 {
    if milli == 0 {
        return 0.0;
    }
    let speed = milli as f64;
    // (area, task, area left): the least area on top.
    let mut open: BinaryHeap<Reverse<(i128, usize)>> = BinaryHeap::new();
    let mut left: Vec<f64> = tasks.iter().map(|task| task.area as f64).collect();
    let (mut next, mut now, mut sum) = (0, 0.0, 0.0);
    while next < tasks.len() || !open.is_empty() {
        if open.is_empty() {
            now = f64::max(now, tasks[next].submit.0 as f64);
        }
        while next < tasks.len() && tasks[next].submit.0 as f64 <= now {
            open.push(Reverse((tasks[next].area, next)));
            next += 1;
        }
        let Some(&Reverse((area, at))) = open.peek() else {
            continue;
        };
        let until = tasks
            .get(next)
            .map_or(f64::INFINITY, |task| task.submit.0 as f64);
        let done = (now + left[at] / speed).min(until);
        if area > 0 {
            // Its part of the mean busy time: the share of its area done here, at the middle.
            let share = ((done - now) * speed / area as f64).min(1.0);
            sum += share * (now + done) / 2.0;
        } else {
            sum += now;
        }
        left[at] -= (done - now) * speed;
        if done < until || left[at] <= 1e-6 * area as f64 {
            open.pop();
            sum += tasks[at].run.0 as f64 / 2.0 - tasks[at].submit.0 as f64;
            // What rounding left undone counts at its earliest, which only lowers the bound.
        }
        now = done;
    }
    sum
}
