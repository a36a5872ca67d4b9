//! What a trace, a profile and the files of NVIDIA's tools say of sharing, through the command.

use crate::cli::Desk;

const HEADER: &str =
    "job_id,submit_s,run_s,gpu,gpu_milli,gpu_mem_mib,share_mode,profile,util_sm,util_fb_mib\n";

/// A desk with one T4 (15,360 MiB) and these jobs.
fn desk(test: &str, rows: &[&str]) -> Desk {
    let desk = Desk::new(test);
    desk.write("t/jobs.csv", &format!("{HEADER}{}\n", rows.join("\n")));
    desk.write(
        "t/nodes.csv",
        "node,gpu_model,gpu,gpu_mem_mib\nn,T4,1,15360\n",
    );
    desk
}

/// Ends of the jobs in whole seconds, in the order of the trace; `None` for those without one.
fn ends(desk: &Desk, flags: &str) -> Vec<Option<i64>> {
    let ran = desk.line(&format!("run --trace t --out r {flags}"));
    assert_eq!(ran.code, 0, "{}", ran.screen());
    let jobs = std::fs::read_to_string(desk.path.join("r/jobs.csv")).unwrap();
    std::fs::remove_dir_all(desk.path.join("r")).unwrap();
    let column = jobs
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "finish_s");
    let end = |row: &str| {
        row.split(',')
            .nth(column.unwrap())
            .unwrap()
            .parse::<f64>()
            .ok()
    };
    jobs.lines()
        .skip(1)
        .map(|row| Some(end(row)?.round() as i64))
        .collect()
}

#[test]
fn a_measured_duty_goes_before_the_part_asked_for() {
    // Both ask for half; together they were seen to keep the device busy for 40 %.
    let desk = desk("duty", &["a,0,100,1,500,,,,0.2,", "b,0,100,1,500,,,,0.2,"]);
    assert_eq!(ends(&desk, "--sharing timeslice:2"), [Some(100), Some(100)]);
    // 1 + 0.435 · 0.2.
    assert_eq!(ends(&desk, "--sharing mps:2"), [Some(109), Some(109)]);
}

#[test]
fn share_mode_keeps_a_pod_from_other_ways() {
    let rows = ["a,0,100,1,500,,mps,,,", "b,0,100,1,500,,mps,,,"];
    let desk = desk("share-mode", &rows);
    assert_eq!(ends(&desk, "--sharing recorded"), [Some(100), Some(100)]);
    assert_eq!(ends(&desk, "--sharing mps:2"), [Some(122), Some(122)]);
    // Under another way each gets a device of its own, and there is one.
    assert_eq!(ends(&desk, "--sharing timeslice:2"), [Some(100), Some(200)]);
}

#[test]
fn memory_that_was_seen_decides_who_runs_out_of_it() {
    let rows = ["a,0,100,1,500,,,,,9000", "b,0,100,1,500,,,,,9000"];
    let desk = desk("memory", &rows);
    let open = ends(&desk, "--sharing timeslice:2 --overcommit");
    assert_eq!(open, [Some(100), None]);
    let ran = desk.line("run --trace t --sharing timeslice:2 --overcommit");
    assert!(ran.out.contains("1 out of memory"), "{}", ran.out);
}

/// It used to do nothing without a word.
#[test]
fn overcommitted_memory_needs_pods_that_take_turns() {
    let rows = ["a,0,100,1,500,,,,,9000", "b,0,100,1,500,,,,,9000"];
    let desk = desk("overcommit", &rows);
    for line in [
        "run --trace t --overcommit",
        "run --trace t --sharing mps:2 --overcommit",
        "compare --trace t --sharing exclusive,mps:2 --overcommit",
    ] {
        let ran = desk.line(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}");
        let says = |text| ran.err.contains(text);
        assert!(says("--overcommit") && says("timeslice:N"), "{}", ran.err);
    }
    desk.write("s.yaml", "trace: t\novercommit: true\nsharing: mps:2\n");
    let ran = desk.line("run s.yaml");
    assert!(
        ran.code == 2 && ran.err.contains("s.yaml:2:"),
        "{}",
        ran.err
    );
    // Where one of several takes turns it means something.
    let ran = desk.line("compare --trace t --sharing exclusive,timeslice:2 --overcommit");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn a_profile_of_measurements_goes_before_the_laws() {
    let rows = ["a,0,100,1,500,,,bert,,", "b,0,100,1,500,,,resnet,,"];
    let desk = desk("profile", &rows);
    // Beside each other bert takes 1.5 times as long, resnet 1.25 times.
    desk.write(
        "m.csv",
        "device,job,mode,share,with,step_s\n\
         T4,bert,alone,1,,1.0\nT4,resnet,alone,1,,1.0\n\
         T4,bert,mps,1,resnet,1.5\nT4,resnet,mps,1,bert,1.25\n",
    );
    assert_eq!(desk.line("calibrate m.csv -o p.yaml").code, 0);
    // resnet ends after 125 s, when bert has done 83.3 of its 100 s of work.
    let with = ends(&desk, "--sharing mps:2 --profile p.yaml");
    assert_eq!(with, [Some(142), Some(125)]);
    let ran = desk.line("run --trace t --sharing mps:2 --profile p.yaml");
    assert!(ran.out.contains("2 measured, 0 by a law"), "{}", ran.out);
    let without = ends(&desk, "--sharing mps:2");
    assert_eq!(without, [Some(122), Some(122)]);
}

#[test]
fn a_profile_says_how_fast_a_slice_is() {
    let desk = desk("slices", &["a,0,100,1,400,,,bert,,"]);
    desk.write("t/nodes.csv", "node,gpu_model,gpu\nn,A100-SXM4-40GB,1\n");
    // 20 ms that stay and 80 ms that scale: on 2/5, as recorded, 220 ms a step; on 3/7 206.67 ms.
    desk.write(
        "m.csv",
        "device,job,mode,share,with,step_s\nA100-SXM4-40GB,bert,alone,1,,0.1\n\
         A100-SXM4-40GB,bert,alone,2/7,,0.3\n",
    );
    assert_eq!(desk.line("calibrate m.csv -o p.yaml").code, 0);
    let costless = ends(&desk, "--sharing mig:all-balanced");
    let with = ends(&desk, "--sharing mig:all-balanced --profile p.yaml");
    assert_eq!((costless[0], with[0]), (Some(100), Some(94)));
}

#[test]
fn mig_check_shows_a_layout_and_what_kubernetes_sees() {
    let desk = Desk::new("mig-check");
    desk.write(
        "mig.yaml",
        "version: v1\nmig-configs:\n  mixed:\n  - devices: [0, 1]\n    mig-enabled: false\n  \
         - devices: [2, 3]\n    mig-enabled: true\n    mig-devices: {1g.5gb: 2, 3g.20gb: 1}\n",
    );
    desk.write(
        "plugin.yaml",
        "version: v1\nflags: {migStrategy: mixed}\nsharing:\n  timeSlicing:\n    \
         renameByDefault: true\n    resources:\n    - {name: nvidia.com/gpu, replicas: 4}\n",
    );
    let line = "mig check mig.yaml --board A100-40GB --gpus 4 --plugin-config plugin.yaml";
    insta::assert_snapshot!("mig_check", desk.line(line).screen());
    insta::assert_snapshot!("mig_show", desk.line("mig show A30-24GB").screen());
}

/// What is wrong, and words the answer must have.
#[test]
fn what_cannot_be_shared_so_is_refused_where_it_stands() {
    let desk = desk("bad-sharing", &["a,0,100,1,500,9000,,,,"]);
    desk.write("c/nodes.csv", "node,gpu_model,gpu\nn,A100-SXM4-40GB,2\n");
    desk.write(
        "c/jobs.csv",
        "job_id,submit_s,run_s,gpu,gpu_milli\na,0,10,1,500\n",
    );
    desk.write(
        "both.yaml",
        "version: v1\nsharing:\n  timeSlicing:\n    resources: [{name: nvidia.com/gpu, replicas: 2}]\n  \
         mps:\n    resources: [{name: nvidia.com/gpu, replicas: 2}]\n",
    );
    desk.write(
        "mig.yaml",
        "version: v1\nmig-configs:\n  many:\n  - {devices: all, mig-enabled: true, mig-devices: {3g.20gb: 3}}\n  \
         other:\n  - {devices: all, mig-enabled: true, mig-devices: {3g.40gb: 1}}\n",
    );
    desk.write(
        "cut/nodes.csv",
        "node,gpu_model,gpu,mig_layout,share_replicas\nn,A100-SXM4-40GB,2,all-balanced,4\n",
    );
    desk.write("bad.yaml", "devices: [1]\n");
    let cases = [
        (
            "run --trace t --sharing mps:4",
            &[
                "9000 MiB",
                "3840",
                "node n",
                "device of its own",
                "jobs.csv:2",
            ][..],
        ),
        (
            "run --trace c --sharing plugin:both.yaml",
            &["both.yaml:5", "both", "leave one"],
        ),
        (
            "run --trace c --sharing mig:mig.yaml#many",
            &[
                "node n",
                "GPU 0",
                "3 × 3g.20gb",
                "2 × 3g.20gb",
                "mig.yaml:3",
            ],
        ),
        (
            "run --trace c --sharing mig:mig.yaml#other",
            &["node n", "GPU 0", "3g.40gb", "3g.20gb", "mig.yaml:5"],
        ),
        (
            "run --trace c --sharing mig:mig.yaml#none",
            &["`none`", "many, other"],
        ),
        ("run --trace t --sharing mig:dynamic", &["none", "MIG cuts"]),
        ("run --trace c --cluster cut", &["node n", "replicas"]),
        (
            "run --trace c --sharing plugin:absent.yaml",
            &["absent.yaml", "cannot read"],
        ),
        (
            "run --trace c --sharing vgpu:T4-4C",
            &["T4-4C", "A100D-10C"],
        ),
        (
            "run --trace c --sharing mps:4:some",
            &["replicas", "mps:4:all"],
        ),
        (
            "run --trace c --sharing mps:2 --fault-rate -1",
            &["--fault-rate", "0.001"],
        ),
        (
            "run --trace c --licence-price -5",
            &["--licence-price", "dollars"],
        ),
        (
            "run --trace c --sharing mps:2 --profile bad.yaml",
            &["bad.yaml:1", "calibrate"],
        ),
        (
            "mig check mig.yaml --board A100-40GB --config many",
            &["GPU 0", "2 × 3g.20gb"],
        ),
        ("mig check --board A100", &["no board", "A100-40GB"]),
        (
            "mig check --board A30-24GB --gpus 0",
            &["--gpus", "1 to 64"],
        ),
        (
            "mig check --board A30-24GB --config all-balancd",
            &["all-balanced"],
        ),
    ];
    for (line, words) in cases {
        let ran = desk.line(line);
        assert_eq!(ran.code, 2, "{line}\n{}", ran.screen());
        for word in words {
            assert!(
                ran.err.contains(word),
                "{line}: no `{word}` in\n{}",
                ran.err
            );
        }
    }
    // Lenient: turned away, and counted.
    let ran = desk.line("run --trace t --sharing mps:4 --lenient");
    assert!(ran.out.contains("0.0% accepted"), "{}", ran.screen());
}
