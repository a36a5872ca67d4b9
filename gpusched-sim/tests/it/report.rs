//! The page about results: what stands in it, that names stay names, and how large it gets.

use crate::cli::Desk;

/// The page without what is not text: style, data and scripts.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    for (open, close) in [("<style>", "</style>"), ("<script", "</html>")] {
        let (before, after) = rest.split_once(open).unwrap();
        text += before;
        rest = after.split_once(close).unwrap().1;
    }
    // The hashes change with every line of a script.
    let (before, policy) = text.split_once("<meta http-equiv").unwrap();
    before.to_owned() + policy.split_once('\n').unwrap().1
}

fn page(desk: &Desk, file: &str) -> String {
    std::fs::read_to_string(desk.path.join(file)).unwrap()
}

/// The trace of the desk by hand: `serve` waits 70 s for `prepare` to end, `late` 210 s for `train`:
/// 46.7 s on average; `late` takes 270 s for 60, a slowdown of 4.5; 4,790 of 6 × 1,100 GPU-seconds are
/// held, 72.6 %. Both policies do the same here.
#[test]
fn the_text_of_a_page_says_everything_a_chart_shows() {
    let desk = Desk::new("report-text");
    let compare = "compare --trace trace --queueing fifo,easy --out runs";
    assert_eq!(desk.line(compare).code, 0);
    let ran = desk.line("report runs -o page.html --baseline easy/best-fit");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(
        ran.err.starts_with("page.html shows 2 runs in "),
        "{}",
        ran.err
    );
    insta::assert_snapshot!("report_text", text(&page(&desk, "page.html")));
}

#[test]
fn the_same_results_give_the_same_page() {
    let desk = Desk::new("report-same");
    let run = "run --queueing easy --placement fgd --limit 500 --out run";
    assert_eq!(desk.line(run).code, 0);
    for name in ["one.html", "two.html"] {
        assert_eq!(desk.line(&format!("report run -o {name}")).code, 0);
    }
    assert_eq!(page(&desk, "one.html"), page(&desk, "two.html"));
}

#[test]
fn names_in_a_trace_are_text_wherever_they_stand() {
    let desk = Desk::new("report-names");
    let evil = "</script><script>alert(1)</script><!--";
    desk.write(
        "t/jobs.csv",
        &format!(
            "job_id,submit_s,run_s,gpu,queue,user\n\"{evil}\",0,100,4,\"<img src=x onerror=alert(2)>\",\"'\"\"&amp;\"\n\
             \"{evil}2\",1,100,4,q,u\n"
        ),
    );
    desk.write("t/nodes.csv", "node,gpu_model,gpu\n\"<b>n</b>\",T4,4\n");
    let ran = desk.line("run --trace t --out run");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(desk.line("report run -o page.html").code, 0);
    let page = page(&desk, "page.html");
    // The data and the program.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    for raw in ["<img", "<b>n", "<!--"] {
        assert!(!page.contains(raw), "{raw}");
    }
    assert!(page.contains("&lt;img src=x onerror=alert(2)&gt;"));
    assert!(page.contains("\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"));
    assert!(page.contains("&#39;&quot;&amp;amp;"));
}

#[test]
fn what_has_no_data_is_named_and_left_out() {
    let desk = Desk::new("report-missing");
    assert_eq!(desk.line("run --trace trace --out run").code, 0);
    for file in ["jobs.csv", "waits.csv", "series.csv", "occupancy.csv"] {
        std::fs::remove_file(desk.path.join("run").join(file)).unwrap();
    }
    let ran = desk.line("report run -o page.html");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = page(&desk, "page.html");
    for title in [
        "Distributions",
        "Over time",
        "Why jobs waited",
        "Occupancy",
        "Who ran where",
    ] {
        assert!(page.contains(&format!("<li><b>{title}</b>: ")), "{title}");
        assert!(!page.contains(&format!("<h2>{title}</h2>")), "{title}");
    }
    assert!(page.contains("<h2>Results</h2>"));
}

#[test]
fn a_replay_with_kueue_is_refused_with_a_reason() {
    let desk = Desk::new("report-kueue");
    desk.write(
        "run/summary.json",
        "{\n  \"queueing\": \"kueue\",\n  \"jobs\": 3\n}\n",
    );
    let ran = desk.line("report run -o page.html");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("does not show replays with Kueue yet"),
        "{}",
        ran.err
    );
}

#[test]
fn of_more_runs_than_can_be_drawn_all_are_ranked() {
    let desk = Desk::new("report-many");
    assert_eq!(desk.line("run --trace trace --out run").code, 0);
    let summary = String::from_utf8(desk.files("run")["summary.json"].clone()).unwrap();
    for run in 0..17 {
        // The later, the better.
        let mean = format!("\"mean\": {}", 1000 - run);
        let (before, jct) = summary.split_once("\"jct_s\": {").unwrap();
        let (_, after) = jct.split_once(',').unwrap();
        let (jobs, rest) = after.split_once(',').unwrap();
        assert!(jobs.contains("mean"), "{jobs}");
        let text = format!("{before}\"jct_s\": {{\n    \"jobs\": 4,\n    {mean},{rest}");
        desk.write(&format!("many/{run:02}/summary.json"), &text);
    }
    let ran = desk.line("report many -o page.html --baseline 03");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("shows 17 runs"), "{}", ran.err);
    let page = page(&desk, "page.html");
    assert!(page.contains("16 of 17 runs compared"));
    // Equal runs are told apart by their folders; the worst is in the table alone.
    let (drawn, ranked) = page.split_once("All 17 runs").unwrap();
    assert!(drawn.contains("fifo/best-fit (many/03)") && !drawn.contains("(many/00)"));
    let ranked = ranked.split_once("</table>").unwrap().0;
    let places: Vec<usize> = (0..17)
        .map(|run| ranked.find(&format!("(many/{run:02})")).unwrap())
        .collect();
    assert!(places.is_sorted_by(|a, b| a > b), "{places:?}");
}

#[test]
fn a_comparison_with_intervals_shows_them() {
    let desk = Desk::new("report-intervals");
    let compare =
        "compare --trace builtin:sample --limit 600 --queueing fifo,easy --blocks users --out runs";
    let ran = desk.line(compare);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(desk.files("runs").contains_key("intervals.json"));
    assert_eq!(desk.line("report runs -o page.html").code, 0);
    let shown = page(&desk, "page.html");
    assert!(shown.contains("95% intervals of differences from fifo/best-fit"));
    assert!(shown.contains("\"intervals\":["));
    // The same command again writes the same.
    let before = desk.files("runs");
    assert_eq!(desk.line(compare).code, 0);
    assert_eq!(before, desk.files("runs"));
    // Without a source of randomness there are none.
    std::fs::remove_file(desk.path.join("runs/intervals.json")).unwrap();
    assert_eq!(desk.line("report runs -o page.html").code, 0);
    let shown = page(&desk, "page.html");
    assert!(shown.contains("Intervals: none.") && !shown.contains("\"intervals\":["));
    desk.write("runs/intervals.json", "{}\n");
    assert_eq!(desk.line("report runs -o page.html").code, 2);
}

const SWEEP: &str = "
base: { trace: builtin:sample, limit: 200 }
axes:
  queueing: [fifo, easy, sjf]
  placement: [best-fit, fgd, first-fit]
arrivals: { order: shuffle }
seeds: 3
metrics: [wait_mean_s, utilisation, slowdown_p50]
baseline: { queueing: fifo }
";

#[test]
fn a_sweep_is_gathered_by_combination() {
    let desk = Desk::new("report-sweep");
    desk.write("e.yaml", SWEEP);
    assert_eq!(desk.line("sweep e.yaml --out sweep").code, 0);
    let ran = desk.line("report sweep -o page.html");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("shows 27 runs"), "{}", ran.err);
    let shown = page(&desk, "page.html");
    insta::assert_snapshot!("report_sweep_text", text(&shown));
    // From Parquet the same page.
    std::fs::remove_file(desk.path.join("sweep/summary.csv")).unwrap();
    assert_eq!(desk.line("report sweep -o parquet.html").code, 0);
    assert!(page(&desk, "parquet.html") == shown);
    let other = desk.line("report sweep -o other.html --baseline placement=fgd");
    assert_eq!(other.code, 0, "{}", other.err);
    assert!(page(&desk, "other.html").contains("the one with placement=fgd"));
    assert!(!page(&desk, "other.html").contains("\"against\":null"));
    for (flag, words) in [
        ("queueing=fif", "did you mean `queueing=fifo`?"),
        ("queuing=fifo", "the axes are: placement, queueing"),
    ] {
        let ran = desk.line(&format!("report sweep -o other.html --baseline {flag}"));
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn without_randomness_a_page_about_a_sweep_has_no_interval() {
    let desk = Desk::new("report-sweep-sure");
    let plain = SWEEP.replace("arrivals: { order: shuffle }\nseeds: 3\n", "");
    desk.write("e.yaml", &plain);
    assert_eq!(desk.line("sweep e.yaml --out sweep").code, 0);
    assert_eq!(desk.line("report sweep -o page.html").code, 0);
    let shown = page(&desk, "page.html");
    assert!(shown.contains("nothing: there are no intervals"));
    assert!(!shown.contains("<h2>Differences from the baseline"));
    // Nor is anybody compared with anybody where there is no baseline.
    desk.write(
        "none.yaml",
        &SWEEP.replace("baseline: { queueing: fifo }\n", ""),
    );
    assert_eq!(desk.line("sweep none.yaml --out none").code, 0);
    assert_eq!(desk.line("report none -o page.html").code, 0);
    let none = page(&desk, "page.html");
    assert_eq!(none.matches("\"against\":null").count(), 9);
    assert!(!none.contains("<h2>Differences"));
    // Rows that are not those of the manifest are not shown as if they were.
    let csv = String::from_utf8(desk.files("sweep")["summary.csv"].clone()).unwrap();
    let cut: Vec<&str> = csv.lines().take(3).collect();
    desk.write("sweep/summary.csv", &format!("{}\n", cut.join("\n")));
    let ran = desk.line("report sweep -o page.html");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("not the runs of manifest.json"),
        "{}",
        ran.err
    );
}

#[test]
fn a_hundred_thousand_jobs_compared_stay_below_two_megabytes() {
    let desk = Desk::new("report-large");
    let lines = [
        "trace generate --preset philly --jobs 100000 --out t",
        "compare --trace t --queueing fifo-greedy,easy --placement best-fit,fgd --out runs",
        "report runs -o page.html",
    ];
    for line in lines {
        let ran = desk.line(line);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let page = page(&desk, "page.html");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("100,000"));
}
