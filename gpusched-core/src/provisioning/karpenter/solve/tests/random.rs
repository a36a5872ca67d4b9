//! Properties of all solves; and they are what the plain twin decides.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A pod by a few small numbers: size, wish, label, zone.
fn random_pod(index: usize, (cpu, wish, label, zone): (i64, u8, u8, u8)) -> Pod {
    let app = ["x", "y"][usize::from(label % 2)];
    let mut pod = pod(&format!("p{index:02}"), 100 * cpu);
    pod.spec.labels = labels(&[("app", app)]);
    let term = |key: &str| PodTerm {
        key: key.into(),
        selector: selector(&[("app", app)]),
        namespaces: vec![],
    };
    let spread = |key: &str, soft| Spread {
        max_skew: 1,
        key: key.into(),
        soft,
        selector: selector(&[("app", app)]),
        min_domains: None,
        honor_taints: false,
        honor_affinity: true,
    };
    match wish {
        0 => pod.spec.spread = vec![spread(ZONE, false)],
        1 => pod.spec.spread = vec![spread(HOSTNAME, false)],
        2 => pod.spec.affinity.required = vec![term(ZONE)],
        3 => pod.spec.anti_affinity.required = vec![term(HOSTNAME)],
        4 => pod.spec.anti_affinity.preferred = vec![(1, term(ZONE))],
        5 => pod.spec.spread = vec![spread(ZONE, true)],
        6 => pod.spec.affinity.preferred = vec![(3, term(HOSTNAME))],
        _ => {}
    }
    if zone < 3 {
        pod.spec.node_selector = labels(&[(ZONE, ["a", "b", "c"][usize::from(zone)])]);
    }
    pod
}

fn random_problem() -> impl Strategy<Value = Problem> {
    let wishes = proptest::collection::vec((1i64..60, 0u8..10, 0u8..2, 0u8..8), 1..24);
    let nodes = proptest::collection::vec(0i64..40, 0..3);
    (wishes, nodes, proptest::option::of(4i64..40), any::<bool>()).prop_map(
        |(wishes, nodes, limit, reserve)| {
            let pods = wishes.into_iter().enumerate();
            let mut problem = problem(pods.map(|(index, wish)| random_pod(index, wish)).collect());
            problem.nodes = nodes
                .into_iter()
                .enumerate()
                .map(|(index, left)| node(&format!("n{index}"), 100 * left))
                .collect();
            problem.pools.push(NodePool {
                weight: 1,
                ..pool("limited")
            });
            problem.pools[1].limits = limit.map(|cores| resources(&[("cpu", 1000 * cores)]));
            if reserve {
                let id = Reservation {
                    id: "r".into(),
                    instances: 2,
                };
                let offering = Offering {
                    zone: "a".into(),
                    capacity_type: CapacityType::Reserved,
                    price: Price(0),
                    available: true,
                    reservation: Some(id),
                };
                problem.types[1].offerings.push(offering.into());
                let ways = Requirement::one_of(CAPACITY_TYPE, &["on-demand", "spot", "reserved"]);
                problem.types[1].requirements.set(CAPACITY_TYPE, Some(ways));
            }
            problem
        },
    )
}

proptest! {
    #[test]
    fn it_decides_as_the_plain_twin(problem in random_problem()) {
        prop_assert_eq!(solve(&problem), plain::solve(&problem));
    }

    #[test]
    fn no_pod_is_lost_or_placed_twice(problem in random_problem()) {
        let solution = solve(&problem);
        let claimed = solution.claims.iter().flat_map(|claim| claim.pods.iter().copied());
        let placed = solution.placed.values().flatten().copied();
        let all: Vec<usize> =
            claimed.chain(placed).chain(solution.errors.keys().copied()).collect();
        let distinct: BTreeSet<usize> = all.iter().copied().collect();
        prop_assert_eq!(all.len(), problem.pods.len());
        prop_assert_eq!(distinct.len(), problem.pods.len());
    }

    #[test]
    fn every_type_of_a_claim_holds_its_pods_and_is_offered(problem in random_problem()) {
        for claim in &solve(&problem).claims {
            prop_assert!(!claim.types.is_empty());
            let sum: i64 = claim.pods.iter().map(|pod| problem.pods[*pod].spec.requests["cpu"]).sum();
            prop_assert_eq!(claim.requests["cpu"], sum);
            // A claim that holds reservations still lists types that have none, after those that do.
            let reserved = claim.requirements.get(RESERVATION_ID).is_some();
            let listed = if reserved { 1 } else { claim.types.len() };
            for of in claim.types[..listed].iter().map(|one| &problem.types[*one]) {
                prop_assert!(of.allocatable["cpu"] >= sum);
                prop_assert!(of.allocatable["pods"] >= claim.pods.len() as i64);
                prop_assert!(of.requirements.intersects(&claim.requirements).is_ok());
                prop_assert!(super::super::cheapest(of, &claim.requirements, &[]).is_some());
            }
            for pod in &claim.pods {
                let wanted = Requirements::of_labels(&problem.pods[*pod].spec.node_selector);
                for one in wanted.iter() {
                    let there = claim.requirements.get(one.key()).unwrap();
                    prop_assert!(there.values().is_subset(one.values()));
                }
            }
        }
    }

    #[test]
    fn nodes_are_never_overfilled_and_limits_never_broken(problem in random_problem()) {
        let solution = solve(&problem);
        for (node, pods) in &solution.placed {
            let sum: i64 = pods.iter().map(|pod| problem.pods[*pod].spec.requests["cpu"]).sum();
            prop_assert!(sum <= problem.nodes[*node].available["cpu"]);
        }
        if let Some(limits) = &problem.pools[1].limits {
            let largest = |claim: &super::super::NewNode| {
                claim.types.iter().map(|one| problem.types[*one].capacity["cpu"]).max().unwrap_or(0)
            };
            let limited = solution.claims.iter().filter(|claim| claim.pool == "limited");
            prop_assert!(limited.map(largest).sum::<i64>() <= limits["cpu"]);
        }
    }

    #[test]
    fn pods_that_must_be_apart_are(problem in random_problem()) {
        for claim in &solve(&problem).claims {
            for one in &claim.pods {
                let spec = &problem.pods[*one].spec;
                let apart = spec.anti_affinity.required.iter().any(|term| term.key == HOSTNAME);
                let same = |other: &&usize| problem.pods[**other].spec.labels == spec.labels;
                prop_assert!(!apart || claim.pods.iter().filter(same).count() == 1);
            }
        }
    }
}
