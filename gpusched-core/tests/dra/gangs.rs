//! Gangs: one after the other, and exactly.

use crate::build::*;
use gpusched_core::ids::NodeId;
use gpusched_core::placement::dra::gang::{Found, exact, greedy};
use gpusched_core::placement::dra::objects::ResourceClaim;
use gpusched_core::placement::dra::{Allocator, Features, Quirks};

fn on_nodes(nodes: &[(&str, &[(&str, i64)])]) -> (Allocator, Vec<NodeId>) {
    let slices = nodes.iter().map(|(node, devices)| {
        let devices = devices
            .iter()
            .map(|(name, memory)| sized(device(name), *memory));
        slice(DRIVER, node, devices.collect())
    });
    let names: Vec<&str> = nodes.iter().map(|(node, _)| *node).collect();
    let cluster = cluster(slices.collect(), &names);
    let ids = (0..names.len()).map(NodeId::from).collect();
    (Allocator::new(cluster, Features::V1_36, Quirks::NONE), ids)
}

fn pod(count: i64, memory: i64) -> Vec<ResourceClaim> {
    let least =
        format!("device.capacity['gpu.example.com'].memory.compareTo(quantity('{memory}')) >= 0");
    vec![claim(vec![ask_where(count, &least)], Vec::new())]
}

fn places(found: Found) -> Vec<(u32, Vec<String>)> {
    let Found::All(placed) = found else {
        panic!("it fits: {found:?}")
    };
    placed
        .iter()
        .map(|pod| (pod.node.0, names(&pod.allocations)))
        .collect()
}

#[test]
fn the_exact_search_goes_back_over_nodes() {
    // The first pod would do with the small GPU and takes the large one of the first node.
    let (mut allocator, nodes) = on_nodes(&[("n0", &[("a", 80)]), ("n1", &[("b", 40)])]);
    let pods = [pod(1, 40), pod(1, 80)];
    assert_eq!(greedy(&mut allocator, &pods, &nodes), Ok(None));
    let found = exact(&mut allocator, &pods, &nodes, 100).expect("no error");
    assert_eq!(
        places(found),
        [(1, vec!["b".to_owned()]), (0, vec!["a".to_owned()])]
    );
}

#[test]
fn the_exact_search_goes_back_over_devices_of_a_node() {
    let (mut allocator, nodes) = on_nodes(&[("n0", &[("a", 80), ("b", 40)])]);
    let pods = [pod(1, 40), pod(1, 80)];
    assert_eq!(greedy(&mut allocator, &pods, &nodes), Ok(None));
    let found = exact(&mut allocator, &pods, &nodes, 100).expect("no error");
    assert_eq!(
        places(found),
        [(0, vec!["b".to_owned()]), (0, vec!["a".to_owned()])]
    );
}

#[test]
fn what_cannot_be_is_told_from_what_was_not_looked_for_long_enough() {
    let (mut allocator, nodes) = on_nodes(&[("n0", &[("a", 80)]), ("n1", &[("b", 80)])]);
    let three = [pod(1, 80), pod(1, 80), pod(1, 80)];
    assert_eq!(
        exact(&mut allocator, &three, &nodes, 100),
        Ok(Found::Nothing)
    );
    assert_eq!(
        exact(&mut allocator, &three, &nodes, 2),
        Ok(Found::OutOfSteps)
    );
}

#[test]
fn both_leave_the_allocator_as_it_was() {
    let (mut allocator, nodes) = on_nodes(&[("n0", &[("a", 80), ("b", 80)])]);
    let pods = [pod(1, 80), pod(1, 80)];
    for _ in 0..3 {
        let placed = greedy(&mut allocator, &pods, &nodes).expect("no error");
        assert_eq!(placed.expect("it fits").len(), 2);
        let found = exact(&mut allocator, &pods, &nodes, 100).expect("no error");
        assert_eq!(places(found).len(), 2);
    }
}
