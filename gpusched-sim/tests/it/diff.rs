//! `diff` and `export`: two runs beside each other, and a run for other tools.

use crate::cli::Desk;

/// `b` starts later in the second run, `c` elsewhere, `d` in the first only.
const A: &str = "job,submit_s,start_s,finish_s,gpus,nodes\n\
                 a,0,0,10,1,x[0]\nb,5,5,25,2,x[1-2]\nc,6,6,8,1,y[0]\nd,7,9,12,1,y[1]\n";
const B: &str = "job,submit_s,start_s,finish_s,gpus,nodes\n\
                 a,0,0,10,1,x[0]\nb,5,20,40,2,x[1-2]\nc,6,6,8,1,y[1]\nd,7,,,1,\n";

#[test]
fn the_first_decision_that_differs_and_who_moved() {
    let desk = Desk::new("diff");
    desk.write("a.csv", A);
    desk.write("b.csv", B);
    insta::assert_snapshot!("diff", desk.line("diff a.csv b.csv").screen());
}

#[test]
fn runs_that_do_the_same_are_said_to() {
    let desk = Desk::new("diff-same");
    for out in ["one", "two"] {
        assert_eq!(desk.line(&format!("run --limit 50 --out {out}")).code, 0);
    }
    let ran = desk.line("diff one two");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "one and two do the same with all 50 jobs: same starts, same places.\n"
    );
}

#[test]
fn runs_of_different_traces_are_not_compared() {
    let desk = Desk::new("diff-different");
    desk.write("a.csv", A);
    desk.write("b.csv", "job,submit_s,start_s,finish_s,gpus\na,0,0,10,1\n");
    desk.write("c.csv", &A.replace("a,0,0", "a,0.5,1"));
    desk.write("d.csv", "job,submit_s,run_s,gpus\na,0,10,1\n");
    for (line, words) in [
        ("diff a.csv b.csv", "job b of a.csv is not in b.csv"),
        ("diff b.csv a.csv", "job b of a.csv is not in b.csv"),
        ("diff a.csv c.csv", "not submitted at the same instant"),
        ("diff a.csv d.csv", "does not say when jobs started"),
        ("diff a.csv none", "none"),
        ("export . --to batsim", "has no jobs.csv"),
        (
            "export a.csv --to batsim --out no/such/place.csv",
            "cannot write the file",
        ),
        ("export a.csv --to visio", "perfetto, batsim"),
    ] {
        let ran = desk.line(line);
        assert_eq!(ran.code, 2, "{line}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{line}: {}", ran.err);
    }
    assert!(!desk.files("").keys().any(|name| name.ends_with(".part")));
}

#[test]
fn a_run_of_ours_is_exported_whole() {
    let desk = Desk::new("export");
    assert_eq!(desk.line("run --limit 200 --out result").code, 0);
    let ran = desk.line("export result --to batsim");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 201);
    assert_eq!(
        desk.line("export result --to perfetto --out trace.json")
            .code,
        0
    );
    let trace = &desk.files("")["trace.json"];
    let trace: serde_json::Value = serde_json::from_slice(trace).unwrap();
    let slices = trace["traceEvents"].as_array().unwrap();
    // On a track no slice begins before the one before it has ended.
    let mut ends = std::collections::BTreeMap::new();
    let mut names = std::collections::BTreeSet::new();
    for slice in slices.iter().filter(|event| event["ph"] == "X") {
        let key = (slice["pid"].as_i64(), slice["tid"].as_i64());
        let start = slice["ts"].as_i64().unwrap();
        let end = start + slice["dur"].as_i64().unwrap();
        let before = ends.insert(key, end).unwrap_or(i64::MIN);
        assert!(before <= start, "{slice}");
        names.insert(slice["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(names.len(), 200);
}

#[test]
fn a_comparison_says_how_far_from_the_bound_it_is() {
    let desk = Desk::new("bound");
    // One GPU; 30 s, then 10 s that arrive 5 s later: at best (23.33 + 15 + 10) / 2 = 24.17 s.
    desk.write(
        "jobs.csv",
        "job_id,submit_s,run_s,count,gpu\na,0,30,1,1\nb,5,10,1,1\n",
    );
    let ran =
        desk.line("compare --trace v1:jobs.csv --cluster 1x1:T4 --queueing fifo,sjf --format json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let runs: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let bound = runs[0]["bounds"]["mean_jct_s"].as_f64().unwrap();
    assert!((bound - 24.1667).abs() < 1e-3, "{bound}");
    assert!((runs[0]["bounds"]["makespan_s"].as_f64().unwrap() - 40.0).abs() < 1e-3);
    let ran = desk.line("compare --trace v1:jobs.csv --cluster 1x1:T4 --queueing fifo,sjf");
    assert!(
        ran.out.contains("no schedule has a mean JCT below 24.2s"),
        "{}",
        ran.out
    );
}
