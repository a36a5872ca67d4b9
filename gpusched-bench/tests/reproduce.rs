//! Published results, where their data is at hand.

use gpusched_bench::reproduce;
use std::path::Path;

#[test]
fn the_laws_of_sharing_meet_their_targets_on_public_data() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    if !shared.is_dir() {
        println!("skipped: ../shared not present");
        return;
    }
    let data = shared.join("datasets/colocation");
    let mut report = Vec::new();
    let tally = reproduce::run("sharing", &data, &mut report).expect("readable data");
    let report = String::from_utf8(report).expect("text");
    assert_eq!(tally.failed, 0, "{report}");
    assert!(tally.passed >= 12, "{report}");
    let last = format!("{} passed, 0 failed", tally.passed);
    assert_eq!(report.lines().last(), Some(last.as_str()));
}

#[test]
fn data_that_is_not_there_is_unreadable_not_a_pass() {
    let missing = Path::new(env!("CARGO_MANIFEST_DIR")).join("no-such-folder");
    assert!(reproduce::run("sharing", &missing, &mut Vec::new()).is_err());
    assert!(reproduce::run("nothing", &missing, &mut Vec::new()).is_err());
}
