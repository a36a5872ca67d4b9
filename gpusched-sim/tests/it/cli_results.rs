//! Directories of results: complete, repeatable, never half-written.

use crate::cli::Desk;

const FILES: [&str; 6] = [
    "jobs.csv",
    "occupancy.csv",
    "scenario.yaml",
    "series.csv",
    "summary.json",
    "waits.csv",
];

#[test]
fn the_same_command_twice_gives_the_same_bytes() {
    let desk = Desk::new("twice");
    for place in ["one", "two"] {
        let line = format!("run --queueing easy --placement fgd --seed 7 --out {place}");
        assert_eq!(desk.line(&line).code, 0);
    }
    let one = desk.files("one");
    assert_eq!(one.keys().map(String::as_str).collect::<Vec<_>>(), FILES);
    assert_eq!(one, desk.files("two"));
    // Again into the same place: the earlier run makes way.
    assert_eq!(
        desk.line("run --queueing easy --placement fgd --seed 7 --out one")
            .code,
        0
    );
    assert_eq!(one, desk.files("one"));
    let left: Vec<String> = desk
        .files("")
        .into_keys()
        .filter(|name| name.contains(".unfinished"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn the_stored_scenario_repeats_the_run() {
    let desk = Desk::new("repeat");
    assert_eq!(desk.line("run --queueing sjf --seed 3 --out one").code, 0);
    assert_eq!(
        desk.line("run one/scenario.yaml --out deep/below/two").code,
        0
    );
    assert_eq!(desk.files("one"), desk.files("deep/below/two"));

    // Paths in it count from where it is stored.
    assert_eq!(
        desk.line("run --trace trace --horizon 500.5 --out deep/three")
            .code,
        0
    );
    let stored = String::from_utf8(desk.files("deep/three")["scenario.yaml"].clone()).unwrap();
    assert!(stored.contains("trace: ../../trace\n"), "{stored}");
    assert!(stored.contains("horizon: 500.5\n"), "{stored}");
    assert_eq!(desk.line("run deep/three/scenario.yaml --out four").code, 0);
    assert_eq!(
        desk.files("deep/three")["jobs.csv"],
        desk.files("four")["jobs.csv"]
    );
}

#[test]
fn flags_and_scenario_say_the_same() {
    let desk = Desk::new("same");
    desk.write(
        "s.yaml",
        "trace: trace\nqueueing: sjf\nplacement: worst-fit\nhorizon: 500\nformat: csv\n",
    );
    let flags = "run --trace trace --queueing sjf --placement worst-fit --horizon 500 --format csv";
    let (scenario, flags) = (desk.line("run s.yaml"), desk.line(flags));
    assert_eq!(scenario.code, 0);
    assert_eq!(scenario.out, flags.out);
    // Flags win for policies.
    let other = desk.line("run s.yaml --queueing fifo");
    assert!(other.out.contains("\nfifo,"), "{}", other.out);
}

#[test]
fn threads_do_not_change_the_result() {
    let desk = Desk::new("threads");
    for format in ["table", "json", "csv"] {
        let line = |threads| {
            format!(
                "compare --queueing fifo,easy --placement all --seed 5 --threads {threads} --format {format}"
            )
        };
        let (one, two) = (desk.line(&line(1)), desk.line(&line(2)));
        assert_eq!(one.code, 0);
        assert_eq!(one.out, two.out);
    }
}

#[test]
fn compare_keeps_every_run_as_run_would() {
    let desk = Desk::new("keep");
    let compare = "compare --trace trace --queueing fifo,easy --placement fgd --out all";
    assert_eq!(desk.line(compare).code, 0);
    let names: Vec<String> = desk.files("all").into_keys().collect();
    let folders = ["1-fifo-fgd", "2-easy-fgd"];
    assert!(
        folders
            .iter()
            .all(|folder| names.contains(&format!("{folder}/"))),
        "{names:?}"
    );
    let easy = "run --trace trace --queueing easy --placement fgd --out easy";
    assert_eq!(desk.line(easy).code, 0);
    let (mut kept, run) = (desk.files("all/2-easy-fgd"), desk.files("easy"));
    for file in FILES.iter().filter(|file| **file != "scenario.yaml") {
        assert_eq!(kept.remove(*file), run.get(*file).cloned(), "{file}");
    }
    // The stored scenario makes the same run again, from where it stands.
    let again = "run all/2-easy-fgd/scenario.yaml --out again";
    assert_eq!(desk.line(again).code, 0);
    assert_eq!(desk.files("again")["jobs.csv"], run["jobs.csv"]);

    // Again into the same place: the earlier runs make way.
    let fewer = "compare --trace trace --queueing sjf --threads 1 --out all";
    assert_eq!(desk.line(fewer).code, 0);
    let left: Vec<String> = desk
        .files("all")
        .into_keys()
        .filter(|name| name.ends_with('/'))
        .collect();
    assert_eq!(left, ["1-sjf-best-fit/"]);
    // What is not a run is not lost.
    desk.write("all/1-sjf-best-fit/mine.txt", "precious");
    let refused = desk.line(fewer);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("holds something else: mine.txt"),
        "{}",
        refused.err
    );
}

/// Two GPUs from 0 to 100 s, one from 50 to 150 s: a bin is 150/240 s, so they change at the
/// beginnings of bins 80 and 160.
#[test]
fn occupancy_is_the_mean_held_in_each_bin() {
    let desk = Desk::new("occupancy");
    desk.write(
        "t/jobs.csv",
        "job_id,submit_s,run_s,gpu\nbig,0,100,2\nsmall,50,100,1\n",
    );
    desk.write("t/nodes.csv", "node,gpu_model,gpu\nhost,T4,4\nspare,T4,4\n");
    assert_eq!(desk.line("run --trace t --out r").code, 0);
    let text = String::from_utf8(desk.files("r")["occupancy.csv"].clone()).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..5], ["node", "gpu_model", "gpus", "0", "0.625"]);
    assert_eq!(rows[1][..3], ["host", "T4", "4"]);
    let held = &rows[1][3..];
    assert_eq!(held.len(), 240);
    for (bin, &held) in held.iter().enumerate() {
        let expected = match bin {
            0..80 => "2",
            80..160 => "3",
            _ => "1",
        };
        assert_eq!(held, expected, "bin {bin}");
    }
    assert!(rows[2][3..].iter().all(|&held| held == "0"));
}

#[test]
fn compare_and_run_agree() {
    let desk = Desk::new("agree");
    let run = desk
        .line("run --queueing easy --placement fgd --format csv")
        .out;
    let compare = desk
        .line("compare --queueing fifo,easy --placement fgd --format csv")
        .out;
    assert_eq!(run.lines().nth(1), compare.lines().nth(2));
}

#[test]
fn nobody_listening_is_no_failure() {
    use std::io::Read;
    let desk = Desk::new("pipe");
    let mut command = desk.command(&[
        "trace", "generate", "--preset", "uniform", "--jobs", "50000",
    ]);
    let command = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Read a little, then hang up, like `head -1`.
    child
        .stdout
        .take()
        .unwrap()
        .read_exact(&mut [0; 100])
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Runs something long and interrupts it once it replays, as often as told.
#[cfg(unix)]
fn interrupted(desk: &Desk, args: &[&str], times: usize) -> std::process::Output {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let mut command = desk.command(args);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("Replaying") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    std::thread::sleep(std::time::Duration::from_millis(400));
    // One shell for all, so that the second is not late; and not so soon that both are one.
    let presses = vec![format!("kill -INT {}", child.id()); times];
    let script = presses.join("; sleep 0.02; ");
    assert!(
        Command::new("sh")
            .args(["-c", &script])
            .status()
            .unwrap()
            .success()
    );
    let mut output = child.wait_with_output().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    output.stderr = said.into_bytes();
    output
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_valid_partial_results() {
    let desk = Desk::new("interrupt");
    big(&desk);
    let args = [
        "run",
        "--trace",
        "big",
        "--queueing",
        "conservative",
        "--out",
        "result",
        "--format",
        "json",
    ];
    let output = interrupted(&desk, &args, 1);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Interrupted: these results are valid"),
        "{said}"
    );

    let files = desk.files("result");
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), FILES);
    assert_eq!(output.stdout, files["summary.json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["interrupted"], true);
    let jobs = &summary["jobs"];
    let count = |what: &str| jobs[what].as_u64().unwrap();
    assert!(count("not_arrived") > 0 && count("finished") > 0, "{jobs}");
    let sum: u64 = [
        "finished",
        "running",
        "waiting",
        "unschedulable",
        "not_arrived",
    ]
    .map(count)
    .iter()
    .sum();
    assert_eq!((sum, count("total")), (100_000, 100_000));
    let rows = files["jobs.csv"]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count();
    assert_eq!(rows, 100_001);
    assert_eq!(desk.line("explain result j1").code, 0);
    assert_eq!(desk.line("explain result j100000").code, 0);
}

/// A trace that takes long to replay.
#[cfg(unix)]
fn big(desk: &Desk) {
    let made = "trace generate --preset uniform --jobs 100000 --rate-scale 3 --out big";
    assert_eq!(desk.line(made).code, 0);
}

#[cfg(unix)]
#[test]
fn an_aborted_run_leaves_nothing() {
    let desk = Desk::new("abort");
    big(&desk);
    let before = desk.files("");
    let args = [
        "run",
        "--trace",
        "big",
        "--queueing",
        "conservative",
        "--out",
        "result",
    ];
    let output = interrupted(&desk, &args, 2);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Aborted."), "{said}");
    assert_eq!(output.stdout, b"");
    assert_eq!(desk.files(""), before);
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_leaves_out_what_was_cut_short() {
    let desk = Desk::new("interrupt-compare");
    big(&desk);
    let line = "compare --trace big --queueing conservative --threads 1";
    let output = interrupted(&desk, &line.split(' ').collect::<Vec<_>>(), 1);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("left out are conservative/best-fit"),
        "{said}"
    );
    assert_eq!(output.stdout, b"");
}
