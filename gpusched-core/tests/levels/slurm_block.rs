//! Slurm's block topology. The clusters and jobs of its test 150.1 in our own words (two blocks of
//! four nodes, block sizes four and eight); its test 150.2 is about node lists, which traces have
//! no word for.

use crate::world::{decisions, explained, nodes};

/// n0-n3 in one block, n4-n7 in the other.
const TWO: [&str; 8] = ["b/1", "b/1", "b/1", "b/1", "b/2", "b/2", "b/2", "b/2"];

#[test]
fn a_job_that_fits_a_block_waits_rather_than_spans_two() {
    let placed = decisions("slurm-block", &TWO, &[], &[nodes(2), nodes(3), nodes(3)]);
    // Equal blocks: the last. Then only the first has three. Then they have one and two.
    assert_eq!(placed[0], Some(vec![4, 5]));
    assert_eq!(placed[1], Some(vec![0, 1, 2]));
    assert_eq!(placed[2], None);
}

#[test]
fn a_job_larger_than_a_block_gets_an_aligned_run_of_blocks() {
    let placed = decisions("slurm-block", &TWO, &[], &[nodes(3), nodes(5)]);
    assert_eq!(placed[0], Some(vec![4, 5, 6]));
    assert_eq!(placed[1], Some(vec![0, 1, 2, 3, 7]));
}

#[test]
fn the_block_with_fewest_free_nodes_that_suffices_is_taken() {
    let placed = decisions("slurm-block", &TWO, &[0], &[nodes(3)]);
    assert_eq!(placed[0], Some(vec![1, 2, 3]));
}

#[test]
fn runs_are_aligned_even_where_neighbours_have_room() {
    // Blocks 2 and 3 have two free nodes each, but a run of two begins at an odd block.
    let four = [
        "b/1", "b/1", "b/1", "b/2", "b/2", "b/2", "b/3", "b/3", "b/3", "b/4", "b/4", "b/4",
    ];
    let placed = decisions(
        "slurm-block",
        &four,
        &[0, 1, 2, 3, 8, 9, 10, 11],
        &[nodes(4)],
    );
    assert_eq!(placed[0], None);
    let placed = decisions("slurm-block", &four, &[0, 4, 6, 7, 8, 9, 10], &[nodes(4)]);
    assert_eq!(placed[0], Some(vec![1, 2, 3, 5]));
}

#[test]
fn segments_are_placed_one_by_one_and_must_divide_the_job() {
    let jobs = [nodes(4).slices(2), nodes(3).slices(2)];
    let placed = decisions("slurm-block", &TWO, &[3, 7], &jobs);
    // Three are free in each block: two of the last, then the one with fewest that has two more.
    assert_eq!(placed[0], Some(vec![0, 1, 4, 5]));
    assert_eq!(placed[1], None);
    let (record, text) = explained("slurm-block", &TWO, &[], nodes(5).slices(2));
    assert!(!record.placed);
    assert!(text.contains("segments do not divide the job"), "{text}");
}

#[test]
fn consolidated_segments_share_a_run_that_takes_the_whole_job() {
    let four = ["b/1", "b/1", "b/2", "b/2", "b/3", "b/3", "b/4", "b/4"];
    // Free: one node in each of blocks 1 and 2, all of 3, one of 4.
    let used = [0, 2, 6];
    let free = decisions("slurm-block", &four, &used, &[nodes(3).slices(1)]);
    // One node each: the fullest block that has one, the last of equals, three times.
    assert_eq!(free[0], Some(vec![1, 3, 7]));
    let together = decisions(
        "slurm-block-consolidate",
        &four,
        &used,
        &[nodes(3).slices(1)],
    );
    // Three nodes want a run of two blocks; only 3 and 4 have them.
    assert_eq!(together[0], Some(vec![4, 5, 7]));
}

#[test]
fn spread_segments_never_share_a_block() {
    let apart = decisions("slurm-block-spread", &TWO, &[], &[nodes(4).slices(2)]);
    assert_eq!(apart[0], Some(vec![0, 1, 4, 5]));
    let apart = decisions("slurm-block-spread", &TWO, &[], &[nodes(6).slices(2)]);
    assert_eq!(apart[0], None);
}

#[test]
fn with_nothing_in_use_a_job_of_eight_takes_everything() {
    let placed = decisions("slurm-block", &TWO, &[], &[nodes(8), nodes(1)]);
    assert_eq!(placed[0], Some((0..8).collect()));
    assert_eq!(placed[1], None);
    assert_eq!(decisions("slurm-block", &TWO, &[], &[nodes(9)])[0], None);
}
