//! One case per rule of spread, affinity and anti-affinity.

use super::*;

fn spread(key: &str, max_skew: i64) -> Spread {
    Spread {
        max_skew,
        key: key.into(),
        soft: false,
        selector: selector(&[("app", "web")]),
        min_domains: None,
        honor_taints: false,
        honor_affinity: true,
    }
}

/// So many pods labelled app=web, each with this done to it.
fn web(count: usize, wish: impl Fn(&mut Pod)) -> Vec<Pod> {
    let mut all = pods(&vec![100; count]);
    for pod in &mut all {
        pod.spec.labels = labels(&[("app", "web")]);
        wish(pod);
    }
    all
}

fn with(key: &str) -> PodTerm {
    PodTerm {
        key: key.into(),
        selector: selector(&[("app", "web")]),
        namespaces: vec![],
    }
}

/// Pods by zone, for claims whose zone is settled.
fn by_zone(solution: &Solution) -> Vec<(String, usize)> {
    let mut zones: Vec<(String, usize)> = (0..solution.claims.len())
        .map(|claim| {
            (
                values(solution, claim, ZONE).join("|"),
                solution.claims[claim].pods.len(),
            )
        })
        .collect();
    zones.sort();
    zones
}

/// A node in zone `zone` with so many web pods.
fn web_node(name: &str, zone: &str, count: usize) -> ExistingNode {
    let pod = PlacedPod {
        namespace: "default".into(),
        labels: labels(&[("app", "web")]),
        ..PlacedPod::default()
    };
    let mut node = ExistingNode {
        pods: vec![pod; count],
        ..node(name, 0)
    };
    node.labels.insert(ZONE.into(), zone.into());
    node
}

#[test]
fn spread_over_zones_takes_the_emptiest_ties_by_name() {
    let problem = problem(web(5, |pod| pod.spec.spread = vec![spread(ZONE, 1)]));
    let zones = by_zone(&solve(&problem));
    assert_eq!(zones, [("a".into(), 2), ("b".into(), 2), ("c".into(), 1)]);
}

#[test]
fn spread_counts_pods_that_are_placed() {
    let mut problem = problem(web(3, |pod| pod.spec.spread = vec![spread(ZONE, 1)]));
    problem.nodes = vec![web_node("x", "a", 2), web_node("y", "b", 1)];
    // a 2, b 1, c 0: one to c, then b and c are level with 1: b, then c.
    assert_eq!(
        by_zone(&solve(&problem)),
        [("b".into(), 1), ("c".into(), 2)]
    );
}

#[test]
fn spread_looks_only_at_domains_the_pod_may_use() {
    let mut problem = problem(web(4, |pod| {
        pod.spec.spread = vec![spread(ZONE, 1)];
        pod.spec.node_affinity.required = Some(vec![super::term(
            ZONE,
            crate::kube::Operator::In,
            &["a", "b"],
        )]);
    }));
    assert_eq!(
        by_zone(&solve(&problem)),
        [("a".into(), 2), ("b".into(), 2)]
    );
    // With three domains asked for, two are too few: the fewest is 0, and one pod a zone is all.
    for pod in &mut problem.pods {
        pod.spec.spread[0].min_domains = Some(3);
    }
    let solution = solve(&problem);
    assert_eq!(by_zone(&solution), [("a".into(), 1), ("b".into(), 1)]);
    assert_eq!(solution.errors.len(), 2);
    assert!(error(&solution, 3).contains("topology spread"));
}

#[test]
fn spread_over_hosts_holds_each_to_the_skew() {
    let problem = problem(web(5, |pod| pod.spec.spread = vec![spread(HOSTNAME, 2)]));
    let counts: Vec<usize> = solve(&problem)
        .claims
        .iter()
        .map(|claim| claim.pods.len())
        .collect();
    assert_eq!(counts, [2, 2, 1]);
}

#[test]
fn a_spread_that_does_not_select_the_pod_itself_counts_the_others_only() {
    let problem = problem(web(3, |pod| {
        pod.spec.spread = vec![spread(ZONE, 1)];
        pod.spec.labels.clear();
    }));
    // Nobody is counted, so all go to the first zone.
    assert_eq!(by_zone(&solve(&problem)), [("a".into(), 3)]);
}

#[test]
fn a_soft_spread_is_given_up_and_a_hard_one_is_not() {
    let mut problem = problem(web(2, |pod| {
        pod.spec.spread = vec![spread(ZONE, 1)];
        pod.spec.node_selector = labels(&[(ZONE, "a")]);
        pod.spec.spread[0].honor_affinity = false;
        pod.spec.spread[0].min_domains = Some(3);
    }));
    assert_eq!(solve(&problem).errors.len(), 1);
    for pod in &mut problem.pods {
        pod.spec.spread[0].soft = true;
    }
    assert_eq!(by_zone(&solve(&problem)), [("a".into(), 2)]);
}

#[test]
fn spread_leaves_out_nodes_its_affinity_excludes_unless_told_otherwise() {
    let mut problem = problem(web(1, |pod| {
        pod.spec.spread = vec![spread(ZONE, 1)];
        pod.spec.node_selector = labels(&[("team", "x")]);
    }));
    problem.pools[0].labels = labels(&[("team", "x")]);
    problem.nodes = vec![web_node("other-team", "a", 3)];
    assert_eq!(by_zone(&solve(&problem)), [("a".into(), 1)]);
    problem.pods[0].spec.spread[0].honor_affinity = false;
    assert_eq!(by_zone(&solve(&problem)), [("b".into(), 1)]);
}

#[test]
fn spread_leaves_out_tainted_domains_when_told_to() {
    let taint = Taint {
        key: "t".into(),
        value: String::new(),
        effect: Effect::NoSchedule,
    };
    let zone = |zones: &[&str]| {
        [Requirement::one_of(ZONE, zones)]
            .into_iter()
            .collect::<Requirements>()
    };
    let mut problem = problem(web(2, |pod| pod.spec.spread = vec![spread(ZONE, 1)]));
    problem.pools = vec![
        NodePool {
            requirements: zone(&["a"]),
            ..pool("open")
        },
        NodePool {
            requirements: zone(&["b", "c"]),
            taints: vec![taint],
            ..pool("closed")
        },
    ];
    // b and c count with 0 pods, so a may have one only.
    assert_eq!(solve(&problem).errors.len(), 1);
    for pod in &mut problem.pods {
        pod.spec.spread[0].honor_taints = true;
    }
    assert_eq!(by_zone(&solve(&problem)), [("a".into(), 2)]);
}

#[test]
fn affinity_to_oneself_begins_in_the_first_domain_and_stays_there() {
    let mut problem = problem(web(3, |pod| {
        pod.spec.affinity.required = vec![with(ZONE)];
        pod.spec.requests = resources(&[("cpu", 6000)]);
    }));
    // Three nodes, one zone.
    assert_eq!(
        by_zone(&solve(&problem)),
        [("a".into(), 1), ("a".into(), 1), ("a".into(), 1)]
    );
    problem.nodes = vec![web_node("x", "c", 1)];
    assert_eq!(
        by_zone(&solve(&problem)),
        [("c".into(), 1), ("c".into(), 1), ("c".into(), 1)]
    );
}

#[test]
fn affinity_on_the_host_fills_one_node_and_no_other() {
    let problem = problem(web(3, |pod| {
        pod.spec.affinity.required = vec![with(HOSTNAME)];
        pod.spec.requests = resources(&[("cpu", 4000)]);
    }));
    let solution = solve(&problem);
    assert_eq!(solution.claims.len(), 1);
    assert_eq!(solution.claims[0].pods.len(), 2);
    assert_eq!(solution.errors.len(), 1);
}

#[test]
fn preferred_affinity_is_given_up_heaviest_first() {
    let mut problem = problem(web(1, |pod| {
        let other = PodTerm {
            selector: selector(&[("app", "none")]),
            ..with(ZONE)
        };
        pod.spec.affinity.preferred = vec![(1, with(ZONE)), (9, other)];
    }));
    problem.nodes = vec![web_node("x", "b", 1)];
    // The heavier one cannot be met; the lighter one leads to b.
    assert_eq!(by_zone(&solve(&problem)), [("b".into(), 1)]);
}

#[test]
fn anti_affinity_on_the_host_makes_a_node_each() {
    let problem = problem(web(3, |pod| {
        pod.spec.anti_affinity.required = vec![with(HOSTNAME)];
    }));
    assert_eq!(solve(&problem).claims.len(), 3);
}

#[test]
fn anti_affinity_blocks_every_zone_a_claim_may_come_to_be_in() {
    let problem = problem(web(2, |pod| {
        pod.spec.anti_affinity.required = vec![with(ZONE)];
    }));
    // The first may still be in a, b or c: nothing is left for the second.
    let solution = solve(&problem);
    assert_eq!(solution.claims.len(), 1);
    assert!(error(&solution, 1).contains("pod anti-affinity"));
}

#[test]
fn anti_affinity_of_others_keeps_a_pod_away_that_states_none() {
    let mut problem = problem(web(1, |_| {}));
    let mut alone = web_node("x", "a", 0);
    alone.pods = vec![PlacedPod {
        namespace: "default".into(),
        anti_affinity: vec![with(ZONE)],
        ..PlacedPod::default()
    }];
    alone.available = resources(&[("cpu", 4000), ("pods", 10)]);
    problem.nodes = vec![alone];
    let solution = solve(&problem);
    assert!(solution.placed.is_empty());
    assert_eq!(values(&solution, 0, ZONE), ["b", "c"]);
}

#[test]
fn anti_affinity_of_a_pod_placed_in_this_solve_counts_too() {
    let mut problem = problem(pods(&[200, 100]));
    problem.pods[0].spec.anti_affinity.required = vec![with(HOSTNAME)];
    problem.pods[1].spec.labels = labels(&[("app", "web")]);
    assert_eq!(solve(&problem).claims.len(), 2);
}

#[test]
fn terms_select_pods_of_their_own_namespace_unless_others_are_listed() {
    let mut problem = problem(web(1, |pod| {
        pod.spec.anti_affinity.required = vec![with(ZONE)];
    }));
    let mut elsewhere = web_node("x", "a", 1);
    elsewhere.pods[0].namespace = "other".into();
    problem.nodes = vec![elsewhere];
    assert_eq!(values(&solve(&problem), 0, ZONE), ["a", "b", "c"]);
    problem.pods[0].spec.anti_affinity.required[0].namespaces = vec!["other".into()];
    assert_eq!(values(&solve(&problem), 0, ZONE), ["b", "c"]);
}
