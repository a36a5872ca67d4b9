//! Volcano's HyperNodes.

use crate::world::{decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Racks of two, three and three nodes; the first two in one block.
const RACKS: [&str; 8] = ["a/1", "a/1", "a/2", "a/2", "a/2", "b/1", "b/1", "b/1"];

#[test]
fn hard_takes_the_hypernode_that_would_be_fullest() {
    // Use after the job: rack a/1 2 of 2; a/2 2 of 3; b/1 with one node in use 3 of 3.
    let job = nodes(2).required(Scope::Rack);
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[], &[job])[0],
        Some(vec![0, 1])
    );
    // Equal now: the first.
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[5], &[job])[0],
        Some(vec![0, 1])
    );
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[0, 5], &[job])[0],
        Some(vec![6, 7])
    );
}

#[test]
fn hard_goes_no_higher_than_its_tier() {
    let rack = nodes(4).required(Scope::Rack);
    assert_eq!(decisions("volcano-tier", &RACKS, &[], &[rack])[0], None);
    let block = nodes(4).required(Scope::Block);
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[], &[block])[0],
        Some(vec![0, 1, 2, 3])
    );
}

#[test]
fn soft_goes_up_tier_by_tier_and_at_last_anywhere() {
    let job = nodes(6).preferred(Scope::Rack);
    let (record, _) = explained("volcano-tier", &RACKS, &[], job);
    let fitting: Vec<u32> = record.looks.iter().map(|look| look.fitting).collect();
    // Neither a rack nor a block has six; all together have eight.
    assert_eq!(fitting, [0, 0, 1]);
    let placed = decisions("volcano-tier", &RACKS, &[], &[job]);
    assert_eq!(placed[0], Some(vec![0, 1, 2, 3, 4, 5]));
}

#[test]
fn a_lower_tier_goes_before_a_fuller_hypernode_of_a_higher_one() {
    let job = nodes(3).preferred(Scope::Block);
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[0], &[job])[0],
        Some(vec![2, 3, 4])
    );
}

#[test]
fn pods_without_a_topology_go_where_racks_and_blocks_are_fullest() {
    // One node of a/2 in use. In 0.8-fading tiers: a pod in a/1 makes the rack 1/2 and the block
    // 2/5 full, one in a/2 2/3 and 2/5, one in b/1 1/3 and 1/3.
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[2], &[nodes(1)])[0],
        Some(vec![3])
    );
    // The next one makes a/2 full.
    assert_eq!(
        decisions("volcano-tier", &RACKS, &[2], &[nodes(2)])[0],
        Some(vec![3, 4])
    );
}

#[test]
fn within_a_hypernode_pods_go_to_the_nearest_nodes() {
    // Block a without node 0: first by rank is node 1, then nearest within the block are those of
    // rack a/2.
    let job = nodes(3).required(Scope::Block);
    let racks = ["a/1", "a/2", "a/1", "a/2"];
    let placed = decisions("volcano-tier", &racks, &[], &[job]);
    assert_eq!(placed[0], Some(vec![0, 1, 2]));
    let (record, _) = explained("volcano-tier", &racks, &[], job);
    let order: Vec<u32> = record.nodes.iter().map(|(node, _)| node.0).collect();
    assert_eq!(order, [0, 2, 1]);
}
