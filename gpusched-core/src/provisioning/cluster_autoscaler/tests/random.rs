//! Properties of whole runs over random clusters.

use super::*;
use crate::provisioning::cluster_autoscaler::expander::Expander;
use crate::provisioning::cluster_autoscaler::{Limited, ResourceLimit};
use proptest::prelude::*;

/// What happens in a run, by second.
#[derive(Clone, Debug)]
enum Deed {
    Submit {
        pods: u32,
        cores: i64,
        gpus: i64,
        priority: i32,
    },
    End(u32),
    Provider(bool),
}

fn deeds() -> impl Strategy<Value = Vec<(i64, Deed)>> {
    let submit = (1u32..6, 1i64..9, 0i64..3, -12i32..3);
    let deed = prop_oneof![
        4 => submit.prop_map(|(pods, cores, gpus, priority)| Deed::Submit { pods, cores, gpus, priority }),
        3 => (0u32..8).prop_map(Deed::End),
        1 => any::<bool>().prop_map(Deed::Provider),
    ];
    proptest::collection::vec((0i64..900, deed), 1..14)
}

#[derive(Clone, Debug)]
struct Setup {
    sizes: Vec<(u32, u32, bool)>,
    options: Options,
}

fn setups() -> impl Strategy<Value = Setup> {
    let sizes = proptest::collection::vec((0u32..3, 0u32..6, any::<bool>()), 3);
    let chain = proptest::sample::select(Expander::ALL.to_vec());
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (sizes, chain, switches, 0u32..12, 20i64..90).prop_map(
        |(sizes, expander, switches, most, cores)| {
            let (frequent_loops, balance, all_or_nothing, quick) = switches;
            let sizes = sizes
                .into_iter()
                .map(|(min, more, whole)| (min, min + more, whole && min == 0));
            Setup {
                sizes: sizes.collect(),
                options: Options {
                    frequent_loops,
                    balance_similar_node_groups: balance,
                    all_or_nothing,
                    expanders: vec![expander],
                    max_nodes_total: most,
                    limits: vec![ResourceLimit {
                        of: Limited::Cpu,
                        min: 8000,
                        max: 1000 * cores,
                    }],
                    scale_down_unneeded_time: Span::from_secs(if quick { 40 } else { 600 }),
                    scale_down_delay_after_add: Span::from_secs(if quick { 30 } else { 600 }),
                    ..Options::default()
                },
            }
        },
    )
}

fn world(setup: &Setup) -> World {
    let types = vec![
        four(),
        node_type("eight", 8, 32, 0, "0.5"),
        node_type("gpus", 8, 64, 2, "4"),
    ];
    let groups = setup.sizes.iter().zip(["a", "b", "c"]).enumerate();
    let groups = groups.map(|(at, ((min, max, whole), id))| NodeGroup {
        zero_or_max: *whole,
        ..group(id, at, *min, *max)
    });
    World::new(setup.options.clone(), groups.collect(), types)
}

fn run(world: &mut World, deeds: &[(i64, Deed)], mut check: impl FnMut(&World)) {
    let mut deeds = deeds.to_vec();
    deeds.sort_by_key(|one| one.0);
    for (job, (second, deed)) in deeds.into_iter().enumerate() {
        // No two deeds, and no deed and a beat of the loop, at one instant.
        world.run_until(Time::from_secs(second) + Span(1 + job as i64));
        check(world);
        match deed {
            Deed::Submit {
                pods,
                cores,
                gpus,
                priority,
            } => {
                world.submit_at(job as u32, pods, &wants(cores, cores, gpus), priority);
            }
            Deed::End(job) => world.end(job),
            Deed::Provider(has) => world.capacity = has,
        }
    }
    world.run_to(3000);
    check(world);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sizes_and_limits_are_kept(setup in setups(), deeds in deeds()) {
        let mut world = world(&setup);
        run(&mut world, &deeds, |world| {
            let machines = &world.view.machines;
            let cores: i64 = machines.values().map(|one| one.allocatable["cpu"]).sum();
            assert!(cores <= setup.options.limits[0].max, "{cores}");
            let most = setup.options.max_nodes_total as usize;
            assert!(most == 0 || machines.len() <= most, "{} of {most}", machines.len());
            for ((_, max, _), id) in setup.sizes.iter().zip(["a", "b", "c"]) {
                let size = machines.values().filter(|one| one.owner.as_deref() == Some(id)).count();
                assert!(size <= *max as usize);
            }
        });
        // What was given back never took a group below its minimum.
        let mut sizes = std::collections::BTreeMap::<String, u32>::new();
        let mut owner = Vec::new();
        for (_, command) in &world.log {
            match command {
                Command::Launch(launch) => {
                    *sizes.entry(launch.owner.clone()).or_default() += 1;
                    owner.push(launch.owner.clone());
                }
                Command::Delete { machine, .. } if world.capacity && world.next as usize == owner.len() => {
                    let id = &owner[machine.0 as usize];
                    let size = sizes.get_mut(id).unwrap();
                    *size -= 1;
                    let at = ["a", "b", "c"].iter().position(|one| one == id).unwrap();
                    prop_assert!(*size >= setup.sizes[at].0);
                }
                _ => {}
            }
        }
    }

    /// Twin: a view that is said to have changed all the time makes it look at every beat.
    #[test]
    fn looks_that_are_left_out_would_have_decided_nothing(setup in setups(), deeds in deeds()) {
        let (mut lazy, mut busy) = (world(&setup), world(&setup));
        busy.busy = true;
        run(&mut lazy, &deeds, |_| ());
        run(&mut busy, &deeds, |_| ());
        prop_assert_eq!(lazy.log, busy.log);
    }

    #[test]
    fn the_same_twice_is_the_same(setup in setups(), deeds in deeds()) {
        let (mut one, mut two) = (world(&setup), world(&setup));
        run(&mut one, &deeds, |_| ());
        run(&mut two, &deeds, |_| ());
        prop_assert_eq!(one.log, two.log);
    }
}
