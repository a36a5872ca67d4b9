//! What consolidation makes of nodes. Types have 1, 2, 4 and 8 cores, at 100 a core on demand and
//! 30 on spot.

use super::*;
use crate::provisioning::Price;
use crate::provisioning::karpenter::Requirement;
use crate::provisioning::karpenter::disruption::Order;
use crate::provisioning::karpenter::labels::INSTANCE_TYPE;
use crate::units::Span;

#[test]
fn a_node_whose_pods_fit_elsewhere_is_deleted_without_a_new_one() {
    let mut town = town();
    let large = town.machine("default", (2, 0), vec![pod(1, spec(3000))]);
    town.machine("default", (0, 0), vec![pod(2, spec(500))]);
    // The large one is not to be touched; a thousand of its four are free.
    town.view.machines.get_mut(&large).unwrap().keep = true;
    town.run(50);
    assert_eq!(
        town.log,
        ["15 cordon n1", "15 delete n1 Underutilized", "45 gone n1"]
    );
    assert_eq!(town.view.machines[&large].pods.len(), 2);
}

#[test]
fn a_node_is_replaced_by_a_cheaper_one_and_goes_when_that_has_come() {
    let mut town = town();
    town.machine("default", (3, 0), vec![pod(1, spec(500))]);
    town.run(200);
    assert_eq!(
        town.log,
        [
            "15 cordon n0",
            "15 launch one on-demand",
            // It boots for a minute; the pod has 30 s to end.
            "75 delete n0 Underutilized",
            "105 gone n0"
        ]
    );
}

#[test]
fn a_node_as_cheap_as_any_that_would_do_stays() {
    let mut town = town();
    let id = town.machine("default", (0, 0), vec![pod(1, spec(500))]);
    assert_eq!(alone(&mut town, id), "no cheaper node would hold its pods");
    town.run(1000);
    assert!(town.log.is_empty(), "{:?}", town.log);
}

#[test]
fn a_node_is_not_turned_into_several() {
    let mut types = types();
    for offer in &mut types[3].offerings {
        offer.offering.available = false;
    }
    let mut town = Town::new(options(vec![pool("default", &[OD])]), types);
    let pods = (0..3).map(|job| pod(job, spec(2000))).collect();
    let id = town.machine("default", (3, 0), pods);
    // 6 cores, and at most 4 on a node that can be had: 400 + 200 < 800 is not looked at.
    assert_eq!(alone(&mut town, id), "it cannot go without 2 new nodes");
}

#[test]
fn several_nodes_are_replaced_by_one() {
    let mut town = town();
    town.machine("default", (1, 0), vec![pod(1, spec(400))]);
    town.machine("default", (1, 0), vec![pod(2, spec(500))]);
    town.run(80);
    assert_eq!(
        town.log,
        [
            "15 cordon n0",
            "15 cordon n1",
            "15 launch one on-demand",
            "75 delete n0 Underutilized",
            "75 delete n1 Underutilized"
        ]
    );
}

#[test]
fn one_of_their_own_type_is_no_replacement_for_several() {
    let mut town = town();
    town.machine("default", (1, 0), vec![pod(1, spec(1000))]);
    town.machine("default", (1, 0), vec![pod(2, spec(1000))]);
    // Both on a new node of two cores would halve the price; to delete one of them does as well.
    town.run(20);
    assert_eq!(town.log, ["15 cordon n0", "15 delete n0 Underutilized"]);
}

#[test]
fn bisection_finds_a_prefix_and_takes_for_granted_that_longer_ones_are_harder() {
    let mut town = town();
    // Five nodes at 100 with 600 each. Of three: 1800 on two cores, 200 < 300. Of four: 2400 on
    // four cores, 400 is not below 400. All five would do, 400 < 500, but are not tried.
    for job in 0..5 {
        town.machine("default", (0, 0), vec![pod(job, spec(600))]);
    }
    let outlook = town.karpenter.outlook(&town.view);
    let together = outlook.together.unwrap();
    assert_eq!(together.nodes, [MachineId(0), MachineId(1), MachineId(2)]);
    assert_eq!(together.replacements[0].types, [1]);
}

#[test]
fn a_pod_that_would_be_on_a_node_that_boots_keeps_its_node() {
    let mut town = town();
    let id = town.machine("default", (1, 0), vec![pod(1, spec(1500))]);
    let boots = town.machine("default", (3, 0), vec![]);
    let later = crate::units::Time::from_secs(100);
    let machine = town.view.machines.get_mut(&boots).unwrap();
    (machine.registered, machine.initialized) = (later, later);
    let why = "pod 0000000001-000000 would go to n1, which is not initialized";
    assert_eq!(alone(&mut town, id), why);
}

#[test]
fn the_dearest_offering_a_launch_may_get_has_to_be_cheaper() {
    let mut types = types();
    // Type one on spot: 30 in zone a, but 110 in zone b.
    types[0] = node_type(
        "one",
        1,
        vec![
            offering("a", OD, 100),
            offering("a", SPOT, 30),
            offering("b", SPOT, 110),
        ],
    );
    let mut town = Town::new(options(vec![pool("default", &[OD, SPOT])]), types);
    let id = town.machine("default", (0, 0), vec![pod(1, spec(1000))]);
    // Two cores on spot: 60 < 100.
    let outlook = town.karpenter.outlook(&town.view);
    let plan = outlook.nodes[&id].underutilized.as_ref().unwrap();
    assert_eq!(plan.replacements[0].types, [1]);
}

#[test]
fn a_replacement_priced_on_spot_does_not_become_on_demand() {
    let mut town = Town::new(options(vec![pool("default", &[OD, SPOT])]), types());
    town.machine("default", (0, 0), vec![pod(1, spec(500))]);
    // No spot to be had: the move is given up, and the node takes pods again.
    town.out.extend([(0, 1), (1, 1), (2, 1), (3, 1)]);
    town.run(100);
    assert_eq!(
        town.log,
        ["15 cordon n0", "15 launch nothing", "15 uncordon n0"]
    );
    town.out.clear();
    // Out until 195, but nothing has changed since 15: that is believed for five minutes.
    town.run(400);
    assert_eq!(
        town.log[3..],
        [
            "330 cordon n0",
            "330 launch one spot",
            "390 delete n0 Underutilized"
        ]
    );
}

#[test]
fn spot_does_not_replace_spot_unless_told_to() {
    let mut town = Town::new(options(vec![pool("default", &[SPOT])]), types());
    let id = town.machine("default", (3, 1), vec![pod(1, spec(500))]);
    let why = "SpotToSpotConsolidation is disabled, and a spot node would replace it";
    assert_eq!(alone(&mut town, id), why);
}

fn spot_town(types: i64) -> Town {
    // Type i of i cores at 10 i; the node is the dearest.
    let of = |cores| {
        node_type(
            &format!("t{cores:02}"),
            cores,
            vec![offering("a", SPOT, 10 * cores)],
        )
    };
    let mut options = options(vec![pool("default", &[SPOT])]);
    options.spot_to_spot = true;
    let mut town = Town::new(options, (1..=types).map(of).collect());
    town.machine("default", (types as usize - 1, 0), vec![pod(1, spec(500))]);
    town
}

#[test]
fn one_spot_node_replaces_another_only_if_fifteen_types_are_cheaper() {
    let mut town = spot_town(15);
    let why = "a spot node is replaced by one of at least 15 cheaper types, and 14 are cheaper";
    assert_eq!(alone(&mut town, MachineId(0)), why);
    let mut town = spot_town(20);
    let outlook = town.karpenter.outlook(&town.view);
    let plan = outlook.nodes[&MachineId(0)].underutilized.as_ref().unwrap();
    // Nineteen are cheaper; the fifteen cheapest are asked for.
    assert_eq!(plan.replacements[0].types, (0..15).collect::<Vec<_>>());
}

#[test]
fn several_spot_nodes_are_replaced_with_fewer_cheaper_types_too() {
    let mut town = spot_town(4);
    town.machine("default", (3, 0), vec![pod(2, spec(500))]);
    let outlook = town.karpenter.outlook(&town.view);
    // 1000 on one core at 10, two at 20 or three at 30; of four cores themselves they are not.
    assert_eq!(outlook.together.unwrap().replacements[0].types, [0, 1, 2]);
}

#[test]
fn cheaper_types_must_still_have_the_values_min_values_asks_for() {
    let mut town = town_with(|pool| {
        let three = Requirement::any(INSTANCE_TYPE).with_min_values(Some(3));
        pool.template.requirements.add(three);
    });
    let id = town.machine("default", (2, 0), vec![pod(1, spec(500))]);
    // One and two cores are cheaper than four.
    let why = "the types that are cheaper have too few values of \
               node.kubernetes.io/instance-type for its minValues";
    assert_eq!(alone(&mut town, id), why);
    let id = town.machine("default", (3, 0), vec![pod(2, spec(5000))]);
    town.end(2);
    assert!(alone(&mut town, id).contains("it is empty"));
}

#[test]
fn most_saved_for_what_moving_costs_goes_first() {
    for (order, first) in [(Order::V1_14, 1), (Order::V1_13, 0)] {
        let mut options = options(vec![pool("default", &[OD])]);
        options.order = order;
        options.pools[0].disruption.budgets[0].nodes = "1".parse().unwrap();
        let mut town = Town::new(options, types());
        // One pod to move for 200, two for 800: 200 / 2 = 100 < 800 / 3, but 1 pod < 2 pods.
        town.machine("default", (1, 0), vec![pod(1, spec(500))]);
        town.machine(
            "default",
            (3, 0),
            vec![pod(2, spec(100)), pod(3, spec(100))],
        );
        town.view
            .machines
            .values_mut()
            .for_each(|one| one.launched = crate::units::Time::ZERO);
        let outlook = town.karpenter.outlook(&town.view);
        assert_eq!(outlook.next.unwrap().nodes, [MachineId(first)], "{order:?}");
    }
}

#[test]
fn pools_take_turns_in_single_node_consolidation() {
    let pools = vec![pool("b", &[OD]), pool("a", &[OD])];
    let mut town = Town::new(options(pools), types());
    // The best three are of pool b, but a's only one comes second; none of them can move but a's.
    for job in 0..3 {
        let id = town.machine("b", (3, 0), vec![pod(job, spec(7500))]);
        assert!(!town.view.machines[&id].pods.is_empty());
    }
    let last = town.machine("a", (2, 0), vec![pod(9, spec(500))]);
    let outlook = town.karpenter.outlook(&town.view);
    assert_eq!(outlook.next.unwrap().nodes, [last]);
}

#[test]
fn balanced_makes_only_moves_that_are_worth_their_disruption() {
    use crate::provisioning::karpenter::ConsolidationPolicy::Balanced;
    let mut town = town_with(|pool| pool.disruption.policy = Balanced);
    // A full node of 8 cores, and one of 2 with four pods of 250 that one core would hold.
    town.machine("default", (3, 0), vec![pod(0, spec(8000))]);
    let pods = (1..5).map(|job| pod(job, spec(250))).collect();
    let id = town.machine("default", (1, 0), pods);
    // Saved: 100 of 1000. Disturbed: 1 + 4 of (1 + 1) + (1 + 4) = 5 / 7. 0.1 / 0.714 = 0.14; even
    // to delete it would save but 0.2, a score of 0.28.
    let why = alone(&mut town, id);
    assert!(why.contains("a score of 0.280, below 0.5"), "{why}");
}

#[test]
fn pods_are_not_moved_to_nodes_that_were_disturbed_lately() {
    let mut town = town_with(|pool| {
        pool.disruption.consolidate_after = Some(Span::from_secs(60));
    });
    let large = town.machine("default", (2, 0), vec![pod(1, spec(3000))]);
    let id = town.machine("default", (0, 0), vec![pod(2, spec(500))]);
    town.view.machines.get_mut(&large).unwrap().last_pod_event = town.view.now;
    // There is room on the large one, but it is closed; a new node would be no cheaper.
    assert_eq!(alone(&mut town, id), "no cheaper node would hold its pods");
    town.view.now = crate::units::Time::from_secs(60);
    assert_eq!(alone(&mut town, id), "replaced by 0");
}

#[test]
fn prices_are_those_of_the_offering_a_node_was_launched_from() {
    let mut town = Town::new(options(vec![pool("default", &[OD, SPOT])]), types());
    // Eight cores on spot cost 240; four on demand 400 would be dearer.
    let id = town.machine("default", (3, 1), vec![pod(1, spec(500))]);
    assert_eq!(town.view.price(&town.view.machines[&id]), Price(240));
    let why = "SpotToSpotConsolidation is disabled, and a spot node would replace it";
    assert_eq!(alone(&mut town, id), why);
}
