//! `compare --resample` and `--blocks`: intervals with a source, or none.

use crate::cli::Desk;

const POLICIES: &str = "compare --trace builtin:sample --queueing fifo,easy --limit 600";

#[test]
fn draws_are_the_same_for_any_number_of_threads() {
    let desk = Desk::new("statistics-threads");
    let with = |threads: u32| {
        let line = format!("{POLICIES} --resample users:4 --format csv --threads {threads}");
        desk.line(&line)
    };
    let (one, two) = (with(1), with(2));
    assert_eq!((one.code, two.code), (0, 0));
    assert_eq!(one.out, two.out);
}

#[test]
fn another_seed_draws_other_traces_and_leaves_the_trace_alone() {
    let desk = Desk::new("statistics-seed");
    let columns = |seed: u32| {
        let ran = desk.line(&format!(
            "{POLICIES} --resample users:4 --format csv --seed {seed}"
        ));
        let lines: Vec<Vec<String>> = ran
            .out
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect();
        // On the trace, and the mean over draws.
        let of = |at: usize| -> Vec<String> { lines.iter().map(|line| line[at].clone()).collect() };
        (of(5), of(6))
    };
    let (one, two) = (columns(1), columns(2));
    assert_eq!(one.0, two.0);
    assert_ne!(one.1, two.1);
}

#[test]
fn what_cannot_be_said_is_refused() {
    let desk = Desk::new("statistics-refused");
    for (flags, words) in [
        ("--resample dys", "did you mean `days`?"),
        ("--resample users:1", "give 2 to 10000"),
        ("--resample weeks", "0 whole weeks"),
        ("--blocks hours", "give one of: days, weeks, users"),
        ("--baseline easy/best-fit", "comparisons with intervals"),
        (
            "--blocks users --baseline x",
            "name one of: fifo/best-fit, easy/best-fit",
        ),
        ("--blocks days --resample days", "cannot be used with"),
    ] {
        let ran = desk.line(&format!("{POLICIES} {flags}"));
        assert_eq!(ran.code, 2, "{flags}: {}", ran.err);
        assert!(ran.err.contains(words), "{flags}: {}", ran.err);
        assert_eq!(ran.out, "", "{flags}");
    }
}

#[test]
fn one_block_gives_no_interval() {
    let desk = Desk::new("statistics-one-block");
    let ran = desk.line(&format!("{POLICIES} --blocks weeks"));
    assert!(ran.out.contains("too few weeks"), "{}", ran.out);
}

#[test]
fn jobs_of_the_warm_up_are_in_no_pair() {
    let desk = Desk::new("statistics-warm-up");
    let jobs = |flags: &str| -> u64 {
        let ran = desk.line(&format!("{POLICIES} --blocks users --format csv {flags}"));
        assert_eq!(ran.code, 0, "{}", ran.err);
        let first = ran.out.lines().nth(1).unwrap();
        first.split(',').nth(4).unwrap().parse().unwrap()
    };
    assert_eq!(jobs(""), 600);
    assert!(jobs("--warm-up 7200") < 600);
}

#[test]
fn runs_that_are_compared_have_one_warm_up() {
    let desk = Desk::new("statistics-one-warm-up");
    // Twenty jobs at once on one GPU, and long after the last of them one every 110 s.
    let burst = (0..20).map(|at| format!("b{at},0,{},1\n", 100 + 5 * at));
    let calm = (0..180).map(|at| format!("c{at},{},100,1\n", 5000 + 110 * at));
    let jobs: String = burst.chain(calm).collect();
    desk.write("t/jobs.csv", &format!("job_id,submit_s,run_s,gpu\n{jobs}"));
    desk.write("t/nodes.csv", "node,gpu_model,gpu\nn,T4,1\n");
    let line = "compare --trace t --queueing fifo,sjf --warm-up mser-5 --format json";
    let ran = desk.line(line);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let runs: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let cut = &runs[0]["warm_up"];
    assert_eq!(cut["rule"], "mser-5, the longest of all runs");
    assert_eq!(
        (&cut["seconds"], &cut["jobs_left_out"]),
        (&5000.0.into(), &20.into())
    );
    assert_eq!(*cut, runs[1]["warm_up"]);
    assert_eq!(runs[0]["wait_s"]["jobs"], 180);
    // Where one of them sees no steady state, all jobs count, and it is said why.
    let calm = (0..180).map(|at| format!("c{at},{},100,1\n", 1000 + 110 * at));
    let burst = (0..20).map(|at| format!("b{at},0,{},1\n", 100 + 5 * at));
    let jobs: String = burst.chain(calm).collect();
    desk.write("t/jobs.csv", &format!("job_id,submit_s,run_s,gpu\n{jobs}"));
    let ran = desk.line(line);
    let runs: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let cut = &runs[0]["warm_up"];
    assert_eq!(cut["rule"], "mser-5, not steady in 1 of 2 runs");
    assert_eq!(
        (&cut["seconds"], &cut["jobs_left_out"]),
        (&serde_json::Value::Null, &0.into())
    );
    assert_eq!(runs[1]["wait_s"]["jobs"], 200);
}
