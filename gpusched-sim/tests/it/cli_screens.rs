//! What every verb prints, as a user sees it.

use crate::cli::Desk;

screens! {
    "" on |name| Desk::new(&format!("screen-{name}"));
    welcome: "";
    help: "--help";
    help_run: "run --help";
    help_compare: "compare --help";
    run_table: "run --trace trace";
    run_json: "run --trace trace --format json";
    run_csv: "run --trace trace --format csv --queueing easy";
    run_inline_cluster: "run --trace trace --cluster 3x4:T4 --limit 3";
    compare_table: "compare --trace trace --queueing fifo,sjf --placement first-fit,best-fit";
    compare_csv: "compare --trace trace --queueing fifo,sjf --format csv";
    compare_sharing: "compare --trace trace --sharing recorded,exclusive,mps:2,timeslice:2";
    run_sharing: "run --trace trace --sharing timeslice:2";
    trace_info: "trace info trace --cluster trace";
    trace_validate: "trace validate trace --cluster trace";
    trace_generate: "trace generate --preset uniform --jobs 5 --seed 3";
    trace_generate_lists_presets: "trace generate";
    trace_formats: "trace formats";
    policy_describe: "policy describe easy";
}

#[test]
fn explain_tells_the_story_of_a_job() {
    let desk = Desk::new("explain");
    assert_eq!(desk.line("run --trace trace --out result").code, 0);
    for job in ["prepare", "train", "serve", "late"] {
        insta::assert_snapshot!(
            format!("explain_{job}"),
            desk.run(&["explain", "result", job]).screen()
        );
    }
}

#[test]
fn explain_tells_of_jobs_that_did_not_end() {
    let desk = Desk::new("explain-unfinished");
    assert_eq!(
        desk.line("run --trace trace --horizon 300 --out result")
            .code,
        0
    );
    for (job, words) in [
        ("train", "was still running"),
        ("late", "The replay ended before that"),
    ] {
        let story = desk.run(&["explain", "result", job]);
        assert!(story.out.contains(words), "{}", story.screen());
    }
    let lenient = "run --trace trace --cluster 2x2 --lenient --out result";
    assert_eq!(desk.line(lenient).code, 0);
    let story = desk.line("explain result late");
    assert!(story.out.contains("can never run"), "{}", story.screen());
}

#[test]
fn names_cannot_steer_the_terminal() {
    let desk = Desk::new("steer");
    desk.write(
        "t.csv",
        "job_id,submit_s,run_s,gpu,queue\n\u{1b}[2J,0,5,1,\u{1b}[31mq\nb,1,5,1,r\n",
    );
    assert_eq!(
        desk.line("run --trace t.csv --cluster 1x1 --out result")
            .code,
        0
    );
    for ran in [
        desk.line("trace info t.csv"),
        desk.run(&["explain", "result", "\u{1b}[2J"]),
        desk.line("run --trace t.csv --cluster 1x1"),
    ] {
        assert_eq!(ran.code, 0, "{}", ran.screen());
        assert!(!ran.screen().contains('\u{1b}'), "{:?}", ran.screen());
    }
}

/// Made with step time 0.02 + 0.03/share alone, so that the share left out is predicted exactly.
const MEASURED: &str = "device,job,mode,share,with,step_s
T4,bert,alone,1,,0.05
T4,bert,alone,1/2,,0.08
T4,bert,alone,1/3,,0.11
T4,bert,time-slicing,1,bert,0.111
";

#[test]
fn calibrate_writes_a_profile_and_says_how_good_it_is() {
    let desk = Desk::new("calibrate");
    desk.write("measured.csv", MEASURED);
    let ran = desk.line("calibrate measured.csv -o profile.yaml");
    insta::assert_snapshot!("calibrate", ran.screen());
    let profile = desk.line("calibrate measured.csv").out;
    assert!(profile.contains("scaling: 0.03"), "{profile}");
}

#[test]
fn what_no_policy_heeds_is_said() {
    let desk = Desk::new("unheeded");
    desk.write(
        "t/jobs.csv",
        "job_id,submit_s,run_s,gpu,cc_min,topo_mode,topo_level\na,0,5,1,8.0,preferred,rack\n",
    );
    desk.write("t/nodes.csv", "node,gpu,share_replicas\nn,1,4\n");
    let ran = desk.line("run --trace t");
    assert_eq!(ran.code, 0, "{}", ran.screen());
    for words in [
        "1 rows ask for a compute capability",
        "1 jobs prefer a level of the topology that this cluster does not have",
        "1 nodes have shared replicas",
    ] {
        assert!(ran.screen().contains(words), "{}", ran.screen());
    }
}

/// Racks of one and two machines; a gang of two that must be within one.
const RACKS: &str = "node,gpu,gpu_model,rack\na,8,T4,r1\nb,8,T4,r2\nc,8,T4,r2\n";
const GANG: &str = "job_id,submit_s,run_s,count,gpu,topo_mode,topo_level\n\
                    pair,0,60,2,8,required,rack\ntrio,0,60,3,8,required,rack\n";

#[test]
fn how_a_place_was_found_is_told() {
    let desk = Desk::new("places");
    desk.write("t/jobs.csv", GANG);
    desk.write("t/nodes.csv", RACKS);
    for policy in ["rack-pack", "first-fit", "tas", "volcano-tier"] {
        let run = format!("run --trace t --placement {policy} --out result");
        let ran = desk.line(&run);
        assert_eq!(ran.code, 0, "{}", ran.screen());
        let story = desk.line("explain result pair");
        for words in [
            "rack: 1 of 2 with room for 2 pods (roomiest 2)",
            "on b x1, c x1",
        ] {
            assert!(story.out.contains(words), "{policy}: {}", story.screen());
        }
        // No rack has three machines: it does not wait for ever.
        let story = desk.line("explain result trio");
        assert!(
            story.out.contains("can never run"),
            "{policy}: {}",
            story.screen()
        );
    }
}

/// On a whole DGX-1 with V100 go-gpuallocator's best pair is 0 and 3, which have two NVLinks.
#[test]
fn a_device_policy_chooses_the_devices_of_a_machine() {
    let desk = Desk::new("devices");
    desk.write("t/jobs.csv", "job_id,submit_s,run_s,gpu\npair,0,60,2\n");
    desk.write(
        "t/nodes.csv",
        "node,gpu,gpu_model,nvlink_gbps\na,8,V100-SXM2-16GB,150\n",
    );
    for (policy, devices) in [
        ("index", "a[0-1]"),
        ("best-effort", "a[0,3]"),
        ("static-dgx", "a[0,3]"),
    ] {
        let run = format!("run --trace t --device-policy {policy} --out result");
        let ran = desk.line(&run);
        assert_eq!(ran.code, 0, "{}", ran.screen());
        let jobs = std::fs::read_to_string(desk.path.join("result/jobs.csv")).unwrap();
        assert!(jobs.contains(devices), "{policy}: {jobs}");
    }
    let slip = desk.line("run --trace t --device-policy nuna");
    assert_eq!(slip.code, 2);
    assert!(
        slip.screen().contains("did you mean `numa`?"),
        "{}",
        slip.screen()
    );
}

#[test]
fn rows_that_ask_for_mig_and_nodes_that_are_cut_are_heeded() {
    let desk = Desk::new("mig-rows");
    desk.write(
        "t/jobs.csv",
        "job_id,submit_s,run_s,mig_profile,mig_count\n\
         pair,0,50,1g.5gb,2\nbig,5,20,3g.20gb,1\nnext,6,20,3g.20gb,1\n",
    );
    desk.write(
        "t/nodes.csv",
        "node,gpu,gpu_model,mig_layout\nn,1,A100-SXM4-40GB,all-balanced\n",
    );
    let read = |file: &str| std::fs::read_to_string(desk.path.join(file)).unwrap();
    let ran = desk.line("run --trace t --out result");
    insta::assert_snapshot!("mig_run", ran.screen());
    insta::assert_snapshot!("mig_holes", read("result/mig_holes.csv"));
    // Replayed from the scenario that was kept: the same, to the byte.
    let before = read("result/jobs.csv");
    assert_eq!(desk.line("run result/scenario.yaml --out again").code, 0);
    assert_eq!(read("again/jobs.csv"), before);
    let story = desk.line("explain result next").out;
    for words in ["GPU 0 from slot 4", "less was free"] {
        assert!(story.contains(words), "{story}");
    }
    let story = desk.line("explain result pair").out;
    assert!(story.contains("GPU 0 from slots 2 and 3"), "{story}");
    let ran = desk.line("run --trace t --sharing mig:dynamic --mig-placement hami --out dynamic");
    assert_eq!(ran.code, 0, "{}", ran.screen());
    let story = desk.line("explain dynamic big").out;
    assert!(story.contains("0.5 s of that to prepare"), "{story}");
}

#[test]
fn validate_lists_every_problem() {
    let desk = Desk::new("validate");
    desk.write(
        "bad.csv",
        "job_id,submit_s,run_s,gpu\na,0,-5,1\nb,x,5,1\nc,0,5,1\nc,1,1,1\nd,1,1,99\n",
    );
    insta::assert_snapshot!(
        "validate_bad",
        desk.line("trace validate bad.csv --cluster 2x8:T4")
            .screen()
    );
    let few = desk.line("trace validate bad.csv --max-errors 1");
    assert!(
        few.err.contains("3 problems; 2 more not shown"),
        "{}",
        few.screen()
    );
}

#[test]
fn convert_writes_a_trace_that_reads_back_the_same() {
    let desk = Desk::new("convert");
    let ran = desk.line("trace convert v1:trace/jobs.csv --cluster trace --out one");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.screen());
    assert_eq!(
        desk.line("trace convert one --cluster one --out two").code,
        0
    );
    assert_eq!(desk.files("one"), desk.files("two"));
    // Standard input, which can be read only once, gives the same.
    let jobs = std::fs::File::open(desk.path.join("trace/jobs.csv")).unwrap();
    let mut command = desk.command(&["trace", "convert", "v1:-", "--out", "three"]);
    assert!(command.stdin(jobs).status().unwrap().success());
    assert_eq!(
        desk.files("one")["jobs.csv"],
        desk.files("three")["jobs.csv"]
    );
    assert_eq!(
        desk.line("run --trace one").out,
        desk.line("run --trace trace").out
    );
}

#[test]
fn a_generated_directory_can_be_replayed_at_once() {
    let desk = Desk::new("generate");
    assert_eq!(
        desk.line("trace generate --preset sample --jobs 50 --out made")
            .code,
        0
    );
    assert_eq!(desk.line("run --trace made").code, 0);
    let meta = String::from_utf8(desk.files("made")["meta.toml"].clone()).unwrap();
    let command = meta
        .lines()
        .find_map(|line| line.strip_prefix("source = \"gpusched "));
    let printed = desk.line(command.unwrap().trim_end_matches('"'));
    assert_eq!(printed.out.as_bytes(), desk.files("made")["jobs.csv"]);
}

#[test]
fn policy_list_names_all() {
    let desk = Desk::new("policies");
    let table = desk.line("policy list").out;
    let json: serde_json::Value =
        serde_json::from_str(&desk.line("policy list --format json").out).unwrap();
    let policies = json.as_array().unwrap();
    assert!(policies.len() > 20);
    for policy in policies {
        let name = policy["name"].as_str().unwrap();
        assert!(table.contains(name), "{name}");
        assert_eq!(desk.run(&["policy", "describe", name]).code, 0, "{name}");
    }
}

#[test]
fn completions_come_for_every_shell() {
    let desk = Desk::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = desk.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("gpusched"), "{shell}");
    }
}

#[test]
fn the_published_schema_is_up_to_date() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenario.schema.json");
    let published = std::fs::read_to_string(published).unwrap();
    let desk = Desk::new("schema");
    assert!(
        desk.line("schema").out == published,
        "run `gpusched schema > docs/scenario.schema.json`"
    );
}

#[test]
fn the_sample_runs_from_anywhere_and_says_so() {
    let ran = Desk::new("sample").line("run");
    assert_eq!(ran.code, 0);
    assert!(
        ran.err.contains("4,000 jobs of builtin:sample"),
        "{}",
        ran.err
    );
}

#[test]
fn the_example_scenario_runs() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/scenario.yaml");
    let ran = Desk::new("example").run(&["run", example]);
    assert_eq!(ran.code, 0, "{}", ran.screen());
}
