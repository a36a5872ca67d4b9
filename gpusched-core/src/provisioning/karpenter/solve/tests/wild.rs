//! Problems of everything at once: pools with taints, limits, `minValues` and hosts of their own,
//! daemons, reservations, nodes of all kinds, and pods with all wishes.

use super::*;
use proptest::prelude::*;

/// Random choices: a byte each, zeros when they run out, so that fewer bytes are a simpler problem.
struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % count
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// True once in so many times.
    fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// Up to `most` of something.
    fn some<T>(&mut self, most: usize, make: impl Fn(&mut Choices, usize) -> T) -> Vec<T> {
        let count = self.below(most + 1);
        (0..count).map(|index| make(self, index)).collect()
    }
}

const KEYS: &[&str] = &[ZONE, HOSTNAME, "rack", CAPACITY_TYPE];
const APPS: &[&str] = &["x", "y", "z"];
const SPACES: &[&str] = &["default", "default", "other"];

fn value(of: &mut Choices, key: &str) -> &'static str {
    match key {
        ZONE => of.of(&["a", "b", "c", "d"]),
        CAPACITY_TYPE => of.of(&["spot", "on-demand", "reserved"]),
        HOSTNAME => of.of(&["n0", "n1", "host"]),
        INSTANCE_TYPE => of.of(&["one", "two", "four", "eight"]),
        "generation" => of.of(&["1", "2", "3", "new"]),
        _ => of.of(&["r1", "r2"]),
    }
}

fn label(of: &mut Choices) -> &'static str {
    match of.below(12) {
        0..5 => ZONE,
        5 => "rack",
        6 => CAPACITY_TYPE,
        7 => INSTANCE_TYPE,
        8 | 9 => "generation",
        10 => "team",
        _ => HOSTNAME,
    }
}

fn node_term(of: &mut Choices) -> NodeSelectorTerm {
    use crate::kube::Operator as Kube;
    let key = label(of);
    let all = [
        Kube::In,
        Kube::NotIn,
        Kube::Exists,
        Kube::DoesNotExist,
        Kube::Gt,
        Kube::Lt,
    ];
    let operator = of.of(&all);
    let values = match operator {
        Kube::Gt | Kube::Lt => vec![of.of(&["1", "2"])],
        _ => vec![value(of, key), value(of, key)],
    };
    term(key, operator, &values)
}

fn pod_term(of: &mut Choices) -> PodTerm {
    PodTerm {
        key: of.of(KEYS).into(),
        selector: match of.rarely(8) {
            true => None,
            false => selector(&[("app", of.of(APPS))]),
        },
        namespaces: of.some(1, |of, _| of.of(SPACES).into()),
    }
}

fn toleration(of: &mut Choices) -> Toleration {
    Toleration {
        key: of.of(&["dedicated", "soft"]).into(),
        operator: TolerationOperator::Exists,
        ..Toleration::default()
    }
}

fn taint(of: &mut Choices) -> Taint {
    Taint {
        key: of.of(&["dedicated", "soft"]).into(),
        value: String::new(),
        effect: of.of(&[Effect::NoSchedule, Effect::PreferNoSchedule]),
    }
}

fn port(of: &mut Choices) -> HostPort {
    HostPort {
        ip: of.of(&["", "10.0.0.1", "10.0.0.2"]).into(),
        port: of.of(&[80, 81]),
        protocol: "TCP".into(),
    }
}

fn wild_spec(of: &mut Choices) -> PodSpec {
    let mut spec = PodSpec {
        namespace: of.of(SPACES).into(),
        labels: labels(&[("app", of.of(APPS))]),
        requests: resources(&[("cpu", of.of(&[100, 400, 900, 1500, 3000, 7000]))]),
        ..PodSpec::default()
    };
    if of.rarely(6) {
        spec.requests.insert("gpu".into(), 1);
    }
    for _ in 0..of.below(3) {
        match of.below(9) {
            0 | 1 => spec.spread.push(Spread {
                max_skew: of.of(&[1, 2, 0]),
                key: of.of(KEYS).into(),
                soft: of.rarely(3),
                selector: selector(&[("app", of.of(APPS))]),
                min_domains: of.rarely(5).then_some(3),
                honor_taints: of.rarely(3),
                honor_affinity: !of.rarely(3),
            }),
            2 => spec.affinity.required.push(pod_term(of)),
            3 => spec.anti_affinity.required.push(pod_term(of)),
            4 => spec.affinity.preferred.push((of.of(&[1, 2]), pod_term(of))),
            5 => spec
                .anti_affinity
                .preferred
                .push((of.of(&[1, 2]), pod_term(of))),
            6 => {
                let terms = spec.node_affinity.required.get_or_insert_default();
                terms.push(node_term(of));
            }
            7 => spec.node_affinity.preferred.push(PreferredTerm {
                weight: of.of(&[1, 2]),
                term: node_term(of),
            }),
            _ => {
                let key = label(of);
                spec.node_selector = labels(&[(key, value(of, key))]);
            }
        }
    }
    if of.rarely(4) {
        spec.tolerations.push(toleration(of));
    }
    if of.rarely(8) {
        spec.host_ports.push(port(of));
    }
    spec
}

fn wild_pool(of: &mut Choices, index: usize) -> NodePool {
    let mut pool = NodePool {
        weight: of.of(&[0, 1, 2]),
        ..pool(&format!("pool{index}"))
    };
    for _ in 0..of.below(3) {
        let key = label(of);
        let values = [value(of, key), value(of, key), value(of, key)];
        let operator = of.of(&[Operator::In, Operator::NotIn, Operator::Exists]);
        let made = Requirement::new(key, operator, &values).unwrap();
        let least = of.rarely(3).then(|| of.of(&[1, 2, 3]));
        pool.requirements.add(made.with_min_values(least));
    }
    if of.rarely(3) {
        pool.labels = labels(&[("team", "blue"), ("rack", of.of(&["r1", "r2"]))]);
    }
    if of.rarely(4) {
        pool.taints.push(taint(of));
    }
    if of.rarely(3) {
        let limit = of.of(&[("cpu", 9000), ("cpu", 20_000), ("nodes", 0), ("nodes", 2)]);
        pool.limits = Some(resources(&[limit]));
    }
    pool
}

fn wild_node(of: &mut Choices, index: usize) -> ExistingNode {
    let mut node = node(&format!("n{index}"), of.of(&[0, 900, 2500, 8000]));
    node.labels.insert(ZONE.into(), value(of, ZONE).into());
    node.labels
        .insert("karpenter.sh/nodepool".into(), "pool0".into());
    if of.rarely(3) {
        node.labels.insert("rack".into(), value(of, "rack").into());
    }
    match of.below(6) {
        4 => drop(node.labels.remove(HOSTNAME)),
        5 => drop(
            node.labels
                .insert(HOSTNAME.into(), "hostname-placeholder-000001".into()),
        ),
        _ => {}
    }
    node.initialized = !of.rarely(4);
    node.closed = of.rarely(6);
    node.taints = of
        .some(1, |of, _| taint(of))
        .into_iter()
        .filter(|_| of.rarely(3))
        .collect();
    node.daemons = resources(&[("cpu", of.of(&[0, 100]))]);
    node.pods = of.some(2, |of, _| PlacedPod {
        namespace: of.of(SPACES).into(),
        labels: labels(&[("app", of.of(APPS))]),
        anti_affinity: of.some(1, |of, _| pod_term(of)),
        host_ports: of.some(1, |of, _| port(of)),
    });
    node
}

fn wild_types(of: &mut Choices) -> Vec<NodeType> {
    let mut types = types();
    for (index, one) in types.iter_mut().enumerate() {
        let generation = ["1", "2", "3", "2"][index];
        one.requirements
            .add(Requirement::one_of("generation", &[generation]));
        if of.rarely(3) {
            one.allocatable.insert("gpu".into(), 2);
        }
        if of.rarely(6) {
            one.allocatable.insert("memory".into(), -1);
        }
        for offering in &mut one.offerings {
            offering.offering.available = !of.rarely(5);
        }
        if of.rarely(3) {
            let offering = Offering {
                zone: value(of, ZONE).into(),
                capacity_type: CapacityType::Reserved,
                price: Price(0),
                available: true,
                reservation: Some(Reservation {
                    id: of.of(&["r", "s"]).into(),
                    instances: of.of(&[1, 2]),
                }),
            };
            one.offerings.push(offering.into());
            let ways = Requirement::one_of(CAPACITY_TYPE, &["on-demand", "spot", "reserved"]);
            one.requirements.set(CAPACITY_TYPE, Some(ways));
        }
    }
    types
}

fn wild_problem(bytes: Vec<u8>) -> Problem {
    let of = &mut Choices(bytes.into_iter());
    let mut problem = Problem {
        types: wild_types(of),
        ..Problem::default()
    };
    problem.pools = vec![wild_pool(of, 0)];
    problem
        .pools
        .extend(of.some(2, |of, index| wild_pool(of, index + 1)));
    problem.nodes = of.some(4, wild_node);
    problem.daemons = of.some(2, |of, _| PodSpec {
        requests: resources(&[("cpu", 200)]),
        spread: Vec::new(),
        ..wild_spec(of)
    });
    problem.options.respect_preferences = !of.rarely(3);
    problem.options.relax_min_values = of.rarely(3);
    problem.options.reserved = of.of(&[Reserved::Strict, Reserved::Fallback, Reserved::Off]);
    problem.options.max_types = of.of(&[600, 600, 2]);
    problem.options.well_known = of.some(1, |_, _| "generation".into());
    let specs = [(); 6].map(|()| wild_spec(of));
    let count = of.below(40);
    for index in 0..count {
        let mut pod = pod(&format!("p{index:02}"), 0);
        pod.waiting = of.rarely(3);
        pod.spec = match of.rarely(3) {
            true => wild_spec(of),
            false => specs[of.below(specs.len())].clone(),
        };
        problem.pods.push(pod);
    }
    problem
}

proptest! {
    #[test]
    fn a_wild_problem_is_decided_as_the_plain_twin_does(
        bytes in proptest::collection::vec(any::<u8>(), 0..800)
    ) {
        let problem = wild_problem(bytes);
        prop_assert_eq!(solve(&problem), plain::solve(&problem));
    }
}
