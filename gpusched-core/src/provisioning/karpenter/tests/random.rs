//! Properties of whole runs, and a twin that leaves out nothing.

use super::*;
use crate::kube::{
    Effect, LabelSelector, Labels, NodeSelectorTerm, Operator, PreferredTerm, Requirement, Taint,
};
use crate::provisioning::controller::ViewPod;
use crate::provisioning::karpenter::disruption::{Budget, Nodes, Order};
use crate::provisioning::karpenter::labels::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE};
use crate::provisioning::karpenter::objects::{PodSpec, PodTerm, Spread};
use crate::provisioning::karpenter::{ConsolidationPolicy, Karpenter, KarpenterOptions};
use crate::units::Span;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A cluster, and what comes to pass in it.
#[derive(Clone, Debug)]
struct Story {
    options: KarpenterOptions,
    budget: Nodes,
    /// Machines: type, spot or not, pool, pods: size in tenths of a core, and flavour.
    machines: Vec<Standing>,
    events: Vec<Happening>,
    /// Flavours of pods there are, from the plain one on.
    flavours: u8,
}

/// A machine that is there: type, spot or not, pool, pods.
type Standing = (usize, bool, bool, Vec<(i64, u8)>);

/// Seconds that pass, then copies of a pod of so many tenths of a core and a flavour come, on spot
/// or not, or one ends.
type Happening = (i64, bool, (i64, u8), bool, u32);

/// Pods of one kind share their spec, as in a replay.
#[derive(Default)]
struct Shelf(BTreeMap<(i64, u8, Option<bool>), Arc<PodSpec>>);

impl Shelf {
    fn pod(&mut self, job: u32, size: i64, flavour: u8, spot: Option<bool>) -> ViewPod {
        let known = self.0.entry((size, flavour, spot));
        let spec = known.or_insert_with(|| flavoured(size, flavour, spot).into());
        ViewPod {
            spec: Arc::clone(spec),
            ..pod(job, PodSpec::default())
        }
    }
}

fn flavoured(size: i64, flavour: u8, spot: Option<bool>) -> PodSpec {
    let mut spec = spec(100 * size);
    if let Some(spot) = spot {
        let way = if spot { SPOT } else { OD };
        spec.node_selector = Labels::from([(CAPACITY_TYPE.into(), way.name().into())]);
    }
    let labels = Labels::from([("flavour".into(), flavour.to_string())]);
    let selector = Some(LabelSelector {
        match_labels: labels.clone(),
        match_expressions: Vec::new(),
    });
    let near = PodTerm {
        key: HOSTNAME.into(),
        selector: selector.clone(),
        namespaces: Vec::new(),
    };
    match flavour {
        1 => {
            let of = Requirement {
                key: INSTANCE_TYPE.into(),
                operator: Operator::In,
                values: vec!["two".into()],
            };
            let term = NodeSelectorTerm {
                match_expressions: vec![of],
                match_fields: Vec::new(),
            };
            spec.node_affinity.preferred = vec![PreferredTerm { weight: 1, term }];
        }
        2 => {
            spec.spread = vec![Spread {
                max_skew: 1,
                key: HOSTNAME.into(),
                soft: true,
                selector,
                min_domains: None,
                honor_taints: false,
                honor_affinity: true,
            }];
        }
        3 => spec.anti_affinity.required = vec![near],
        4 => spec.affinity.preferred = vec![(1, near)],
        _ => {}
    }
    spec.labels = labels;
    spec
}

fn story() -> impl Strategy<Value = Story> {
    // Few sizes, so that many pods are of one kind.
    let size = prop_oneof![1i64..30, Just(5), Just(10), Just(20)];
    let sizes = proptest::collection::vec((size.clone(), 0u8..8), 0..4);
    let machine = (0usize..4, any::<bool>(), any::<bool>(), sizes);
    let size = prop_oneof![1i64..70, size];
    let event = (
        1i64..200,
        any::<bool>(),
        (size, 0u8..8),
        any::<bool>(),
        1u32..4,
    );
    (
        proptest::collection::vec(machine, 1..9),
        proptest::collection::vec(event, 0..8),
        (
            0u32..4,
            0u8..3,
            0i64..3,
            any::<bool>(),
            any::<bool>(),
            any::<bool>(),
            (any::<bool>(), prop_oneof![Just(1u8), Just(8)], 0u8..4),
        ),
    )
        .prop_map(
            |(machines, events, (budget, policy, after, old, gate, limited, more))| {
                let (scheduled, flavours, twist) = more;
                let budget = [
                    Nodes::Percent(100),
                    Nodes::Percent(10),
                    Nodes::Count(1),
                    Nodes::Count(3),
                ][budget as usize];
                let mut pools = vec![pool("a", &[OD]), pool("b", &[OD, SPOT])];
                for pool in &mut pools {
                    pool.disruption.budgets[0].nodes = budget;
                    if scheduled {
                        // Of every ten minutes, nothing goes in the first three.
                        let schedule = "*/10 * * * *".parse().unwrap();
                        pool.disruption.budgets.push(Budget {
                            nodes: Nodes::Count(0),
                            reasons: Vec::new(),
                            window: Some((schedule, Span::from_secs(180))),
                        });
                    }
                    pool.disruption.consolidate_after = Some(Span::from_secs(45 * after));
                    pool.disruption.policy = [
                        ConsolidationPolicy::WhenEmptyOrUnderutilized,
                        ConsolidationPolicy::Balanced,
                        ConsolidationPolicy::WhenEmpty,
                    ][usize::from(policy)];
                }
                if limited {
                    pools[1].template.limits = Some(resources(&[("cpu", 12_000)]));
                }
                let mut options = options(pools);
                options.order = if old { Order::V1_13 } else { Order::V1_14 };
                options.spot_to_spot = gate;
                match twist {
                    // Whatever is left of a node, a daemon set wants some of it.
                    1 => options.daemons = vec![spec(100)],
                    2 => {
                        options.pools[0].template.taints = vec![Taint {
                            key: "rather-not".into(),
                            value: String::new(),
                            effect: Effect::PreferNoSchedule,
                        }];
                    }
                    _ => {}
                }
                Story {
                    options,
                    budget,
                    machines,
                    events,
                    flavours,
                }
            },
        )
}

/// A cluster of many machines and few kinds of pods, so that many machines are alike, and pods of
/// those that go compete with others of their kind.
fn crowd() -> impl Strategy<Value = Story> {
    let size = || prop_oneof![Just(5i64), Just(8), Just(10), Just(20), Just(35)];
    let pods = proptest::collection::vec((size(), Just(0u8)), 1..4);
    let machine = (0usize..4, any::<bool>(), any::<bool>(), pods);
    let event = (
        1i64..100,
        prop_oneof![Just(true), Just(false), Just(false)],
        (size(), Just(0u8)),
        any::<bool>(),
        1u32..4,
    );
    (
        proptest::collection::vec(machine, 20..60),
        proptest::collection::vec(event, 0..8),
        prop_oneof![Just(0i64), Just(45)],
    )
        .prop_map(|(machines, events, after)| {
            let mut pools = vec![pool("a", &[OD]), pool("b", &[OD, SPOT])];
            for pool in &mut pools {
                pool.disruption.consolidate_after = Some(Span::from_secs(after));
            }
            Story {
                options: options(pools),
                budget: Nodes::Percent(100),
                machines,
                events,
                flavours: 1,
            }
        })
}

fn tell(story: &Story, plain: bool) -> Town {
    let mut town = Town::new(story.options.clone(), types());
    town.budget = story.budget;
    if plain {
        town.karpenter = Karpenter::new(story.options.clone()).plain();
    }
    let mut shelf = Shelf::default();
    let mut job = 0;
    for (of, spot, second, sizes) in &story.machines {
        let cores = [10, 20, 40, 80][*of];
        let mut left = cores;
        let mut pods = Vec::new();
        for (size, flavour) in sizes {
            if *size <= left {
                left -= size;
                job += 1;
                pods.push(shelf.pod(job, *size, flavour % story.flavours, None));
            }
        }
        let owner = if *second { "b" } else { "a" };
        let offering = usize::from(*spot && *second);
        town.machine(owner, (*of, offering), pods);
    }
    for (after, comes, (size, flavour), spot, copies) in &story.events {
        let now = town.view.now.0 / 1_000_000;
        town.run(now + after);
        // Not at the instant of a round, which the twin may have had already.
        town.view.now = town.view.now + Span(500_000);
        match comes {
            true => {
                for _ in 0..*copies {
                    job += 1;
                    let flavour = flavour % story.flavours;
                    town.submit(shelf.pod(job, *size, flavour, Some(*spot)));
                }
            }
            false => town.end((*size as u32) % (job + 1)),
        }
    }
    let now = town.view.now.0 / 1_000_000;
    town.run(now + 1500);
    town
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Budgets, and that replacements are cheaper however they are launched, are asserted by the
    /// cluster itself whenever a machine is cordoned or launched.
    #[test]
    fn what_is_left_out_changes_no_decision_and_no_pod_is_stranded(story in story()) {
        let town = tell(&story, false);
        let twin = tell(&story, true);
        prop_assert_eq!(&town.log, &twin.log);
        let limited = story.options.pools[1].template.limits.is_some();
        if !limited {
            prop_assert!(town.view.pending.is_empty(), "{:?}", town.log);
        }
        for machine in town.view.machines.values() {
            prop_assert!(machine.available.values().all(|left| *left >= 0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a round keeps of machines, what is answered without a solve, and who is alike are
    /// compared with passes over all machines and with solves wherever they are used in tests.
    #[test]
    fn in_a_crowd_what_is_left_out_changes_no_decision(story in crowd()) {
        let town = tell(&story, false);
        let twin = tell(&story, true);
        prop_assert_eq!(&town.log, &twin.log);
    }
}
