//! Every expander by hand.

use super::*;
use crate::kube::Resources;

const GIB: i64 = 1 << 30;

fn amounts(cores: i64, gib: i64) -> Resources {
    [("cpu".into(), 1000 * cores), ("memory".into(), gib * GIB)].into()
}

fn option<'a>(
    group: &'a str,
    nodes: u32,
    capacity: &'a Resources,
    pods: &'a [(&'a Resources, u32)],
) -> Expansion<'a> {
    let price = Price::parse("0.5").unwrap();
    Expansion {
        group,
        nodes,
        pods,
        capacity,
        price,
        gpu: false,
    }
}

fn ask(expander: Expander, options: &[Expansion<'_>], priorities: &Priorities) -> Step {
    let setting = Setting {
        cluster_nodes: 10,
        priorities,
        pod_prices: PodPrices::default(),
        seed: 7,
        draw: 3,
    };
    choose(&[expander], options, &setting).1.swap_remove(0)
}

fn near(score: Option<f64>, expected: f64) -> bool {
    score.is_some_and(|score| (score - expected).abs() < 1e-6 * expected)
}

#[test]
fn least_waste_adds_the_shares_of_cpu_and_memory_left_over() {
    let (pod, node, large) = (amounts(1, 1), amounts(4, 8), amounts(8, 8));
    let pods = [(&pod, 2)];
    let gpus: Resources = amounts(4, 8)
        .into_iter()
        .chain([("nvidia.com/gpu".into(), 8)])
        .collect();
    let options = [
        option("two", 2, &node, &pods),
        option("one", 1, &node, &pods),
        option("gpus", 1, &gpus, &pods),
        option("large", 1, &large, &pods),
    ];
    let step = ask(Expander::LeastWaste, &options, &Priorities::default());
    // Two of 8 cores and two of 16 GiB; two of 4 and of 8; idle GPUs do not count; two of 8 and 8.
    let expected = [0.75 + 0.875, 0.5 + 0.75, 0.5 + 0.75, 0.75 + 0.75];
    let scores: Vec<f64> = step.scores.iter().map(|one| one.1.unwrap()).collect();
    assert_eq!(scores, expected);
    assert_eq!(step.kept, [1, 2]);
}

#[test]
fn a_node_without_memory_has_no_waste_to_compare() {
    let (pod, node) = (amounts(1, 0), amounts(4, 8));
    let bare: Resources = [("cpu".into(), 4000)].into();
    let pods = [(&pod, 1)];
    let (one, two) = (
        option("bare", 1, &bare, &pods),
        option("node", 1, &node, &pods),
    );
    assert_eq!(
        ask(Expander::LeastWaste, &[one, two], &Priorities::default()).kept,
        [0]
    );
    assert_eq!(
        ask(Expander::LeastWaste, &[two, one], &Priorities::default()).kept,
        [0]
    );
}

#[test]
fn most_pods_and_least_nodes() {
    let (pod, node) = (amounts(1, 1), amounts(4, 8));
    let (few, many) = ([(&pod, 1), (&pod, 2)], [(&pod, 4)]);
    let options = [
        option("a", 1, &node, &few),
        option("b", 2, &node, &many),
        option("c", 3, &node, &many),
    ];
    assert_eq!(
        ask(Expander::MostPods, &options, &Priorities::default()).kept,
        [1, 2]
    );
    assert_eq!(
        ask(Expander::LeastNodes, &options, &Priorities::default()).kept,
        [0]
    );
}

#[test]
fn price_weighs_money_well_spent_with_fitness_to_the_cluster() {
    let (pod, node) = (amounts(1, 2), amounts(8, 32));
    let pods = [(&pod, 4)];
    let step = ask(
        Expander::Price,
        &[option("a", 2, &node, &pods)],
        &Priorities::default(),
    );
    // s = 0.5 · 0.033174 + 500/1024 · 0.004446 = 0.0187579; four pods: 4 · (0.033174 + 2 · 0.004446);
    // (2 · 0.5 + s) / (0.168264 + s) = 5.447265. 10 nodes prefer 4 cores, 8 are twice that:
    // (2 − 1) · (1 − tanh(1/15)) + 1 = 1.933432.
    assert!(near(step.scores[0].1, 10.531917), "{step:?}");
}

#[test]
fn price_gives_nodes_with_gpus_an_unfitness_of_1000() {
    let mut pod = amounts(8, 64);
    pod.insert("nvidia.com/gpu".into(), 1);
    let node = amounts(96, 1024);
    let pods = [(&pod, 3)];
    let gpu = Expansion {
        gpu: true,
        price: Price::parse("30").unwrap(),
        ..option("a", 2, &node, &pods)
    };
    let step = ask(Expander::Price, &[gpu], &Priorities::default());
    // 1000 · (60 + s) / (3 · (8 · 0.033174 + 64 · 0.004446 + 0.7) + s).
    assert!(near(step.scores[0].1, 15_926.153_215), "{step:?}");
}

#[test]
fn the_preferred_node_doubles_as_the_cluster_grows_threefold() {
    let (pod, node) = (amounts(1, 2), amounts(16, 64));
    let pods = [(&pod, 1)];
    let score = |cluster_nodes| {
        let setting = Setting {
            cluster_nodes,
            priorities: &Priorities::default(),
            pod_prices: PodPrices::default(),
            seed: 0,
            draw: 0,
        };
        price::score(&option("a", 1, &node, &pods), &setting)
    };
    // One node: unfitness counts in full, 16 cores being so many times the preferred ones.
    let fit = score(200);
    for (nodes, unfitness) in [
        (0, 16),
        (2, 16),
        (3, 8),
        (6, 8),
        (7, 4),
        (20, 4),
        (21, 2),
        (60, 2),
        (61, 1),
        (201, 2),
    ] {
        assert_eq!(score(nodes), fit * f64::from(unfitness), "{nodes}");
    }
}

#[test]
fn priority_keeps_the_groups_that_match_the_highest_patterns() {
    let (pod, node) = (amounts(1, 1), amounts(4, 8));
    let pods = [(&pod, 1)];
    let options = ["spot-a", "spot-b", "od-a", "other"].map(|id| option(id, 1, &node, &pods));
    let kept = |patterns: &[(i64, &str)]| {
        let mut priorities = Priorities::default();
        for (priority, pattern) in patterns {
            priorities.add(*priority, pattern).unwrap();
        }
        ask(Expander::Priority, &options, &priorities).kept
    };
    assert_eq!(kept(&[(10, "od"), (50, "spot.*")]), [0, 1]);
    assert_eq!(
        kept(&[(10, "od"), (50, "^a")]),
        [2],
        "what matches nothing cannot be used"
    );
    assert_eq!(
        kept(&[(10, "-a$"), (20, "spot-a")]),
        [0],
        "of two priorities the higher"
    );
    assert_eq!(
        kept(&[(10, "none")]),
        [0, 1, 2, 3],
        "unless nothing matches any"
    );
    assert_eq!(kept(&[(-1, "od")]), [2]);
    assert_eq!(
        kept(&[(-2, "od")]),
        [0, 1, 2, 3],
        "below −1 is as good as none"
    );
    assert!(Priorities::default().add(1, "(").is_err());
}

#[test]
fn the_chain_ends_when_one_is_left_and_a_draw_ends_it_else() {
    let (pod, node) = (amounts(1, 1), amounts(4, 8));
    let pods = [(&pod, 1)];
    let options = [
        option("a", 2, &node, &pods),
        option("b", 1, &node, &pods),
        option("c", 1, &node, &pods),
    ];
    let priorities = Priorities::default();
    let setting = |draw| Setting {
        cluster_nodes: 1,
        priorities: &priorities,
        pod_prices: PodPrices::default(),
        seed: 1,
        draw,
    };
    let (chosen, steps) = choose(&[Expander::LeastNodes], &options[..2], &setting(0));
    assert_eq!((chosen, steps.len()), (Some(1), 1));
    let chain = [Expander::LeastNodes, Expander::LeastWaste];
    let mut drawn = [0u32; 3];
    for draw in 0..1000 {
        let (chosen, steps) = choose(&chain, &options, &setting(draw));
        assert_eq!(steps.len(), 3);
        drawn[chosen.unwrap()] += 1;
    }
    // 500 each expected; five standard deviations are 79.
    assert_eq!(drawn[0], 0);
    assert!(drawn[1].abs_diff(500) < 79, "{drawn:?}");
    assert_eq!(choose(&chain, &[], &setting(0)).0, None);
}
