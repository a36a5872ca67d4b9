//! Hand-made rows of every imported format, with the pitfalls each has.

use crate::common::{Scratch, assert_round_trip, jobs, jobs_with, nodes};
use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Outcome;
use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::row::{Censored, ShareMode};
use gpusched_sim::trace::{Attempts, ENDLESS, ReadOptions, SwfProcs, read_jobs, read_jobs_from};
use std::path::PathBuf;

#[test]
fn openb_pods() {
    let text = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
a,1000,0,1,460,V100M16|V100M32|V100M32,LS,Running,5,100,7
b,1000,10,0,0,,BE,Failed,10,60,20
c,1000,10,2,1000,,Burstable,Pending,10,60,
";
    let (rows, report) = jobs(text);
    assert_eq!(report.format, "openb");
    let (a, b, c) = (&rows[0], &rows[1], &rows[2]);
    assert_eq!((a.submit, a.run), (Time::from_secs(5), Span::from_secs(93)));
    // Kept as written: FGD counts `V100M16|V100M32` apart.
    assert_eq!(a.gpu_models, ["V100M16", "V100M32", "V100M32"]);
    assert_eq!(
        (a.gpu_milli, a.share_mode, a.priority),
        (460, ShareMode::Any, 1)
    );
    assert_eq!((a.outcome, a.censored), (Outcome::Running, Censored::Right));
    assert_eq!(
        (b.gpu, b.gpu_milli, b.preemptible, b.priority),
        (0, 1000, true, 0)
    );
    assert_eq!(
        (b.outcome, b.fail_at),
        (Outcome::Failed, Some(Span::from_secs(40)))
    );
    assert_eq!(
        (c.outcome, c.run, c.obs_start),
        (Outcome::Pending, Span::from_secs(50), None)
    );
    assert_eq!(
        (c.preemptible, c.priority_class.as_deref()),
        (false, Some("Burstable"))
    );
    assert_round_trip(&rows);
}

#[test]
fn openb_pods_without_times_and_nodes() {
    let (rows, report) =
        jobs("name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,1,500\nb,1,1,8,1000\n");
    assert_eq!((rows[1].submit, rows[1].run), (Time::from_secs(1), ENDLESS));
    assert_eq!(rows[0].censored, Censored::Right);
    assert_eq!(report.notes.len(), 1);
    assert_round_trip(&rows);
    let (machines, report) =
        nodes("sn,cpu_milli,memory_mib,gpu,model\na,32000,262144,0,\nb,96000,1,8,V100M32\n");
    assert_eq!(report.format, "openb");
    assert_eq!(
        (machines[0].gpu_model.as_str(), machines[0].mem_mib),
        ("", Some(262_144))
    );
    assert_eq!(machines[1].gpu_mem_mib, Some(32_768));
}

#[test]
fn itp_totals_become_gangs_and_times_stay() {
    let text = "job_id,submission_time,duration,num_gpu\na,1932025,2429,64\nb,1932025,600,12\n";
    let (rows, report) = jobs(text);
    assert_eq!(
        (report.format, rows[0].submit),
        ("itp", Time::from_secs(1_932_025))
    );
    assert_eq!((rows[0].count, rows[0].gpu), (8, 8));
    assert_eq!((rows[1].count, rows[1].gpu), (2, 6));
    let (rows, _) = jobs_with(
        text,
        &ReadOptions {
            gpus_per_pod: 4,
            ..ReadOptions::default()
        },
    );
    assert_eq!((rows[0].count, rows[0].gpu), (16, 4));
}

const PHILLY: &str = "timestamp,duration,num_gpus,gpu_time,cluster
2017-11-05 12:00:00,66.0,1,66.0,11cb48
2017-11-04 12:00:00,10.0,16,160.0,6214e9
2017-11-05 12:00:00,66.0,1,66.0,11cb48
,,,,
";

#[test]
fn philly_rows_are_unsorted_repeated_and_local() {
    let (rows, report) = jobs(PHILLY);
    assert_eq!((report.format, report.rows), ("philly", 3));
    assert_eq!(report.meta.t0.as_deref(), Some("2017-11-04T12:00:00"));
    assert_eq!(
        (rows[0].submit, rows[1].submit),
        (Time::from_secs(86_400), Time::ZERO)
    );
    assert_eq!(
        (rows[0].job_id.as_str(), rows[2].job_id.as_str()),
        ("1", "3")
    );
    assert_eq!(
        (rows[1].count, rows[1].gpu, rows[1].queue.as_str()),
        (2, 8, "6214e9")
    );
    if jiff::tz::TimeZone::get("America/Los_Angeles").is_err() {
        eprintln!("skipped: no time zone database");
        return;
    }
    let zone = Some("America/Los_Angeles".to_string());
    let (rows, report) = jobs_with(
        PHILLY,
        &ReadOptions {
            timezone: zone,
            ..ReadOptions::default()
        },
    );
    assert_eq!(rows[0].submit, Time::from_secs(25 * 3600));
    assert_eq!(report.meta.t0.as_deref(), Some("2017-11-04T19:00:00Z"));
}

#[test]
fn an_unknown_time_zone_is_explained() {
    let options = ReadOptions {
        timezone: Some("America/Los_Angelos".into()),
        ..ReadOptions::default()
    };
    let source = Source::from_bytes("t", PHILLY.as_bytes().to_vec());
    let problem = read_jobs_from(source, None, &options, &mut |_| Ok(())).unwrap_err();
    assert!(problem.render(false).contains("--timezone:1:1"));
    assert_eq!(
        problem.help.as_deref(),
        Some("did you mean \"America/Los_Angeles\"?")
    );
}

const PHILLY_JSON: &str = r#"[
 {"status": "Killed", "vc": "v", "jobid": "a", "user": "u", "submitted_time": "2017-10-07 00:00:10",
  "attempts": [
   {"start_time": "2017-10-07 00:00:20", "end_time": "2017-10-07 00:00:50", "detail": [{"ip": "m1", "gpus": ["g0"]}]},
   {"start_time": "None", "end_time": "None", "detail": []},
   {"start_time": "2017-10-07 00:01:00", "end_time": "2017-10-07 00:01:05",
    "detail": [{"ip": "m1", "gpus": ["g0", "g1"]}, {"ip": "m2", "gpus": ["g0", "g1"]}, {"ip": "m3", "gpus": ["g7"]}]}]},
 {"status": "Pass", "vc": "v", "jobid": "b", "user": "u", "submitted_time": "2017-10-07 00:00:00",
  "attempts": [{"start_time": "2017-10-07 00:00:30", "end_time": null, "detail": [{"ip": "m4", "gpus": ["g0"]}]}]},
 {"status": "Failed", "vc": "v", "jobid": "c", "user": null, "submitted_time": "2017-10-07 00:00:00", "attempts": []}
]"#;

#[test]
fn philly_json_attempts() {
    let (rows, report) = jobs(PHILLY_JSON);
    assert_eq!((report.format, report.rows), ("philly-json", 3));
    assert_eq!(
        report.jobs_dropped,
        [("no attempt that started".to_string(), 1)]
    );
    assert_eq!(
        (rows[0].run, rows[0].submit),
        (Span::from_secs(35), Time::from_secs(10))
    );
    assert_eq!(
        (rows[0].count, rows[0].gpu, rows[0].obs_nodes.as_deref()),
        (2, 2, Some("m1|m2"))
    );
    assert_eq!(
        (rows[1].task.as_str(), rows[1].count, rows[1].gpu),
        ("pods-of-1", 1, 1)
    );
    assert_eq!(
        (rows[0].outcome, rows[0].attempts),
        (Outcome::Killed, Some(3))
    );
    // Still running when the log was taken, at 00:01:05.
    assert_eq!(
        (rows[2].run, rows[2].outcome),
        (Span::from_secs(35), Outcome::Running)
    );
    assert_eq!(rows[2].censored, Censored::Right);
    for (attempts, run, pods) in [(Attempts::First, 30, 1), (Attempts::Last, 5, 2)] {
        let (rows, _) = jobs_with(
            PHILLY_JSON,
            &ReadOptions {
                attempts,
                ..ReadOptions::default()
            },
        );
        assert_eq!((rows[0].run, rows[0].count), (Span::from_secs(run), pods));
    }
}

#[test]
fn helios_totals_are_spread_over_nodes() {
    let text = "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
1,u,vcA,16,96,2,COMPLETED,2020-04-01 00:00:00,2020-04-01 00:01:00,2020-04-01 00:02:00,60,60
2,u,vcA,0,4,1,CANCELLED,2020-04-01 00:00:30,2020-04-01 00:01:00,2020-04-01 00:01:05,5,30
3,u,vcB,9,9,2,TIMEOUT,2020-04-01 00:01:00,2020-04-01 00:01:00,2020-04-01 00:01:05,5,0
";
    let (rows, report) = jobs(text);
    assert_eq!(report.format, "helios");
    assert_eq!(
        (rows[0].count, rows[0].gpu, rows[0].cpu_milli),
        (2, 8, 48_000)
    );
    assert_eq!(
        (rows[1].gpu, rows[1].outcome, rows[1].submit),
        (0, Outcome::Killed, Time::from_secs(30))
    );
    assert_eq!(
        (rows[2].count, rows[2].gpu, rows[2].fail_at),
        (3, 3, Some(Span::from_secs(5)))
    );
    assert_eq!(rows[0].obs_start, Some(Time::from_secs(60)));
    assert_round_trip(&rows);
}

#[test]
fn acme_run_times_are_recomputed_and_offsets_applied() {
    let text = "job_id,user,node_num,gpu_num,cpu_num,mem_per_pod_GB,type,state,submit_time,start_time,end_time,fail_time,duration,queue
dlctk1,u,2,16,32,100.5,LLM,COMPLETED,2023-05-17 11:01:00+00:00,2023-05-17 11:01:08+00:00,2023-05-17 11:01:16+00:00,,18,10
dlctk2,u,1,1,4,,eval,CANCELLED,2023-05-17 19:00:50+08:00,,,,0,0
";
    let (rows, report) = jobs(text);
    assert_eq!((report.format, report.rows), ("acme", 1));
    assert_eq!(
        report.jobs_dropped,
        [("no start or no end recorded".to_string(), 1)]
    );
    assert_eq!(
        (rows[0].run, rows[0].submit),
        (Span::from_secs(8), Time::from_secs(10))
    );
    assert_eq!((rows[0].mem_mib, rows[0].group.as_str()), (102_912, "LLM"));
    assert_eq!(report.meta.t0.as_deref(), Some("2023-05-17T11:00:50Z"));
}

#[test]
fn pai_tables_are_joined() {
    let scratch = Scratch::new("pai");
    scratch.write(
        "pai_job_table.csv",
        b"job_name,inst_id,user,status,start_time,end_time
j1,i1,u1,Terminated,1000.0,1100.0
j2,i2,u2,Running,1010.0,
j3,i3,u3,Failed,,
",
    );
    scratch.write(
        "pai_task_table.csv",
        b"j1,ps,2,Terminated,1005.0,1090.0,600.0,29.3,,CPU
j1,worker,4,Terminated,1010.0,1095.0,600.0,29.296875,50.0,V100
j2,tensorflow,1,Running,1020.0,,600,10,800.0,P100
j2,late,1,Waiting,,,600,10,25,P100
j3,t,1,Failed,1030,1040,600,10,25,P100
j9,t,1,Failed,1030,1040,600,10,25,P100
",
    );
    scratch.write("pai_group_tag_table.csv", b"i1,u1,V100,g1,bert\n");
    let mut rows = Vec::new();
    let spec = format!("pai:{}", scratch.spec());
    let report = read_jobs(&spec, &ReadOptions::default(), &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    assert_eq!(report.rows, 3);
    let reasons: Vec<_> = report
        .jobs_dropped
        .iter()
        .map(|(reason, n)| (reason.as_str(), *n))
        .collect();
    assert_eq!(
        reasons,
        [
            ("no record of the job", 1),
            ("no submission time", 1),
            ("never started", 1)
        ]
    );
    assert_eq!(
        (rows[0].run, rows[0].gpu, rows[0].cpu_milli),
        (Span::from_secs(90), 0, 6000)
    );
    assert_eq!((rows[1].gpu, rows[1].gpu_milli, rows[1].count), (1, 500, 4));
    assert_eq!(
        (rows[1].mem_mib, rows[1].gpu_models.clone()),
        (30_000, vec!["V100".to_string()])
    );
    assert_eq!((rows[1].group.as_str(), rows[1].submit), ("g1", Time::ZERO));
    assert_eq!(
        (rows[2].gpu, rows[2].censored, rows[2].run),
        (8, Censored::Right, Span::from_secs(75))
    );
    assert_round_trip(&rows);
    let (machines, report) = nodes("m1,CPU,96,512,0\nm2,V100M32,96,384,8\n");
    assert_eq!((report.format, machines[0].gpu_model.as_str()), ("pai", ""));
    assert_eq!((machines[1].gpu, machines[1].mem_mib), (8, Some(393_216)));
}

#[test]
fn swf_processors_are_cores_or_gpus() {
    let text = "; UnixStartTime: 0
; MaxProcs: 64
; MaxNodes: 8
; TimeZoneString: UTC

  1   0 5  60 12 -1 -1 16 100 1024 1 3 4 -1 2 -1 -1 -1
  2  10 5  60 12 -1 -1 -1  -1   -1 5 3 4 -1 -1 -1 1 30
; a comment in between
  3  20 5  30  1 -1 -1  1  -1   -1 2 3 4 -1 2 -1 -1 -1
  4  20 5  -1  1 -1 -1  1  -1   -1 1 3 4 -1 2 -1 -1 -1
";
    let (rows, report) = jobs(text);
    assert_eq!((report.format, report.rows), ("swf", 2));
    assert_eq!(report.meta.t0.as_deref(), Some("1970-01-01T00:00:00Z"));
    assert_eq!(
        (
            rows[0].count,
            rows[0].cpu_milli,
            rows[0].mem_mib,
            rows[0].gpu
        ),
        (2, 8000, 8, 0)
    );
    assert_eq!(
        (rows[0].estimate, rows[0].queue.as_str()),
        (Some(Span::from_secs(100)), "2")
    );
    assert_eq!(
        (rows[1].count, rows[1].cpu_milli, rows[1].outcome),
        (2, 6000, Outcome::Killed)
    );
    assert_eq!(rows[1].private[0], ("x_after".to_string(), "1".to_string()));
    assert_eq!(
        report
            .jobs_dropped
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>(),
        2
    );
    let (rows, _) = jobs_with(
        text,
        &ReadOptions {
            swf_procs: SwfProcs::Gpu,
            ..ReadOptions::default()
        },
    );
    assert_eq!((rows[1].count, rows[1].gpu, rows[1].cpu_milli), (2, 6, 0));
    assert_round_trip(&rows);
}

#[test]
fn tiresias_is_in_seconds_and_muri_in_milliseconds() {
    let muri = "job_id,num_gpu,submit_time,iterations,model_name,batch_size,duration,interval,iteration_time,resource_time_0,resource_time_1,resource_time_2,priority
0,16,1500,10,dqn,128,2868294000,46122000,490,446,8,0.5,1
";
    let (rows, report) = jobs(muri);
    assert_eq!(report.format, "tiresias");
    assert_eq!(
        (rows[0].submit, rows[0].run),
        (Time(1_500_000), Span::from_secs(2_868_294))
    );
    assert_eq!((rows[0].count, rows[0].gpu, rows[0].priority), (2, 8, 1));
    assert!(rows[0].private.contains(&("x_io_ms".into(), "0.5".into())));
    assert_round_trip(&rows);
    let tiresias = "job_id,num_gpu,submit_time,iterations,model_name,duration,interval\n0,1,30,606,vgg19,164,30\n";
    let (rows, _) = jobs(tiresias);
    assert_eq!(
        (rows[0].submit, rows[0].run),
        (Time::from_secs(30), Span::from_secs(164))
    );
}

#[test]
fn chronus_is_in_minutes_with_deadlines_after_the_submission() {
    let text = "job_id,user,num_gpu,submit_time,iterations,model_name,duration,interval,expect_time_list,expect_value_list,best_effort,job_type
0,vc_a,16,10,5530,mobilenet_v2,96,5,159-189-229,10-8,0,soft
1,vc_a,0,11,5530,mobilenet_v2,1,5,100,1,1,best
";
    let (rows, report) = jobs(text);
    assert_eq!((report.format, rows[0].count), ("chronus", 2));
    assert_eq!(
        (rows[0].submit, rows[0].run),
        (Time::from_secs(600), Span::from_secs(5760))
    );
    let minutes = |at: i64| Time::from_secs(60 * at);
    assert_eq!(
        rows[0].deadlines,
        [
            (minutes(169), 10.0),
            (minutes(199), 8.0),
            (minutes(239), 1.0)
        ]
    );
    assert_eq!((rows[0].preemptible, rows[1].preemptible), (false, true));
    assert!(rows[1].deadlines.is_empty());
    assert_round_trip(&rows);
}

#[test]
fn gavel_layouts_differ_in_order() {
    let seven = "LM (batch size 5)\tcmd \"x\"\t-n\t1\t1000\t6.500000\t4\n";
    let ten = "LM (batch size 5)\tcmd\tdir\t-n\t1\t1000\t2\t1\t-1.000000\t7\n";
    let twelve = "LM (batch size 5)\tcmd\tdir\t-n\t1\t1000\t2\tgns\t3\t-1.000000\t1418\t55\n";
    let (rows, report) = jobs(seven);
    assert_eq!((report.format, rows[0].count, rows[0].gpu), ("gavel", 4, 1));
    assert_eq!((rows[0].submit, rows[0].run), (Time(6_500_000), Span::ZERO));
    assert_eq!((rows[0].work_steps, report.notes.len()), (Some(1000.0), 1));
    let (rows, _) = jobs(ten);
    assert_eq!(
        (rows[0].count, rows[0].submit, rows[0].priority),
        (2, Time::from_secs(7), 0)
    );
    assert_round_trip(&rows);
    let (rows, report) = jobs(twelve);
    assert_eq!(
        (rows[0].run, rows[0].submit),
        (Span::from_secs(1418), Time::from_secs(55))
    );
    assert_eq!((rows[0].priority, report.notes.len()), (2, 0));
    let scratch = Scratch::new("gavel");
    let table = r#"{"k80": {}, "v100": {"('LM (batch size 5)', 4)": {"null": 8.0}}}"#;
    let throughputs = Some(PathBuf::from(scratch.write("t.json", table.as_bytes())));
    let options = ReadOptions {
        throughputs,
        ..ReadOptions::default()
    };
    let (rows, _) = jobs_with(seven, &options);
    assert_eq!(
        (rows[0].run, rows[0].ref_gpu.as_deref()),
        (Span::from_secs(125), Some("V100"))
    );
    assert_round_trip(&rows);
    let larger = seven.replace("\t4\n", "\t8\n");
    let (rows, report) = jobs_with(&larger, &options);
    assert_eq!((rows[0].run, report.notes.len()), (Span(62_500_000), 1));
    let source = Source::from_bytes("t", ten.as_bytes().to_vec());
    let problem = read_jobs_from(source, None, &options, &mut |_| Ok(())).unwrap_err();
    assert!(
        problem
            .message
            .contains("no throughput of \"LM (batch size 5)\" on 2"),
        "{problem}"
    );
}
