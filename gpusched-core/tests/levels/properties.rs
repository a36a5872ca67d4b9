//! What holds for all policies.

use crate::world::{GPUS, Job, World, inventory, nodes};
use gpusched_core::cluster::Spot;
use gpusched_core::ids::{NodeId, ShapeId};
use gpusched_core::placement::levels::Rooms;
use gpusched_core::placement::registry::placements;
use gpusched_core::topology::{DomainId, Scope, Within};
use proptest::prelude::*;

/// Policies that refuse what fits: consolidation waits for one node, blocks come in runs, and
/// switches must have a common parent.
const STRICT: [&str; 5] = [
    "consolidate",
    "slurm-block",
    "slurm-block-consolidate",
    "slurm-block-spread",
    "slurm-tree",
];

fn places() -> impl Strategy<Value = Vec<String>> {
    let place = (0u8..3, 0u8..3).prop_map(|(block, rack)| format!("{block}/{rack}"));
    prop::collection::vec(place, 1..14)
}

fn jobs() -> impl Strategy<Value = Vec<Job>> {
    let scope = prop_oneof![
        Just(None),
        Just(Some(Scope::Node)),
        Just(Some(Scope::Rack)),
        Just(Some(Scope::Block))
    ];
    let job = (1u32..7, 0u32..4, scope, any::<bool>(), 0u32..4);
    let job = job.prop_map(|(pods, gpus, within, required, slice)| {
        let job = Job {
            gpus: 1 << gpus,
            ..nodes(pods)
        };
        let job = match (within, required) {
            (None, _) => job,
            (Some(scope), true) => job.required(scope),
            (Some(scope), false) => job.preferred(scope),
        };
        job.slices(slice)
    });
    prop::collection::vec(job, 1..12)
}

/// Whether each group of a job is within one domain of what it asks for.
fn kept(world: &World, job: Job, spots: &[Spot]) -> bool {
    let fabric = world.inventory.topology().unwrap().fabric();
    let Some(within) = job.locality.within.and_then(|scope| fabric.within(scope)) else {
        return true;
    };
    let size = match job.locality.slice {
        0 => job.pods,
        slice => slice,
    };
    let place = |spot: &Spot| match within {
        Within::Node => Some(u64::from(spot.node.0)),
        Within::Level(level) => fabric
            .domain(spot.node, level)
            .map(|domain| u64::from(domain.0)),
    };
    // Groups are of equal pods: any division of the pods of a domain into groups will do.
    let mut counts: Vec<(u64, u32)> = Vec::new();
    for spot in spots {
        let Some(place) = place(spot) else {
            return false;
        };
        match counts.iter_mut().find(|(known, _)| *known == place) {
            Some((_, count)) => *count += 1,
            None => counts.push((place, 1)),
        }
    }
    let rest = job.pods % size;
    let broken = counts
        .iter()
        .filter(|(_, count)| !count.is_multiple_of(size));
    let broken: Vec<u32> = broken.map(|(_, count)| count % size).collect();
    broken.is_empty() || (rest > 0 && broken == [rest])
}

/// Whether one domain of what the job asks for has room for all of it, counted node by node.
fn fits_one_domain(world: &World, job: Job, shape: ShapeId) -> bool {
    let fabric = world.inventory.topology().unwrap().fabric();
    let room = |node: &NodeId| u64::from(world.cluster.room_on(world.cluster.ask(shape), *node));
    let all = (0..world.cluster.len()).map(NodeId::from);
    match job.locality.within.and_then(|scope| fabric.within(scope)) {
        None => all.map(|node| room(&node)).sum::<u64>() >= u64::from(job.pods),
        Some(Within::Node) => all
            .into_iter()
            .any(|node| room(&node) >= u64::from(job.pods)),
        Some(Within::Level(level)) => fabric.domains_of(level).map(DomainId).any(|domain| {
            let nodes = fabric.nodes_of(domain).iter();
            nodes.map(room).sum::<u64>() >= u64::from(job.pods)
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn gangs_are_whole_within_their_domain_repeatable_and_explained(
        places in places(),
        jobs in jobs(),
        releases in prop::collection::vec(any::<bool>(), 12),
    ) {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        for info in placements() {
            let mut world = World::new(inventory(&places), &jobs);
            let mut policy = world.policy(info.name);
            let mut running: Vec<(usize, Vec<Spot>)> = Vec::new();
            for (number, &job) in jobs.iter().enumerate() {
                let shape = world.work.spec(world.work.jobs()[number].spec).pod_sets[0].shape;
                let before = world.cluster.clone();
                let could = fits_one_domain(&world, job, shape);
                // `Trial` checks every place against what is free.
                let spots = world.spots(policy.as_mut(), number);
                let mut again = World { cluster: before.clone(), ..World::new(inventory(&places), &jobs) };
                let mut fresh = again.policy(info.name);
                prop_assert_eq!(&again.spots(fresh.as_mut(), number), &spots, "{}", info.name);
                match &spots {
                    Some(spots) => {
                        prop_assert_eq!(spots.len(), job.pods as usize);
                        if job.locality.required {
                            prop_assert!(kept(&world, job, spots), "{} {job:?} {spots:?}", info.name);
                        }
                    }
                    None => {
                        prop_assert!(world.cluster.same_free(&before), "{}", info.name);
                        let whole = job.locality.slice == 0;
                        prop_assert!(
                            !whole || !could || STRICT.contains(&info.name),
                            "{} refuses {job:?}", info.name
                        );
                    }
                }
                let knows = policy.explanation().filter(|_| {
                    job.locality.within.is_some() || by_level(info.name)
                });
                if let Some(record) = knows {
                    prop_assert_eq!(record.placed, spots.is_some(), "{}", info.name);
                    if let Some(spots) = &spots {
                        let pods: u32 = record.nodes.iter().map(|(_, pods)| pods).sum();
                        prop_assert_eq!(pods, job.pods);
                        let named = |spot: &Spot| record.nodes.iter().any(|(node, _)| *node == spot.node);
                        prop_assert!(spots.iter().all(named), "{}", info.name);
                    }
                }
                if let Some(spots) = spots {
                    running.push((number, spots));
                }
                if releases[number % releases.len()] && !running.is_empty() {
                    let (done, spots) = running.remove(0);
                    let shape = world.work.spec(world.work.jobs()[done].spec).pod_sets[0].shape;
                    for spot in spots {
                        world.cluster.release(shape, spot);
                    }
                }
            }
        }
    }

    #[test]
    fn kept_counts_are_those_of_counting_again(
        places in places(),
        steps in prop::collection::vec((0usize..14, 0u32..4, any::<bool>()), 1..60),
    ) {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        let sizes: Vec<Job> = (0..4).map(|log| Job { gpus: 1 << log, ..nodes(1) }).collect();
        let mut world = World::new(inventory(&places), &sizes);
        let mut rooms = Rooms::new(&world.inventory);
        let mut held: Vec<(ShapeId, Spot)> = Vec::new();
        for (node, log, give_back) in steps {
            let shape = ShapeId(log);
            if give_back && !held.is_empty() {
                let (shape, spot) = held.remove(0);
                world.cluster.release(shape, spot);
            } else {
                let node = NodeId::from(node % world.cluster.len());
                let ask = *world.cluster.ask(shape);
                if world.cluster.fits_on(&ask, node) {
                    let spot = Spot { node, devices: world.cluster.node(node).lowest_devices(&ask) };
                    world.cluster.take(shape, spot).unwrap();
                    held.push((shape, spot));
                }
            }
            let ask = *world.cluster.ask(shape);
            let levels = rooms.levels(&world.cluster, shape);
            let fabric = levels.fabric();
            for (number, _) in fabric.domains().iter().enumerate() {
                let domain = DomainId(number as u32);
                let counts = fabric.nodes_of(domain).iter();
                let counts: Vec<u32> = counts.map(|&node| world.cluster.room_on(&ask, node)).collect();
                prop_assert_eq!(levels.room_in(domain), counts.iter().map(|&room| u64::from(room)).sum::<u64>());
                prop_assert_eq!(levels.able_in(domain) as usize, counts.iter().filter(|&&room| room > 0).count());
            }
            let total: u32 = (0..world.cluster.len()).map(|node| world.cluster.room_on(&ask, NodeId::from(node))).sum();
            prop_assert_eq!(levels.total(), u64::from(total));
            prop_assert!(total <= GPUS * world.cluster.len() as u32);
        }
    }
}

fn by_level(name: &str) -> bool {
    ["tas", "slurm", "volcano", "kai", "rack", "hived"]
        .iter()
        .any(|family| name.starts_with(family))
}
