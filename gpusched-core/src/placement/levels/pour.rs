//! Handing pods out below a domain: as few domains at every step as can be.

use super::Levels;
use crate::ids::NodeId;
use crate::topology::DomainId;
use std::cmp::Reverse;

/// Hands `pods` out to the nodes of a domain: level by level the roomiest domains first, and for
/// the rest the one with least room that still takes it; ties: lowest number. The domain must have
/// the room. O(n log n) in the domains and nodes below those used.
pub fn pour(levels: &Levels<'_>, domain: DomainId, pods: u64, out: &mut Vec<(NodeId, u32)>) {
    let children = levels.fabric().children_of(domain);
    if children.is_empty() {
        let nodes = levels.fabric().nodes_of(domain).iter().copied();
        return pour_nodes(levels, nodes, pods, out);
    }
    let with_room = children
        .map(DomainId)
        .map(|child| (levels.room_in(child), child));
    for (child, share) in shares(with_room.collect(), pods) {
        pour(levels, child, share, out);
    }
}

/// As [`pour`], among all machines: the domains of the top level, then nodes outside all domains.
pub fn pour_anywhere(levels: &Levels<'_>, pods: u64, out: &mut Vec<(NodeId, u32)>) {
    let fabric = levels.fabric();
    let top = crate::topology::LevelId(0);
    let domains = levels
        .domains(top)
        .map(|domain| (levels.room_in(domain), domain));
    let inside: Vec<(u64, DomainId)> = domains.collect();
    let room: u64 = inside.iter().map(|(room, _)| room).sum();
    for (domain, share) in shares(inside, pods.min(room)) {
        pour(levels, domain, share, out);
    }
    if pods > room {
        let outside =
            |node: &NodeId| fabric.levels().is_empty() || fabric.domain(*node, top).is_none();
        pour_nodes(levels, levels.nodes().filter(outside), pods - room, out);
    }
}

/// Hands `pods` out to nodes: the roomiest first, for the rest the one with least room that takes
/// it; ties: lowest rank.
fn pour_nodes(
    levels: &Levels<'_>,
    nodes: impl Iterator<Item = NodeId>,
    pods: u64,
    out: &mut Vec<(NodeId, u32)>,
) {
    let with_room = nodes.map(|node| (u64::from(levels.room(node)), node));
    let shares = shares(with_room.collect(), pods).into_iter();
    out.extend(shares.map(|(node, share)| (node, share as u32)));
}

/// Who takes how many: the roomiest first; whoever is left with the rest is the one with least room
/// that takes all of it.
fn shares<T: Copy + Ord>(mut takers: Vec<(u64, T)>, pods: u64) -> Vec<(T, u64)> {
    takers.retain(|(room, _)| *room > 0);
    takers.sort_unstable_by_key(|&(room, taker)| (Reverse(room), taker));
    let mut left = pods;
    let mut shares = Vec::new();
    for (at, &(room, taker)) in takers.iter().enumerate() {
        if left == 0 {
            break;
        }
        if room < left {
            left -= room;
            shares.push((taker, room));
            continue;
        }
        let enough = takers[at..].iter().filter(|(room, _)| *room >= left);
        if let Some(&(_, tightest)) = enough.min() {
            shares.push((tightest, left));
        }
        break;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn the_rest_goes_where_it_fits_tightest() {
        assert_eq!(
            shares(vec![(8, 0), (8, 1), (3, 2), (5, 3)], 11),
            [(0, 8), (2, 3)]
        );
        assert_eq!(
            shares(vec![(8, 0), (8, 1), (3, 2), (5, 3)], 12),
            [(0, 8), (3, 4)]
        );
        assert_eq!(shares(vec![(0, 0), (2, 1)], 2), [(1, 2)]);
        assert_eq!(shares(vec![(4, 1), (4, 0)], 4), [(0, 4)]);
    }
}
