//! `topology`: devices that stand close to each other.
//!
//! Devices are grouped by NVLink domain (`gpusched.dev/nvlinkDomain`, which is not NVIDIA's), and
//! within it by PCIe root (`resource.kubernetes.io/pcieRoot`). A group in which the claim has a
//! device already comes first; then the smallest that holds all devices the request still wants;
//! then the largest of those too small. Ties go to the group with the first name, and devices of a
//! group keep the order of names. Devices that do not say where they are come after all others.

use super::super::constraints::look_up;
use super::super::trial::Trial;
use crate::cel::Attribute;
use std::cmp::Reverse;

/// From the widest group to the narrowest.
const LEVELS: [&str; 2] = [
    "gpusched.dev/nvlinkDomain",
    "resource.kubernetes.io/pcieRoot",
];

/// Sorts candidates for an ask. O(candidates²) at worst.
pub(super) fn sort(trial: &mut Trial<'_, '_>, ask: usize, order: &mut Vec<u32>) {
    let wanted = trial.given.problem.asks[ask].count.unwrap_or_default();
    let claim = trial.given.problem.asks[ask].claim;
    let chosen = trial.chosen_positions(claim);
    let wanted = usize::try_from(wanted).unwrap_or_default();
    *order = arrange(trial, std::mem::take(order), &chosen, wanted, &LEVELS);
}

fn arrange(
    trial: &Trial<'_, '_>,
    order: Vec<u32>,
    chosen: &[usize],
    wanted: usize,
    levels: &[&str],
) -> Vec<u32> {
    let Some((level, narrower)) = levels.split_first() else {
        return order;
    };
    let mut groups: Vec<(Option<&Attribute>, Vec<u32>)> = Vec::new();
    for position in order {
        let place = place(trial, position as usize, level);
        let known = groups.iter_mut().find(|(known, _)| *known == place);
        match known {
            Some((_, members)) => members.push(position),
            None => groups.push((place, vec![position])),
        }
    }
    groups.sort_by_key(|(known, members)| {
        let has = |at: &usize| known.is_some() && place(trial, *at, level) == *known;
        let size = members.len();
        let holds = size >= wanted;
        let by_size = if holds {
            (size, Reverse(0))
        } else {
            (0, Reverse(size))
        };
        (known.is_none(), !chosen.iter().any(has), !holds, by_size)
    });
    let groups = groups.into_iter().map(|(_, members)| members);
    let arranged = groups.map(|members| arrange(trial, members, chosen, wanted, narrower));
    arranged.flatten().collect()
}

fn place<'d>(trial: &Trial<'_, 'd>, position: usize, level: &str) -> Option<&'d Attribute> {
    look_up(trial.device(position), trial.driver(position), level)
}
