//! Which seats pods get, and which GPUs within: the scheduler HiveD runs inside a virtual cluster,
//! and, for opportunistic jobs, over all machines.

use super::state::{FREE, Use};
use crate::cluster::cells::{CellId, Chain, Forest};

/// A seat, as it looks to a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// Its number.
    pub(super) number: usize,
    /// Whether it can be used.
    pub(super) good: bool,
    /// GPUs not used at the job's priority or above.
    pub(super) room: u32,
    /// GPUs used at the job's priority; or at any, where priorities are packed together.
    used: u32,
    /// GPUs used at higher priorities.
    above: u32,
}

impl Seat {
    /// A seat for a job of `priority`. `together`: whether it is the better the more is used at any
    /// priority, which is so within a virtual cluster. Opportunistic jobs go to one another and stay
    /// away from those who may evict them.
    pub(super) fn new(
        number: usize,
        gpus: u32,
        good: bool,
        users: &[(i32, u32)],
        priority: i32,
        together: bool,
    ) -> Seat {
        let sum = |keep: &dyn Fn(i32) -> bool| {
            let kept = users.iter().filter(|(at, _)| keep(*at));
            kept.map(|(_, count)| count).sum::<u32>()
        };
        Seat {
            number,
            good,
            room: gpus - sum(&|at| at >= priority),
            used: sum(&|at| together || at == priority),
            above: match together {
                true => 0,
                false => sum(&|at| at > priority),
            },
        }
    }
}

/// A pod that wants a seat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// GPUs.
    pub(super) gpus: u32,
    /// Most pods like it on one machine.
    pub(super) limit: u32,
}

/// A seat for each pod (pods by size, smallest first): seats in the order of use, most first, each
/// filled before the next is looked at. `None` = there is no room, or a seat that cannot be used
/// would have to be. O(seats × log seats).
///
/// Ties: the seat of lowest number. One pass, as upstream makes it: a small pod may take the place a
/// large one behind it needs.
pub(super) fn seats_for(seats: &mut [Seat], wishes: &[Wish]) -> Option<Vec<usize>> {
    seats.sort_by_key(|seat| {
        let most = std::cmp::Reverse(seat.used);
        (!seat.good, most, seat.above, seat.number)
    });
    let mut chosen = Vec::with_capacity(wishes.len());
    let mut seats = seats.iter();
    let mut seat = seats.next()?;
    let (mut taken, mut pods) = (0, 0);
    for wish in wishes {
        while seat.room < taken + wish.gpus || pods >= wish.limit {
            seat = seats.next()?;
            (taken, pods) = (0, 0);
        }
        if !seat.good {
            return None;
        }
        chosen.push(seat.number);
        taken += wish.gpus;
        pods += 1;
    }
    Some(chosen)
}

/// The leaves of a seat a job of `priority` may have: free ones first, then those it may take from
/// others.
pub(super) fn available(forest: &Forest, seat: CellId, used: &Use, priority: i32) -> Vec<CellId> {
    let leaves = forest.leaves(seat).iter().copied();
    let takeable = |leaf: &CellId| used.priority(*leaf) != FREE && used.priority(*leaf) < priority;
    let free = leaves.clone().filter(|leaf| used.priority(*leaf) == FREE);
    free.chain(leaves.filter(takeable)).collect()
}

/// Takes the leaves for one pod out of those available: of all choices with the smallest cell around
/// them, the one that comes first. O(levels × available).
///
/// Upstream searches combinations in order and keeps the first of the lowest level; leaves that share
/// a cell of that level make up that choice, taken in order.
pub(super) fn nearest(
    forest: &Forest,
    chain: &Chain,
    available: &mut Vec<CellId>,
    gpus: u32,
) -> Option<Vec<CellId>> {
    let size = gpus as usize;
    for level in 0..chain.arity.len() as u8 {
        if chain.gpus[usize::from(level)] < gpus {
            continue;
        }
        // By cell around: how many are available. A seat has few.
        let mut around: Vec<(CellId, usize)> = Vec::new();
        for &leaf in available.iter() {
            let cell = forest.around(leaf, level);
            match around.iter_mut().find(|(known, _)| *known == cell) {
                Some((_, count)) => *count += 1,
                None => around.push((cell, 1)),
            }
        }
        // In the order of the first leaf of each.
        let Some(&(cell, _)) = around.iter().find(|(_, count)| *count >= size) else {
            continue;
        };
        let within = available
            .iter()
            .copied()
            .filter(|&leaf| forest.around(leaf, level) == cell);
        let taken: Vec<CellId> = within.take(size).collect();
        available.retain(|leaf| !taken.contains(leaf));
        return Some(taken);
    }
    None
}
