//! Slurm's tree topology. `--switches` of its test 143.1 is a level that is required here; waiting
//! for it a limited time is not modelled.

use crate::world::{decisions, explained, nodes};
use gpusched_core::topology::Scope;

/// Two switches with two leaf switches of four nodes each, below one root.
const TREE: [&str; 16] = [
    "a/1", "a/1", "a/1", "a/1", "a/2", "a/2", "a/2", "a/2", "b/1", "b/1", "b/1", "b/1", "b/2",
    "b/2", "b/2", "b/2",
];

#[test]
fn the_leaf_with_fewest_free_nodes_that_suffices_is_taken() {
    let placed = decisions("slurm-tree", &TREE, &[0, 1, 4], &[nodes(2), nodes(3)]);
    assert_eq!(placed[0], Some(vec![2, 3]));
    assert_eq!(placed[1], Some(vec![5, 6, 7]));
}

#[test]
fn where_no_leaf_suffices_the_fuller_parent_that_does_goes_before() {
    // Switch a has 8 free nodes: the job of 6 is below the first top switch that has them.
    let placed = decisions("slurm-tree", &TREE, &[], &[nodes(6)]);
    assert_eq!(placed[0], Some(vec![0, 1, 2, 3, 4, 5]));
}

#[test]
fn a_job_never_spans_switches_without_a_common_parent() {
    // Switches a and b are not joined above: nine nodes are below neither.
    assert_eq!(decisions("slurm-tree", &TREE, &[], &[nodes(9)])[0], None);
    assert_eq!(
        decisions("slurm-tree", &TREE, &[0, 8], &[nodes(8)])[0],
        None
    );
}

#[test]
fn the_second_leaf_is_one_that_takes_the_rest() {
    // Leaves of a have 3 and 4 free: for five the roomier one first, then the other.
    let placed = decisions("slurm-tree", &TREE, &[0], &[nodes(5)]);
    assert_eq!(placed[0], Some(vec![1, 4, 5, 6, 7]));
}

#[test]
fn one_switch_that_is_required_is_given_or_the_job_waits() {
    let one = [nodes(4), nodes(4), nodes(5)].map(|job| job.required(Scope::Rack));
    let placed = decisions("slurm-tree", &TREE, &[0], &one);
    assert_eq!(placed[0], Some(vec![4, 5, 6, 7]));
    assert_eq!(placed[1], Some(vec![8, 9, 10, 11]));
    assert_eq!(placed[2], None);
}

#[test]
fn the_record_names_the_root_and_each_leaf() {
    let (record, text) = explained("slurm-tree", &TREE, &[0], nodes(5));
    assert!(record.placed);
    let taken: Vec<u64> = record
        .looks
        .iter()
        .filter_map(|look| look.taken)
        .map(|taken| taken.1)
        .collect();
    assert_eq!(taken, [7, 4, 3]);
    assert!(
        text.contains("took a/2 (room 4)") && text.contains("took a/1 (room 3)"),
        "{text}"
    );
}
