//! The twin of `easy`: one pool of identical processors, nothing but counts.
//!
//! It recomputes everything in every pass, straight from the definition, so it also serves to
//! check that what the policy remembers between passes changes no decision.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One rigid job.
#[derive(Clone, Copy, Debug)]
pub struct RigidJob {
    /// Arrival, µs.
    pub submit: i64,
    /// Run time, µs.
    pub run: i64,
    /// Estimate, µs; at least the run time.
    pub estimate: i64,
    /// Processors.
    pub procs: u32,
}

/// Start of every job (µs), batched events.
pub fn easy(jobs: &[RigidJob], procs: u32) -> Vec<i64> {
    let mut starts = vec![-1; jobs.len()];
    let mut free = procs;
    let mut finishes: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    // Believed ends of running jobs, ascending.
    let mut believed: Vec<(i64, usize)> = Vec::new();
    let mut queue: Vec<usize> = Vec::new();
    let mut next = 0;
    loop {
        let arrival = jobs.get(next).map(|job| job.submit);
        let finish = finishes.peek().map(|Reverse((at, _))| *at);
        let now = match (arrival, finish) {
            (None, None) => return starts,
            (Some(arrival), Some(finish)) => arrival.min(finish),
            (Some(only), None) | (None, Some(only)) => only,
        };
        while let Some(&Reverse((at, job))) = finishes.peek() {
            if at > now {
                break;
            }
            finishes.pop();
            free += jobs[job].procs;
            let entry = (starts[job] + jobs[job].estimate, job);
            let at = believed.binary_search(&entry).expect("it was running");
            believed.remove(at);
        }
        while next < jobs.len() && jobs[next].submit <= now {
            queue.push(next);
            next += 1;
        }
        let mut start = |job: usize, free: &mut u32, believed: &mut Vec<(i64, usize)>| {
            *free -= jobs[job].procs;
            starts[job] = now;
            finishes.push(Reverse((now + jobs[job].run, job)));
            let entry = (now + jobs[job].estimate, job);
            let at = believed.binary_search(&entry).unwrap_err();
            believed.insert(at, entry);
        };
        let heads = queue
            .iter()
            .take_while(|&&job| {
                let fits = jobs[job].procs <= free;
                if fits {
                    start(job, &mut free, &mut believed);
                }
                fits
            })
            .count();
        queue.drain(..heads);
        let Some(&head) = queue.first() else {
            continue;
        };
        let (mut shadow, mut at_shadow) = (now, free);
        for &(end, job) in &believed {
            if at_shadow >= jobs[head].procs && end > shadow {
                break;
            }
            at_shadow += jobs[job].procs;
            shadow = end;
        }
        let mut extra = at_shadow - jobs[head].procs;
        queue.retain(|&job| {
            let procs = jobs[job].procs;
            if job == head || procs > free {
                return true;
            }
            let ends_by_shadow = now + jobs[job].estimate <= shadow;
            if !ends_by_shadow && procs > extra {
                return true;
            }
            if !ends_by_shadow {
                extra -= procs;
            }
            start(job, &mut free, &mut believed);
            false
        });
    }
}
