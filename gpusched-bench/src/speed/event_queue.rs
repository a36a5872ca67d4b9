//! The heap of finishes against the standard library's, in the hold model: pop the earliest, push
//! it back later.

use super::{Effort, Figure, least_seconds};
use gpusched_core::ids::JobId;
use gpusched_core::units::Time;
use gpusched_sim::engine::{EventQueue, Finish};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Pending events: what a busy cluster of some thousand GPUs has running.
pub const PENDING: u32 = 8_000;

/// Later by up to 2^20 µs, from the order of the event: cheap, and the same for every structure.
fn later(finish: Finish) -> Finish {
    let mix = u64::from(finish.order).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44;
    Finish {
        at: Time(finish.at.0 + 1 + mix as i64),
        order: finish.order.wrapping_add(PENDING),
        ..finish
    }
}

fn initial() -> impl Iterator<Item = Finish> {
    (0..PENDING).map(|order| {
        later(Finish {
            at: Time(0),
            order,
            job: JobId(order),
        })
    })
}

/// `holds` operations on the engine's heap; the instant of the last event popped.
pub fn ours(holds: usize) -> Time {
    let mut queue = EventQueue::default();
    initial().for_each(|finish| queue.push(finish));
    let mut last = Time::ZERO;
    for _ in 0..holds {
        if let Some(finish) = queue.pop_at(Time::NEVER) {
            last = finish.at;
            queue.push(later(finish));
        }
    }
    last
}

/// The same on the standard library's binary heap.
pub fn standard(holds: usize) -> Time {
    let mut queue: BinaryHeap<Reverse<Finish>> = initial().map(Reverse).collect();
    let mut last = Time::ZERO;
    for _ in 0..holds {
        if let Some(Reverse(finish)) = queue.pop() {
            last = finish.at;
            queue.push(Reverse(later(finish)));
        }
    }
    last
}

pub(super) fn figure(effort: Effort) -> Figure {
    let holds = effort.of(5_000_000);
    let (fast, at) = least_seconds(3, || ours(holds));
    let (slow, twin_at) = least_seconds(3, || standard(holds));
    let nanos = |seconds: f64| seconds * 1e9 / holds as f64;
    Figure {
        what: format!("event queue, hold model, {PENDING} pending"),
        figure: format!("{:.0} ns per pop and push", nanos(fast)),
        against: format!("std BinaryHeap: {:.0} ns", nanos(slow)),
        ratio: format!("{:.2}x, {}", slow / fast, super::decisions(at == twin_at)),
        bound: None,
    }
}
