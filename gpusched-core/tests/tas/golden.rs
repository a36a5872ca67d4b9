//! Places on an empty cluster that can be followed by hand.

use super::hand::*;
use gpusched_core::kube::{
    Effect, NodeAffinity, NodeSelectorTerm, Operator, PreferredTerm, Requirement, Taint,
};
use gpusched_core::placement::tas::{Failure, HOSTNAME, Options, PodSet, Rules};
use gpusched_core::queueing::kueue::objects::TopologyMode;

#[test]
fn the_smallest_rack_that_suffices_and_in_it_the_fewest_hosts() {
    let mut forest = racks(UNEVEN, Rules::default());
    let within = required("rack");
    let four = ask(&mut forest, 4, 1, Some(&within));
    assert_eq!(find(&mut forest, &[four]), ["c:3 d:1"]);
    let five = ask(&mut forest, 5, 1, Some(&within));
    assert_eq!(find(&mut forest, &[five]), ["a:4 b:1"]);
    let seven = ask(&mut forest, 7, 1, Some(&within));
    let text = "topology \"default\" allows to fit only 6 out of 7 pod(s)";
    assert_eq!(find(&mut forest, &[seven]), [text]);
    let over = ask(&mut forest, 7, 1, Some(&preferred("rack")));
    // Neither rack takes all of them, so the hosts of both are one pool.
    assert_eq!(find(&mut forest, &[over]), ["a:4 c:3"]);
}

#[test]
fn pods_that_may_be_anywhere_fill_what_is_nearly_full() {
    let mut forest = racks(UNEVEN, Rules::default());
    let anywhere = ask(&mut forest, 3, 1, None);
    assert_eq!(find(&mut forest, &[anywhere]), ["c:3"]);
    let many = ask(&mut forest, 6, 1, None);
    assert_eq!(find(&mut forest, &[many]), ["b:2 c:3 d:1"]);
    let rules = Rules {
        profile_mixed: false,
        ..Rules::default()
    };
    let mut forest = racks(UNEVEN, rules);
    let many = ask(&mut forest, 6, 1, None);
    assert_eq!(find(&mut forest, &[many]), ["a:4 b:2"]);
}

#[test]
fn slices_stay_whole() {
    let mut forest = racks(UNEVEN, Rules::default());
    let pairs = request(TopologyMode::SlicesOnly, &[(HOSTNAME, 2)]);
    let three = ask(&mut forest, 6, 1, Some(&pairs));
    assert_eq!(find(&mut forest, &[three]), ["a:4 b:2"]);
    let within = request(
        TopologyMode::Required("rack".into()),
        &[("rack", 4), (HOSTNAME, 2)],
    );
    let one = ask(&mut forest, 4, 1, Some(&within));
    // Within a slice the host with the least room comes first.
    assert_eq!(find(&mut forest, &[one]), ["a:2 b:2"]);
    let two = ask(&mut forest, 8, 1, Some(&within));
    let text = "topology \"default\" doesn't allow to fit; 1/2 slice(s) fit on level rack; 3/4 \
                slice(s) fit on level kubernetes.io/hostname";
    assert_eq!(find(&mut forest, &[two]), [text]);
    let uneven = request(TopologyMode::SlicesOnly, &[("rack", 3), (HOSTNAME, 2)]);
    let never = ask(&mut forest, 3, 1, Some(&uneven));
    let why = Failure::LayerSize { size: 2, parent: 3 };
    assert_eq!(forest.impossible(&never), Some(&why));
}

#[test]
fn a_leader_is_near_its_workers() {
    let mut forest = racks(
        &[("a", "r1", 3), ("b", "r1", 3), ("c", "r2", 6)],
        Rules::default(),
    );
    let tree = forest.tree("one").unwrap();
    let within = required("rack");
    let (worker, lead) = (gpus(1), gpus(3));
    let workers = PodSet {
        topology: Some(&within),
        group: Some("g"),
        ..PodSet::new(0, 3, &worker)
    };
    let leader = PodSet {
        requests: &lead,
        pod_set: 1,
        count: 1,
        ..workers
    };
    let asks = [leader, workers].map(|one| forest.ask(tree, &one));
    // Both racks take all four; the narrower choice is the first by name.
    assert_eq!(find(&mut forest, &asks), ["b:3", "a:1"]);
}

#[test]
fn balanced_placement_evens_out() {
    let rules = Rules {
        balanced_placement: true,
        ..Rules::default()
    };
    let machines = [("a", "r1", 6), ("b", "r1", 5), ("c", "r1", 1)];
    let near = preferred("rack");
    for (rules, expected) in [(Rules::default(), "a:6 b:2"), (rules, "a:4 b:4")] {
        let mut forest = racks(&machines, rules);
        let eight = ask(&mut forest, 8, 1, Some(&near));
        assert_eq!(find(&mut forest, &[eight]), [expected]);
    }
}

#[test]
fn preferred_nodes_come_first_even_if_they_are_roomier() {
    let rules = Rules {
        respect_preferred_affinity: true,
        ..Rules::default()
    };
    let is_a = Requirement {
        key: HOSTNAME.to_owned(),
        operator: Operator::In,
        values: vec!["a".to_owned()],
    };
    let affinity = NodeAffinity {
        required: None,
        preferred: vec![PreferredTerm {
            weight: 10,
            term: NodeSelectorTerm {
                match_expressions: vec![is_a],
                match_fields: vec![],
            },
        }],
    };
    let one_host = required(HOSTNAME);
    let requests = gpus(1);
    for (rules, expected) in [(Rules::default(), "d:1"), (rules, "a:1")] {
        let mut forest = racks(UNEVEN, rules);
        let tree = forest.tree("one").unwrap();
        let pod_set = PodSet {
            topology: Some(&one_host),
            affinity: Some(&affinity),
            ..PodSet::new(0, 1, &requests)
        };
        let asks = [forest.ask(tree, &pod_set)];
        assert_eq!(find(&mut forest, &asks), [expected]);
    }
}

#[test]
fn refusals_say_which_nodes_were_left_out() {
    let mut machines = nodes(&[
        ("a", "r1", 4),
        ("b", "r1", 0),
        ("c", "r2", 4),
        ("d", "r2", 4),
    ]);
    machines[0].taints.push(Taint {
        key: "broken".to_owned(),
        value: "yes".to_owned(),
        effect: Effect::NoExecute,
    });
    machines[2]
        .labels
        .insert("kind".to_owned(), "old".to_owned());
    machines[3].ready = false;
    let mut forest = forest_of(&["rack", HOSTNAME], &machines, Rules::default());
    let tree = forest.tree("one").unwrap();
    let (requests, within) = (gpus(1), required("rack"));
    let terms = vec![NodeSelectorTerm {
        match_expressions: vec![Requirement {
            key: "kind".to_owned(),
            operator: Operator::DoesNotExist,
            values: vec![],
        }],
        match_fields: vec![],
    }];
    let affinity = NodeAffinity {
        required: Some(terms),
        preferred: vec![],
    };
    let pod_set = PodSet {
        topology: Some(&within),
        affinity: Some(&affinity),
        ..PodSet::new(0, 2, &requests)
    };
    let asks = [forest.ask(tree, &pod_set)];
    let text = "topology \"default\" doesn't allow to fit any of 2 pod(s). Total nodes: 3; excluded: \
                affinity: 1, resource \"gpu\": 1, taint \"broken=yes:NoExecute\": 1";
    assert_eq!(find(&mut forest, &asks), [text]);
    let mut none = racks(&[], Rules::default());
    let nowhere = ask(&mut none, 1, 1, Some(&within));
    assert!(!none.fits_somewhere(std::slice::from_ref(&nowhere), Options::default()));
    assert_eq!(
        find(&mut none, &[nowhere]),
        ["no topology domains at level: rack"]
    );
}

#[test]
fn leaves_may_be_racks() {
    let mut machines = nodes(UNEVEN);
    machines[0].taints.push(Taint {
        key: "any".to_owned(),
        value: String::new(),
        effect: Effect::NoSchedule,
    });
    let mut forest = forest_of(&["rack"], &machines, Rules::default());
    let six = ask(&mut forest, 6, 1, Some(&required("rack")));
    assert_eq!(find(&mut forest, &[six]), ["r1:6"]);
}
