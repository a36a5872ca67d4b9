//! What HiveD guarantees, on random jobs.

use super::{CELLS, Job, World, clusters, guest, job, quota};
use crate::world::inventory;
use gpusched_core::cluster::{VirtualCluster, VirtualClusters};
use gpusched_core::ids::{JobId, NodeId};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Start {
        queue: usize,
        priority: i32,
        pods: u32,
        gpus: u32,
    },
    End(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![Just(1u32), Just(2), Just(3), Just(4), Just(8)];
    let start =
        (0usize..3, 0i32..2, 1u32..4, size).prop_map(|(queue, priority, pods, gpus)| Step::Start {
            queue,
            priority,
            pods,
            gpus,
        });
    prop::collection::vec(
        prop_oneof![3 => start, 2 => (0usize..64).prop_map(Step::End)],
        1..60,
    )
}

/// Jobs of the steps, by number; queue 2 is that of opportunistic jobs.
fn jobs_of(steps: &[Step]) -> Vec<Job> {
    let each = steps.iter().filter_map(|step| match *step {
        Step::Start {
            queue: 2,
            pods,
            gpus,
            ..
        } => Some(guest(pods, gpus)),
        Step::Start {
            queue,
            priority,
            pods,
            gpus,
        } => Some(job(["a", "b"][queue], priority, pods, gpus)),
        Step::End(_) => None,
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// HiveD's guarantee (OSDI 2020, section 3): a virtual cluster serves whatever a private cluster of
    /// its quota would, and evicts within itself whomever that would, whatever all others do.
    #[test]
    fn a_virtual_cluster_is_as_good_as_a_private_one(
        steps in steps(),
        first in prop::collection::vec((0usize..4, 1u32..3), 1..3),
        second in prop::collection::vec((0usize..4, 1u32..3), 1..3),
    ) {
        let names = ["gpu", "node", "rack", "block"];
        let quotas = |list: &[(usize, u32)]| list.iter().map(|&(cell, count)| quota(names[cell], count)).collect();
        let both = vec![
            VirtualCluster { name: "a".into(), quotas: quotas(&first) },
            VirtualCluster { name: "b".into(), quotas: quotas(&second) },
        ];
        let machines = inventory(&CELLS);
        prop_assume!(VirtualClusters::new(&machines, both.clone(), false).is_ok());
        let jobs = jobs_of(&steps);
        prop_assume!(!jobs.is_empty());
        let mut shared = World::new(&machines, both.clone(), false, &jobs);
        let mut private: Vec<World> = (0..2)
            .map(|at| World::new(&machines, vec![both[at].clone()], false, &jobs))
            .collect();
        let mut next = 0;
        for step in &steps {
            match step {
                Step::Start { queue, .. } => {
                    let number = next;
                    next += 1;
                    // The cluster checks that no GPU is given away twice.
                    let start = shared.start(number);
                    let mine = |victim: &u32| jobs[*victim as usize].queue == jobs[number as usize].queue;
                    if *queue == 2 {
                        prop_assert!(start.is_none_or(|(_, victims)| victims.is_empty()));
                        continue;
                    }
                    let twin = private[*queue].start(number);
                    prop_assert_eq!(start.is_some(), twin.is_some(), "job {}", number);
                    let (Some((_, victims)), Some((_, alone))) = (start, twin) else { continue };
                    let guests = |victim: &u32| jobs[*victim as usize].priority < 0;
                    prop_assert!(victims.iter().all(|victim| mine(victim) || guests(victim)));
                    let own: Vec<u32> = victims.into_iter().filter(mine).collect();
                    prop_assert_eq!(own, alone);
                }
                Step::End(at) => {
                    if shared.running.is_empty() {
                        continue;
                    }
                    let job = shared.running[at % shared.running.len()].0.0;
                    shared.end(job);
                    match jobs[job as usize].queue {
                        "a" => private[0].end(job),
                        "b" => private[1].end(job),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Claims come and go, are lost lazily, and machines with them: nobody is given what somebody has,
    /// and when all have gone everything is as at first.
    #[test]
    fn cells_never_overlap_and_all_come_back(
        steps in steps(),
        outages in prop::collection::vec((0usize..60, 0u32..8, any::<bool>()), 0..20),
        tried in prop::collection::vec(any::<bool>(), 60),
    ) {
        let promises = clusters(&[("a", &[("gpu", 3), ("rack", 1)]), ("b", &[("node", 1), ("block", 1)])]);
        let mut jobs = jobs_of(&steps);
        let rest = jobs.len() as u32;
        jobs.extend([job("a", 0, 2, 8), job("b", 0, 5, 8), job("a", 0, 3, 1)]);
        let mut world = World::new(&inventory(&CELLS), promises, true, &jobs);
        let mut next = 0;
        for (at, step) in steps.iter().enumerate() {
            for &(_, node, open) in outages.iter().filter(|(when, _, _)| *when == at) {
                world.cluster.set_open(NodeId(node), open);
            }
            match step {
                Step::Start { .. } => {
                    let mark = world.cluster.begin();
                    // A trial that comes to nothing changes nothing.
                    let before = world.place(next);
                    world.cluster.rollback(mark);
                    if tried[at] {
                        let again = world.place(next);
                        prop_assert_eq!(&again, &before);
                        if let Some((spots, victims)) = again {
                            let spec = world.work.spec(world.work.job(JobId(next)).spec);
                            world.policy.started(JobId(next), spec, &spots);
                            world.running.retain(|(other, _)| !victims.contains(other));
                            world.running.push((JobId(next), spots));
                        }
                    }
                    next += 1;
                }
                Step::End(at) => {
                    if !world.running.is_empty() {
                        let job = world.running[at % world.running.len()].0.0;
                        world.end(job);
                    }
                }
            }
        }
        while let Some((job, _)) = world.running.first() {
            let job = job.0;
            world.end(job);
        }
        for node in 0..8 {
            world.cluster.set_open(NodeId(node), true);
        }
        // Everything promised is there.
        for job in rest..rest + 3 {
            prop_assert!(world.nodes(job).is_some());
        }
    }
}
