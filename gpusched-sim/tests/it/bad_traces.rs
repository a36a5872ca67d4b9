//! Every input that is wrong says where and how to mend it, and none makes a reader panic.

use gpusched_sim::diagnostic::Diagnostic;
use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::{
    FormatInfo, ReadOptions, formats, read_jobs, read_jobs_from, read_nodes, read_nodes_from,
};
use proptest::prelude::*;
use std::io::Write as _;

/// What is read, and as what.
enum Bad {
    /// Jobs in this format (empty = detect), from a file called `t`.
    Jobs(&'static str, Vec<u8>),
    /// Machines, likewise.
    Nodes(&'static str, Vec<u8>),
    /// The argument of `read_jobs`.
    JobSpec(&'static str),
    /// The argument of `read_nodes`.
    NodeSpec(&'static str),
}

use Bad::{JobSpec, Jobs, NodeSpec, Nodes};

fn name_of(format: &str) -> Option<&'static str> {
    let known = |info: &&FormatInfo| info.name == format;
    formats().iter().find(known).map(|info| info.name)
}

fn failure(bad: &Bad) -> Box<Diagnostic> {
    let options = ReadOptions::default();
    let source = |bytes: &[u8]| Source::from_bytes("t", bytes.to_vec());
    let result = match bad {
        Jobs(format, bytes) => {
            read_jobs_from(source(bytes), name_of(format), &options, &mut |_| Ok(()))
        }
        Nodes(format, bytes) => {
            read_nodes_from(source(bytes), name_of(format), &options, &mut |_| Ok(()))
        }
        JobSpec(spec) => read_jobs(spec, &options, &mut |_| Ok(())),
        NodeSpec(spec) => read_nodes(spec, &options, &mut |_| Ok(())),
    };
    result.expect_err("this input is wrong")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

fn v1(text: &str) -> Bad {
    Jobs("v1", text.as_bytes().to_vec())
}

fn guess(text: &str) -> Bad {
    Jobs("", text.as_bytes().to_vec())
}

fn jobs(format: &'static str, text: &str) -> Bad {
    Jobs(format, text.as_bytes().to_vec())
}

fn nodes(text: &str) -> Bad {
    Nodes("v1", text.as_bytes().to_vec())
}

/// Name, input, place (`file:line:column`, with 0 for none), part of the message, of the help.
type Case = (&'static str, Bad, &'static str, &'static str, &'static str);

#[rustfmt::skip] // One case a line.
fn columns_and_shape() -> Vec<Case> {
    let truncated = |keep: usize| {
        let mut bytes = gzip("job_id,submit_s,run_s\na,0,1\nb,0,1\n");
        bytes.truncate(bytes.len() - keep);
        bytes
    };
    let mut damaged = gzip("job_id,submit_s,run_s\na,0,1\n");
    // The checksum: flate2 looks at it when the text ends.
    let at = damaged.len() - 6;
    damaged[at] ^= 0xff;
    vec![
        ("missing column", v1("job_id,submit_s\na,0\n"), "t:1:1", "column \"run_s\" is missing", "found: job_id, submit_s"),
        ("misspelled column", v1("job_id,submit_s,rum_s\na,0,1\n"), "t:1:17", "unknown column \"rum_s\"", "did you mean \"run_s\"?"),
        ("misspelled column, undetected", guess("job_id,submit_s,rum_s\na,0,1\n"), "t:1:17", "unknown column", "run_s"),
        ("unknown column", v1("job_id,submit_s,run_s,colour\na,0,1,red\n"), "t:1:23", "unknown column \"colour\"", "prefix it with x_"),
        ("column without a name", v1("job_id,submit_s,run_s,\na,0,1,\n"), "t:1:23", "no name", "remove it"),
        ("duplicate header", v1("job_id,submit_s,run_s,gpu,gpu\na,0,1,1,1\n"), "t:1:27", "column \"gpu\" is there twice", "rename or remove"),
        ("empty file", v1(""), "t:1:1", "empty", "first line"),
        ("empty file, undetected", guess(""), "t:1:1", "empty", "header"),
        ("blank lines only", v1("\n\n  \n"), "t:1:1", "empty", "first line"),
        ("header only", v1("job_id,submit_s,run_s\n"), "t:2:1", "before its first record", "at least one record"),
        ("nodes, header only", nodes("node,gpu\n\n"), "t:3:1", "before its first record", "at least one record"),
        ("semicolons", guess("job_id;submit_s;run_s\na;0;1\n"), "t:1:7", "separated by semicolons", "commas"),
        ("tabs", v1("job_id\tsubmit_s\trun_s\na\t0\t1\n"), "t:1:7", "separated by tabs", "commas"),
        ("unclosed quote", v1("job_id,submit_s,run_s,user\na,0,1,\"bob\nb,0,1,x\n"), "t:2:7", "never closed", "close it"),
        ("text after a quote", v1("job_id,submit_s,run_s,user\na,0,1,\"bob\"by\n"), "t:2:12", "after a closing quote", "twice"),
        ("short row", v1("job_id,submit_s,run_s\na,0,1\nb,0\n"), "t:3:4", "2 fields where 3", "\"run_s\""),
        ("long row", v1("job_id,submit_s,run_s\na,0,1,9\n"), "t:2:7", "4 fields where 3", "quotes"),
        ("truncated gzip", Jobs("v1", truncated(9)), "t:4:0", "truncated", "gzip -t"),
        ("damaged gzip", Jobs("v1", damaged), "t:3:0", "damaged", "gzip -t"),
        ("not gzip inside", Jobs("v1", vec![0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "t:1:0", "gzip data", "fetch"),
        ("UTF-16", Jobs("", utf16("job_id,submit_s,run_s\na,0,1\n")), "t:1:1", "UTF-16", "iconv -f UTF-16"),
        ("Latin-1", Jobs("v1", b"job_id,submit_s,run_s,user\na,0,1,Ren\xe9\n".to_vec()), "t:2:10", "0xE9 is not UTF-8", "iconv -f LATIN1"),
        ("undetectable", guess("alpha,beta\n1,2\n"), "t:1:1", "cannot tell the format", "formats are v1, openb"),
        ("undetectable nodes", Nodes("", b"alpha,beta\n1,2\n".to_vec()), "t:1:1", "cannot tell the format", "FORMAT:"),
    ]
}

#[rustfmt::skip] // One case a line.
fn values() -> Vec<Case> {
    let run = |value: &str| v1(&format!("job_id,submit_s,run_s\na,0,{value}\n"));
    vec![
        ("wrong unit", run("2h"), "t:2:5", "\"2h\" is not a number of seconds", "write 7200"),
        ("clock", run("1:30:00"), "t:2:5", "not a number of seconds", "write 5400"),
        ("date", run("2020-01-01 00:00:00"), "t:2:5", "not a number of seconds", "not dates"),
        ("negative run", run("-5"), "t:2:5", "run_s is negative (-5)", "0 or more"),
        ("absurd run", run("1e12"), "t:2:5", "absurdly large", "milliseconds"),
        ("NaN", run("NaN"), "t:2:5", "\"NaN\"", "leave the field empty"),
        ("infinite", run("inf"), "t:2:5", "\"inf\"", "leave the field empty"),
        ("too fine", run("0.0000001"), "t:2:5", "finer than a microsecond", "six decimals"),
        ("empty run", run(""), "t:2:5", "run_s is empty", "seconds"),
        ("run 0", run("0"), "t:2:5", "run time is 0", "--zero-run=drop"),
        ("empty id", v1("job_id,submit_s,run_s\n,0,1\n"), "t:2:1", "job_id is empty", "name"),
        ("negative submit", v1("job_id,submit_s,run_s\na,-1,1\n"), "t:2:3", "submit_s is negative", "0 or more"),
        ("fraction of a pod", v1("job_id,submit_s,run_s,count\na,0,1,1.5\n"), "t:2:7", "\"1.5\" is not a whole number", "digits"),
        ("negative gpu", v1("job_id,submit_s,run_s,gpu\na,0,1,-1\n"), "t:2:7", "gpu is negative", "0 or more"),
        ("absurd gpu", v1("job_id,submit_s,run_s,gpu\na,0,1,5000000000\n"), "t:2:7", "absurdly large", "unit"),
        ("NaN steps", v1("job_id,submit_s,run_s,work_steps\na,0,1,nan\n"), "t:2:7", "not a finite number", "leave"),
        ("bad flag", v1("job_id,submit_s,run_s,spot_ok\na,0,1,maybe\n"), "t:2:7", "neither yes nor no", "write 1"),
        ("bad choice", v1("job_id,submit_s,run_s,outcome\na,0,1,complete\n"), "t:2:7", "\"complete\" is not a value of outcome", "did you mean \"completed\""),
        ("bad priority", v1("job_id,submit_s,run_s,priority\na,0,1,high\n"), "t:2:7", "\"high\" is not a whole number", "between"),
        ("column after wide letters", v1("job_id,submit_s,run_s\ngrün,0,x\n"), "t:2:8", "\"x\"", "plain decimal"),
        ("bad deadline list", v1("job_id,submit_s,run_s,deadline_s\na,0,1,5:1|x:2\n"), "t:2:7", "\"x\"", "plain decimal"),
    ]
}

#[rustfmt::skip] // One case a line.
fn rules() -> Vec<Case> {
    let with = |columns: &str, values: &str| {
        v1(&format!(
            "job_id,submit_s,run_s,{columns}\na,10,1,{values}\n"
        ))
    };
    vec![
        ("duplicate id", v1("job_id,submit_s,run_s\na,0,1\nb,0,1\na,0,1\n"), "t:4:1", "first on line 2, again on line 4", "another job_id"),
        ("duplicate task", v1("job_id,task,submit_s,run_s\na,ps,0,1\nb,ps,0,1\na,ps,0,1\n"), "t:4:1", "task \"ps\" is there twice", "another task"),
        ("share of two", with("gpu,gpu_milli", "2,500"), "t:2:10", "gpu_milli 500 with gpu 2", "write gpu 1"),
        ("share of none", with("gpu,gpu_milli", "0,500"), "t:2:10", "gpu_milli 500 with gpu 0", "write gpu 1"),
        ("over a whole", with("gpu,gpu_milli", "1,1500"), "t:2:10", "gpu_milli 1500 is over 1000", "one whole GPU"),
        ("share of 0", with("gpu,gpu_milli", "1,0"), "t:2:10", "gpu_milli is 0", "1 to 1000"),
        ("MIG and share", with("gpu,gpu_milli,mig_profile", "1,500,1g.10gb"), "t:2:10", "together with a MIG profile", "leave gpu_milli empty"),
        ("MIG count alone", with("mig_count", "2"), "t:2:8", "need each other", "both"),
        ("count 0", with("count", "0"), "t:2:8", "count is 0", "1 or more"),
        ("absurd count", with("count", "4000000000"), "t:2:8", "count is absurd", "over a million pods"),
        ("absurd GPUs", with("gpu", "80000"), "t:2:8", "gpu is absurd", "check the unit"),
        ("absurd CPU", with("cpu_milli", "99000000000"), "t:2:8", "cpu_milli is absurd", "over a million cores"),
        ("absurd memory", with("mem_mib", "64000000000"), "t:2:8", "mem_mib is absurd", "check the unit (MiB)"),
        ("min over count", with("count,min_count", "2,3"), "t:2:10", "min_count 3 is over count 2", "lower it"),
        ("max under count", with("count,max_count", "2,1"), "t:2:10", "max_count 1 is under count 2", "raise it"),
        ("deadline too early", with("deadline_s", "9"), "t:2:8", "deadline 9 is before the submission at 10", "same clock"),
        ("value alone", with("value", "3"), "t:2:8", "value without deadline_s", "write a deadline"),
        ("level missing", with("topo_mode", "required"), "t:2:1", "topo_mode without topo_level", "rack"),
        ("ended before it started", with("obs_start_s,obs_end_s", "20,10"), "t:2:11", "end is before", "swap"),
        ("node twice", nodes("node,gpu\na,8\na,8\n"), "t:3:1", "node \"a\" is there twice", "own name"),
        ("node ends first", nodes("node,gpu,from_s,to_s\na,8,5,4\n"), "t:2:7", "ends before it begins", "from_s"),
        ("node column", nodes("node,gpus\na,8\n"), "t:1:6", "unknown column \"gpus\"", "did you mean \"gpu\""),
    ]
}

#[rustfmt::skip] // One case a line.
fn other_formats() -> Vec<Case> {
    const KALOS: &str =
        "job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time";
    vec![
        ("SWF with 17 fields", jobs("swf", "; x\n1 0 0 5 1 0 0 1 9 0 1 1 1 1 1 1 1\n"), "t:2:34", "17 fields where 18", "think time"),
        ("SWF status", jobs("swf", "1 0 0 5 1 0 0 1 9 0 7 1 1 1 1 1 -1 -1\n"), "t:1:21", "\"7\" is not a status", "one of"),
        ("broken JSON", jobs("philly-json", "[\n{\"jobid\": }\n]\n"), "t:2:11", "not the expected JSON", "list of jobs"),
        ("empty JSON", jobs("", "[]"), "t:1:1", "no job", "at least one"),
        ("JSON of another shape", jobs("", "{\"a\": 1}"), "t:1:1", "not the expected JSON", "list of jobs"),
        ("JSON time", jobs("philly-json", "[\n{\"jobid\": \"a\", \"submitted_time\": \"soon\"}]"), "t:2:0", "\"soon\" is not a date", "YYYY"),
        ("Kalos offset", jobs("acme", &format!("{KALOS}\ndlc1,u,1,8,8,x,COMPLETED,2023-05-01 00:00:00+08:0x,,\n")), "t:2:26", "no usable time zone offset", "+08:00"),
        ("Acme state", jobs("acme", &format!("{KALOS}\nd,u,1,8,8,x,COMPLETE,2023-05-01 00:00:00Z,2023-05-01 00:00:00Z,2023-05-01 00:00:01Z\n")), "t:2:13", "not a value of state", "did you mean \"COMPLETED\""),
        ("Philly time", jobs("philly", "timestamp,duration,num_gpus,gpu_time,cluster\n2017-13-01 00:00:00,1,1,1,a\n"), "t:2:1", "not a date and time", "YYYY-MM-DD"),
        ("ITP column", jobs("itp", "job_id,submission_time,duration,gpus\na,0,1,1\n"), "t:1:1", "column \"num_gpu\" is missing", "found: job_id"),
        ("ITP zero", jobs("itp", "job_id,submission_time,duration,num_gpu\na,5,0,1\n"), "t:2:5", "run time is 0", "zero-run"),
        ("Muri time", jobs("tiresias", "job_id,num_gpu,submit_time,duration,iteration_time\n0,1,1s,5,1\n"), "t:2:5", "not a number of milliseconds", "without a unit"),
        ("Gavel columns", jobs("gavel", "a\tb\tc\n"), "t:1:1", "3 tab-separated columns", "7 or 10"),
        ("Gavel scale", jobs("gavel", "LM\tc\t-n\t0\t10\t0\tmany\n"), "t:1:16", "\"many\" is not a whole number", "digits"),
        ("openb phase", jobs("openb", "name,cpu_milli,memory_mib,num_gpu,gpu_milli,pod_phase,creation_time,deletion_time,scheduled_time\np,1,1,1,1000,Runing,0,1,0\n"), "t:2:14", "not a value of pod_phase", "Running"),
        ("openb share of many", jobs("openb", "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,2,500\n"), "t:2:9", "gpu_milli 500 with gpu 2", "write gpu 1"),
        ("PAI from a stream", jobs("pai", "x"), "t:0:0", "cannot be read from a stream", "directory"),
    ]
}

#[rustfmt::skip] // One case a line.
fn specs() -> Vec<Case> {
    vec![
        ("no such file", JobSpec("no/such/file.csv"), "no/such/file.csv:0:0", "no such file", "check the path"),
        ("no such file, format given", JobSpec("itp:no/such/file.csv"), "no/such/file.csv:0:0", "no such file", "check the path"),
        ("unknown format", JobSpec("phily:x.csv"), "phily:x.csv:1:1", "unknown format \"phily\"", "did you mean \"philly\"?"),
        ("no nodes in it", NodeSpec("itp:x.csv"), "x.csv:0:0", "holds no nodes", "v1, openb, pai"),
        ("inline count", NodeSpec("0x8"), "--cluster:1:1", "\"0\" is not a number of machines", "16x8"),
        ("inline GPUs", NodeSpec("4xeight"), "--cluster:1:3", "\"eight\" is not a number of GPUs", "16x8"),
        ("inline second part", NodeSpec("4x8+abc"), "--cluster:1:5", "no COUNTxGPUS", "16x8"),
        ("inline cores", NodeSpec("4x8:A100:many"), "--cluster:1:10", "\"many\" is not a number of cores", "whole cores"),
        ("inline too long", NodeSpec("4x8:A100:1:2:3"), "--cluster:1:14", "one field too many", "MEM_GIB"),
        ("inline too many", NodeSpec("4000000000x8"), "--cluster:1:1", "too many", "10,000,000"),
    ]
}

#[test]
fn every_wrong_input_is_located_and_explained() {
    let cases: Vec<Case> = [
        columns_and_shape(),
        values(),
        rules(),
        other_formats(),
        specs(),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, bad, place, message, help) in &cases {
        let found = failure(bad);
        let at = format!(
            "{}:{}:{}",
            found.file.as_deref().unwrap_or("?"),
            found.line,
            found.column
        );
        let text = found.help.as_deref().unwrap_or_default();
        let good = at == *place && found.message.contains(message) && text.contains(help);
        if !good {
            wrong.push(format!("{name}: {at}: {} / {text}", found.message));
        }
        let rendered = found.render(false);
        let shown = place.trim_end_matches(":0");
        if !rendered.contains(shown) || !rendered.contains(text) {
            wrong.push(format!("{name}: rendered without {shown}:\n{rendered}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rendered_error_shows_the_line_and_marks_the_field() {
    let problem = failure(&v1("job_id,submit_s,run_s\na,0,2h\n"));
    let expected = "\
error: \"2h\" is not a number of seconds
  --> t:2:5
  |
2 | a,0,2h
  |     ^^
  = help: write 7200
";
    assert_eq!(problem.render(false), expected);
    assert!(problem.render(true).contains("\u{1b}[1;31m    ^^\u{1b}[0m"));
}

#[test]
fn rendering_survives_odd_places() {
    for (line, column, width, source) in [
        (1, 900, 1, "short"),
        (u64::MAX, 1, usize::MAX, ""),
        (3, 1, 9, "a\u{2028}b\tc\u{7}"),
        (0, 5, 1, "日本語"),
    ] {
        let mut problem = Diagnostic::new("odd")
            .at("f", line, column)
            .source_line(source);
        problem.width = width;
        assert!(problem.render(false).contains("odd"));
    }
    let long = "x".repeat(100_000);
    let text = Diagnostic::new("long")
        .at("f", 1, 5)
        .source_line(long)
        .render(false);
    assert!(text.len() < 2000);
}

#[test]
fn lenient_reading_counts_each_rule_and_keeps_the_good_rows() {
    let text =
        "job_id,submit_s,run_s,count\na,0,1,1\nb,0,2h,1\nc,0,1,0\na,0,1,1\nd,0\ne,0,0,1\nf,0,9,2\n";
    let options = ReadOptions {
        lenient: true,
        ..ReadOptions::default()
    };
    let mut kept = Vec::new();
    let source = Source::from_bytes("t", text.as_bytes().to_vec());
    let report = read_jobs_from(source, Some("v1"), &options, &mut |row| {
        kept.push(row.job_id);
        Ok(())
    })
    .unwrap();
    assert_eq!(kept, ["a", "f"]);
    let expected = [
        "run_s: unusable value",
        "count is 0",
        "duplicate job_id and task",
        "wrong number of fields",
        "run time is 0",
    ];
    assert_eq!(
        report.jobs_dropped,
        expected.map(|rule| (rule.to_string(), 1))
    );
    assert_eq!(report.rows, 2);
}

#[test]
fn broken_directories_and_meta_files_are_located() {
    let root = std::env::temp_dir().join(format!("gpusched-bad-{}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    let spec = root.to_string_lossy().into_owned();
    let read = || read_jobs(&spec, &ReadOptions::default(), &mut |_| Ok(())).unwrap_err();
    std::fs::write(root.join("readme.md"), "hello").unwrap();
    let found = read();
    assert!(
        found.message.contains("no jobs.csv or jobs.csv.gz"),
        "{found}"
    );
    assert!(
        found.help.as_deref().unwrap_or("").contains("readme.md"),
        "{found:?}"
    );
    std::fs::write(root.join("jobs.csv"), "job_id,submit_s,run_s\na,0,1\n").unwrap();
    for (text, line, column, message) in [
        ("schema = 2\n", 1, 10, "\"2\" is not a value of schema"),
        ("\n  sauce = \"x\"\n", 2, 3, "unknown key \"sauce\""),
        ("source = \"x\n", 1, 10, "no closing quote"),
        ("source\n", 1, 1, "no `key = value` line"),
        ("censor_time = 2h\n", 1, 15, "\"2h\" is not a value"),
    ] {
        std::fs::write(root.join("meta.toml"), text).unwrap();
        let found = read();
        assert!(
            found.file.as_deref().unwrap_or("").ends_with("meta.toml"),
            "{found}"
        );
        assert_eq!((found.line, found.column), (line, column), "{found}");
        assert!(found.message.contains(message), "{found}");
    }
    std::fs::remove_dir_all(&root).unwrap();
}

/// One valid input per format, to be damaged.
const VALID: [(&str, &str); 11] = [
    (
        "chronus",
        "job_id,num_gpu,submit_time,duration,expect_time_list,expect_value_list,best_effort\n0,1,5,96,159-189,10-8,0\n",
    ),
    (
        "tiresias",
        "job_id,num_gpu,submit_time,iterations,duration,iteration_time,priority\n0,16,5,10,1000,490,1\n",
    ),
    (
        "v1",
        "job_id,task,submit_s,run_s,gpu,gpu_milli,deadline_s,x_n\na,main,0,1.5,1,500,9:1|10:2,z\n\"b\",\"m\",1,2,0,,,\n",
    ),
    (
        "openb",
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\np,1,1,1,500,A|B,LS,Failed,0,9,1\n",
    ),
    (
        "itp",
        "job_id,submission_time,duration,num_gpu\na,0,600,16\n",
    ),
    (
        "philly",
        "timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-09 07:01:55,66.0,1,66.0,11cb48\n\n",
    ),
    (
        "philly-json",
        "[{\"jobid\":\"a\",\"vc\":\"v\",\"status\":\"Pass\",\"submitted_time\":\"2017-10-09 07:01:55\",\"attempts\":[{\"start_time\":\"2017-10-09 07:02:55\",\"end_time\":\"2017-10-09 08:02:55\",\"detail\":[{\"ip\":\"m1\",\"gpus\":[\"gpu0\"]}]}]}]",
    ),
    (
        "helios",
        "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue\n1,u,v,8,32,1,COMPLETED,2020-04-01 00:00:00,2020-04-01 00:01:00,2020-04-01 00:02:00,60,60\n",
    ),
    (
        "acme",
        "job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time\nd,u,1,8,8,x,FAILED,2023-05-01 00:00:00+08:00,2023-05-01 00:00:00+08:00,2023-05-01 00:00:01+08:00\n",
    ),
    (
        "swf",
        "; MaxProcs: 64\n1 0 0 5 1 0 0 1 9 0 1 1 1 1 1 1 -1 -1\n",
    ),
    ("gavel", "LM (batch size 5)\tcmd\t-n\t0\t100\t3.5\t2\n"),
];

/// A directory that is both a set of PAI tables and a trace v1.
const PAI: [(&str, &str); 6] = [
    (
        "pai_job_table.csv",
        "j1,i1,u1,Terminated,1000.0,1100.0\nj2,i2,u2,Running,1010.0,\n",
    ),
    (
        "pai_task_table.csv",
        "j1,ps,2,Terminated,1005.0,1090.0,600.0,29.3,50.0,CPU\nj2,w,1,Running,1020.0,,600,10,800.0,P100\n",
    ),
    ("pai_group_tag_table.csv", "i1,u1,V100,g1,bert\n"),
    ("pai_machine_spec.csv", "m1,CPU,96,512,0\n"),
    (
        "meta.toml",
        "schema = 1\nt0 = \"2020\\u00e9 \\\"x\" # c\ncensor_time = 5.5\n",
    ),
    ("jobs.csv", "job_id,submit_s,run_s\na,0,1\n"),
];

fn read_as_everything(bytes: &[u8]) {
    let options = ReadOptions {
        lenient: bytes.len().is_multiple_of(2),
        ..ReadOptions::default()
    };
    let source = || Source::from_bytes("t", bytes.to_vec());
    let names = formats().iter().map(|info| Some(info.name)).chain([None]);
    for name in names {
        for result in [
            read_jobs_from(source(), name, &options, &mut |_| Ok(())),
            read_nodes_from(source(), name, &options, &mut |_| Ok(())),
        ] {
            if let Err(problem) = result {
                assert!(!problem.render(false).is_empty());
            }
        }
    }
}

#[test]
fn the_inputs_to_be_damaged_are_valid() {
    for (format, text) in VALID {
        let mut rows = 0;
        let source = Source::from_bytes("t", text.as_bytes().to_vec());
        let result = read_jobs_from(source.clone(), None, &ReadOptions::default(), &mut |_| {
            rows += 1;
            Ok(())
        });
        let report = match result {
            // Gavel without throughputs has no run time, but steps.
            Ok(report) => report,
            Err(problem) => panic!("{format}: {}", problem.render(false)),
        };
        assert_eq!((report.format, rows > 0), (format, true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn random_text_never_panics(text in "[-0-9a-eNn:;,|\"\t .+é\n\r]{0,200}") {
        read_as_everything(text.as_bytes());
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0..VALID.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = VALID[which].1.as_bytes().to_vec();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match kind {
                0 => bytes.insert(at, byte),
                1 if !bytes.is_empty() => { bytes.remove(at); }
                // Digits make large numbers and wrong dates.
                2 if !bytes.is_empty() => bytes[at] = b'0' + byte % 10,
                _ if !bytes.is_empty() => bytes[at] = byte,
                _ => {}
            }
        }
        read_as_everything(&bytes);
    }

    #[test]
    fn damaged_gzip_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = gzip(VALID[0].1);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_as_everything(&bytes);
    }

    #[test]
    fn damaged_directories_never_panic(
        which in 0..PAI.len(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"0123456789eE.,-+\"\n|=\\u#\xff".to_vec()),
    ) {
        let root = std::env::temp_dir().join(format!("gpusched-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        for (index, (name, text)) in PAI.iter().enumerate() {
            let mut bytes = text.as_bytes().to_vec();
            if index == which {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            std::fs::write(root.join(name), bytes).unwrap();
        }
        for format in ["pai", "v1"] {
            for lenient in [false, true] {
                let options = ReadOptions { lenient, ..ReadOptions::default() };
                let spec = format!("{format}:{}", root.display());
                let _ = read_jobs(&spec, &options, &mut |_| Ok(()));
                let _ = read_nodes(&spec, &options, &mut |_| Ok(()));
            }
        }
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn cluster_specs_never_panic(spec in "[0-9x:+A-Z .é]{0,30}") {
        let _ = read_nodes(&spec, &ReadOptions { limit: Some(10), ..ReadOptions::default() }, &mut |_| Ok(()));
    }
}
