//! What the network costs, through the whole of a replay, on worlds small enough to reckon by hand.

use crate::cli::Desk;

/// Two gangs of four GPUs on nodes of two: `first-fit` gives the first one nodes a and b, which
/// stand in different racks, and the second one c and d, which share one.
const JOBS: &str = "\
job_id,count,submit_s,run_s,gpu
apart,2,0,100,2
near,2,0,100,2
single,1,500,100,1
";

const NODES: &str = "\
node,gpu_model,gpu,block,rack
a,V100-SXM2-16GB,2,b1,r1
b,V100-SXM2-16GB,2,b1,r2
c,V100-SXM2-16GB,2,b2,r3
d,V100-SXM2-16GB,2,b2,r3
";

fn desk(test: &str) -> Desk {
    let desk = Desk::new(test);
    desk.write("net/jobs.csv", JOBS);
    desk.write("net/nodes.csv", NODES);
    desk
}

fn read(desk: &Desk, file: &str) -> String {
    std::fs::read_to_string(desk.path.join(file)).unwrap()
}

/// A column of a CSV file by the names in its first column.
fn column(text: &str, name: &str) -> Vec<(String, String)> {
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = header.iter().position(|column| *column == name);
    let at = at.unwrap_or_else(|| panic!("no column {name} in {header:?}"));
    let pair = |line: Vec<&str>| (line[0].to_owned(), line[at].to_owned());
    lines.map(pair).collect()
}

fn of(pairs: &[(String, String)], job: &str) -> String {
    let found = pairs.iter().find(|(name, _)| name == job);
    found.unwrap_or_else(|| panic!("no {job}")).1.clone()
}

#[test]
fn jobs_on_several_nodes_take_as_long_as_the_constant_says() {
    let desk = desk("network-across");
    let ran = desk.line("run --trace net --placement first-fit --network across:2 --out out");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let jobs = read(&desk, "out/jobs.csv");
    let run = column(&jobs, "run_s");
    assert_eq!(
        (of(&run, "apart"), of(&run, "single")),
        ("200".into(), "100".into())
    );
    let slowdown = column(&jobs, "slowdown");
    assert_eq!(
        (of(&slowdown, "near"), of(&slowdown, "single")),
        ("2".into(), String::new())
    );
}

#[test]
fn the_report_says_at_which_level_jobs_ran_and_what_was_free_there() {
    let desk = desk("network-levels");
    let ran = desk.line("run --trace net --placement first-fit --out out --format json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let jobs = read(&desk, "out/jobs.csv");
    let level = column(&jobs, "level");
    assert_eq!(of(&level, "apart"), "block");
    assert_eq!(of(&level, "near"), "rack");
    assert_eq!(of(&level, "single"), "", "one GPU meets nobody");
    // At 550 s `single` holds one of a's two.
    let series = read(&desk, "out/series.csv");
    let then = |name: &str| of(&column(&series, name), "550");
    let largest =
        ["node", "rack", "block", "cluster"].map(|level| then(&format!("largest_gang_{level}")));
    assert_eq!(largest, ["2", "4", "4", "7"]);
    let summary: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let topology = &summary["topology"];
    // Four GPUs for 100 s.
    let hours = topology["cross_leaf_gpu_hours"].as_f64().unwrap();
    assert!((hours - 400.0 / 3600.0).abs() < 1e-12);
    assert_eq!(topology["levels"][1]["jobs"], 1);
    assert_eq!(topology["slowdown_histogram"][0]["jobs"], 2);
}

#[test]
fn a_farther_gang_pays_more_by_the_law_and_a_profile_says_who_pays() {
    let desk = desk("network-law");
    let law = "run --trace net --placement first-fit --network level:rack=16 --out out";
    let ran = desk.line(&format!(
        "{law} --job-profile llm-7b:tp=1,batch=16,overlap=0"
    ));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let slowdown = column(&read(&desk, "out/jobs.csv"), "slowdown");
    let [apart, near] = ["apart", "near"].map(|job| of(&slowdown, job).parse::<f64>().unwrap());
    assert!(near == 1.0 && apart > 1.1, "near {near}, apart {apart}");
    // The same said by a file, of another queue: nobody pays.
    desk.write(
        "profiles.csv",
        "queue,group,class,profile\nelsewhere,,,llm-7b:tp=1,batch=16\n",
    );
    let ran = desk.line(&format!("{law} --job-profile profiles.csv"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let slowdown = column(&read(&desk, "out/jobs.csv"), "slowdown");
    assert_eq!(of(&slowdown, "apart"), "1");
}

#[test]
fn gangs_that_cross_one_link_share_it() {
    let desk = desk("network-flow");
    // Three gangs out of a rack of three nodes whose up-link carries a hundredth.
    desk.write(
        "net/nodes.csv",
        "\
node,gpu_model,gpu,rack
a,V100-SXM2-16GB,1,r1
b,V100-SXM2-16GB,1,r2
c,V100-SXM2-16GB,1,r1
d,V100-SXM2-16GB,1,r2
",
    );
    desk.write(
        "net/jobs.csv",
        "job_id,count,submit_s,run_s,gpu\none,2,0,100,1\ntwo,2,0,100,1\n",
    );
    let flow = "run --trace net --placement first-fit --network flow:rack=100 --job-profile llm-7b:tp=1,batch=16,overlap=0";
    let ran = desk.line(&format!("{flow} --out out"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let both = column(&read(&desk, "out/jobs.csv"), "run_s");
    let ran = desk.line(&format!("{flow} --limit 1 --out out"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let alone = column(&read(&desk, "out/jobs.csv"), "run_s");
    let [both, alone] = [both, alone].map(|times| of(&times, "one").parse::<f64>().unwrap());
    // The link is all that counts: half of it each.
    assert!(
        (both / alone - 2.0).abs() < 1e-3,
        "{both} together, {alone} alone"
    );
}

#[test]
fn without_a_network_nothing_is_said_of_it() {
    let desk = desk("network-none");
    let ran = desk.line("run --trace trace --out out --format json");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!read(&desk, "out/jobs.csv").contains("level"));
    assert!(!read(&desk, "out/series.csv").contains("largest_gang"));
    assert!(!ran.out.contains("\"topology\""));
}

#[test]
fn screens_say_what_the_network_was_and_did() {
    let desk = desk("network-screens");
    let network = "--placement first-fit --network across:2";
    let run = desk.line(&format!("run --trace net {network}"));
    insta::assert_snapshot!("network_run", run.screen());
    let compare = "compare --trace net --network across:2 --placement first-fit,best-fit";
    insta::assert_snapshot!("network_compare", desk.line(compare).screen());
}

#[test]
fn models_of_the_network_are_an_axis_of_a_comparison() {
    let desk = desk("network-axis");
    // What the scenario says gives way to the list, also where it lacks a profile.
    desk.write("net.yaml", "trace: net\nnetwork: level\n");
    let axis = "compare net.yaml --placement first-fit --network";
    let ran = desk.line(&format!(
        "{axis} ideal,across:2,across:3 --format csv --out out"
    ));
    assert_eq!(ran.code, 0, "{}", ran.err);
    // Two gangs of 100, 200 or 300 s at once, and a job of 100 s on one node at 500 s.
    let jct = column(&ran.out, "jct_mean_s");
    let network = column(&ran.out, "network");
    let of_run = |at: usize| (network[at].1.as_str(), jct[at].1.parse::<f64>().unwrap());
    assert_eq!(of_run(0), ("ideal", 100.0));
    assert_eq!(of_run(1).0, "across:2");
    assert!((of_run(1).1 - 500.0 / 3.0).abs() < 1e-6);
    assert!((of_run(2).1 - 700.0 / 3.0).abs() < 1e-6);
    // Each folder says what its run was, and can be run again.
    let kept = read(&desk, "out/2-fifo-first-fit-across-2/scenario.yaml");
    assert!(kept.contains("network: across:2"), "{kept}");
    let kept = read(&desk, "out/1-fifo-first-fit/scenario.yaml");
    assert!(!kept.contains("network"), "{kept}");
    // A list is refused for its worst member, before anything is replayed.
    let ran = desk.line(&format!("{axis} ideal,flow:rack=2,block=3"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("`flow:rack=2,block=3` asks") && ran.err.contains("--network"));
    let ran = desk.line(&format!("{axis} ideal,levl"));
    assert!(
        ran.code == 2 && ran.err.contains("did you mean `level`"),
        "{}",
        ran.err
    );
}
