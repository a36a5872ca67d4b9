//! The twin: the least code that replays FIFO with first-fit and records start and node.
//!
//! No roles, no checks, no reasons, no metrics: what is left is what the machine can do at all.
//! The engine is measured against it, and must make the same decisions.

use super::workload::PlainJob;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Start (µs) and node of every job.
pub type Schedule = Vec<(i64, u32)>;

/// Bitmaps of nodes with at least *k* free GPUs, each with one summary level.
struct Levels {
    words: Vec<Vec<u64>>,
    summary: Vec<Vec<u64>>,
    free: Vec<u8>,
}

impl Levels {
    fn new(nodes: usize) -> Levels {
        let words = nodes.div_ceil(64);
        let mut levels = Levels {
            words: vec![vec![0; words]; 9],
            summary: vec![vec![0; words.div_ceil(64)]; 9],
            free: vec![0; nodes],
        };
        (0..nodes).for_each(|node| levels.set(node, 8));
        levels
    }

    fn first(&self, need: usize) -> Option<usize> {
        let (at, &summary) = self.summary[need]
            .iter()
            .enumerate()
            .find(|(_, summary)| **summary != 0)?;
        let word = at * 64 + summary.trailing_zeros() as usize;
        Some(word * 64 + self.words[need][word].trailing_zeros() as usize)
    }

    fn set(&mut self, node: usize, free: u8) {
        let before = std::mem::replace(&mut self.free[node], free);
        let (word, bit) = (node / 64, 1u64 << (node % 64));
        for level in usize::from(before) + 1..=usize::from(free) {
            self.words[level][word] |= bit;
            self.summary[level][word / 64] |= 1 << (word % 64);
        }
        for level in usize::from(free) + 1..=usize::from(before) {
            self.words[level][word] &= !bit;
            if self.words[level][word] == 0 {
                self.summary[level][word / 64] &= !(1 << (word % 64));
            }
        }
    }
}

/// Replays `jobs` on `nodes` nodes of 8 GPUs.
pub fn fifo_first_fit(jobs: &[PlainJob], nodes: usize) -> Schedule {
    let mut levels = Levels::new(nodes);
    let mut schedule = vec![(-1, 0); jobs.len()];
    let mut running: BinaryHeap<Reverse<(i64, u32)>> = BinaryHeap::new();
    let mut queue: VecDeque<u32> = VecDeque::new();
    let mut arrivals = jobs.iter().enumerate().peekable();
    loop {
        let arrival = arrivals.peek().map(|(_, job)| job.submit);
        let finish = running.peek().map(|Reverse((at, _))| *at);
        let now = match (arrival, finish) {
            (None, None) => return schedule,
            (Some(arrival), Some(finish)) => arrival.min(finish),
            (Some(only), None) | (None, Some(only)) => only,
        };
        while let Some(&Reverse((at, job))) = running.peek() {
            if at > now {
                break;
            }
            running.pop();
            let node = schedule[job as usize].1 as usize;
            levels.set(node, levels.free[node] + jobs[job as usize].gpus as u8);
        }
        while let Some((index, _)) = arrivals.next_if(|(_, job)| job.submit <= now) {
            queue.push_back(index as u32);
        }
        while let Some(&head) = queue.front() {
            let job = jobs[head as usize];
            let Some(node) = levels.first(job.gpus as usize) else {
                break;
            };
            queue.pop_front();
            levels.set(node, levels.free[node] - job.gpus as u8);
            schedule[head as usize] = (now, node as u32);
            running.push(Reverse((now + job.run, head)));
        }
    }
}
