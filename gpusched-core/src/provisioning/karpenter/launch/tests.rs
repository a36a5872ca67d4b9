//! One case per rule of the launch, worked out by hand.

use super::super::Requirement;
use super::*;
use crate::provisioning::catalog::{InstanceType, Reservation};
use CapacityType::{OnDemand, Reserved, Spot};

fn node_type(name: &str, offerings: &[(&str, CapacityType, i64)]) -> NodeType {
    NodeType::from(&InstanceType {
        name: name.into(),
        offerings: offerings
            .iter()
            .map(|(zone, capacity_type, price)| Offering {
                zone: (*zone).into(),
                capacity_type: *capacity_type,
                price: Price(*price),
                available: true,
                reservation: None,
            })
            .collect(),
        ..InstanceType::default()
    })
}

fn node(types: &[NodeType], requirements: Vec<Requirement>) -> NewNode {
    NewNode {
        pool: "default".into(),
        pods: vec![0],
        requirements: requirements.into_iter().collect(),
        types: (0..types.len()).collect(),
        requests: Default::default(),
    }
}

/// Capacity type and options in a line.
fn launched(types: &[NodeType], requirements: Vec<Requirement>) -> String {
    let node = node(types, requirements);
    let Some(launch) = launch(types, &node, &[]) else {
        return "nothing".into();
    };
    let options = launch
        .options
        .iter()
        .map(|one| format!("{}@{}", one.node_type.name, one.offering.zone));
    format!(
        "{}: {}",
        launch.capacity_type,
        options.collect::<Vec<_>>().join(" ")
    )
}

#[test]
fn spot_is_taken_before_on_demand_cheapest_first() {
    let types = [
        node_type(
            "big",
            &[("a", OnDemand, 40), ("a", Spot, 20), ("b", Spot, 10)],
        ),
        node_type("small", &[("a", OnDemand, 30), ("a", Spot, 10)]),
    ];
    assert_eq!(launched(&types, vec![]), "spot: big@b small@a big@a");
    let only = Requirement::one_of(CAPACITY_TYPE, &["on-demand"]);
    assert_eq!(launched(&types, vec![only]), "on-demand: small@a big@a");
}

#[test]
fn spot_dearer_than_the_cheapest_on_demand_is_dropped_where_both_are_allowed() {
    let types = [
        node_type("big", &[("a", OnDemand, 40), ("a", Spot, 20)]),
        node_type("small", &[("a", OnDemand, 10)]),
    ];
    assert_eq!(launched(&types, vec![]), "on-demand: small@a big@a");
    // Equal is not dearer.
    let types = [node_type("even", &[("a", OnDemand, 10), ("a", Spot, 10)])];
    assert_eq!(launched(&types, vec![]), "spot: even@a");
    // Only spot is allowed: nothing is dropped.
    let types = [node_type("dear", &[("a", OnDemand, 10), ("a", Spot, 20)])];
    let only = Requirement::one_of(CAPACITY_TYPE, &["spot"]);
    assert_eq!(launched(&types, vec![only]), "spot: dear@a");
}

#[test]
fn accelerators_and_metal_are_dropped_where_something_else_is_left() {
    let mut types = [
        node_type("gpu", &[("a", Spot, 1)]),
        node_type("plain", &[("a", Spot, 5)]),
        node_type("metal", &[("a", Spot, 2)]),
    ];
    types[0].capacity.insert("nvidia.com/gpu".into(), 1);
    let size = "karpenter.k8s.aws/instance-size";
    types[2]
        .requirements
        .add(Requirement::one_of(size, &["metal-24xl"]));
    assert_eq!(launched(&types, vec![]), "spot: plain@a");
    assert_eq!(launched(&types[..1], vec![]), "spot: gpu@a");
    // Under minValues every type is kept.
    let least = Requirement::any("any").with_min_values(Some(1));
    assert_eq!(launched(&types, vec![least]), "spot: gpu@a metal@a plain@a");
}

#[test]
fn reserved_capacity_comes_first_one_offering_a_zone() {
    let mut types = [
        node_type("plain", &[("a", Spot, 1)]),
        node_type(
            "held",
            &[
                ("a", OnDemand, 50),
                ("a", Reserved, 0),
                ("a", Reserved, 0),
                ("b", Reserved, 0),
            ],
        ),
    ];
    for (offer, (id, instances)) in
        types[1].offerings[1..]
            .iter_mut()
            .zip([("r1", 1), ("r2", 4), ("r3", 2)])
    {
        offer.offering.reservation = Some(Reservation {
            id: id.into(),
            instances,
        });
    }
    assert_eq!(launched(&types, vec![]), "reserved: held@a held@b");
    let node = node(&types, vec![]);
    let launch = launch(&types, &node, &[]).unwrap();
    let id = launch.options[0]
        .offering
        .reservation
        .as_ref()
        .map(|one| one.id.as_str());
    assert_eq!(id, Some("r2"), "the one with most instances left");
}

#[test]
fn what_cannot_be_had_is_not_asked_for() {
    let mut types = [node_type("gone", &[("a", Spot, 1), ("b", OnDemand, 9)])];
    types[0].offerings[0].offering.available = false;
    assert_eq!(launched(&types, vec![]), "on-demand: gone@b");
    let zone = Requirement::one_of("topology.kubernetes.io/zone", &["a"]);
    assert_eq!(launched(&types, vec![zone]), "nothing");
}

#[test]
fn sixty_types_are_the_most_and_few_types_are_noted() {
    let types: Vec<NodeType> = (0..70)
        .map(|index| node_type(&format!("t{index:02}"), &[("a", OnDemand, index)]))
        .collect();
    let all = launch(&types, &node(&types, vec![]), &[]).unwrap();
    assert_eq!(all.options.len(), MOST_TYPES);
    assert!(!all.inflexible);
    let few = &types[..4];
    assert!(launch(few, &node(few, vec![]), &[]).unwrap().inflexible);
}

#[test]
fn the_provider_gives_the_cheapest_or_draws_by_depth_and_price() {
    let types = [node_type("x", &[("a", Spot, 1), ("b", Spot, 3)])];
    let node = node(&types, vec![]);
    let launch = launch(&types, &node, &[]).unwrap();
    let zone = |how, u| {
        let depth = |one: &LaunchOption<'_>| if one.offering.zone == "b" { 6.0 } else { 2.0 };
        launch
            .choose(how, depth, u)
            .map(|one| one.offering.zone.clone())
    };
    assert_eq!(zone(Allocation::LowestPrice, 0.99).as_deref(), Some("a"));
    // Weights 2/1 and 6/3: even.
    let both = Allocation::PriceCapacity {
        alpha: 1.0,
        beta: 1.0,
    };
    assert_eq!(zone(both, 0.49).as_deref(), Some("a"));
    assert_eq!(zone(both, 0.51).as_deref(), Some("b"));
    // Depth alone: a quarter and three quarters.
    let depth = Allocation::PriceCapacity {
        alpha: 1.0,
        beta: 0.0,
    };
    assert_eq!(zone(depth, 0.24).as_deref(), Some("a"));
    assert_eq!(zone(depth, 0.26).as_deref(), Some("b"));
}
