//! Kueue's topology-aware scheduling on the counts of a cluster. Its own decisions are checked with
//! vectors; here it is what a job asks, and what a node has room for.

use crate::world::{Job, decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Racks of two, three and four nodes in one block, and one of four in another.
const RACKS: [&str; 13] = [
    "a/1", "a/1", "a/2", "a/2", "a/2", "a/3", "a/3", "a/3", "a/3", "b/1", "b/1", "b/1", "b/1",
];

#[test]
fn required_is_the_smallest_domain_that_suffices_or_nothing() {
    let rack = |pods| nodes(pods).required(Scope::Rack);
    let placed = decisions("tas", &RACKS, &[], &[rack(3), rack(3), rack(5)]);
    assert_eq!(placed[0], Some(vec![2, 3, 4]));
    assert_eq!(placed[1], Some(vec![5, 6, 7]));
    assert_eq!(placed[2], None);
}

#[test]
fn preferred_goes_up_a_level_and_then_takes_the_roomiest_first() {
    let placed = decisions("tas", &RACKS, &[], &[nodes(5).preferred(Scope::Rack)]);
    // Block a; of its racks the one of four, and for the fifth pod the smallest that suffices, of
    // two. Their nodes are sorted together: all have room for one, so names decide.
    assert_eq!(placed[0], Some(vec![0, 1, 5, 6, 7]));
}

#[test]
fn balanced_spreads_a_preferred_gang_evenly() {
    // Two racks of three instead of four and two: both have three for each.
    let placed = decisions(
        "tas-balanced",
        &RACKS,
        &[],
        &[nodes(6).preferred(Scope::Block)],
    );
    assert_eq!(placed[0], Some(vec![2, 3, 4, 5, 6, 7]));
}

#[test]
fn pods_that_may_be_anywhere_fill_what_is_least_free() {
    let two = Job {
        gpus: 2,
        ..nodes(2)
    };
    let mut world_jobs = vec![Job {
        gpus: 4,
        ..nodes(1)
    }];
    world_jobs.push(two);
    let placed = decisions("tas", &RACKS, &[], &world_jobs);
    // The first leaves half a node, and there the second fits.
    assert_eq!(placed[0], Some(vec![0]));
    assert_eq!(placed[1], Some(vec![0, 0]));
}

#[test]
fn slices_are_each_within_a_domain() {
    let placed = decisions(
        "tas",
        &RACKS,
        &[0],
        &[nodes(8).slices(4).required(Scope::Rack)],
    );
    assert_eq!(placed[0], Some(vec![5, 6, 7, 8, 9, 10, 11, 12]));
    let placed = decisions(
        "tas",
        &RACKS,
        &[5],
        &[nodes(8).slices(4).required(Scope::Rack)],
    );
    assert_eq!(placed[0], None);
}

#[test]
fn the_record_names_the_domain_that_took_all() {
    let (record, text) = explained("tas", &RACKS, &[], nodes(3).required(Scope::Rack));
    assert!(record.placed);
    assert!(
        text.contains("rack: 3 of 4 with room for 3 pods (roomiest 4); took a/2 (room 3)"),
        "{text}"
    );
}
