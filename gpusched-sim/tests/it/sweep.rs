//! Sweeps from outside: the same bytes however often they are killed and however they are split,
//! and every slip refused with nothing lost.

use crate::cli::Desk;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

/// 24 runs of a few milliseconds each.
const EXPERIMENT: &str = "\
base: { trace: trace/ }
axes:
  queueing: [fifo, sjf, easy]
  placement: [best-fit, random]
seeds: [3, 1, 4, 15]
arrivals: { order: shuffle }
baseline: { queueing: fifo }
";

fn desk(test: &str) -> Desk {
    let desk = Desk::new(test);
    desk.write("e.yaml", EXPERIMENT);
    desk
}

type Files = BTreeMap<String, Vec<u8>>;

/// What one sweep without any trouble writes.
fn whole(desk: &Desk) -> Files {
    let ran = desk.line("sweep e.yaml --out whole --jobs 1");
    assert_eq!(ran.code, 0, "{}", ran.err);
    desk.files("whole")
}

fn assert_same(mine: &Files, theirs: &Files, what: &str) {
    let names = |files: &Files| -> Vec<String> { files.keys().cloned().collect() };
    assert_eq!(names(mine), names(theirs), "{what}");
    for (name, bytes) in mine {
        assert!(*bytes == theirs[name], "{what}: {name} differs");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let desk = desk("sweep-threads");
    let whole = whole(&desk);
    assert_eq!(desk.line("sweep e.yaml --out four --jobs 4").code, 0);
    assert_same(&desk.files("four"), &whole, "four threads");
    // Once more over what is finished.
    assert_eq!(desk.line("sweep e.yaml --out four").code, 0);
    assert_same(&desk.files("four"), &whole, "again");
}

#[test]
fn killed_at_random_moments_and_begun_again_a_sweep_gives_the_same_bytes() {
    let desk = desk("sweep-killed");
    let begun = Instant::now();
    let whole = whole(&desk);
    let took = begun.elapsed();
    // Moments from a linear congruential generator (Knuth's MMIX), spread over the whole sweep.
    let mut state: u64 = 20_221_122;
    let mut killed = 0;
    for round in 0..20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let moment = took.mul_f64((state >> 33) as f64 / (1u64 << 31) as f64);
        let mut command = desk.command(&["sweep", "e.yaml", "--out", "cut", "--jobs", "2"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        // SIGKILL; a process that was quicker is done, and that is no failure.
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        if round % 7 == 6 {
            // From a fresh directory now and then, so that early moments are met again.
            assert_eq!(desk.line("sweep e.yaml --out cut").code, 0);
            assert_same(&desk.files("cut"), &whole, "killed and begun again");
            std::fs::remove_dir_all(desk.path.join("cut")).unwrap();
        }
    }
    let last = desk.line("sweep e.yaml --out cut");
    assert_eq!(last.code, 0, "{}", last.err);
    assert_same(&desk.files("cut"), &whole, "killed and begun again");
    assert!(killed >= 5, "only {killed} of 20 were killed in time");
}

#[test]
fn shards_merged_are_what_one_sweep_writes() {
    let desk = desk("sweep-shards");
    let whole = whole(&desk);
    for of in [1, 3, 8] {
        let mut merge = vec!["merge".to_owned()];
        // Backwards: the order in which directories are named means nothing.
        for number in (1..=of).rev() {
            let part = format!("part-{number}-{of}");
            let ran = desk.line(&format!("sweep e.yaml --shard {number}/{of} --out {part}"));
            assert_eq!(ran.code, 0, "{}", ran.err);
            merge.push(part);
        }
        merge.extend(["--out".to_owned(), format!("merged-{of}")]);
        let words: Vec<&str> = merge.iter().map(String::as_str).collect();
        let ran = desk.run(&words);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_same(
            &desk.files(&format!("merged-{of}")),
            &whole,
            &format!("{of} shards"),
        );
        // And again, over itself.
        assert_eq!(desk.run(&words).code, 0);
    }
}

#[test]
fn a_run_of_a_sweep_is_the_run_of_its_scenario() {
    let desk = Desk::new("sweep-run");
    let text = "{ base: { trace: trace/, queueing: easy }, axes: { placement: [best-fit, fgd] }, keep: all }";
    desk.write("e.yaml", text);
    assert_eq!(desk.line("sweep e.yaml --out results").code, 0);
    let (_, rows) = gpusched_sim::sweep::read_rows(&desk.path.join("results/summary.csv")).unwrap();
    let run = format!("results/run={}", rows[1][0]);
    assert_eq!(
        desk.line(&format!("run {run}/scenario.yaml --out alone"))
            .code,
        0
    );
    let (mine, alone) = (desk.files(&run), desk.files("alone"));
    for name in ["jobs.csv", "series.csv", "waits.csv"] {
        assert_eq!(mine[name], alone[name], "{name}");
    }
    // Names of inputs are those of the experiment, and bounds are told of single runs only; all
    // else is the same.
    let json = |files: &Files| -> serde_json::Value {
        let mut summary: serde_json::Value =
            serde_json::from_slice(&files["summary.json"]).unwrap();
        summary["inputs"] = serde_json::Value::Null;
        summary["bounds"] = serde_json::Value::Null;
        summary
    };
    assert_eq!(json(&mine), json(&alone));
    let ran = desk.line(&format!("explain {run} train"));
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn the_screen_of_a_sweep() {
    let desk = desk("sweep-screen");
    desk.write(
        "e.yaml",
        &format!("{EXPERIMENT}metrics: [wait_mean_s, jct_mean_s, utilisation]\n"),
    );
    insta::assert_snapshot!(desk.line("sweep e.yaml --out results").screen());
    insta::assert_snapshot!(desk.line("sweep e.yaml --out part --shard 2/3").screen());
    insta::assert_snapshot!(desk.line("sweep e.yaml --list-metrics").screen());
    insta::assert_snapshot!(desk.line("sweep --help").screen());
    insta::assert_snapshot!(desk.line("merge --help").screen());
}

#[test]
fn for_a_pull_request_the_tables_are_markdown() {
    let desk = desk("sweep-markdown");
    let ran = desk.line("sweep e.yaml --out out --format markdown");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("| queueing | "), "{}", lines[0]);
    assert!(lines[1].starts_with("| :"), "{}", lines[1]);
    let heads = |text: &str| text.matches(" | ").count();
    for row in lines.iter().filter(|line| line.starts_with("| easy")) {
        assert!([heads(lines[0]), 9].contains(&heads(row)), "{row}");
    }
    assert!(lines.contains(&"wait\\_mean\\_s against the baseline:"));
}

#[test]
fn a_warm_up_may_be_found_run_by_run() {
    let desk = Desk::new("sweep-mser-5");
    let burst = (0..20).map(|at| format!("b{at},0,100,1\n"));
    let calm = (0..180).map(|at| format!("c{at},{},100,1\n", 5000 + 110 * at));
    let jobs: String = burst.chain(calm).collect();
    desk.write("t/jobs.csv", &format!("job_id,submit_s,run_s,gpu\n{jobs}"));
    desk.write("t/nodes.csv", "node,gpu_model,gpu\nn,T4,1\n");
    desk.write(
        "e.yaml",
        "base: { trace: t/ }\nwarm-up: mser-5\nmetrics: [wait_mean_s, steady_from_s, steady_jobs, steady_wait_mean_s]\n",
    );
    assert_eq!(desk.line("sweep e.yaml --out out").code, 0);
    let rows = String::from_utf8(desk.files("out")["summary.csv"].clone()).unwrap();
    let row: Vec<&str> = rows.lines().nth(1).unwrap().split(',').collect();
    // Twenty jobs at once wait 950 s on average, the 180 that come after them do not wait.
    assert_eq!(row[2..], ["95", "5000", "180", "0"]);
}

#[test]
fn slips_in_an_experiment() {
    let desk = Desk::new("sweep-slips");
    let slips = [
        ("an unknown axis", "axes:\n  placment: [fgd]\n"),
        ("an unknown key", "axis: { placement: [fgd] }\n"),
        ("an unknown key of the base", "base:\n  queuing: fifo\n"),
        (
            "an axis without values",
            "axes:\n  queueing: [fifo]\n  placement: []\n",
        ),
        ("an axis that is no list", "axes: { placement: fgd }\n"),
        (
            "a policy that is not there",
            "axes:\n  placement: [best-fit, fdg]\n",
        ),
        (
            "a value that is there twice",
            "axes:\n  placement: [fgd, pwr, fgd]\n",
        ),
        (
            "an axis that is a key of the base",
            "base: { queueing: fifo }\naxes:\n  queueing: [easy]\n",
        ),
        ("seeds as an axis", "axes:\n  seed: [1, 2]\n"),
        ("a directory for results", "base:\n  out: results\n"),
        ("no seeds", "seeds: 0\n"),
        ("seeds that are words", "seeds: many\n"),
        (
            "a seed that is there twice",
            "seeds: [1, 2, 1]\narrivals: { order: shuffle }\n",
        ),
        (
            "seeds with nothing random",
            "axes: { placement: [fgd] }\nseeds: 10\n",
        ),
        ("another version", "schema: 2\naxles: {}\n"),
        (
            "everything excluded",
            "axes: { placement: [fgd] }\nexclude: [{ placement: fgd }]\n",
        ),
        (
            "an excluded value that is not there",
            "axes: { placement: [fgd] }\nexclude: [{ placement: pwr }]\n",
        ),
        (
            "a baseline on no axis",
            "axes: { placement: [fgd, pwr] }\nbaseline: { queueing: fifo }\n",
        ),
        (
            "a baseline of no value",
            "axes: { placement: [fgd, pwr] }\nbaseline: { placement: pwd }\n",
        ),
        ("a metric that is not there", "metrics: [wait_mean]\n"),
        (
            "a metric of a full cluster",
            "metrics: [allocated_pct_at_100]\n",
        ),
        ("no metrics", "metrics: []\n"),
        ("a warm-up of nothing", "warm-up: 0\n"),
        ("a warm-up of a word", "warm-up: mser\n"),
        ("a warm-up in the base", "base: { warm-up: 60 }\n"),
        ("filling without drawing", "arrivals: { fill: 1.3 }\n"),
        (
            "filling to nothing",
            "arrivals: { order: shuffle, fill: 0 }\n",
        ),
        (
            "an order that fills, without filling",
            "arrivals: { order: fgd-simulator }\n",
        ),
        (
            "machines drawn after jobs that are not",
            "arrivals: { order: shuffle, fill: 1.3 }\nmachine-order: fgd-simulator\n",
        ),
        ("two horizons", "base: { horizon: 5 }\nhorizon: 6\n"),
        ("Kueue", "axes: { queueing: [fifo, kueue] }\n"),
        (
            "a trace that is not there",
            "axes: { trace: [trace/, none.csv] }\n",
        ),
        ("an option that means nothing", "base: { boot: 30 }\n"),
    ];
    let mut screens = String::new();
    for (what, text) in slips {
        desk.write("e.yaml", text);
        let ran = desk.line("sweep e.yaml --out results");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{what}: {}", ran.err);
        assert!(!desk.path.join("results").exists(), "{what}");
        screens += &format!("## {what}\n{}\n", ran.err);
    }
    insta::assert_snapshot!(screens);
}

/// Digests of runs depend on the version of the program.
fn without_digests(text: &str) -> String {
    let is_digest =
        |word: &&str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digests = text.split(' ').filter(is_digest);
    digests.fold(text.to_owned(), |text, digest| {
        text.replace(digest, "DIGEST")
    })
}

#[test]
fn slips_around_results() {
    let desk = desk("sweep-places");
    for number in 1..=2 {
        let line = format!("sweep e.yaml --shard {number}/2 --out part-{number}");
        assert_eq!(desk.line(&line).code, 0);
    }
    let mut screens = String::new();
    let mut screen = |what: &str, line: &str| {
        let ran = desk.line(line);
        screens += &format!("## {what}\n{}\n", ran.screen());
    };
    screen(
        "another shard in a directory",
        "sweep e.yaml --shard 2/2 --out part-1",
    );
    screen(
        "a shard that cannot be",
        "sweep e.yaml --shard 3/2 --out part-3",
    );
    screen("a shard is missing", "merge part-1 --out merged");
    let run = desk
        .files("part-2")
        .into_keys()
        .find(|name| name.starts_with("run="));
    let run = desk.path.join("part-2").join(run.unwrap());
    let aside = desk.path.join("aside");
    std::fs::rename(&run, &aside).unwrap();
    screen(
        "a shard is not finished",
        "merge part-1 part-2 --out merged",
    );
    std::fs::rename(&aside, &run).unwrap();
    screen("no results", "merge part-1 trace --out merged");
    screen("no directory", "sweep e.yaml --out e.yaml");
    screen("something else in it", "sweep e.yaml --out trace");
    screen("an unwritable folder", "sweep e.yaml --out /proc/results");
    screen("no processes", "sweep e.yaml --out results --jobs 0");

    // A trace that changed since the first shard was made.
    let path = desk.path.join("trace/jobs.csv");
    let jobs = std::fs::read_to_string(&path).unwrap();
    desk.write("trace/jobs.csv", &jobs.replace("1000", "1001"));
    screen(
        "other inputs in a directory",
        "sweep e.yaml --shard 2/2 --out part-2",
    );
    std::fs::remove_dir_all(desk.path.join("part-2")).unwrap();
    assert_eq!(desk.line("sweep e.yaml --shard 2/2 --out part-2").code, 0);
    screen("shards of other inputs", "merge part-1 part-2 --out merged");
    desk.write("trace/jobs.csv", &jobs);

    // Another experiment, and results of another version.
    desk.write(
        "e.yaml",
        &EXPERIMENT.replace("[fifo, sjf, easy]", "[fifo, ljf, easy]"),
    );
    screen(
        "another experiment",
        "sweep e.yaml --shard 1/2 --out part-1",
    );
    let manifest = desk.path.join("part-1/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    desk.write(
        "part-1/manifest.json",
        &text.replace("\"schema\": 1", "\"schema\": 7"),
    );
    screen("another version", "merge part-1 part-2 --out merged");
    assert!(!desk.path.join("merged").exists());
    insta::assert_snapshot!(without_digests(&screens));
}

#[test]
fn a_run_that_differs_between_shards_is_not_merged() {
    let desk = desk("sweep-differs");
    for part in ["one", "two"] {
        assert_eq!(desk.line(&format!("sweep e.yaml --out {part}")).code, 0);
    }
    let name = desk
        .files("two")
        .into_keys()
        .find(|name| name.ends_with("/summary.json"));
    desk.write(&format!("two/{}", name.unwrap()), "{}");
    let ran = desk.line("merge one two --out merged");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("is not the same in"), "{}", ran.err);
    assert!(!desk.path.join("merged").exists());
}

/// A file system of 64 KiB, where the test may make one.
struct Small(PathBuf);

impl Small {
    fn mount(path: PathBuf) -> Option<Small> {
        std::fs::create_dir_all(&path).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(&path);
        let mounted = mount
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Small(path))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_keeps_what_was_finished() {
    let desk = desk("sweep-full");
    let whole = whole(&desk);
    let Some(small) = Small::mount(desk.path.join("small")) else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    let ran = desk.line("sweep e.yaml --out small/results --jobs 1");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("No space left"), "{}", ran.err);
    assert!(ran.err.contains("what was finished is kept"), "{}", ran.err);
    let kept = desk.files("small/results");
    assert!(kept.keys().any(|name| name.starts_with("run=")));
    for (name, bytes) in &kept {
        assert!(whole.get(name) == Some(bytes), "{name} is not whole");
    }
    // On a disk with room the sweep goes on from there.
    let moved = desk.path.join("moved");
    std::fs::create_dir(&moved).unwrap();
    for (name, bytes) in &kept {
        match name.strip_suffix('/') {
            Some(directory) => std::fs::create_dir_all(moved.join(directory)).unwrap(),
            None => {
                std::fs::create_dir_all(moved.join(name).parent().unwrap()).unwrap();
                std::fs::write(moved.join(name), bytes).unwrap();
            }
        }
    }
    drop(small);
    assert_eq!(desk.line("sweep e.yaml --out moved").code, 0);
    assert_same(&desk.files("moved"), &whole, "moved and begun again");
}

#[test]
fn the_published_schema_of_experiments_is_up_to_date() {
    let published = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/experiment.schema.json"
    );
    let published = std::fs::read_to_string(published).unwrap();
    assert!(
        Desk::new("sweep-schema").line("schema experiment").out == published,
        "run `gpusched schema experiment > docs/experiment.schema.json`"
    );
}

#[test]
fn the_example_experiments_can_be_read() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/experiments");
    let load = |name: &str| {
        let path = PathBuf::from(examples).join(name);
        gpusched_sim::experiment::Experiment::load(&path)
            .unwrap_or_else(|problem| panic!("{}", problem.render(false)))
    };
    assert_eq!(load("openb.yaml").cells.len() * 10, 1_020);
    assert_eq!(load("queueing.yaml").cells.len(), 6);
}
