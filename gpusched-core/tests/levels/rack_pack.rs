//! The narrowest domain.

use crate::world::{Job, decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Racks of two, three and four nodes in one block, and one of four in another.
const RACKS: [&str; 13] = [
    "a/1", "a/1", "a/2", "a/2", "a/2", "a/3", "a/3", "a/3", "a/3", "b/1", "b/1", "b/1", "b/1",
];

fn first(used: &[u32], job: Job) -> Option<Vec<u32>> {
    decisions("rack-pack", &RACKS, used, &[job]).remove(0)
}

#[test]
fn a_gang_that_fits_one_node_gets_the_tightest() {
    let quarters = Job {
        gpus: 2,
        ..nodes(4)
    };
    assert_eq!(first(&[0], quarters), Some(vec![1; 4]));
}

#[test]
fn the_tightest_rack_that_takes_all_goes_before_wider_domains() {
    assert_eq!(first(&[], nodes(3)), Some(vec![2, 3, 4]));
    assert_eq!(first(&[], nodes(4)), Some(vec![5, 6, 7, 8]));
    assert_eq!(first(&[5], nodes(4)), Some(vec![9, 10, 11, 12]));
}

#[test]
fn a_gang_larger_than_a_rack_gets_the_tightest_block_and_few_racks_of_it() {
    // Block b has four only. Of block a the rack of four, and one more where least is left.
    assert_eq!(first(&[], nodes(5)), Some(vec![0, 5, 6, 7, 8]));
    assert_eq!(first(&[], nodes(6)), Some(vec![0, 1, 5, 6, 7, 8]));
    assert_eq!(first(&[], nodes(7)), Some(vec![2, 3, 4, 5, 6, 7, 8]));
}

#[test]
fn a_gang_larger_than_a_block_goes_anywhere_unless_it_must_not() {
    assert_eq!(first(&[], nodes(11)).map(|placed| placed.len()), Some(11));
    assert_eq!(
        first(&[], nodes(11).preferred(Scope::Rack)).map(|placed| placed.len()),
        Some(11)
    );
    assert_eq!(first(&[], nodes(11).required(Scope::Block)), None);
    assert_eq!(first(&[], nodes(5).required(Scope::Rack)), None);
    assert_eq!(first(&[], nodes(2).required(Scope::Zone)), None);
}

#[test]
fn the_record_says_what_was_free_where() {
    let (_, text) = explained("rack-pack", &RACKS, &[], nodes(5));
    assert_eq!(
        text,
        "node: 0 of 13 with room for 5 pods (roomiest 1)\n\
         rack: 0 of 4 with room for 5 pods (roomiest 4)\n\
         block: 1 of 2 with room for 5 pods (roomiest 9); took a (room 9)\n\
         on n05 x1, n06 x1, n07 x1, n08 x1, n00 x1\n"
    );
}
