//! `numa`: as few NUMA nodes as can be.

use super::{DevicePolicy, Request, Wiring};
use crate::policy::PolicyInfo;

pub(super) const INFO: PolicyInfo = PolicyInfo {
    name: "numa",
    summary: "devices of as few NUMA nodes as can be",
    rule: "The fewest NUMA nodes with enough free devices, those of the required devices among \
           them; of equally many the set whose bit mask is the smaller number. Of these nodes the \
           free devices of lowest number.",
    source: "Kubernetes' topology manager: narrower masks first, then smaller ones",
};

/// NUMA alignment as the kubelet's topology manager prefers it. O(devices × NUMA nodes²).
#[derive(Clone, Copy, Debug, Default)]
pub struct Numa;

/// A NUMA node: its number, its free devices, whether it must take part.
#[derive(Clone, Copy)]
struct Side {
    numa: u8,
    free: usize,
    forced: bool,
}

impl DevicePolicy for Numa {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn choose(&self, wiring: &Wiring, request: &Request<'_>) -> Vec<u8> {
        let Request {
            available,
            required,
            size,
        } = *request;
        let free = |device: &u8| available.contains(device);
        if !request.makes_sense() || !required.iter().all(free) {
            return Vec::new();
        }
        let numa = |device: u8| wiring.numa(usize::from(device));
        let mut sides: Vec<Side> = Vec::new();
        for &device in available {
            let forced = required.contains(&device);
            match sides.iter_mut().find(|side| side.numa == numa(device)) {
                Some(side) => {
                    side.free += 1;
                    side.forced |= forced;
                }
                None => sides.push(Side {
                    numa: numa(device),
                    free: 1,
                    forced,
                }),
            }
        }
        sides.sort_by_key(|side| side.numa);
        let few = (1..=sides.len()).find(|&few| holds(&sides, few, size));
        let Some(mut few) = few else {
            return Vec::new();
        };
        // The smallest mask: leave out the highest node as long as the rest suffices.
        let mut wanted = size;
        let mut kept: Vec<u8> = Vec::new();
        while let Some(side) = sides.pop() {
            if side.forced || !holds(&sides, few, wanted) {
                kept.push(side.numa);
                few -= 1;
                wanted = wanted.saturating_sub(side.free);
            }
        }
        let mut others: Vec<u8> = available.to_vec();
        others.retain(|&device| kept.contains(&numa(device)) && !required.contains(&device));
        others.sort_unstable();
        others.truncate(size - required.len());
        others.extend(required);
        others.sort_unstable();
        others
    }
}

/// Whether `few` of these nodes, all forced ones among them, have `wanted` free devices.
fn holds(sides: &[Side], few: usize, wanted: usize) -> bool {
    let forced = sides.iter().filter(|side| side.forced);
    let (count, sum) = forced.fold((0, 0), |(count, sum), side| (count + 1, sum + side.free));
    if count > few {
        return false;
    }
    let mut others: Vec<usize> = sides
        .iter()
        .filter(|side| !side.forced)
        .map(|side| side.free)
        .collect();
    others.sort_unstable_by(|a, b| b.cmp(a));
    sum + others.iter().take(few - count).sum::<usize>() >= wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Board, Link, Path};
    use proptest::prelude::*;

    fn wiring(numa: Vec<u8>) -> Wiring {
        let link = Link {
            nvlinks: 0,
            path: Some(Path::Sys),
            gbps: 10.0,
        };
        let links = vec![link; numa.len() * numa.len()];
        Wiring::of(&Board::new("b", links, numa, None, Vec::new()).unwrap())
    }

    fn choose(numa: &[u8], available: &[u8], required: &[u8], size: usize) -> Vec<u8> {
        let request = Request {
            available,
            required,
            size,
        };
        Numa.choose(&wiring(numa.to_vec()), &request)
    }

    #[test]
    fn one_numa_node_is_better_than_two() {
        let sides = [0, 0, 0, 0, 1, 1, 1, 1];
        assert_eq!(choose(&sides, &[2, 3, 5, 6, 7], &[], 3), [5, 6, 7]);
        assert_eq!(choose(&sides, &[1, 2, 3, 5, 6, 7], &[], 3), [1, 2, 3]);
        assert_eq!(choose(&sides, &[1, 2, 3, 5, 6, 7], &[5], 3), [5, 6, 7]);
        assert_eq!(choose(&sides, &[2, 3, 5, 6, 7], &[], 4), [2, 3, 5, 6]);
    }

    #[test]
    fn of_equally_many_nodes_the_smaller_mask_wins() {
        // Nodes 0 and 2, or 1 and 2, hold three: 0b101 < 0b110.
        assert_eq!(choose(&[0, 1, 2, 2], &[0, 1, 2, 3], &[], 3), [0, 2, 3]);
    }

    proptest! {
        /// All masks of NUMA nodes, tried one by one in the order of the rule.
        #[test]
        fn the_nodes_are_those_of_the_first_mask_that_suffices(
            numa in prop::collection::vec(0u8..4, 1..9),
            free in any::<u8>(),
            size in 1usize..6,
        ) {
            let available: Vec<u8> =
                (0..numa.len() as u8).filter(|&gpu| free >> gpu & 1 == 1).collect();
            let chosen = choose(&numa, &available, &[], size);
            prop_assume!(available.len() >= size);
            let mut masks: Vec<u8> = (1..16).collect();
            masks.sort_by_key(|mask| (mask.count_ones(), *mask));
            let inside = |mask: u8| {
                let within = |gpu: &&u8| mask >> numa[usize::from(**gpu)] & 1 == 1;
                available.iter().filter(within).copied().collect::<Vec<u8>>()
            };
            let first = masks.into_iter().map(inside).find(|inside| inside.len() >= size);
            prop_assert_eq!(Some(chosen), first.map(|inside| inside[..size].to_vec()));
        }
    }
}
