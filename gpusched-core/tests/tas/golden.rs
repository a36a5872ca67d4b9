//! Decisions that can be followed by hand.

use gpusched_core::kube::{
    Effect, Labels, Node, NodeAffinity, NodeSelectorTerm, Operator, PreferredTerm, Requirement,
    Resources, Taint,
};
use gpusched_core::placement::tas::{
    Ask, Failure, FlavorTopology, Forest, HOSTNAME, Options, Outcome, PodSet, Repair, Rules,
};
use gpusched_core::queueing::kueue::objects::{
    SliceLayer, TopologyAssignment, TopologyDomain, TopologyMode, TopologyRequest,
};

fn gpus(amount: i64) -> Resources {
    Resources::from([("gpu".to_owned(), amount)])
}

/// Nodes `(name, rack, gpus)`.
fn nodes(nodes: &[(&str, &str, i64)]) -> Vec<Node> {
    let node = |&(name, rack, gpus): &(&str, &str, i64)| Node {
        name: name.to_owned(),
        labels: [("rack", rack), (HOSTNAME, name)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        allocatable: [("gpu".to_owned(), gpus), ("pods".to_owned(), 100)].into(),
        ready: true,
        ..Node::default()
    };
    nodes.iter().map(node).collect()
}

fn forest_of(levels: &[&str], nodes: &[Node], rules: Rules) -> Forest {
    let levels: Vec<String> = levels.iter().map(|&level| level.to_owned()).collect();
    let node_labels = Labels::new();
    let flavor = |name| FlavorTopology {
        name,
        topology: "default",
        levels: &levels,
        node_labels: &node_labels,
        tolerations: &[],
    };
    Forest::new(&[flavor("one"), flavor("two")], nodes, &[], rules)
}

fn racks(machines: &[(&str, &str, i64)], rules: Rules) -> Forest {
    forest_of(&["rack", HOSTNAME], &nodes(machines), rules)
}

fn request(mode: TopologyMode, slices: &[(&str, i32)]) -> TopologyRequest {
    let layer = |&(level, size): &(&str, i32)| SliceLayer {
        topology: level.to_owned(),
        size,
    };
    TopologyRequest {
        mode,
        group: None,
        slices: slices.iter().map(layer).collect(),
    }
}

fn required(level: &str) -> TopologyRequest {
    request(TopologyMode::Required(level.to_owned()), &[])
}

fn preferred(level: &str) -> TopologyRequest {
    request(TopologyMode::Preferred(level.to_owned()), &[])
}

fn ask(forest: &mut Forest, count: i32, each: i64, topology: Option<&TopologyRequest>) -> Ask {
    let tree = forest.tree("one").unwrap();
    let requests = gpus(each);
    forest.ask(
        tree,
        &PodSet {
            topology,
            ..PodSet::new(0, count, &requests)
        },
    )
}

/// Domains and pods, as text.
fn shown(assignment: &TopologyAssignment) -> String {
    let one = |one: &TopologyDomain| format!("{}:{}", one.values.join("/"), one.count);
    assignment
        .domains
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(" ")
}

fn outcome(forest: &Forest, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Assigned(place) => shown(&forest.topology_assignment(place)),
        Outcome::Kept => "kept".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

fn find_with(forest: &mut Forest, asks: &[Ask], options: Options<'_>) -> Vec<String> {
    let found = forest.find(asks, options);
    let each = found.iter().map(|one| outcome(forest, &one.outcome));
    each.collect()
}

fn find(forest: &mut Forest, asks: &[Ask]) -> Vec<String> {
    find_with(forest, asks, Options::default())
}

const UNEVEN: &[(&str, &str, i64)] = &[
    ("a", "r1", 4),
    ("b", "r1", 2),
    ("c", "r2", 3),
    ("d", "r2", 1),
];

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
fn one_workload_never_gets_a_place_twice() {
    let requests = gpus(2);
    let one_host = required(HOSTNAME);
    for (handle_overlapping_flavors, expected) in [(true, "a:1"), (false, "b:1")] {
        let rules = Rules {
            handle_overlapping_flavors,
            ..Rules::default()
        };
        let mut forest = racks(&[("a", "r1", 4), ("b", "r1", 3)], rules);
        let trees = ["one", "two"].map(|name| forest.tree(name).unwrap());
        let pod_set = |number| PodSet {
            topology: Some(&one_host),
            ..PodSet::new(number, 1, &requests)
        };
        let asks = [(0, trees[0]), (1, trees[1])];
        let asks = asks.map(|(number, tree)| forest.ask(tree, &pod_set(number)));
        assert_eq!(find(&mut forest, &asks), ["b:1", expected]);
        // Nothing of it stays.
        assert_eq!(find(&mut forest, &asks[..1]), ["b:1"]);
        let same = [(0, trees[0]), (1, trees[0])];
        let same = same.map(|(number, tree)| forest.ask(tree, &pod_set(number)));
        assert_eq!(find(&mut forest, &same), ["b:1", "a:1"]);
    }
}

#[test]
fn flavors_that_share_hosts_see_what_is_admitted_but_not_what_a_cycle_tries() {
    let mut forest = racks(&[("a", "r1", 4)], Rules::default());
    let trees = ["one", "two"].map(|name| forest.tree(name).unwrap());
    let asked = ask(&mut forest, 3, 1, None);
    let found = forest.find(std::slice::from_ref(&asked), Options::default());
    let usage = forest.usage(found[0].outcome.assignment().unwrap(), asked.requests());
    let free = |forest: &Forest| trees.map(|tree| forest.free(tree, 0)[0]);
    let cycle = forest.begin();
    forest.add_usage(&usage);
    assert_eq!(free(&forest), [1, 4]);
    forest.rollback(cycle);
    forest.admit(&usage);
    assert_eq!(free(&forest), [1, 1]);
    let empty = Options {
        simulate_empty: true,
        ..Options::default()
    };
    assert!(!forest.fits_somewhere(std::slice::from_ref(&asked), Options::default()));
    assert!(forest.fits_somewhere(&[asked], empty));
    forest.release(&usage);
    assert_eq!(free(&forest), [4, 4]);
}

fn assignment(domains: &[(&str, i32)]) -> TopologyAssignment {
    let domain = |&(host, count): &(&str, i32)| TopologyDomain {
        values: vec![host.to_owned()],
        count,
    };
    TopologyAssignment {
        levels: vec![HOSTNAME.to_owned()],
        domains: domains.iter().map(domain).collect(),
    }
}

/// What comes of pods that have a place already.
fn again(
    forest: &mut Forest,
    count: i32,
    topology: &TopologyRequest,
    had: &[(&str, i32)],
    repair: Option<Repair<'_>>,
) -> String {
    let tree = forest.tree("one").unwrap();
    let (requests, had) = (gpus(1), assignment(had));
    let pod_set = PodSet {
        topology: Some(topology),
        previous: Some(&had),
        ..PodSet::new(0, count, &requests)
    };
    let asks = [forest.ask(tree, &pod_set)];
    let options = Options {
        repair,
        ..Options::default()
    };
    find_with(forest, &asks, options).remove(0)
}

#[test]
fn only_the_pods_of_a_failed_node_move() {
    // What the workload has is in use: one GPU of `a`.
    let machines = [("a", "r1", 1), ("b", "r1", 2), ("d", "r2", 8)];
    let mut forest = racks(&machines, Rules::default());
    let gone = Repair {
        node: "c",
        keep: false,
    };
    let (near, within) = (preferred("rack"), required("rack"));
    let had = [("a", 1), ("c", 2)];
    let mut repaired = |topology, had, repair| again(&mut forest, 3, topology, had, Some(repair));
    assert_eq!(repaired(&near, &had, gone), "a:1 b:2");
    assert_eq!(repaired(&within, &had, gone), "a:1 b:2");
    assert_eq!(
        repaired(&within, &[("a", 1), ("c", 5)], gone),
        "topology \"default\" allows to fit only 3 out of 5 pod(s). Total nodes: 3; excluded: \
         topologyDomain: 1"
    );
    assert_eq!(repaired(&near, &[("a", 1), ("c", 5)], gone), "a:1 d:5");
    let stale = "Cannot replace the node, because the existing topologyAssignment is invalid, as it \
                 contains the stale domain x";
    assert_eq!(repaired(&near, &[("x", 1), ("c", 1)], gone), stale);
    let nothing = "cannot find replacement assignment for unhealthy node: c";
    assert_eq!(repaired(&near, &[("a", 1)], gone), nothing);
    let keep = Repair { keep: true, ..gone };
    assert_eq!(repaired(&near, &had, keep), "kept");
    // Half a slice was lost: it is made whole where its other half is.
    let pairs = request(TopologyMode::SlicesOnly, &[("rack", 2)]);
    let halves = request(TopologyMode::Preferred("rack".into()), &[("rack", 2)]);
    assert_eq!(repaired(&halves, &[("d", 1), ("c", 1)], gone), "d:2");
    // Slices alone name no level once there is no slice to keep.
    assert_eq!(
        repaired(&pairs, &[("d", 1), ("c", 1)], gone),
        "topology level not specified"
    );
}

#[test]
fn an_elastic_workload_keeps_its_place() {
    let rules = Rules {
        elastic: true,
        ..Rules::default()
    };
    let anywhere = request(TopologyMode::Unconstrained, &[]);
    let had = [("a", 2), ("d", 1)];
    let mut forest = racks(UNEVEN, rules);
    assert_eq!(again(&mut forest, 3, &anywhere, &had, None), "a:2 d:1");
    assert_eq!(again(&mut forest, 2, &anywhere, &had, None), "a:2");
    // Two more: the smallest host that takes both, its own pods counted.
    assert_eq!(again(&mut forest, 5, &anywhere, &had, None), "a:4 d:1");
    assert_eq!(
        again(&mut forest, 2, &anywhere, &[("gone", 3)], None),
        "b:2"
    );
    let mut forest = racks(UNEVEN, Rules::default());
    assert_eq!(again(&mut forest, 2, &anywhere, &had, None), "b:2");
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
fn a_place_is_ahecked_again() {
    let mut forest = racks(UNEVEN, Rules::default());
    let tree = forest.tree("one").unwrap();
    let two = forest.requests(&gpus(2));
    let nothing = forest.requests(&Resources::new());
    let usage = |forest: &Forest, host, count, requests| {
        [forest.usage_by_name(tree, &assignment(&[(host, count)]), requests)]
    };
    assert!(forest.fits(&usage(&forest, "a", 2, two)));
    assert!(!forest.fits(&usage(&forest, "a", 3, two)));
    assert!(!forest.fits(&usage(&forest, "gone", 1, two)));
    // Upstream's rule: what requests nothing fits no times.
    assert!(!forest.fits(&usage(&forest, "a", 1, nothing)));
    forest.add_pod("a", &gpus(1));
    assert!(!forest.fits(&usage(&forest, "a", 2, two)));
    forest.remove_pod("a", &gpus(1));
    assert!(forest.fits(&usage(&forest, "a", 2, two)));
    let [before] = usage(&forest, "a", 2, two);
    let after = forest.usage_by_name(tree, &assignment(&[("a", 3), ("b", 1)]), two);
    let [one, other] = [("a", 1), ("b", 1)].map(|(host, count)| usage(&forest, host, count, two));
    assert!(forest.fits(&[one, other].concat()));
    let more = forest.usage_by_name(tree, &assignment(&[("a", 1), ("b", 1)]), two);
    assert_eq!(after.above(&before), more);
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

/// More kinds of requests than are kept, and more changes than are remembered.
#[test]
fn what_is_forgotten_is_aounted_again() {
    let machines: Vec<(String, String)> = (0..8)
        .map(|at| (format!("n{at}"), format!("r{}", at / 3)))
        .collect();
    let machines: Vec<(&str, &str, i64)> = machines
        .iter()
        .map(|(name, rack)| (name.as_str(), rack.as_str(), 100))
        .collect();
    let mut forest = racks(&machines, Rules::default());
    let near = preferred("rack");
    let asks: Vec<Ask> = (1..80)
        .map(|each| ask(&mut forest, 3, each, Some(&near)))
        .collect();
    let mut running = Vec::new();
    for round in 0..200 {
        let number = round * 13 % asks.len();
        let asked = &asks[number..][..1];
        let mut fresh = racks(&machines, Rules::default());
        let tree = fresh.tree("one").unwrap();
        for (place, each) in &running {
            let requests = fresh.requests(&gpus(*each));
            let usage = fresh.usage_by_name(tree, place, requests);
            fresh.admit(&usage);
        }
        let each = number as i64 + 1;
        let twin = [ask(&mut fresh, 3, each, Some(&near))];
        assert_eq!(find(&mut forest, asked), find(&mut fresh, &twin));
        let found = forest.find(asked, Options::default());
        let Some(place) = found[0].outcome.assignment() else {
            continue;
        };
        let usage = forest.usage(place, asked[0].requests());
        for _ in 0..round % 50 {
            let trial = forest.begin();
            forest.add_usage(&usage);
            forest.rollback(trial);
        }
        if round % 7 == 0 {
            running.push((forest.topology_assignment(place), each));
            forest.admit(&usage);
        }
    }
}
