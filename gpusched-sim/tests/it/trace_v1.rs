//! trace v1: every column, the writer, directories, and what holds for all formats.

use crate::common::{Scratch, assert_round_trip, jobs, jobs_with, written};
use gpusched_core::units::{Span, Time};
use gpusched_sim::trace::input::Source;
use gpusched_sim::trace::row::{JobRow, ShareMode};
use gpusched_sim::trace::{
    Meta, ReadOptions, ZeroRun, formats, read_jobs, read_nodes, write_nodes,
};

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
fn every_format_is_listed_once() {
    let mut names: Vec<_> = formats()
        .iter()
        .flat_map(|f| std::iter::once(&f.name).chain(f.aliases))
        .collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!((names.len(), formats().len()), (all, 14));
}
