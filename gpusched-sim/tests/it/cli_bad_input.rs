//! Bad input, on the command line and in scenarios: each is refused with exit code 2 and a
//! message that says what is wrong and how to mend it, nothing on standard output, and nothing
//! written.

use crate::cli::Desk;

/// A command line, and what its message must hold.
const LINES: &[(&str, &[&str])] = &[
    // Words that mean nothing.
    ("rnu", &["'rnu'", "did you mean `run`?"]),
    ("trace inf", &["'inf'", "did you mean `info`?"]),
    (
        "run --fromat json",
        &["'--fromat'", "did you mean `--format`?"],
    ),
    (
        "run --format xml",
        &["'xml'", "table, json, csv", "`gpusched run --help`"],
    ),
    (
        "run --discipline batch",
        &["'batch'", "did you mean `batched`?"],
    ),
    (
        "run --queueing eazy",
        &[
            "no queueing policy `eazy`",
            "--queueing",
            "did you mean `easy`?",
        ],
    ),
    (
        "run --queueing fgdd",
        &["no queueing policy `fgdd`", "`--placement fgd`"],
    ),
    (
        "run --placement fdg",
        &["no placement policy `fdg`", "did you mean `fgd`?"],
    ),
    (
        "run --placement fgd:x+pwr:1",
        &["no weighted sum", "pwr:0.2+fgd:0.8"],
    ),
    (
        "policy describe esy",
        &["no policy `esy`", "did you mean `easy`?"],
    ),
    ("trace generate --preset phily", &["phily", "philly"]),
    ("completions tcsh", &["'tcsh'", "bash"]),
    // Numbers.
    ("run --seed abc", &["'abc'", "--seed", "not a whole number"]),
    ("run --seed -1", &["'-1'", "--seed", "not a whole number"]),
    (
        "run --gpus-per-pod 99999999999",
        &["--gpus-per-pod", "too large"],
    ),
    (
        "run --gpus-per-pod 0",
        &["--gpus-per-pod", "at least one GPU"],
    ),
    (
        "run --horizon -5",
        &["a horizon of -5 s is not ahead", "--horizon"],
    ),
    (
        "run --horizon 5",
        &["before the first job comes, at 129 s", "--horizon"],
    ),
    ("run --horizon soon", &["'soon'", "not a number of seconds"]),
    ("run --zero-run clamp:0", &["--zero-run", "clamp:1"]),
    (
        "run --sharing mps",
        &["does not say how many replicas", "--sharing", "`mps:4`"],
    ),
    ("run --sharing mps:1", &["how many replicas", "2 to 1000"]),
    (
        "compare --sharing exclusiv,mps:4",
        &["no way to share GPUs", "did you mean `exclusive`?"],
    ),
    (
        "run --network levle --job-profile llm-7b",
        &[
            "no model of the network",
            "--network",
            "did you mean `level`?",
        ],
    ),
    (
        "run --network across:0.5",
        &["how many times as long", "`across:1.5`"],
    ),
    (
        "run --network level:rack=0.5",
        &["at which level", "1 or more"],
    ),
    (
        "run --network level",
        &["asks what jobs exchange", "`--job-profile llm-7b`"],
    ),
    (
        "run --network flow --job-profile llm-7",
        &["no job profile `llm-7`", "--job-profile", "`llm-7b`"],
    ),
    (
        "run --network flow --job-profile nosuch.csv",
        &["cannot read the job profiles", "nosuch.csv"],
    ),
    (
        "trace generate --preset itp --rate-scale 0",
        &["rate scale", "0.000001"],
    ),
    (
        "compare --queueing all --threads 0",
        &["0 threads", "--threads"],
    ),
    // Files and formats.
    (
        "run nosuch.yaml",
        &["cannot read the scenario", "nosuch.yaml"],
    ),
    (
        "run trace/jobs.csv",
        &["a scenario is wanted here", "`--trace trace/jobs.csv`"],
    ),
    (
        "run --trace nosuch.csv --cluster 4x8",
        &["nosuch.csv", "no such file"],
    ),
    (
        "run --trace itpp:jobs.csv --cluster 4x8",
        &["unknown format \"itpp\"", "did you mean \"itp\"?"],
    ),
    (
        "run --trace builtin:simple",
        &["nothing built in", "builtin:sample"],
    ),
    (
        "run --trace trace/jobs.csv",
        &["no machines", "`--trace trace`"],
    ),
    (
        "run --trace trace --cluster 4x",
        &["GPUs per machine", "16x8"],
    ),
    (
        "run --trace trace-only.csv",
        &["no machines", "--cluster 16x8"],
    ),
    ("trace info nosuch.csv", &["nosuch.csv", "no such file"]),
    ("trace validate nosuch.csv", &["nosuch.csv", "no such file"]),
    ("trace convert trace", &["--out"]),
    // Requests that cannot be met.
    (
        "run --trace trace --cluster 8x2",
        &["can never run", "jobs.csv:7", "largest node has 2 GPUs"],
    ),
    (
        "compare --trace trace --cluster 8x2 --queueing all",
        &["can never run"],
    ),
    // Policies to compare.
    ("compare", &["no policies to compare", "--queueing"]),
    (
        "compare --queueing fifo,esay",
        &["`esay`", "did you mean `easy`?"],
    ),
    ("calibrate nosuch.csv", &["no such file", "nosuch.csv"]),
    (
        "calibrate trace/jobs.csv",
        &["unknown column \"job_id\"", "trace/jobs.csv:1:1"],
    ),
    // MIG.
    (
        "run --trace mig.csv --cluster 1x8",
        &[
            "1 MIG instance(s) 1g.10gb",
            "mig.csv:2",
            "--sharing mig:dynamic",
        ],
    ),
    (
        "run --trace mig.csv --cluster cut.csv",
        &["1 MIG instance(s) 1g.10gb", "mig.csv:2", "A100-SXM4-40GB"],
    ),
    (
        "run --sharing mig",
        &["no way to cut GPUs", "mig:dynamic", "mig:all-balanced"],
    ),
    (
        "run --sharing mig:all-balance",
        &["`mig:all-balance`", "did you mean `mig:all-balanced`?"],
    ),
    (
        "run --trace mig.csv --cluster 1x8:T4 --sharing mig:dynamic",
        &[
            "needs GPUs that MIG can cut",
            "its models are: T4",
            "A30-24GB",
        ],
    ),
    (
        "run --trace mig.csv --cluster 1x8:A100-SXM4-80GB --sharing mig:all-1g.5gb",
        &[
            "node n0000 (A100-80GB)",
            "no MIG configuration `all-1g.5gb`",
            "all-1g.10gb",
            "mig_layout",
        ],
    ),
    (
        "run --trace mig.csv --cluster 1x9:A100-SXM4-40GB --sharing mig:dynamic",
        &["node n0000 has 9 GPUs", "at most 8", "at most eight"],
    ),
    (
        "run --trace mig.csv --cluster 1x1:RTX-PRO-6000-Blackwell-Server --sharing mig:batched",
        &["nos knows no way to cut RTX-PRO-6000-96GB", "`mig:dynamic`"],
    ),
    (
        "run --trace mig.csv --cluster 1x1:A100-SXM4-40GB --sharing mig:dynamic --queueing conservative",
        &["`conservative` plans with totals", "`easy`"],
    ),
    (
        "run --trace mig.csv --cluster 1x1:A100-SXM4-40GB --sharing mig:dynamic \
         --mig-placement device-plugin-packed",
        &["none stands at first", "choose one of: best-fit-slots"],
    ),
    (
        "run --mig-placement hamy",
        &["no MIG placement policy `hamy`", "did you mean `hami`?"],
    ),
    (
        "run --placement hami",
        &["no placement policy `hami`", "`--mig-placement hami`"],
    ),
    (
        "run --trace no-profile.csv --cluster 1x1:A30",
        &[
            "no board has that MIG profile",
            "no-profile.csv:2",
            "did you mean 1g.5gb?",
        ],
    ),
    (
        "run --trace no-name.csv --cluster 1x1:A30",
        &["asks for big", "no-name.csv:2", "nvidia-smi mig -lgip"],
    ),
    (
        "run --trace both.csv --cluster 1x1:A30",
        &[
            "1 GPU(s) and for MIG instances",
            "both.csv:2",
            "leave gpu empty",
        ],
    ),
    (
        "run --trace trace --cluster wrong-layout.csv",
        &[
            "node b (A30-24GB)",
            "`all-1g.5gb`",
            "wrong-layout.csv:3",
            "all-1g.6gb",
        ],
    ),
    (
        "run --trace trace --cluster no-mig.csv",
        &[
            "node a",
            "model \"T4\" cannot be cut",
            "no-mig.csv:2",
            "A30-24GB",
        ],
    ),
    (
        "run --trace trace --cluster two-ways.csv",
        &[
            "node a has a MIG layout",
            "4 replicas",
            "two-ways.csv:2",
            "one way",
        ],
    ),
    (
        "run --trace trace --cluster many.csv",
        &[
            "node a has a MIG layout",
            "9 GPUs",
            "many.csv:2",
            "at most eight",
        ],
    ),
    // Runs and jobs to explain.
    ("explain nosuch job", &["no directory of results", "--out"]),
    (
        "explain trace job",
        &["no directory of results", "summary.json"],
    ),
    (
        "explain earlier trian",
        &["no job `trian`", "did you mean `train`?"],
    ),
    // Places for results.
    ("run --out full", &["holds something else: precious.txt"]),
    ("run --out file", &["names a file"]),
    ("run --out file/below", &["no directory"]),
    ("run --out /", &["--out"]),
    // Scenario and flags.
    (
        "run with-trace.yaml --trace builtin:sample",
        &["`--trace` contradicts", "with-trace.yaml:1:8"],
    ),
    (
        "run with-trace.yaml --gpus-per-pod 4",
        &["`--gpus-per-pod` contradicts", "with-trace.yaml:2:15"],
    ),
    (
        "compare --queueing all --out full",
        &["holds something else: precious.txt"],
    ),
    // Runs to show.
    (
        "report nosuch -o page.html",
        &["no directory of results", "no such directory", "--out"],
    ),
    (
        "report trace -o page.html",
        &["no directory of results", "summary.json"],
    ),
    (
        "report earlier -o full",
        &["names a directory", "-o report.html"],
    ),
    (
        "report earlier -o nosuch/page.html",
        &["cannot be written", "nosuch/page.html"],
    ),
    (
        "report earlier -o page.html --baseline fifo/bestfit",
        &[
            "no run `fifo/bestfit`",
            "--baseline",
            "did you mean `fifo/best-fit`?",
        ],
    ),
    (
        "report damaged -o page.html",
        &["damaged/jobs.csv:3:", "run it again"],
    ),
    (
        "report broken -o page.html",
        &["no summary of a run", "broken/summary.json:1:"],
    ),
];

/// A scenario, and what its message must hold.
const SCENARIOS: &[(&str, &[&str])] = &[
    (
        "queuing: easy",
        &["no key `queuing`", "s.yaml:1:1", "did you mean `queueing`?"],
    ),
    (
        "nonsense: 1",
        &["no key `nonsense`", "the keys are: trace, cluster"],
    ),
    (
        "seed: 1\nqueueing: eazy",
        &["`eazy`", "s.yaml:2:11", "did you mean `easy`?"],
    ),
    (
        "placement: fdg # near",
        &["`fdg`", "s.yaml:1:12", "did you mean `fgd`?"],
    ),
    ("seed: abc", &["no whole number", "s.yaml:1:7"]),
    ("seed: -1", &["no whole number", "s.yaml:1:7"]),
    ("limit: 1.5", &["no whole number", "s.yaml:1:8"]),
    ("lenient: maybe", &["`true` or `false`", "s.yaml:1:10"]),
    ("horizon: -5", &["a horizon of -5 s", "s.yaml:1:10"]),
    ("horizon: soon", &["`soon`", "seconds", "s.yaml:1:10"]),
    ("format: xml", &["`xml`", "table, json, csv", "s.yaml:1:9"]),
    ("discipline: batch", &["`batch`", "did you mean `batched`?"]),
    (
        "zero-run: sometimes",
        &["`sometimes`", "s.yaml:1:11", "clamp:1"],
    ),
    ("gpus-per-pod: 0", &["at least one GPU", "s.yaml:1:15"]),
    ("trace: [a, b]", &["not a list", "s.yaml:1:8"]),
    (
        "trace: nosuch.csv\ncluster: 4x8",
        &["no such file", "nosuch.csv"],
    ),
    (
        "trace: itpp:a.csv\ncluster: 4x8",
        &["unknown format", "s.yaml:1:8"],
    ),
    ("trace: trace/jobs.csv", &["no machines", "s.yaml:1:8"]),
    ("trace: 'unclosed", &["no valid YAML", "s.yaml:1:8"]),
    (
        "just text",
        &["no list of `key: value` lines", "s.yaml:1:1"],
    ),
    ("seed: 1\nseed: 2", &["`seed` is there twice", "s.yaml:2:1"]),
    ("seed: 1\n---\nseed: 2", &["more than one document"]),
    ("seed: 1\n\tseed: 2", &["no valid YAML", "tab"]),
];

fn desk(test: &str) -> Desk {
    let desk = Desk::new(test);
    desk.write("full/precious.txt", "do not lose me");
    desk.write("file", "");
    desk.write("trace-only.csv", "job_id,submit_s,run_s\na,0,1\n");
    desk.write(
        "mig.csv",
        "job_id,submit_s,run_s,mig_profile,mig_count\na,0,1,1g.10gb,1\n",
    );
    let jobs = [
        ("no-profile.csv", "mig_profile,mig_count\na,0,1,1g.7gb,1\n"),
        ("no-name.csv", "mig_profile,mig_count\na,0,1,big,1\n"),
        ("both.csv", "gpu,mig_profile,mig_count\na,0,1,1,1g.6gb,1\n"),
    ];
    for (file, rest) in jobs {
        desk.write(file, &format!("job_id,submit_s,run_s,{rest}"));
    }
    let nodes = [
        ("cut.csv", "n,1,A100-SXM4-40GB,all-1g.5gb,\n"),
        (
            "wrong-layout.csv",
            "a,1,A100-SXM4-40GB,all-1g.5gb,\nb,1,A30,all-1g.5gb,\n",
        ),
        ("no-mig.csv", "a,1,T4,all-balanced,\n"),
        ("two-ways.csv", "a,1,A30,all-balanced,4\n"),
        ("many.csv", "a,9,A30,all-balanced,\n"),
    ];
    for (file, rows) in nodes {
        let header = "node,gpu,gpu_model,mig_layout,share_replicas";
        desk.write(file, &format!("{header}\n{rows}"));
    }
    desk.write("with-trace.yaml", "trace: trace\ngpus-per-pod: 8\n");
    assert_eq!(desk.line("run --trace trace --out earlier").code, 0);
    let earlier = desk.files("earlier");
    let text = |file: &str| String::from_utf8(earlier[file].clone()).unwrap();
    desk.write("damaged/summary.json", &text("summary.json"));
    let jobs = text("jobs.csv").replace("train,vision,ada,10,", "train,vision,ada,soon,");
    desk.write("damaged/jobs.csv", &jobs);
    desk.write("broken/summary.json", "{\"queueing\": 1}");
    desk
}

/// Asserts that a command line is refused as it should be.
fn refused(desk: &Desk, line: &str, words: &[&str]) {
    let before = desk.files("");
    let ran = desk.line(line);
    assert_eq!(ran.code, 2, "{line}\n{}", ran.screen());
    assert_eq!(ran.out, "", "{line}");
    for word in words {
        assert!(
            ran.err.contains(word),
            "{line}: no `{word}` in\n{}",
            ran.err
        );
    }
    assert!(
        !ran.err.contains('\u{1b}'),
        "colour without a terminal: {line}"
    );
    assert!(
        ran.err.contains("help:"),
        "{line}: no way out in\n{}",
        ran.err
    );
    assert_eq!(desk.files(""), before, "{line} wrote something");
}

#[test]
fn bad_command_lines_are_refused() {
    let desk = desk("bad-lines");
    for (line, words) in LINES {
        refused(&desk, line, words);
    }
}

#[test]
fn bad_scenarios_are_refused() {
    let desk = desk("bad-scenarios");
    for (text, words) in SCENARIOS {
        desk.write("s.yaml", text);
        refused(&desk, "run s.yaml --out result", words);
    }
}

#[test]
fn a_scenario_that_is_no_text_is_refused() {
    let desk = desk("bad-bytes");
    std::fs::write(desk.path.join("s.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    refused(&desk, "run s.yaml", &["cannot read the scenario", "s.yaml"]);
}

#[test]
fn verbs_that_need_a_verb_print_help_and_fail() {
    let desk = desk("no-verb");
    for line in ["trace", "policy"] {
        let ran = desk.line(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("Commands:"), "{}", ran.err);
    }
}
