//! One case per rule of the queue, the pools, the filters and the reservations.

use super::*;
use crate::kube::Operator as KubeOperator;

fn solved(problem: &Problem) -> (Vec<String>, Solution) {
    let solution = solve(problem);
    (claims(problem, &solution), solution)
}

#[test]
fn the_queue_goes_by_cpu_then_memory_then_age_then_uid() {
    // On types of one core only, every pod of 600 m or more has its own; claims come in queue order.
    let mut all = pods(&[600, 900, 600, 600, 600]);
    all[2].spec.requests.insert("memory".into(), 5);
    all[3].created = -1;
    let mut problem = problem(all);
    problem.types.truncate(1);
    let lines = solved(&problem).0;
    let order: Vec<&str> = lines.iter().map(|line| &line[9..11]).collect();
    assert_eq!(order, ["p1", "p2", "p3", "p0", "p4"]);
}

#[test]
fn gpus_are_no_key_of_the_queue() {
    let mut all = pods(&[500, 600]);
    all[0].spec.requests.insert("nvidia.com/gpu".into(), 8);
    let mut problem = problem(all);
    problem.types[0]
        .allocatable
        .insert("nvidia.com/gpu".into(), 8);
    problem.types.truncate(1);
    assert_eq!(
        solved(&problem).0,
        ["default: p1 on one", "default: p0 on one"]
    );
}

#[test]
fn packing_keeps_every_type_that_still_fits_cheapest_first() {
    let problem = problem(pods(&[900, 900, 900]));
    // 2700 m: four and eight are left; prices decide the order only.
    assert_eq!(solved(&problem).0, ["default: p0 p1 p2 on four eight"]);
}

#[test]
fn the_pod_itself_counts_as_one_of_pods() {
    let problem = problem(pods(&[1; 11]));
    // Ten pods per core: the eleventh rules out one core, and no second node is made.
    assert_eq!(solved(&problem).1.claims[0].types.len(), 3);
    assert_eq!(solved(&problem).1.claims[0].requests["pods"], 11);
}

#[test]
fn existing_nodes_come_before_new_ones_initialized_first_then_by_name() {
    let mut problem = problem(pods(&[1000, 1000, 1000]));
    problem.nodes = vec![node("a", 1000), node("c", 1000), node("b", 1000)];
    problem.nodes[0].initialized = false;
    let solution = solve(&problem);
    let placed: Vec<(usize, Vec<usize>)> = solution.placed.into_iter().collect();
    // b is node 2, c is node 1; a is not initialized and comes last.
    assert_eq!(placed, [(0, vec![2]), (1, vec![1]), (2, vec![0])]);
    assert!(solution.claims.is_empty());
}

#[test]
fn closed_nodes_are_no_targets_but_for_pods_that_wait() {
    let mut problem = problem(pods(&[1000]));
    problem.nodes = vec![ExistingNode {
        closed: true,
        ..node("a", 4000)
    }];
    assert_eq!(solved(&problem).0.len(), 1);
    problem.pods[0].waiting = true;
    assert_eq!(solved(&problem).0.len(), 0);
}

#[test]
fn existing_nodes_keep_room_for_daemons_that_are_not_there_yet() {
    let mut problem = problem(pods(&[1000]));
    problem.nodes = vec![node("a", 1200)];
    problem.daemons = vec![pod("daemon", 300).spec];
    assert!(solve(&problem).placed.is_empty());
    // 100 m of the 300 are there already: 1200 − 200 fits.
    problem.nodes[0].daemons = resources(&[("cpu", 100), ("pods", 1)]);
    assert_eq!(solve(&problem).placed.len(), 1);
}

#[test]
fn labels_an_existing_node_does_not_have_are_denied_even_well_known_ones() {
    let mut problem = problem(pods(&[100]));
    problem.nodes = vec![node("a", 4000)];
    problem.pods[0].spec.node_selector = labels(&[(INSTANCE_TYPE, "four")]);
    assert_eq!(solved(&problem).0, ["default: p0 on four"]);
}

#[test]
fn in_flight_claims_are_tried_fewest_pods_first() {
    // 6000 m and 5000 m cannot share; 1000 m joins the emptier: both have one pod, so the first;
    // then the second has fewer.
    let problem = problem(pods(&[6000, 5000, 1000, 900]));
    assert_eq!(
        solved(&problem).0,
        ["default: p0 p2 on eight", "default: p1 p3 on eight"]
    );
}

#[test]
fn pools_go_by_weight_then_by_name_falling() {
    let mut problem = problem(pods(&[100]));
    problem.pools = vec![pool("a"), pool("b")];
    assert!(solved(&problem).0[0].starts_with("b:"));
    problem.pools[0].weight = 1;
    assert!(solved(&problem).0[0].starts_with("a:"));
}

#[test]
fn a_pool_whose_requirements_leave_no_type_is_left_out() {
    let mut problem = problem(pods(&[100]));
    problem.pools[0].requirements = [Requirement::one_of(ZONE, &["z"])].into_iter().collect();
    let solution = solve(&problem);
    assert_eq!(solution.errors[&0], SolveError::NoTemplate);
}

#[test]
fn taints_must_be_tolerated_or_the_next_pool_is_tried() {
    let mut problem = problem(pods(&[100, 90]));
    let taint = Taint {
        key: "gpu".into(),
        value: "yes".into(),
        effect: Effect::NoSchedule,
    };
    problem.pools = vec![
        pool("a"),
        NodePool {
            weight: 9,
            taints: vec![taint],
            ..pool("tainted")
        },
    ];
    problem.pods[1].spec.tolerations = vec![Toleration {
        key: "gpu".into(),
        operator: TolerationOperator::Exists,
        ..Toleration::default()
    }];
    let lines = solved(&problem).0;
    assert!(lines[0].starts_with("a: p0 p1"), "{lines:?}");
    problem.pods.remove(0);
    assert!(solved(&problem).0[0].starts_with("tainted: p1"));
}

#[test]
fn prefer_no_schedule_counts_until_everything_else_is_given_up() {
    let taint = Taint {
        key: "old".into(),
        value: String::new(),
        effect: Effect::PreferNoSchedule,
    };
    let mut problem = problem(pods(&[100]));
    problem.pools = vec![NodePool {
        taints: vec![taint],
        ..pool("old")
    }];
    assert!(solved(&problem).0[0].starts_with("old: p0"));
    problem.pools.push(NodePool {
        weight: 0,
        ..pool("new")
    });
    assert!(solved(&problem).0[0].starts_with("new: p0"));
}

#[test]
fn custom_labels_must_be_defined_by_the_pool() {
    let mut problem = problem(pods(&[100]));
    problem.pods[0].spec.node_selector = labels(&[("team", "a")]);
    assert!(error(&solve(&problem), 0).contains("label \"team\" does not have known values"));
    problem.pools[0].labels = labels(&[("team", "a")]);
    assert!(solve(&problem).errors.is_empty());
}

#[test]
fn well_known_labels_narrow_the_types() {
    let mut problem = problem(pods(&[100]));
    problem.pods[0].spec.node_selector = labels(&[(CAPACITY_TYPE, "spot"), (INSTANCE_TYPE, "two")]);
    let (lines, solution) = solved(&problem);
    assert_eq!(lines, ["default: p0 on two"]);
    assert_eq!(values(&solution, 0, CAPACITY_TYPE), ["spot"]);
}

#[test]
fn a_type_needs_an_available_offering_of_the_zone_and_capacity_type_together() {
    let mut problem = problem(pods(&[100]));
    problem.pods[0].spec.node_selector = labels(&[(CAPACITY_TYPE, "spot"), (ZONE, "b")]);
    for of in &mut problem.types[..3] {
        for one in &mut of.offerings {
            let (zone, spot) = (
                &one.offering.zone,
                one.offering.capacity_type == CapacityType::Spot,
            );
            one.offering.available = !(zone == "b" && spot);
        }
    }
    assert_eq!(solved(&problem).0, ["default: p0 on eight"]);
}

#[test]
fn limits_are_charged_with_the_largest_type_a_claim_may_become() {
    let mut problem = problem(pods(&[4000, 4000]));
    problem.pools[0].limits = Some(resources(&[("cpu", 12000)]));
    // The first claim may be four or eight: 12 − 8 = 4 leaves "four" for a second, which is not
    // needed: eight holds both.
    assert_eq!(solved(&problem).0, ["default: p0 p1 on eight"]);
    // Apart, the second can only be a four.
    problem.pods[0].spec.node_selector = labels(&[(ZONE, "a")]);
    problem.pods[1].spec.node_selector = labels(&[(ZONE, "b")]);
    assert_eq!(
        solved(&problem).0,
        ["default: p0 on four eight", "default: p1 on four"]
    );
    problem.pools[0].limits = Some(resources(&[("cpu", 11000)]));
    let (lines, solution) = solved(&problem);
    assert_eq!(lines, ["default: p0 on four eight"]);
    assert!(
        error(&solution, 1).contains("too little room"),
        "{}",
        error(&solution, 1)
    );
    problem.pools[0].limits = Some(resources(&[("cpu", 8000)]));
    assert!(error(&solve(&problem), 1).contains("exceed limits"));
}

#[test]
fn limits_count_the_nodes_that_are_there() {
    let mut problem = problem(pods(&[2000]));
    problem.nodes = vec![node("full", 0)];
    problem.pools[0].limits = Some(resources(&[("cpu", 5000)]));
    // 5 − 4 = 1 core is left.
    assert!(error(&solve(&problem), 0).contains("too little room"));
    problem.pools[0].limits = Some(resources(&[("nodes", 1)]));
    assert!(error(&solve(&problem), 0).contains("node limits have been exhausted"));
}

#[test]
fn daemon_overhead_is_that_of_the_types_it_runs_on() {
    let mut problem = problem(pods(&[1000]));
    let mut daemon = pod("daemon", 500).spec;
    daemon.node_selector = labels(&[(INSTANCE_TYPE, "two")]);
    problem.daemons = vec![daemon];
    // On "two" 1500 m of 2000 m; "one" has no daemon and is exactly full.
    let (lines, solution) = solved(&problem);
    assert_eq!(lines, ["default: p0 on one two four eight"]);
    // The least of the groups that have daemons.
    assert_eq!(solution.claims[0].requests["cpu"], 1500);
    problem.pods[0].spec.requests = resources(&[("cpu", 1600)]);
    assert_eq!(solved(&problem).0, ["default: p0 on four eight"]);
}

#[test]
fn host_ports_of_pods_and_daemons_are_taken_once() {
    let port = |ip: &str| HostPort {
        ip: ip.into(),
        port: 80,
        protocol: "TCP".into(),
    };
    let mut problem = problem(pods(&[100, 90, 80]));
    problem.pods[0].spec.host_ports = vec![port("")];
    problem.pods[1].spec.host_ports = vec![port("10.0.0.1")];
    assert_eq!(solved(&problem).0.len(), 2);
    let mut daemon = pod("daemon", 1).spec;
    daemon.host_ports = vec![port("0.0.0.0")];
    problem.daemons = vec![daemon];
    let solution = solve(&problem);
    assert_eq!(solution.errors.len(), 2);
    assert!(
        error(&solution, 0).contains("4 have the host port taken"),
        "{}",
        error(&solution, 0)
    );
}

#[test]
fn min_values_reject_under_strict_and_are_lowered_under_best_effort() {
    let mut problem = problem(pods(&[3000]));
    let three = Requirement::any(INSTANCE_TYPE).with_min_values(Some(3));
    problem.pools[0].requirements = [three].into_iter().collect();
    // Four and eight are two values.
    let text = error(&solve(&problem), 0);
    assert!(
        text.contains("the 2 left have 2 values of node.kubernetes.io/instance-type"),
        "{text}"
    );
    problem.options.relax_min_values = true;
    let (lines, solution) = solved(&problem);
    assert_eq!(lines, ["default: p0 on four eight"]);
    let lowered = solution.claims[0].requirements.get(INSTANCE_TYPE).unwrap();
    assert_eq!(lowered.min_values(), Some(2));
}

#[test]
fn min_values_keep_later_pods_out_of_a_claim() {
    let mut problem = problem(pods(&[1500, 1500]));
    let three = Requirement::any(INSTANCE_TYPE).with_min_values(Some(3));
    problem.pools[0].requirements = [three].into_iter().collect();
    // Alone: two, four, eight. Together four and eight, one too few.
    assert_eq!(solved(&problem).0.len(), 2);
}

#[test]
fn claims_keep_the_cheapest_types_up_to_the_most_they_may_list() {
    let mut problem = problem(pods(&[100]));
    problem.options.max_types = 2;
    assert_eq!(solved(&problem).0, ["default: p0 on one two"]);
    let three = Requirement::any(INSTANCE_TYPE).with_min_values(Some(3));
    problem.pools[0].requirements = [three].into_iter().collect();
    assert_eq!(solve(&problem).errors.len(), 1);
}

#[test]
fn types_of_equal_price_go_by_name() {
    let mut problem = problem(pods(&[100]));
    problem.types = vec![node_type("y", 1), node_type("x", 1)];
    assert_eq!(solved(&problem).0, ["default: p0 on x y"]);
}

#[test]
fn required_terms_are_alternatives_tried_in_order() {
    let mut problem = problem(pods(&[100]));
    problem.pods[0].spec.node_affinity.required = Some(vec![
        term(ZONE, KubeOperator::In, &["nowhere"]),
        term(ZONE, KubeOperator::In, &["b"]),
    ]);
    let (_, solution) = solved(&problem);
    assert_eq!(values(&solution, 0, ZONE), ["b"]);
}

#[test]
fn the_heaviest_preference_is_a_requirement_until_it_is_given_up() {
    let mut problem = problem(pods(&[100]));
    let preferred = |weight, zone: &str| PreferredTerm {
        weight,
        term: term(ZONE, KubeOperator::In, &[zone]),
    };
    problem.pods[0].spec.node_affinity.preferred =
        vec![preferred(1, "a"), preferred(50, "b"), preferred(9, "c")];
    assert_eq!(values(&solve(&problem), 0, ZONE), ["b"]);
    problem.pods[0].spec.node_affinity.preferred[1] = preferred(50, "nowhere");
    assert_eq!(values(&solve(&problem), 0, ZONE), ["c"]);
    problem.options.respect_preferences = false;
    assert!(values(&solve(&problem), 0, ZONE).is_empty());
}

#[test]
fn a_pod_that_fails_is_tried_again_after_the_others_until_a_round_brings_nothing() {
    // p0 wants to be with p1, which comes later in the queue.
    let mut problem = problem(pods(&[2000, 1000]));
    problem.pods[1].spec.labels = labels(&[("app", "db")]);
    problem.pods[0].spec.affinity.required = vec![PodTerm {
        key: HOSTNAME.into(),
        selector: selector(&[("app", "db")]),
        namespaces: vec![],
    }];
    assert_eq!(solved(&problem).0, ["default: p1 p0 on four eight"]);
    problem.pods.remove(1);
    assert!(error(&solve(&problem), 0).contains("pod affinity"));
}

#[test]
fn an_error_says_which_filter_removed_how_many_types() {
    let mut problem = problem(pods(&[3000]));
    problem.pods[0].spec.node_selector = labels(&[(CAPACITY_TYPE, "spot")]);
    problem.pods[0].spec.node_affinity.required =
        Some(vec![term(INSTANCE_TYPE, KubeOperator::NotIn, &["eight"])]);
    for one in &mut problem.types[2].offerings {
        one.offering.available = one.offering.capacity_type != CapacityType::Spot;
    }
    // Eight is not wanted, one and two are too small, four has no spot.
    let text = error(&solve(&problem), 0);
    let counts = "no instance type satisfied the pod: of 4, 1 do not meet the requirements, 2 have \
                  too little room, 1 have no available offering (requirements: ";
    assert!(text.contains(counts), "{text}");
    assert!(text.ends_with("requests: cpu 3000, pods 1)"), "{text}");
}

fn reserved(id: &str, instances: u32) -> Offering {
    Offering {
        zone: "a".into(),
        capacity_type: CapacityType::Reserved,
        price: Price(0),
        available: true,
        reservation: Some(Reservation {
            id: id.into(),
            instances,
        }),
    }
}

/// Type "four" with a reservation of one instance.
fn with_reservation(pods: Vec<Pod>) -> Problem {
    let mut problem = problem(pods);
    let four = &mut problem.types[2];
    four.offerings.push(reserved("r1", 1).into());
    let ways = Requirement::one_of(CAPACITY_TYPE, &["on-demand", "reserved", "spot"]);
    four.requirements.set(CAPACITY_TYPE, Some(ways));
    problem
}

#[test]
fn a_claim_that_holds_reservations_is_pinned_to_them() {
    let (_, solution) = solved(&with_reservation(pods(&[3000])));
    assert_eq!(values(&solution, 0, CAPACITY_TYPE), ["reserved"]);
    assert_eq!(values(&solution, 0, RESERVATION_ID), ["r1"]);
    assert_eq!(
        solution.claims[0].types[0], 2,
        "the reserved type is the cheapest"
    );
}

#[test]
fn under_strict_a_pod_waits_for_a_reservation_that_others_hold() {
    let mut problem = with_reservation(pods(&[3000, 2900]));
    problem.types.remove(3);
    let solution = solve(&problem);
    assert_eq!(solution.claims.len(), 1);
    assert!(error(&solution, 1).contains("all of it is held"));
    problem.options.reserved = Reserved::Fallback;
    let solution = solve(&problem);
    assert_eq!(solution.claims.len(), 2);
    assert!(values(&solution, 1, CAPACITY_TYPE).is_empty());
    problem.options.reserved = Reserved::Off;
    assert!(values(&solve(&problem), 0, CAPACITY_TYPE).is_empty());
}

#[test]
fn under_strict_pools_of_lower_weight_are_not_tried_for_a_held_reservation() {
    let mut problem = with_reservation(pods(&[3000, 2900]));
    problem.types.remove(3);
    problem.pools[0].weight = 10;
    let only_spot = Requirement::one_of(CAPACITY_TYPE, &["spot"]);
    problem.pools.push(NodePool {
        requirements: [only_spot].into_iter().collect(),
        ..pool("spot")
    });
    assert_eq!(solve(&problem).claims.len(), 1);
    problem.options.reserved = Reserved::Fallback;
    assert_eq!(solve(&problem).claims.len(), 2);
}

#[test]
fn a_claim_that_can_no_longer_be_reserved_gives_its_reservation_back() {
    // The first claim holds r1 as long as it may be "four"; with p1 it must be "eight". Under
    // fallback it lets go, and p2, which can only be "four", takes it.
    let mut problem = with_reservation(pods(&[3000, 2500, 2400]));
    problem.options.reserved = Reserved::Fallback;
    problem.pods[2].spec.node_selector = labels(&[(INSTANCE_TYPE, "four")]);
    let (lines, solution) = solved(&problem);
    assert_eq!(lines, ["default: p0 p1 on eight", "default: p2 on four"]);
    assert!(values(&solution, 0, CAPACITY_TYPE).is_empty());
    assert_eq!(values(&solution, 1, CAPACITY_TYPE), ["reserved"]);
}

#[test]
fn bounds_select_types_by_number() {
    let mut problem = problem(pods(&[100]));
    for (of, cores) in problem.types.iter_mut().zip(["1", "2", "4", "8"]) {
        of.requirements.set(
            "example.com/cpu",
            Some(Requirement::one_of("example.com/cpu", &[cores])),
        );
    }
    problem.options.well_known = vec!["example.com/cpu".into()];
    let above = Requirement::new("example.com/cpu", Operator::Gt, &["2"]).unwrap();
    problem.pools[0].requirements = [above].into_iter().collect::<Requirements>();
    assert_eq!(solved(&problem).0, ["default: p0 on four eight"]);
}
