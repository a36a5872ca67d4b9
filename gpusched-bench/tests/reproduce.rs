//! Published results, where their data is at hand.

use gpusched_bench::reproduce;
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn public_data() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    if shared.is_dir() {
        Some(shared.join("datasets/colocation"))
    } else {
        // Straight to standard error: what the test harness captures, nobody sees.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared not present");
        None
    }
}

#[test]
fn the_laws_of_sharing_meet_their_targets_on_public_data() {
    let Some(data) = public_data() else { return };
    let mut report = Vec::new();
    let tally = reproduce::run("sharing", Some(&data), &mut report).expect("readable data");
    let report = String::from_utf8(report).expect("text");
    assert_eq!(tally.failed, 0, "{report}");
    assert!(tally.passed >= 12, "{report}");
    let last = format!("{} passed, 0 failed", tally.passed);
    assert_eq!(report.lines().last(), Some(last.as_str()));
}

#[test]
fn data_that_is_not_there_is_unreadable_not_a_pass() {
    let missing = Path::new(env!("CARGO_MANIFEST_DIR")).join("no-such-folder");
    assert!(reproduce::run("sharing", Some(&missing), &mut Vec::new()).is_err());
    assert!(reproduce::run("nothing", Some(&missing), &mut Vec::new()).is_err());
    assert!(reproduce::run("sharing", None, &mut Vec::new()).is_err());
}

#[test]
fn a_target_that_is_missed_is_counted() {
    let Some(data) = public_data() else { return };
    let copy = std::env::temp_dir().join(format!("gpusched-reproduce-{}", std::process::id()));
    std::fs::create_dir_all(&copy).expect("a folder");
    for entry in std::fs::read_dir(data).expect("readable data").flatten() {
        std::fs::copy(entry.path(), copy.join(entry.file_name())).expect("a copy");
    }
    // Seven pods taking turns as if turns were free.
    let nos = copy.join("nos_sharing_yolos_a100_80gb.csv");
    let text = std::fs::read_to_string(&nos).expect("text");
    let text = text.replace("time-slicing,7,0.6848803898344092", "time-slicing,7,0.617");
    std::fs::write(&nos, text).expect("written");
    let mut report = Vec::new();
    let tally = reproduce::run("sharing", Some(&copy), &mut report);
    std::fs::remove_dir_all(&copy).expect("removed");
    assert_eq!(tally.expect("readable data").failed, 1);
    assert!(String::from_utf8(report).expect("text").contains("MISSED"));
}

#[test]
fn jobs_with_deadlines_on_spot_cost_what_the_golden_rows_say() {
    let Some(data) = public_data() else { return };
    let data = data.with_file_name("spot-availability");
    let mut report = Vec::new();
    let tally = reproduce::run("spot", Some(&data), &mut report).expect("readable data");
    let report = String::from_utf8(report).expect("text");
    // 85 rows, and no job late in any of five settings.
    assert_eq!((tally.passed, tally.failed), (90, 0), "{report}");
}
