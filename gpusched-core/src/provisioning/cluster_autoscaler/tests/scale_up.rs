//! One case for every rule of scale-up.

use super::*;
use crate::kube::{Effect, Taint};
use crate::provisioning::cluster_autoscaler::expander::Expander;
use crate::provisioning::cluster_autoscaler::{Limited, Misfit, ResourceLimit};

fn one_group(options: Options, max: u32) -> World {
    World::new(options, vec![group("g", 0, 0, max)], vec![four()])
}

#[test]
fn pods_younger_than_two_seconds_are_left_to_the_scheduler() {
    let mut world = one_group(Options::default(), 10);
    world.submit(0, 3, &wants(3, 1, 0));
    world.run_to(0);
    assert_eq!(world.autoscaler.last_scan().scale_up, ScaleUp::PodsAreNew);
    assert_eq!(world.launches(), []);
    // The pods made it look at once; the next look is 10 s later.
    world.run_to(10);
    assert_eq!(world.launches(), [(10, "g"); 3]);
}

#[test]
fn pods_that_want_gpus_are_left_to_the_scheduler_for_30_seconds() {
    let types = vec![node_type("gpu", 8, 32, 1, "1")];
    let mut world = World::new(Options::default(), vec![group("g", 0, 0, 10)], types);
    world.submit(0, 1, &wants(1, 1, 1));
    world.run_to(29);
    assert_eq!(world.launches(), []);
    world.run_to(30);
    assert_eq!(world.launches(), [(30, "g")]);
    let mut world = World::new(
        Options {
            wait_for_scheduler: false,
            ..Options::default()
        },
        vec![group("g", 0, 0, 10)],
        vec![node_type("gpu", 8, 32, 1, "1")],
    );
    world.submit(0, 1, &wants(1, 1, 1));
    world.run_to(0);
    assert_eq!(world.launches(), [(0, "g")]);
}

#[test]
fn with_frequent_loops_off_it_looks_every_ten_seconds_only() {
    for (frequent, second) in [(true, 13), (false, 20)] {
        let options = Options {
            frequent_loops: frequent,
            wait_for_scheduler: false,
            ..Options::default()
        };
        let mut world = one_group(options, 10);
        world.run_to(0);
        world.run_to(13);
        world.submit(0, 1, &wants(3, 1, 0));
        world.run_to(60);
        assert_eq!(world.launches(), [(second, "g")]);
    }
}

#[test]
fn pods_that_fit_nodes_on_their_way_need_no_more() {
    let mut world = one_group(Options::default(), 10);
    world.submit(0, 1, &wants(2, 1, 0));
    world.run_to(15);
    assert_eq!(world.launches(), [(10, "g")]);
    // Another two cores fit the machine that boots until 70.
    world.submit(1, 1, &wants(2, 1, 0));
    world.run_to(60);
    assert_eq!(world.launches(), [(10, "g")]);
    let scan = world.autoscaler.last_scan();
    assert_eq!((scan.waiting, scan.schedulable), (2, 2));
}

#[test]
fn expendable_pods_count_for_nothing() {
    let mut world = one_group(Options::default(), 10);
    world.submit_at(0, 1, &wants(2, 1, 0), -11);
    world.run_to(60);
    assert_eq!(world.launches(), []);
    world.submit_at(1, 1, &wants(2, 1, 0), -10);
    world.run_to(120);
    assert_eq!(world.launches(), [(70, "g")]);
}

#[test]
fn pods_younger_than_the_scale_up_delay_wait() {
    let options = Options {
        new_pod_scale_up_delay: Span::from_secs(60),
        ..Options::default()
    };
    let mut world = one_group(options, 10);
    world.submit(0, 1, &wants(2, 1, 0));
    world.run_to(120);
    assert_eq!(world.launches(), [(60, "g")]);
}

#[test]
fn a_group_of_maximum_size_is_no_option() {
    let mut world = one_group(Options::default(), 2);
    world.submit(0, 5, &wants(3, 1, 0));
    world.run_to(10);
    assert_eq!(world.launches().len(), 2);
    world.run_to(30);
    assert_eq!(world.verdict("g"), Verdict::MaxSize);
    world.run_to(300);
    assert_eq!(world.launches().len(), 2);
}

#[test]
fn a_group_whose_nodes_no_pod_fits_is_no_option() {
    let mut tainted = group("tainted", 0, 0, 5);
    tainted.taints = vec![Taint {
        key: "gpu".into(),
        value: String::new(),
        effect: Effect::NoSchedule,
    }];
    let groups = vec![tainted.clone(), group("small", 0, 0, 5)];
    let mut world = World::new(Options::default(), groups, vec![four()]);
    world.submit(0, 2, &wants(5, 1, 0));
    world.run_to(10);
    let ScaleUp::NoOptions { groups, .. } = &world.autoscaler.last_scan().scale_up else {
        panic!()
    };
    assert_eq!(groups[0].verdict, Verdict::NoPodFits);
    assert_eq!(
        groups[0].rejected,
        [(2, Misfit::Taint(tainted.taints[0].clone()))]
    );
    assert_eq!(groups[1].rejected, [(2, Misfit::Resource("cpu".into()))]);
}

#[test]
fn max_nodes_total_caps_what_is_added() {
    let options = Options {
        max_nodes_total: 3,
        ..Options::default()
    };
    let mut world = one_group(options, 10);
    world.machine("other", 0);
    world.submit(0, 9, &wants(4, 1, 0));
    world.run_to(10);
    // One machine takes a pod; of the eight others two get a node.
    assert_eq!(world.launches().len(), 2);
    world.run_to(200);
    assert_eq!(
        world.autoscaler.last_scan().scale_up,
        ScaleUp::MaxNodesTotal
    );
    assert_eq!(world.launches().len(), 2);
}

#[test]
fn limits_cap_what_is_added() {
    let options = Options {
        limits: vec![ResourceLimit {
            of: Limited::Cpu,
            min: 0,
            max: 11_000,
        }],
        ..Options::default()
    };
    let mut world = one_group(options, 10);
    world.submit(0, 9, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.launches().len(), 2, "8 of 11 cores");
    world.run_to(20);
    assert_eq!(world.verdict("g"), Verdict::Limits(vec![Limited::Cpu]));
}

#[test]
fn zero_or_max_groups_grow_to_their_maximum() {
    let mut whole = group("whole", 0, 0, 4);
    whole.zero_or_max = true;
    let mut world = World::new(Options::default(), vec![whole.clone()], vec![four()]);
    world.submit(0, 1, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.launches().len(), 4);
    let options = Options {
        max_nodes_total: 3,
        ..Options::default()
    };
    let mut world = World::new(options, vec![whole], vec![four()]);
    world.submit(0, 1, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.verdict("whole"), Verdict::AtomicTooLarge);
}

#[test]
fn all_or_nothing_leaves_pods_waiting_that_cannot_all_be_helped() {
    let options = Options {
        all_or_nothing: true,
        ..Options::default()
    };
    let mut world = one_group(options.clone(), 4);
    world.submit(0, 5, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.verdict("g"), Verdict::NotAllPods { pods: 4 });
    let mut world = one_group(options, 5);
    world.submit(0, 5, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.launches().len(), 5);
}

#[test]
fn one_option_per_look_and_again_at_once_after_it() {
    // Pods of 8 cores only fit the large group, those with GPUs only the third; each look helps
    // those of one group.
    let types = vec![four(), node_type("eight", 8, 16, 0, "0.4")];
    let groups = vec![group("a", 0, 0, 9), group("b", 1, 0, 9)];
    let options = Options {
        expanders: vec![Expander::MostPods],
        ..Options::default()
    };
    let mut world = World::new(options.clone(), groups.clone(), types.clone());
    let mut tainted = groups.clone();
    tainted[1].taints = vec![Taint {
        key: "large".into(),
        value: String::new(),
        effect: Effect::NoSchedule,
    }];
    let large = Arc::new(PodSpec {
        tolerations: vec![crate::kube::Toleration {
            key: "large".into(),
            operator: crate::kube::TolerationOperator::Exists,
            ..Default::default()
        }],
        requests: wants(8, 1, 0).requests.clone(),
        ..PodSpec::default()
    });
    world.autoscaler = ClusterAutoscaler::new(options.clone(), tainted.clone(), &types).unwrap();
    world.submit(0, 2, &wants(4, 1, 0));
    world.submit(1, 1, &large);
    world.run_to(10);
    assert_eq!(world.launches(), [(10, "a"), (10, "a"), (10, "b")]);
    let slow = Options {
        frequent_loops: false,
        ..options
    };
    let mut world = World::new(slow, tainted, types);
    world.submit(0, 2, &wants(4, 1, 0));
    world.submit(1, 1, &large);
    world.run_to(30);
    assert_eq!(world.launches(), [(10, "a"), (10, "a"), (20, "b")]);
}

#[test]
fn similar_groups_share_new_nodes() {
    for (balance, expected) in [(false, vec!["a", "a", "a"]), (true, vec!["a", "b", "b"])] {
        let options = Options {
            balance_similar_node_groups: balance,
            ..Options::default()
        };
        let groups = vec![group("a", 0, 0, 9), group("b", 0, 0, 9)];
        let mut world = World::new(options, groups, vec![four(), four()]);
        // a has one node already, so b gets two of three. Equal waste: `a` is drawn or `b`;
        // with the second group too small to help all, only `a` is the best option.
        let of_a = world.machine("a", 0);
        world.bind(of_a, 9, &wants(4, 1, 0));
        world.submit(0, 3, &wants(4, 1, 0));
        world.run_to(10);
        let mut groups: Vec<&str> = world.launches().iter().map(|one| one.1).collect();
        groups.sort_unstable();
        match balance {
            true => assert_eq!(groups, expected),
            false => assert!(groups == ["a"; 3] || groups == ["b"; 3], "{groups:?}"),
        }
    }
}

#[test]
fn a_group_that_is_out_of_capacity_backs_off_for_5_minutes_then_10() {
    let mut world = one_group(Options::default(), 10);
    world.capacity = false;
    world.submit(0, 1, &wants(4, 1, 0));
    world.run_to(1000);
    // Tried at 10; backed off up to 310 inclusive; at 320 again; up to 920; at 930.
    assert_eq!(world.launches(), [(10, "g"), (320, "g"), (930, "g")]);
    assert!(matches!(world.verdict("g"), Verdict::BackedOff { .. }));
}

#[test]
fn another_group_is_used_while_one_backs_off() {
    let groups = vec![group("a", 0, 0, 9), group("b", 1, 0, 9)];
    let types = vec![four(), node_type("eight", 8, 32, 0, "0.4")];
    let mut world = World::new(Options::default(), groups, types);
    world.capacity = false;
    world.submit(0, 1, &wants(4, 1, 0));
    world.run_to(10);
    assert_eq!(world.launches(), [(10, "a")], "least waste");
    world.capacity = true;
    world.run_to(100);
    assert_eq!(world.launches()[1..], [(20, "b")]);
}

#[test]
fn a_node_that_does_not_come_in_15_minutes_is_given_up() {
    let mut world = one_group(Options::default(), 10);
    world.boot = Span::from_secs(10_000);
    world.submit(0, 1, &wants(4, 1, 0));
    world.run_to(1300);
    // Asked for at 10, given up after 910; the group is left alone for 5 minutes from 920 on.
    assert_eq!(world.deletions()[0], (920, 0, "Unregistered"));
    assert_eq!(world.launches(), [(10, "g"), (1230, "g")]);
}

#[test]
fn groups_below_their_minimum_are_filled_up_if_asked() {
    for (enforce, launched) in [(false, 0), (true, 3)] {
        let options = Options {
            enforce_node_group_min_size: enforce,
            ..Options::default()
        };
        let mut world = World::new(options, vec![group("g", 0, 3, 10)], vec![four()]);
        world.run_to(100);
        assert_eq!(world.launches().len(), launched);
    }
}
