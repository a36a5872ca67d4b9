//! Properties of whole runs, and a twin that leaves out nothing.

use super::*;
use crate::kube::Labels;
use crate::provisioning::karpenter::disruption::{Nodes, Order};
use crate::provisioning::karpenter::labels::CAPACITY_TYPE;
use crate::provisioning::karpenter::{ConsolidationPolicy, Karpenter, KarpenterOptions};
use crate::units::Span;
use proptest::prelude::*;

/// A cluster, and what comes to pass in it.
#[derive(Clone, Debug)]
struct Story {
    options: KarpenterOptions,
    budget: Nodes,
    /// Machines: type, spot or not, pool, sizes of pods in tenths of a core.
    machines: Vec<(usize, bool, bool, Vec<i64>)>,
    /// Seconds that pass, then a pod of so many tenths of a core comes, or one ends.
    events: Vec<(i64, bool, i64, bool)>,
}

fn story() -> impl Strategy<Value = Story> {
    let sizes = proptest::collection::vec(1i64..30, 0..4);
    let machine = (0usize..4, any::<bool>(), any::<bool>(), sizes);
    let event = (1i64..200, any::<bool>(), 1i64..70, any::<bool>());
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
        ),
    )
        .prop_map(
            |(machines, events, (budget, policy, after, old, gate, limited))| {
                let budget = [
                    Nodes::Percent(100),
                    Nodes::Percent(10),
                    Nodes::Count(1),
                    Nodes::Count(3),
                ][budget as usize];
                let mut pools = vec![pool("a", &[OD]), pool("b", &[OD, SPOT])];
                for pool in &mut pools {
                    pool.disruption.budgets[0].nodes = budget;
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
                Story {
                    options,
                    budget,
                    machines,
                    events,
                }
            },
        )
}

fn tell(story: &Story, plain: bool) -> Town {
    let mut town = Town::new(story.options.clone(), types());
    town.budget = story.budget;
    if plain {
        town.karpenter = Karpenter::new(story.options.clone()).plain();
    }
    let mut job = 0;
    for (of, spot, second, sizes) in &story.machines {
        let cores = [10, 20, 40, 80][*of];
        let mut left = cores;
        let mut pods = Vec::new();
        for size in sizes.iter().filter(|size| **size <= cores) {
            if *size <= left {
                left -= size;
                job += 1;
                pods.push(pod(job, spec(100 * size)));
            }
        }
        let owner = if *second { "b" } else { "a" };
        let offering = usize::from(*spot && *second);
        town.machine(owner, (*of, offering), pods);
    }
    for (after, comes, size, spot) in &story.events {
        let now = town.view.now.0 / 1_000_000;
        town.run(now + after);
        // Not at the instant of a round, which the twin may have had already.
        town.view.now = town.view.now + Span(500_000);
        match comes {
            true => {
                job += 1;
                let mut spec = spec(100 * size);
                let way = if *spot { SPOT } else { OD };
                spec.node_selector = Labels::from([(CAPACITY_TYPE.into(), way.name().into())]);
                town.submit(pod(job, spec));
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
