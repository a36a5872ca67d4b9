//! HiveD's cells without virtual clusters: one owns all, and nobody is evicted.

use crate::world::{Job, decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Blocks of two racks with two nodes each.
const CELLS: [&str; 8] = ["a/1", "a/1", "a/2", "a/2", "b/1", "b/1", "b/2", "b/2"];

fn first(used: &[u32], job: Job) -> Option<Vec<u32>> {
    decisions("hived", &CELLS, used, &[job]).remove(0)
}

#[test]
fn the_smallest_free_cell_is_split() {
    // Node 5 is alone in its rack; rack a/2 is free and its block is not; block b is not free.
    assert_eq!(first(&[0, 1, 4], nodes(1)), Some(vec![5]));
    // Without the single node: one of the two free racks, not of a free block.
    assert_eq!(first(&[4, 5], nodes(1)), Some(vec![6]));
    // Everything is free: the first block is split.
    assert_eq!(first(&[], nodes(1)), Some(vec![0]));
}

#[test]
fn buddies_are_filled_before_another_cell_is_split() {
    let placed = decisions(
        "hived",
        &CELLS,
        &[],
        &[nodes(1), nodes(1), nodes(1), nodes(4)],
    );
    assert_eq!(placed[0], Some(vec![0]));
    assert_eq!(placed[1], Some(vec![1]));
    assert_eq!(placed[2], Some(vec![2]));
    // One node is left of block a. It comes first, as the smallest cell: a gang of four is larger
    // than that, and takes three of block b besides.
    assert_eq!(placed[3], Some(vec![3, 4, 5, 6]));
}

#[test]
fn a_gang_that_needs_a_cell_asks_for_one() {
    let placed = decisions("hived", &CELLS, &[0], &[nodes(4).required(Scope::Block)]);
    assert_eq!(placed[0], Some(vec![4, 5, 6, 7]));
    let placed = decisions("hived", &CELLS, &[0, 4], &[nodes(4).required(Scope::Block)]);
    assert_eq!(placed[0], None);
}

#[test]
fn used_nodes_come_before_free_ones() {
    let jobs = [
        Job {
            gpus: 2,
            ..nodes(1)
        },
        Job {
            gpus: 2,
            ..nodes(2)
        },
    ];
    let placed = decisions("hived", &CELLS, &[0, 1, 2], &jobs);
    assert_eq!(placed[0], Some(vec![3]));
    assert_eq!(placed[1], Some(vec![3, 3]));
}

#[test]
fn the_record_names_the_cells_that_were_split() {
    let (record, text) = explained("hived", &CELLS, &[4, 5], nodes(2));
    assert!(record.placed);
    assert!(
        text.contains("rack: 2 of 2 with room for 1 pods (roomiest 2); took b/2"),
        "{text}"
    );
}
