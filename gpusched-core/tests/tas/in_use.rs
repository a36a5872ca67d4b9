//! Places beside others, after others, and in place of others.

use super::hand::*;
use gpusched_core::kube::Resources;
use gpusched_core::placement::tas::{Ask, Forest, HOSTNAME, Options, PodSet, Repair, Rules};
use gpusched_core::queueing::kueue::objects::{TopologyMode, TopologyRequest};

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
fn a_place_is_checked_again() {
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

/// More kinds of requests than are kept, and more changes than are remembered.
#[test]
fn what_is_forgotten_is_counted_again() {
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

/// Nothing of this can be written in a manifest that an API server takes.
#[test]
fn absurd_numbers_are_no_reason_to_panic() {
    const COUNTS: [i32; 6] = [0, 1, -1, 7, i32::MAX, i32::MIN];
    const AMOUNTS: [i64; 6] = [0, 1, -1, i64::MAX, i64::MIN, 3];
    let rules = Rules {
        balanced_placement: true,
        elastic: true,
        ..Rules::default()
    };
    let repair = Repair {
        node: "b",
        keep: false,
    };
    let mut forest = racks(UNEVEN, rules);
    let empty = forest_of(&[], &nodes(UNEVEN), rules);
    assert_eq!(empty.leaves(empty.tree("one").unwrap()), 0);
    let tree = forest.tree("one").unwrap();
    for (at, count) in COUNTS.into_iter().enumerate() {
        let size = COUNTS[(at + 1) % COUNTS.len()];
        let requests = [
            None,
            Some(required("rack")),
            Some(preferred("nowhere")),
            Some(preferred(HOSTNAME)),
            Some(request(
                TopologyMode::SlicesOnly,
                &[("rack", size), (HOSTNAME, count)],
            )),
            Some(request(
                TopologyMode::Preferred("rack".into()),
                &[(HOSTNAME, size)],
            )),
        ];
        for (amount, topology) in AMOUNTS.into_iter().zip(&requests) {
            let each = gpus(amount);
            let had = assignment(&[("a", size), ("b", count), ("a", count), ("c", 3)]);
            for previous in [None, Some(&had)] {
                let pod_set = |number, count| PodSet {
                    topology: topology.as_ref(),
                    group: Some("g"),
                    previous,
                    ..PodSet::new(number, count, &each)
                };
                let asks = [(0, count), (1, 1)];
                let asks = asks.map(|(number, count)| forest.ask(tree, &pod_set(number, count)));
                for repair in [None, Some(repair)] {
                    let options = Options {
                        repair,
                        ..Options::default()
                    };
                    forest.fits_somewhere(&asks, options);
                    find_with(&mut forest, &asks, options);
                }
                let before: Vec<i64> = forest.free(tree, 0).to_vec();
                let usage = forest.usage_by_name(tree, &had, asks[0].requests());
                forest.fits(&[usage.above(&usage)]);
                forest.admit(&usage);
                find(&mut forest, &asks);
                forest.release(&usage);
                assert_eq!(forest.free(tree, 0), before);
            }
        }
    }
}
