//! A controller's own manifests in a replay: the command of the example, and what is said of files
//! that are wrong.

use crate::cli::Desk;
use std::path::Path;

fn desk(test: &str) -> Desk {
    let desk = Desk::new(&format!("own-{test}"));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/provisioning/manifests");
    for name in ["karpenter.yaml", "cluster-autoscaler.yaml"] {
        let text = std::fs::read_to_string(example.join(name)).expect("the example");
        desk.write(&format!("examples/provisioning/manifests/{name}"), &text);
    }
    desk
}

/// The example's command: its words from the README, so that both stay the same.
fn command(first: &str) -> String {
    let readme = include_str!("../../../examples/provisioning/README.md");
    let lines = readme.replace("\\\n", " ");
    let found = lines
        .lines()
        .find(|line| line.starts_with(first) && line.contains("--node-pools"));
    let found = found.expect("a command of the README");
    found.trim_start_matches("gpusched ").to_owned()
}

#[test]
fn the_example_replays_manifests_of_both_controllers() {
    let desk = desk("example");
    let made = desk.line("trace generate --preset openb --jobs 40 --rate-scale 12 --out openb-day");
    assert_eq!(made.code, 0, "{}", made.screen());
    let ran = desk.line(&command("gpusched compare"));
    assert_eq!(ran.code, 0, "{}", ran.screen());
    for policy in ["karpenter", "cluster-autoscaler"] {
        assert!(ran.out.contains(policy), "{}", ran.screen());
    }
    let out = "run --trace openb-day --horizon 86400 --queueing fifo-greedy --provisioning karpenter \
               --node-pools examples/provisioning/manifests/karpenter.yaml --out results";
    let run = desk.line(out);
    assert_eq!(run.code, 0, "{}", run.screen());
    let machines =
        std::fs::read_to_string(desk.path.join("results/machines.csv")).expect("machines");
    let header: Vec<&str> = machines
        .lines()
        .next()
        .expect("a header")
        .split(',')
        .collect();
    let column = |name: &str| {
        header
            .iter()
            .position(|one| *one == name)
            .expect("a column")
    };
    let (of, zone) = (column("instance_type"), column("zone"));
    assert!(machines.lines().count() > 1);
    for line in machines.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        // The pools that hold jobs of one T4 are of these families, in zones of the subnets.
        let family = cells[of].split('.').next().unwrap_or_default();
        assert!(["g4dn", "g5", "g6"].contains(&family), "{line}");
        assert!(
            ["us-east-1a", "us-east-1b"].contains(&cells[zone]),
            "{line}"
        );
    }
}

#[test]
fn what_is_wrong_with_manifests_is_said_with_its_place() {
    let desk = desk("wrong");
    let file = "examples/provisioning/manifests/karpenter.yaml";
    let text = std::fs::read_to_string(desk.path.join(file)).expect("the example");
    desk.write("pools.yaml", &text.replace("[g4dn, g5, g6]", "[g4, g3]"));
    let run = "run --trace trace --provisioning karpenter --node-pools pools.yaml";
    let ran = desk.line(run);
    assert_eq!(ran.code, 2, "{}", ran.screen());
    for said in ["pools.yaml:", "no instance type satisfies NodePool small"] {
        assert!(ran.err.contains(said), "{}", ran.screen());
    }
    let alone = desk.line(&format!("run --trace trace --node-pools {file}"));
    assert_eq!(alone.code, 2, "{}", alone.screen());
    assert!(
        alone
            .err
            .contains("`node-pools` means nothing where nothing is rented"),
        "{}",
        alone.screen()
    );
    let other = desk.line(&format!(
        "run --trace trace --provisioning cluster-autoscaler --node-pools {file}"
    ));
    assert_eq!(other.code, 2, "{}", other.screen());
    assert!(
        other
            .err
            .contains("`node-pools` means nothing without karpenter"),
        "{}",
        other.screen()
    );
    let groups = "run --trace trace --provisioning cluster-autoscaler --node-groups groups.yaml";
    desk.write(
        "groups.yaml",
        "nodeGroups:\n- {name: a, instanceType: g4dn.huge, maxSize: 1}\n",
    );
    let ran = desk.line(groups);
    assert_eq!(ran.code, 2, "{}", ran.screen());
    assert!(ran.err.contains("groups.yaml:2:"), "{}", ran.screen());
}

#[test]
fn the_order_of_an_older_karpenter_and_jobs_that_stay_are_flags() {
    let desk = desk("flags");
    let ran = desk.line(
        "compare --trace trace --provisioning karpenter,karpenter:v1.13 --do-not-disrupt-for all",
    );
    assert_eq!(ran.code, 0, "{}", ran.screen());
    assert!(ran.out.contains("karpenter:v1.13"), "{}", ran.screen());
    let old = desk.line("run --trace trace --provisioning karpenter:v1.0");
    assert_eq!(old.code, 2, "{}", old.screen());
    assert!(
        old.err.contains("choose from v1.14 and v1.13"),
        "{}",
        old.screen()
    );
    let rule =
        desk.line("run --trace trace --provisioning karpenter --do-not-disrupt-for training");
    assert_eq!(rule.code, 2, "{}", rule.screen());
    assert!(
        rule.err.contains("`training` names no jobs"),
        "{}",
        rule.screen()
    );
}
