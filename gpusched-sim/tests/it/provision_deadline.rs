//! `gpusched provision deadline`: costs worked out by hand, and bad questions.

use crate::cli::Desk;

/// Two zones of nine hours each: spot in the first hour of one, all the time in the other.
const ZONES: &str = "trace,gap_seconds,ticks,max_count,rle_value_x_count
scarce,3600,9,1,1x1 0x8
plenty,3600,9,1,1x9
";

fn desk(name: &str) -> Desk {
    let desk = Desk::new(&format!("deadline-{name}"));
    desk.write("zones.csv", ZONES);
    desk.write("gap.csv", &ZONES.replace("1x1 0x8", "1x1 0x7"));
    desk
}

screens! {
    "provision_deadline_" on desk;
    help: "provision deadline --help";
    two_zones: "provision deadline --series zones.csv --polarity available --work-h 2 --deadline-h 3 --changeover-h 0 --spot-price 1 --on-demand-price 3 --starts 1 --save-s 72";
}

/// Two hours of work in three: an hour on spot and one on demand where spot is scarce (1 + 3), two
/// hours of spot where it is not, six dollars on demand.
#[test]
fn what_is_held_is_paid_for() {
    let line = "provision deadline --series zones.csv --polarity available --work-h 2 --deadline-h 3 \
                --changeover-h 0 --spot-price 1 --on-demand-price 3 --starts 1 --save-s 72 --format json";
    let ran = desk("json").line(line);
    let answers: serde_json::Value = serde_json::from_str(&ran.out).expect(&ran.err);
    let usd = |zone: usize, policy: &str| {
        let rows = answers[zone]["policies"].as_array().unwrap();
        let row = rows.iter().find(|row| row["policy"] == policy).unwrap();
        row["usd"].as_f64().unwrap()
    };
    assert_eq!(usd(0, "on-demand-only"), 6.0);
    assert_eq!(usd(0, "greedy"), 4.0);
    assert_eq!(usd(1, "greedy"), 2.0);
    assert_eq!(usd(1, "spot-only"), 2.0);
    // Young: √(2 × 72 s × 3,600 s) = 720 s.
    assert_eq!(answers[0]["young_s"], 720.0);
    assert!(answers[1]["mean_up_s"].is_null(), "nothing was ever lost");
}

#[test]
fn bad_questions_are_answered_with_the_way_out() {
    let desk = desk("bad");
    for (rest, says) in [
        (
            "--series zones.csv --work-h 4 --deadline-h 3",
            "no schedule ends in time",
        ),
        (
            "--series zones.csv --work-h 4 --deadline-h 30",
            "covers 9.0 h",
        ),
        (
            "--series zones.csv --work-h x --deadline-h 3",
            "`--work-h x`",
        ),
        (
            "--series zones.csv --work-h 1 --deadline-h 3 --starts 0",
            "give 1 or more",
        ),
        (
            "--series zones.csv --work-h 1 --deadline-h 3 --only mars",
            "no series' name holds `mars`",
        ),
        (
            "--series zones.csv --work-h 1 --deadline-h 3 --spot-price no",
            "this is no price",
        ),
        (
            "--series gap.csv --work-h 1 --deadline-h 3",
            "the runs cover fewer ticks",
        ),
        ("--series none.csv --work-h 1 --deadline-h 3", "none.csv"),
    ] {
        let ran = desk.line(&format!("provision deadline --polarity available {rest}"));
        assert_eq!(ran.code, 2, "{rest}\n{}", ran.screen());
        assert!(ran.err.contains(says), "{rest}\n{}", ran.screen());
        assert!(ran.out.is_empty());
    }
    let ran = desk.line("provision deadline --series zones.csv --work-h 1 --deadline-h 3");
    assert_eq!(ran.code, 2, "the polarity has to be said\n{}", ran.screen());
}
