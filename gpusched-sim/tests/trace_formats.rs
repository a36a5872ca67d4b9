//! Hand-made rows of every format, with the pitfalls each has.

use gpusched_core::units::{Span, Time};
use gpusched_core::workload::Outcome;
use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::row::{Censored, JobRow, NodeRow, ShareMode};
use gpusched_sim::trace::{
    Attempts, ENDLESS, Meta, ReadOptions, ReadReport, SwfProcs, ZeroRun, formats, read_jobs,
    read_jobs_from, read_nodes, read_nodes_from, write_jobs, write_nodes,
};
use std::path::PathBuf;

fn jobs_with(text: &str, options: &ReadOptions) -> (Vec<JobRow>, ReadReport) {
    let mut rows = Vec::new();
    let source = Source::from_bytes("t.csv", text.as_bytes().to_vec());
    let report = read_jobs_from(source, None, options, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    (rows, report)
}

fn jobs(text: &str) -> (Vec<JobRow>, ReadReport) {
    jobs_with(text, &ReadOptions::default())
}

fn nodes(text: &str) -> (Vec<NodeRow>, ReadReport) {
    let mut rows = Vec::new();
    let source = Source::from_bytes("t.csv", text.as_bytes().to_vec());
    let report = read_nodes_from(source, None, &ReadOptions::default(), &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    (rows, report)
}

/// A directory that is removed at the end of a test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("gpusched-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn spec(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn written(rows: &[JobRow]) -> Vec<u8> {
    let mut out = Vec::new();
    write_jobs(&mut out, rows).unwrap();
    out
}

/// Rows read back from what was written; line numbers are those of the new file.
fn reread(bytes: &[u8]) -> Vec<JobRow> {
    let options = ReadOptions {
        zero_run: ZeroRun::Keep,
        ..ReadOptions::default()
    };
    let mut rows = Vec::new();
    let source = Source::from_bytes("again", bytes.to_vec());
    read_jobs_from(source, Some("v1"), &options, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .unwrap_or_else(|problem| panic!("{}", problem.render(false)));
    rows
}

fn assert_round_trip(rows: &[JobRow]) {
    let bytes = written(rows);
    let mut again = reread(&bytes);
    assert_eq!(written(&again), bytes);
    for (one, other) in again.iter_mut().zip(rows) {
        one.line = other.line;
        if *one != *other {
            assert_eq!(*one, *other);
        }
    }
    assert_eq!(again.len(), rows.len());
}

const EVERY_COLUMN: &str = "\
job_id,task,count,min_count,max_count,gang,submit_s,run_s,work_steps,profile,ref_gpu,estimate_s,\
limit_s,deadline_s,value,gpu,gpu_milli,gpu_mem_mib,mig_profile,mig_count,share_mode,gpu_models,\
gpu_not,cc_min,nvlink_gbps_min,rdma,cpu_milli,mem_mib,disk_mib,priority,priority_class,queue,user,\
tenant,group,preemptible,spot_ok,ckpt_s,ckpt_cost_s,restart_s,topo_mode,topo_level,slice_size,\
max_per_node,outcome,fail_at_s,censored,obs_start_s,obs_end_s,obs_nodes,attempts,util_sm,util_occ,\
util_bw,util_fb_mib,util_power_w,util_profile,x_note,x_b
a,ps,2,1,4,task,10,0.5,1e6,resnet,A100,60,120,100:2|200:0.5,,1,250,8192,,,mps,A100|H100|A100,T4,8,\
300,50,4000,16384,10,-5,high,q,u,t/x,sweep,0,1,600,5,30,required,rack,2,1,failed,0.25,left,11,12,\
\"n1,n2\",3,0.5,0.25,0.125,1000,300.5,series,\"say \"\"hi\"\"\",
a,worker,1,,,,10,7,,,,,,50,3,0,,,1g.10gb,2,mig,,,,,,,,,,,,,,,,,inf,,,,,,,,,,,,,,,,,,,,,2
";

#[test]
fn v1_reads_every_column() {
    let (rows, report) = jobs(EVERY_COLUMN);
    assert_eq!((report.format, report.rows), ("v1", 2));
    let (a, b) = (&rows[0], &rows[1]);
    assert_eq!(a.run, Span(500_000));
    assert_eq!(
        a.deadlines,
        [(Time::from_secs(100), 2.0), (Time::from_secs(200), 0.5)]
    );
    assert_eq!(a.gpu_models, ["A100", "H100"]);
    assert_eq!((a.gpu_milli, a.share_mode), (250, ShareMode::Mps));
    assert_eq!((a.preemptible, a.spot_ok, a.priority), (false, true, -5));
    assert_eq!(a.ckpt, Some(Span::from_secs(600)));
    assert_eq!(a.obs_nodes.as_deref(), Some("n1,n2"));
    assert_eq!(
        a.private[0],
        ("x_note".to_string(), "say \"hi\"".to_string())
    );
    assert_eq!(b.deadlines, [(Time::from_secs(50), 3.0)]);
    assert_eq!((b.mig_count, b.ckpt, b.gpu_milli), (2, None, 1000));
    assert_eq!(b.task, "worker");
    assert_round_trip(&rows);
}

#[test]
fn v1_writes_only_what_differs_from_the_default() {
    let mut row = JobRow::new("a", Time::ZERO, Span::from_secs(1));
    assert_eq!(
        written(std::slice::from_ref(&row)),
        b"job_id,submit_s,run_s\na,0,1\n"
    );
    row.gpu = 1;
    row.gpu_milli = 500;
    row.share_mode = ShareMode::Any;
    let mut cpu = JobRow::new("b", Time::ZERO, Span::from_secs(1));
    cpu.user = "x \"y\", z".into();
    let expected =
        "job_id,submit_s,run_s,gpu,gpu_milli,user\na,0,1,1,500,\nb,0,1,,,\"x \"\"y\"\", z\"\n";
    assert_eq!(
        String::from_utf8(written(&[row.clone(), cpu.clone()])).unwrap(),
        expected
    );
    row.line = 2;
    cpu.line = 3;
    assert_round_trip(&[row, cpu]);
}

#[test]
fn v1_run_time_may_be_missing_where_steps_are_given() {
    let (rows, _) = jobs("job_id,submit_s,work_steps,profile\na,0,1000,resnet\n");
    assert_eq!(
        (rows[0].run, rows[0].work_steps),
        (Span::ZERO, Some(1000.0))
    );
    assert_round_trip(&rows);
}

#[test]
fn v1_zero_run_times_follow_the_policy() {
    let text = "job_id,submit_s,run_s\na,0,0\nb,0,5\n";
    let read = |zero_run| {
        let options = ReadOptions {
            zero_run,
            ..ReadOptions::default()
        };
        let (rows, report) = jobs_with(text, &options);
        (
            rows.iter().map(|row| row.run).collect::<Vec<_>>(),
            report.jobs_dropped.len(),
        )
    };
    assert_eq!(read(ZeroRun::Drop), (vec![Span::from_secs(5)], 1));
    assert_eq!(
        read(ZeroRun::Keep),
        (vec![Span::ZERO, Span::from_secs(5)], 0)
    );
    let clamped = read(ZeroRun::Clamp(Span::from_secs(1)));
    assert_eq!(clamped, (vec![Span::from_secs(1), Span::from_secs(5)], 0));
}

#[test]
fn filters_and_the_limit_hold_for_every_format() {
    let text =
        "job_id,submission_time,duration,num_gpu\na,0,600,0\nb,1,600,1\nc,2,600,2\nd,3,600,4\n";
    let options = ReadOptions {
        gpu_only: true,
        limit: Some(2),
        ..ReadOptions::default()
    };
    let (rows, report) = jobs_with(text, &options);
    assert_eq!(
        rows.iter()
            .map(|row| row.job_id.as_str())
            .collect::<Vec<_>>(),
        ["b", "c"]
    );
    assert_eq!(report.jobs_dropped, [("no GPU asked for".to_string(), 1)]);
    let text = "job_id,submit_s,run_s,queue\na,0,1,x\nb,0,1,y\n";
    let options = ReadOptions {
        queue_only: Some("y".into()),
        ..ReadOptions::default()
    };
    let (rows, report) = jobs_with(text, &options);
    assert_eq!((rows.len(), rows[0].queue.as_str()), (1, "y"));
    assert_eq!(report.jobs_dropped, [("in another queue".to_string(), 1)]);
}

#[test]
fn v1_directories_hold_meta_jobs_and_nodes_plain_or_gzip() {
    let scratch = Scratch::new("dir");
    let meta = "# ours\nschema = 1\nt0 = \"2020-01-01T00:00:00Z\" # start\ntz = 'UTC'\n\
                ref_gpu = \"A100\"\ncensor_time = 86400.5\nsource = \"a \\\"b\\\" \\\\ c\"\nlicence = \"MIT\"\n";
    scratch.write("meta.toml", meta.as_bytes());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(
        &mut encoder,
        b"\xef\xbb\xbfjob_id,submit_s,run_s\r\na,0,1\r\n",
    )
    .unwrap();
    scratch.write("jobs.csv.gz", &encoder.finish().unwrap());
    scratch.write(
        "nodes.csv",
        b"node,gpu,gpu_model,spot,labels,x_y\nn1,8,A100,1,a=b;c=d,z\n",
    );
    let options = ReadOptions::default();
    let mut count = 0;
    let mut count_one = |_| {
        count += 1;
        Ok(())
    };
    let report = read_jobs(&scratch.spec(), &options, &mut count_one).unwrap();
    assert_eq!(report.meta.censor_time, Some(Time(86_400_500_000)));
    assert_eq!(report.meta.source.as_deref(), Some("a \"b\" \\ c"));
    assert_eq!(report.meta.tz.as_deref(), Some("UTC"));
    assert_ne!(report.sha256_or_digest, 0);
    let mut out = Vec::new();
    report.meta.write(&mut out).unwrap();
    let (again, _) = Meta::read(Source::from_bytes("m", out).open().unwrap()).unwrap();
    assert_eq!(again, report.meta);
    let mut machines = Vec::new();
    read_nodes(&scratch.spec(), &options, &mut |row| {
        machines.push(row);
        Ok(())
    })
    .unwrap();
    assert_eq!((count, machines.len()), (1, 1));
    let mut out = Vec::new();
    write_nodes(&mut out, &machines).unwrap();
    let expected = "node,gpu_model,gpu,labels,spot,x_y\nn1,A100,8,a=b;c=d,1,z\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn inline_clusters_expand_in_order() {
    let mut rows = Vec::new();
    let report = read_nodes(
        "2x8:A100+1x2:T4:64:256+1x0",
        &ReadOptions::default(),
        &mut |row| {
            rows.push(row);
            Ok(())
        },
    )
    .unwrap();
    assert_eq!((report.format, report.rows), ("inline", 4));
    assert_eq!(
        (rows[0].node.as_str(), rows[0].gpu, rows[0].cpu_milli),
        ("n0000", 8, None)
    );
    assert_eq!(
        (rows[2].gpu_model.as_str(), rows[2].cpu_milli),
        ("T4", Some(64_000))
    );
    assert_eq!(
        (rows[2].mem_mib, rows[3].node.as_str()),
        (Some(262_144), "n0003")
    );
}

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
    assert_eq!(a.gpu_models, ["V100M16", "V100M32"]);
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

#[test]
fn every_format_is_listed_once() {
    let mut names: Vec<_> = formats()
        .iter()
        .flat_map(|f| std::iter::once(&f.name).chain(f.aliases))
        .collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!((names.len(), formats().len()), (all, 11));
}
