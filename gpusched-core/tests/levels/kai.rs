//! KAI's topology.

use crate::world::{decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Racks of two, three and four nodes in one block, and one of four in another.
const RACKS: [&str; 13] = [
    "a/1", "a/1", "a/2", "a/2", "a/2", "a/3", "a/3", "a/3", "a/3", "b/1", "b/1", "b/1", "b/1",
];

#[test]
fn the_domain_with_the_highest_ratio_of_asked_to_available_is_taken() {
    let rack = |pods| nodes(pods).required(Scope::Rack);
    assert_eq!(
        decisions("kai-topology", &RACKS, &[], &[rack(2)])[0],
        Some(vec![0, 1])
    );
    assert_eq!(
        decisions("kai-topology", &RACKS, &[], &[rack(3)])[0],
        Some(vec![2, 3, 4])
    );
    // Three are free in b/1, as in a/2: the first.
    assert_eq!(
        decisions("kai-topology", &RACKS, &[9], &[rack(3)])[0],
        Some(vec![2, 3, 4])
    );
    assert_eq!(
        decisions("kai-topology", &RACKS, &[2, 9], &[rack(3)])[0],
        Some(vec![10, 11, 12])
    );
}

#[test]
fn what_is_required_bounds_the_search_and_what_is_preferred_falls_back_upward() {
    assert_eq!(
        decisions(
            "kai-topology",
            &RACKS,
            &[],
            &[nodes(5).required(Scope::Rack)]
        )[0],
        None
    );
    let (record, _) = explained("kai-topology", &RACKS, &[], nodes(5).preferred(Scope::Rack));
    let fitting: Vec<u32> = record.looks.iter().map(|look| look.fitting).collect();
    assert_eq!(fitting, [0, 1]);
}

#[test]
fn in_a_domain_the_emptiest_parts_come_first() {
    let placed = decisions(
        "kai-topology",
        &RACKS,
        &[],
        &[nodes(5).required(Scope::Block)],
    );
    // Of block a: the rack of four, then the one of three.
    assert_eq!(placed[0], Some(vec![2, 5, 6, 7, 8]));
}
